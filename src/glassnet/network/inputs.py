"""Checks on what a user passes as X, y and sample_weight, and the encoding of y as the (n, k) targets of a loss."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.loss import Loss
from glassnet.errors import InputError

Array = NDArray[Any]


def check_X(X: Any, n_inputs: int, dtype: Any, name: str = "X") -> Array:
    """Return X as a C-ordered (n, n_inputs) array of dtype; raise InputError unless it is finite numbers of that shape."""
    array = _numbers(X, name, dtype)
    if array.ndim != 2 or array.shape[1] != n_inputs:
        way_out = f"for one sample pass {name}[None, :]" if array.shape == (n_inputs,) else "pass rows of samples"
        raise InputError(f"{name}: expected shape (n, {n_inputs}); got {array.shape}; {way_out}.")
    if len(array) == 0:
        raise InputError(f"{name}: expected at least one row; got shape {array.shape}; pass some samples.")
    _check_finite(array, name)
    return array


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
    if array.dtype.kind not in "biuf":
        hint = (
            "encode classes with np.unique(y, return_inverse=True)"
            if name.startswith("y")
            else "encode text as numbers"
        )
        raise InputError(f"{name}: expected numbers; got {array.dtype}; {hint}.")
    with np.errstate(over="ignore"):  # what is too large for float32 becomes inf, and is reported as such
        return np.ascontiguousarray(array, dtype=dtype)


def _check_finite(array: Array, name: str) -> None:
    # the sum is nan or inf if an entry is; only then is each looked at
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum()) or np.isfinite(array).all():
            return
    place = np.argwhere(~np.isfinite(array))[0]
    where = f"row {place[0]}" + (f", column {place[1]}" if array.ndim == 2 else "")
    raise InputError(
        f"{name}: expected finite numbers; got {array[tuple(place)]} in {where}; fill in or drop that row."
    )


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
