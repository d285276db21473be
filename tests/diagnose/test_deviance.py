"""The unexplained share: 1 for the best constant prediction, 0 for a perfect one, for every loss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import glassnet as gn
from glassnet.diagnose.case.deviance import mean_loss, yardstick
from glassnet.equations import losses
from glassnet.equations.losses import LOSSES

rng = np.random.default_rng(0)
NUMBERS = rng.normal(3, 2, size=(200, 1))


def test_squared_error_gives_one_minus_r_squared():
    prediction = NUMBERS + rng.normal(size=NUMBERS.shape)
    loss = float(np.mean(0.5 * (prediction - NUMBERS) ** 2))
    r2 = 1 - np.sum((prediction - NUMBERS) ** 2) / np.sum((NUMBERS - NUMBERS.mean()) ** 2)
    assert yardstick(losses.SQUARED_ERROR, NUMBERS).unexplained(loss) == pytest.approx(1 - r2)


def test_classes_are_measured_against_their_base_rates():
    y = np.repeat([0.0, 1.0], [90, 10])[:, None]
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    measure = yardstick(losses.BINARY_CROSS_ENTROPY, y)
    assert measure.baseline == pytest.approx(entropy)
    assert_allclose(measure.constant, [np.log(0.1 / 0.9)])
    Y = np.eye(4)[np.arange(100) % 4]
    assert yardstick(losses.CATEGORICAL_CROSS_ENTROPY, Y).baseline == pytest.approx(np.log(4))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_no_constant_beats_the_baseline_and_no_prediction_the_floor(name):
    loss = LOSSES[name]
    if loss.targets == "distribution":
        Y = rng.dirichlet(np.ones(3), size=150)
    elif loss.targets == "probabilities":
        Y = rng.random((150, 2))
    elif loss.targets == "counts":
        Y = rng.poisson(3.0, size=(150, 2)).astype(float)
    else:
        Y = rng.normal(size=(150, 2))
    measure = yardstick(loss, Y)
    assert measure.floor < measure.baseline
    for _ in range(200):
        constant = measure.constant + rng.normal(scale=0.3, size=Y.shape[1])
        value = float(np.mean(loss.per_sample(np.broadcast_to(constant, Y.shape).copy(), Y)))
        assert value >= measure.baseline - 5e-3 * abs(measure.baseline)
    best = {"sigmoid": np.log(Y) - np.log1p(-Y) if name == "binary_cross_entropy" else Y}.get(loss.link, Y)
    if loss.link in ("softmax", "exponential"):
        best = np.log(np.maximum(Y, 1e-30))
    value = float(np.mean(loss.per_sample(best, Y)))
    assert value == pytest.approx(measure.floor, abs=1e-9)


def test_weights_count_and_constant_targets_have_nothing_to_explain():
    y, weight = np.array([[0.0], [0.0], [4.0]]), np.array([1.0, 1.0, 2.0])
    assert yardstick(losses.SQUARED_ERROR, y, weight).baseline == pytest.approx(0.5 * 4)
    assert yardstick(losses.SQUARED_ERROR, np.ones((5, 1))).unexplained(0.3) == 1.0
    assert yardstick(losses.SQUARED_ERROR, NUMBERS).unexplained(float("nan")) == np.inf


def test_mean_loss_of_an_overflowing_network_is_inf():
    net = gn.Network([1, 1], seed=0)
    net.theta = [1e300, 0.0]
    assert mean_loss(net, np.array([[1e300]]), np.array([[0.0]])) == np.inf


@pytest.mark.parametrize("name", ["poisson", "binary_cross_entropy", "categorical_cross_entropy"])
def test_a_loss_of_ones_own_is_not_measured_by_the_built_in_one_of_its_name(name):
    """Squares under another name: the best constant is the mean, and the least loss is 0."""
    own = gn.Loss(name, losses.squared_error, losses.d_squared_error)
    Y = rng.random((50, 1))
    measure = yardstick(own, Y)
    assert measure.floor == 0
    assert measure.baseline == pytest.approx(0.5 * np.var(Y), rel=1e-3)
