"""`fold_rows`: shares the rows of a problem out to folds, each class by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def fold_rows(y: Array, rows: Array, count: int, seed: int, classes: int | None) -> list[tuple[Array, Array]]:
    """Return for each of `count` folds the rows to train on and the rows held out, in order.

    Every row is held out once. The folds differ by one row at most, and so do they in the rows of each class.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 0, 1, 1])
    >>> [y[held_out].tolist() for _, held_out in fold_rows(y, np.arange(6), 2, seed=0, classes=2)]
    [[0, 0, 1], [0, 0, 1]]
    """
    rng = np.random.Generator(np.random.Philox(seed))
    groups = [rows] if classes is None else [rows[y[rows] == k] for k in range(classes)]
    order = np.concatenate([rng.permutation(group) for group in groups])
    folds = [np.sort(order[k::count]) for k in range(count)]
    return [(np.setdiff1d(rows, held_out, assume_unique=True), held_out) for held_out in folds]
