"""Integrated gradients of a network: complete, equal to a fine sum over the path, exact where the network is linear."""

import itertools

import numpy as np
import pytest

import glassnet as gn
from glassnet.network import attribution
from glassnet.network.attribution import integrate_gradients
from glassnet.network.passes import pull_back

NETWORKS = [
    ("silu", "identity", 1),
    ("gelu", "sigmoid", 1),
    ("tanh", "softmax", 3),
    ("relu", "identity", 1),
    ("relu", "softmax", 3),
    (["relu", "gelu"], "sigmoid", 1),
    (["silu", "leaky_relu"], "exponential", 1),
    ("elu", "identity", 2),
]


def made(hidden, output, n_outputs, seed=1, spread=1.5, **more):
    net = gn.Network([6, 14, 9, n_outputs], hidden=hidden, output=output, seed=seed, **more)
    net.theta = net.theta * spread + np.random.default_rng(seed).normal(size=net.n_parameters) * 0.1
    return net


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 6)), rng.normal(size=6) * 0.2


def one_hot(n, width):
    return np.eye(width)[np.arange(n) % width]


@pytest.mark.parametrize(("hidden", "output", "n_outputs"), NETWORKS)
def test_shares_add_up_and_are_those_of_a_fine_sum(rows, hidden, output, n_outputs):
    X, baseline = rows
    net, weights = made(hidden, output, n_outputs), one_hot(5, n_outputs)
    shares, ends = integrate_gradients(net, X, baseline, weights)
    answers = (net.forward(np.vstack([baseline, X])).output[:, None, :] * weights).sum(axis=2)
    np.testing.assert_allclose(ends, np.stack([answers[0], answers[1:].diagonal()], axis=1), rtol=1e-12)
    size = np.abs(shares).sum(axis=1)
    assert (np.abs(shares.sum(axis=1) - (ends[:, 1] - ends[:, 0])) < 1e-8 * size).all()
    t = (np.arange(20_000) + 0.5) / 20_000
    for row in range(2):
        points = baseline + t[:, None] * (X[row] - baseline)
        slopes = pull_back(net.activations, net.W, net.forward(points), np.tile(weights[row], (len(t), 1)))
        expected = slopes.mean(axis=0) * (X[row] - baseline)
        np.testing.assert_allclose(shares[row], expected, atol=2e-4 * size[row])


def test_the_slope_of_an_output_is_that_of_the_complex_step(rows):
    X, _ = rows
    net, weights = made("silu", "softmax", 3), one_hot(5, 3)
    slopes = pull_back(net.activations, net.W, net.forward(X), weights)
    for j in range(6):
        step = np.zeros(6, complex)
        step[j] = 1e-30j
        Z = X.astype(complex) + step
        for layer in net.W:
            Z = net.activations[layer](Z @ net.W[layer] + net.b[layer])
        np.testing.assert_allclose(slopes[:, j], (Z * weights).sum(axis=1).imag / 1e-30, rtol=1e-10)


def test_a_linear_model_has_its_shapley_values(rows):
    X, baseline = rows
    X, baseline = X[:2, :4], baseline[:4]
    net = gn.Network([4, 1], seed=3)
    shares, _ = integrate_gradients(net, X, baseline, np.ones((2, 1)))

    def worth(row, chosen):  # the inputs of others are independent, so their mean stands for them
        x = baseline.copy()
        x[list(chosen)] = X[row, list(chosen)]
        return net.predict(x[None])[0]

    orders = [*itertools.permutations(range(4))]
    for row in range(2):
        values = np.zeros(4)
        for order in orders:
            for k, j in enumerate(order):
                values[j] += (worth(row, order[: k + 1]) - worth(row, order[:k])) / len(orders)
        np.testing.assert_allclose(shares[row], values, atol=1e-12)


def test_a_rectifiers_kinks_are_found_exactly(rows):
    X, baseline = rows
    net = made("relu", "identity", 1)
    shares, ends = integrate_gradients(net, X, baseline, np.ones((5, 1)))
    assert np.abs(shares.sum(axis=1) - (ends[:, 1] - ends[:, 0])).max() < 1e-13


def test_sparse_rows_and_float32_have_the_shares_of_dense_float64(rows):
    from scipy.sparse import csr_array

    X, baseline = np.where(rows[0] > 0, rows[0], 0).astype(np.float32), rows[1]
    net = made("gelu", "identity", 1, dtype="float32")
    other = gn.Network([6, 14, 9, 1], hidden="gelu")
    other.theta = net.theta
    expected, _ = integrate_gradients(other, X.astype(np.float64), baseline, np.ones((5, 1)))
    np.testing.assert_array_equal(integrate_gradients(net, X, baseline, np.ones((5, 1)))[0], expected)
    sparse, _ = integrate_gradients(net, csr_array(X), baseline, np.ones((5, 1)))
    np.testing.assert_allclose(sparse, expected, atol=1e-12)


def test_the_baseline_itself_has_no_shares(rows):
    shares, ends = integrate_gradients(made("silu", "sigmoid", 1), rows[1][None], rows[1], np.ones((1, 1)))
    assert not shares.any()
    assert ends[0, 0] == ends[0, 1]


def test_pieces_are_bounded_and_what_is_left_shows(rows, monkeypatch):
    X, baseline = rows
    net = made(["silu", "relu"], "sigmoid", 1, spread=8)
    monkeypatch.setattr(attribution, "MOST_PIECES", 3)
    shares, ends = integrate_gradients(net, X, baseline, np.ones((5, 1)))
    coarse = np.abs(shares.sum(axis=1) - (ends[:, 1] - ends[:, 0])).max()
    monkeypatch.undo()
    shares, ends = integrate_gradients(net, X, baseline, np.ones((5, 1)))
    assert np.abs(shares.sum(axis=1) - (ends[:, 1] - ends[:, 0])).max() < 1e-8
    assert coarse > 1e-6


def test_a_step_between_the_nodes_is_found():
    net = gn.Network([1, 2, 1], hidden="tanh", output="sigmoid")
    net.theta = [500.0, 500.0, -350.0, -351.0, 300.0, 300.0, 0.0]  # flat but for a step at x = 0.7
    shares, ends = integrate_gradients(net, np.ones((1, 1)), np.zeros(1), np.ones((1, 1)))
    assert ends[0, 1] - ends[0, 0] == pytest.approx(1)
    assert shares.sum() == pytest.approx(1, abs=1e-8)
