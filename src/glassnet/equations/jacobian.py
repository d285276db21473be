"""The way through the Jacobian of the softmax, which `explain` shows; training takes `d_softmax`, which never builds it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def softmax_jacobian(a: Array) -> Array:
    """∂aⱼ/∂zₖ = aⱼ·(1 − aⱼ) for j = k and −aⱼ·aₖ otherwise, for each row: diag(a) − a·aᵀ, (n, k, k)."""
    return a[:, :, None] * (np.eye(a.shape[1], dtype=a.dtype) - a[:, None, :])


def through_jacobian(da: Array, jacobian: Array) -> Array:
    """dzₖ = Σⱼ daⱼ·∂aⱼ/∂zₖ for each row."""
    return np.sum(da[:, :, None] * jacobian, axis=1)
