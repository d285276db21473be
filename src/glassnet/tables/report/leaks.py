"""Scores each column alone, to find one that gives the target away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST_ROWS = 4_000  # a score of many rows is known well enough from some
MOST_COLUMNS = 300
BINS = 50


def score_alone(
    X: Any, y: Array, groups: Mapping[str, Array | Sequence[int]], classes: int | None = None, seed: int = 0
) -> dict[str, float]:
    """Return for each column how much of the target it tells by itself, 0 for nothing and 1 for everything.

    `X` are a network's inputs (n, d), dense or sparse, `groups` the features of each column, `y` class indices or
    numbers. A column's values fall into at most 50 bins of equal size, or one a value where it has fewer. A bin
    predicts, for the half of the rows that it was not counted on, its majority class or its mean, or the column is
    correlated with the numbers. The score is the share of the constant's error, of rows or of squares, that this avoids.
    """
    if len(groups) > MOST_COLUMNS:
        return {}
    rng = np.random.Generator(np.random.Philox(seed))
    rows = rng.permutation(len(y))[:MOST_ROWS]
    X, y, first = X[rows], y[rows], np.arange(len(rows)) % 2 == 0
    found = {}
    for name, features in groups.items():
        values = _as_one(X, features)
        bins = _bins(values)
        found[name] = min(_avoided(bins[a], y[a], bins[~a], y[~a], classes) for a in (first, ~first))
        if classes is None:
            found[name] = max(found[name], _correlation(values, y) ** 2)
    return found


def _as_one(X: Any, features: Array | Sequence[int]) -> Array:
    """Return one number for each row that differs where the features differ, and grows with each of them."""
    weights = np.sqrt(np.arange(2, 2 + len(features)))  # no two sums of few of them are alike
    return np.asarray(X[:, list(features)] @ weights, np.float64).round(9)


def _bins(values: Array) -> Array:
    distinct, places = np.unique(values, return_inverse=True)
    if len(distinct) > BINS:
        edges = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])
        return np.searchsorted(edges, values)
    return places


def _avoided(bins: Array, y: Array, at: Array, actual: Array, classes: int | None) -> float:
    """Return the share of the constant's error on (at, actual) that the bins' predictions from (bins, y) avoid."""
    most = int(max(bins.max(), at.max())) + 1
    if classes is None:
        counts = np.bincount(bins, minlength=most)
        means = np.where(counts > 0, np.bincount(bins, y, most) / np.maximum(counts, 1), y.mean())
        error, of_constant = np.sum((actual - means[at]) ** 2), np.sum((actual - y.mean()) ** 2)
    else:
        table = np.bincount(bins * classes + y, minlength=most * classes).reshape(most, classes)
        majority = int(np.argmax(np.bincount(y)))
        guess = np.where(table.sum(axis=1) > 0, np.argmax(table, axis=1), majority)
        error, of_constant = np.sum(guess[at] != actual), np.sum(actual != majority)
    return float(1 - error / of_constant) if of_constant > 0 else 0.0


def _correlation(values: Array, y: Array) -> float:
    a, b = values - values.mean(), y - y.mean()
    size = float(np.sqrt(np.sum(a**2) * np.sum(b**2)))
    return float(np.sum(a * b)) / size if size > 0 else 0.0
