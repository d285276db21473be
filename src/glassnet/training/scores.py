"""Scores of outputs against targets, larger is better: what scikit-learn's early stopping watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network import scores

Array = NDArray[Any]


def accuracy(output: Array, Y: Array, sample_weight: Array | None) -> float:
    """Return the share of the rows, by weight, whose largest output is that of their class."""
    return scores.accuracy(output.argmax(axis=1), Y.argmax(axis=1), sample_weight)


def exact_match(output: Array, Y: Array, sample_weight: Array | None) -> float:
    """Return the share of the rows, by weight, whose outputs all lie on the side of 0.5 that their 0/1 targets do."""
    return float(np.average(((output > 0.5) == (Y > 0.5)).all(axis=1), weights=sample_weight))


def r_squared(output: Array, Y: Array, sample_weight: Array | None) -> float:
    """Return R², the mean over the outputs; nan if an output is not finite.

    Of a target that is the same in all rows it is 1 if every output hits it, else 0.
    """
    if not np.isfinite(output).all():
        return float("nan")
    Y = Y.astype(np.float64)
    each = scores.r_squared_by_column(output, Y, sample_weight)
    hits = np.average((output - Y) ** 2, axis=0, weights=sample_weight) == 0
    return float(np.where(np.isnan(each), hits, each).mean())


SCORES: dict[str, Callable[[Array, Array, Array | None], float]] = {
    "accuracy": accuracy,
    "exact_match": exact_match,
    "r_squared": r_squared,
}
