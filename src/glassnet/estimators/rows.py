"""Rows as the core takes them: X dense or CSR, Y dense, both in one floating type, with their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

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


def check_X(estimator: Any, X: Any) -> Any:
    """Return rows for a fitted estimator as scikit-learn's validate_data does, which plain arrays need not be shown."""
    if _is_plain_X(estimator, X):
        return X
    return validate_data(estimator, X, accept_sparse=["csr", "csc"], reset=False)


def check_X_y(estimator: Any, X: Any, y: Any, first: bool, y_numeric: bool = False) -> tuple[Any, Any]:
    """Return rows and targets as validate_data does, which plain arrays need be shown only in a `first` fit."""
    if first or not (_is_plain_X(estimator, X) and _is_plain_y(y, X.shape[0])):
        X, y = validate_data(
            estimator,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=y_numeric,
            dtype=(np.float64, np.float32),
            reset=first,
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    return X, y


def _is_plain_X(estimator: Any, X: Any) -> bool:
    """True for a NumPy or CSR array of finite floats of the right shape, which validate_data would return as it is."""
    if type(X) not in (np.ndarray, csr_array, csr_matrix) or X.dtype not in (np.float64, np.float32) or X.ndim != 2:
        return False
    right = X.shape[0] > 0 and X.shape[1] == estimator.n_features_in_ and not hasattr(estimator, "feature_names_in_")
    return right and _finite(X if type(X) is np.ndarray else X.data)


def _is_plain_y(y: Any, n: int) -> bool:
    return type(y) is np.ndarray and y.shape == (n,) and (y.dtype.kind in "biu" or (y.dtype.kind == "f" and _finite(y)))


def _finite(array: Array) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(
            np.isfinite(array.sum())
        )  # the sum of finite numbers may overflow: they are then looked at one by one


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
