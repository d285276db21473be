"""Rows as the core takes them: X and Y dense and in one floating type, with their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BLOCK_ROWS = 4096  # of a sparse X made dense at a time for prediction


@dataclass(frozen=True)
class Rows:
    """X (n, d), encoded targets Y (n, k) and sample weights (n,) or None."""

    X: Array
    Y: Array
    sample_weight: Array | None

    @property
    def weight_sum(self) -> float:
        """Σ w, the number of rows where there are no weights."""
        return float(len(self.X) if self.sample_weight is None else self.sample_weight.sum())


def dense(X: Any, dtype: Any) -> Array:
    """Return X as a dense C-ordered array of that dtype."""
    return np.ascontiguousarray(X.toarray() if hasattr(X, "toarray") else X, dtype=dtype)


def as_rows(X: Any, Y: Any, sample_weight: Any, dtype: Any) -> Rows:
    """Return the rows with X, Y and weights dense, C-ordered and of that dtype."""
    Y = dense(Y, dtype)
    weight = None if sample_weight is None else np.ascontiguousarray(sample_weight, dtype=dtype)
    return Rows(dense(X, dtype), Y, weight)
