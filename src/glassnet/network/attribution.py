"""Integrated gradients: how much each input contributes to an answer of a network, against a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import Activation
from glassnet.network import passes
from glassnet.network.inputs import as_dense
from glassnet.network.network import Network
from glassnet.network.passes import Trace

Array = NDArray[Any]

TOLERANCE = 1e-9  # of a path's error, relative to what the units of the first layer add and take away on it
SHORT = 1 / 256  # of a path: shorter pieces may have the error of this one
MOST_PIECES = 4_000  # of a path
MOST_ROUNDS = 60
ROUNDING = 1e-15  # of a difference, relative to what is subtracted
BLOCK = 4_096  # points of paths that are computed at once
FIRST_CUT = 0.382  # off the middle, where the errors of a symmetric function would cancel


def integrate_gradients(
    network: Network, X: Any, baseline: Array, weights: Array, tolerance: float = TOLERANCE
) -> tuple[Array, Array]:
    """Share F(x) − F(x⁰) out among the inputs, F = Σ_k w_k · output_k; return the shares (n, d) and F(x⁰), F(x), (n, 2).

    c_j = (x_j − x⁰_j) ∫₀¹ ∂F/∂x_j (x⁰ + t (x − x⁰)) dt, the gradient being that of the backward pass. The shares add up to
    F(x) − F(x⁰) (completeness), which controls the error: [0, 1] is cut into pieces, at the kinks of the activations if
    they have any, until on each of them the integral of the slope is the difference of F. The pieces are bounded in
    number; what they leave is F(x) − F(x⁰) − Σ_j c_j. Everything is computed in float64.

    Parameters
    ----------
    network : Network
    X : (n, d) rows, dense or sparse
    baseline : (d,)
    weights : (n, n_outputs), the w of each row
    tolerance : of the error of a path, relative to what the units of the first layer add and take away on it

    References
    ----------
    Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017.

    Examples
    --------
    >>> net = Network([2, 3, 1], hidden="tanh", output="sigmoid", seed=0)
    >>> shares, ends = integrate_gradients(net, np.array([[1.0, 2.0]]), np.zeros(2), np.ones((1, 1)))
    >>> shares.round(3), ends.round(3)
    (array([[0.15 , 0.057]]), array([[0.5  , 0.707]]))
    """
    theta = network.with_theta(network.theta.astype(np.float64))
    W1, baseline = theta.W[1], np.asarray(baseline, np.float64)
    X = X.astype(np.float64)
    start = baseline @ W1 + theta.b[1]
    paths = _Paths(theta, start, X @ W1 + theta.b[1] - start, weights)
    integral = paths.integrate(tolerance)  # (n, width of layer 1)
    shares = (as_dense(X) - baseline) * (integral @ W1.T)
    return shares, paths.values(np.arange(len(shares)).repeat(2), np.tile([0.0, 1.0], len(shares))).reshape(-1, 2)


@dataclass(frozen=True)
class _Paths:
    """The straight paths from a baseline to the rows, in the pre-activations of layer 1: start + t · steps, 0 ≤ t ≤ 1."""

    network: Network
    start: Array  # (width,)
    steps: Array  # (n, width)
    weights: Array  # (n, n_outputs)

    @cached_property
    def above(self) -> tuple[dict[int, Activation], dict[int, Array], dict[int, Array]]:
        """Activations, W and b of the layers above the first, as layers 1 … L − 1."""
        net, layers = self.network, range(2, self.network.n_layers + 1)
        activations = {layer - 1: net.activations[layer] for layer in layers}
        return activations, {layer - 1: net.W[layer] for layer in layers}, {layer - 1: net.b[layer] for layer in layers}

    @cached_property
    def kinks(self) -> dict[int, tuple[float, ...]]:
        """The kinks of each layer that has any."""
        return {layer: each.kinks for layer, each in self.network.activations.items() if each.kinks}

    def pass_up(self, rows: Array, t: Array) -> tuple[Array, Trace]:
        """Return the pre-activations of layer 1 at t of the paths of `rows`, and the trace of the layers above."""
        Z = self.start + t[:, None] * self.steps[rows]
        activations, W, b = self.above
        return Z, passes.forward(activations, W, b, self.network.activations[1](Z))

    def values(self, rows: Array, t: Array) -> Array:
        """Return F at t of the paths of `rows`, (m,)."""
        return np.concatenate(
            [
                (self.pass_up(rows[some], t[some])[1].output * self.weights[rows[some]]).sum(axis=1)
                for some in _blocks(len(t))
            ]
        )

    def slopes(self, rows: Array, t: Array) -> Array:
        """Return ∂F/∂Z of layer 1 at t of the paths of `rows`, (m, width)."""
        Z, trace = self.pass_up(rows, t)
        activations, W, _ = self.above
        dA = passes.pull_back(activations, W, trace, self.weights[rows].astype(np.float64))
        return self.network.activations[1].backward(Z, trace.A[0], dA)

    def integrate(self, tolerance: float) -> Array:
        """Return ∫₀¹ ∂F/∂Z dt of each path, (n, width)."""
        n = len(self.steps)
        total, pieces, allowed = np.zeros_like(self.steps), np.zeros(n), np.zeros(n)
        rows = np.arange(n).repeat(2)
        a, b = np.tile([0.0, FIRST_CUT], n), np.tile([FIRST_CUT, 1.0], n)
        for turn in range(MOST_ROUNDS):
            parts = self._integrals(rows, a, b)
            moved = parts * self.steps[rows]
            low, high = self.values(rows, a), self.values(rows, b)
            sizes = np.maximum(np.abs(moved).sum(axis=1), np.abs(high - low))  # a steep place may lie between the nodes
            allowed = np.maximum(allowed, tolerance * np.bincount(rows, sizes, n))
            pieces += np.bincount(rows, minlength=n)
            error = np.abs(moved.sum(axis=1) - (high - low))
            cut = error > allowed[rows] / 2 * np.maximum(b - a, SHORT) + ROUNDING * (np.abs(low) + np.abs(high))
            cut &= pieces[rows] < MOST_PIECES
            cut &= turn < MOST_ROUNDS - 1
            np.add.at(total, rows[~cut], parts[~cut])
            if not cut.any():
                break
            rows, a, b = self._cut(rows[cut], a[cut], b[cut])
        return total

    def _integrals(self, rows: Array, a: Array, b: Array) -> Array:
        """Return ∫ ∂F/∂Z dt over the pieces from a to b, (m, width), by Gauss and Legendre's rule."""
        nodes, factors = np.polynomial.legendre.leggauss(3 if self.kinks else 8)
        parts = np.empty((len(rows), self.steps.shape[1]))
        for some in _blocks(len(rows), len(nodes)):
            half, middle = (b[some] - a[some]) / 2, (b[some] + a[some]) / 2
            t = middle[:, None] + half[:, None] * nodes
            slopes = self.slopes(rows[some].repeat(len(nodes)), t.ravel()).reshape(*t.shape, -1)
            parts[some] = np.einsum("mpw,p->mw", slopes, factors) * half[:, None]
        return parts

    def _cut(self, rows: Array, a: Array, b: Array) -> tuple[Array, Array, Array]:
        """Cut pieces where the lowest layer that bends there does, else in the middle.

        Below its lowest kink a network of rectifiers is linear along a piece, so its kinks are found exactly, layer by layer.
        """
        owners, times = [np.arange(len(rows))] * 2, [a, b]
        whole = np.full(len(rows), True)  # not cut yet
        for layer, kinks in self.kinks.items():
            if layer == self.network.n_layers:
                continue
            low, high = self._pre_activations(rows, a, layer), self._pre_activations(rows, b, layer)
            uncut = whole[:, None].copy()
            for kink in kinks:
                piece, unit = np.nonzero(((low < kink) != (high < kink)) & uncut)
                below, above = low[piece, unit], high[piece, unit]
                t = a[piece] + (b - a)[piece] * (kink - below) / (above - below)
                inside = np.minimum(t - a[piece], b[piece] - t) > 1e-10
                owners.append(piece[inside])
                times.append(t[inside])
                whole[piece[inside]] = False
        owners.append(np.flatnonzero(whole))
        times.append((a + b)[whole] / 2)
        owner, time = np.concatenate(owners), np.concatenate(times)
        order = np.lexsort((time, owner))
        owner, time = owner[order], time[order]
        follows = (owner[1:] == owner[:-1]) & (time[1:] > time[:-1])
        return rows[owner[:-1][follows]], time[:-1][follows], time[1:][follows]

    def _pre_activations(self, rows: Array, t: Array, layer: int) -> Array:
        Z, trace = self.pass_up(rows, t)
        return Z if layer == 1 else trace.Z[layer - 1]


def _blocks(count: int, each: int = 1) -> list[slice]:
    size = max(1, BLOCK // each)
    return [slice(first, first + size) for first in range(0, count, size)]
