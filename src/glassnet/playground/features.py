"""The input features that the network can take of a point (x, y)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# by name: what it is called in print, its formula in Python, and the function
FEATURES: dict[str, tuple[str, str, Callable[[Array, Array], Array]]] = {
    "x": ("x₁", "x", lambda x, y: x),
    "y": ("x₂", "y", lambda x, y: y),
    "xx": ("x₁²", "x**2", lambda x, y: x**2),
    "yy": ("x₂²", "y**2", lambda x, y: y**2),
    "xy": ("x₁x₂", "x * y", lambda x, y: x * y),
    "sinx": ("sin x₁", "np.sin(x)", lambda x, y: np.sin(x)),
    "siny": ("sin x₂", "np.sin(y)", lambda x, y: np.sin(y)),
}


def inputs(points: Array, names: Sequence[str]) -> Array:
    """The features called `names` of points (n, 2), (n, features).

    Examples
    --------
    >>> inputs(np.array([[2.0, 3.0]]), ["x", "xy"])
    array([[2., 6.]])
    """
    x, y = points[:, 0], points[:, 1]
    return np.column_stack([FEATURES[name][2](x, y) for name in names])
