"""Each loss against SciPy or plain arithmetic, its slope against the complex step, and both at extreme inputs."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

from glassnet import Activation, Loss, Network, check_gradients, explain, train
from glassnet.equations import activations, losses
from glassnet.equations.activations import as_activation, softmax
from glassnet.equations.losses import (
    ABSOLUTE_ERROR,
    BINARY_CROSS_ENTROPY,
    CATEGORICAL_CROSS_ENTROPY,
    HUBER,
    LOSSES,
    POISSON,
    QUANTILE,
    SQUARED_ERROR,
    as_loss,
    default_loss,
)

RNG = np.random.default_rng(3)
Z = RNG.normal(0, 2, (50, 3))
NUMBERS = RNG.normal(0, 2, (50, 3))
COUNTS = RNG.integers(0, 6, (50, 3)).astype(float)
PROBABILITIES = np.where(RNG.random((50, 3)) < 0.3, RNG.integers(0, 2, (50, 3)), RNG.random((50, 3)))
DISTRIBUTION = RNG.dirichlet([1, 1, 1], 50)
TARGETS = {"numbers": NUMBERS, "counts": COUNTS, "probabilities": PROBABILITIES, "distribution": DISTRIBUTION}
LARGEST = np.finfo(np.float64).max
EXTREMES = np.array([s * z for z in (0, 1e-30, 1e-10, 1, 10, 40, 88, 710, 1000, 1e4, LARGEST) for s in (1, -1)])

P = special.expit(Z)
R = Z - NUMBERS
EXPECTED = {
    "squared_error": R * R / 2,
    "absolute_error": np.abs(R),
    "huber": special.huber(1.0, R),
    "quantile": np.abs(R) / 2,
    "poisson": np.exp(Z) - COUNTS * Z,
    "binary_cross_entropy": -special.xlogy(PROBABILITIES, P) - special.xlog1py(1 - PROBABILITIES, -P),
    "categorical_cross_entropy": -special.xlogy(DISTRIBUTION, special.softmax(Z, axis=1)).sum(axis=1, keepdims=True),
}


def value(loss, z, y):
    return loss.value(z, y, **loss.parameters)


def stepped_slope(loss, z, y):
    slope = np.empty_like(z)
    for k in range(z.shape[1]):
        moved = z.astype(complex)
        moved[:, k] += 1e-30j
        slope[:, k] = np.imag(loss.per_sample(moved, y)) / 1e-30
    return slope


@pytest.mark.parametrize("name", LOSSES)
def test_value(name):
    loss = LOSSES[name]
    y = TARGETS[loss.targets]
    assert_allclose(value(loss, Z, y), EXPECTED[name], rtol=1e-13, atol=1e-14)
    assert_allclose(loss.per_sample(Z, y), EXPECTED[name].sum(axis=1), rtol=1e-13, atol=1e-14)


def test_huber_and_quantile_with_other_parameters():
    assert_allclose(value(HUBER.with_parameters(delta=0.3), Z, NUMBERS), special.huber(0.3, R), rtol=1e-13)
    pinball = [
        [0.9 * (y - z) if y > z else 0.1 * (z - y) for z, y in zip(*rows, strict=True)]
        for rows in zip(Z, NUMBERS, strict=True)
    ]
    assert_allclose(value(QUANTILE.with_parameters(q=0.9), Z, NUMBERS), pinball, rtol=1e-13)


@pytest.mark.parametrize(
    "loss",
    [*LOSSES.values(), HUBER.with_parameters(delta=0.3), QUANTILE.with_parameters(q=0.9)],
    ids=lambda loss: loss.name,
)
def test_slope_is_the_derivative_of_the_value(loss):
    y = TARGETS[loss.targets]
    assert_allclose(loss.slopes(Z, y), stepped_slope(loss, Z, y), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("loss", [BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY, POISSON], ids=lambda loss: loss.name)
def test_slope_of_a_loss_with_its_link_is_prediction_minus_target(loss):
    y = TARGETS[loss.targets]
    link = {"sigmoid": special.expit, "softmax": lambda z: special.softmax(z, axis=1), "exponential": np.exp}[loss.link]
    assert_allclose(loss.slopes(Z, y), link(Z) - y, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.name)
def test_dtype_is_kept(loss):
    z, y = Z.astype(np.float32), TARGETS[loss.targets].astype(np.float32)
    assert value(loss, z, y).dtype == np.float32
    assert loss.slopes(z, y).dtype == np.float32
    assert_allclose(loss.slopes(z, y), loss.slopes(Z, TARGETS[loss.targets]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.name)
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_extreme_inputs_give_no_nan(loss, target):
    z = np.column_stack([EXTREMES, EXTREMES[::-1], np.zeros_like(EXTREMES)])
    y = np.tile([target, 1 - target, 0.0], (len(z), 1))
    with np.errstate(over="ignore", under="ignore"):
        values, slopes = value(loss, z, y), loss.slopes(z, y)
    assert not np.isnan(values).any()
    assert not np.isnan(slopes).any()
    if loss.name not in ("squared_error", "poisson"):
        usual = np.abs(z).max(axis=1) < 1e300  # the difference of two largest floats is itself beyond them
        assert np.isfinite(values[usual]).all()
        assert np.abs(slopes).max() <= 1


def test_a_logit_of_1000_on_the_wrong_side_costs_exactly_1000():
    assert value(BINARY_CROSS_ENTROPY, np.array([[1000.0]]), np.array([[0.0]])).tolist() == [[1000.0]]
    assert value(BINARY_CROSS_ENTROPY, np.array([[-1000.0]]), np.array([[1.0]])).tolist() == [[1000.0]]
    assert value(CATEGORICAL_CROSS_ENTROPY, np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]])).tolist() == [[1000.0]]


def test_a_confident_right_answer_keeps_its_small_loss():
    assert value(BINARY_CROSS_ENTROPY, np.array([[40.0]]), np.array([[1.0]])) == pytest.approx(math.exp(-40), rel=1e-15)
    assert value(BINARY_CROSS_ENTROPY, np.array([[-40.0]]), np.array([[0.0]])) == pytest.approx(
        math.exp(-40), rel=1e-15
    )


@pytest.mark.parametrize(
    ("loss", "statistic"),
    [
        (SQUARED_ERROR, np.mean),
        (ABSOLUTE_ERROR, np.median),
        (QUANTILE.with_parameters(q=0.9), lambda y: np.quantile(y, 0.9)),
    ],
    ids=["mean", "median", "quantile"],
)
def test_minimum_is_the_statistic_it_is_named_for(loss, statistic):
    y = np.random.default_rng(0).exponential(size=(1001, 1))
    candidates = np.linspace(0, 5, 2001)
    total = [value(loss, np.full_like(y, c), y).sum() for c in candidates]
    assert candidates[np.argmin(total)] == pytest.approx(statistic(y), abs=0.004)


def test_default_is_the_loss_that_contains_the_output():
    assert default_loss("sigmoid") is BINARY_CROSS_ENTROPY
    assert default_loss("softmax") is CATEGORICAL_CROSS_ENTROPY
    assert default_loss("exponential") is POISSON
    assert default_loss("identity") is SQUARED_ERROR
    assert default_loss("tanh") is SQUARED_ERROR


def test_unknown_names_and_parameters_are_refused(refuses):
    with refuses("loss"):
        as_loss("mse")
    with refuses("loss"):
        as_loss(max)
    with refuses("parameter of huber"):
        HUBER.with_parameters(delt=2.0)


def test_repr():
    assert repr(HUBER) == "HUBER"
    assert repr(HUBER.with_parameters(delta=0.5)) == "HUBER.with_parameters(delta=0.5)"
    assert repr(Loss("own", max, min)) == "Loss('own', max, min)"


def test_a_loss_of_ones_own_trains():
    log_cosh = Loss("log_cosh", lambda z, y: np.log(np.cosh(z - y)), lambda z, y: np.tanh(z - y))
    net = Network([1, 1], loss=log_cosh, seed=0)
    X = np.linspace(-1, 1, 20)[:, None]
    y = 3 * X[:, 0] - 1
    assert check_gradients(net, X, y).worst.relative_error < 1e-12
    train(net, X, y, optimizer="lbfgs", epochs=200)
    assert_allclose(net.theta, [3, -1], atol=1e-4)


WITH_LINK = [loss for loss in LOSSES.values() if loss.has_link]


@pytest.mark.parametrize("loss", WITH_LINK, ids=lambda loss: loss.name)
def test_the_loss_of_the_output_is_the_loss_and_its_slope_its_derivative(loss):
    y, a = TARGETS[loss.targets], as_activation(loss.link)(Z)
    assert_allclose(loss.value_of_output(a, y).sum(axis=1), loss.per_sample(Z, y), rtol=1e-12, atol=1e-13)
    stepped = np.imag(loss.value_of_output(a + 1e-30j, y)) / 1e-30
    assert_allclose(loss.slope_of_output(a, y), stepped, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("loss", WITH_LINK, ids=lambda loss: loss.name)
def test_no_logit_loses_less_than_the_floor(loss):
    y = np.vstack([np.eye(3)[:2], TARGETS[loss.targets][2:]])  # hard labels, or counts of 0 and 1
    least = special.xlogy(y, y).sum(axis=1)
    if loss is BINARY_CROSS_ENTROPY:
        least += special.xlogy(1 - y, 1 - y).sum(axis=1)
    weight = np.arange(1.0, 51)
    expected = np.average((y.sum(axis=1) if loss is POISSON else 0) - least, weights=weight)
    assert loss.floor(y, weight) == pytest.approx(expected, rel=1e-13)
    assert np.average(loss.per_sample(Z, y), weights=weight) > expected
    assert loss.floor(np.eye(3)) == (1 if loss is POISSON else 0)


def test_the_best_constant_has_the_mean_target_as_output():
    weight = np.arange(1.0, 51)
    for loss in (SQUARED_ERROR, *WITH_LINK):
        y = TARGETS[loss.targets]
        output = as_activation(loss.link)(loss.best_constant(y, weight)[None])[0]
        assert_allclose(output, np.average(y, axis=0, weights=weight), rtol=1e-13)
    assert BINARY_CROSS_ENTROPY.best_constant(np.array([[0.0, 1.0]])).tolist() == [-30, 30]
    odd = NUMBERS[:49]
    assert ABSOLUTE_ERROR.best_constant(odd) == pytest.approx(np.median(odd, axis=0), abs=1e-9)


def test_a_loss_of_ones_own_has_what_is_known_of_its_value_and_link():
    renamed = Loss("mine", POISSON.value, POISSON.slope, link="exponential", targets="counts")
    assert renamed.floor(COUNTS) == POISSON.floor(COUNTS) != 0
    assert renamed.slope_of_output is POISSON.slope_of_output
    doubled = Loss("mine", lambda z, y: 2 * POISSON.value(z, y), lambda z, y: 2 * POISSON.slope(z, y), "exponential")
    assert doubled.floor(COUNTS) == 0
    assert doubled.value_of_output is None
    assert_allclose(doubled.best_constant(COUNTS), np.log(COUNTS.mean(axis=0)))
    quartic = Loss("quartic", lambda z, y: (z - y) ** 4, lambda z, y: 4 * (z - y) ** 3, constant=lambda mean: mean + 7)
    assert_allclose(quartic.best_constant(NUMBERS), NUMBERS.mean(axis=0) + 7)
    assert replace(quartic, constant=None).best_constant(np.array([[0.0], [1.0]])) == pytest.approx(0.5)


def test_explain_shows_the_output_form_of_a_loss_of_ones_own():
    scaled = Loss(
        "scaled",
        lambda z, y, by: by * losses.poisson(z, y),
        lambda z, y, by: by * losses.d_poisson(z, y),
        link="exponential",
        targets="counts",
        parameters={"by": 3.0},
        value_of_output=lambda a, y, by: by * (a - y * np.log(a)),
        slope_of_output=lambda a, y, by: by * (1 - y / a),
    )
    network = Network([2, 3, 2], output="exponential", loss=scaled, seed=0)
    derivation = explain(network, [[0.5, -1.0]], [[2.0, 1.0]])
    for symbol in ("loss_of_output", "dA2", "dZ2_long"):
        assert derivation.check(symbol).ok
    assert_allclose(derivation.value("dZ2_long"), derivation.value("dZ2"), rtol=1e-12)
    assert scaled.floor(COUNTS) == pytest.approx(3 * POISSON.floor(COUNTS))


def test_explain_takes_no_jacobian_of_the_softmax_for_a_link_of_ones_own():
    soft = Activation(
        "soft", lambda z: softmax(z / 2), lambda z, a, da: 0.5 * activations.d_softmax(z, a, da), rowwise=True
    )
    known = CATEGORICAL_CROSS_ENTROPY
    loss = replace(
        known,
        name="soft_cross_entropy",
        value=lambda z, y: losses.categorical_cross_entropy(z / 2, y),
        slope=lambda z, y: 0.5 * losses.d_categorical_cross_entropy(z / 2, y),
        link="soft",
    )
    derivation = explain(Network([2, 3], output=soft, loss=loss, seed=0), [[0.5, -1.0]], [2])
    assert all(derivation.check(step.symbol).ok for step in derivation.steps)
    assert_allclose(derivation.value("loss_of_output").sum(), derivation.value("loss"), rtol=1e-12)
    assert "J1" not in derivation


def test_half_an_output_form_is_refused(refuses):
    with refuses("slope_of_output"):
        Loss("mine", max, min, value_of_output=max)
    with refuses("constant"):
        Loss("mine", max, min, constant=3)
