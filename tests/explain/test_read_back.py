"""Every line of a printed derivation, in all formats, is read back: what it says of names, numbers and conditions is true."""

import numpy as np
import pytest
from tests.explain import setups
from tests.explain.read_back import meaning
from tests.explain.read_back.latex import json_equations, latex_equations
from tests.explain.read_back.mathml import html_equations
from tests.explain.read_back.symbols import Symbols
from tests.explain.read_back.text import text_equations

import glassnet as gn

FORMATS = {
    "text": (lambda d: d.to_text(checks=False), text_equations),
    "html": (lambda d: d.to_html(checks=False, document=False), html_equations),
    "latex": (lambda d: d.to_latex(checks=False, document=False), latex_equations),
    "markdown": (lambda d: d.to_markdown(checks=False), latex_equations),
    "json": (lambda d: d.to_json(checks=False), json_equations),
}
SEEDS = [range(2), *(pytest.param(range(k, k + 20), marks=pytest.mark.long) for k in range(0, 200, 20))]


def false_parts(derivation, equation):
    """What an equation says that is not so."""
    [left] = equation.left
    steps = equation.step.split("|")
    known = [derivation[step] for step in steps if step != "given"]
    allowed = {*steps, *(name for step in known for name in step.inputs)}
    means = meaning.Meaning(derivation)
    names = [name for name in left[1] if name in allowed or len(left[1]) == 1] or left[1]
    index = left[2] if left[0] == "entry" else ()
    letters = [k for k in index if isinstance(k, str)]
    true = np.asarray(derivation.value(names[0]), dtype=float)
    if known and known[0].symbol.startswith("J") and true.ndim == 3 and not index:
        index = (0,)
    for condition in equation.conditions:
        means.tokens, means.place, means.allowed, means.letters = condition, 0, allowed, {}
        if not means.condition():
            yield "condition", condition
    if letters:
        full = ("i", *letters) if len(letters) == true.ndim - 1 else tuple(letters)
        for place in np.ndindex(*true.shape):
            for _, form in equation.forms:
                found = means.evaluate(form, allowed, dict(zip(full, place, strict=True)))
                if not np.isclose(found, true[place], rtol=1e-6, atol=1e-9):
                    yield "entry", place, found, true[place]
        return
    if len(index) == true.ndim - 1 and true.shape[:1] == (1,):
        index = (0, *index)
    true = true[index]
    digits, exact = derivation.digits, 1e-9 if derivation.network.dtype == np.float64 else 1e-5
    scale = max(np.max(np.abs(true[np.isfinite(true)]), initial=0), 1e-6)
    *before, (sign, last) = equation.forms
    if equation.exact:
        if not np.isclose(means.evaluate(last), true, rtol=exact, atol=exact * scale, equal_nan=True):
            yield "exact", means.evaluate(last), true
        return
    if last == ["undefined"]:
        return
    try:
        result = means.evaluate(last, allowed)
    except meaning.IncompleteError:
        return
    if not meaning.has_names(last) and not meaning.same(result, meaning.printed(true, digits)):
        yield "result", result, true
    for _, form in before if not meaning.has_names(last) else equation.forms:
        try:
            found = means.evaluate(form, allowed)
        except meaning.IncompleteError:
            continue
        if isinstance(found, meaning.Cut):
            continue
        if meaning.has_names(form):
            if not np.allclose(np.squeeze(found), np.squeeze(true), rtol=1e-6, atol=1e-9 * scale, equal_nan=True):
                yield "names", found, true
        elif sign == "=" and not meaning.rounds_to(found, result, digits):
            yield "numbers", found, result
        elif sign == "≈" and not meaning.same(found, result, near=max(0.02, 10.0 ** (1 - digits))):
            yield "nearly", found, result


def all_false(derivation, write, read):
    """The equations of a print with what is false in each."""
    found = read(write(derivation), Symbols(derivation))
    assert len(found) > 10
    return [(equation, *false) for equation in found if (false := list(false_parts(derivation, equation)))]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_every_line_is_true(seeds, name):
    for seed in seeds:
        assert all_false(gn.explain(setups.random_run(seed)), *FORMATS[name]) == [], seed


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("digits", "dtype"), [(3, "float64"), (8, "float64"), (4, "float32")])
def test_every_line_is_true_with_other_digits_and_in_single_precision(name, digits, dtype):
    net = gn.Network([3, 4, 2], hidden="gelu", output="softmax", seed=2, dtype=dtype)
    worked = gn.explain(net, [[0.5, -1.0, 0.8], [1.0, 0.2, 0.3]], [0, 1], optimizer="adam", digits=digits)
    assert all_false(worked, *FORMATS[name]) == []


@pytest.mark.parametrize("name", ["html", "latex", "markdown"])
def test_every_line_of_a_chain_rule_is_true(name):
    read = FORMATS[name][1]
    for seed in (2, 3, 13):
        worked = gn.explain(setups.random_run(seed))
        last = worked.value("W1").shape[1] - 1
        for entry in (worked.entry("W1", 0, last), worked.entry("b1", 0), worked.entry("A0", 0, 0)):
            write = {"html": "to_html", "latex": "to_latex", "markdown": "to_markdown"}[name]
            options = {} if name == "markdown" else {"document": False}
            chain, *lines = read(getattr(entry, write)(**options), Symbols(worked))
            assert lines
            for line in lines:
                assert list(false_parts(worked, line)) == [], (seed, line)
            forms = [
                form
                for _, form in chain.forms
                if not {"∂", r"\partial", "…"} & {each for each in form if isinstance(each, str)}
            ]
            values = [meaning.Meaning(worked).evaluate(form) for form in forms]
            assert values[:-1] == pytest.approx([entry.value] * (len(values) - 1), rel=1e-2, abs=1e-9)
            assert float(meaning.printed(entry.value, 4)) == pytest.approx(values[-1], rel=1e-12)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("since −1 < 0", "since −1 ≥ 0"),
        ("= 0.2689", "= 0.2688"),
        ("exp(−1) / (1 + exp(−1))", "exp(−1) / (1 − exp(−1))"),
        ("dZ1 = A1 − Y", "dZ1 = A1 + Y"),
        ("[0.2689] − [1]", "[0.2699] − [1]"),
        ("W1_new = W1 − learning_rate·dW1", "W1_new = W1 − learning_rate·db1 ⊙ W1"),
        ("≈", "="),
        ("A0ᵀ @ dZ1", "A0 @ dZ1 ⊙ dZ1"),
        ("db1[k] = Σ_i dZ1[i, k]", "db1[k] = Σ_i A1[i, k]"),
    ],
)
def test_a_false_line_is_found(true, false):
    net = gn.Network([1, 1], output="sigmoid")
    net.W[1][...] = -1 / 3
    worked = gn.explain(net, [3.0], 1)
    assert true in worked.to_text(checks=False) or true == "≈"
    if true == "≈":
        net = gn.Network([3, 1], seed=1)
        worked = gn.explain(net, [0.5, -1.0, 0.8], 0.3)
    assert all_false(worked, lambda d: d.to_text(checks=False), text_equations) == []
    assert all_false(worked, lambda d: d.to_text(checks=False).replace(true, false), text_equations)
