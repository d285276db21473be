"""The formulas of one step as they are shown: of matrices where there is such a form, else of an entry in letters."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from glassnet.explain.agreement import digits_of_cells, digits_of_matrices
from glassnet.explain.entries import Entries
from glassnet.explain.graph import Graph, Step
from glassnet.explain.render.indexed import LETTERS, Letters, has_no_matrix_form, letters_of
from glassnet.printers.element import fill
from glassnet.printers.matrices import left_out
from glassnet.printers.statements import names_in

PLUGGED = 60  # most numbers that are put in place of names in a formula of matrices
CELLS = 4  # widest Jacobian whose entries are written as formulas


@dataclass(frozen=True)
class ShownFormula:
    """One equation: its target, its formula, and the arrays named in it.

    `index` holds the letters or the number of the target's entry, if the equation is of one. `result` is None if the
    value is not shown. `plugged` is True if a second formula shows the numbers in place of the names, with
    `digits` digits; large matrices are not shown so. `agrees` is False if the printed numbers give the printed result only
    nearly. `in_code` is True for the form of the code, shown after that of textbooks.
    """

    target: str
    expression: ast.expr | None
    result: Any
    numbers: Mapping[str, Any] = field(default_factory=dict)
    plugged: bool = False
    cells: tuple[tuple[ast.expr, ...], ...] = ()  # a small matrix of formulas, such as a Jacobian's
    index: tuple[str, ...] = ()
    digits: int = 0
    agrees: bool = True
    in_code: bool = False

    @property
    def left(self) -> ast.expr:
        """The left-hand side."""
        return ast.parse(self.target + (f"[{', '.join(self.index)}]" if self.index else ""), mode="eval").body


def shown_formulas(entries: Entries, step: Step) -> tuple[ShownFormula, ...]:
    """Return the equations of a step: one, or several for a vector of parameters and for an entry in letters."""
    graph = entries.graph
    if graph.is_flat(step.symbol):
        return tuple(_part(graph, step, f"{kind}{layer}") for layer in graph.network.W for kind in "Wb")
    if step.symbol.startswith("J"):
        return _jacobian(entries, step)
    if step.expression is None:
        return (ShownFormula(step.symbol, None, _result(step)),)
    called = isinstance(step.expression, ast.Call) and ast.unparse(step.expression.func) in graph.environment
    if step.textbook is None or called:  # of a function called by its name the definition shows both forms
        return _formulas(graph, step, step.expression)
    formulas = _formulas(graph, step, step.textbook)
    if step.shape == ():  # whose line shows both forms
        return formulas
    in_code = _formulas(graph, step, step.expression)[0]
    return (*formulas, replace(in_code, result=None, plugged=False, in_code=True))


def matrices_of(graph: Graph) -> frozenset[str]:
    """Return the names of a step's arrays."""
    return frozenset(name for name, value in graph.environment.items() if isinstance(value, np.ndarray) and value.ndim)


def in_names(graph: Graph, symbol: str, expression: ast.expr) -> ShownFormula:
    """Return the formula of a step without numbers: of matrices where there is such a form, else of an entry."""
    shape = graph[symbol].shape
    if not has_no_matrix_form(expression, shape, graph.environment):
        return ShownFormula(symbol, expression, None)
    index = letters_of(expression, shape)
    return ShownFormula(symbol, Letters(graph.environment).at(expression, index), None, index=index)


def _result(step: Step) -> Any:
    """Return the value to show; None for an aside that divides by 0."""
    return None if step.aside and not np.isfinite(step.value).all() else step.value


def _formulas(graph: Graph, step: Step, expression: ast.expr) -> tuple[ShownFormula, ...]:
    symbol, result = step.symbol, _result(step)
    numbers = {name: graph[name].value for name in names_in(expression) if name in graph}
    if symbol.endswith("_long") and len(graph.batch.X) == 1 and any(name.startswith("J") for name in numbers):
        dA, J = numbers  # for one sample a row times a matrix
        product = ast.parse(f"{dA} @ {J}", mode="eval").body
        return (_with_numbers(graph, ShownFormula(symbol, product, result, {dA: numbers[dA], J: numbers[J][0]})),)
    formula = in_names(graph, symbol, expression)
    if formula.index:
        return formula, ShownFormula(symbol, None, result)
    numbers = _in_every_row(expression, numbers, step.shape)
    return (_with_numbers(graph, replace(formula, result=result, numbers=numbers)),)


def _in_every_row(expression: ast.expr, numbers: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """Repeat a row that is added to a matrix in each of the matrix's rows."""
    added = {
        node.id
        for sum_ in ast.walk(expression)
        if isinstance(sum_, ast.BinOp) and isinstance(sum_.op, ast.Add | ast.Sub)
        for node in (sum_.left, sum_.right)
        if isinstance(node, ast.Name)
    }
    return {
        name: np.broadcast_to(value, shape) if name in added and np.ndim(value) == 1 and len(shape) == 2 else value
        for name, value in numbers.items()
    }


def _with_numbers(graph: Graph, formula: ShownFormula) -> ShownFormula:
    """Return the formula with numbers in a second form, if they are few and say more than the entry spelled out does."""
    numbers, expression = formula.numbers, formula.expression
    few = sum(np.size(value) for value in numbers.values()) <= PLUGGED
    rowwise_loss = np.ndim(formula.result) == 0  # maps whole matrices to one number
    code = "" if expression is None else ast.unparse(expression)
    turned = {name: np.shape(value)[:: -1 if f"{name}.T" in code else 1] for name, value in numbers.items()}
    if (
        not few
        or any(left_out(shape) for shape in turned.values())
        or rowwise_loss
        or expression is None
        or any(np.ndim(value) > 2 for value in numbers.values())
    ):
        return formula
    formula_code = compile(code, "formula", "eval")

    def evaluate(arrays: Mapping[str, Any]) -> Any:
        return eval(formula_code, {**graph.environment, **arrays})

    digits, agrees = digits_of_matrices(evaluate, numbers, formula.result, graph.digits)
    return replace(formula, plugged=True, digits=digits, agrees=agrees)


def _part(graph: Graph, step: Step, parameter: str) -> ShownFormula:
    """Return the part of an update's vector for one parameter."""
    numbers: dict[str, Any] = {}
    target = graph.part_name(step.symbol, parameter)
    value = graph.value(target if target in graph else f"{step.symbol}_{parameter}")
    if step.expression is None:
        return ShownFormula(target, None, value)
    expression = ast.parse(ast.unparse(step.expression), mode="eval").body
    for node in ast.walk(expression):
        if isinstance(node, ast.Name) and node.id in graph:
            symbol = node.id
            if graph.is_flat(symbol):
                node.id = graph.part_name(symbol, parameter)
                numbers[node.id] = graph.value(f"{symbol}_{parameter}")
            else:
                numbers[symbol] = graph[symbol].value
    return _with_numbers(graph, ShownFormula(target, expression, value, numbers))


def _jacobian(entries: Entries, step: Step) -> tuple[ShownFormula, ...]:
    """Return an entry of the Jacobian in letters, and that of the first row; a small one has its entries as formulas."""
    graph, jacobian = entries.graph, step.value[0]
    shown = ShownFormula(step.symbol, None, jacobian, index=("0",))
    k = len(jacobian)
    if step.expression is None:
        return (shown,)
    if k <= CELLS:
        rows = [[entries.line(step.symbol, (0, i, j)) for j in range(k)] for i in range(k)]
        cells = tuple(
            tuple(fill(line.names, graph.environment)[0] for line in row if line.names is not None) for row in rows
        )
        digits, agrees = digits_of_cells(
            [
                (cell, line.value)
                for row, lines in zip(cells, rows, strict=True)
                for cell, line in zip(row, lines, strict=True)
            ],
            graph.digits,
        )
        shown = replace(shown, cells=cells, digits=digits, agrees=agrees)
    entry = Letters(graph.environment).at(step.expression, LETTERS[3])
    return ShownFormula(step.symbol, entry, None, index=LETTERS[3]), shown
