"""The sides of each equation that a renderer prints, in its notation: text, LaTeX or MathML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from glassnet.explain.graph import Graph
from glassnet.explain.render.outline import Block, ShownFormula, on_the_blackboard
from glassnet.explain.scalar import ChainRule, Line, shown_parts
from glassnet.printers.element import written
from glassnet.printers.matrices import common_power, matrix_cells
from glassnet.printers.symbols import symbol
from glassnet.printers.typeset import Notation, ten_to, typeset

Sides = tuple[str, list[str]]  # the left-hand side, and the forms it equals, one after the other

SHORT = 90  # a line of up to so many characters, as text, is written in one row


def value_in(to: Notation, value: Any) -> str:
    """Write a number or a matrix that stands alone; a large one is cut in the middle."""
    if np.ndim(value) == 0:
        return typeset(written(value), to)
    cells, power = common_power(matrix_cells(value, to.rows), to.digits)
    matrix = to.display(cells)
    return to.row(ten_to(to, power), to.operator("·"), matrix) if power else matrix


def given_sides(to: Notation, formula: ShownFormula) -> Sides:
    """Write a given quantity and its value."""
    return to.symbol(symbol(formula.target)), [value_in(to, formula.result)]


def formula_sides(to: Notation, formula: ShownFormula, block: Block, graph: Graph | None = None) -> Sides:
    """Write a formula in names, in numbers, and its result; with `graph`, a Jacobian of one sample loses its row number."""
    forms = []
    if formula.expression is not None:
        bare = formula.expression
        if graph is not None and block.step.symbol.startswith("J"):
            bare = on_the_blackboard(bare, graph)
        forms.append(typeset(bare, to, block.matrices))
        if formula.cells:
            forms.append(to.table([[typeset(cell, to) for cell in row] for row in formula.cells]))
        if formula.plugged:
            forms.append(typeset(formula.expression, to, block.matrices, numbers=formula.numbers))
    return to.symbol(symbol(formula.target)), _once([*forms, value_in(to, formula.result)])


def line_sides(to: Notation, line: Line, graph: Graph, since: str) -> Sides:
    """Spell one entry out, a short one in one form; `since` stands before the conditions that decided its choices."""
    target, *forms = [
        typeset(on_the_blackboard(part, graph), to)
        for part in (line.target, *shown_parts(line, to.digits), written(line.value))
    ]
    forms = _once(forms)
    if line.conditions:
        conditions = [typeset(condition, to, condition=True) for condition in line.conditions]
        forms[-1] += since + to.operator(",").join(conditions)
    return target, [to.operator("=").join(forms)] if len(line.text(to.digits)) <= SHORT else forms


def entry_sides(to: Notation, entry: ChainRule) -> Sides:
    """Write a derivative and the products that it equals by the chain rule."""
    left, *forms = [typeset(on_the_blackboard(part, entry.graph), to) for part in (entry.partial, *entry.equals)]
    return left, _once(forms)


def _once(forms: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(forms))
