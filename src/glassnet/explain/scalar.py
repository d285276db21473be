"""The scalar view: one entry of a step with its numbers, and the chain rule of one weight, factor by factor."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glassnet.explain.formulas import entry_of, partial
from glassnet.explain.step import Step
from glassnet.printers.element import Index, written
from glassnet.printers.text import print_text

if TYPE_CHECKING:
    from glassnet.explain.derivation import Derivation


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
        """What is computed, as an expression."""
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
    """Names, then numbers where they tell more than the result."""
    parts = [] if line.names is None else [line.names]
    if line.numbers is not None and print_text(line.numbers, digits) != line.result(digits):
        parts.append(line.numbers)
    return parts


@dataclass(frozen=True, repr=False)
class Entry:
    """What `Derivation.entry` returns: how one number comes about, its chain rule spelled out factor by factor.

    Attributes
    ----------
    symbol, index : what was asked for, W1 and (0, 3)
    value : float
        The number: for a parameter or an input, the derivative of the loss with respect to it.
    chain : ast.expr or None
        The chain rule in partial derivatives.
    names, numbers : ast.expr or None
        The derivative written out in the factors of the chain, and with their numbers.
    lines : tuple of Line
        The factors one by one, in the order in which they are computed, and then the update.
    """

    symbol: str
    index: Index
    value: float
    chain: ast.expr | None
    names: ast.expr | None
    numbers: ast.expr | None
    lines: tuple[Line, ...]
    derivation: Derivation

    @property
    def independent(self) -> tuple[float, str] | None:
        """The same derivative by an independent method, and which; None where the entry is no derivative."""
        if self.chain is None:
            return None
        derivative = [line for line in self.lines if line.step.stage != "update"][-1]
        return self.derivation.independent(derivative.symbol, self.index)

    @property
    def partial(self) -> ast.expr:
        """∂loss/∂symbol[index]."""
        return partial(ast.Name("loss", ast.Load()), entry_of(self.symbol, self.index))

    @property
    def equals(self) -> list[ast.expr]:
        """What the entry equals: the chain rule, its factors, their numbers, the value."""
        parts = [part for part in (self.chain, self.names, self.numbers) if part is not None]
        return [*parts, written(self.value)]

    @property
    def title(self) -> str:
        name = print_text(entry_of(self.symbol, self.index))
        return f"∂loss/∂{name}: how the loss changes with {name}" if self.chain is not None else name

    def __str__(self) -> str:
        digits = self.derivation.digits
        if self.chain is None:
            return "\n".join(line.text(digits) for line in self.lines)
        left = print_text(self.partial)
        equals = list(dict.fromkeys(print_text(part, digits) for part in self.equals))
        rows = [f"{left if k == 0 else ' ' * len(left)} = {part}" for k, part in enumerate(equals)]
        rows.append("")
        width = max(len(print_text(line.target)) for line in self.lines)
        for line in self.lines:
            name, _, formula = line.text(digits).partition(" = ")
            rows.append(f"  {name:{width}} = {formula}    {line.step.source or ''}".rstrip())
        if self.independent is not None:
            value, method = self.independent
            rows += ["", f"  {method}: {value:.15g}, backpropagation: {self.value:.15g}"]
        return "\n".join(rows)

    __repr__ = __str__

    def to_text(self) -> str:
        """The entry as plain text."""
        return str(self)

    def to_html(self, *, document: bool = True) -> str:
        """The entry as a page of HTML, or as one element (`document=False`)."""
        from glassnet.explain.render_html import render_entry_html

        return render_entry_html(self, document=document)

    def _repr_html_(self) -> str:
        return self.to_html(document=False)

    def to_latex(self, *, document: bool = True) -> str:
        """The entry as a LaTeX document, or as a fragment (`document=False`)."""
        from glassnet.explain.render_latex import render_entry_latex

        return render_entry_latex(self, document=document)

    def to_markdown(self) -> str:
        """The entry as Markdown with LaTeX formulas."""
        from glassnet.explain.render_markdown import render_entry_markdown

        return render_entry_markdown(self)

    def to_json(self) -> str:
        """The entry as JSON."""
        from glassnet.explain.render_json import render_entry_json

        return render_entry_json(self)
