"""Reads a learner's terms and compares them with numbers, to the digits they give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown, unknown_name
from glassnet.explain.grading.rules import Formulas
from glassnet.explain.grading.simulation import Simulation, step_of
from glassnet.explain.graph import Graph

Array = NDArray[Any]


class Answers:
    """A learner's terms in the order of the graph, and the numbers that other formulas would have given."""

    def __init__(self, graph: Graph, answers: Mapping[str, Any]) -> None:
        self.graph = graph
        named = {_symbol(graph, name): _numbers(name, value) for name, value in answers.items()}
        order = {step.symbol: place for place, step in enumerate(graph.steps)}
        self.given = dict(sorted(named.items(), key=lambda item: order.get(step_of(graph, item[0]), -1)))
        self.tolerances = {symbol: _precision(values) for symbol, values in self.given.items()}
        self.scales = {symbol: float(np.max(np.abs(graph.value(symbol)))) for symbol in self.given}
        self.simulation = Simulation(graph, tuple(self.given))

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
        return self.simulation.run(formulas, values)


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
