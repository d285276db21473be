"""The broken set-ups: each takes a sane one and plants one fault, drawn by the seed in kind and size."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from tests.diagnose.suite.tables import TABLES
from tests.diagnose.suite.truth import Task

import glassnet as gn
from glassnet.equations import activations, losses

PLANE = ("moons", "circles", "xor")
CLASSES = ("moons", "circles", "digits", "breast_cancer", "wine", "blobs")
NUMBERS = ("friedman", "sine", "diabetes")
ALL = ("moons", "circles", "digits", "breast_cancer", "wine", "friedman", "sine")

# real tables whose columns tell more than a quarter of the deviance, so that a fault has something to spoil
TELLING_CLASSES = (
    *("MASS Pima.te", "MASS biopsy", "MASS fgl", "MASS Aids2", "AER HMDA", "AER BankWages", "AER CreditCard"),
    *("carData TitanicSurvival", "carData Chile", "carData BEPS", "ISLR OJ", "modeldata mlc_churn", "modeldata cells"),
    *("modeldata two_class_dat", "modeldata hpc_data", "DAAG spam7", "mosaicData Whickham", "statsmodels anes96"),
)
TELLING_NUMBERS = (
    *("MASS Boston", "MASS nlschools", "AER CollegeDistance", "AER HousePrices", "Ecdat Computers", "ISLR Wage"),
    *("ISLR Carseats", "carData Salaries", "carData SLID", "modeldata concrete", "modeldata Sacramento"),
    *("wooldridge attend", "mosaicData Galton", "wooldridge gpa2"),
)


@dataclass
class Case:
    """A set-up under construction: arguments of Network, data, options of train, and a last touch on the network."""

    data: Any
    X: Any
    y: Any
    X_test: Any  # as the network would be given them; never shown to diagnose
    y_test: Any
    arguments: dict
    options: dict
    rng: Any
    touches: list = field(default_factory=list)

    def inputs(self, change):
        """Change the inputs, those of the test rows alike."""
        self.X, self.X_test = change(self.X), change(self.X_test)

    def targets(self, change):
        """Change the targets, those of the test rows alike."""
        self.y, self.y_test = change(self.y), change(self.y_test)

    def validate(self, share):
        """Pass a share of the test rows as validation data; the others remain to be predicted."""
        n = int(share * len(self.y_test))
        self.options["validation"] = (self.X_test[:n], self.y_test[:n])
        self.X_test, self.y_test = self.X_test[n:], self.y_test[n:]

    @property
    def network(self):
        network = gn.Network(**self.arguments)
        for touch in self.touches:
            touch(network)
        return network

    @property
    def run(self):
        """Network, X, y and the options of train."""
        return self.network, self.X, self.y, self.options

    @property
    def task(self):
        """The test rows, to be predicted in the units of the targets."""
        known = replace(self.data, y=self.y)
        return Task.of(known, self.X_test, self.y_test)


@dataclass(frozen=True)
class Kind:
    """A kind of fault: the code that must be among the findings, and those that may stand first."""

    name: str
    plant: Any
    expected: str
    first: tuple = ()
    data: tuple = ALL

    @property
    def tables(self):
        """The real tables it is planted on: those with the targets that its plain data sets have."""
        classes = any(name in CLASSES + PLANE for name in self.data)
        numbers = any(name in NUMBERS for name in self.data)
        return (TELLING_CLASSES if classes else ()) + (TELLING_NUMBERS if numbers else ())

    @property
    def roots(self):
        return (self.expected, *self.first)


KINDS: list[Kind] = []


def kind(expected, *first, data=ALL):
    def register(plant):
        KINDS.append(Kind(plant.__name__.replace("_", " "), plant, expected, first, data))
        return plant

    return register


def sane(data, seed):
    """A set-up that learns its data set: two hidden layers of relu, Adam, standardised inputs; gentler with real tables."""
    rng = np.random.default_rng([seed, 7])
    width = int(rng.integers(16, 33))
    sizes = [data.d, width, width, data.outputs]
    network = {"sizes": sizes, "hidden": "relu", "output": data.output, "seed": seed}
    options = {"optimizer": gn.Adam(learning_rate=0.005), "epochs": 100, "batch_size": 32, "seed": seed}
    if data.name in TABLES:
        options |= {"optimizer": gn.Adam(learning_rate=0.002), "epochs": 40, "l2": 1e-2}
    return Case(data, data.X, data.y, data.X_test, data.y_test, network, options, rng)


def plant(kind, data, seed):
    """The broken set-up of a kind on a data set."""
    case = sane(data, seed)
    kind.plant(case, data)
    return case


def _layers(case, hidden):
    sizes = case.arguments["sizes"]
    case.arguments["sizes"] = [sizes[0], *hidden, sizes[-1]]


def _scaled(init, factor):
    def scaled(rng, fan_in, fan_out):
        return factor * init(rng, fan_in, fan_out)

    return scaled


he, glorot = gn.initializers.he_normal, gn.initializers.glorot_uniform

# --- the gradient ---------------------------------------------------------------------------------------------------


@kind("gradient_wrong")
def derivative_of_tanh_without_square(case, data):
    case.arguments["hidden"] = gn.Activation("mytanh", activations.tanh, lambda z, a: 1 - np.abs(a))


@kind("gradient_wrong")
def derivative_with_the_wrong_sign(case, data):
    case.arguments["hidden"] = gn.Activation("mysigmoid", activations.sigmoid, lambda z, a: a * (a - 1))


@kind("gradient_wrong")
def derivative_forgotten(case, data):
    case.arguments["hidden"] = gn.Activation("mysigmoid", activations.sigmoid, lambda z, a: np.ones_like(a))


@kind("gradient_wrong")
def derivative_at_the_output_instead_of_the_input(case, data):
    case.arguments["hidden"] = gn.Activation("mytanh", activations.tanh, lambda z, a: 1 - np.tanh(a) ** 2)


@kind("gradient_wrong", data=NUMBERS)
def loss_slope_without_its_sign(case, data):
    case.arguments["loss"] = gn.Loss("mysquare", lambda z, y: 0.5 * (z - y) ** 2, lambda z, y: y - z)


@kind("gradient_wrong", data=("moons", "circles", "breast_cancer"))
def cross_entropy_slope_with_the_sigmoid_twice(case, data):
    def slope(z, y):
        p = activations.sigmoid(z)
        return (p - y) * p * (1 - p)

    case.arguments["loss"] = gn.Loss("mycrossentropy", losses.binary_cross_entropy, slope, "sigmoid", "probabilities")


# --- the learning rate ----------------------------------------------------------------------------------------------


@kind("learning_rate_too_high", data=CLASSES)
def sgd_rate_far_too_high(case, data):
    case.options["optimizer"] = gn.SGD(learning_rate=float(10 ** case.rng.uniform(1.5, 2.5)))


@kind("learning_rate_too_high", "diverged", data=NUMBERS)
def sgd_rate_diverges_on_a_regression(case, data):
    case.options["optimizer"] = gn.SGD(learning_rate=float(10 ** case.rng.uniform(0.5, 1.5)))


@kind("learning_rate_too_high", data=("moons", "circles", "digits", "wine", "friedman"))
def adam_rate_far_too_high(case, data):
    case.options["optimizer"] = gn.Adam(learning_rate=float(10 ** case.rng.uniform(0.3, 1.0)))


@kind("learning_rate_too_low")
def sgd_rate_far_too_low(case, data):
    case.options["optimizer"] = gn.SGD(learning_rate=float(10 ** case.rng.uniform(-6, -4.5)))


@kind("learning_rate_too_low")
def adam_rate_far_too_low(case, data):
    case.options["optimizer"] = gn.Adam(learning_rate=float(10 ** case.rng.uniform(-7, -5.5)))


@kind("learning_rate_too_high", "diverged", data=("moons", "circles", "digits", "wine", "friedman"))
def momentum_near_one(case, data):
    case.options["optimizer"] = gn.Momentum(learning_rate=0.3, momentum=float(case.rng.uniform(0.99, 0.999)))


@kind("learning_rate_too_low", "plateau")
def schedule_that_stops_at_once(case, data):
    case.options |= {"optimizer": gn.SGD(learning_rate=0.1), "schedule": gn.StepDecay(decay=0.01, every=1)}


@kind("learning_rate_too_low", "plateau")
def gradient_clipped_to_nothing(case, data):
    case.options |= {"optimizer": gn.SGD(learning_rate=0.1), "clip_norm": float(10 ** case.rng.uniform(-6, -4))}


# --- units ----------------------------------------------------------------------------------------------------------


@kind("dead_units")
def relu_killed_by_its_bias(case, data):
    bias, share = case.rng.uniform(20, 60), case.rng.uniform(0.9, 1)

    def touch(network):
        b = network.b[1]
        b[: max(1, round(share * b.size))] = -bias

    case.touches.append(touch)


@kind("dead_units")
def second_relu_layer_killed_by_its_bias(case, data):
    case.touches.append(lambda network: network.b[2].__setitem__(slice(None), -50.0))


@kind("dead_units", data=("moons", "circles", "digits", "wine", "friedman"))
def negative_weights_on_positive_inputs(case, data):
    lowest = case.X.min(axis=0)
    case.inputs(lambda X: X - lowest)
    case.arguments["init"] = [lambda rng, i, o: -np.abs(he(rng, i, o)), he, he]


@kind("dead_units", "learning_rate_too_high", "diverged", data=("moons", "circles", "digits", "wine", "friedman"))
def relu_killed_by_a_giant_step(case, data):
    case.options["optimizer"] = gn.SGD(learning_rate=float(case.rng.uniform(100, 400)))


@kind("saturated_units", "poor_initialisation")
def tanh_saturated_by_large_weights(case, data):
    case.arguments |= {"hidden": "tanh", "init": _scaled(glorot, float(case.rng.uniform(30, 100)))}


@kind("saturated_units", "poor_initialisation")
def sigmoid_saturated_by_large_weights(case, data):
    case.arguments |= {"hidden": "sigmoid", "init": _scaled(glorot, float(case.rng.uniform(60, 200)))}


@kind("saturated_units")
def tanh_saturated_by_its_bias(case, data):
    bias = case.rng.uniform(8, 20)
    case.arguments["hidden"] = "tanh"
    case.touches.append(lambda network: network.b[1].__setitem__(slice(None), bias))


# --- depth and initial weights --------------------------------------------------------------------------------------


@kind("vanishing_gradient", "poor_initialisation")
def eight_sigmoid_layers(case, data):
    _layers(case, [16] * int(case.rng.integers(8, 11)))
    case.arguments |= {"hidden": "sigmoid", "init": "glorot_uniform"}


@kind("vanishing_gradient", "poor_initialisation")
def deep_tanh_with_small_weights(case, data):
    _layers(case, [20] * int(case.rng.integers(6, 9)))
    case.arguments |= {"hidden": "tanh", "init": _scaled(glorot, float(case.rng.uniform(0.1, 0.2)))}
    case.options["optimizer"] = gn.SGD(learning_rate=0.05)


@kind("exploding_gradient", "poor_initialisation")
def deep_relu_with_large_weights(case, data):
    _layers(case, [20] * int(case.rng.integers(6, 9)))
    case.arguments["init"] = _scaled(he, float(case.rng.uniform(6, 12)))


@kind("exploding_gradient", "poor_initialisation")
def deep_relu_with_standard_normal_weights(case, data):
    _layers(case, [64] * int(case.rng.integers(6, 9)))
    case.arguments["init"] = lambda rng, i, o: rng.standard_normal((i, o))


@kind("poor_initialisation")
def all_weights_zero(case, data):
    case.arguments["init"] = "zeros"


@kind("poor_initialisation")
def all_weights_equal(case, data):
    value = case.rng.uniform(0.05, 0.5)
    case.arguments["init"] = lambda rng, i, o: np.full((i, o), value)


@kind("poor_initialisation")
def weights_almost_zero(case, data):
    case.arguments["init"] = _scaled(he, float(10 ** case.rng.uniform(-6, -3)))


# --- inputs ---------------------------------------------------------------------------------------------------------


@kind("unscaled_inputs")
def all_inputs_in_the_thousands(case, data):
    factor = case.rng.uniform(1e3, 1e4)
    case.inputs(lambda X: X * factor)


@kind("unscaled_inputs", data=("moons", "circles", "breast_cancer", "wine", "friedman"))
def one_input_in_other_units(case, data):
    factor = np.where(np.arange(data.d) == case.rng.integers(data.d), 10 ** case.rng.uniform(3, 5), 1)
    case.inputs(lambda X: X * factor)


@kind("unscaled_inputs", data=("moons", "circles", "breast_cancer", "wine", "friedman", "sine"))
def inputs_with_a_large_offset(case, data):
    offset = case.rng.uniform(200, 2000)
    case.inputs(lambda X: X + offset)


@kind("unscaled_inputs", data=("moons", "circles", "breast_cancer", "wine", "friedman"))
def missing_values_coded_as_minus_9999(case, data):
    case.inputs(lambda X: np.where(case.rng.random(X.shape) < 0.03, -9999.0, X))


@kind("unscaled_inputs", data=("moons", "circles", "breast_cancer", "wine", "friedman", "sine"))
def inputs_far_too_small(case, data):
    factor = 10 ** case.rng.uniform(-5, -3)
    case.inputs(lambda X: X * factor)


@kind("input_ignored")
def constant_inputs(case, data):
    case.inputs(lambda X: np.tile(data.X[:1], (len(X), 1)))


@kind("input_ignored", data=("moons", "circles", "digits", "breast_cancer", "wine", "friedman"))
def rows_of_inputs_shuffled(case, data):
    case.X = case.X[case.rng.permutation(len(case.X))]


@kind("input_ignored", data=("moons", "circles", "digits", "blobs", "breast_cancer"))
def labels_shuffled(case, data):
    case.y = case.rng.permutation(case.y)


# --- targets --------------------------------------------------------------------------------------------------------


@kind("label_noise", data=("moons", "circles", "digits", "breast_cancer", "blobs"))
def labels_flipped(case, data):
    flipped = case.rng.random(len(data.y)) < case.rng.uniform(0.2, 0.3)
    wrong = (data.y + case.rng.integers(1, data.classes, len(data.y))) % data.classes
    case.y = np.where(flipped, wrong, data.y)


@kind("class_imbalance", data=("moons", "circles", "xor"))
def rare_class_never_found(case, data):
    def rows(y):
        rare = np.flatnonzero(y == 1)
        return np.concatenate([np.flatnonzero(y == 0), rare[: max(8, len(rare) // 12)]])

    keep, kept = rows(data.y), rows(data.y_test)
    case.X, case.y = data.X[keep], data.y[keep]
    case.X_test, case.y_test = data.X_test[kept], data.y_test[kept]
    case.inputs(lambda X: X + 0.25 * case.rng.normal(size=X.shape))
    case.options |= {"epochs": 60, "l2": 0.02}


@kind("output_bias", data=CLASSES)
def output_bias_far_off(case, data):
    bias = case.rng.uniform(11, 20)

    def touch(network):
        network.b[3][-1] = bias

    case.touches.append(touch)


@kind("output_bias", data=NUMBERS)
def targets_with_a_large_mean(case, data):
    mean = case.rng.uniform(50, 500)
    case.targets(lambda y: y + mean)


@kind("output_bias", "bad_initial_loss", data=NUMBERS)
def targets_in_the_thousands(case, data):
    case.targets(lambda y: 1000 * (y + 3))


@kind("bad_initial_loss", data=NUMBERS)
def targets_in_thousandths(case, data):
    factor = 10 ** case.rng.uniform(-4, -2)
    case.targets(lambda y: y * factor)


@kind("bad_initial_loss")
def output_weights_far_too_large(case, data):
    case.arguments["init"] = [he, he, _scaled(he, float(case.rng.uniform(30, 60)))]


@kind("cannot_overfit_batch", data=NUMBERS)
def output_cannot_reach_the_targets(case, data):
    case.arguments |= {"output": "sigmoid", "loss": "squared_error"}
    case.targets(lambda y: y - 3)


@kind("cannot_overfit_batch", data=("friedman", "sine", "plane"))
def relu_output_for_negative_targets(case, data):
    case.arguments["output"] = "relu"
    case.targets(lambda y: y - 4)


# --- capacity and restraint -----------------------------------------------------------------------------------------


@kind("underfitting", data=PLANE)
def linear_model_of_a_curved_boundary(case, data):
    _layers(case, [])


@kind("underfitting", data=(*PLANE, "friedman", "sine"))
def layers_without_activation(case, data):
    case.arguments["hidden"] = "identity"


@kind("underfitting", "cannot_overfit_batch", data=("circles", "xor", "digits", "blobs"))
def one_hidden_unit(case, data):
    _layers(case, [1])
    case.arguments["hidden"] = "tanh"


@kind("underfitting")
def l2_far_too_strong(case, data):
    case.options["l2"] = float(10 ** case.rng.uniform(0, 1.5))


@kind("underfitting")
def l1_far_too_strong(case, data):
    case.options["l1"] = float(10 ** case.rng.uniform(-0.5, 1))


@kind("underfitting", data=("moons", "circles", "xor", "digits", "friedman", "sine"))
def dropout_far_too_strong(case, data):
    case.options["dropout"] = float(case.rng.uniform(0.9, 0.97))


@kind("underfitting")
def two_epochs(case, data):
    case.options |= {"epochs": 2, "optimizer": gn.Adam(learning_rate=0.001)}


@kind("overfitting", data=("diabetes", "friedman", "digits", "breast_cancer"))
def few_rows_and_a_wide_network(case, data):
    rows = case.rng.permutation(len(data.X))[: 40 if data.name == "digits" else 30]
    case.X, case.y = data.X[rows], data.y[rows]
    _layers(case, [128, 128])
    case.options |= {"epochs": 400, "batch_size": 8}
    case.validate(0.4)


@kind("overfitting", data=("moons", "diabetes", "wine", "friedman"))
def many_inputs_of_noise(case, data):
    case.inputs(lambda X: np.hstack([X, case.rng.normal(size=(len(X), 150))]))
    _layers(case, [64, 64])
    case.arguments["sizes"][0] = case.X.shape[1]
    case.options["epochs"] = 200
    case.validate(0.4)


# --- the split, the order of rows, the loss -------------------------------------------------------------------------


@kind("unshuffled_rows", data=("digits",))
def rows_sorted_and_not_shuffled(case, data):
    order = np.argsort(data.y, kind="stable")
    case.X, case.y = data.X[order], data.y[order]
    case.options |= {"shuffle": False, "batch_size": 16, "epochs": 15, "optimizer": gn.SGD(learning_rate=0.1)}


@kind("shifted_validation", data=("moons", "digits", "breast_cancer", "wine", "friedman", "diabetes"))
def validation_in_other_units(case, data):
    case.validate(0.4)
    X, y = case.options["validation"]
    case.options["validation"] = (X * 10 ** case.rng.uniform(1.5, 3) + case.rng.uniform(0, 50), y)


@kind("data_leakage", data=("moons", "circles", "digits", "breast_cancer", "friedman", "diabetes"))
def validation_rows_that_are_training_rows(case, data):
    rows = case.rng.permutation(len(data.X))[: len(data.X) // 3]
    case.options["validation"] = (data.X[rows], data.y[rows])


@kind("data_leakage", data=("moons", "digits", "breast_cancer", "friedman", "diabetes"))
def copies_on_both_sides_of_a_split(case, data):
    rows = case.rng.permutation(np.repeat(np.arange(len(data.X)), 4))
    cut = len(rows) // 4
    case.options["validation"] = (data.X[rows[:cut]], data.y[rows[:cut]])
    case.X, case.y = data.X[rows[cut:]], data.y[rows[cut:]]


@kind("unsuited_loss", data=("digits",))
def class_numbers_as_a_regression(case, data):
    case.arguments |= {"sizes": [*case.arguments["sizes"][:-1], 1], "output": "identity"}


# --- numbers that are none ------------------------------------------------------------------------------------------


@kind("diverged", data=("moons", "circles", "wine", "friedman"))
def activation_that_is_nan_below_zero(case, data):
    root = gn.Activation("root", lambda z: np.sqrt(z), lambda z, a: 0.5 / a)
    case.arguments["hidden"] = [root, "relu"]


__all__ = ["KINDS", "Kind", "plant"]
