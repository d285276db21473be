"""Reads a learner's terms, and computes the numbers that other formulas would have given in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown, unknown_name
from glassnet.explain.grading.rules import Formulas
from glassnet.explain.graph import Graph
from glassnet.training.reference import masks

Array = NDArray[Any]


class Answers:
    """A learner's terms in the order of the graph, and the numbers that other formulas would have given."""

    def __init__(self, graph: Graph, answers: Mapping[str, Any]) -> None:
        self.graph = graph
        named = {_symbol(graph, name): _numbers(name, value) for name, value in answers.items()}
        order = {step.symbol: place for place, step in enumerate(graph.steps)}
        self.given = dict(sorted(named.items(), key=lambda item: order.get(_step_of(graph, item[0]), -1)))
        self.tolerances = {symbol: _precision(values) for symbol, values in self.given.items()}
        self.scales = {symbol: float(np.max(np.abs(graph.value(symbol)))) for symbol in self.given}
        self._needed = self._ancestors()
        self._compiled: dict[str, CodeType] = {}
        self._environment = dict(graph.environment) | _helpers(graph)

    def matches(self, symbol: str, value: Array, slack: float = 1.0) -> bool:
        """True if the learner's numbers are these, to the digits given, times `slack`."""
        given, value = self.given[symbol], np.asarray(value, dtype=float)
        if not same_shape(symbol, given, value):
            return False
        given, value = np.squeeze(given), np.squeeze(value)
        digits, decimals = self.tolerances[symbol]
        size = np.maximum(np.abs(given), np.abs(value))
        largest = float(np.max(np.abs(value), initial=0.0))
        if digits > 6:
            allowed = 1e-6 * size + 1e-6 * largest
        else:
            with np.errstate(divide="ignore"):
                unit = 10.0 ** (np.floor(np.log10(np.where(size > 0, size, 1))) - max(digits, 3) + 1)
            allowed = np.maximum(0.505 * unit, min(0.505 * 10.0**-decimals, 0.005 * largest)) * (size > 0)
        with np.errstate(invalid="ignore"):
            return bool(np.all(np.abs(given - value) <= slack * allowed + 1e-12 * self.scales[symbol]))

    def simulate(self, formulas: Formulas, values: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """Put these formulas or values in place of the right ones; return the symbols that change, with their values."""
        environment, changed = dict(self._environment), dict(values or {})
        environment.update(changed)
        with np.errstate(all="ignore"):
            for step in self.graph.steps:
                symbol = step.symbol
                if symbol not in self._needed or (values and symbol in values):
                    continue
                code = formulas.get(symbol, "")
                if not code and any(name in changed for name in step.inputs):
                    code = step.code or _opaque(step.symbol)
                if not code:
                    continue
                try:
                    environment[symbol] = changed[symbol] = np.asarray(eval(self._compile(code), environment))
                except (ValueError, TypeError, ZeroDivisionError, NameError, IndexError):
                    return {}  # the shapes do not fit
        for symbol in self.given:
            if symbol not in self.graph:
                flat, parameter = self.graph.part(symbol)
                if flat in changed:
                    W, b = self.graph.network.layout.views(changed[flat])
                    changed[symbol] = (W if parameter[0] == "W" else b)[int(parameter[1:])]
        return changed

    def _compile(self, code: str) -> CodeType:
        if code not in self._compiled:
            self._compiled[code] = compile(code, "<formula>", "eval")
        return self._compiled[code]

    def _ancestors(self) -> set[str]:
        """The steps that lead to the given terms; the others need not be computed."""
        needed = {_step_of(self.graph, symbol) for symbol in self.given}
        last = self.graph.network.n_layers
        for step in reversed(self.graph.steps):
            if step.symbol in needed:
                needed.update(step.inputs)
                if step.symbol == f"dZ{last}":  # a learner may have taken the long way
                    needed.update({f"dZ{last}_long", f"slope_Z{last}", f"dA{last}", f"J{last}"})
        return needed


def _helpers(graph: Graph) -> dict[str, Any]:
    """Names that wrong formulas may use as well: g and g' of each layer, updated weights, the masks of other steps."""
    net, job, state = graph.network, graph.job, graph.state
    helpers: dict[str, Any] = {}
    for layer, activation in net.activations.items():
        helpers[f"g{layer}"] = activation
        if not activation.rowwise:
            helpers[f"df{layer}"] = lambda z, a, g=activation: np.asarray(g.df(z, a, **g.parameters), dtype=float)
    if "theta" in graph:
        for layer in net.W:
            helpers[f"W{layer}_new"] = graph.value(f"W{layer}_new")
    if job.dropout:
        n = len(graph.batch.X)
        early, stale = masks(job, state.step + 1, n), masks(job, max(state.step - 1, 0), n)
        for layer in graph.batch.masks:
            helpers[f"D{layer}_early"], helpers[f"D{layer}_stale"] = early[layer], stale[layer]
    return helpers


def _opaque(symbol: str) -> str:
    """The formula of an activation that has no readable equation."""
    kind, layer = symbol.rstrip("0123456789"), symbol.lstrip("A")
    return f"g{layer}(Z{layer})" if kind == "A" else ""


def _symbol(graph: Graph, name: str) -> str:
    """The graph's symbol for a learner's name: dw2, dz1, yhat, L."""
    last = graph.network.n_layers
    known = {step.symbol.lower(): step.symbol for step in (*graph.given, *graph.steps)}
    known |= {"x": "A0", "dx": "dA0", "yhat": f"A{last}", "y_hat": f"A{last}", "output": f"A{last}", "l": "loss"}
    known |= {"dyhat": f"dA{last}", "dy_hat": f"dA{last}"}
    found = known.get(name.lower())
    if found is not None and found in graph:
        return found
    exact = re.sub(r"(?i)(^|_)(w|b)(\d+)", lambda m: m[1] + ("W" if m[2] in "wW" else "b") + m[3], name)
    try:
        graph.part(exact)
    except InputError:
        raise unknown_name("term", name, [step.symbol for step in graph.steps]) from None
    return exact


def _step_of(graph: Graph, symbol: str) -> str:
    return symbol if symbol in graph else graph.part(symbol)[0]


def _numbers(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected numbers; got {shown(value)}; pass a number or a list of them.") from None
    if array.size == 0:
        raise InputError(f"{name}: expected numbers; got none; pass a number or a list of them.")
    return array


def same_shape(symbol: str, given: Array, value: Array) -> bool:
    """True for equal shapes; one sample may be a row, a column or plain numbers, but a column of dW is not a row."""
    if symbol.startswith("dW") and given.ndim == value.ndim:
        return given.shape == value.shape
    return np.squeeze(given).shape == np.squeeze(value).shape


def _precision(values: Array) -> tuple[int, int]:
    """Count the significant digits and the decimals of the numbers; 17 for full precision."""
    digits = decimals = 1
    for value in values.ravel()[:2000].tolist():
        if not np.isfinite(value) or value == 0:
            continue
        needed = next((p for p in range(1, 8) if float(f"{value:.{p - 1}e}") == value), 17)
        if needed == 17:
            return 17, 17
        digits = max(digits, needed)
        decimals = max(decimals, needed - 1 - int(f"{value:e}".split("e")[1]))
    return digits, decimals
