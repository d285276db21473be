"""The content of sheets and keys that HTML and PDF share: formulas, right values, and typical wrong ones."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.printers.typeset import Notation, typeset
from glassnet.worksheets.draw import effects
from glassnet.worksheets.sheet import Part, Sheet

Array = NDArray[Any]

CARRY = "Carry at least 3 digits; write 0.5, 1/2 or −3. Leave a box empty if you do not know."


@dataclass(frozen=True, eq=False)
class Typical:
    """A typical wrong answer: the mistake in words, and the first line it changes with its numbers."""

    code: str
    what: str
    symbol: str
    value: Array


def typical(part: Part) -> list[Typical]:
    """Work out the typical wrong answers to a part."""
    found = effects(part.derivation, part.asked, part.listed)
    return [
        Typical(
            code, found[code].misconception.what, found[code].symbol, np.asarray(found[code].values[found[code].symbol])
        )
        for code in part.listed
    ]


def name_in(to: Notation, symbol: str) -> str:
    """Write a symbol, also a part of a flat vector such as W1_new, in a notation."""
    plain = symbol.removesuffix("_new")
    if plain != symbol:
        return to.row(typeset(ast.Name(plain), to), to.words(" new"))
    return typeset(ast.Name(symbol), to)


def formula_in(to: Notation, part: Part, symbol: str) -> str:
    """Write the formula of a symbol in a notation; empty if it has none that can be written in one line."""
    if symbol.endswith("_new"):
        W, layer = symbol[0], symbol[1:-4]
        text = f"{W}{layer} - learning_rate * d{W}{layer}"
        return typeset(ast.parse(text, mode="eval").body, to, _matrices(part))
    step = part.derivation[symbol]
    expression = step.textbook or step.expression
    if expression is None:
        return ""
    try:
        return typeset(expression, to, _matrices(part))
    except InputError:
        return ""


def _matrices(part: Part) -> frozenset[str]:
    return frozenset(
        step.symbol for step in (*part.derivation.given, *part.derivation.steps) if np.ndim(step.value) == 2
    )


def value_in(to: Notation, value: Any) -> str:
    """Write a number or a matrix in a notation."""
    array = np.asarray(value, dtype=float) + 0.0
    if array.size == 1:
        return to.number(float(array.ravel()[0])).text
    return to.matrix([[float(cell) for cell in row] for row in np.atleast_2d(array)])


def is_short(value: Any) -> bool:
    """True if four significant digits are the whole of each number."""
    array = np.asarray(value, dtype=float).ravel()
    return bool(np.allclose(array, [float(f"{number:.4g}") for number in array], rtol=1e-9, atol=0))


def head_of(sheet: Sheet) -> str:
    """The line below the title."""
    return f"glassnet worksheet {sheet.topic}, seed {sheet.seed}; the course's {sheet.chapter}"
