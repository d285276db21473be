"""Each activation against SciPy or plain arithmetic, its derivative against the complex step, and both at extreme inputs."""

import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

from glassnet import Activation, InputError, Network, check_gradients, train
from glassnet.equations import activations
from glassnet.equations.activations import ACTIVATIONS, ELU, LEAKY_RELU, SOFTMAX, as_activation

ELEMENTWISE = [activation for activation in ACTIVATIONS.values() if not activation.rowwise]
Z = np.linspace(-3, 3, 120)  # an even count, so that the kink 0 is not among them
LARGEST = np.finfo(np.float64).max
EXTREMES = np.array([s * z for z in (0, 1e-30, 1e-10, 1, 10, 40, 88, 710, 1000, 1e4, LARGEST) for s in (1, -1)])


def by_name(activation):
    return activation.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("identity", Z),
        ("relu", [max(z, 0) for z in Z]),
        ("leaky_relu", [z if z > 0 else 0.01 * z for z in Z]),
        ("elu", [z if z > 0 else math.expm1(z) for z in Z]),
        ("gelu", [0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) for z in Z]),
        ("silu", Z * special.expit(Z)),
        ("softplus", np.logaddexp(0, Z)),
        ("sigmoid", special.expit(Z)),
        ("tanh", [math.tanh(z) for z in Z]),
        ("exponential", [math.exp(z) for z in Z]),
    ],
)
def test_value(name, expected):
    assert_allclose(ACTIVATIONS[name](Z), expected, rtol=1e-14, atol=1e-15)


def test_every_activation_has_a_value_test():
    assert set(ACTIVATIONS) == {activation.name for activation in ELEMENTWISE} | {"softmax"}
    assert len(ELEMENTWISE) == 10


def test_softmax_value():
    rows = Z.reshape(40, 3)
    assert_allclose(SOFTMAX(rows), special.softmax(rows, axis=1), rtol=1e-14)
    assert_allclose(SOFTMAX(rows).sum(axis=1), 1, rtol=1e-15)


def test_gelu_stays_within_its_stated_distance_of_the_exact_form():
    z = np.linspace(-12, 12, 100_001)
    exact = z * 0.5 * (1 + special.erf(z / math.sqrt(2)))
    assert 4e-4 < np.max(np.abs(activations.gelu(z) - exact)) < 5e-4


def test_sigmoid_and_softplus_keep_their_small_values():
    assert_allclose(activations.sigmoid(np.array([-40.0, -700.0])), special.expit([-40.0, -700.0]), rtol=1e-15)
    assert_allclose(activations.softplus(np.array([-40.0, -700.0])), np.exp([-40.0, -700.0]), rtol=1e-15)


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=by_name)
def test_derivative_is_that_of_the_function(activation):
    stepped = np.imag(activation(Z + 1e-30j)) / 1e-30
    stated = activation.backward(Z, activation(Z), np.ones_like(Z))
    assert_allclose(stated, stepped, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=by_name)
def test_derivative_far_out(activation):
    far = np.concatenate([np.linspace(-30, -3, 50), np.linspace(3, 30, 50)])
    stepped = np.imag(activation(far + 1e-30j)) / 1e-30
    assert_allclose(activation.backward(far, activation(far), np.ones_like(far)), stepped, rtol=1e-12, atol=1e-14)


def test_derivative_of_softmax():
    rng = np.random.default_rng(0)
    z, da = rng.normal(size=(7, 4)), rng.normal(size=(7, 4))
    stepped = np.empty_like(z)
    for k in range(4):
        moved = z.astype(complex)
        moved[:, k] += 1e-30j
        stepped[:, k] = np.imag((SOFTMAX(moved) * da).sum(axis=1)) / 1e-30
    assert_allclose(SOFTMAX.backward(z, SOFTMAX(z), da), stepped, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("activation", [LEAKY_RELU.with_parameters(slope=0.3), ELU.with_parameters(alpha=2.0)])
def test_derivative_follows_the_parameter(activation):
    stepped = np.imag(activation(Z + 1e-30j)) / 1e-30
    assert_allclose(activation.backward(Z, activation(Z), np.ones_like(Z)), stepped, rtol=1e-12)
    assert not np.allclose(activation(Z), ACTIVATIONS[activation.name](Z))


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=by_name)
def test_backward_multiplies_by_the_incoming_gradient(activation):
    dA = np.sin(np.arange(Z.size))
    derivative = activation.backward(Z, activation(Z), np.ones_like(Z))
    assert_allclose(activation.backward(Z, activation(Z), dA), dA * derivative, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=by_name)
def test_dtype_is_kept(activation, dtype):
    z = Z.reshape(40, 3).astype(dtype)
    a = activation(z)
    assert a.dtype == dtype
    assert activation.backward(z, a, np.ones_like(z)).dtype == dtype


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=by_name)
def test_extreme_inputs_neither_overflow_nor_give_nan(activation):
    exponential = activation.name == "exponential"  # whose true value is beyond the largest float
    with np.errstate(over="ignore" if exponential else "raise", under="ignore"):
        a = activation(EXTREMES)
        derivative = activation.backward(EXTREMES, a, np.ones_like(EXTREMES))
    assert not np.isnan(a).any()
    assert not np.isnan(derivative).any()
    if not exponential:
        assert np.isfinite(a).all()
        assert np.abs(derivative).max() <= 1.13  # none of them is steeper than gelu


def test_extreme_inputs_of_softmax():
    rows = np.array([[z, other] for z in EXTREMES for other in (0.0, 1e4, -1e4, LARGEST, -LARGEST)])
    with np.errstate(over="ignore", under="ignore"):
        a = SOFTMAX(rows)
        derivative = SOFTMAX.backward(rows, a, np.ones_like(rows))
    assert_allclose(a.sum(axis=1), 1, rtol=1e-15)
    assert_allclose(derivative, 0, atol=1e-16)  # the outputs sum to 1 whatever z is


def test_saturated_values_are_the_limits():
    big = np.array([-1e4, 1e4])
    assert_array_equal(activations.sigmoid(big), [0, 1])
    assert_array_equal(activations.tanh(big), [-1, 1])
    assert_array_equal(activations.softplus(big), [0, 1e4])
    assert_array_equal(activations.silu(big), [0, 1e4])
    assert_array_equal(activations.gelu(big), [0, 1e4])


def test_relu_has_slope_0_at_its_kink():
    assert activations.RELU.backward(np.zeros(1), np.zeros(1), np.ones(1)).tolist() == [0.0]


def test_unknown_parameter_is_refused(refuses):
    with refuses("parameter of leaky_relu"):
        LEAKY_RELU.with_parameters(slop=0.2)
    assert LEAKY_RELU.parameters == {"slope": 0.01}


def test_unknown_names_are_refused_and_the_nearest_is_named(refuses):
    with refuses("activation"):
        as_activation("rleu")
    with pytest.raises(InputError, match="did you mean 'relu'"):
        as_activation("rleu")
    with refuses("activation"):
        as_activation(np.tanh)


def test_repr():
    assert repr(LEAKY_RELU) == "LEAKY_RELU"
    assert repr(LEAKY_RELU.with_parameters(slope=0.2)) == "LEAKY_RELU.with_parameters(slope=0.2)"
    assert repr(Activation("sine", np.sin, np.cos)) == "Activation('sine', sin, cos)"
    assert "partial" in repr(Activation("power", functools.partial(np.power, 2.0), np.cos))


def test_an_activation_of_ones_own_trains():
    sine = Activation("sine", np.sin, lambda z, a: np.cos(z))
    net = Network([1, 8, 1], hidden=sine, seed=0)
    X = np.linspace(-2, 3, 30)[:, None]
    y = np.sin(2 * X[:, 0])
    assert check_gradients(net, X, y).worst.relative_error < 1e-12
    history = train(net, X, y, optimizer="lbfgs", epochs=100)
    assert history.loss[-1] < 1e-3 * history.loss[0]
