"""Two steps that can be done on a blackboard, the scalar view, other inputs than networks, and what is refused."""

import json
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import glassnet as gn
from glassnet.printers.latex import print_latex
from glassnet.printers.text import print_text


@pytest.fixture(scope="module")
def worked():
    example = json.loads((Path(__file__).parents[1] / "reference" / "worked_2_2_2.json").read_text())
    return {name: value if name == "what" else np.array(value) for name, value in example.items()}


@pytest.fixture
def derivation(worked):
    """The 2-2-2 example."""
    net = gn.Network([2, 2, 2], hidden="sigmoid", output="sigmoid", loss="squared_error")
    net.theta = np.concatenate([np.ravel(worked[name]) for name in ("W1", "b1", "W2", "b2")])
    return gn.explain(net, worked["x"], worked["y"], optimizer=gn.SGD(0.5))


@pytest.fixture
def softmax():
    """A 3-4-2 network that predicts [0.7, 0.3] where the first class is right."""
    net = gn.Network([3, 4, 2], output="softmax", seed=1)
    net.theta = np.round(np.random.default_rng(3).normal(size=net.n_parameters), 1)
    x = np.array([0.5, -1.0, 0.8])
    net.b[2][...] = 0
    z = net.forward([x]).Z[2][0]
    net.b[2][0] = np.log(0.7 / 0.3) - (z[0] - z[1])
    return gn.explain(net, x, 0, optimizer=gn.SGD(0.1))


def test_the_2_2_2_example(derivation, worked):
    for symbol in ("Z1", "A1", "Z2", "A2"):
        assert_allclose(derivation[symbol].value, [worked[symbol.lower()]], rtol=1e-12)
    assert_allclose(derivation["dZ2"].value, [worked["dz2"]], rtol=1e-12)
    for symbol in ("W1", "W2"):
        assert_allclose(derivation[f"d{symbol}"].value, worked[f"d{symbol}"], rtol=1e-12)
        assert_allclose(derivation.value(f"{symbol}_new"), worked[f"{symbol}_after"], rtol=1e-12)
    assert derivation["loss"].value == pytest.approx(worked["loss"], rel=1e-12)
    assert derivation.line("A1", 0, 0).text() == (
        "A1[0, 0] = sigmoid(Z1[0, 0]) = 1 / (1 + exp(−0.3775)) = 0.5933  (since 0.3775 ≥ 0)"
    )
    text = derivation.to_text()
    assert "= [0.5933 0.5969] @ [0.4 0.5; 0.45 0.55] + [0.6 0.6]\n" in text
    assert "W1_new = W1 − learning_rate·dW1\n" in text


def test_the_chain_rule_of_a_weight(derivation, worked):
    entry = derivation.entry("W1", 0, 1)
    assert entry.value == pytest.approx(worked["dW1"][0, 1], rel=1e-12)
    assert print_text(entry.names) == ("A0[0, 0]·(dZ2[0, 0]·W2[1, 0] + dZ2[0, 1]·W2[1, 1])·g_prime1[0, 1]")
    assert print_text(entry.numbers) == "0.05·(0.1385·0.45 + (−0.0381)·0.55)·0.2406"
    assert print_text(entry.chain).startswith("Σ_k ∂loss/∂A2[0, k]·∂A2[0, k]/∂Z2[0, k]·∂Z2[0, k]/∂A1[0, 1]·")
    assert r"\frac{\partial L}{\partial w^{[1]}_{0,1}}" in entry.to_latex()
    factors = ["dA2", "g_prime2", "dZ2", "dA1", "g_prime1", "dZ1", "dW1", "W1_new"]
    assert list(dict.fromkeys(line.symbol for line in entry.lines)) == factors
    value, method = entry.independent
    assert method == "complex step"
    assert value == pytest.approx(entry.value, rel=1e-12)


def test_the_softmax_the_long_way_and_its_collapse(softmax):
    assert_allclose(softmax["A2"].value, [[0.7, 0.3]], rtol=1e-12)
    assert_allclose(softmax["dA2"].value, [[-1 / 0.7, 0]], rtol=1e-12)
    assert_allclose(softmax["J2"].value, [[[0.21, -0.21], [-0.21, 0.21]]], rtol=1e-12)
    assert_allclose(softmax["dZ2_long"].value, [[-0.3, 0.3]], rtol=1e-12)
    assert_allclose(softmax["dZ2"].value, [[-0.3, 0.3]], rtol=1e-12)
    assert softmax["dZ2"].code == "A2 - Y"
    assert float(softmax["loss_of_output"].value.sum()) == pytest.approx(float(softmax["loss"].value), rel=1e-12)
    text = softmax.to_text()
    for shown in (
        "= [0.7 0.3] − [1 0]\n        = [−0.3 0.3]",
        "= [−1.429 0] @ [0.21 −0.21; −0.21 0.21]\n",
        "[0.7·(1−0.7) 0.7·(0−0.3); 0.3·(0−0.7) 0.3·(1−0.3)]",
    ):
        assert shown in text


@pytest.mark.parametrize(
    ("symbol", "index", "text"),
    [
        ("Z1", (0, 2), "Z1[0, 2] = A0[0, 0]·W1[0, 2] + A0[0, 1]·W1[1, 2] + A0[0, 2]·W1[2, 2] + b1[2]"),
        ("b2", (1,), "∂loss/∂b2[1] = "),
        ("X", (0, 1), "∂loss/∂A0[0, 1] = Σ_k,m "),
        ("W2_new", (3, 1), "W2_new[3, 1] = W2[3, 1] − learning_rate·dW2[3, 1]"),
        ("loss", (), "loss = ln("),
    ],
)
def test_entries_of_all_kinds(softmax, symbol, index, text):
    assert str(softmax.entry(symbol, *index)).startswith(text)


def test_adam_with_its_bias_correction_statement_by_statement():
    net = gn.Network([2, 3, 1], output="sigmoid", seed=3)
    memory = {"m": np.full(13, 0.1), "v": np.full(13, 0.2)}
    derivation = gn.explain(net, [0.5, 1.0], 1, optimizer="adam", step=4, memory=memory)
    assert [step.symbol for step in derivation.steps if step.stage == "update"] == [
        "g",
        "m",
        "v",
        "m_hat",
        "v_hat",
        "theta",
    ]
    g, t = derivation["g"].value, 5
    assert_allclose(derivation["m"].value, 0.9 * 0.1 + 0.1 * g, rtol=1e-14)
    assert_allclose(derivation["v_hat"].value, (0.999 * 0.2 + 0.001 * g**2) / (1 - 0.999**t), rtol=1e-12)
    assert derivation["t"].value == t
    line = derivation.line("m_hat_b2", 0)
    assert print_latex(line.names) == r"\frac{m^{b[2]}_{0}}{1 - {{}\beta_{1}}^{t}}"


@pytest.mark.parametrize("name", ["adam", "lbfgs", None])
def test_what_has_no_recurrence_ends_at_the_gradient(name):
    derivation = gn.explain(gn.Network([2, 3, 1], seed=3), [0.5, 1.0], 1.0, optimizer=name)
    assert ("theta" in derivation) == (name == "adam")
    assert "dW1" in derivation


def test_without_a_target_the_forward_pass_alone():
    derivation = gn.explain(gn.Network([2, 3, 1], seed=3), [[0.5, 1.0], [2.0, 3.0]])
    assert [step.symbol for step in derivation.steps] == ["Z1", "A1", "Z2", "A2"]
    assert "The forward pass" in str(derivation)


def test_saturated_outputs_show_why_the_short_way_is_taken():
    net = gn.Network([1, 1], output="sigmoid")
    net.W[1][...] = 100.0
    derivation = gn.explain(net, [10.0], 0)
    assert derivation["loss"].value == 1000
    assert derivation["dZ1"].value == 1
    assert "divides by 0" in derivation["dZ1_long"].note
    assert "nan" not in derivation.to_text(["dZ1", "loss"])
    derivation.to_html(), derivation.to_latex(), derivation.to_json(), derivation.to_markdown()


def test_a_784_input_network_is_not_a_wall_of_numbers():
    net = gn.Network([784, 64, 10], output="softmax", seed=1)
    derivation = gn.explain(net, np.random.default_rng(0).random(784), 3, optimizer="adam")
    line = derivation.line("Z1", 0, 5)
    contributions = derivation["A0"].value[0] * net.W[1][:, 5]
    largest = int(np.argmax(np.abs(contributions)))
    assert print_text(line.names).startswith(f"A0[0, {largest}]·W1[{largest}, 5] + ")
    assert "(779 more: " in print_text(line.numbers)
    assert len(derivation.to_text(checks=False)) < 30_000
    assert max(len(row) for row in derivation.to_text(checks=False).splitlines()) < 700


def test_own_python_that_is_no_equation_still_shows_its_numbers():
    def bumpy(z):
        out = np.array(z)
        out[out > 1] = 1
        return out

    own = gn.Activation("bumpy", bumpy, lambda z, a: 1.0 * (z < 1), kinks=(1.0,))
    derivation = gn.explain(gn.Network([2, 3, 1], own, seed=1), [0.5, 1.0], 0.5)
    step = derivation["A1"]
    assert step.expression is None
    assert step.inputs == ("Z1",)
    assert step.source.code.splitlines()[0].strip() == "def bumpy(z):"
    assert derivation.check("dW1").ok
    assert "A1" in derivation.to_text()


def test_estimators_and_runs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    y = np.where(X[:, 0] > 0, "up", "down")
    model = gn.MLPClassifier(hidden_layer_sizes=(4,), max_iter=5, random_state=0, tol=0, n_iter_no_change=9)
    with pytest.warns(match="Maximum"):
        model.fit(X, y)
    derivation = gn.explain(model, X[:2], y[:2])
    assert_array_equal(derivation["Y"].value[:, 0], (y[:2] == "up") * 1.0)
    assert derivation.outputs == ("down", "up")
    net = gn.Network([3, 4, 1], output="sigmoid", seed=0)
    history = gn.train(net, X, (y == "up") * 1, epochs=3, batch_size=16, engine="numpy")
    before, after = history.at(step=5), history.at(step=6)
    derivation = gn.explain(before)
    assert derivation["t"].value == 6
    assert_array_equal(derivation["theta"].value, after.network.theta)
    assert_array_equal(derivation["A0"].value, before.batch().X)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("network", ("net", [1.0], 1), {}),
        ("x", (None, None, None), {}),
        ("x", (None, [1.0, 2.0], 1), {}),
        ("y", (None, [1.0, 2.0, 3.0], 5), {}),
        ("optimizer", (None, [1.0, 2.0, 3.0], 1), {"optimizer": "newton"}),
        ("memory", (None, [1.0, 2.0, 3.0], 1), {"memory": {"v": [0]}}),
        ("dropout_masks", (None, [1.0, 2.0, 3.0], 1), {"dropout_masks": {2: [[1, 1]]}}),
        ("digits", (None, [1.0, 2.0, 3.0], 1), {"digits": 0}),
    ],
)
def test_what_does_not_fit_is_refused(refuses, name, arguments, options):
    net = gn.Network([3, 4, 2], output="softmax", seed=1)
    with refuses(name):
        gn.explain(net if arguments[0] is None else arguments[0], *arguments[1:], **options)


def test_entries_that_are_not_there_are_refused(softmax, refuses):
    with refuses("entry"):
        softmax.entry("W1", 0, 4)
    with refuses("entry"):
        softmax.entry("W1", 0)
    with refuses("entry"):
        gn.explain(softmax.network, [1.0, 2.0, 3.0]).entry("W1", 0, 0)
    with pytest.raises(gn.InputError, match="symbol"):
        softmax.entry("Q1", 0)


def test_the_documentation_shows_what_the_example_prints(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["worked_step.py"])
    root = Path(__file__).parents[2]
    runpy.run_path(str(root / "examples" / "worked_step.py"))
    printed = _without_line_numbers(capsys.readouterr().out)
    page = (root / "docs/reference/explain.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)\n```$", page, flags=re.DOTALL | re.MULTILINE)
    shown = [block for block in blocks if "glassnet/equations" in block]
    assert len(shown) == 2
    for block in shown:
        assert _without_line_numbers(block) in printed


def _without_line_numbers(text):
    return re.sub(r"\.py:\d+", ".py", re.sub(r"to \de-\d\d", "exactly", text))


@pytest.mark.parametrize("seed", range(8))
def test_the_compiled_engine_makes_the_same_step(seed):
    """Its parameters after one step, within its stated tolerance."""
    rng = np.random.default_rng(seed)
    net = gn.Network([4, 6, 3], "gelu", "softmax", seed=seed)
    X, y = rng.normal(size=(10, 4)), rng.integers(0, 3, 10)
    derivation = gn.explain(net, X, y, optimizer="momentum", l2=0.1, clip_norm=0.5)
    gn.train(net, X, y, optimizer="momentum", l2=0.1, clip_norm=0.5, epochs=1)
    assert_allclose(derivation["theta"].value, net.theta, rtol=1e-10, atol=1e-12)
