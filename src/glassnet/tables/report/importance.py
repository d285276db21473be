"""Text for the importance of columns: a ranking with bars, and a line with the first few."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from glassnet.tables.reading.table import cut

MOST = 20  # columns of a ranking
FEW = 5  # columns of the line
BAR = 24  # characters of the longest bar


def importance_text(training: Mapping[str, Any]) -> str:
    """Rank the columns of a model by the increase of its error once their cells are shuffled; "" if that is not known."""
    ranked = _ranked(training)
    if not ranked:
        return ""
    largest = max(ranked[0][1], 1e-300)
    names = [cut(name, 32) for name, *_ in ranked[:MOST]]
    width = max(map(len, names))
    lines = []
    for name, (_, mean, deviation) in zip(names, ranked, strict=False):
        number, bar = f"{mean:.4g}".replace("-", "−"), "█" * round(BAR * max(mean, 0) / largest)
        lines.append(f"  {name:{width}}  {number:>10} ± {deviation:<9.2g}  {bar}".rstrip())
    more = len(ranked) - MOST
    rows = (
        "held-out rows" if training.get("validation") or "validation" in training.get("rows", {}) else "rows trained on"
    )
    head = f"importance: increase of the {_measure(training)} on {rows} once the cells of a column are shuffled"
    return "\n".join([head, *lines, *([f"  … and {more:,} more columns"] if more > 0 else [])])


def most_read_text(training: Mapping[str, Any]) -> str:
    """Name the columns of most importance in a line; "" if that is not known."""
    first = [(name, mean) for name, mean, _ in _ranked(training) if mean > 0][:FEW]
    if not first:
        return ""
    said = ", ".join(f"{cut(name, 30)} ({mean:+.3g})" for name, mean in first)
    return f"what it reads most: {said}, by the increase of the {_measure(training)} once shuffled"


def _ranked(training: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Return the columns with mean and deviation of the increase, the largest first."""
    importance = training.get("importance") or {}
    known = [(name, mean, deviation) for name, (mean, deviation) in importance.items() if isfinite(mean)]
    return sorted(known, key=lambda each: -each[1])


def _measure(training: Mapping[str, Any]) -> str:
    return "RMSE" if "rmse" in (training.get("train") or {}) else "log loss"
