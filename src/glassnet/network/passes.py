"""The forward and the backward pass as pure functions: what backward needs is the Trace that forward returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import Activation
from glassnet.equations.loss import Loss
from glassnet.equations.penalties import d_penalty, penalty
from glassnet.errors import InputError
from glassnet.network.inputs import is_sparse
from glassnet.network.parameters import Layout

Array = NDArray[Any]


@dataclass(frozen=True, repr=False)
class Trace:
    """Every intermediate value of a forward pass: Z[l] = A[l-1] W[l] + b[l], A[l] = g(Z[l]).

    Attributes
    ----------
    Z : dict of (n, width) arrays
        The pre-activations of the layers l = 1 … L.
    A : dict of (n, width) arrays
        The activations of the layers; A[0] is X, which may be sparse.
    D : dict of (n, width) arrays
        The masks, where there is dropout: D[l] multiplies A[l] on its way to layer l + 1.

    Examples
    --------
    >>> from glassnet import Network
    >>> trace = Network([2, 3, 1], hidden="tanh", seed=0).forward([[1.0, 2.0], [0.0, 0.0]])
    >>> trace
    Trace(2-3-1, n=2)
    >>> bool((trace.A[1] == np.tanh(trace.Z[1])).all())
    True
    """

    Z: dict[int, Array]
    A: dict[int, Array]
    D: Mapping[int, Array] = field(default_factory=dict)

    @property
    def output(self) -> Array:
        """The network's output A[L], (n, n_outputs)."""
        return self.A[len(self.Z)]

    def into(self, layer: int) -> Array:
        """Return what goes into a layer: A[l-1], times its dropout mask if there is one.

        Parameters
        ----------
        layer : int
            l, from 1.

        Returns
        -------
        (n, width of the layer below) array
        """
        A = self.A[layer - 1]
        return A * self.D[layer - 1] if layer - 1 in self.D else A

    def __repr__(self) -> str:
        widths = "-".join(str(A.shape[1]) for A in self.A.values())
        return f"Trace({widths}, n={len(self.output)}{', with dropout' if self.D else ''})"


@dataclass(frozen=True, repr=False)
class Gradient:
    """The gradient of a loss L, with every intermediate value of the backward pass.

    Attributes
    ----------
    flat : (n_parameters,) array
        ∂L/∂theta, in the layout of `Network.theta`.
    W, b : dict of arrays
        ∂L/∂W[l], (width below, width), and ∂L/∂b[l], (width,): views into flat.
    Z, A : dict of (n, width) arrays
        ∂L/∂Z[l] and ∂L/∂A[l]. A[0] is left out for a sparse X: it would be dense.

    Examples
    --------
    >>> from glassnet import Network
    >>> net = Network([2, 3, 1], seed=0)
    >>> gradient = net.backward(net.forward([[1.0, 2.0]]), [0.5])
    >>> gradient.W[1].shape, gradient.b[2].shape, gradient.Z[1].shape
    ((2, 3), (1,), (1, 3))
    """

    flat: Array
    W: dict[int, Array]
    b: dict[int, Array]
    Z: dict[int, Array]
    A: dict[int, Array]

    @property
    def X(self) -> Array:
        """∂L/∂X, (n, d): how the loss changes with the inputs; raises InputError if X was sparse."""
        if 0 not in self.A:
            raise InputError("X: expected the gradient of a dense X; got that of a sparse one; pass X.toarray().")
        return self.A[0]

    def __repr__(self) -> str:
        return f"Gradient({self.flat.size} parameters, norm={np.linalg.norm(self.flat):.6g})"


def forward(
    activations: Mapping[int, Activation],
    W: Mapping[int, Array],
    b: Mapping[int, Array],
    X: Array,
    D: Mapping[int, Array] | None = None,
) -> Trace:
    """Z[l] = A[l-1] W[l] + b[l], A[l] = g(Z[l]) for l = 1 … L, with dropout masks D[l] on the way, if given."""
    trace = Trace(Z={}, A={0: X}, D=D or {})
    for layer in W:
        trace.Z[layer] = trace.into(layer) @ W[layer] + b[layer]  # (n, width)
        # a function of the user's own may return another dtype; the network keeps its own
        trace.A[layer] = np.asarray(activations[layer](trace.Z[layer]), dtype=trace.Z[layer].dtype)
    return trace


def backward(
    activations: Mapping[int, Activation],
    loss: Loss,
    layout: Layout,
    theta: Array,
    trace: Trace,
    Y: Array,
    sample_weight: Array | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
) -> Gradient:
    """One pass from the loss back to the inputs gives the gradient with respect to every parameter.

    dZ[L] = ∂ℓ/∂z · wᵢ/Σw, then for l = L … 1: dW = A[l-1]ᵀ dZ, db = Σᵢ dZᵢ, dA[l-1] = dZ Wᵀ, dZ[l-1] = dA ⊙ g'(Z).
    """
    W, _ = layout.views(theta)
    flat = np.empty_like(theta)
    dW, db = layout.views(flat)
    dZ: dict[int, Array] = {}
    dA: dict[int, Array] = {}

    last = layout.n_layers
    slope = output_slope(activations[last], loss, trace.Z[last], trace.A[last], Y)
    dZ[last] = slope * mean_weights(sample_weight, len(slope), slope.dtype)[:, None]
    for layer in range(last, 0, -1):
        dW[layer][...] = trace.into(layer).T @ dZ[layer]  # (fan_in, n) (n, fan_out)
        if l1 or l2:
            dW[layer] += d_penalty(W[layer], l1, l2)
        db[layer][...] = dZ[layer].sum(axis=0)
        if layer == 1 and is_sparse(trace.A[0]):
            break
        dA[layer - 1] = dZ[layer] @ W[layer].T  # (n, fan_out) (fan_out, fan_in)
        if layer - 1 in trace.D:
            dA[layer - 1] = dA[layer - 1] * trace.D[layer - 1]
        if layer > 1:
            dZ[layer - 1] = activations[layer - 1].backward(trace.Z[layer - 1], trace.A[layer - 1], dA[layer - 1])
    return Gradient(flat, dW, db, dZ, dA)


def pull_back(activations: Mapping[int, Activation], W: Mapping[int, Array], trace: Trace, dA: Array) -> Array:
    """Carry the slope of a function of the output, dA (n, n_outputs), back to the input: dZ = dA ⊙ g'(Z), dA = dZ Wᵀ.

    Nothing is divided by n, and the parameters get no gradient.
    """
    for layer in range(len(trace.Z), 0, -1):
        dA = activations[layer].backward(trace.Z[layer], trace.A[layer], dA) @ W[layer].T
    return dA


def objective(
    activations: Mapping[int, Activation],
    loss: Loss,
    W: Mapping[int, Array],
    trace: Trace,
    Y: Array,
    sample_weight: Array | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
) -> Any:
    """L = Σᵢ wᵢ ℓᵢ / Σᵢ wᵢ + Σ (l1·|w| + ½·l2·w²): the mean loss plus the penalties, a scalar."""
    last = len(trace.Z)
    per_sample = loss.per_sample(loss.raw_prediction(activations[last], trace.Z[last], trace.A[last]), Y)
    if sample_weight is None:
        total = per_sample.mean()
    else:
        total = per_sample @ mean_weights(sample_weight, len(per_sample), per_sample.real.dtype)
    if l1 or l2:
        total = total + sum(penalty(W[layer], l1, l2).sum() for layer in W)
    return total


def output_slope(output: Activation, loss: Loss, Z: Array, A: Array, Y: Array) -> Array:
    """∂ℓ/∂Z of each sample, (n, k): straight from the loss if it contains the activation, else ∂ℓ/∂A through it."""
    if loss.contains(output):
        return loss.slopes(Z, Y)
    return output.backward(Z, A, loss.slopes(A, Y))


def mean_weights(sample_weight: Array | None, n: int, dtype: Any) -> Array:
    """Return the weight of each sample in the mean, (n,): 1/n, or wᵢ/Σw."""
    if sample_weight is None:
        return np.full(n, 1 / n, dtype=dtype)
    return np.asarray(sample_weight / sample_weight.sum(), dtype=dtype)
