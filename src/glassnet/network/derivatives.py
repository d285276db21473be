"""Derivatives that know nothing of backpropagation: the objective at other numbers, the complex step, centred differences.

The complex step (Squire & Trapp 1998) perturbs one number by ih and reads f'(x) = Im f(x + ih)/h: no subtraction, so no
rounding to balance against h, and an answer good to machine precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network import passes
from glassnet.network.network import Network

Array = NDArray[Any]

COMPLEX_STEP = 1e-30
DIFFERENCE = (
    1e-6  # near the cube root of the float64 epsilon, where truncation and rounding of a centred difference balance
)


def objective_at(
    network: Network,
    theta: Array,
    X: Array,
    Y: Array,
    sample_weight: Array | None = None,
    l1: float = 0,
    l2: float = 0,
    masks: Mapping[int, Array] | None = None,
) -> Any:
    """The objective at other parameters, which may be complex; X and Y as the network encodes them."""
    at = network.with_theta(theta)
    trace = passes.forward(at.activations, at.W, at.b, X, masks)
    return passes.objective(at.activations, at.loss_function, at.W, trace, Y, sample_weight, l1, l2)


def complex_step(function: Callable[[Array], Any], theta: Array, index: int) -> float:
    """∂f/∂θᵢ = Im f(θ + ih·eᵢ)/h, exact to rounding for h = 10⁻³⁰."""
    moved = theta.astype(np.complex128)
    moved.flat[index] += COMPLEX_STEP * 1j
    return float(np.imag(function(moved)) / COMPLEX_STEP)


def centred_difference(function: Callable[[Array], Any], theta: Array, index: int) -> float:
    """∂f/∂θᵢ ≈ (f(θ + h·eᵢ) − f(θ − h·eᵢ)) / 2h with h = 10⁻⁶·max(1, |θᵢ|)."""
    h = DIFFERENCE * max(1.0, abs(float(theta.flat[index])))
    up, down = theta.copy(), theta.copy()
    up.flat[index] += h
    down.flat[index] -= h
    return float((function(up) - function(down)) / (up.flat[index] - down.flat[index]))
