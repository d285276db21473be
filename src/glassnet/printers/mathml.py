"""Prints expressions as MathML Core, which browsers show without loading anything."""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet
from html import escape

from glassnet.printers.matrices import ROWS, columns_around
from glassnet.printers.numbers import significant
from glassnet.printers.symbols import LETTERS, Symbol
from glassnet.printers.typeset import Piece, typeset

_TALL = ("mfrac", "mtable", "munder", "msqrt")  # brackets around these grow with them
_ACCENTS = {"hat": "^", "tilde": "~", "bar": "¯"}


class MathML:
    """The notation of MathML; `digits` are the significant digits of numbers; `timed` writes the optimizer's state as mₜ, mₜ₋₁."""

    flat_fractions = False

    def __init__(self, digits: int = 4, *, timed: bool = False, rows: int | None = ROWS) -> None:
        self.digits, self.timed, self.rows = digits, timed, rows

    def symbol(self, written: Symbol) -> str:
        letter = f"<mi>{escape(LETTERS.get(written.letter, written.letter))}</mi>"
        if written.accent in _ACCENTS:
            letter = f'<mover accent="true">{letter}<mo stretchy="false">{_ACCENTS[written.accent]}</mo></mover>'
        above = "<mo>′</mo>" if written.accent == "prime" else ""
        above += f"<mtext>{written.above}</mtext>" if written.above else ""
        sub = written.sub or ("t" if self.timed and written.state else "")
        below = "<mo>,</mo>".join(_below(part) for part in (sub, *written.index) if part)
        if below and above:
            text = f"<msubsup>{letter}{_row(below)}{_row(above)}</msubsup>"
        elif below:
            text = f"<msub>{letter}{_row(below)}</msub>"
        else:
            text = f"<msup>{letter}{_row(above)}</msup>" if above else letter
        return f"<mrow><mi>d</mi>{text}</mrow>" if written.differential else text

    def number(self, value: float) -> Piece:
        text, power = significant(value, self.digits)
        minus = text.startswith("-")
        text = {"inf": "∞", "nan": "nan"}.get(text.lstrip("-"), text.lstrip("-"))
        number = f"<mn>{text}</mn>"
        if power is not None:
            exponent = f"<mn>{power}</mn>" if power >= 0 else f"<mrow><mo>−</mo><mn>{-power}</mn></mrow>"
            number = f"{number}<mo>×</mo><msup><mn>10</mn>{exponent}</msup>"
        number = f'<mo form="prefix" lspace="0" rspace="0">−</mo>{number}' if minus else number
        return Piece(_row(number), 4 if power is None else 2, minus)

    def row(self, *parts: str) -> str:
        return _row("".join(parts))

    def operator(self, sign: str) -> str:
        return {"@": '<mo rspace="0.1em">&#8290;</mo>', "⊤": "<mo>⊤</mo>"}.get(sign, f"<mo>{escape(sign)}</mo>")

    def negative(self, inside: str) -> str:
        return f'<mrow><mo form="prefix">−</mo>{inside}</mrow>'

    def brackets(self, inside: str, left: str = "(", right: str = ")") -> str:
        fixed = "" if any(f"<{tag}" in inside for tag in _TALL) else ' stretchy="false"'
        left, right = (
            f'<mo fence="true" form="{form}"{fixed}>{fence}</mo>'
            for form, fence in (("prefix", left), ("postfix", right))
        )
        return f"<mrow>{left}{inside}{right}</mrow>"

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac>{_row(above)}{_row(below)}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{_row(base)}{_row(exponent)}</msup>"

    def root(self, inside: str) -> str:
        return f"<msqrt>{inside}</msqrt>"

    def call(self, function: str, arguments: list[str]) -> str:
        prime = "′" if function.startswith("d_") else ""  # the name of a derivative
        function = function.removeprefix("d_")
        name = {"sigmoid": "σ"}.get(function, function.replace("_", " "))
        inside = _row("<mo>,</mo>".join(arguments))
        return f"<mrow><mi>{escape(name)}{prime}</mi><mo>&#8289;</mo>{self.brackets(inside)}</mrow>"

    def cases(self, choices: list[tuple[str, str]]) -> str:
        rows = [
            f"<mtr><mtd>{value}</mtd><mtd>{f'<mtext>if&nbsp;</mtext>{condition}' if condition else OTHERWISE}</mtd></mtr>"
            for value, condition in choices
        ]
        table = f"<mtable>{''.join(rows)}</mtable>".replace("&nbsp;", "&#160;")
        return f'<mrow><mo fence="true" form="prefix">{{</mo>{table}</mrow>'

    def reduce(self, operator: str, index: str, inside: str) -> str:
        sign = "<mo>∑</mo>" if operator == "Σ" else "<mi>max</mi>"
        sign = f"<munder>{sign}<mi>{index}</mi></munder>" if index else sign
        return f"<mrow>{sign}{inside}</mrow>"

    def entry(self, whole: str, index: str) -> str:
        return f"<msub>{_row(whole)}<mi>{index}</mi></msub>"

    def matrix(self, cells: list[list[float | None]]) -> str:
        """Write numbers in brackets; invisible digits align the decimal points of a column."""
        rows = [
            [self._cell(row, cell, *missing) for cell, missing in zip(row, around, strict=True)]
            for row, around in zip(cells, columns_around(cells, self.digits), strict=True)
        ]
        return self.table(rows)

    def _cell(self, row: list[float | None], cell: float | None, left: str, right: str) -> str:
        if cell is None:
            return left_out(row)
        hidden = [f"<mphantom><mn>{text}</mn></mphantom>" if text else "" for text in (left.lstrip("−"), right)]
        sign = '<mphantom><mo form="prefix" lspace="0" rspace="0">−</mo></mphantom>' if left.startswith("−") else ""
        return _row(f"{sign}{hidden[0]}{self.number(cell).text}{hidden[1]}")

    display = matrix

    def table(self, rows: list[list[str]]) -> str:
        table = "".join(f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in row)}</mtr>" for row in rows)
        return self.brackets(f"<mtable>{table}</mtable>", "[", "]")

    def words(self, text: str) -> str:
        return f"<mtext>{escape(text)}</mtext>".replace(" ", "&#160;")

    def rest(self, count: int, value: str | None) -> str:
        if value is None:
            return "<mo>⋯</mo>"
        return f"<munder><munder>{_row(value)}<mo>⏟</mo></munder><mtext>{count} more</mtext></munder>"


def left_out(row: list[float | None]) -> str:
    """Return the dots for a cell left out: ⋮ if the whole row is left out, else ⋯."""
    return "<mo>⋮</mo>" if all(cell is None for cell in row) else "<mo>⋯</mo>"


OTHERWISE = "<mtext>otherwise</mtext>"


def print_mathml(
    expression: ast.expr,
    digits: int = 4,
    matrices: AbstractSet[str] = frozenset(),
    *,
    exp: bool = False,
    condition: bool = False,
) -> str:
    """Print an expression as presentation MathML, to be put between <math> and </math>.

    Examples
    --------
    >>> print_mathml(ast.parse("1 / (1 + x)", mode="eval").body)
    '<mfrac><mn>1</mn><mrow><mn>1</mn><mo>+</mo><mi>x</mi></mrow></mfrac>'
    """
    return typeset(expression, MathML(digits), frozenset(matrices), exp=exp, condition=condition)


def _row(inside: str) -> str:
    """Return one element: several are put in an <mrow>."""
    return inside if _is_one(inside) else f"<mrow>{inside}</mrow>"


def _is_one(text: str) -> bool:
    """Return True if the text is a single element."""
    if not text.startswith("<"):
        return False
    depth, place = 0, 0
    while place < len(text):
        end = text.index(">", place)
        if text[place + 1] == "/":
            depth -= 1
        else:
            depth += 1
        if depth == 0:
            return end == len(text) - 1
        place = text.index("<", end)
    return False


def _below(part: str) -> str:
    if part.isdigit():
        return f"<mn>{part}</mn>"
    if part == "t−1":
        return "<mi>t</mi><mo>−</mo><mn>1</mn>"
    return f"<mi>{part}</mi>" if len(part) == 1 else f"<mtext>{escape(part)}</mtext>"
