"""Independent checks of a derivation's numbers: derivatives by the complex step, all else in plain Python, one by one.

A derivative is checked by perturbing its quantity in the middle of the forward pass and running the rest again.
Any other step is computed again entry by entry from its inputs, with Python's own floats, its math module and exactly
rounded sums, where the engine uses NumPy's arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.penalties import penalty
from glassnet.explain.graph import Graph, Step
from glassnet.explain.plain import Plain
from glassnet.network import passes
from glassnet.network.derivatives import COMPLEX_STEP, DIFFERENCE, centred_difference, complex_step
from glassnet.printers.element import Elements

Array = NDArray[Any]

NEAR_KINK = 1e-9  # a number this near to a kink of its function has two derivatives
FLOOR = 1e-4  # errors are relative to the largest entry of the step, at least to this share of the largest derivative


@dataclass(frozen=True)
class Check:
    """The result of an independent check of a step.

    `error` is the largest difference, relative to the step's largest entry. `method` is "complex step", "centred
    difference" (for functions that are not analytic) or "plain Python". `kinks` counts entries where the
    derivative jumps and any value between its two sides is right. `checked` of `entries` were compared: in a large
    step the largest and some others.
    """

    method: str
    error: float
    checked: int
    entries: int
    kinks: int = 0

    @property
    def ok(self) -> bool:
        """True if the numbers agree to 1e-10; a centred difference and float32 are allowed more."""
        return self.error <= {"centred difference": 1e-5}.get(
            self.method.split(",")[0], 1e-3 if "32" in self.method else 1e-10
        )

    def __str__(self) -> str:
        how_many = "" if self.checked == self.entries else f" of {self.checked} of {self.entries:,} entries"
        kinks = f", {self.kinks} at a kink" if self.kinks else ""
        how_far = "agrees exactly" if not self.error else f"{'agrees' if self.ok else 'DIFFERS'} to {self.error:.0e}"
        return f"{how_far} ({self.method}{how_many}{kinks})"


class Checker:
    """Checks the steps of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        net = graph.network
        self.net = net.with_theta(net.theta.astype(np.float64))
        self.batch = graph.batch
        self.X, self.Y = (array.astype(np.float64) for array in (self.batch.X, self.batch.Y))
        weight = self.batch.sample_weight
        self.weight = None if weight is None else weight.astype(np.float64)
        self.last = net.n_layers
        self.single = net.dtype == np.float32

    def check(self, step: Step, at_most: int | None) -> Check:
        """Check one step, at up to `at_most` of its entries."""
        value = np.asarray(step.value, dtype=np.float64)
        places = _places(value, at_most)
        with np.errstate(all="ignore"):
            if step.symbol.startswith("J"):
                return self._jacobian(step, value, places)
            derivative = self.derivative(step.symbol)
            if derivative is None:
                return self._plain(step, value, places)
            return self._derivative(step, value, places, derivative)

    def _plain(self, step: Step, value: Array, places: list[tuple[int, ...]]) -> Check:
        worst = 0.0
        if step.expression is not None:
            elements = Elements(self.graph.environment, at_most=None)
            for place in places:
                again = Plain(self.graph.environment).run(elements.element(step.expression, place))
                worst = max(worst, _difference(again, float(value[place]), _scale(value)))
        return Check(
            self._named("plain Python" if step.expression is not None else "none"), worst, len(places), value.size
        )

    def _derivative(self, step: Step, value: Array, places: list[tuple[int, ...]], derivative: Any) -> Check:
        function, at = derivative
        scale = max(_scale(value), FLOOR * self.largest_derivative)
        worst, kinks, method = 0.0, 0, "complex step"
        for place in places:
            again, how = self._independently(function, at, int(np.ravel_multi_index(place, value.shape)))
            error = _difference(again, float(value[place]), scale)
            if not error <= 1e-5 and self.at_kink():
                kinks += 1
                continue
            method = how if how != method and error <= 1e-5 else method
            worst = max(worst, error)
        return Check(self._named(method), worst, len(places), value.size, kinks)

    def _jacobian(self, step: Step, value: Array, places: list[tuple[int, ...]]) -> Check:
        """Check ∂aⱼ/∂zₖ by perturbing one z of the activation."""
        Z, worst = np.asarray(self.graph[f"Z{self.last}"].value, dtype=np.float64), 0.0
        for row, j, k in places:
            function = partial(self._output_entry, row, j)
            again, _ = self._independently(function, Z, row * Z.shape[1] + k)
            worst = max(worst, _difference(again, float(value[row, j, k]), _scale(value)))
        return Check(self._named("complex step"), worst, len(places), value.size)

    def _output_entry(self, row: int, j: int, Z: Array) -> Any:
        return self.net.activations[self.last](Z)[row, j]

    def independent(self, symbol: str, index: tuple[int, ...]) -> tuple[float, str] | None:
        """One derivative by an independent method, and the method; None if the symbol is not a derivative."""
        derivative = self.derivative(symbol)
        if derivative is None:
            return None
        function, at = derivative
        with np.errstate(all="ignore"):
            return self._independently(function, at, int(np.ravel_multi_index(index, at.shape)))

    def _independently(self, function: Callable[[Array], Any], at: Array, flat: int) -> tuple[float, str]:
        """Take the complex step, or a centred difference if a function is not analytic."""
        if self.analytic:
            return complex_step(function, at, flat), "complex step"
        return centred_difference(function, at, flat), "centred difference"

    @cached_property
    def analytic(self) -> bool:
        """True if the complex step works in all functions of the network; in one that takes a real abs it does not."""
        loss = self.net.loss_function
        functions: list[tuple[Callable[[Array], Any], Array]] = []
        for layer, activation in self.net.activations.items():
            if not activation.rowwise:
                functions.append((activation, np.asarray(self.graph[f"Z{layer}"].value, dtype=np.float64)))
        Z, A = (np.asarray(self.graph[f"{kind}{self.last}"].value, dtype=np.float64) for kind in "ZA")
        P = loss.raw_prediction(self.net.activations[self.last], Z, A)
        functions.append((lambda z: loss.value(z, self.Y, **loss.parameters), P))
        return all(_carries_complex_step(function, at) for function, at in functions)

    def _named(self, method: str) -> str:
        return f"{method}, float32" if self.single else method

    @cached_property
    def largest_derivative(self) -> float:
        """The largest of all derivatives of the step; one that is 0 by symmetry is noise of this size times 1e-16."""
        kinds = [step.value for step in self.graph.steps if step.stage == "backward" and step.symbol[0] in "ds"]
        return max((_scale(np.asarray(value)) for value in kinds), default=1.0)

    # --- the function behind each derivative ------------------------------------------------------------------------

    def derivative(self, symbol: str) -> tuple[Callable[[Array], Any], Array] | None:
        """The function whose derivative the step is, and its argument; None if the symbol is not a derivative."""
        last, loss, output = self.last, self.net.loss_function, self.net.activations[self.last]
        Z, A = (np.asarray(self.graph[f"{kind}{last}"].value, dtype=np.float64) for kind in "ZA")
        parameters = loss.parameters
        if symbol.startswith("g_prime"):
            layer = int(symbol.removeprefix("g_prime"))
            at = np.asarray(self.graph[f"Z{layer}"].value, dtype=np.float64)
            activation = self.net.activations[layer]
            return lambda z: activation(z).sum(), at
        if symbol == f"slope_Z{last}":
            return lambda z: self._terms(z, output(z)).sum(), Z
        if symbol == f"slope_A{last}":
            return lambda a: loss.value(a, self.Y, **parameters).sum(), A
        if symbol == f"dA{last}":
            return self._from_output(loss), A
        if symbol.endswith("_penalty"):
            l1, l2 = self.graph.penalties
            weights = np.asarray(self.graph[symbol.removeprefix("d").removesuffix("_penalty")].value, dtype=np.float64)
            return lambda w: penalty(w, l1, l2).sum(), weights
        if not symbol.startswith("d"):
            return None
        base = symbol.removeprefix("d").removesuffix("_data").removesuffix("_long")
        if base not in self.graph:
            return None
        at = np.asarray(self.graph[base].value, dtype=np.float64)
        penalised = not symbol.endswith("_data") and base[0] == "W"
        return lambda value: self.objective({base: value}, penalised), at

    def _from_output(self, loss: Any) -> Callable[[Array], Any]:
        """The loss as a function of the output."""
        contained = loss.contains(self.net.activations[self.last])
        value = loss.value_of_output if contained and loss.value_of_output is not None else loss.value
        weights = passes.mean_weights(self.weight, len(self.X), np.float64)
        return lambda a: (value(a, self.Y, **loss.parameters) * weights[:, None]).sum()

    def _terms(self, Z: Array, A: Array) -> Any:
        loss = self.net.loss_function
        P = loss.raw_prediction(self.net.activations[self.last], Z, A)
        return loss.value(P, self.Y, **loss.parameters)

    def objective(self, changed: dict[str, Array], penalised: bool) -> Any:
        """Replace some quantities of the forward pass and run the rest of it again, to the objective."""
        masks, A = self.batch.masks, changed.get("A0", self.X)
        W = {layer: changed.get(f"W{layer}", self.net.W[layer]) for layer in self.net.W}
        first = min(int("".join(c for c in name.split("_")[0] if c.isdigit())) for name in changed)
        for layer in range(1, self.last + 1):
            if layer < first:  # nothing has changed so far
                A = np.asarray(self.graph[f"A{layer}"].value, dtype=np.float64)
                continue
            into = A * masks[layer - 1] if layer - 1 in masks else A
            into = changed.get(f"A{layer - 1}_dropped", into)
            Z = changed.get(f"Z{layer}", into @ W[layer] + changed.get(f"b{layer}", self.net.b[layer]))
            A = changed.get(f"A{layer}", self.net.activations[layer](Z))
        trace = passes.Trace(dict.fromkeys(W, Z), dict.fromkeys(range(self.last + 1), A))
        l1, l2 = self.graph.penalties if penalised else (0.0, 0.0)
        return passes.objective(self.net.activations, self.net.loss_function, W, trace, self.Y, self.weight, l1, l2)

    def at_kink(self) -> bool:
        """True if a number of this step sits at a kink of its function."""
        for layer, activation in self.net.activations.items():
            Z = np.asarray(self.graph[f"Z{layer}"].value)
            if any((np.abs(Z - kink) <= NEAR_KINK).any() for kink in activation.kinks):
                return True
        loss = self.net.loss_function
        P = self.graph[f"A{self.last}"].value
        if loss.kink_at_target and (np.abs(P - self.Y) <= NEAR_KINK).any():
            return True
        return bool(self.graph.penalties[0]) and any((np.abs(W) <= NEAR_KINK).any() for W in self.net.W.values())


def _carries_complex_step(function: Callable[[Array], Any], at: Array) -> bool:
    """True if the complex step gives the slope of a function of each entry, or of each row, wherever it has one."""
    h = DIFFERENCE * np.maximum(1, np.abs(at)).max(axis=-1, keepdims=True)
    try:
        stepped = np.imag(function(at + COMPLEX_STEP * 1j)) / COMPLEX_STEP
    except (TypeError, ValueError):
        return False
    here, up, down = function(at), function(at + h), function(at - h)
    right, left = (up - here) / h, (here - down) / h
    smooth = np.isfinite(right + left) & (np.abs(right - left) <= 1e-3 * (1 + np.abs(right)))  # no kink between
    return np.allclose(stepped[smooth], (right + left)[smooth] / 2, rtol=1e-4, atol=1e-6)


def _places(value: Array, at_most: int | None) -> list[tuple[int, ...]]:
    """Choose the entries to check: all, or `at_most`, half of them the largest, the same at every call."""
    if at_most is None or value.size <= at_most:
        return list(np.ndindex(value.shape))
    flat = np.abs(value).ravel()
    largest = np.argpartition(-flat, at_most // 2)[: at_most // 2]
    others = np.random.default_rng(0).choice(value.size, at_most - len(largest), replace=False)
    places = np.unique(np.concatenate([largest, others]))
    return [tuple(int(k) for k in np.unravel_index(place, value.shape)) for place in places]


def _difference(again: float, value: float, scale: float) -> float:
    """|a − b| relative to `scale`; 0 for two equal inf or nan."""
    if again == value or (math.isnan(again) and math.isnan(value)):
        return 0.0
    difference = abs(again - value) / max(scale, 1e-300)
    return difference if math.isfinite(difference) else math.inf


def _scale(value: Array) -> float:
    finite = np.abs(value)[np.isfinite(value)]
    return float(finite.max()) if finite.size else 0.0
