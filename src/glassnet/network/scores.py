"""How good predictions are on the scale of their task: accuracy for classes, R² for numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def accuracy(predicted: Array, actual: Array) -> float:
    """Return the share of predictions that are right."""
    return float(np.mean(predicted == actual))


def r_squared(predicted: Array, actual: Array) -> float:
    """Return R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)², the share of the variance that is explained; nan if all y are equal.

    Examples
    --------
    >>> r_squared(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    0.5
    """
    spread = float(np.sum((actual - actual.mean()) ** 2))
    return float(1 - np.sum((actual - predicted) ** 2) / spread) if spread > 0 else float("nan")


def score(predicted: Array, actual: Array, *, classes: bool) -> float:
    """Return the accuracy of classes, or the R² of numbers."""
    return accuracy(predicted, actual) if classes else r_squared(predicted, actual)


def score_name(*, classes: bool) -> str:
    """Return the name of what `score` computes."""
    return "accuracy" if classes else "R²"
