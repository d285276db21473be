"""Points drawn by hand: they stand in the address, six characters each, so that a link needs no table on the server."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown

Array = NDArray[Any]

# the digits of base64url; a point is a number of 36 bits: x and y of 16 bits each, class of 3, and 1 if it is a test point
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
KINDS = ("points", "curve")  # points of classes in the plane; numbers y over x
ORIGIN, UNIT = 32768, 4096  # x = (16 bits − ORIGIN) / UNIT, from −8 to 8
MOST_POINTS, MOST_CLASSES = 500, 5
FEWEST_TRAIN, FEWEST_TEST = 2, 1

_DRAWN = re.compile(r"(points|curve):((?:[A-Za-z0-9_-]{6})+)")


def read_drawn(text: str) -> tuple[Array, Array, Array]:
    """Read points:… or curve:… of an address as points (n, 2), classes (n,), and True (n,) for each test point.

    Raises
    ------
    InputError
        If the text is anything else, or if there are too few points to learn from and to test with, or too many.

    Examples
    --------
    >>> points, classes, test = read_drawn("points:gACAAAkAB8ACeACMAD")
    >>> points.tolist()
    [[0.0, 0.0], [1.0, -0.25], [-0.5, 0.75]]
    >>> classes.tolist(), test.tolist()
    ([0, 1, 1], [False, False, True])
    """
    found = _DRAWN.fullmatch(text)
    if found is None:
        raise _error(
            "points:… or curve:… with six letters or digits for each point", shown(text), "copy the whole address"
        )
    digits = np.array([DIGITS.index(each) for each in found[2]]).reshape(-1, 6)
    if len(digits) > MOST_POINTS:
        raise _error(
            f"at most {MOST_POINTS} points drawn by hand", f"{len(digits)}", "erase some, or upload them as a CSV file"
        )
    numbers = digits @ 64 ** np.arange(5, -1, -1)
    points = np.column_stack([numbers >> 20, numbers >> 4 & 0xFFFF])
    classes, test = numbers >> 1 & 7, (numbers & 1).astype(bool)
    if test.sum() < FEWEST_TEST or (~test).sum() < FEWEST_TRAIN:
        got = f"{(~test).sum()} and {test.sum()}"
        raise _error(f"at least {FEWEST_TRAIN} training points and {FEWEST_TEST} test point", got, "draw more")
    if (points == points[0]).all():
        raise _error("points that differ", "one place for all", "draw another elsewhere")
    if classes.max() >= MOST_CLASSES:
        raise _error(f"classes 0 to {MOST_CLASSES - 1}", f"{classes.max()}", "copy the whole address")
    return (points - ORIGIN) / UNIT, classes, test


def _error(expected: str, got: str, way_out: str) -> InputError:
    return InputError(f"data: expected {expected}; got {got}; {way_out}.")
