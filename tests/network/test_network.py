"""The Network as an object: its settings, its repr, its parameters and their views, and its predictions."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from glassnet import Activation, Network, train
from glassnet.equations.activations import ELU, LEAKY_RELU, SOFTMAX
from glassnet.equations.initializers import he_uniform
from glassnet.equations.losses import HUBER, POISSON, QUANTILE

X = np.array([[0.0, 1.0], [1.0, -2.0], [0.5, 0.5]])


@pytest.mark.parametrize(
    "net",
    [
        Network([2, 10, 1], hidden="relu", output="sigmoid", seed=42),
        Network([2, 1]),
        Network([2, 3, 4, 2], ["tanh", "gelu"], "softmax", seed=7, dtype="float32"),
        Network([2, 3, 1], LEAKY_RELU.with_parameters(slope=0.2), init="orthogonal"),
        Network([2, 3, 1], [ELU], loss="absolute_error", init=["zeros", "he_normal"]),
        Network([2, 3, 1], loss=HUBER.with_parameters(delta=0.5), init=he_uniform),
        Network([2, 3, 1], output="exponential", loss=QUANTILE.with_parameters(q=0.9)),
        Network((2, 3, 1), output="exponential", loss=POISSON),
    ],
    ids=range(8),
)
def test_repr_evaluates_to_an_equal_network(net):
    again = eval(repr(net))
    assert repr(again) == repr(net)
    assert again.sizes == net.sizes
    assert again.dtype == net.dtype
    assert again.activations == net.activations
    assert again.loss_function == net.loss_function
    assert_array_equal(again.theta, net.theta)
    assert_array_equal(again.forward(X).output, net.forward(X).output)


def test_summary_holds_shapes_and_counts():
    lines = Network([2, 10, 1], "relu", "sigmoid").summary().splitlines()
    assert lines[0].split() == ["layer", "activation", "W", "b", "output", "parameters"]
    assert lines[1].split("  ")[0] == "1"
    for part in ("relu", "(2, 10)", "(10,)", "(n, 10)", "30"):
        assert part in lines[1]
    for part in ("sigmoid", "(10, 1)", "(1,)", "(n, 1)", "11"):
        assert part in lines[2]
    assert lines[3].split() == ["total", "41"]
    assert lines[4] == "loss: binary_cross_entropy"
    assert Network([2000, 6, 2]).summary().splitlines()[3].split() == ["total", "12,020"]


def test_assigning_theta_keeps_the_views_attached():
    net = Network([2, 3, 1])
    W, b, theta = net.W[1], net.b[2], net.theta
    values = np.arange(13.0)
    net.theta = values
    assert net.theta is theta
    assert net.W[1] is W
    assert W[0, 2] == 2
    assert b[0] == 12
    values[2] = -1
    assert W[0, 2] == 2
    net.W[1][0, 2] = 5
    assert net.theta[2] == 5


@pytest.mark.parametrize("bad", [np.zeros(12), np.zeros((13, 1)), ["a"] * 13, np.zeros(13) * 1j, None, 3.0])
def test_bad_theta_is_refused(refuses, bad):
    net = Network([2, 3, 1])
    before = net.theta.copy()
    with refuses("theta"):
        net.theta = bad
    assert_array_equal(net.theta, before)


def test_with_theta_is_around_the_vector_given():
    net, theta = Network([2, 3, 1]), np.arange(13.0)
    other = net.with_theta(theta)
    theta[0] = 9
    assert other.W[1][0, 0] == 9
    assert net.W[1][0, 0] != 9
    assert_array_equal(other.forward(X).Z[1], X @ other.W[1] + other.b[1])
    assert net.with_theta(theta * 1j).W[1].dtype == complex


def test_with_theta_of_another_size_is_refused(refuses):
    for size in (12, 14):
        with refuses("theta"):
            Network([2, 3, 1]).with_theta(np.zeros(size))


@pytest.mark.parametrize(
    "duplicate",
    [Network.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_is_equal_independent_and_whole(duplicate):
    net = Network([2, 3, 1], "tanh", "sigmoid", seed=3)
    other = duplicate(net)
    assert_array_equal(other.theta, net.theta)
    before = net.theta.copy()
    train(other, X, [0, 1, 1], epochs=3)
    assert_array_equal(net.theta, before)
    assert not np.array_equal(other.theta, before)
    assert all(np.shares_memory(other.theta, part[layer]) for part in (other.W, other.b) for layer in (1, 2))


def test_initialize_draws_again_in_place():
    net = Network([2, 3, 1], seed=1)
    first, W = net.theta.copy(), net.W[1]
    net.b[1] += 1
    assert net.initialize(2) is net
    assert net.W[1] is W
    assert not np.array_equal(net.theta, first)
    assert net.b[1].tolist() == [0, 0, 0]
    assert "seed=2" in repr(net)
    assert_array_equal(net.initialize(1).theta, first)
    assert_array_equal(Network([2, 3, 1], seed=np.random.RandomState(1)).theta, first)


def test_float32_starts_from_the_rounded_float64_draw():
    assert_array_equal(
        Network([2, 3, 1], seed=1, dtype="float32").theta, Network([2, 3, 1], seed=1).theta.astype(np.float32)
    )


def test_predictions_of_one_sigmoid():
    net = Network([2, 1], output="sigmoid")
    net.theta = [1, 0, 0]
    assert net.predict([[-1, 0], [0, 0], [1, 0]]).tolist() == [0, 0, 1]  # exactly ½ is class 0
    assert_allclose(net.predict_proba([[1, 0]]), [[1 - 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-1))]], rtol=1e-15)


def test_predictions_of_several_outputs():
    softmax, labels = Network([2, 3], output="softmax", seed=1), Network([2, 3], output="sigmoid", seed=1)
    assert_array_equal(softmax.predict(X), np.argmax(X @ softmax.W[1], axis=1))
    assert_allclose(softmax.predict_proba(X).sum(axis=1), 1, rtol=1e-15)
    assert_array_equal(labels.predict(X), X @ labels.W[1] > 0)
    assert labels.predict_proba(X).shape == (3, 3)


def test_predictions_of_numbers():
    one, two = Network([2, 1], seed=1), Network([2, 2], seed=1)
    assert_array_equal(one.predict(X), (X @ one.W[1])[:, 0])
    assert_array_equal(two.predict(X), X @ two.W[1])


def test_probabilities_of_numbers_are_refused(refuses):
    with refuses("predict_proba"):
        Network([2, 1]).predict_proba(X)


@pytest.mark.parametrize(
    "sizes",
    [
        [],
        [2],
        2,
        None,
        "21",
        {2: 1},
        {2, 1},
        np.array(2),
        iter([2, 1]),
        [[2, 1], [3]],
        np.ones((2, 2)),
        list("ab"),
        [2, 2**61, 1],
        [2, 2**63, 1],
    ],
    ids=range(14),
)
def test_bad_sizes_are_refused(refuses, sizes):
    with refuses("sizes"):
        Network(sizes)


@pytest.mark.parametrize("size", [0, -1, 2.0, True, "2", None, float("nan"), np.float64(2), np.array([2, 3])])
def test_a_bad_size_is_named_by_its_place(refuses, size):
    with refuses("sizes[1]"):
        Network([2, size, 1])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("activation", {"hidden": "rleu"}),
        ("activation", {"hidden": None}),
        ("activation", {"hidden": 3}),
        ("activation", {"hidden": ["relu", "x" * 500]}),
        ("activation", {"output": "sigmoids"}),
        ("hidden", {"hidden": ["relu"]}),
        ("hidden", {"hidden": ["relu"] * 3}),
        ("hidden", {"hidden": []}),
        ("hidden", {"hidden": "softmax"}),
        ("hidden", {"hidden": ["relu", SOFTMAX]}),
        ("loss", {"loss": "mse"}),
        ("loss", {"loss": abs}),
        ("loss", {"output": "identity", "loss": "binary_cross_entropy"}),
        ("loss", {"output": "sigmoid", "loss": "categorical_cross_entropy"}),
        ("loss", {"output": "identity", "loss": POISSON}),
        ("sizes", {"output": "softmax"}),
        ("init", {"init": "xavier"}),
        ("init", {"init": 3}),
        ("init", {"init": ["zeros", "zeros"]}),
        ("seed", {"seed": -1}),
        ("seed", {"seed": 1.5}),
        ("seed", {"seed": None}),
        ("seed", {"seed": 2**32}),
        ("seed", {"seed": np.array([[1], [2]])}),
        ("dtype", {"dtype": "int8"}),
        ("dtype", {"dtype": "float16"}),
        ("dtype", {"dtype": "floot"}),
        ("dtype", {"dtype": complex}),
        ("dtype", {"dtype": [1, 2]}),
    ],
)
def test_bad_arguments_are_refused(refuses, name, arguments):
    with refuses(name):
        Network([2, 3, 3, 1], **arguments)


def test_a_loss_with_link_identity_follows_any_output():
    net = Network([2, 1], output="sigmoid", loss="squared_error", seed=1)
    p = 1 / (1 + np.exp(-(X @ net.W[1])[:, 0]))
    assert net.loss(X, [0, 1, 0.5]) == pytest.approx(np.mean((p - [0, 1, 0.5]) ** 2) / 2, rel=1e-14)


def test_activations_of_ones_own_and_lists_of_them():
    square = Activation("square", lambda z: z**2, lambda z, a: 2 * z)
    net = Network([2, 3, 3, 1], [square, "tanh"], seed=1)
    assert_array_equal(net.forward(X).A[1], net.forward(X).Z[1] ** 2)
    assert [g.name for g in net.activations.values()] == ["square", "tanh", "identity"]
