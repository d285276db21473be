"""Directional derivatives of the functions of a network, one by one: straight, from either side, or with a stated slope.

The direction is the imaginary part of the argument, as in the complex step. A function that does not run on complex
numbers, or takes a real abs, is differenced along it instead (Ridders 1982).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network.derivatives import COMPLEX_STEP

Array = NDArray[Any]

JUMP = 1e-9  # slopes of the two sides that differ by this share are those of a kink
LEVELS = 20  # halvings of the step of a difference
COLUMNS = 6  # extrapolations of a difference
ONE_SIDED = 1e-5  # the step of a one-sided difference


class Side(Enum):
    """The slope that a function takes at a kink: as the complex step finds it, of the left or right, or its stated one."""

    STRAIGHT = 0
    LEFT = -1
    RIGHT = 1
    STATED = 2


@dataclass(frozen=True)
class Directional:
    """A function of an array, evaluated at numbers x + i·v: f(x) + i·(its derivative along v).

    Attributes
    ----------
    f : the function, of each entry or of each row
    slope : its stated slope at real numbers, for a function of each entry; None for one of each row
    near : array or number
        The distance at which a number counts as at a kink: what rounding makes of it.
    scale : array or number
        The size of a step over which the function changes.
    analytic : bool
        True if f takes the complex step.
    at : array
        The numbers that the network gives it.
    builtin : bool
        True if f is the package's own.
    """

    f: Callable[[Array], Array]
    slope: Callable[[Array], Array] | None
    near: Any
    scale: Any
    analytic: bool
    at: Array
    builtin: bool

    @cached_property
    def smooth(self) -> bool:
        """True if none of the numbers is known to be at a kink, nor could be: both sides have one slope."""
        if self.slope is None:
            return self.builtin
        v = self.at + 1j * COMPLEX_STEP
        with np.errstate(all="ignore"):
            left, right = self.along(v, -1), self.along(v, 1)
        return bool((np.abs(right - left) <= JUMP * np.maximum(np.abs(left), np.abs(right))).all())

    def __call__(self, x: Array, side: Side) -> Array:
        v = np.imag(x)
        if not np.any(v):
            return np.asarray(self.f(np.real(x)))
        if side is Side.STRAIGHT and self.analytic:
            return self.f(x)
        value = self.f(np.real(x))
        if side is not Side.STATED:
            return np.asarray(value + 1j * self.along(x, side.value))
        along = self.along(x, 0)
        if self.slope is None:
            return np.asarray(value + 1j * along)
        left, right, stated = self.along(x, -1), self.along(x, 1), self.slope(np.real(x)) * v
        low, high = np.minimum(left, right), np.maximum(left, right)
        jump = JUMP * np.maximum(np.abs(low), np.abs(high))
        taken = (high - low > jump) & (stated >= low - jump) & (stated <= high + jump)
        return np.asarray(value + 1j * np.where(taken, stated, along))

    def along(self, x: Array, side: int) -> Array:
        """Return the derivative along v = Im x: at x, or on the side to which v moves it (1) or from which it comes (-1)."""
        x, v = np.real(x), np.imag(x)
        size = np.abs(v) if self.slope is not None else np.abs(v).max(axis=-1, keepdims=True)
        u = v / np.where(size > 0, size, 1)
        if self.analytic:
            return np.imag(self.f(x + side * self.near * u + 1j * v))

        def moved(t: Any) -> Array:
            return self.f(x + t * u)

        scale = np.broadcast_to(self.scale, x.shape)
        scale = scale if self.slope is not None else scale.max(axis=-1, keepdims=True)
        return size * (_one_sided(moved, side * ONE_SIDED * scale) if side else _ridders(moved, 0.1 * scale))


def takes_complex_step(f: Callable[[Array], Array], at: Array, scale: Any, rowwise: bool) -> bool:
    """Return True if the complex step gives the slope of a function of each entry, or of each row, wherever it has one.

    Numbers that a difference cannot tell from rounding decide nothing.
    """
    u = np.random.default_rng(0).uniform(0.5, 1, at.shape) if rowwise else np.ones(at.shape)
    h = 1e-5 * np.broadcast_to(scale, at.shape)
    h = h.max(axis=-1, keepdims=True) if rowwise else h
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a function of one's own drops the imaginary part
            stepped = np.imag(f(at + COMPLEX_STEP * 1j * u)) / COMPLEX_STEP
    except Exception:  # noqa: BLE001 - whatever a function of one's own does with complex numbers
        return False
    here, up, down = f(at), f(at + h * u), f(at - h * u)
    right, left = (up - here) / h, (here - down) / h
    noise = 1e2 * np.finfo(float).eps * np.maximum(np.abs(up), np.abs(down)) / h
    allowed = 1e-3 * (np.abs(right) + np.abs(left)) + noise
    smooth = np.isfinite(right + left) & (np.abs(right - left) <= allowed)  # no kink between
    return bool((np.abs(stepped - (right + left) / 2) <= allowed)[smooth].all())


def _ridders(g: Callable[[Any], Array], h: Any) -> Array:
    """Return the derivative of g at 0 by centred differences over h, h/2, h/4, …, extrapolated; the steadiest counts."""
    above: list[Array] = []
    best, least = np.asarray(np.nan), np.asarray(np.inf)
    for level in range(LEVELS):
        step = h / 2**level
        row = [(g(step) - g(-step)) / (2 * step)]
        for column, coarser in enumerate(above[: COLUMNS - 1]):
            finer = row[column]
            row.append((4 ** (column + 1) * finer - coarser) / (4 ** (column + 1) - 1))
            error = np.maximum(np.abs(row[-1] - finer), np.abs(row[-1] - coarser))
            best, least = np.where(error < least, row[-1], best), np.fmin(error, least)
        above = row
    return best


def _one_sided(g: Callable[[Any], Array], h: Any) -> Array:
    """Return the derivative of g at 0 on the side of h."""
    return (4 * g(h) - 3 * g(0.0) - g(2 * h)) / (2 * h)
