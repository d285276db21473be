"""Equations of tokens, which all readers make.

A token is a sign, or a tuple: ("number", 0.5), ("name", names), ("entry", names, index), ("matrix", rows of cells),
("cases", value, test, other) or ("over", "sum", letters). `names` are the names that print so.
"""

from dataclasses import dataclass, field

RELATIONS = ("=", "≈")
SIGNS = {
    "−": "-",
    "·": "*",
    "⊙": "*",
    "⊘": "/",
    "\u2062": "@",
    "×": "*",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "⊤": "T",
    "ᵀ": "T",
    "⋯": "…",
    "⋮": "…",
}


@dataclass
class Equation:
    """The tokens of a left-hand side, of the forms it equals with the sign before each, and of the conditions."""

    step: str  # the symbol of the step under which it stands, or "given"
    left: list
    forms: list = field(default_factory=list)
    conditions: list = field(default_factory=list)
    exact: bool = False  # True if its numbers have all their digits


def equation(step, left, right, *, exact=False):
    """An equation of the tokens on its two sides; `right` begins with = or ≈."""
    found = Equation(step, left, exact=exact)
    since = next((k for k, token in enumerate(right) if token == "since"), len(right))
    for sign, form in split(right[:since], RELATIONS):
        found.forms.append((sign, form))
    found.conditions = [part for _, part in split([",", *right[since + 1 :]], (",",))] if since < len(right) else []
    return found


def split(tokens, signs):
    """Split at the signs outside of brackets; each part with the sign before it."""
    parts, depth = [], 0
    for token in tokens:
        depth += (token in ("(", "[")) - (token in (")", "]"))
        if depth == 0 and token in signs:
            parts.append((token, []))
        else:
            parts[-1][1].append(token)
    return parts
