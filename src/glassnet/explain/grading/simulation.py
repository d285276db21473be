"""Simulation: computes the numbers that other formulas would have given in place of those of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import sigmoid, softmax
from glassnet.explain.grading.rules import Formulas
from glassnet.explain.graph import Graph
from glassnet.training.reference import masks

Array = NDArray[Any]

_IMPOSSIBLE = np.array(np.nan)  # a quantity whose formula fails, since its shapes do not fit


class Simulation:
    """Computes some symbols of a graph anew with other formulas or values in it; `whole` is the graph of a sample.

    Attributes
    ----------
    needed : set of str
        The steps that lead to the symbols; the others are not computed.
    """

    def __init__(self, graph: Graph, symbols: Sequence[str], whole: Graph | None = None) -> None:
        self.graph, self.symbols = graph, symbols
        self.needed = self._ancestors()
        self._steps = [step for step in graph.steps if step.symbol in self.needed]
        self._environment = {"sigmoid": sigmoid, "softmax": softmax, **graph.environment, **_helpers(whole or graph)}

    def run(self, formulas: Formulas, values: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """Put these formulas or values in place of the right ones; return the symbols that change, with their values.

        A symbol whose formula fails is nan, and so is what is computed from it.
        """
        environment, changed = dict(self._environment), dict(values or {})
        environment.update(changed)
        failed: set[str] = set()
        with np.errstate(all="ignore"):
            for step in self._steps:
                symbol = step.symbol
                if values and symbol in values:
                    continue
                code = formulas.get(symbol, "")
                if not code:
                    if changed.keys().isdisjoint(step.inputs):
                        continue
                    code = step.code or _opaque(symbol)
                if not code:
                    continue
                try:
                    if not failed.isdisjoint(_compiled(code).co_names):
                        raise ValueError
                    value = np.asarray(eval(_compiled(code), environment))
                except (ValueError, TypeError, ZeroDivisionError, NameError, IndexError):
                    value = _IMPOSSIBLE
                    failed.add(symbol)
                environment[symbol] = changed[symbol] = value
        self._add_parts(changed)
        return changed

    def _add_parts(self, changed: dict[str, Array]) -> None:
        """Add the symbols that are parts of flat vectors, such as W1_new."""
        layout = self.graph.network.layout
        for symbol in self.symbols:
            if symbol not in self.graph and symbol not in changed:
                flat, parameter = self.graph.part(symbol)
                if flat in changed and np.shape(changed[flat]) == self.graph.network.theta.shape:
                    W, b = layout.views(changed[flat])
                    changed[symbol] = (W if parameter[0] == "W" else b)[int(parameter[1:])]
                elif flat in changed:
                    changed[symbol] = _IMPOSSIBLE

    def _ancestors(self) -> set[str]:
        needed = {step_of(self.graph, symbol) for symbol in self.symbols}
        last = self.graph.network.n_layers
        for step in reversed(self.graph.steps):
            if step.symbol in needed:
                needed.update(step.inputs)
                if step.symbol == f"dZ{last}":  # a learner may have taken the long way
                    needed.update({f"dZ{last}_long", f"slope_Z{last}", f"dA{last}", f"J{last}", f"g_prime{last}"})
        return needed


@lru_cache(maxsize=4096)
def _compiled(code: str) -> CodeType:
    return compile(code, "<formula>", "eval")


def _helpers(graph: Graph) -> dict[str, Any]:
    """Names that wrong formulas may use as well: g and g' of each layer, updated parameters, the masks of other steps."""
    net, job, state = graph.network, graph.job, graph.state
    helpers: dict[str, Any] = {}
    for layer, activation in net.activations.items():
        helpers[f"g{layer}"] = activation
        if not activation.rowwise:
            helpers[f"df{layer}"] = lambda z, a, g=activation: np.asarray(g.df(z, a, **g.parameters), dtype=float)
    if "theta" in graph:
        for layer in net.W:
            helpers |= {f"{kind}{layer}_new": graph.value(f"{kind}{layer}_new") for kind in "Wb"}
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
