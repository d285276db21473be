"""How good predictions are on the scale of their task: accuracy for classes, R² for numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def accuracy(predicted: Array, actual: Array, sample_weight: Array | None = None) -> float:
    """Return the share of the predictions, by weight, that are right."""
    return float(np.average(predicted == actual, weights=sample_weight))


def r_squared(predicted: Array, actual: Array, sample_weight: Array | None = None) -> float:
    """Return R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)², the share of the variance that is explained; nan if all y are equal.

    Of several columns it is the mean.

    Examples
    --------
    >>> r_squared(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    0.5
    """
    return float(np.mean(r_squared_by_column(predicted, actual, sample_weight)))


def r_squared_by_column(predicted: Array, actual: Array, sample_weight: Array | None = None) -> Array:
    """Return the R² of each column."""

    def mean(values: Array) -> Array:
        return np.average(values, axis=0, weights=sample_weight)

    residual, spread = mean((actual - predicted) ** 2), mean((actual - mean(actual)) ** 2)
    return np.where(spread > 0, 1 - residual / np.where(spread > 0, spread, 1), np.nan)


def score(predicted: Array, actual: Array, *, classes: bool) -> float:
    """Return the accuracy of classes, or the R² of numbers."""
    return accuracy(predicted, actual) if classes else r_squared(predicted, actual)


def score_name(*, classes: bool) -> str:
    """Return the name of what `score` computes."""
    return "accuracy" if classes else "R²"
