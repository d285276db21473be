"""Prints expressions as plain text, with the names of the code: Z1[0, 3], dW2, beta1."""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet

from glassnet.printers.matrices import ROWS, columns_around
from glassnet.printers.numbers import format_number
from glassnet.printers.symbols import Symbol
from glassnet.printers.typeset import Piece, typeset


class Text:
    """The notation of plain text; `digits` are the significant digits of numbers."""

    flat_fractions = True

    def __init__(self, digits: int = 4, *, rows: int | None = ROWS) -> None:
        self.digits, self.rows = digits, rows

    def symbol(self, written: Symbol) -> str:
        return written.name + (f"[{', '.join(written.index)}]" if written.index else "")

    def number(self, value: float) -> Piece:
        text = format_number(value, self.digits)
        return Piece(text.replace("-", "−", 1) if text[0] == "-" else text, minus=text.startswith("-"))

    def row(self, *parts: str) -> str:
        return "".join(parts)

    def operator(self, sign: str) -> str:
        return {"·": "·", "∘": "∘", "∂": "∂", ",": ", ", "⊤": "ᵀ"}.get(sign, f" {sign} ")

    def negative(self, inside: str) -> str:
        return f"−{inside}"

    def brackets(self, inside: str, left: str = "(", right: str = ")") -> str:
        return f"{left}{inside}{right}"

    def fraction(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}ᵀ" if exponent == "ᵀ" else f"{base}^{exponent}"

    def root(self, inside: str) -> str:
        return f"√({inside})"

    def call(self, function: str, arguments: list[str]) -> str:
        return f"{function}({', '.join(arguments)})"

    def cases(self, choices: list[tuple[str, str]]) -> str:
        return " else ".join(f"{value} if {condition}" if condition else value for value, condition in choices)

    def reduce(self, operator: str, index: str, inside: str) -> str:
        return f"{operator}{f'_{index}' if index else ''} {inside}"

    def entry(self, whole: str, index: str) -> str:
        return f"{whole}[{index}]"

    def matrix(self, cells: list[list[float | None]]) -> str:
        rows = [["…" if cell is None else self.number(cell).text for cell in row] for row in cells]
        return self.table([["…"] if set(row) == {"…"} else row for row in rows])

    def table(self, rows: list[list[str]]) -> str:
        return f"[{'; '.join(' '.join(cell.replace(' ', '') for cell in row) for row in rows)}]"

    def display(self, cells: list[list[float | None]]) -> str:
        """Write a matrix that stands alone, with a line for each row and the decimal points of each column aligned.

        Examples
        --------
        >>> print(Text().display([[-1.5, 0.25], [20.0, 0.5]]))
        [−1.5 0.25;
         20   0.5 ]
        """
        padded = [
            ["…" if cell is None else self.number(cell).text + " " * len(right)
             for cell, (_, right) in zip(row, around, strict=True)]
            for row, around in zip(cells, columns_around(cells, self.digits), strict=True)
        ]  # fmt: skip
        widths = [max(map(len, column)) for column in zip(*padded, strict=True)]
        rows = [" ".join(map(str.rjust, row, widths)) for row in padded]
        return "[" + ";\n ".join(rows) + "]"

    def words(self, text: str) -> str:
        return text

    def rest(self, count: int, value: str | None) -> str:
        return "…" if value is None else f"… ({count} more: {value})"


def print_text(
    expression: ast.expr, digits: int = 4, matrices: AbstractSet[str] = frozenset(), *, condition: bool = False
) -> str:
    """Print an expression as plain text.

    Examples
    --------
    >>> print_text(ast.parse("(a - b) * (c - (d - 2.50)) / -x**2", mode="eval").body)
    '(a − b)·(c − (d − 2.5)) / (−x^2)'
    """
    return typeset(expression, Text(digits), frozenset(matrices), condition=condition)
