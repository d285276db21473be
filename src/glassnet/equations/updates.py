"""Update recurrences: from the parameters theta, their gradient g and the state of the last step to those of the next.

Each returns the new theta first, then its state in the order of its arguments. `t` counts steps from 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def sgd(theta: Array, g: Array, learning_rate: float) -> tuple[Array]:
    """θ ← θ − α·g with α = learning_rate: gradient descent (Cauchy 1847; on random batches, Robbins & Monro 1951)."""
    theta = theta - learning_rate * g
    return (theta,)


def momentum(theta: Array, g: Array, v: Array, learning_rate: float, momentum: float) -> tuple[Array, Array]:
    """v ← μ·v − α·g, θ ← θ + v with α = learning_rate, μ = momentum: a heavy ball (Polyak 1964)."""
    v = momentum * v - learning_rate * g
    theta = theta + v
    return theta, v


def nesterov(theta: Array, g: Array, v: Array, learning_rate: float, momentum: float) -> tuple[Array, Array]:
    """v ← μ·v − α·g, θ ← θ + μ·v − α·g with α = learning_rate, μ = momentum.

    Nesterov's acceleration (1983) in the form of Sutskever et al. 2013.
    """
    v = momentum * v - learning_rate * g
    theta = theta + momentum * v - learning_rate * g
    return theta, v


def rmsprop(
    theta: Array, g: Array, v: Array, learning_rate: float, decay: float, epsilon: float
) -> tuple[Array, Array]:
    """v ← ρ·v + (1 − ρ)·g², θ ← θ − α·g / (√v + ε) with α = learning_rate, ρ = decay, ε = epsilon.

    Tieleman & Hinton 2012, lecture 6.5.
    """
    v = decay * v + (1 - decay) * g**2
    theta = theta - learning_rate * g / (np.sqrt(v) + epsilon)
    return theta, v


def adam(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[Array, Array, Array]:
    """m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², both divided by 1 − βᵗ, θ ← θ − α·m̂ / (√v̂ + ε).

    α = learning_rate, β₁ = beta1, β₂ = beta2, ε = epsilon (Kingma & Ba 2015, algorithm 1). The division undoes the pull
    of m and v towards their start at 0.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return theta, m, v


def adam_epsilon_hat(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[Array, Array, Array]:
    """Adam with both corrections in the rate: θ ← θ − α·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m / (√v + ε̂).

    α = learning_rate, β₁ = beta1, β₂ = beta2, ε̂ = epsilon. The form at the end of section 2 of Kingma & Ba 2015,
    scikit-learn's and TensorFlow's. It is Adam with ε = ε̂/√(1 − β₂ᵗ), so its first steps are shorter where the gradient
    is of ε̂'s size.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    theta = theta - learning_rate * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * m / (np.sqrt(v) + epsilon)
    return theta, m, v


def adamw(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    weight_decay: float,
) -> tuple[Array, Array, Array]:
    """Adam whose decay α·λ·θ bypasses m and v (Loshchilov & Hutter 2019); it acts on weights and biases alike.

    α = learning_rate, λ = weight_decay; beta1, beta2 and epsilon as in adam.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - learning_rate * (m_hat / (np.sqrt(v_hat) + epsilon) + weight_decay * theta)
    return theta, m, v
