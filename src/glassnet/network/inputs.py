"""Checks on what a user passes as X, y and sample_weight, and the encoding of y as the (n, k) targets of a loss."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.loss import Loss
from glassnet.errors import InputError

Array = NDArray[Any]


def check_X(X: Any, n_inputs: int, dtype: Any, name: str = "X") -> Array:
    """Return X as a C-ordered (n, n_inputs) array of dtype; raise InputError unless it is finite numbers of that shape.

    A sparse X of SciPy, in any format, becomes a CSR array with sorted column numbers, each once in a row.
    """
    array = as_csr(X, dtype, name) if is_sparse(X) else _numbers(X, name, dtype)
    if array.ndim != 2 or array.shape[1] != n_inputs:
        way_out = f"for one sample pass {name}[None, :]" if array.shape == (n_inputs,) else "pass rows of samples"
        raise InputError(f"{name}: expected shape (n, {n_inputs}); got {array.shape}; {way_out}.")
    if array.shape[0] == 0:
        raise InputError(f"{name}: expected at least one row; got shape {array.shape}; pass some samples.")
    _check_finite(array, name)
    return array


def is_sparse(X: Any) -> bool:
    """True for a sparse matrix or array of SciPy; does not import SciPy, which whoever made one has done."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(X))


def as_csr(X: Any, dtype: Any, name: str = "X") -> Any:
    """Return a sparse X as a CSR array of dtype in canonical format; X itself is not changed."""
    from scipy.sparse import csr_array

    _check_kind(X, name)
    if X.ndim != 2:
        return X  # refused for its shape
    if hasattr(X, "check_format"):
        try:
            X.check_format(full_check=True)
        except ValueError as error:
            raise InputError(f"{name}: expected a sparse matrix that fits together; got one whose {error}.") from None
    csr = X.tocsr()
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
    with np.errstate(over="ignore"):
        return csr_array((csr.data.astype(dtype, copy=False), csr.indices, csr.indptr), shape=csr.shape)


def as_dense(X: Any) -> Any:
    """Return X, or its dense array if it is sparse."""
    return X.toarray() if is_sparse(X) else X


def like(X: Any, other: Any) -> Any:
    """Return the rows `other` as a CSR array if X is one, and as a dense array if X is one."""
    return type(X)(other) if is_sparse(X) else as_dense(other)


def encode_targets(y: Any, n: int, n_outputs: int, loss: Loss, dtype: Any, name: str = "y") -> Array:
    """Return y as the (n, n_outputs) targets of `loss`; class numbers (n,) become one-hot rows for a softmax."""
    array = _numbers(y, name, dtype)
    if array.shape[:1] != (n,):
        raise InputError(
            f"{name}: expected {n} entries, one for each row of X; got shape {array.shape}; pass matching rows."
        )
    _check_finite(array, name)
    if loss.targets == "distribution" and array.ndim == 1:
        return _one_hot(array, n_outputs, name)
    if array.ndim == 1 and n_outputs == 1:
        array = array[:, None]
    if array.shape != (n, n_outputs):
        raise InputError(
            f"{name}: expected shape {_expected(n, n_outputs, loss)}; got {array.shape}; reshape it, or change the outputs."
        )
    _check_range(array, loss, name)
    return array


def check_sample_weight(sample_weight: Any, n: int, dtype: Any, name: str = "sample_weight") -> Array | None:
    """Return the weights as (n,) numbers ≥ 0 that are not all 0, or None for equal weights.

    What counts is how the weights compare, and the engines multiply losses by them and divide by their sum. So that no
    product overflows or vanishes, the largest must lie between 1/√max and √max of dtype (1e-19 and 1e19 in float32),
    and a weight too small for all its digits to survive in a product (1e-31 in float32, 1e-292 in float64) counts as 0.
    """
    if sample_weight is None:
        return None
    array = _numbers(sample_weight, name, dtype)
    if array.shape != (n,):
        raise InputError(
            f"{name}: expected shape ({n},), one for each row of X; got {array.shape}; pass None for equal weights."
        )
    _check_finite(array, name)
    if (array < 0).any():
        row = int(np.argmax(array < 0))
        raise InputError(f"{name}: expected numbers ≥ 0; got {array[row]:g} in row {row}; drop that row or weigh it 0.")
    kind = np.finfo(array.dtype)
    largest, limit = float(np.max(np.asarray(sample_weight, dtype=np.float64))), float(kind.max) ** 0.5
    if not largest > 0:
        raise InputError(f"{name}: expected at least one number > 0; got all zeros; pass None for equal weights.")
    if not 1 / limit <= largest <= limit:
        raise InputError(
            f"{name}: expected the largest between {1 / limit:.1g} and {limit:.1g} in {array.dtype}; got {largest:.3g}; "
            "multiply all by one constant."
        )
    too_small = array < kind.smallest_normal / kind.eps
    if too_small.any():
        array = np.where(too_small, 0, array)
    return array


def _numbers(values: Any, name: str, dtype: Any) -> Array:
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{name}: expected rows of one length; got ragged rows; pad or drop the odd ones.") from None
    if array.dtype.kind == "O":
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            array = array.astype(np.float64)
    _check_kind(array, name)
    with np.errstate(over="ignore"):  # what is too large for float32 becomes inf, and is reported as such
        return np.ascontiguousarray(array, dtype=dtype)


def _check_kind(array: Any, name: str) -> None:
    if array.dtype.kind not in "biuf":
        hint = (
            "encode classes with np.unique(y, return_inverse=True)"
            if name.startswith("y")
            else "encode text as numbers"
        )
        raise InputError(f"{name}: expected numbers; got {array.dtype}; {hint}.")


def _check_finite(array: Any, name: str) -> None:
    values = array.data if is_sparse(array) else array
    # the sum is nan or inf if an entry is; only then is each looked at
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()) or np.isfinite(values).all():
            return
    place = tuple(np.argwhere(~np.isfinite(values))[0])
    value = values[place]
    if values is not array:
        place = (np.searchsorted(array.indptr, place[0], side="right") - 1, array.indices[place[0]])
    where = f"row {place[0]}" + (f", column {place[1]}" if array.ndim == 2 else "")
    raise InputError(f"{name}: expected finite numbers; got {value} in {where}; fill in or drop that row.")


def _one_hot(classes: Array, k: int, name: str) -> Array:
    bad = (classes != np.round(classes)) | (classes < 0) | (classes >= k)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{name}: expected classes 0 … {k - 1}, one for each output; got {classes[row]:g} in row {row}; "
            "encode them with np.unique(y, return_inverse=True)."
        )
    Y = np.zeros((len(classes), k), dtype=classes.dtype)
    Y[np.arange(len(classes)), classes.astype(np.intp)] = 1
    return Y


def _check_range(Y: Array, loss: Loss, name: str) -> None:
    if loss.targets == "numbers":
        return
    if loss.targets == "distribution":
        bad = (Y < 0).any(axis=1) | (np.abs(Y.sum(axis=1) - 1) > 1e-5)
        expected, way_out = "rows of probabilities that sum to 1", "pass class numbers of shape (n,), or normalise"
    elif loss.targets == "counts":
        bad, expected = (Y < 0).any(axis=1), "counts ≥ 0"
        way_out = "use loss='squared_error' for numbers that can be negative"
    else:
        bad, expected = ((Y < 0) | (Y > 1)).any(axis=1), "classes 0 and 1 (or probabilities between)"
        way_out = "encode them with np.unique(y, return_inverse=True), or use output='softmax' for more classes"
    if bad.any():
        row = int(np.argmax(bad))
        shown = np.array2string(Y[row] if Y.shape[1] > 1 else Y[row, 0], precision=4, threshold=6)
        raise InputError(f"{name}: expected {expected} for loss {loss.name!r}; got {shown} in row {row}; {way_out}.")


def _expected(n: int, k: int, loss: Loss) -> str:
    flat = f"({n},) or " if k == 1 or loss.targets == "distribution" else ""
    return f"{flat}({n}, {k})"
