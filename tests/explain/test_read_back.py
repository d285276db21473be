"""Every line of a printed derivation, in all formats, is read back: what it says of names, numbers and conditions is true."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tests.explain.read_back import meaning
from tests.explain.read_back.latex import json_equations, latex_equations
from tests.explain.read_back.mathml import html_equations
from tests.explain.read_back.symbols import Symbols
from tests.explain.read_back.text import text_equations

import glassnet as gn

_spec = importlib.util.spec_from_file_location("setups", Path(__file__).with_name("setups.py"))
setups = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(setups)

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
    scale = max(np.max(np.abs(true[np.isfinite(true)]), initial=0), 1e-6)
    *before, (sign, last) = equation.forms
    if equation.exact:
        if not np.isclose(means.evaluate(last), true, rtol=1e-9, atol=1e-9 * scale, equal_nan=True):
            yield "exact", means.evaluate(last), true
        return
    if last == ["undefined"]:
        return
    try:
        result = means.evaluate(last, allowed)
    except meaning.IncompleteError:
        return
    if not meaning.has_names(last) and not meaning.same(result, meaning.printed(true)):
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
        elif sign == "=" and not meaning.same(meaning.printed(found), result):
            yield "numbers", found, result
        elif sign == "≈" and not meaning.same(found, result, near=0.02):
            yield "nearly", found, result


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_every_line_is_true(seeds, name):
    write, read = FORMATS[name]
    for seed in seeds:
        derivation = gn.explain(setups.random_run(seed))
        found = read(write(derivation), Symbols(derivation))
        assert len(found) > 10
        for equation in found:
            assert list(false_parts(derivation, equation)) == [], (seed, equation)
