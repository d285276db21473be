"""Details by number: the objective by hand, derivatives without backpropagation, the choice of an engine, the summary."""

import logging

import numpy as np
import pytest

import glassnet as gn
from glassnet.network import engines, passes
from glassnet.network.derivatives import centred_difference, complex_step, objective_at

X = np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]])
WEIGHT = np.array([1.0, 0.0, 3.0])


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
@pytest.mark.parametrize(("output", "y"), [("sigmoid", [1, 0, 1]), ("softmax", [2, 0, 1]), ("exponential", [0, 3, 1])])
def test_the_objective_by_hand(output, y, weight):
    k = 3 if output == "softmax" else 1
    network = gn.Network([2, k], output=output, seed=3)
    network.b[1][...] = 0.3
    Z = X @ network.W[1] + network.b[1]
    if output == "sigmoid":
        p = 1 / (1 + np.exp(-Z[:, 0]))
        losses = -np.log(np.where(y, p, 1 - p))
    elif output == "softmax":
        p = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
        losses = -np.log(p[np.arange(3), y])
    else:
        losses = np.exp(Z[:, 0]) - np.array(y) * Z[:, 0]
    expected = np.average(losses, weights=weight)
    assert network.loss(X, y, sample_weight=weight) == pytest.approx(expected, rel=1e-14)
    Y = np.eye(3)[y] if output == "softmax" else np.array(y)[:, None]
    assert objective_at(network, network.theta, X, Y, weight) == pytest.approx(expected, rel=1e-14)
    penalties = 0.1 * np.abs(network.W[1]).sum() + 0.5 * 0.7 * (network.W[1] ** 2).sum()
    value = objective_at(network, network.theta, X, Y, weight, l1=0.1, l2=0.7)
    assert value == pytest.approx(expected + penalties, rel=1e-14)


def test_passes_have_no_penalties_unless_told():
    network = gn.Network([2, 3, 1], hidden="tanh", seed=3)
    Y = np.ones((3, 1))
    trace = passes.forward(network.activations, network.W, network.b, X)
    value = passes.objective(network.activations, network.loss_function, network.W, trace, Y)
    assert value == pytest.approx(0.5 * np.mean((network.predict(X).ravel() - 1) ** 2), rel=1e-14)
    flat = passes.backward(network.activations, network.loss_function, network.layout, network.theta, trace, Y).flat
    for index in range(network.n_parameters):
        expected = complex_step(lambda theta: objective_at(network, theta, X, Y), network.theta, index)
        assert flat[index] == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_one_sample_is_no_table_of_rows():
    network = gn.Network([2, 1])
    with pytest.raises(gn.InputError, match=r"for one sample pass X\[None, :\]"):
        network.predict(X[0])
    with pytest.raises(gn.InputError, match="pass rows of samples"):
        network.predict(X[:, 0])
    with pytest.raises(gn.InputError, match="pass rows of samples"):
        network.predict(X.T)


@pytest.mark.parametrize("derivative", [complex_step, centred_difference])
def test_derivatives_that_know_no_backpropagation(derivative):
    theta = np.array([0.5, -2.0, 3e4])
    kept = theta.copy()
    for index, slope in enumerate([3 * 0.25, 3 * 4.0, 3 * 9e8]):
        found = derivative(lambda at, index=index: at[index] ** 3, theta, index)
        assert found == pytest.approx(slope, rel=1e-15 if derivative is complex_step else 1e-8)
    assert (theta == kept).all()


def test_a_centred_difference_moves_a_number_by_a_millionth_of_its_size():
    places = []
    centred_difference(lambda at: places.append(at[0]) or 0.0, np.array([0.5]), 0)
    centred_difference(lambda at: places.append(at[0]) or 0.0, np.array([-200.0]), 0)
    assert places == pytest.approx([0.5 + 1e-6, 0.5 - 1e-6, -200 + 2e-4, -200 - 2e-4], abs=1e-12)


def test_an_engine_is_chosen_by_name_or_the_first_that_can(caplog, monkeypatch):
    monkeypatch.setattr(engines, "_said", set())
    caplog.set_level(logging.WARNING, logger="glassnet")
    monkeypatch.setattr(logging.getLogger("glassnet"), "propagate", True)
    assert engines.choose_engine("auto", {"fast": "", "slow": ""}) == "fast"
    assert engines.choose_engine("slow", {"fast": "", "slow": ""}) == "slow"
    assert caplog.messages == []
    for _ in range(2):
        assert engines.choose_engine("auto", {"fast": "it is out", "slow": ""}) == "slow"
    assert caplog.messages == ["engine 'fast' is passed over: it is out"]
    with pytest.raises(gn.InputError, match="got 'fast', but it is out; use engine='auto'"):
        engines.choose_engine("fast", {"fast": "it is out", "slow": ""})
    with pytest.raises(gn.InputError, match="got none"):
        engines.choose_engine("auto", {"fast": "it is out", "slow": "so is this"})
    for name in ("faster", None, 3):
        with pytest.raises(gn.InputError, match="engine: expected"):
            engines.choose_engine(name, {"fast": "", "slow": ""})


def test_the_summary():
    network = gn.Network([3, 1000, 2], hidden="tanh", output="softmax", seed=0)
    assert network.summary().splitlines() == [
        "layer  activation  W          b        output     parameters",
        "1      tanh        (3, 1000)  (1000,)  (n, 1000)  4,000",
        "2      softmax     (1000, 2)  (2,)     (n, 2)     2,002",
        "                                       total      6,002",
        "loss: categorical_cross_entropy",
    ]


def test_sizes_are_any_sequence_of_two_or_more():
    for sizes in ([3, 2], (3, 2), np.array([3, 2]), range(3, 1, -1)):
        assert gn.Network(sizes).sizes == (3, 2)
    for sizes in (3, [3], "32", np.array(3), np.array([3]), None):
        with pytest.raises(gn.InputError, match="sizes: expected inputs, hidden widths, outputs"):
            gn.Network(sizes)


def test_seeds_are_those_of_numpy():
    assert (gn.Network([2, 2], seed=2**32 - 1).theta != gn.Network([2, 2], seed=0).theta).any()
    for seed in (2**32, -1, 1.5, "1"):
        with pytest.raises(gn.InputError, match="seed"):
            gn.Network([2, 2], seed=seed)
    one, two = (gn.Network([2, 2], seed=source) for source in (np.random.RandomState(7), 7))
    assert (one.theta == two.theta).all()


@pytest.mark.parametrize("given", [3, None, len, ["relu"]], ids=["number", "None", "function", "list"])
def test_what_is_no_equation_is_refused(given):
    with pytest.raises(gn.InputError, match="activation: expected a name or an Activation"):
        gn.Network([2, 3, 1], hidden=[given])
    if given is not None:
        with pytest.raises(gn.InputError, match="loss: expected a name or a Loss"):
            gn.Network([2, 3, 1], loss=given)


@pytest.mark.parametrize(
    ("output", "y", "got"),
    [
        ("sigmoid", [0, 1, 2], "got 2. in row 2"),
        ("exponential", [0, -1, 2], "got -1. in row 1"),
        ("softmax", [[0.5, 0.5], [0.5, 0.6], [1, 0]], r"got \[0.5 0.6\] in row 1"),
    ],
)
def test_targets_out_of_range_are_shown_with_their_row(output, y, got):
    with pytest.raises(gn.InputError, match=got):
        gn.Network([2, 2 if output == "softmax" else 1], output=output).loss(X, y)


@pytest.mark.parametrize(
    ("sizes", "output", "shapes"),
    [
        ([2, 1], "identity", r"\(3,\) or \(3, 1\)"),
        ([2, 4], "softmax", r"\(3,\) or \(3, 4\)"),
        ([2, 4], "identity", r"shape \(3, 4\)"),
    ],
)
def test_the_shapes_that_targets_may_have_are_named(sizes, output, shapes):
    with pytest.raises(gn.InputError, match=shapes):
        gn.Network(sizes, output=output).loss(X, np.zeros((3, 9)))
