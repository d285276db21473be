"""The classifier's labels: scikit-learn's LabelBinarizer, and a short way to the same for a plain array of class labels.

scikit-learn finds out anew what kind of labels it has in every function it calls, milliseconds where a step of training takes
one. Plain arrays of numbers, truth values or text are what most labels are; all others, and all errors, are scikit-learn's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import LabelBinarizer

Array = NDArray[Any]


def make_binarizer(classes: Array, kind: str, sparse: bool = False) -> LabelBinarizer:
    """Return the binarizer that was fitted to labels of this kind ("binary", …) and these classes in order."""
    binarizer = LabelBinarizer()
    binarizer.classes_, binarizer.y_type_, binarizer.sparse_input_ = classes, kind, sparse
    return binarizer


def fit_binarizer(y: Any) -> LabelBinarizer:
    """Return `LabelBinarizer().fit(y)` for checked labels y."""
    if not (isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind in "biu"):
        return LabelBinarizer().fit(y)
    classes = np.unique(y)
    return make_binarizer(classes, "binary" if len(classes) <= 2 else "multiclass")


def places_among(classes: Array, y: Any) -> NDArray[np.intp] | None:
    """Return the place of each label of y in the ordered classes; None if one is not there or y is no plain array."""
    if not (
        isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind in "biufU" and y.dtype.kind == classes.dtype.kind
    ):
        return None
    places = np.searchsorted(classes, y)
    known = (places < len(classes)) & (classes.take(places, mode="clip") == y)
    return places if known.all() else None


def are_the_classes(classes: Array, given: Any) -> bool:
    """True if `given`, a list or an array, holds these classes in order; False also where it takes a longer look."""
    try:
        array = np.asarray(given)
    except ValueError:  # ragged
        return False
    return array.dtype.kind in "biufU" and array.dtype.kind == classes.dtype.kind and np.array_equal(array, classes)


def encode(binarizer: LabelBinarizer, y: Any) -> Array:
    """Return `binarizer.transform(y)` as truth values (n, k)."""
    classes = binarizer.classes_
    places = None if binarizer.y_type_ == "multilabel-indicator" else places_among(classes, y)
    if places is None:
        encoded = binarizer.transform(y)
        return (encoded.toarray() if hasattr(encoded, "toarray") else encoded).astype(bool)
    if len(classes) <= 2:
        return (places == 1)[:, None]
    return places[:, None] == np.arange(len(classes))


def decode(binarizer: LabelBinarizer, output: Array) -> Array:
    """Return the labels (n,), or (n, k) of several a row, for the network's outputs (n, k)."""
    classes = binarizer.classes_
    if binarizer.y_type_ == "multiclass" and not binarizer.sparse_input_:
        return classes.take(output.argmax(axis=1))
    if binarizer.y_type_ == "binary" and len(classes) == 2 and not binarizer.sparse_input_:
        return classes.take(output[:, 0] > 0.5)
    return binarizer.inverse_transform(output[:, 0] if output.shape[1] == 1 else output)
