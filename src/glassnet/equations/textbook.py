"""Textbook forms of equations whose code is written so that nothing overflows: the same function where the numbers fit.

`explain` shows them first, and the form of the code beside them. Training takes none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations import activations, losses

Array = NDArray[Any]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def softmax(z: Array) -> Array:
    return np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)


def softplus(z: Array) -> Array:
    return np.log(1 + np.exp(z))


def elu(z: Array, alpha: float) -> Array:
    return np.where(z > 0, z, alpha * (np.exp(z) - 1))


def gelu(z: Array) -> Array:
    return z * sigmoid(1.5957691216057308 * (z + 0.044715 * z**3))


def d_gelu(z: Array, a: Array) -> Array:
    p = sigmoid(1.5957691216057308 * (z + 0.044715 * z**3))
    return p + a * (1 - p) * 1.5957691216057308 * (1 + 0.134145 * z**2)


def absolute_error(z: Array, y: Array) -> Array:
    return np.abs(z - y)


def huber(z: Array, y: Array, delta: float) -> Array:
    return np.where(np.abs(z - y) <= delta, 0.5 * (z - y) ** 2, delta * (np.abs(z - y) - 0.5 * delta))


def poisson(z: Array, y: Array) -> Array:
    return np.exp(z) - y * z


def binary_cross_entropy(z: Array, y: Array) -> Array:
    return np.log(1 + np.exp(z)) - y * z


def categorical_cross_entropy(z: Array, y: Array) -> Array:
    return np.log(np.sum(np.exp(z), axis=-1, keepdims=True)) - np.sum(y * z, axis=-1, keepdims=True)


TEXTBOOK: dict[Callable[..., Any], Callable[..., Any]] = {
    activations.sigmoid: sigmoid,
    activations.softmax: softmax,
    activations.softplus: softplus,
    activations.elu: elu,
    activations.gelu: gelu,
    activations.d_gelu: d_gelu,
    losses.absolute_error: absolute_error,
    losses.huber: huber,
    losses.poisson: poisson,
    losses.binary_cross_entropy: binary_cross_entropy,
    losses.categorical_cross_entropy: categorical_cross_entropy,
}
