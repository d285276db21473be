"""Writes the numbers of a question as on paper."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

HALVES = (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0)


def number(value: float, digits: int = 4) -> str:
    """Return a number with few digits and a real minus sign."""
    return f"{float(value) + 0:.{digits}g}".replace("-", "−")


def rounded(values: np.ndarray | float, digits: int = 4) -> np.ndarray:
    """Return numbers as a reader sees them who is given `digits` significant digits."""
    return np.vectorize(lambda value: float(f"{value:.{digits}g}"), otypes=[float])(values)


def row(values: np.ndarray) -> str:
    """Return a row of numbers: (1, −2, 0.5)."""
    return "(" + ", ".join(number(value) for value in values) + ")"


def terms(pairs: Iterable[tuple[float, float]], *added: float) -> str:
    """Return a sum of products as it is typed into a calculator: 2 · 0.5 + (−1) · 1.5 + 0.5."""

    def inner(value: float) -> str:
        return f"({number(value)})" if value < 0 else number(value)

    parts = [f"{inner(a)} · {inner(b)}" for a, b in pairs] + [inner(value) for value in added]
    return " + ".join(parts)
