"""Derivations of random training steps: values of the engine, formulas that give them, prints that come back, checks."""

import ast
import importlib.util
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import glassnet as gn
from glassnet.printers.element import HELPERS, written
from glassnet.printers.latex import print_latex
from glassnet.printers.mathml import print_mathml
from glassnet.printers.text import print_text


def _load(name, folder):
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HERE = Path(__file__).parent
setups, reading = _load("setups", HERE), _load("reading", HERE.parent)
BLOCKS = [range(12), range(12, 24)]  # by default; all 300 with -m long
BLOCKS += [pytest.param(range(start, start + 23), marks=pytest.mark.long) for start in range(24, 300, 23)]


def entries(step, count=3):
    """The first, the last and a middle entry of a step."""
    shape = np.shape(step.value)
    size = int(np.prod(shape))
    places = sorted({0, size // 2, size - 1})[:count]
    return [tuple(int(k) for k in np.unravel_index(place, shape)) for place in places]


@pytest.mark.parametrize("seeds", BLOCKS, ids=str)
def test_every_number_is_the_engines_and_follows_from_its_formula(seeds):
    for seed in seeds:
        run = setups.random_run(seed)
        derivation, trace, gradient = gn.explain(run), run.trace(), run.gradient()
        theta = run.network.theta.copy()
        for layer in run.network.W:
            assert_array_equal(derivation[f"Z{layer}"].value, trace.Z[layer])
            assert_array_equal(derivation[f"A{layer}"].value, trace.A[layer])
            assert_array_equal(derivation[f"dZ{layer}"].value, gradient.Z[layer])
            assert_array_equal(derivation[f"dA{layer - 1}"].value, gradient.A[layer - 1])
            assert_array_equal(derivation[f"dW{layer}"].value, gradient.W[layer])
            assert_array_equal(derivation[f"db{layer}"].value, gradient.b[layer])
        for step in derivation.steps:
            if step.expression is not None:
                again = np.squeeze(derivation.evaluate(step.symbol))
                assert_array_equal(again, np.squeeze(step.value), err_msg=f"{seed} {step}")
            for name in step.inputs:
                assert derivation.position(name) < derivation.position(step.symbol)
        run.advance(steps=1)
        assert_array_equal(derivation["theta"].value, run.network.theta)
        for name, slot in zip(run.optimizer.slots, run.state.slots, strict=True):
            assert_array_equal(derivation[name].value, slot)
        assert_array_equal(derivation.network.theta, theta)


@pytest.mark.parametrize("seeds", BLOCKS, ids=str)
def test_what_is_printed_comes_back(seeds):
    """The result within its printed digits; the numbers, printed in full, to the value they are said to make."""
    for seed in seeds:
        derivation = gn.explain(setups.random_run(seed))
        functions = {k: v for k, v in derivation.environment.items() if callable(v)} | HELPERS
        functions |= {"sum_of": lambda *terms: sum(terms)}
        for k, step in enumerate(derivation.steps):
            scale = max(float(np.max(np.abs(step.value), initial=0)), 1e-6)
            for index in entries(step, 1 + k % 2):
                line = derivation.line(step.symbol, *index)
                printed = reading.run(reading.read_text(line.text().partition("  (since")[0].rpartition(" = ")[2]), {})
                assert printed == pytest.approx(line.value, rel=0.501e-3, abs=1e-300, nan_ok=True)
                if line.numbers is None:
                    continue
                kinds = ((print_text, "text"), (print_latex, "latex"), (print_mathml, "mathml"))
                print_as, kind = kinds[(seed + k) % 3]
                form = print_as(line.numbers, 16)
                value = reading.run(getattr(reading, f"read_{kind}")(form), functions)
                assert value == pytest.approx(line.value, rel=1e-9, abs=1e-9 * scale, nan_ok=True), (seed, step, form)


@pytest.mark.parametrize("seeds", BLOCKS, ids=str)
def test_independent_checks_hold_to_1e_10(seeds):
    for seed in seeds:
        derivation = gn.explain(setups.random_run(seed))
        for step in derivation.steps:
            check = derivation.check(step.symbol, at_most=2)
            assert check.error <= 1e-10, (seed, step, check)
            assert check.method in ("complex step", "plain Python", "none"), (seed, step, check)
            assert check.kinks == 0 or step.stage == "backward"


@pytest.mark.parametrize(("distance", "kinks"), [(0.0, 1), (1e-3, 0)])
def test_a_wrong_number_is_excused_at_a_kink_and_not_near_it(distance, kinks):
    """A hidden relu of one unit whose Z is `distance`, and a derivative dZ1 that is wrong by a half."""
    net = gn.Network([1, 1, 1], init=lambda rng, fan_in, fan_out: np.ones((fan_in, fan_out)))
    derivation = gn.explain(net, [distance], [3.0])
    step = derivation["dZ1"]
    object.__setattr__(step, "value", derivation.value("dA1") * 0.5)
    check = derivation._checker.check(step, None)
    assert (check.kinks, check.ok) == (kinks, bool(kinks))


def sigmoid(z):
    """The hard sigmoid, under the name of the logistic one, in two statements."""
    line = 0.2 * z + 0.5
    return np.maximum(np.minimum(line, 1), 0)


def d_sigmoid(z, a):
    inside = (z > -2.5) * (z < 2.5)
    return 0.2 * inside


def loss(z, y):
    r = z - y
    return r * r


def theta(z, y):
    r = z - y
    return 2 * r


HARD = gn.Activation("hard", sigmoid, d_sigmoid, kinks=(-2.5, 2.5))


@pytest.mark.parametrize(
    "arguments",
    [
        {"hidden": HARD, "output": "sigmoid"},
        {"hidden": "sigmoid", "output": HARD},
        {"hidden": [HARD, "silu"], "output": "sigmoid"},
        {"hidden": ["silu", HARD], "output": "sigmoid"},
        {"hidden": ["softplus", "tanh"], "loss": gn.Loss("squares", loss, theta)},
    ],
)
def test_functions_of_ones_own_may_have_the_names_of_built_in_ones_and_of_symbols(arguments):
    sizes = [3, *[4] * (len(arguments["hidden"]) if isinstance(arguments["hidden"], list) else 1), 1]
    net = gn.Network(sizes, seed=1, **arguments)
    rows = np.random.default_rng(0).normal(size=(4, 3))
    derivation = gn.explain(net, rows, [0, 1, 1, 0], optimizer="adam")
    assert derivation["A1"].expression is not None
    for step in derivation.steps:
        assert derivation.check(step.symbol).ok, step
        if step.expression is not None:
            np.testing.assert_allclose(derivation.evaluate(step.symbol), step.value, rtol=1e-12, atol=1e-15)
    wrong = derivation.grade(loss=2 * derivation.value("loss"), dW1=derivation.value("dW1"))
    assert wrong.first_wrong.symbol == "loss"


def test_a_check_sees_a_wrong_number():
    derivation = gn.explain(gn.Network([3, 4, 2], "tanh", "softmax", seed=1), [0.5, -1.0, 2.0], 1, optimizer="adam")
    for symbol in ("Z1", "A2", "loss", "dZ2", "J2", "dW1", "db1", "dA1", "g_prime1", "m_hat", "theta", "dA0"):
        step = derivation[symbol]
        kept = np.array(step.value)
        wrong = kept * (1 + 1e-6)
        object.__setattr__(step, "value", wrong)
        assert not derivation._checker.check(step, None).ok, symbol
        object.__setattr__(step, "value", kept)
        assert derivation._checker.check(step, None).ok, symbol


# --- renderings -------------------------------------------------------------------------------------------------------


class Loads(HTMLParser):
    """Notes everything a page would load."""

    def __init__(self):
        super().__init__()
        self.found, self.ids, self.tags = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.found += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action", "poster")]
        assert not any(name.startswith("on") or (name == "style" and "url" in value) for name, value in attrs)


@pytest.mark.parametrize("seed", range(0, 300, 40))
def test_html_is_well_formed_and_loads_nothing(seed):
    derivation = gn.explain(setups.random_run(seed))
    page = derivation.to_html(checks=False)
    loads = Loads()
    loads.feed(page)
    assert not loads.tags & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert all(link.removeprefix("#") in loads.ids for link in loads.found)
    assert len(set(loads.ids)) == len(loads.ids)
    assert "url(" not in page
    assert "@import" not in page
    assert "http" not in page
    root = ElementTree.fromstring(derivation._repr_html_())
    assert root.tag == "div"
    ElementTree.fromstring(derivation.entry("W1", 0, 0).to_html(document=False))


@pytest.mark.parametrize("seed", range(3, 300, 60))
def test_json_holds_every_number(seed):
    derivation = gn.explain(setups.random_run(seed))
    whole = json.loads(derivation.to_json(checks=False))
    by_symbol = {step["symbol"]: step for step in whole["steps"]}
    for step in derivation.steps:
        if step.symbol in by_symbol:
            assert_array_equal(by_symbol[step.symbol]["value"], step.value)
            assert by_symbol[step.symbol]["inputs"] == list(step.inputs)
    assert json.loads(derivation.entry("b1", 0).to_json())["value"] == derivation.value("db1")[0]


def test_every_rendering_tells_the_same_numbers():
    derivation = gn.explain(gn.Network([2, 3, 1], output="sigmoid", seed=4), [0.5, -1.5], 1)
    number = print_text(written(float(derivation["loss"].value)))
    for text in (str(derivation), derivation.to_markdown(), derivation.to_latex(), derivation.to_html()):
        assert number in text
        assert "passes.py:" in text
    assert derivation.to_text(["Z1"]).count("check") == 1
    assert "glassnet" in str(derivation.__rich__())


@pytest.mark.long
@pytest.mark.parametrize("block", range(0, 300, 25))
def test_latex_compiles(tmp_path, block):
    """The derivations and entries of 25 runs, as fragments in one document."""
    assert shutil.which("pdflatex"), "needs pdflatex: apt-get install texlive-latex-base texlive-latex-recommended"
    preamble = "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{amsmath}\n\\begin{document}\n"
    parts = []
    for seed in range(block, block + 25):
        derivation = gn.explain(setups.random_run(seed))
        parts.append(derivation.to_latex(checks=seed % 5 == 0, document=False))
        parts.append(derivation.entry("W1", 0, 0).to_latex(document=False))
    _compile(tmp_path / "block.tex", preamble + "\n\\clearpage\n".join(parts) + "\n\\end{document}\n")


@pytest.mark.long
def test_latex_documents_compile(tmp_path):
    assert shutil.which("pdflatex"), "needs pdflatex: apt-get install texlive-latex-base texlive-latex-recommended"
    big = gn.Network([784, 512, 512, 10], output="softmax", seed=1)
    derivation = gn.explain(big, np.random.default_rng(0).random(784), 3, optimizer="adam")
    _compile(tmp_path / "big.tex", derivation.to_latex())
    _compile(tmp_path / "entry.tex", derivation.entry("W1", 0, 3).to_latex())


def _compile(path, text):
    path.write_text(text, encoding="utf-8")
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-1500:]


def test_every_python_expression_of_a_line_runs():
    derivation = gn.explain(gn.Network([3, 4, 2], "tanh", "softmax", seed=1), [0.5, -1.0, 2.0], 1)
    entry = derivation.entry("W1", 2, 3)
    assert eval(ast.unparse(entry.numbers), {**derivation.environment, **HELPERS}) == pytest.approx(
        entry.value, rel=1e-14
    )


def test_a_deep_network_is_explained_without_walking_all_its_paths():
    deep = gn.Network([2, *[32] * 6, 1], hidden="tanh", output="sigmoid", seed=0)  # 32⁵ paths from W1 to the loss
    derivation = gn.explain(deep, [0.3, 0.4], 1)
    entry = derivation.entry("W1", 0, 0)
    assert entry.value == derivation.value("dW1")[0, 0]
    assert len(str(entry)) < 6000
