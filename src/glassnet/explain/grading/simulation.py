"""Simulation: computes the numbers that other formulas would have given in place of those of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.rules import Formulas
from glassnet.explain.graph import Graph
from glassnet.training.reference import masks

Array = NDArray[Any]


class Simulation:
    """Computes some symbols of a graph anew with other formulas or values in it."""

    def __init__(self, graph: Graph, symbols: Sequence[str]) -> None:
        self.graph, self.symbols = graph, symbols
        self._needed = self._ancestors()
        self._compiled: dict[str, CodeType] = {}
        self._environment = dict(graph.environment) | _helpers(graph)

    def run(self, formulas: Formulas, values: Mapping[str, Array] | None = None) -> dict[str, Array]:
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
        for symbol in self.symbols:
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
        """The steps that lead to the symbols; the others need not be computed."""
        needed = {step_of(self.graph, symbol) for symbol in self.symbols}
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


def step_of(graph: Graph, symbol: str) -> str:
    """The step that holds a symbol: itself, or the flat vector that it is a part of."""
    return symbol if symbol in graph else graph.part(symbol)[0]
