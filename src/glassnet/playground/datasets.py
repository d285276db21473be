"""The playground's data sets: points of the plane with a class or a number. Exported scripts contain the function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Points = tuple[Array, Array]  # X (n, 2) and y (n,)


def moons(n: int, noise: float, seed: int) -> Points:
    """Make two half-circles that reach into each other."""
    from sklearn.datasets import make_moons

    return make_moons(n, noise=noise, random_state=seed)


def circles(n: int, noise: float, seed: int) -> Points:
    """Make a circle within another of twice its radius."""
    from sklearn.datasets import make_circles

    return make_circles(n, noise=noise / 2, factor=0.5, random_state=seed)


def spirals(n: int, noise: float, seed: int) -> Points:
    """Make two arms of a spiral, one and a half turns each."""
    rng = np.random.RandomState(seed)
    y = np.arange(n) % 2
    turn = np.sqrt(rng.uniform(0.02, 1, n))
    angle = 3 * np.pi * turn + np.pi * y
    X = 1.5 * turn[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + noise / 4 * rng.standard_normal((n, 2)), y


def blobs(n: int, noise: float, seed: int, classes: int) -> Points:
    """Make a cloud of points for each class, their centres on a circle."""
    rng = np.random.RandomState(seed)
    y = np.arange(n) % classes
    angle = 2 * np.pi * y / classes
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    return X + (0.1 + noise) * rng.standard_normal((n, 2)), y


def xor(n: int, noise: float, seed: int) -> Points:
    """Make points of a square whose opposite quarters share a class: exclusive or."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, (n, 2))
    y = (X[:, 0] * X[:, 1] < 0).astype(int)
    X = X + 0.1 * np.sign(X)  # a gap along the axes
    return X + noise / 2 * rng.standard_normal((n, 2)), y


def gaussians(n: int, noise: float, seed: int) -> Points:
    """Make two clouds of points that a straight line separates."""
    rng = np.random.RandomState(seed)
    y = np.arange(n) % 2
    centre = np.where(y[:, None] == 1, 0.8, -0.8)
    return centre + (0.2 + noise) * rng.standard_normal((n, 2)), y


def sine(n: int, noise: float, seed: int) -> Points:
    """Make points with the number sin(πx)·cos(πy/2), which rises and falls."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, (n, 2))
    return X, np.sin(np.pi * X[:, 0]) * np.cos(np.pi * X[:, 1] / 2) + noise / 2 * rng.standard_normal(n)


def plane(n: int, noise: float, seed: int) -> Points:
    """Make points with the number (x + y)/2, which rises evenly in one direction."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, (n, 2))
    return X, (X[:, 0] + X[:, 1]) / 2 + noise / 2 * rng.standard_normal(n)


@dataclass(frozen=True)
class Dataset:
    """The title and function of a data set; `classes` is None for a regression, 0 if the query chooses the number."""

    title: str
    make: Callable[..., Points]
    classes: int | None = 2


DATASETS = {
    "moons": Dataset("two moons", moons),
    "circles": Dataset("circles", circles),
    "spirals": Dataset("spirals", spirals),
    "blobs": Dataset("blobs", blobs, 0),
    "xor": Dataset("exclusive or", xor),
    "gaussians": Dataset("two clouds", gaussians),
    "sine": Dataset("sine", sine, None),
    "plane": Dataset("plane", plane, None),
}
