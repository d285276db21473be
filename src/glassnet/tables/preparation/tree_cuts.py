"""`tree_cuts`: cuts a number where a small regression tree on the target would, in NumPy."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def tree_cuts(ordered: Array, y: Array, leaves: int, least: int) -> Array:
    """Return the thresholds of a regression tree, sorted.

    Each split takes, of all leaves and places, the one that lowers the squared error of the leaf means most:
    |Σ_left y|²/n_left + |Σ_right y|²/n_right − |Σ y|²/n. Breiman, Friedman, Olshen and Stone, Classification and Regression
    Trees (1984), grown best first. A threshold lies halfway between two neighbouring values.

    Parameters
    ----------
    ordered : (n,) sorted values
    y : (n, m) targets in that order: a number, or the 0/1 indicators of classes
    leaves : int
        The most leaves.
    least : int
        The fewest rows of a leaf.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    >>> tree_cuts(x, np.array([[0.0], [0.0], [9.0], [9.0], [9.0], [5.0]]), leaves=3, least=1)
    array([2.5, 5.5])
    """
    y = y - y.mean(axis=0)
    rounding = 1e-12 * float((y**2).sum())
    sums = np.vstack([np.zeros(y.shape[1]), np.cumsum(y, axis=0)])
    places = np.flatnonzero(np.diff(ordered) > 0) + 1  # the first rows of new values, where a split may be
    heap: list[tuple[float, int, int, int]] = []

    def offer(start: int, stop: int) -> None:
        """Put the best split of the rows start … stop − 1 on the heap, if there is one."""
        low, high = np.searchsorted(places, [start + least, stop - least + 1])
        at = places[low:high]
        if not len(at):
            return
        left, right = sums[at] - sums[start], sums[stop] - sums[at]
        gain = (left**2).sum(axis=1) / (at - start) + (right**2).sum(axis=1) / (stop - at)
        best = int(np.argmax(gain))
        rise = float(gain[best] - ((sums[stop] - sums[start]) ** 2).sum() / (stop - start))
        if rise > rounding:
            heapq.heappush(heap, (-rise, start, int(at[best]), stop))

    offer(0, len(ordered))
    found: list[int] = []
    while heap and len(found) < leaves - 1:
        _, start, at, stop = heapq.heappop(heap)
        found.append(at)
        offer(start, at)
        offer(at, stop)
    rows = np.sort(np.array(found, np.intp))
    return (ordered[rows - 1] + ordered[rows]) / 2
