"""A sample of a large gradient: the graph with a few rows of each weight gradient, which is quick to compute anew."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.rules import Formulas, into, layers_of
from glassnet.explain.graph import Graph
from glassnet.printers.statements import names_in, rename

Array = NDArray[Any]

LARGE = 20_000  # numbers in a term of which a sample is looked at first
_ROWS = 6  # of each weight gradient


@dataclass(frozen=True)
class Sample:
    """A graph with a few rows of each weight gradient.

    Attributes
    ----------
    graph : Graph
        Its weight gradients, and what is computed from them in the update, are those of the sample.
    changed : frozenset of str
        The steps that have other shapes than in the whole graph.
    symbol : str
        The step that holds the term.
    rows : mapping
        The rows of the sample, by layer.
    places : array
        The places in theta of the sample's rows of weights and of the biases.
    place : slice or None
        Where the term lies in a flat vector of the sample, if it is a part of one.
    """

    graph: Graph
    changed: frozenset[str]
    symbol: str
    rows: Mapping[int, Array]
    places: Array
    place: slice | None

    def of_value(self, value: Array) -> Array:
        """The numbers of the term in the value of its step in the sample's graph."""
        return value if self.place is None else value[self.place]

    def of_term(self, whole: Graph, symbol: str, values: Array) -> Array:
        """The numbers of the sample out of all of the term's numbers."""
        if symbol not in whole:
            parameter = whole.part(symbol)[1]
            return (values[self.rows[int(parameter[1:])]] if parameter[0] == "W" else values).ravel()
        return values[self.places] if whole.is_flat(symbol) else values[self.rows[whole[symbol].layer or 1]]

    def holds(self, formulas: Formulas) -> bool:
        """True if these formulas neither stand for nor mention a step that has another shape in the sample."""
        names = {name for code in formulas.values() for name in names_in(ast.parse(code, mode="eval"))}
        return self.changed.isdisjoint(names | formulas.keys())


def sample_of(graph: Graph, symbol: str) -> Sample | None:
    """The sample for a term: a large weight gradient, a vector of all parameters or a part of one; None for others."""
    if graph.value(symbol).size < LARGE or "norm" in graph:
        return None
    flat = symbol not in graph or graph.is_flat(symbol)
    if not flat and not symbol.startswith("dW"):
        return None
    layers = list(layers_of(graph)) if flat else [graph[symbol].layer or 1]
    rows = {layer: _largest_rows(graph.value(into(graph, layer))) for layer in layers}
    steps, environment = dict(graph.by_symbol), dict(graph.environment)
    environment |= {f"rows{layer}": chosen for layer, chosen in rows.items()}
    changed: set[str] = set()
    for layer, chosen in rows.items():
        sliced = {into(graph, layer): f"{into(graph, layer)}[:, rows{layer}]", f"W{layer}": f"W{layer}[rows{layer}]"}
        for name in (f"dW{layer}_data", f"dW{layer}_penalty", f"dW{layer}"):
            if name in graph and (expression := graph[name].expression) is not None:
                steps[name] = replace(
                    graph[name], value=graph.value(name)[chosen], expression=rename(expression, sliced)
                )
                changed.add(name)
    places = _places(graph, rows)
    if flat:
        for name, step in graph.by_symbol.items():
            if graph.is_flat(name):
                steps[name] = replace(step, value=np.asarray(step.value)[places])
                changed.add(name)
    environment |= {name: steps[name].value for name in changed}
    names = (graph.inputs, graph.outputs)
    sampled = Graph(steps, environment, graph.job, graph.state, graph.batch, graph.penalties, graph.digits, names)
    if symbol in graph:
        return Sample(sampled, frozenset(changed), symbol, rows, places, None)
    whole, parameter = graph.part(symbol)
    return Sample(sampled, frozenset(changed), whole, rows, places, _place(graph, rows, parameter))


def _places(graph: Graph, rows: Mapping[int, Array]) -> Array:
    """The places in theta of the sample's rows of weights, and of all biases, in theta's order."""
    W, b = graph.network.layout.views(np.arange(graph.network.n_parameters))
    return np.concatenate([part for layer in rows for part in (W[layer][rows[layer]].ravel(), b[layer])])


def _place(graph: Graph, rows: Mapping[int, Array], parameter: str) -> slice:
    """Where a parameter lies among the places of the sample."""
    start = 0
    for layer, chosen in rows.items():
        for kind, size in (("W", len(chosen) * graph.network.sizes[layer]), ("b", graph.network.sizes[layer])):
            if f"{kind}{layer}" == parameter:
                return slice(start, start + size)
            start += size
    raise LookupError(parameter)


def _largest_rows(inputs: Array) -> Array:
    """The inputs with the largest activations, whose weights have the largest gradients."""
    return np.sort(np.argsort(-np.abs(inputs).sum(axis=0), kind="stable")[:_ROWS])
