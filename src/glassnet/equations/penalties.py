"""The L1 and L2 penalties on weights, and their slope; biases are not penalised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def penalty(w: Array, l1: float, l2: float) -> Array:
    """l1·|w| + ½·l2·w², elementwise; the objective adds its sum over all weights to the mean loss."""
    return l1 * np.maximum(w, -w) + 0.5 * l2 * w**2


def d_penalty(w: Array, l1: float, l2: float) -> Array:
    return l1 * np.sign(w) + l2 * w
