"""Prints the definition of an equation, line by line: sigmoid(z) = … with e = …; row-wise ones with indices."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glassnet.printers.expression import Equation, is_reduction, read_equation
from glassnet.printers.latex import Latex
from glassnet.printers.mathml import MathML
from glassnet.printers.symbols import symbol
from glassnet.printers.text import Text
from glassnet.printers.typeset import Notation, typeset


@dataclass(frozen=True)
class Line:
    """One line of a definition: name = expression; `replaces` if the name had another value before."""

    name: str
    expression: ast.expr
    replaces: bool


def definition(function: Callable[..., Any]) -> list[Line]:
    """Return the lines of an equation, its value last; it may be row-wise, an initializer, an update or a lambda."""
    equation = read_equation(function, elementwise=False)
    rowwise = any(is_reduction(node) for _, value in _values(equation) for node in ast.walk(value))
    whole_rows: set[str] = set()  # names that hold one number for each row
    lines, known = [], set(equation.arguments)
    for name, value in _values(equation):
        if rowwise:
            reduced = not _names(value) - whole_rows
            if reduced:
                whole_rows.add(name)
            value = _Indexed(whole_rows, "k").visit(ast.parse(ast.unparse(value), mode="eval").body)
            lines.append(Line(name if reduced else f"{name}[k]", value, replaces=False))
        elif not (isinstance(value, ast.Name) and value.id == name):
            lines.append(Line(name, value, replaces=name in known))
        known.add(name)
    return lines


def print_definition(function: Callable[..., Any], notation: str = "text", digits: int = 16) -> list[str]:
    """Print the lines of an equation in "text", "latex" or "mathml".

    Examples
    --------
    >>> from glassnet.equations.activations import sigmoid, softmax
    >>> print_definition(sigmoid)
    ['e = exp(min(z, −z))', 'sigmoid(z) = (1 if z ≥ 0 else e) / (1 + e)']
    >>> print_definition(softmax)
    ['e[k] = exp(z[k] − max_j z[j])', 'softmax(z)[k] = e[k] / (Σ_j e[j])']
    """
    equation = read_equation(function, elementwise=False)
    exp = any(name == "e" for name, _ in equation.assignments)
    to: Notation = {"text": Text, "latex": Latex, "mathml": MathML}[notation](digits)
    return [
        to.row(_left(line, to), to.operator("←" if line.replaces else "="), typeset(line.expression, to, exp=exp))
        for line in definition(function)
    ]


def _values(equation: Equation) -> list[tuple[str, ast.expr]]:
    """Return the assignments and the returned values; those of an update are named theta, m, v, … like its arguments."""
    values = list(equation.assignments)
    if len(equation.returns) == 1 and "theta" not in equation.arguments:
        return [*values, (f"{equation.name}({_shown(equation)})", equation.returns[0])]
    state = [name for name in equation.arguments if name != "g"]
    return [*values, *zip(state, equation.returns, strict=False)]


def _shown(equation: Equation) -> str:
    return ", ".join(name for name in equation.arguments if name != "rng")


def _left(line: Line, to: Notation) -> str:
    """Print the left-hand side of a line."""
    bare, _, index = line.name.partition("[")
    name, _, arguments = bare.partition("(")
    written = symbol(name, (index.removesuffix("]"),) if index else ())
    if not arguments:
        parts = [to.symbol(symbol(part)) for part in name.split(", ")] if "," in name else [to.symbol(written)]
        return to.brackets(to.operator(",").join(parts)) if len(parts) > 1 else parts[0]
    inside = [to.symbol(symbol(argument)) for argument in arguments.removesuffix(")").split(", ")]
    call = to.call(name, inside)
    return call if not index else to.entry(call, index.removesuffix("]"))


def _names(node: ast.AST) -> set[str]:
    """Return the names that occur outside of sums and maxima over the row."""
    if is_reduction(node):
        return set()
    if isinstance(node, ast.Name):
        return {node.id}
    children = node.args if isinstance(node, ast.Call) else list(ast.iter_child_nodes(node))
    return {name for child in children for name in _names(child)}


class _Indexed(ast.NodeTransformer):
    """Gives each name an index: k, or j inside a sum or maximum over the row; names with one number a row get none."""

    def __init__(self, whole_rows: set[str], index: str) -> None:
        self.whole_rows, self.index = whole_rows, index

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.whole_rows:
            return node
        return ast.Subscript(node, ast.Name(self.index, ast.Load()), ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.expr:
        inside = _Indexed(self.whole_rows, "j") if is_reduction(node) else self
        if isinstance(node.func, ast.Name):  # another row-wise equation takes the whole row
            call = ast.Call(node.func, node.args, [])
            return ast.Subscript(call, ast.Name(self.index, ast.Load()), ast.Load())
        node.args = [inside.visit(argument) for argument in node.args]
        return node
