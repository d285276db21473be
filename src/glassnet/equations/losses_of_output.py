"""The long way through a loss that contains its link: the loss as a function of the output a, and its slope ∂ℓ/∂a.

Training never takes it: it divides by 0 where a is 0 or 1, and with the link's derivative it collapses to a − y.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def binary_cross_entropy_of_output(a: Array, y: Array) -> Array:
    """ℓ = −y·ln a − (1 − y)·ln(1 − a)."""
    return -y * np.log(a) - (1 - y) * np.log(1 - a)


def d_binary_cross_entropy_of_output(a: Array, y: Array) -> Array:
    return (a - y) / (a * (1 - a))


def categorical_cross_entropy_of_output(a: Array, y: Array) -> Array:
    """ℓ = −Σₖ yₖ·ln aₖ, here its terms."""
    return -y * np.log(a)


def d_categorical_cross_entropy_of_output(a: Array, y: Array) -> Array:
    return -y / a


def poisson_of_output(a: Array, y: Array) -> Array:
    """ℓ = a − y·ln a."""
    return a - y * np.log(a)


def d_poisson_of_output(a: Array, y: Array) -> Array:
    return 1 - y / a


LONG_WAY: dict[str, tuple[Callable[..., Array], Callable[..., Array]]] = {
    "binary_cross_entropy": (binary_cross_entropy_of_output, d_binary_cross_entropy_of_output),
    "categorical_cross_entropy": (categorical_cross_entropy_of_output, d_categorical_cross_entropy_of_output),
    "poisson": (poisson_of_output, d_poisson_of_output),
}


def softmax_jacobian(a: Array) -> Array:
    """∂aⱼ/∂zₖ = aⱼ·(1 − aⱼ) for j = k and −aⱼ·aₖ otherwise, for each row: diag(a) − a·aᵀ, (n, k, k)."""
    return a[:, :, None] * (np.eye(a.shape[1], dtype=a.dtype) - a[:, None, :])


def through_jacobian(da: Array, jacobian: Array) -> Array:
    """dzₖ = Σⱼ daⱼ·∂aⱼ/∂zₖ for each row."""
    return np.sum(da[:, :, None] * jacobian, axis=1)
