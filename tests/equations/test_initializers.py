"""Initial weights: shape, mean, variance, bounds, orthonormality, and that every draw comes from the source given."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from glassnet import Network
from glassnet.equations.initializers import INITIALIZERS, as_initializer, default_initializer

FAN_IN, FAN_OUT = 400, 300
VARIANCE = {
    "he_normal": 2 / 400,
    "he_uniform": 2 / 400,
    "glorot_normal": 2 / 700,
    "glorot_uniform": 2 / 700,
    "lecun_normal": 1 / 400,
    "lecun_uniform": 1 / 400,
}


@pytest.mark.parametrize("source", [np.random.RandomState, np.random.default_rng], ids=["RandomState", "Generator"])
@pytest.mark.parametrize("name", VARIANCE)
def test_mean_and_variance(name, source):
    W = INITIALIZERS[name](source(0), FAN_IN, FAN_OUT)
    assert W.shape == (FAN_IN, FAN_OUT)
    n, variance = W.size, VARIANCE[name]
    fourth_moment = 3 if name.endswith("normal") else 1.8  # in units of variance²
    assert abs(W.mean()) < 5 * np.sqrt(variance / n)
    assert abs(W.var() - variance) < 5 * variance * np.sqrt((fourth_moment - 1) / n)


@pytest.mark.parametrize("name", ["he_uniform", "glorot_uniform", "lecun_uniform"])
def test_uniform_draws_fill_their_bounds(name):
    W = INITIALIZERS[name](np.random.RandomState(0), FAN_IN, FAN_OUT)
    limit = np.sqrt(3 * VARIANCE[name])
    assert 0.999 * limit < np.abs(W).max() <= limit


def test_normal_draws_have_tails():
    W = INITIALIZERS["he_normal"](np.random.RandomState(0), FAN_IN, FAN_OUT)
    assert np.abs(W).max() > 4 * np.sqrt(2 / FAN_IN)


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (5, 5), (1, 3), (3, 1)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape):
    W = INITIALIZERS["orthogonal"](np.random.RandomState(1), *shape)
    assert W.shape == shape
    gram = W.T @ W if shape[0] >= shape[1] else W @ W.T
    assert_allclose(gram, np.eye(min(shape)), atol=1e-14)


def test_orthogonal_draws_prefer_no_sign():
    rng = np.random.RandomState(2)
    positive = sum(INITIALIZERS["orthogonal"](rng, 3, 1)[0, 0] > 0 for _ in range(400))
    assert abs(positive - 200) < 5 * np.sqrt(400 / 4)


def test_zeros():
    assert_array_equal(INITIALIZERS["zeros"](np.random.RandomState(0), 3, 2), np.zeros((3, 2)))


def test_default_is_he_for_rectifiers_and_glorot_otherwise():
    for rectifier in ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus"):
        assert default_initializer([rectifier]) == "he_normal", rectifier
    assert default_initializer(["tanh", "gelu"]) == "he_normal"
    assert default_initializer(["tanh", "sigmoid"]) == "glorot_uniform"
    assert default_initializer([]) == "glorot_uniform"


def test_layers_are_drawn_one_after_the_other_from_one_source():
    net = Network([3, 4, 2], "tanh", seed=5)
    rng = np.random.RandomState(5)
    for layer, (fan_in, fan_out) in {1: (3, 4), 2: (4, 2)}.items():
        limit = np.sqrt(6 / (fan_in + fan_out))
        assert_array_equal(net.W[layer], rng.uniform(-limit, limit, (fan_in, fan_out)))
        assert_array_equal(net.b[layer], np.zeros(fan_out))


def test_one_a_layer_and_ones_own():
    net = Network([2, 3, 1], init=["zeros", lambda rng, fan_in, fan_out: np.full((fan_in, fan_out), 0.5)])
    assert net.theta.tolist() == [0.0] * 9 + [0.5] * 3 + [0.0]


def test_unknown_names_are_refused(refuses):
    with refuses("init"):
        as_initializer("xavier")
    with refuses("init"):
        as_initializer(3)
