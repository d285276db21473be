"""The sides of each equation that a renderer prints, in its notation: text, LaTeX or MathML."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np

from glassnet.explain.graph import Graph
from glassnet.explain.render.outline import Block, on_the_blackboard
from glassnet.explain.render.shown import ShownFormula
from glassnet.explain.scalar import UNDEFINED, ChainRule, Line, shown_conditions, shown_parts
from glassnet.printers.definition import print_definition
from glassnet.printers.element import written
from glassnet.printers.matrices import common_power, matrix_cells
from glassnet.printers.symbols import symbol
from glassnet.printers.typeset import Notation, ten_to, typeset

Form = tuple[str, str]  # a right-hand side with the sign before it, = or ≈
Sides = tuple[str, list[Form]]  # the left-hand side, and the forms it equals, one after the other

IN_CODE = "in code: "  # before the form of the code, where that of textbooks is another
SHORT = 90  # a line of up to so many characters, as text, is written in one row

To = TypeVar("To", bound=Notation)


def value_in(to: Notation, value: Any) -> str:
    """Write a number or a matrix that stands alone; a large one is cut in the middle."""
    if np.ndim(value) == 0:
        return typeset(written(value), to)
    cells, power = common_power(matrix_cells(value, to.rows), to.digits)
    matrix = to.display(cells)
    return to.row(ten_to(to, power), to.operator("·"), matrix) if power else matrix


def given_sides(to: Notation, formula: ShownFormula) -> Sides:
    """Write a given quantity and its value."""
    return to.symbol(symbol(formula.target)), [("=", value_in(to, formula.result))]


def formula_sides(to: Notation, formula: ShownFormula, block: Block, graph: Graph | None = None) -> Sides:
    """Write a formula in names, in numbers, and its result; with `graph`, a formula of one sample loses its row number."""
    forms = []
    left, names = formula.left, formula.expression
    if graph is not None and (len(formula.index) > 1 or formula.target.startswith("J")):  # i is no letter of a sum
        left = on_the_blackboard(left, graph)
        names = None if names is None else on_the_blackboard(names, graph)
    more = with_digits(to, formula.digits or to.digits)
    if formula.expression is not None and names is not None:
        forms.append(("=", typeset(names, to, block.matrices)))
        if formula.plugged:
            forms.append(("=", typeset(formula.expression, more, block.matrices, numbers=formula.numbers)))
    if formula.cells:
        forms.append(("=", to.table([[typeset(cell, more) for cell in row] for row in formula.cells])))
    if formula.result is not None:
        forms.append(("=" if formula.agrees else "≈", value_in(to, formula.result)))
    return (to.words(IN_CODE) if formula.in_code else "") + typeset(left, to), once(forms)


def line_sides(to: Notation, line: Line, graph: Graph, since: str) -> Sides:
    """Spell one entry out, a short one in one form; `since` stands before the conditions that decided its choices."""
    left = typeset(on_the_blackboard(line.target, graph), to)
    forms = line_forms(to, line, since, graph)
    if len(line.text(to.digits)) <= SHORT:
        joined = "".join(to.operator(sign) * (k > 0) + form for k, (sign, form) in enumerate(forms))
        forms = [("=", joined)]
    return left, forms


def computed_sides(to: Notation, line: Line, graph: Graph, since: str) -> list[Sides]:
    """Spell one entry out in the form of the code, if textbooks have another."""
    if line.as_computed is None:
        return []
    left, forms = line_sides(to, line.as_computed, graph, since)
    return [(to.words(IN_CODE) + left, forms)]


def line_forms(to: Notation, line: Line, since: str, graph: Graph | None = None, after: str = "") -> list[Form]:
    """Write the right-hand sides of one entry, its conditions between `since` and `after`.

    With `graph`, an entry of one sample loses its row number.
    """
    parts = shown_parts(line, to.digits)
    if graph is not None:
        parts = [(on_the_blackboard(part, graph), digits) for part, digits in parts]
    forms = [("=", typeset(part, with_digits(to, digits))) for part, digits in parts]
    result = to.words(UNDEFINED) if line.undefined else typeset(written(line.value), to)
    forms = once([*forms, ("=" if line.agrees(to.digits) else "≈", result)])
    conditions = [
        typeset(condition, with_digits(to, digits), condition=True)
        for condition, digits in shown_conditions(line, to.digits)
    ]
    if conditions:
        sign, last = forms[-1]
        forms[-1] = sign, last + since + to.operator(",").join(conditions) + after
    return forms


def entry_sides(to: Notation, entry: ChainRule) -> Sides:
    """Write a derivative and the products that it equals by the chain rule."""
    left = typeset(on_the_blackboard(entry.partial, entry.graph), to)
    return left, once(
        ("=" if equal else "≈", typeset(on_the_blackboard(part, entry.graph), with_digits(to, digits)))
        for part, digits, equal in entry.equals
    )


def definition_lines(block: Block, notation: str) -> list[str]:
    """Print the equations that a block calls by their names, in "text", "latex" or "mathml", the code's form as such."""
    prefix = {"text": IN_CODE, "latex": rf"\text{{{IN_CODE}}}", "mathml": f"<mtext>{IN_CODE[:-1]}&#160;</mtext>"}[
        notation
    ]
    return [
        (prefix if definition.in_code else "") + line
        for definition in block.definitions
        for line in print_definition(definition.function, notation)
    ]


def with_digits(to: To, digits: int) -> To:
    """Return the notation with another count of digits."""
    other = copy.copy(to)
    other.digits = digits
    return other


def once(forms: Iterable[Form]) -> list[Form]:
    """Drop the forms that read like an earlier one."""
    found: dict[str, str] = {}
    for sign, form in forms:
        found.setdefault(form, sign)
    return [(sign, form) for form, sign in found.items()]
