"""Prints expressions as LaTeX for math mode; of packages only amsmath is needed."""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet

from glassnet.printers.matrices import ROWS, columns_around
from glassnet.printers.numbers import significant
from glassnet.printers.symbols import LETTERS, Symbol
from glassnet.printers.typeset import Piece, typeset

_SIGNS = {
    "∂": r"\partial ",
    "−": "-",
    "·": r"\cdot ",
    "⊙": r"\odot ",
    "⊘": r"\oslash ",
    "∘": r"\circ ",
    "≈": r"\approx ",
    "@": r"\,",
    "⊤": r"\top",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "=": "=",
    "←": r"\leftarrow ",
}
_LEFT = {"|": r"\lvert ", "‖": r"\lVert ", "(": "(", "[": "["}
_RIGHT = {"|": r"\rvert ", "‖": r"\rVert ", ")": ")", "]": "]"}
_FUNCTIONS = {"ln": r"\ln", "exp": r"\exp", "tanh": r"\tanh", "max": r"\max", "min": r"\min"}
_CALLS = {"sigmoid": r"\sigma", "N": r"\mathcal{N}", "U": r"\mathcal{U}"}


class Latex:
    """The notation of LaTeX; `digits` are the significant digits of numbers; `timed` writes the optimizer's state as mₜ, mₜ₋₁."""

    flat_fractions = False

    def __init__(self, digits: int = 4, *, timed: bool = False, rows: int | None = ROWS) -> None:
        self.digits, self.timed, self.rows = digits, timed, rows

    def symbol(self, written: Symbol) -> str:
        letter = f"\\{written.letter}" if written.letter in LETTERS else written.letter
        if written.word:
            letter = rf"\mathrm{{{escape(written.letter)}}}"
        if written.accent in ("hat", "tilde", "bar"):
            letter = rf"\{written.accent}{{{letter}}}"
        prime = r"\prime" if written.accent == "prime" else ""
        above = rf"^{{{prime}{written.above}}}" if prime or written.above else ""
        sub = written.sub or ("t" if self.timed and written.state else "")
        below = ",".join(_below(part) for part in (sub, *written.index) if part)
        return f"{'d' if written.differential else ''}{letter}{above}" + (f"_{{{below}}}" if below else "")

    def number(self, value: float) -> Piece:
        text, power = significant(value, self.digits)
        text = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{nan}"}.get(text, text)
        if power is None:
            return Piece(text, minus=text.startswith("-"))
        return Piece(rf"{text} \times 10^{{{power}}}", 2, minus=text.startswith("-"))

    def row(self, *parts: str) -> str:
        return "".join(parts)

    def operator(self, sign: str) -> str:
        text = _SIGNS.get(sign, sign).strip()
        if sign == "∂":
            return r"\partial "
        return text if sign == "⊤" else ", " if sign == "," else f" {text} "

    def negative(self, inside: str) -> str:
        return f"-{inside}"

    def brackets(self, inside: str, left: str = "(", right: str = ")") -> str:
        left, right = _LEFT[left], _RIGHT[right]
        tall = any(part in inside for part in (r"\frac", r"\begin", r"\sum", r"\sqrt"))
        return rf"\left{left}{inside}\right{right}" if tall else f"{left}{inside}{right}"

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def power(self, base: str, exponent: str) -> str:
        if not base.startswith("\\"):
            return rf"{{{base}}}^{{{exponent}}}"
        return rf"{{{{}}{base}}}^{{{exponent}}}"  # {} because TeX drops braces that hold an accent alone

    def root(self, inside: str) -> str:
        return rf"\sqrt{{{inside}}}"

    def call(self, function: str, arguments: list[str]) -> str:
        if function.startswith("d_"):  # the name of a derivative
            return f"{self.function(function[2:])}'{self.brackets(', '.join(arguments))}"
        return self.function(function) + self.brackets(", ".join(arguments))

    def function(self, name: str) -> str:
        return (
            _FUNCTIONS.get(name)
            or _CALLS.get(name)
            or rf"\operatorname{{{escape(name).replace(chr(92) + '_', chr(92) + ' ')}}}"
        )

    def cases(self, choices: list[tuple[str, str]]) -> str:
        lines = [f"{value} & {rf'{TEXT_IF}{condition}' if condition else OTHERWISE}" for value, condition in choices]
        return r"\begin{cases}" + r" \\ ".join(lines) + r"\end{cases}"

    def reduce(self, operator: str, index: str, inside: str) -> str:
        name = r"\sum" if operator == "Σ" else r"\max"
        return f"{name}{f'_{{{index}}}' if index else ''} {inside}"

    def entry(self, whole: str, index: str) -> str:
        return f"{whole}_{{{index}}}"

    def matrix(self, cells: list[list[float | None]]) -> str:
        """Write numbers in brackets; invisible digits align the decimal points of a column."""
        rows = []
        for row, around in zip(cells, columns_around(cells, self.digits), strict=True):
            dots = r"\vdots" if all(cell is None for cell in row) else r"\cdots"
            rows.append(
                [
                    dots if cell is None else f"{_hidden(left)}{self.number(cell).text}{_hidden(right)}"
                    for cell, (left, right) in zip(row, around, strict=True)
                ]
            )
        return self.table(rows)

    display = matrix

    def table(self, rows: list[list[str]]) -> str:
        return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"

    def words(self, text: str) -> str:
        return rf"\text{{{escape(text)}}}"

    def rest(self, count: int, value: str | None) -> str:
        return r"\cdots" if value is None else rf"\underbrace{{{value}}}_{{\text{{{count} more}}}}"


TEXT_IF, OTHERWISE = r"\text{if } ", r"\text{otherwise}"


def print_latex(
    expression: ast.expr,
    digits: int = 4,
    matrices: AbstractSet[str] = frozenset(),
    *,
    exp: bool = False,
    condition: bool = False,
) -> str:
    """Print an expression as LaTeX.

    Examples
    --------
    >>> print(print_latex(ast.parse("np.where(z > 0, z, slope * z) / (1 + np.sqrt(v_hat))", mode="eval").body))
    \\frac{\\begin{cases}z & \\text{if } z > 0 \\\\ \\mathrm{slope} \\cdot z & \\text{otherwise}\\end{cases}}{1 + \\sqrt{\\hat{v}}}
    """
    return typeset(expression, Latex(digits), frozenset(matrices), exp=exp, condition=condition)


def escape(text: str) -> str:
    """Escape the characters that LaTeX would read as commands."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)


def _hidden(text: str) -> str:
    return rf"\phantom{{{text.replace('−', '-')}}}" if text else ""


def _below(part: str) -> str:
    if len(part) == 1 or part.isdigit():
        return part
    return "t-1" if part == "t−1" else rf"\text{{{escape(part)}}}"
