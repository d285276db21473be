"""Rows as the core takes them: X dense or CSR, Y dense, both in one floating type, with their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network.inputs import as_csr, as_dense, is_sparse

Array = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """X (n, d), encoded targets Y (n, k) and sample weights (n,) or None."""

    X: Array
    Y: Array
    sample_weight: Array | None

    @property
    def weight_sum(self) -> float:
        """Σ w, the number of rows where there are no weights."""
        return float(len(self.Y) if self.sample_weight is None else self.sample_weight.sum())


def dense(X: Any, dtype: Any) -> Array:
    """Return X as a dense C-ordered array of that dtype."""
    return np.ascontiguousarray(as_dense(X), dtype=dtype)


def as_inputs(X: Any, dtype: Any) -> Array:
    """Return X as the core takes it: a C-ordered array of that dtype, or a CSR array if it is sparse."""
    return as_csr(X, dtype) if is_sparse(X) else dense(X, dtype)


def as_rows(X: Any, Y: Any, sample_weight: Any, dtype: Any) -> Rows:
    """Return the rows with X, Y and weights as the core takes them."""
    weight = None if sample_weight is None else np.ascontiguousarray(sample_weight, dtype=dtype)
    return Rows(as_inputs(X, dtype), dense(Y, dtype), weight)
