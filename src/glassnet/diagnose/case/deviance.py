"""Losses on one scale: the unexplained share u, 1 for the best constant prediction and 0 for a perfect one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.loss import Loss, mean_over_samples
from glassnet.network import passes
from glassnet.network.network import Network

Array = NDArray[Any]


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
        constant = loss.best_constant(Y, weight)
        baseline = mean_over_samples(loss.per_sample(np.broadcast_to(constant, Y.shape).copy(), Y), weight)
    return Yardstick(baseline, loss.floor(Y, weight), constant)


def mean_loss(network: Network, X: Array, Y: Array, weight: Array | None = None) -> float:
    """Return the mean loss of the network without penalties; inf if it overflows."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        trace = passes.forward(network.activations, network.W, network.b, X)
        loss = float(passes.objective(network.activations, network.loss_function, network.W, trace, Y, weight))
    return loss if np.isfinite(loss) else float("inf")


def losses_of(network: Network, X: Array, Y: Array) -> Array:
    """Return the loss of each row without penalties, (n,)."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        trace = passes.forward(network.activations, network.W, network.b, X)
        last, loss = len(trace.Z), network.loss_function
        raw = loss.raw_prediction(network.activations[last], trace.Z[last], trace.A[last])
        return loss.per_sample(raw, Y)


def standard_error(network: Network, X: Array, Y: Array) -> float:
    """Return the standard error of the mean loss over these rows; inf if it overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        error = float(np.std(losses_of(network, X, Y)) / np.sqrt(len(Y)))
    return error if np.isfinite(error) else float("inf")
