"""The forward and backward pass: each value of a small network by hand, the mean, the penalties and the trace."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from glassnet import Network
from glassnet.network import passes


@pytest.fixture
def net():
    """Three inputs, three hidden units, two outputs: a hidden W as square as it is asymmetric."""
    net = Network([3, 3, 2], "tanh", seed=0)
    net.theta = np.random.default_rng(0).normal(size=net.n_parameters)
    return net


RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))


def test_forward_one_number_at_a_time(net):
    trace = net.forward(X)
    for i in range(4):
        for j in range(3):
            z = sum(X[i, k] * net.W[1][k, j] for k in range(3)) + net.b[1][j]
            assert trace.Z[1][i, j] == pytest.approx(z, rel=1e-14)
            assert trace.A[1][i, j] == pytest.approx(math.tanh(z), rel=1e-14)
        for j in range(2):
            z = sum(trace.A[1][i, k] * net.W[2][k, j] for k in range(3)) + net.b[2][j]
            assert trace.output[i, j] == pytest.approx(z, rel=1e-13)


def test_backward_one_number_at_a_time(net):
    trace = net.forward(X)
    gradient = net.backward(trace, Y)
    r = (trace.output - Y) / 4
    for j in range(2):
        assert gradient.b[2][j] == pytest.approx(sum(r[:, j]), rel=1e-13)
        for k in range(3):
            assert gradient.W[2][k, j] == pytest.approx(sum(trace.A[1][i, k] * r[i, j] for i in range(4)), rel=1e-12)
    dz = [
        [sum(r[i, j] * net.W[2][k, j] for j in range(2)) * (1 - math.tanh(trace.Z[1][i, k]) ** 2) for k in range(3)]
        for i in range(4)
    ]
    assert_allclose(gradient.Z[1], dz, rtol=1e-13)
    for k in range(3):
        assert gradient.b[1][k] == pytest.approx(sum(dz[i][k] for i in range(4)), rel=1e-12)
        for m in range(3):
            assert gradient.W[1][m, k] == pytest.approx(sum(X[i, m] * dz[i][k] for i in range(4)), rel=1e-12)
    expected = [[sum(dz[i][k] * net.W[1][m, k] for k in range(3)) for m in range(3)] for i in range(4)]
    assert_allclose(gradient.X, expected, rtol=1e-12)


def test_loss_is_the_mean_over_samples_of_the_sum_over_outputs(net):
    r = net.forward(X).output - Y
    assert net.loss(X, Y) == pytest.approx(sum(r.ravel() ** 2) / 2 / 4, rel=1e-14)


def test_sample_weights_are_divided_by_their_sum(net):
    r = net.forward(X).output - Y
    weight = np.array([1.0, 0.0, 3.0, 0.5])
    expected = sum(w * sum(row**2) / 2 for w, row in zip(weight, r, strict=True)) / 4.5
    assert net.loss(X, Y, weight) == pytest.approx(expected, rel=1e-14)
    assert net.loss(X, Y, 7 * weight) == pytest.approx(expected, rel=1e-14)
    gradient = net.backward(net.forward(X), Y, weight)
    assert_allclose(gradient.Z[2], r * weight[:, None] / 4.5, rtol=1e-14)
    assert_allclose(passes.mean_weights(weight, 4, np.float64), weight / 4.5, rtol=1e-15)
    assert passes.mean_weights(None, 4, np.float64).tolist() == [0.25] * 4


def test_penalties_are_on_weights_and_not_on_biases(net):
    plain = net.backward(net.forward(X), Y)
    penalised = net.backward(net.forward(X), Y, l1=0.3, l2=0.7)
    weights = np.concatenate([net.W[1].ravel(), net.W[2].ravel()])
    added = 0.3 * np.abs(weights).sum() + 0.35 * (weights**2).sum()
    assert net.loss(X, Y, l1=0.3, l2=0.7) == pytest.approx(net.loss(X, Y) + added, rel=1e-14)
    for layer in (1, 2):
        W = net.W[layer]
        assert_allclose(penalised.W[layer], plain.W[layer] + 0.3 * np.sign(W) + 0.7 * W, rtol=1e-14)
        assert_array_equal(penalised.b[layer], plain.b[layer])


def test_the_weights_of_the_mean_do_not_weigh_the_penalty(net):
    light, heavy = (net.loss(X, Y, [w] * 4, l2=0.7) for w in (1, 100))
    assert light == pytest.approx(heavy, rel=1e-14)


def test_masks_multiply_what_goes_on_and_not_what_is_recorded(net):
    D = {1: np.array([[0.0, 2.0, 2.0]] * 4)}
    trace = passes.forward(net.activations, net.W, net.b, X, D)
    assert_array_equal(trace.A[1], net.forward(X).A[1])
    assert_array_equal(trace.into(2), trace.A[1] * D[1])
    assert_array_equal(trace.Z[2], (trace.A[1] * D[1]) @ net.W[2] + net.b[2])
    gradient = passes.backward(net.activations, net.loss_function, net.layout, net.theta, trace, Y)
    assert_array_equal(gradient.W[2][0], [0, 0])
    assert_array_equal(gradient.Z[1][:, 0], np.zeros(4))
    assert np.abs(gradient.Z[1][:, 1:]).min() > 0


def test_gradient_views_share_the_flat_vector(net):
    gradient = net.backward(net.forward(X), Y)
    assert all(np.shares_memory(gradient.flat, part[layer]) for part in (gradient.W, gradient.b) for layer in (1, 2))
    assert gradient.flat.shape == (20,)


def test_repr(net):
    trace = net.forward(X)
    assert repr(trace) == "Trace(3-3-2, n=4)"
    gradient = net.backward(trace, Y)
    assert repr(gradient) == f"Gradient(20 parameters, norm={np.linalg.norm(gradient.flat):.6g})"
