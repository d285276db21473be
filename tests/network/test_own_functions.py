"""Functions of one's own: known by themselves and not by their name, called once when the network is made, and cast."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import glassnet as gn
from glassnet.equations import activations, losses
from glassnet.native.engine import load_module

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
y = (X[:, 0] > 0).astype(float)


def hard(z):
    return np.clip(0.2 * z + 0.5, 0, 1)


def d_hard(z, a):
    return 0.2 * ((z > -2.5) & (z < 2.5))


HARD = gn.Activation("sigmoid", hard, d_hard, kinks=(-2.5, 2.5))


def square(z):
    return z**2


def d_square(z, a):
    return 2 * z


# --- known by identity ------------------------------------------------------------------------------------------


def test_an_output_called_sigmoid_is_not_taken_for_the_built_in_one(refuses):
    net = gn.Network([3, 4, 1], output=HARD, seed=1)
    output = net.forward(X).output[:, 0]
    assert net.loss_function is losses.SQUARED_ERROR
    assert net.loss(X, y) == pytest.approx(0.5 * np.mean((output - y) ** 2), rel=1e-14)
    assert gn.check_gradients(net, X, y).ok
    assert_array_equal(net.predict(X), output)  # numbers, not classes
    with refuses("predict_proba"):
        net.predict_proba(X)
    with refuses("loss"):
        gn.Network([3, 4, 1], output=HARD, loss="binary_cross_entropy")
    with refuses("engine"):
        gn.train(net, X, y, engine="native", epochs=1)
    assert "sigmoid (your own)" in net.summary()
    assert "Activation('sigmoid', hard, d_hard)" in repr(net)
    with refuses("activation"):
        gn.export(net, "model.onnx")


def test_a_loss_called_as_a_built_in_one_is_your_own():
    loss = gn.Loss("binary_cross_entropy", lambda z, y: (z - y) ** 2, lambda z, y: 2 * (z - y), targets="probabilities")
    net = gn.Network([3, 4, 1], output="sigmoid", loss=loss, seed=1)
    assert net.loss(X, y) == pytest.approx(np.mean((net.forward(X).output[:, 0] - y) ** 2), rel=1e-14)
    assert gn.check_gradients(net, X, y).ok
    derivation = gn.explain(net, X[0], y[0])
    assert derivation.value("loss") == pytest.approx(net.loss(X[:1], y[:1]), rel=1e-14)
    assert "loss_of_output" not in derivation  # the formula of the cross-entropy in terms of the output
    assert "loss: binary_cross_entropy (your own)" in net.summary()


def test_a_loss_of_a_built_in_ones_name_and_link_is_explained_by_its_own_equations():
    known = losses.BINARY_CROSS_ENTROPY
    doubled = gn.Loss(
        known.name,
        lambda z, y: 2 * losses.binary_cross_entropy(z, y),
        lambda z, y: 2 * losses.d_binary_cross_entropy(z, y),
        link=known.link,
        targets=known.targets,
    )
    net = gn.Network([3, 4, 1], output="sigmoid", loss=doubled, seed=1)
    assert net.loss(X, y) == 2 * gn.Network([3, 4, 1], output="sigmoid", seed=1).loss(X, y)
    derivation = gn.explain(net, X[:4], y[:4])
    assert "loss_of_output" not in derivation
    assert all(derivation.check(step.symbol).ok for step in derivation.steps)


def test_a_built_in_loss_with_another_slope_or_link_is_your_own():
    wrong = gn.Loss("squared_error", losses.squared_error, lambda z, y: y - z)
    net = gn.Network([3, 4, 1], loss=wrong, seed=1)
    with pytest.raises(gn.InputError, match="engine"):
        gn.train(net, X, y, engine="native")
    of_logits = gn.Loss("logits", losses.binary_cross_entropy, losses.d_binary_cross_entropy)
    net = gn.Network([3, 4, 1], loss=of_logits, seed=1)
    assert net.loss(X, y) == gn.Network([3, 4, 1], output="sigmoid", seed=1).loss(X, y)
    derivation = gn.explain(net, X[:4], y[:4])
    assert "loss_of_output" not in derivation
    assert all(derivation.check(step.symbol).ok for step in derivation.steps)


def test_an_output_called_identity_is_not_left_out():
    """The squared error takes the output of an own function, whatever it is called."""
    net = gn.Network([3, 4, 1], output=gn.Activation("identity", square, d_square), seed=1)
    assert net.loss(X, y) == pytest.approx(0.5 * np.mean((net.forward(X).output[:, 0] - y) ** 2), rel=1e-14)
    assert gn.check_gradients(net, X, y).ok


def test_a_built_in_function_under_another_name_is_the_built_in_one(tmp_path):
    logistic = gn.Activation("logistic", activations.sigmoid, activations.d_sigmoid)
    net, same = (gn.Network([3, 4, 1], output=output, seed=1) for output in (logistic, "sigmoid"))
    assert net.loss_function is losses.BINARY_CROSS_ENTROPY
    assert net.loss(X, y) == same.loss(X, y)
    assert_array_equal(net.predict_proba(X), same.predict_proba(X))
    gn.export(net, tmp_path / "model.json")
    assert b'"activation": "sigmoid"' in (tmp_path / "model.json").read_bytes()
    for engine in ENGINES:
        assert_array_equal(*(gn.train(each.copy(), X, y, epochs=3, engine=engine).loss for each in (net, same)))


@pytest.mark.parametrize("name", ["relu", "softplus", "gelu"])
def test_the_default_initialisation_asks_for_the_function_and_not_for_its_name(name):
    known = activations.ACTIVATIONS[name]
    own = gn.Activation(name, lambda z: np.tanh(z), lambda z, a: 1 - a**2)
    renamed = gn.Activation("mine", known.f, known.df)
    he, glorot = (gn.Network([3, 50, 1], hidden=hidden, seed=1).W[1] for hidden in (name, "tanh"))
    assert_array_equal(gn.Network([3, 50, 1], hidden=own, seed=1).W[1], glorot)
    assert_array_equal(gn.Network([3, 50, 1], hidden=renamed, seed=1).W[1], he)


def test_a_loss_may_contain_an_output_of_ones_own():
    """A complementary log-log regression: p = 1 − exp(−eᶻ), and its loss in terms of z."""
    cloglog = gn.Activation("cloglog", lambda z: -np.expm1(-np.exp(z)), lambda z, a: np.exp(z - np.exp(z)))

    def value(z, y):
        return -y * np.log(-np.expm1(-np.exp(z))) + (1 - y) * np.exp(z)

    def slope(z, y):
        return np.exp(z) * (1 - y / -np.expm1(-np.exp(z)))

    loss = gn.Loss("cloglog_loss", value, slope, link="cloglog", targets="probabilities")
    net = gn.Network([3, 4, 1], output=cloglog, loss=loss, seed=1)
    p = net.forward(X).output[:, 0]
    assert net.loss(X, y) == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-4)
    assert gn.check_gradients(net, X, y).ok
    assert gn.diagnose(net, X, y, epochs=3, replay=False).opinion is not None  # of a plain model with the same output
    with pytest.raises(gn.InputError, match="contains the cloglog"):
        gn.Network([3, 4, 1], output="sigmoid", loss=loss)


def test_a_wrong_derivative_does_not_pass_for_the_built_in_one():
    wrong = gn.Activation("tanh", activations.tanh, lambda z, a: 1 - a)
    assert repr(wrong).startswith("Activation('tanh', tanh, ")
    assert not wrong.is_builtin
    net = gn.Network([3, 4, 1], hidden=[wrong], seed=1)
    assert not gn.check_gradients(net, X, y).ok
    with pytest.raises(gn.InputError, match="engine"):
        gn.train(net, X, y, engine="native")


# --- called once when the network is made -----------------------------------------------------------------------

ONES = lambda z, a: np.ones_like(z)
BAD_ACTIVATIONS = {
    "a sum": (lambda z: z.sum(), ONES),
    "a mean of each row": (lambda z: z.mean(axis=1), ONES),
    "kept dimensions": (lambda z: z.mean(axis=1, keepdims=True), ONES),
    "a transpose": (lambda z: z.T, ONES),
    "squeezed": (np.squeeze, ONES),
    "nothing": (lambda z: None, ONES),
    "text": (lambda z: "tanh", ONES),
    "complex": (lambda z: z + 1j, ONES),
    "objects": (lambda z: z.astype(object), ONES),
    "ragged": (lambda z: [[1.0], [1.0, 2.0], [1.0]], ONES),
    "math for one number": (lambda z: __import__("math").exp(z), ONES),
    "an if on arrays": (lambda z: z if z > 0 else 0 * z, ONES),
    "no argument": (lambda: 0, ONES),
    "a missing name": (lambda z: undefined_name(z), ONES),  # noqa: F821
    "in place": (lambda z: np.maximum(z, 0, out=z), ONES),
    "derivative of one argument": (square, lambda z: 2 * z),
    "derivative in place": (np.sin, np.cos),  # cos(z, a) writes into a
    "derivative a sum": (square, lambda z, a: (2 * z).sum(axis=0)),
    "derivative of another shape": (square, lambda z, a: np.ones((2, 2))),
    "derivative complex": (square, lambda z, a: 2j * z),
    "derivative nothing": (square, lambda z, a: None),
}


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", BAD_ACTIVATIONS)
def test_an_activation_that_cannot_work_is_refused_when_the_network_is_made(refuses, kind, width):
    if (kind, width) == ("kept dimensions", 1):
        return  # of one unit the mean of the row is the unit itself
    own = gn.Activation("mine", *BAD_ACTIVATIONS[kind])
    for arguments in ({"sizes": [3, width, 1], "hidden": own}, {"sizes": [3, 4, width], "output": own}):
        with refuses("activation 'mine'"):
            gn.Network(**arguments)


BAD_LOSSES = {
    "a mean": (lambda z, y: np.mean((z - y) ** 2), lambda z, y: 2 * (z - y)),
    "a sum of each row": (lambda z, y: np.sum((z - y) ** 2, axis=1), lambda z, y: 2 * (z - y)),
    "complex": (lambda z, y: (z - y) * 1j, lambda z, y: z - y),
    "nothing": (lambda z, y: None, lambda z, y: z - y),
    "one argument": (lambda z: z, lambda z, y: z - y),
    "changes the targets": (lambda z, y: np.subtract(z, y, out=y), lambda z, y: z - y),
    "slope a mean": (lambda z, y: (z - y) ** 2, lambda z, y: np.mean(z - y)),
    "slope of each row": (lambda z, y: (z - y) ** 2, lambda z, y: (z - y).sum(axis=1)),
    "slope transposed": (lambda z, y: (z - y) ** 2, lambda z, y: (z - y).T),
    "slope fails": (lambda z, y: (z - y) ** 2, lambda z, y: z @ y),
    "slope changes z": (lambda z, y: (z - y) ** 2, lambda z, y: np.subtract(z, y, out=z)),
}


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("kind", BAD_LOSSES)
def test_a_loss_that_cannot_work_is_refused_when_the_network_is_made(refuses, kind, width):
    with refuses("loss 'mine'"):
        gn.Network([3, 4, width], loss=gn.Loss("mine", *BAD_LOSSES[kind]))


@pytest.mark.parametrize("part", ["value_of_output", "slope_of_output"])
def test_an_output_form_that_cannot_work_is_refused_when_the_network_is_made(refuses, part):
    known = losses.POISSON
    mine = replace(known, name="mine", value=lambda z, y: known.value(z, y), slope=lambda z, y: known.slope(z, y))
    gn.Network([3, 4, 2], output="exponential", loss=mine)
    for wrong in (lambda a, y: (a - y).sum(axis=1), lambda a: a):
        with refuses(f"loss 'mine': expected {part}"):
            gn.Network([3, 4, 2], output="exponential", loss=replace(mine, **{part: wrong}))


@pytest.mark.parametrize(
    "init",
    [
        lambda rng, fan_in, fan_out: 0.1,
        lambda rng, fan_in, fan_out: rng.normal(size=(fan_out, fan_in)),
        lambda rng, fan_in, fan_out: np.full((fan_in, fan_out), np.nan),
        lambda rng, fan_in, fan_out: np.full((fan_in, fan_out), "a"),
        lambda rng, fan_in, fan_out: None,
    ],
)
def test_initial_weights_of_a_wrong_shape_or_kind_change_nothing(refuses, init):
    with refuses("init"):
        gn.Network([3, 4, 1], init=init)
    net = gn.Network([3, 4, 1], seed=1)
    before, net.init = net.theta.copy(), ["he_normal", init]
    with refuses("init"):
        net.initialize(2)
    assert_array_equal(net.theta, before)


def test_functions_that_work_are_taken():
    """A row-wise loss of (n, 1), a derivative that is one number, a nan outside its domain, and a row-wise output."""
    per_row = gn.Loss("rows", lambda z, y: ((z - y) ** 2).sum(axis=1, keepdims=True), lambda z, y: 2 * (z - y))
    assert gn.check_gradients(gn.Network([3, 4, 2], loss=per_row, seed=1), X, np.c_[y, y]).ok
    doubled = gn.Activation("doubled", lambda z: 2 * z, lambda z, a: 2.0)
    assert gn.check_gradients(gn.Network([3, 4, 1], hidden=doubled, seed=1), X, y).ok
    gn.Network([3, 4, 1], hidden=gn.Activation("root", np.sqrt, lambda z, a: 0.5 / a))
    shares = gn.Activation(
        "shares",
        lambda z: z**2 / np.sum(z**2, axis=1, keepdims=True),
        lambda z, a, da: 2 * z / np.sum(z**2, axis=1, keepdims=True) * (da - np.sum(da * a, axis=1, keepdims=True)),
        rowwise=True,
    )
    assert gn.check_gradients(gn.Network([3, 4, 3], output=shares, seed=1), X, np.c_[y, y, y]).ok


def test_functions_are_called_when_the_network_is_made_and_not_again_to_look_at_them():
    calls = []

    def counted(z):
        calls.append(z.shape)
        return z**2

    net = gn.Network([3, 4, 1], hidden=gn.Activation("counted", counted, d_square))
    made = len(calls)
    gn.train(net, X, y, epochs=5, engine="numpy")
    assert made <= 2
    assert len(calls) == made + 5


def test_a_float32_network_stays_float32_whatever_its_functions_return():
    own = gn.Activation("half", lambda z: z * np.float64(0.5), lambda z, a: np.float64(0.5) * np.ones_like(z))
    step = gn.Activation("step", lambda z: (z > 0).astype(int), lambda z, a: np.zeros_like(z))
    rows = gn.Activation("rows", lambda z: z.astype(np.float64), lambda z, a, da: da.astype(np.float64), rowwise=True)
    net = gn.Network([3, 4, 4, 2], hidden=[own, step], output=rows, dtype="float32", seed=1)
    trace = net.forward(X)
    gradient = net.backward(trace, np.c_[y, y])
    assert {array.dtype.name for array in (*trace.Z.values(), *trace.A.values())} == {"float32"}
    assert {array.dtype.name for array in (*gradient.Z.values(), *gradient.A.values(), gradient.flat)} == {"float32"}
    assert net.predict(X).dtype == np.float32
    assert_allclose(trace.A[1], 0.5 * trace.Z[1], rtol=1e-7)
    assert_array_equal(trace.A[2], trace.Z[2] > 0)
    gn.train(net, X, np.c_[y, y], epochs=2)
    assert net.theta.dtype == np.float32


# --- constants --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a", None, np.nan, np.inf, True, [0.1], 1j, 10**400])
@pytest.mark.parametrize(
    ("equation", "name"),
    [
        (activations.LEAKY_RELU, "slope"),
        (activations.ELU, "alpha"),
        (losses.HUBER, "delta"),
        (losses.QUANTILE, "q"),
        (gn.Activation("power", lambda z, p: z**p, lambda z, a, p: p * z ** (p - 1), parameters={"p": 2}), "p"),
    ],
)
def test_a_constant_of_a_wrong_kind_is_refused_where_it_is_set(refuses, equation, name, value):
    with refuses(name):
        equation.with_parameters(**{name: value})


@pytest.mark.parametrize(
    ("equation", "bad", "good"),
    [
        (losses.QUANTILE, {"q": 2}, {"q": 0.9}),
        (losses.QUANTILE, {"q": 0}, {"q": 1e-3}),
        (losses.QUANTILE, {"q": 1.0}, {"q": 0.999}),
        (losses.HUBER, {"delta": -1}, {"delta": 2}),
        (losses.HUBER, {"delta": 0}, {"delta": 1e-3}),
        (activations.ELU, {"alpha": -0.1}, {"alpha": 0}),
    ],
)
def test_a_constant_out_of_range_is_refused_where_it_is_set(refuses, equation, bad, good):
    with refuses(next(iter(bad))):
        equation.with_parameters(**bad)
    assert equation.with_parameters(**good).parameters == good


def test_constants_of_ones_own_have_ranges_too_and_become_plain_numbers(refuses):
    positive = gn.Activation(
        "scaled",
        lambda z, s: s * z,
        lambda z, a, s: s,
        parameters={"s": np.float64(2)},
        ranges={"s": gn.errors.Range(0, open_low=True)},
    )
    assert type(positive.parameters["s"]) is float  # a NumPy scalar would turn float32 into float64
    assert gn.check_gradients(gn.Network([3, 4, 1], hidden=positive, seed=1), X, y).ok
    with refuses("s"):
        positive.with_parameters(s=0)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("f", lambda: gn.Activation("mine", 3, square)),
        ("df", lambda: gn.Activation("mine", square, None)),
        ("name", lambda: gn.Activation(3, square, d_square)),
        ("rowwise", lambda: gn.Activation("mine", square, d_square, rowwise="no")),
        ("kinks", lambda: gn.Activation("mine", square, d_square, kinks=("a",))),
        ("parameters", lambda: gn.Activation("mine", square, d_square, parameters=[1])),
        ("value", lambda: gn.Loss("mine", "mse", square)),
        ("slope", lambda: gn.Loss("mine", square, 1)),
        ("targets", lambda: gn.Loss("mine", square, square, targets="classes")),
        ("link", lambda: gn.Loss("mine", square, square, link=activations.SIGMOID)),
        ("kink_at_target", lambda: gn.Loss("mine", square, square, kink_at_target=2)),
    ],
)
def test_equations_of_wrong_parts_are_refused(refuses, name, make):
    with refuses(name):
        make()
