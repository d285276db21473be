"""One entry of a step: its line, its chain rule, and helpers that build formulas of entries."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from glassnet.explain.agreement import digits_of_condition, digits_of_numbers
from glassnet.explain.graph import Graph, Step
from glassnet.printers.element import Index, written
from glassnet.printers.evaluation import copy_of
from glassnet.printers.text import print_text


@dataclass(frozen=True)
class Line:
    """One entry of a step: symbol[index] = names = numbers = value.

    `names` and `numbers` are Python expressions; running `numbers` in `environment` gives `value`. `conditions` are the
    comparisons that decided a choice, such as 0.5 > 0 in a rectifier; all of them hold. `as_computed` is the same entry
    in the form of the code, if `numbers` has that of textbooks.
    """

    symbol: str
    index: Index
    names: ast.expr | None
    numbers: ast.expr | None
    conditions: tuple[ast.expr, ...]
    value: float
    step: Step
    environment: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    as_computed: Line | None = None
    _known: dict[int, tuple[int, bool]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def target(self) -> ast.expr:
        """The left-hand side, symbol[index], as an expression."""
        return entry_of(self.symbol, self.index)

    @property
    def undefined(self) -> bool:
        """True for an entry of an aside that divides by 0 or takes the logarithm of 0."""
        return self.step.aside and not math.isfinite(self.value)

    def text(self, digits: int = 4) -> str:
        """The line as plain text."""
        parts = [print_text(self.target, digits)]
        parts += [print_text(part, more) for part, more in shown_parts(self, digits)]
        since = ", ".join(print_text(each, more, condition=True) for each, more in shown_conditions(self, digits))
        sign = " = " if self.agrees(digits) else " ≈ "
        return f"{' = '.join(parts)}{sign}{self.result(digits)}" + (f"  (since {since})" if since else "")

    def result(self, digits: int = 4) -> str:
        """The value as plain text."""
        return UNDEFINED if self.undefined else print_text(written(self.value), digits)

    def digits_of_numbers(self, digits: int) -> int:
        """The digits with which the numbers are printed, `digits` or more, so that they give the printed value."""
        return self._agreement(digits)[0]

    def agrees(self, digits: int) -> bool:
        """True if the printed numbers give the printed value."""
        return self._agreement(digits)[1]

    def _agreement(self, digits: int) -> tuple[int, bool]:
        if self.numbers is None or self.undefined:
            return digits, True
        if digits not in self._known:
            self._known[digits] = digits_of_numbers(self.numbers, self.value, digits, self.environment)
        return self._known[digits]


UNDEFINED = "undefined"  # printed for a number that an aside divides by 0 for


def shown_parts(line: Line, digits: int) -> list[tuple[ast.expr, int]]:
    """Names, then numbers unless they print like the result, each with its digits."""
    parts = [] if line.names is None else [(line.names, digits)]
    more = line.digits_of_numbers(digits)
    if line.numbers is not None and print_text(line.numbers, more) != line.result(digits):
        parts.append((line.numbers, more))
    return parts


def shown_conditions(line: Line, digits: int) -> list[tuple[ast.expr, int]]:
    """The conditions, each with the digits with which it holds as it is printed."""
    return [(each, digits_of_condition(each, digits, line.environment)) for each in line.conditions]


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
    def equals(self) -> list[tuple[ast.expr, int, bool]]:
        """The right-hand sides, their digits, and True for =: the chain rule, its factors, their numbers, the value."""
        digits, more, agrees = self.graph.digits, self.graph.digits, True
        if self.numbers is not None:
            more, agrees = digits_of_numbers(self.numbers, self.value, digits, self.graph.environment)
        parts = [(part, digits, True) for part in (self.chain, self.names) if part is not None]
        parts += [] if self.numbers is None else [(self.numbers, more, True)]
        return [*parts, (written(self.value), digits, agrees)]

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


def is_rest(node: ast.expr) -> bool:
    """True for the term that stands for all terms not shown."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rest"


def without_rest(node: ast.expr) -> ast.expr:
    """Drop the value of the terms that are not shown from a formula of names."""

    return _WithoutRest().visit(copy_of(node))


class _WithoutRest(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = node.args[:1] if is_rest(node) else [self.visit(argument) for argument in node.args]
        return node
