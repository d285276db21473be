"""The rows that training is measured on but never sees: split off, or brought by the user."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_sample_weight

from glassnet.errors import InputError
from glassnet.estimators.rows import Rows, as_rows, check_X

Array = NDArray[Any]


def split(
    estimator: Any, X: Any, Y: Array, sample_weight: Any, rng: np.random.RandomState
) -> tuple[Any, Array, Any, Rows]:
    """Hold out validation_fraction of the rows, stratified where there is one class label a row."""
    arrays = [X, Y] if sample_weight is None else [X, Y, sample_weight]
    # a column, not scikit-learn's (n, 1): of a matrix the splitter would make a string of each row, for the same split
    stratify = Y[:, 0] if is_classifier(estimator) and estimator.n_outputs_ == 1 else None
    try:
        parts = train_test_split(*arrays, random_state=rng, test_size=estimator.validation_fraction, stratify=stratify)
    except ValueError:
        if stratify is not None:  # scikit-learn's own matrix gives its own words
            train_test_split(*arrays, random_state=rng, test_size=estimator.validation_fraction, stratify=Y)
        raise
    train, held_out = parts[::2], parts[1::2]
    if held_out[0].shape[0] < 2:
        raise ValueError("The validation set is too small. Increase 'validation_fraction' or the size of your dataset.")
    weight, weight_val = (None, None) if sample_weight is None else (train[2], held_out[2])
    if weight is not None and not weight.any():
        raise InputError(
            "sample_weight: expected weights above 0 among the rows to train on; got none, all such rows are held out; lower "
            "validation_fraction, or pass X_val and y_val."
        )
    if weight_val is not None and not weight_val.any():
        raise InputError(
            "sample_weight: expected weights above 0 among the held-out rows; got none; raise validation_fraction, or pass "
            "X_val and y_val."
        )
    return train[0], train[1], weight, as_rows(held_out[0], held_out[1], weight_val, estimator.network_.dtype)


def validation_rows(estimator: Any, given: tuple[Any, ...]) -> Rows | None:
    """X_val, y_val and sample_weight_val as rows, or None if none were given."""
    X, y, sample_weight = given or (None, None, None)
    if X is None and y is None:
        if sample_weight is not None:
            raise InputError("sample_weight_val: expected X_val and y_val with it; got none; pass all three.")
        return None
    if X is None or y is None:
        missing = "X_val" if X is None else "y_val"
        raise InputError(f"{missing}: expected the other half of the validation data; got None; pass both.")
    X = check_X(estimator, X)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
    Y = estimator._encode(y)
    if len(Y) != X.shape[0]:
        raise InputError(f"y_val: expected {X.shape[0]} entries, one for each row of X_val; got {len(Y)}.")
    return as_rows(X, Y, sample_weight, estimator.network_.dtype)
