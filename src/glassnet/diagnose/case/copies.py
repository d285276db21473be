"""Copies among rows: which rows repeat others as no chance would have it, so that they must stand on one side of a split."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PRIVATE = 2  # columns whose value no other row has: two rows that share two such values are copies
FAR = 5  # columns in which every other row differs: rows that are equal by chance have neighbours that nearly are
REGULAR = (
    0.5  # variance ÷ mean of the counts of 100 distinct rows or more: 1 by chance, 0 for a table repeated as a whole
)
LOOKED_AT = 50  # rows whose distance to the others is measured


def hashes_of(X: Array, Y: Array) -> NDArray[np.int64]:
    """Return a number for each row that is the same for rows with equal inputs and targets."""
    X, Y = (np.asarray(values, dtype=np.float64) + 0.0 for values in (X, Y))  # −0 becomes 0
    rows = (hash((x.tobytes(), y.tobytes())) for x, y in zip(X, Y, strict=True))
    return np.fromiter(rows, dtype=np.int64, count=len(X))


def groups_of(X: Array, Y: Array) -> NDArray[np.intp]:
    """Return for each row the number of its group of rows with equal inputs and targets, in the order of their first rows."""
    _, first, group = np.unique(hashes_of(X, Y), return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.intp)
    place[np.argsort(first)] = np.arange(len(first))
    return place[group]


def copied(X: Array, Y: Array) -> NDArray[np.bool_]:
    """True for each row that has an equal one, unless equal rows are to be expected in a table of few distinct values.

    Equal rows count as copies if two or more of their columns hold values found in no other row, or if, as a rule, all
    other rows differ from them in five columns or more, or if all rows repeat about equally often.
    """
    group = groups_of(X, Y)
    _, first, size = np.unique(group, return_index=True, return_counts=True)
    if (size == 1).all():
        return np.zeros(len(X), dtype=bool)
    distinct = np.hstack([X[first], Y[first]])
    private = np.zeros(len(distinct), dtype=np.intp)
    for column in distinct.T:
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        private += count[place] == 1
    sure = private >= PRIVATE
    repeated = np.flatnonzero(size > 1)
    some = repeated[np.linspace(0, len(repeated) - 1, min(LOOKED_AT, len(repeated))).round().astype(int)]
    near = [np.sort((distinct != distinct[row]).sum(axis=1))[1] for row in some if len(distinct) > 1]
    whole = size.mean() >= 2 and len(size) >= 100 and size.var() < REGULAR * size.mean()
    if whole or (near and np.median(near) >= FAR):
        sure[:] = True
    result: NDArray[np.bool_] = (sure & (size > 1))[group]
    return result
