"""Breaks long formulas at their signs: at = first, then at + and −, then between factors, never inside a fraction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Terms = list[list[str]]  # the terms of a formula, each as its factors; every piece but the first begins with its sign

RELATIONS, SUMS, PRODUCTS = (
    ("=", "≈", r"\approx"),
    ("+", "−"),
    ("·", "⊙", "⊘", "\u2062"),
)  # the last is the sign of a matrix product
LONG = 48  # characters in brackets from which on they may be broken inside, if they need not grow with what they hold
ON_A_PHONE = 24  # the same for MathML, which must fit a narrow screen


@dataclass(frozen=True)
class Signs:
    """The signs of a notation on one line: its tokens, those a line may end before, and its brackets."""

    tokens: re.Pattern[str]
    sums: frozenset[str]
    products: frozenset[str]
    opening: frozenset[str]
    closing: frozenset[str]


TEXT = Signs(
    re.compile(r" [+−=≈@⊙⊘/] |  \(since .*|[·()\[\]]|.", re.DOTALL),
    frozenset({" + ", " − ", " = ", " ≈ "}),
    frozenset({"·", " @ ", " ⊙ ", " ⊘ ", " / "}),
    frozenset("["),
    frozenset("]"),
)
LATEX = Signs(
    re.compile(
        r" (?:[+=-]|\\approx|\\cdot|\\odot|\\oslash|\\,) | \\quad \\text\{since \} |\\(?:begin|end)\{\w+\}|\\[a-zA-Z]+|\\.|.",
        re.DOTALL,
    ),
    frozenset({" + ", " - ", " = ", r" \approx ", r" \quad \text{since } "}),
    frozenset({r" \cdot ", r" \odot ", r" \oslash ", r" \, "}),
    frozenset({"{", "[", r"\left", r"\lvert", r"\lVert"}),
    frozenset({"}", "]", r"\right", r"\rvert", r"\rVert"}),
)


def terms_of(formula: str, signs: Signs) -> Terms:
    """Split a formula of one line into terms and factors, also inside of long brackets.

    Examples
    --------
    >>> terms_of("a·(b + c) − 1 = 2", TEXT)
    [['a', '·(b + c)'], [' − 1'], [' = 2']]
    """
    terms: Terms = [[""]]
    depth, brackets = 0, _short_brackets(formula, signs)
    for token in signs.tokens.finditer(formula):
        sign, place = token[0], token.start()
        if sign in signs.opening or sign.startswith(r"\begin") or place in brackets:
            depth += 1
        elif sign in signs.closing or sign.startswith(r"\end") or place in brackets.values():
            depth -= 1
        elif depth == 0 and (sign in signs.sums or sign.startswith("  (since")):
            terms.append([""])
        elif depth == 0 and sign in signs.products:
            terms[-1].append("")
        terms[-1][-1] += sign
    return terms


def _short_brackets(formula: str, signs: Signs) -> dict[int, int]:
    """Return the places of round brackets that hold too little to be broken: opening to closing."""
    found, opened = {}, []
    for token in signs.tokens.finditer(formula):
        if token[0] == "(":
            opened.append(token.start())
        elif token[0] == ")" and opened:
            start = opened.pop()
            if token.start() - start <= LONG:
                found[start] = token.start()
    return found


def lines_of(terms: Terms, width: float, measure: Callable[[str], float] = len) -> list[str]:
    """Lay a formula out in lines: in one if it fits, else each = on a line of its own, and these filled with terms.

    A term that is wider than a line alone is broken between its factors.

    Examples
    --------
    >>> lines_of([["aaa"], [" + bb", "·cc"], [" = d"]], 9)
    ['aaa', '+ bb·cc', '= d']
    """
    if measure("".join(piece for term in terms for piece in term)) <= width:
        return ["".join(piece for term in terms for piece in term)]
    lines, used = [""], 0.0
    for term in terms:
        whole = "".join(term)
        if lines[-1] and whole.lstrip().startswith(RELATIONS):
            lines.append("")
            used = 0.0
        for piece in [whole] if measure(whole) <= width else term:
            size = measure(piece)
            if lines[-1] and used + size > width:
                lines.append("")
                used = 0.0
            lines[-1] += piece
            used += size
    return [line.strip() for line in lines]


def fits(terms: Terms, width: float, measure: Callable[[str], float] = len) -> bool:
    """Return True if no term is wider than a line, so that none is broken between its factors."""
    return all(measure("".join(term)) <= width for term in terms)


def mathml_terms(formula: str) -> Terms:
    """Split a formula in MathML into terms and factors.

    Examples
    --------
    >>> mathml_terms("<mi>a</mi><mo>+</mo><mrow><mi>b</mi><mo>·</mo><mi>c</mi></mrow>")
    [['<mi>a</mi>'], ['<mo form="infix">+</mo><mi>b</mi>', '<mo form="infix">·</mo><mi>c</mi>']]
    """
    terms: list[list[list[Element]]] = [[[]]]
    for part in _opened(ElementTree.fromstring(f"<mrow>{formula}</mrow>")):
        sign = (part.text or "") if part.tag == "mo" and part.get("form") is None else ""
        if sign in RELATIONS + SUMS + PRODUCTS or (part.text or "").startswith("\u2003"):
            if sign:
                part.set("form", "infix")
            if sign in PRODUCTS:
                terms[-1].append([])
            elif terms[-1] != [[]]:
                terms.append([[]])
        terms[-1][-1].append(part)
        if sign == ",":
            terms.append([[]])
    return [["".join(ElementTree.tostring(part, "unicode") for part in piece) for piece in term] for term in terms]


def _opened(row: Element) -> Iterator[Element]:
    """Yield the elements of a row, those of rows within it in their place, and those of long brackets with nothing tall."""
    for part in row:
        bracket = part.tag == "mrow" and len(part) > 0 and part[0].get("fence") is not None
        whole = bracket and (part[0].get("stretchy") is None or len("".join(part.itertext())) <= ON_A_PHONE)
        if part.tag == "mrow" and not whole:
            yield from _opened(part)
        else:
            yield part
