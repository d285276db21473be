"""The same step in the conventions of textbooks: the examples to their printed digits, formulas, biases, momentum, scales."""

import json
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.explain.grading.conventions import Convention
from glassnet.explain.grading.notation import in_convention

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [-0.2, 0.8, 0.1]])


def mazur():
    """The 2-2-2 example of Mazur 2015, with the terms that it prints, to as many digits."""
    worked = json.loads((Path(__file__).parents[1] / "reference" / "worked_2_2_2.json").read_text())
    net = gn.Network([2, 2, 2], hidden="sigmoid", output="sigmoid", loss="squared_error")
    net.theta = np.concatenate([np.ravel(worked[name]) for name in ("W1", "b1", "W2", "b2")])
    derivation = gn.explain(net, worked["x"], worked["y"], optimizer=gn.SGD(0.5))
    terms = {
        "Z1": [[0.3775, 0.3925]],
        "A1": [[0.593269992, 0.596884378]],
        "A2": [[0.75136507, 0.772928465]],
        "loss": 0.298371109,
        "dA2": [[0.74136507, -0.217071535]],
        "dZ2": [[0.138498562, -0.03809823652]],
        "dW2": [[0.082167041, -0.02260254], [0.08266762785, -0.02274024222]],
        "dA1": [[0.036350306, 0.0413703]],
        "dW1": [[0.000438568, 0.000497713], [0.000877135, 0.000995425]],
        "W2_new": [[0.35891648, 0.511301270], [0.408666186, 0.561370121]],
        "W1_new": [[0.149780716, 0.24975114], [0.19956143, 0.29950229]],
    }
    return derivation, terms


def softmax_by_hand():
    """Logits 2, 1, 0.1 of a single layer, as in many courses: 0.659, 0.242, 0.099."""
    net = gn.Network([2, 3], output="softmax")
    net.W[1][...], net.b[1][...] = [[1.0, 0.5, 0.0], [0.5, 0.25, 0.05]], 0.0
    derivation = gn.explain(net, [1.0, 2.0], 0, optimizer=gn.SGD(0.1))
    terms = {
        "Z1": [[2.0, 1.0, 0.1]],
        "A1": [[0.659, 0.242, 0.099]],
        "loss": 0.417,
        "dZ1": [[-0.341, 0.242, 0.099]],
        "dW1": [[-0.341, 0.242, 0.099], [-0.682, 0.485, 0.197]],
        "W1_new": [[1.034, 0.476, -0.010], [0.568, 0.202, 0.030]],
    }
    return derivation, terms


def logistic_by_hand():
    """Two samples through one sigmoid, with the mean over both."""
    net = gn.Network([2, 1], output="sigmoid")
    net.W[1][...], net.b[1][...] = [[1.0], [-1.0]], 0.5
    derivation = gn.explain(net, [[1.0, 2.0], [3.0, 1.0]], [0.0, 1.0], optimizer=gn.SGD(0.1))
    terms = {
        "Z1": [[-0.5], [2.5]],
        "A1": [[0.3775], [0.9241]],
        "loss": 0.2765,
        "dZ1": [[0.1888], [-0.0379]],
        "dW1": [[0.0749], [0.3396]],
        "db1": [0.1508],
        "W1_new": [[0.9925], [-1.0340]],
    }
    return derivation, terms


def transposed(terms):
    turned = {symbol: np.asarray(values, dtype=float) for symbol, values in terms.items()}
    return {symbol: values.T if values.ndim == 2 else values.reshape(-1, 1) for symbol, values in turned.items()}


def from_one(terms, last):
    """The names of who calls the inputs layer 1, and errors δ."""
    shift = {"Z": "z", "A": "a", "dZ": "δ", "dA": "dE_da"}
    named = {}
    for symbol, values in terms.items():
        kind, layer = symbol.rstrip("0123456789"), symbol[-1]
        named[f"{shift[kind]}{int(layer) + 1}" if kind in shift else symbol] = values
    return named


def of_single_samples(terms, n):
    """dZ and dA without 1/n."""
    return {s: np.asarray(v) * n if s.startswith(("dZ", "dA")) else v for s, v in terms.items()}


@pytest.mark.parametrize("example", [mazur, softmax_by_hand, logistic_by_hand])
def test_textbook_examples_in_several_conventions(example):
    derivation, terms = example()
    n, last = len(derivation.batch.X), derivation.network.n_layers
    written = {
        "": terms,
        "columns": transposed(terms),
        "names": from_one(terms, last),
        "mean in gradients": of_single_samples(terms, n),
        "columns, mean in gradients": transposed(of_single_samples(terms, n)),
        "sum": {
            **of_single_samples(terms, n),
            **{s: np.asarray(v) * n for s, v in terms.items() if s in ("loss", "dW1", "db1")},
        },
    }
    if n > 1:
        written["sum"].pop("W1_new")
    for convention, own in written.items():
        grade = derivation.grade(own)
        assert grade.ok, (convention, str(grade))
        assert grade.convention.columns == ("columns" in convention)
        if n > 1:
            assert grade.convention.mean == {"sum": "none"}.get(
                convention, "gradients" if "mean" in convention else "dZ"
            )
    name = next(name for name in written["columns"] if name.startswith("dW"))
    wrong = derivation.grade({**written["columns"], name: 1.05 * written["columns"][name]})
    assert wrong.first_wrong.symbol == name


def step(**arguments):
    net = gn.Network([3, 4, 2], "tanh", seed=1, **arguments)
    for layer in net.b:
        net.b[layer][...] = np.linspace(-0.3, 0.4, net.b[layer].size)
    return gn.explain(net, X, [0, 1, 1] if arguments["output"] == "softmax" else np.eye(3)[:, :2], optimizer="sgd")


@pytest.mark.parametrize("arguments", [{"output": "softmax"}, {"output": "sigmoid", "loss": "squared_error"}])
@pytest.mark.parametrize(
    "convention",
    [
        Convention(columns=True),
        Convention(out_in=True),
        Convention(mean="gradients"),
        Convention(columns=True, mean="gradients"),
    ],
)
def test_formulas_are_written_in_the_convention(arguments, convention):
    """Each gives the numbers that the convention shows; a function of rows (softmax) is left as it is."""
    derivation = step(**arguments)
    environment = dict(derivation.environment)
    for each in (*derivation.given, *derivation.steps):
        if np.ndim(each.value) == 2:
            environment[each.symbol] = convention.show(derivation, each.symbol, each.value)
    if convention.columns:
        environment |= {f"b{layer}": derivation.value(f"b{layer}").reshape(-1, 1) for layer in (1, 2)}
    seen = 0
    for each in derivation.steps:
        if (
            each.code
            and each.layer
            and np.ndim(each.value) < 3
            and "softmax" not in each.code
            and "_long" not in each.symbol
        ):
            value = eval(in_convention(convention, derivation, each.symbol, each.code), environment)
            expected = convention.show(derivation, each.symbol, each.value)
            np.testing.assert_allclose(np.squeeze(value), np.squeeze(expected), rtol=1e-12)
            seen += 1
    assert seen > 10
    assert in_convention(Convention(columns=True), derivation, "dA1", "dZ2 @ W2.T") == "W2.T @ dZ2"


def test_a_mistake_in_columns_is_named_in_columns():
    derivation = step(output="softmax")
    n, value = 3, derivation.value
    dZ2 = (value("A2") - value("Y")).T
    terms = {"Z1": value("Z1").T, "dZ2": dZ2, "dW2": dZ2 @ value("Z1") / n, "db2": dZ2.sum(axis=1, keepdims=True) / n}
    grade = derivation.grade(terms)
    assert (grade.first_wrong.symbol, grade.misconception.code) == ("dW2", "preactivation_in_dW")
    assert grade.formula == "dW2 = dZ2 @ Z1.T / n"
    assert grade.right_formula == "dW2 = dZ2 @ A1.T / n"
    assert grade.first_wrong.expected.shape == (2, 4)


def test_momentum_in_three_forms():
    net = gn.Network([3, 2], seed=1)
    memory = {"v": np.linspace(-0.1, 0.1, 8)}
    derivation = gn.explain(net, X, np.eye(3)[:, :2], optimizer=gn.Momentum(0.1, momentum=0.9), memory=memory)
    g, theta, v = derivation.value("g"), derivation.value("theta_before"), memory["v"]
    forms = {"rate": 0.9 * v - 0.1 * g, "average": 0.9 * v + 0.1 * g, "sum": 0.9 * v + g}
    for name, own in forms.items():
        new = theta + own if name == "rate" else theta - 0.1 * own
        grade = derivation.grade(v=own, theta=new)
        assert grade.ok
        assert grade.convention.momentum == name
    assert not derivation.grade(v=forms["sum"], theta=theta + forms["sum"]).ok


def test_the_scale_of_the_loss_is_shown_by_the_loss_or_told():
    derivation = step(output="sigmoid", loss="squared_error")
    loss, dZ2 = derivation.value("loss"), derivation.value("dZ2")
    for factor, words in ((2, "no_half"), (0.5, "loss_times_0.5")):
        assert derivation.grade(loss=factor * loss, dZ2=factor * dZ2).convention.factor == factor
        assert not derivation.grade(dZ2=factor * dZ2).ok
        assert derivation.grade(dZ2=factor * dZ2, convention=words).ok
    assert derivation.grade(loss=3 * loss, dZ2=3 * dZ2).convention.mean == "none"
    assert derivation.grade(dZ2=3 * dZ2, convention="sum").ok
    assert not derivation.grade(loss=3 * loss, dZ2=3 * dZ2, convention="standard").ok


def test_biases_that_are_shared_absent_or_frozen():
    derivation = step(output="sigmoid", loss="squared_error")
    dZ1, value = derivation.value("dZ1"), derivation.value
    assert derivation.grade(db1=dZ1.sum(), convention="shared_biases").ok
    assert not derivation.grade(db1=dZ1.sum(), convention="standard").ok
    Z1 = X @ value("W1")
    assert derivation.grade(Z1=Z1, A1=np.tanh(Z1), convention="no_biases").ok
    assert derivation.grade(Z1=Z1).misconception.code == "bias_forgotten"
    new = {"W1_new": value("W1"), "b1_new": value("b1"), "W2_new": value("W2_new")}
    assert derivation.grade(new, convention="frozen_W1, frozen_b1").ok
    assert not derivation.grade(new).ok


def test_a_given_upstream_gradient_is_a_loss_of_ones_own():
    upstream = gn.Loss("upstream", lambda z, y: y * z, lambda z, y: y + 0 * z)  # L = Σ y·ŷ, so that ∂L/∂ŷ = y
    net = gn.Network([2, 3, 2], hidden="sigmoid", output="sigmoid", loss=upstream, seed=0)
    derivation = gn.explain(net, [1.0, -2.0], [0.5, -1.0])
    A1, A2, dA2 = derivation.value("A1"), derivation.value("A2"), np.array([[0.5, -1.0]])
    dZ2 = dA2 * A2 * (1 - A2)
    assert derivation.grade(dA2=dA2, dZ2=dZ2, dW2=A1.T @ dZ2).ok
    assert derivation.check("dW1").ok
    assert derivation.grade(dA2=dA2, dZ2=dA2).misconception.code == "derivative_forgotten"

    def gradients(x, y, W1, b1, W2, b2):
        a1 = 1 / (1 + np.exp(-(x @ W1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        return {"dW2": a1.T @ (y * a2 * (1 - a2)) / len(x)}

    assert gn.check(gradients, net).ok
