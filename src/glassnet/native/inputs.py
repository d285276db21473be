"""The rows of a job in the form in which the compiled module takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.network.inputs import is_sparse


def inputs_of(X: Any) -> Any:
    """Return a dense X as it is, and of a sparse one the starts of its rows, the columns and the values."""
    if not is_sparse(X):
        return X
    starts, columns = np.ascontiguousarray(X.indptr, np.int64), np.ascontiguousarray(X.indices, np.int32)
    return starts, columns, np.ascontiguousarray(X.data)
