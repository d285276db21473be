"""Prints expressions as Typst's mathematics, to be put between dollar signs."""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet

from glassnet.printers.matrices import ROWS
from glassnet.printers.numbers import significant
from glassnet.printers.symbols import LETTERS, Symbol
from glassnet.printers.typeset import Piece, typeset

_SIGNS = {
    "∂": "partial",
    "−": "-",
    "·": "dot",
    "⊙": "dot.o",
    "⊘": "⊘",
    "∘": "compose",
    "≈": "approx",
    "@": "thin",
    "⊤": "top",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "←": "<-",
    ",": ",",
}
_BRACKETS = {"(": "(", ")": ")", "[": "[", "]": "]", "|": "bar.v", "‖": "bar.v.double"}
_IF, _OTHERWISE = '"if " ', '"otherwise"'
_FUNCTIONS = {"ln": "ln", "exp": "exp", "tanh": "tanh", "max": "max", "min": "min", "sigmoid": "sigma"}


class Typst:
    """The notation of Typst; `digits` are the significant digits of numbers."""

    flat_fractions = False

    def __init__(self, digits: int = 4, *, timed: bool = False, rows: int | None = ROWS) -> None:
        self.digits, self.timed, self.rows = digits, timed, rows

    def symbol(self, written: Symbol) -> str:
        letter = LETTERS.get(written.letter, written.letter)
        letter = quoted(written.letter) if written.word else letter
        if written.accent in ("hat", "tilde"):
            letter = f"{'hat' if written.accent == 'hat' else 'tilde'}({letter})"
        elif written.accent == "bar":
            letter = f"overline({letter})"
        prime = "prime " if written.accent == "prime" else ""
        above = f"^({prime}{quoted(written.above) if written.above else ''})" if prime or written.above else ""
        sub = written.sub or ("t" if self.timed and written.state else "")
        below = "\\,".join(_below(part) for part in (sub, *written.index) if part)
        text = f"{letter}{above}" + (f"_({below})" if below else "")
        return f"d {text}" if written.differential else text

    def number(self, value: float) -> Piece:
        text, power = significant(value, self.digits)
        text = {"inf": "infinity", "-inf": "-infinity", "nan": '"nan"'}.get(text, text)
        minus = text.startswith("-")
        if power is None:
            return Piece(text, minus=minus)
        return Piece(f"{text} times 10^({power})", 2, minus=minus)

    def row(self, *parts: str) -> str:
        return " ".join(parts)

    def operator(self, sign: str) -> str:
        return _SIGNS.get(sign, sign)

    def negative(self, inside: str) -> str:
        return f"-{inside}"

    def brackets(self, inside: str, left: str = "(", right: str = ")") -> str:
        return f"lr({_BRACKETS[left]} {inside} {_BRACKETS[right]})"

    def fraction(self, above: str, below: str) -> str:
        return f"frac({above}, {below})"

    def power(self, base: str, exponent: str) -> str:
        return f"attach({base}, t: {exponent})"

    def root(self, inside: str) -> str:
        return f"sqrt({inside})"

    def call(self, function: str, arguments: list[str]) -> str:
        prime = "'" if function.startswith("d_") else ""  # the name of a derivative
        name = function.removeprefix("d_")
        written = _FUNCTIONS.get(name) or f"op({quoted(name.replace('_', ' '))})"
        return f"{written}{prime} {self.brackets(' , '.join(arguments))}"

    def cases(self, choices: list[tuple[str, str]]) -> str:
        lines = [f"{value} & {_IF + condition if condition else _OTHERWISE}" for value, condition in choices]
        return f"cases({', '.join(lines)})"

    def reduce(self, operator: str, index: str, inside: str) -> str:
        return f"{'sum' if operator == 'Σ' else 'max'}{f'_({index})' if index else ''} {inside}"

    def entry(self, whole: str, index: str) -> str:
        return f"attach({whole}, b: {index})"

    def matrix(self, cells: list[list[float | None]]) -> str:
        return self.table([["dots.h" if cell is None else self.number(cell).text for cell in row] for row in cells])

    display = matrix

    def table(self, rows: list[list[str]]) -> str:
        return f'mat(delim: "[", {"; ".join(", ".join(row) for row in rows)})'

    def words(self, text: str) -> str:
        return quoted(text)

    def rest(self, count: int, value: str | None) -> str:
        return "dots.h" if value is None else f"underbrace({value}, {quoted(f'{count} more')})"


def print_typst(expression: ast.expr, digits: int = 4, matrices: AbstractSet[str] = frozenset()) -> str:
    """Print an expression as Typst's mathematics.

    Examples
    --------
    >>> print(print_typst(ast.parse("1 / (1 + np.sqrt(v_hat))", mode="eval").body))
    frac(1, 1 + sqrt(hat(v)))
    """
    return typeset(expression, Typst(digits), frozenset(matrices))


def quoted(text: str) -> str:
    r"""Return a text as a string of Typst, in which nothing is markup.

    Examples
    --------
    >>> print(quoted('a "b" \\ #c'))
    "a \"b\" \\ #c"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _below(part: str) -> str:
    if len(part) == 1 or part.isdigit():
        return part
    return "t - 1" if part == "t−1" else quoted(part)
