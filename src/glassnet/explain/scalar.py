"""One entry of a step: its line, its chain rule, and helpers that build formulas of entries."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glassnet.explain.graph import Graph, Step
from glassnet.printers.element import Index, written
from glassnet.printers.text import print_text


@dataclass(frozen=True)
class Line:
    """One entry of a step: symbol[index] = names = numbers = value.

    `names` and `numbers` are Python expressions; running `numbers` gives `value`. `conditions` are the comparisons
    that decided a choice, such as 0.5 > 0 in a rectifier.
    """

    symbol: str
    index: Index
    names: ast.expr | None
    numbers: ast.expr | None
    conditions: tuple[ast.expr, ...]
    value: float
    step: Step

    @property
    def target(self) -> ast.expr:
        """The left-hand side, symbol[index], as an expression."""
        return entry_of(self.symbol, self.index)

    def text(self, digits: int = 4) -> str:
        """The line as plain text."""
        parts = [print_text(self.target, digits)]
        parts += [print_text(part, digits) for part in shown_parts(self, digits)]
        since = ", ".join(print_text(condition, digits, condition=True) for condition in self.conditions)
        return " = ".join([*parts, self.result(digits)]) + (f"  (since {since})" if since else "")

    def result(self, digits: int = 4) -> str:
        """The value as plain text."""
        return print_text(written(self.value), digits)


def shown_parts(line: Line, digits: int) -> list[ast.expr]:
    """Names, then numbers unless they print like the result."""
    parts = [] if line.names is None else [line.names]
    if line.numbers is not None and print_text(line.numbers, digits) != line.result(digits):
        parts.append(line.numbers)
    return parts


@dataclass(frozen=True, repr=False)
class ChainRule:
    """One entry with the chain rule that leads to it, factor by factor.

    Attributes
    ----------
    symbol, index : the entry asked for, W1 and (0, 3)
    value : float
        The number: for a parameter or an input, the derivative of the loss with respect to it.
    chain : ast.expr or None
        The chain rule in partial derivatives; None if the entry is no derivative.
    names, numbers : ast.expr or None
        The derivative written out in the factors of the chain, and with their numbers.
    lines : tuple of Line
        The factors one by one, in the order of computation, and then the update.
    graph : Graph
        The step that the entry belongs to.
    independent : (value, method) or None
        The same derivative by an independent method; None if the entry is no derivative.
    """

    symbol: str
    index: Index
    value: float
    chain: ast.expr | None
    names: ast.expr | None
    numbers: ast.expr | None
    lines: tuple[Line, ...]
    graph: Graph
    independent: tuple[float, str] | None = None

    @property
    def partial(self) -> ast.expr:
        """∂loss/∂symbol[index]."""
        return partial(ast.Name("loss", ast.Load()), entry_of(self.symbol, self.index))

    @property
    def equals(self) -> list[ast.expr]:
        """The right-hand sides: the chain rule, its factors, their numbers, the value."""
        parts = [part for part in (self.chain, self.names, self.numbers) if part is not None]
        return [*parts, written(self.value)]

    @property
    def title(self) -> str:
        name = print_text(entry_of(self.symbol, self.index))
        return f"∂loss/∂{name}: how the loss changes with {name}" if self.chain is not None else name


# --- formulas of entries ------------------------------------------------------------------------------------------


class EntryReplacer(ast.NodeTransformer):
    """Replaces each entry of an array."""

    def __init__(self, replaced: Callable[[ast.Subscript], ast.expr]) -> None:
        self.replaced = replaced

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return self.replaced(node)


def entry_of(symbol: str, index: Index) -> ast.expr:
    """symbol[index] as an expression."""
    text = f"{symbol}[{', '.join(map(str, index))}]" if index else symbol
    return ast.parse(text, mode="eval").body


def index_of(node: ast.Subscript) -> Index:
    """The index of an entry."""
    index: Any = ast.literal_eval(node.slice)
    return index if isinstance(index, tuple) else (index,)


def partial(above: ast.expr, below: ast.expr) -> ast.expr:
    """∂above/∂below."""
    return ast.Call(ast.Name("partial"), [above, below], [])


def copied(node: ast.expr) -> ast.expr:
    """A copy of the expression, free to be changed."""
    return ast.parse(ast.unparse(node), mode="eval").body


def is_rest(node: ast.expr) -> bool:
    """True for the term that stands for all terms not shown."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "rest"


def without_rest(node: ast.expr) -> ast.expr:
    """Drop the value of the terms that are not shown from a formula of names."""

    class Strip(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            node.args = node.args[:1] if is_rest(node) else [self.visit(argument) for argument in node.args]
            return node

    return Strip().visit(copied(node))
