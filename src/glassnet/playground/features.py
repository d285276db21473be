"""The features of a point (x, y) that the network can take as inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# name: printed name, formula in Python, function
FEATURES: dict[str, tuple[str, str, Callable[[Array, Array], Array]]] = {
    "x": ("x₁", "x", lambda x, y: x),
    "y": ("x₂", "y", lambda x, y: y),
    "xx": ("x₁²", "x**2", lambda x, y: x**2),
    "yy": ("x₂²", "y**2", lambda x, y: y**2),
    "xy": ("x₁x₂", "x * y", lambda x, y: x * y),
    "sinx": ("sin x₁", "np.sin(x)", lambda x, y: np.sin(x)),
    "siny": ("sin x₂", "np.sin(y)", lambda x, y: np.sin(y)),
}


ONE_INPUT = ("x", "xx", "sinx")  # those that do not need y


def inputs(points: Array, names: Sequence[str]) -> Array:
    """Compute the features called `names` of points (n, 2); the result is (n, features).

    Examples
    --------
    >>> inputs(np.array([[2.0, 3.0]]), ["x", "xy"])
    array([[2., 6.]])
    """
    x, y = points[:, 0], points[:, 1]
    return np.column_stack([FEATURES[name][2](x, y) for name in names])
