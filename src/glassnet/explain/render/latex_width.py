"""Estimates how wide a formula in LaTeX is set, in points at 10pt, for lines to be broken before they are too long."""

from __future__ import annotations

import re
from collections.abc import Iterator

SCRIPT, SMALL = 0.75, 0.69  # size of what stands above or below a letter, and of a small matrix
CHARACTERS = {
    ".": 2.8,
    ",": 4.5,
    ":": 2.8,
    "(": 3.9,
    ")": 3.9,
    "[": 2.8,
    "]": 2.8,
    "-": 7.8,
    "'": 2.8,
    " ": 0.0,
    "&": 0.0,
}
COMMANDS = {
    " + ": 12.3,
    " - ": 12.3,
    " = ": 13.4,
    r"\cdot": 7.3,
    r"\,": 1.7,
    r"\ ": 3.4,
    r"\quad": 10.0,
    r"\sum": 15.0,
    r"\max": 19.0,
    r"\min": 18.0,
    r"\exp": 16.0,
    r"\tanh": 24.0,
    r"\ln": 9.0,
    r"\cdots": 13.0,
    r"\vdots": 3.0,
    r"\left": 3.5,
    r"\right": 3.5,
    r"\infty": 10.0,
    r"\times": 12.3,
    r"\odot": 12.3,
    r"\oslash": 12.3,
    r"\circ": 5.0,
    r"\approx": 13.4,
    r"\le": 13.4,
    r"\ge": 13.4,
    r"\ne": 13.4,
    r"\prime": 3.0,
    r"\lvert": 2.8,
    r"\rvert": 2.8,
    r"\lVert": 5.0,
    r"\rVert": 5.0,
}
INSIDE = {r"\hat": 0.0, r"\tilde": 0.0, r"\bar": 0.0, r"\mathrm": 0.0, r"\operatorname": 0.0, r"\mathcal": 0.0}
INSIDE |= {r"\text": 0.0, r"\phantom": 0.0, r"\sqrt": 9.0}  # commands that take a group: what they add to its width
_TOKENS = re.compile(r" [+-] | = |\\begin\{\w+\}|\\end\{\w+\}|\\\\|\\[a-zA-Z]+|\\.|.", re.DOTALL)


def latex_width(formula: str) -> float:
    """Return the estimated width in points.

    Examples
    --------
    >>> 20 < latex_width("a + b") < 26, 40 < latex_width(r"z^{[1]}_{0,1} = 0.25") < 56
    (True, True)
    """
    return _width(iter(_TOKENS.findall(formula)), "", 1.0)


def _width(tokens: Iterator[str], end: str, size: float) -> float:
    """Measure up to the token `end`; `size` is that of the letters, which is smaller in what stands above or below."""
    return sum(_parts(tokens, end, size))


def _parts(tokens: Iterator[str], end: str, size: float) -> Iterator[float]:
    script = 0.0  # the width of the superscript before, which a subscript shares
    for token in tokens:
        if token == end:
            return
        if token in "^_":
            width = _group(tokens, SCRIPT * size)
            yield max(width - script, 0.0)
            script = width
            continue
        script = 0.0
        if token == r"\frac":
            yield max(_group(tokens, size), _group(tokens, size)) + 3.0
        elif token == r"\underbrace":
            width = _group(tokens, size)
            next(tokens)
            yield max(width, _group(tokens, SCRIPT * size))
        elif token in INSIDE:
            yield _group(tokens, size) + INSIDE[token]
        elif token == "{":
            yield _width(tokens, "}", size)
        elif token.startswith(r"\begin"):
            yield _table(tokens, token.replace("begin", "end")) * (SMALL if "small" in token else 1.0)
        else:
            yield (COMMANDS[token] if token in COMMANDS else _character(token)) * size


def _character(character: str) -> float:
    """Measure a letter, a digit or a sign, or a command that is a letter."""
    return 5.0 if character.isdigit() else CHARACTERS.get(character, 8.0 if character.isupper() else 6.0)


def _group(tokens: Iterator[str], size: float) -> float:
    token = next(tokens, "")
    return _width(tokens, "}", size) if token == "{" else _character(token) * size


def _table(tokens: Iterator[str], end: str) -> float:
    """Measure a matrix or a choice, which is never set smaller: its widest cells, side by side."""
    rows: list[list[list[str]]] = [[[]]]
    depth = 0
    for token in tokens:
        if token == end and depth == 0:
            break
        depth += token.startswith((r"\begin", "{")) - token.startswith((r"\end", "}"))
        if token == "&" and depth == 0:
            rows[-1].append([])
        elif token == r"\\" and depth == 0:
            rows.append([[]])
        else:
            rows[-1][-1].append(token)
    count = max(map(len, rows))
    columns = [max(_width(iter(row[k]), "", 1.0) for row in rows if k < len(row)) for k in range(count)]
    return sum(columns) + 10.0 * (count - 1) + 12.0
