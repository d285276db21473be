"""The function behind each derivative of a step: a quantity is moved in the forward pass, and the rest is run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.penalties import d_penalty, penalty
from glassnet.explain.directional import Directional, Side, takes_complex_step
from glassnet.explain.graph import Graph
from glassnet.network import passes
from glassnet.network.derivatives import COMPLEX_STEP

Array = NDArray[Any]

ROUNDING = 1e-12  # the share of its terms by which rounding may move a sum, at most
ZERO = 1e-300  # the least distance of that kind, for numbers that are 0


@dataclass(frozen=True)
class Behind:
    """The function whose derivative a step is, its argument, and the functions of the network that it goes through."""

    function: Callable[[Array, Side], Any]
    at: Array
    through: tuple[Directional, ...]
    singular: bool = False  # at 0, as a logarithm is: the step is a share of the number

    @property
    def analytic(self) -> bool:
        """True if every function on the way takes the complex step."""
        return all(function.analytic for function in self.through)

    @property
    def smooth(self) -> bool:
        """True if no function on the way is at a kink."""
        return all(function.smooth for function in self.through)

    def slope(self, flat: int, side: Side = Side.STRAIGHT) -> float:
        """Return the derivative with respect to entry `flat`, by the complex step; nan where the function is not finite."""
        moved = self.at.astype(np.complex128)
        h = COMPLEX_STEP * (abs(float(self.at.flat[flat])) if self.singular else 1)
        if h < np.finfo(float).tiny:
            return np.nan
        moved.flat[flat] += h * 1j
        found = self.function(moved, side)
        return float(np.imag(found) / h) if np.isfinite(np.real(found)) else np.nan


class Rerun:
    """Runs the forward pass of a graph again in double precision, from any of its quantities on."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.batch = graph, graph.batch
        self.net = graph.network.with_theta(graph.network.theta.astype(np.float64))
        self.last = self.net.n_layers
        self.loss = self.net.loss_function
        self.output = self.net.activations[self.last]
        self.canonical = self.loss.contains(self.output)
        self.Y = self.batch.Y.astype(np.float64)
        weight = self.batch.sample_weight
        weight = None if weight is None else weight.astype(np.float64)
        self.weights = passes.mean_weights(weight, len(self.Y), np.float64)[:, None]

    def number(self, symbol: str) -> Array:
        """Return the numbers of a symbol in double precision."""
        return np.asarray(self.graph[symbol].value, dtype=np.float64)

    def into(self, layer: int) -> Array:
        """Return the numbers that come into a layer."""
        symbol = f"A{layer - 1}_dropped"
        return self.number(symbol if symbol in self.graph else f"A{layer - 1}")

    # --- the functions of the network -------------------------------------------------------------------------------

    @cached_property
    def terms(self) -> dict[int, Array]:
        """The sizes of the terms that each pre-activation adds up, by layer."""
        return {
            layer: np.abs(self.into(layer)) @ np.abs(W) + np.abs(self.net.b[layer]) for layer, W in self.net.W.items()
        }

    @cached_property
    def activations(self) -> dict[int, Directional]:
        """The activations by layer."""
        return {layer: self._activation(layer) for layer in self.net.W}

    def _activation(self, layer: int) -> Directional:
        g, Z = self.net.activations[layer], self.number(f"Z{layer}")
        slope = None if g.rowwise else lambda z: np.asarray(g.df(z, g(z), **g.parameters), dtype=np.float64)
        scale = np.maximum(1, np.abs(Z))
        analytic = g.is_builtin or takes_complex_step(g, Z, scale, g.rowwise)
        near = np.maximum(ROUNDING * self.terms[layer], ZERO)
        return Directional(g, slope, near, scale, analytic, Z, g.is_builtin)

    @cached_property
    def loss_terms(self) -> Directional:
        """The loss of each output, of the output or of its pre-activation."""
        return self._loss(self.loss.value, self.loss.slope, self.number(f"{'Z' if self.canonical else 'A'}{self.last}"))

    @cached_property
    def loss_of_output(self) -> Directional:
        """The loss of each output in terms of the output."""
        if self.canonical and self.loss.value_of_output is not None and self.loss.slope_of_output is not None:
            return self._loss(self.loss.value_of_output, self.loss.slope_of_output, self.number(f"A{self.last}"))
        return self.loss_terms

    def _loss(self, value: Callable[..., Array], slope: Callable[..., Array], P: Array) -> Directional:
        parameters, Y = self.loss.parameters, self.Y

        def f(p: Array) -> Array:
            return np.asarray(value(p, Y, **parameters))

        rowwise = f(P).shape != P.shape
        stated = None if rowwise else lambda p: np.asarray(slope(p, Y, **parameters), dtype=np.float64)
        scale = np.maximum(np.maximum(1, np.abs(P)), np.abs(P - Y))
        near = np.maximum(ROUNDING * np.maximum(np.abs(P) + np.abs(Y), self.terms[self.last]), ZERO)
        builtin = self.loss.is_builtin
        return Directional(f, stated, near, scale, builtin or takes_complex_step(f, P, scale, rowwise), P, builtin)

    @cached_property
    def penalty(self) -> Directional:
        """The penalty on each weight."""
        l1, l2 = self.graph.penalties
        weights = np.concatenate([W.ravel() for W in self.net.W.values()])
        return Directional(
            partial(penalty, l1=l1, l2=l2), partial(d_penalty, l1=l1, l2=l2), ZERO, 1.0, True, weights, True
        )

    # --- the function behind each derivative ------------------------------------------------------------------------

    def behind(self, symbol: str) -> Behind | None:
        """Return the function whose derivative a symbol is; None if the symbol is not a derivative."""
        last = self.last
        if symbol.startswith("g_prime"):
            layer = int(symbol.removeprefix("g_prime"))
            g = self.activations[layer]
            return Behind(lambda z, side: _sum(g(z, side), z), self.number(f"Z{layer}"), (g,))
        if symbol == f"slope_Z{last}":
            return Behind(
                lambda z, side: _sum(self._terms(z, side), z, True), self.number(f"Z{last}"), self._functions(last)
            )
        if symbol == f"slope_A{last}":
            loss = self.loss_terms
            return Behind(lambda a, side: _sum(loss(a, side), a), self.number(f"A{last}"), (loss,))
        if symbol == f"dA{last}":
            loss = self.loss_of_output
            return Behind(
                lambda a, side: _sum(loss(a, side) * self.weights, a),
                self.number(f"A{last}"),
                (loss,),
                singular=loss is not self.loss_terms,
            )
        if symbol.endswith("_penalty"):
            weights = self.number(symbol.removeprefix("d").removesuffix("_penalty"))
            return Behind(lambda w, side: self.penalty(w, side).sum(), weights, (self.penalty,))
        base = symbol.removeprefix("d").removesuffix("_data").removesuffix("_long")
        if not symbol.startswith("d") or base not in self.graph:
            return None
        penalised = base[0] == "W" and not symbol.endswith("_data") and any(self.graph.penalties)
        return Behind(
            lambda moved, side: self._objective(base, moved, side, penalised),
            self.number(base),
            (*self._functions(_layer(base) + (base[0] == "A")), *([self.penalty] if penalised else [])),
        )

    def _functions(self, first: int) -> tuple[Directional, ...]:
        """The functions from layer `first` to the loss."""
        above = [self.activations[layer] for layer in range(first, self.last + (not self.canonical))]
        return (*above, self.loss_terms)

    def _terms(self, Z: Array, side: Side) -> Array:
        """Return the loss of each output from the pre-activations of the output."""
        return self.loss_terms(Z if self.canonical else self.activations[self.last](Z, side), side)

    def _objective(self, base: str, moved: Array, side: Side, penalised: bool) -> Any:
        """Replace a quantity of the forward pass and run the rest of it again, to the objective."""
        kind, first, masks = base[0], _layer(base), self.batch.masks
        layer = first + (kind == "A")  # the first layer that is computed again
        A = moved if kind == "A" else self.into(layer)
        if kind == "A" and first in masks and not base.endswith("_dropped"):
            A = A * masks[first]
        while True:
            W, b = self.net.W[layer], self.net.b[layer]
            if layer == first:
                W, b = (moved, b) if kind == "W" else (W, moved) if kind == "b" else (W, b)
            Z = moved if base == f"Z{layer}" else A @ W + b
            if layer == self.last:
                break
            A = self.activations[layer](Z, side)
            A = A * masks[layer] if layer in masks else A
            layer += 1
        total = (self._terms(Z, side) * self.weights).sum()
        return total + self.penalty(moved, side).sum() if penalised else total

    # --- the sizes of derivatives -----------------------------------------------------------------------------------

    @cached_property
    def sizes(self) -> dict[str, float]:
        """The size that each derivative would have if nothing cancelled, to which rounding is relative."""
        last, masks = self.last, self.batch.masks
        of_slope = self._size_of_slope()
        dA = of_slope * self.weights
        dZ = (dA if self.canonical else self._through(last, dA)) + np.abs(self.number(f"dZ{last}"))
        found = dict.fromkeys((f"slope_Z{last}", f"slope_A{last}"), _largest(of_slope))
        found |= {f"dA{last}": _largest(dA), f"dZ{last}_long": _largest(dZ)}
        for layer in range(last, 0, -1):
            W, below = np.abs(self.net.W[layer]), f"A{layer - 1}"
            found[f"dZ{layer}"], found[f"db{layer}"] = _largest(dZ), _largest(dZ.sum(axis=0))
            found[f"g_prime{layer}"] = 1.0
            slope = _largest(d_penalty(W, *self.graph.penalties)) if any(self.graph.penalties) else 0.0
            found[f"dW{layer}_data"] = _largest(np.abs(self.into(layer)).T @ dZ)
            found[f"dW{layer}"] = found[f"dW{layer}_data"] + slope
            dA = dZ @ W.T
            found[f"d{below}_dropped"] = _largest(dA)
            dA = dA * masks[layer - 1] if layer - 1 in masks else dA
            found[f"d{below}"] = _largest(dA)
            dZ = self._through(layer - 1, dA) if layer > 1 else dA
        return found

    def _size_of_slope(self) -> Array:
        """Return the size of what cancels in the loss's slope: the output and its target, by as much as they move it."""
        A = self.number(f"A{self.last}")
        output = np.abs(A) + np.abs(self.Y)
        if self.loss.has_link:  # it is their difference
            return output
        h = 1e-6 * np.maximum(output, ZERO)
        slopes = [self.loss.slope(A + step * h, self.Y, **self.loss.parameters) for step in (-2, -1, 1, 2)]
        steepness = (
            np.minimum(np.abs(slopes[0] - slopes[1]), np.abs(slopes[2] - slopes[3])) / h
        )  # on a side with no kink
        return np.asarray(np.abs(slopes[0]) + steepness * output)

    def _through(self, layer: int, dA: Array) -> Array:
        """Carry the size of a derivative through an activation, whose slope may itself be what is left of 1 - 1."""
        slope = self.activations[layer].slope
        if slope is None:
            return np.broadcast_to(dA.sum(axis=1, keepdims=True), dA.shape)
        return dA * (1 + np.abs(slope(self.number(f"Z{layer}"))))


def _sum(terms: Array, moved: Array, rows: bool = False) -> Any:
    """Add up the terms of the entries, or of whole rows, that move; others may have no finite value."""
    moves = np.imag(moved) != 0
    return terms[moves if terms.shape == moved.shape and not rows else moves.any(axis=1)].sum()


def _largest(values: Array) -> float:
    finite = np.abs(values)[np.isfinite(values)]
    return float(finite.max()) if finite.size else 0.0


def _layer(symbol: str) -> int:
    """Return the number in a symbol such as A2_dropped."""
    return int("".join(c for c in symbol.split("_")[0] if c.isdigit()))
