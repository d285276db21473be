"""Losses on one scale: the unexplained share u, 1 for the best constant prediction and 0 for a perfect one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.losses import Loss
from glassnet.network import passes
from glassnet.network.network import Network

Array = NDArray[Any]

FAR = 30.0  # the largest |logit| or log rate of a constant prediction


@dataclass(frozen=True)
class Yardstick:
    """The scale of a loss on given targets: from `floor`, its least possible value, to `baseline`, that of a constant prediction.

    `constant` is the best constant prediction, (k,): a pre-activation if the loss contains the output activation, else an
    output. (The share of the deviance explained, D² = 1 − u, is R² for the squared error.)
    """

    baseline: float
    floor: float
    constant: Array

    def unexplained(self, loss: float) -> float:
        """Return u = (loss − floor) / (baseline − floor); inf if the loss is not finite."""
        if not np.isfinite(loss):
            return float("inf")
        span = self.baseline - self.floor
        return float((loss - self.floor) / span) if span > 1e-12 * max(1.0, abs(self.baseline)) else 1.0


def yardstick(loss: Loss, Y: Array, weight: Array | None = None) -> Yardstick:
    """Return the Yardstick of `loss` on targets Y, (n, k).

    Examples
    --------
    >>> from glassnet.equations.losses import BINARY_CROSS_ENTROPY
    >>> measure = yardstick(BINARY_CROSS_ENTROPY, np.array([[0.0], [1.0]]))
    >>> round(measure.baseline, 6), measure.floor, measure.unexplained(np.log(2) / 2)
    (0.693147, 0.0, 0.5)
    """
    Y = Y.astype(np.float64)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        constant = _best_constant(loss, Y, weight)
        baseline = _mean(loss.per_sample(np.broadcast_to(constant, Y.shape).copy(), Y), weight)
    return Yardstick(baseline, _floor(loss, Y, weight), constant)


def mean_loss(network: Network, X: Array, Y: Array, weight: Array | None = None) -> float:
    """Return the mean loss of the network without penalties; inf if it overflows."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        trace = passes.forward(network.activations, network.W, network.b, X)
        loss = float(passes.objective(network.activations, network.loss_function, network.W, trace, Y, weight))
    return loss if np.isfinite(loss) else float("inf")


def standard_error(network: Network, X: Array, Y: Array) -> float:
    """Return the standard error of the mean loss over these rows; inf if it overflows."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        trace = passes.forward(network.activations, network.W, network.b, X)
        last, loss = len(trace.Z), network.loss_function
        raw = trace.Z[last] if loss.contains(network.activations[last]) else trace.A[last]
        error = float(np.std(loss.per_sample(raw, Y)) / np.sqrt(len(Y)))
    return error if np.isfinite(error) else float("inf")


def _best_constant(loss: Loss, Y: Array, weight: Array | None) -> Array:
    mean = np.average(Y, axis=0, weights=weight)
    if loss.link == "sigmoid":
        known: Array = np.log(mean) - np.log1p(-mean)
    elif loss.link in ("softmax", "exponential"):
        known = np.log(mean)
    elif loss.builtin == "squared_error":
        return mean
    else:
        return _search(loss, Y, weight, mean)
    return np.clip(known, -FAR, FAR)


def _search(loss: Loss, Y: Array, weight: Array | None, mean: Array) -> Array:
    """Try the mean and 101 quantiles of each column; used for the user's own losses and for those that are not smooth."""
    best, k = mean.copy(), Y.shape[1]
    for column in range(k):
        least = np.inf
        for value in (mean[column], *np.quantile(Y[:, column], np.linspace(0, 1, 101))):
            trial = best.copy()
            trial[column] = value
            cost = _mean(loss.per_sample(np.broadcast_to(trial, Y.shape).copy(), Y), weight)
            if cost < least:
                least, best = cost, trial
    return best


def _floor(loss: Loss, Y: Array, weight: Array | None) -> float:
    """Return the mean over rows of min_z ℓ(z, yᵢ): 0 except for soft labels and counts."""
    if loss.builtin == "poisson":
        least = Y - Y * np.log(np.where(Y > 0, Y, 1))
    elif loss.builtin == "categorical_cross_entropy":
        least = -Y * np.log(np.where(Y > 0, Y, 1))
    elif loss.builtin == "binary_cross_entropy":
        least = -Y * np.log(np.where(Y > 0, Y, 1)) - (1 - Y) * np.log(np.where(Y < 1, 1 - Y, 1))
    else:
        return 0.0
    return _mean(least.sum(axis=1), weight)


def _mean(values: Array, weight: Array | None) -> float:
    return float(np.average(values, weights=weight)) + 0.0
