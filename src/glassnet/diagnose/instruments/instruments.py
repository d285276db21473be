"""Instruments: functions of plain arrays that measure a network in training, and the Look that holds their readings.

Cheap ones (loss, gradient, update, distance) are read at every look; costly ones (a forward pass over many rows:
dead and saturated units, histograms) at a few of them. The choice of quantities follows Cockpit (Schneider, Dangel &
Hennig, NeurIPS 2021, arXiv:2102.06604).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BINS = 24
MOST_DOT = 10_000
TINY = 1e-300  # keeps a ratio of two zeros finite


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of the values between edges, `len(edges) == len(counts) + 1`."""

    edges: Array
    counts: Array


@dataclass(frozen=True, eq=False)
class Detail:
    """Readings of a forward and a backward pass over many rows, by layer.

    `dead`: share of units whose slope is 0 on every row; `saturated`: share of values on the flat part of a bounded
    activation; `spread`: root mean square of Z; `signal`: that of ∂L/∂Z.
    """

    dead: Mapping[int, float]
    saturated: Mapping[int, float]
    spread: Mapping[int, float]
    signal: Mapping[int, float]
    activations: Mapping[int, Histogram]
    gradients: Mapping[int, Histogram]


@dataclass(frozen=True, eq=False)
class Look:
    """Readings of the instruments before step `step`: by layer 1 … L, the sizes of W, its gradient and its update.

    `weight`, `gradient`, `update` are root mean squares; `ratio` is update ÷ weight; `distance` is ‖θ − θ₀‖.
    """

    step: int
    loss: float
    weight: tuple[float, ...]
    gradient: tuple[float, ...]
    ratio: tuple[float, ...]
    distance: float
    detail: Detail | None = None


def rms(values: Array) -> float:
    """Return √(mean of squares); inf if an entry is not finite.

    Examples
    --------
    >>> rms(np.array([3.0, -3.0]))
    3.0
    """
    flat = values.ravel()
    if not flat.size:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        # the fastest sum of squares in NumPy, up to the size from which it is split among threads that wait for each other
        square = float(np.dot(flat, flat) if flat.size < MOST_DOT else np.sum(np.square(flat)))
        if not 1e-30 < square < 1e30:  # float32 over- or underflowed; float64 may not
            square = float(np.sum(np.square(flat, dtype=np.float64)))
    return math.sqrt(square / flat.size) if math.isfinite(square) else math.inf


def update_ratio(before: Array, after: Array) -> float:
    """Return rms(after − before) / rms(before): about 1e-3 in a healthy run; inf if weights at 0 start to move.

    Examples
    --------
    >>> round(update_ratio(np.array([1.0, -1.0]), np.array([1.001, -0.999])), 9)
    0.001
    """
    change, size = rms(after - before), rms(before)
    return change / size if size > 0 else (float("inf") if change > 0 else 0.0)


def dead_share(slopes: Array) -> float:
    """Return the share of units, columns of g'(Z) (n, units), whose slope is 0 on every row.

    Examples
    --------
    >>> dead_share(np.array([[0.0, 1.0], [0.0, 0.0]]))
    0.5
    """
    return float(np.mean(~np.any(slopes, axis=0)))


def saturated_share(slopes: Array, largest: float, line: float) -> float:
    """Return the share of entries of g'(Z) below `line` times the largest slope of the activation."""
    return float(np.mean(np.abs(slopes) < line * largest))


def depth_ratio(sizes: Sequence[float]) -> float:
    """Return the first layer's size ÷ the last one's: ≪ 1: vanishing gradient; ≫ 1: exploding gradient."""
    return sizes[0] / max(sizes[-1], TINY)


def histogram(values: Array, bins: int = BINS) -> Histogram:
    """Count values in equal bins over the range of the finite ones."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if finite.size == 0:
        finite = np.zeros(1)
    low, high = float(finite.min()), float(finite.max())
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        margin = max(abs(low), 1e-12) * 0.5
        low, high = low - margin, high + margin
    counts, edges = np.histogram(finite, bins=bins, range=(low, high))
    return Histogram(edges, counts)


def alike_units(W: Array, b: Array) -> bool:
    """True if all units of a layer have the same weights, so that they can only learn the same."""
    if W.shape[1] < 2:
        return False
    spread = max(float(np.ptp(W, axis=1).max()), float(np.ptp(b)))
    return spread <= 1e-12 * max(float(np.abs(W).max()), float(np.abs(b).max()), TINY)
