"""Narrows down a wrong term without a known cause: which factor, which axis, which entries, which other term."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.answers import Answers
from glassnet.explain.graph import Graph

Array = NDArray[Any]

_SLACK = 3.0  # units of the last digit
_LARGE = 20_000  # entries of a term that is not compared with every other term


def narrow(answer: Answers, symbol: str, expected: Array) -> str:
    """Say how the learner's numbers differ from the expected ones, in a clause such as "yours is 3 × the expected"; or "".

    The narrowest statement comes first: transposed, a factor, other signs, a few entries, a factor for each row or
    column, another order, another term, a term multiplied in or added, equal sums.
    """
    given, expected = answer.given[symbol], np.asarray(expected, dtype=float)
    if not np.isfinite(given).all():
        return f"{np.count_nonzero(~np.isfinite(given))} of your {given.size} numbers are inf or nan"

    def equals(value: Array) -> bool:
        return answer.matches(symbol, np.asarray(value, dtype=float), _SLACK)

    if np.squeeze(given).shape != np.squeeze(expected).shape:
        return next(_of_another_shape(given, expected, equals), "")
    if not given.any():
        return "yours is 0 everywhere"
    if expected.ndim == 2 and expected.shape[0] == expected.shape[1] and equals(expected.T):
        return "yours is the transpose of the expected"
    given = given.reshape(expected.shape)
    clauses = (_factor, _signs, _entries, _rows_or_columns, _order, _other_term, _sums)
    return next((clause for each in clauses if (clause := each(answer.graph, symbol, given, expected, equals))), "")


def _of_another_shape(given: Array, expected: Array, equals: Callable[[Array], bool]) -> Iterator[str]:
    """Yield what makes one of the other, where the shapes differ."""
    if expected.ndim == 2 and equals(expected.T):
        yield "yours is the transpose of the expected"
    for axis in range(given.ndim):
        for name, reduced in (("sum", given.sum(axis=axis)), ("mean", given.mean(axis=axis))):
            if reduced.size == expected.size and np.allclose(np.ravel(reduced), np.ravel(expected), rtol=1e-3):
                yield f"the {name} of yours over axis {axis} is the expected: reduce that axis"
    for axis in range(expected.ndim):
        for name, reduced in (("sum", expected.sum(axis=axis)), ("mean", expected.mean(axis=axis))):
            if reduced.ndim and equals(reduced):
                yield f"yours is the {name} of the expected over axis {axis}, which should stay"


def _factor(graph: Graph, symbol: str, given: Array, expected: Array, equals: Callable[[Array], bool]) -> str:
    squares = float(np.sum(expected**2))
    factor = float(np.sum(given * expected)) / squares if squares else 0.0
    if given.size < 2 or factor == 0 or not equals(factor * expected):
        return ""
    return f"yours is {_named(graph, factor)} × the expected"


def _named(graph: Graph, factor: float) -> str:
    """A factor as a number, and where it may come from."""
    sign, size = "−" if factor < 0 else "", abs(factor)
    known = {"n": float(len(graph.batch.X)), "the number of outputs": float(graph.network.sizes[-1])}
    if "learning_rate" in graph:
        known["the learning rate"] = float(graph["learning_rate"].value)
    for name, number in known.items():
        for origin, value in ((name, number), (f"1 / {name}", 1 / number)):
            if number not in (1, 2) and abs(size - value) < 2e-3 * value:  # 2 may come from anywhere
                return f"{sign}{size:.4g} ({sign}{origin})"
    return f"{sign}{size:.4g}"


def _signs(graph: Graph, symbol: str, given: Array, expected: Array, equals: Callable[[Array], bool]) -> str:
    wrong = np.count_nonzero(given * expected < 0)
    if wrong and equals(np.copysign(expected, given)):
        return f"the sizes are right, {wrong} of {given.size} signs are wrong"
    return ""


def _entries(graph: Graph, symbol: str, given: Array, expected: Array, equals: Callable[[Array], bool]) -> str:
    """Name the few entries, rows or columns that are wrong."""
    far = np.abs(given - expected) > 1e-2 * np.maximum(np.abs(given), np.abs(expected)) + 1e-9
    if not far.any() or far.mean() > 0.5 or not equals(np.where(far, given, expected)):
        return ""
    if far.sum() <= 3:
        places = [f"[{', '.join(map(str, place))}]" for place in np.argwhere(far).tolist()]
        return f"only {', '.join(places)} of {given.size} entries {'is' if far.sum() == 1 else 'are'} wrong"
    for axis, word in ((1, "row"), (0, "column")):
        if far.ndim == 2 and (lines := np.flatnonzero(far.any(axis=axis))).size <= 0.5 * far.shape[1 - axis]:
            many = "s" if lines.size > 1 else ""
            return f"only {word}{many} {', '.join(map(str, lines.tolist()))} {'are' if many else 'is'} wrong"
    return f"{far.sum()} of {given.size} entries are wrong, the others right"


def _rows_or_columns(graph: Graph, symbol: str, given: Array, expected: Array, equals: Callable[[Array], bool]) -> str:
    """Give the factors of the rows or of the columns."""
    for axis, word in ((1, "row"), (0, "column")):
        if expected.ndim == 2 and expected.shape[axis] > 1:
            with np.errstate(all="ignore"):
                factors = np.sum(given * expected, axis=axis) / np.sum(expected**2, axis=axis)
            factors = np.where(np.isfinite(factors), factors, 0)
            if equals(np.expand_dims(factors, axis) * expected):
                some = ", ".join(f"{factor:.3g}" for factor in factors[:6].tolist())
                return f"each {word} is off by a factor of its own: {some}{', …' if factors.size > 6 else ''}"
    return ""


def _order(graph: Graph, symbol: str, given: Array, expected: Array, equals: Callable[[Array], bool]) -> str:
    if given.size < 2:
        return ""
    if expected.ndim == 2 and equals(expected[::-1]):
        return "yours has the rows of the expected in reverse"
    if expected.ndim >= 1 and equals(expected[..., ::-1]):
        return f"yours has the {'columns' if expected.ndim == 2 else 'numbers'} of the expected in reverse"
    if np.allclose(np.sort(given, axis=None), np.sort(expected, axis=None), rtol=1e-3, atol=1e-9):
        return "the numbers are right, but in another order"
    return ""


def _other_term(graph: Graph, symbol: str, given: Array, expected: Array, equals: Callable[[Array], bool]) -> str:
    """Name a term that yours is, or that is multiplied in, divided by or added to the expected."""
    if given.size > _LARGE or given.size < 2:
        return ""
    others = {step.symbol: np.asarray(step.value) for step in graph.by_symbol.values() if step.symbol != symbol}
    same = {name: value for name, value in others.items() if value.shape == expected.shape and value.dtype != object}
    for name, value in same.items():
        if equals(value):
            return f"yours is the {name} of this step"
    with np.errstate(all="ignore"):
        for name, value in same.items():
            for words, changed in (("times", expected * value), ("divided by", expected / value)):
                if np.isfinite(changed).all() and equals(changed):
                    return f"yours is the expected {words} {name}, entry by entry"
        for name, value in same.items():
            squares = float(np.sum(np.square(value, dtype=float)))
            factor = float(np.sum((given - expected) * value)) / squares if squares else 0.0
            if factor and given.size > 3 and equals(expected + factor * value):
                return f"yours is the expected {'−' if factor < 0 else '+'} {abs(factor):.4g} × {name}"
    return ""


def _sums(graph: Graph, symbol: str, given: Array, expected: Array, equals: Callable[[Array], bool]) -> str:
    if given.size > 1 and np.ptp(given - expected) < 1e-3 * np.abs(given - expected).max():
        return f"yours is the expected {np.mean(given - expected):+.4g} in every entry"
    if expected.ndim == 2 and min(expected.shape) > 1:
        for axis, word in ((0, "columns"), (1, "rows")):
            if np.allclose(
                given.sum(axis=axis), expected.sum(axis=axis), rtol=1e-3, atol=1e-6 * np.abs(expected).max()
            ):
                return f"the sums of its {word} are right, the entries are not"
    return ""
