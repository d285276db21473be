"""Rules, which find the places of a misconception in a graph, and the operations on formulas that they use."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from glassnet.explain.graph import Graph
from glassnet.printers.inline import substitute
from glassnet.printers.statements import rename

Formulas = dict[str, str]  # symbol → the formula used in place of its own


@dataclass(frozen=True)
class Misconception:
    """A mistake with a name, a description and a remedy."""

    code: str
    what: str
    remedy: str

    @property
    def page(self) -> str:
        """The address of the page on this misconception, relative to the documentation's site."""
        return f"reference/misconceptions/{self.code}.html"


@dataclass(frozen=True)
class Hypothesis:
    """A misconception at certain places of a graph: the wrong formulas by symbol."""

    misconception: Misconception
    formulas: Formulas


@dataclass(frozen=True)
class Rule:
    """A misconception with the function that finds its places in a graph."""

    misconception: Misconception
    places: Callable[[Graph], Iterator[Formulas]]


class Rules(list[Rule]):
    """Rules in the order in which they are tried."""

    def add(self, code: str, what: str, remedy: str) -> Callable[[Callable[[Graph], Iterator[Formulas]]], Rule]:
        """Decorate a function that yields the wrong formulas of a misconception, place by place."""

        def register(places: Callable[[Graph], Iterator[Formulas]]) -> Rule:
            self.append(Rule(Misconception(code, what, remedy), places))
            return self[-1]

        return register


# --- operations on formulas ---------------------------------------------------------------------------------------


def everywhere_and_each(*parts: Formulas) -> Iterator[Formulas]:
    """Yield all formulas at once, then each alone."""
    formulas = merge(*parts)
    yield formulas
    if len(formulas) > 1:
        for symbol, formula in formulas.items():
            yield {symbol: formula}


def both_and_each(weights: Formulas, biases: Formulas) -> Iterator[Formulas]:
    """Yield the formulas of all weights and biases at once, then those of the weights and of the biases, each at once and alone."""
    yield merge(weights, biases)
    yield from everywhere_and_each(weights)
    yield from everywhere_and_each(biases)


def merge(*parts: Formulas) -> Formulas:
    """All formulas in one dict."""
    return {symbol: formula for part in parts for symbol, formula in part.items()}


def swap(graph: Graph, symbol: str, **names: str) -> Formulas:
    """The symbol's own formula with names replaced; empty if the formula has none of them."""
    scope = {name: ast.parse(code, mode="eval").body for name, code in names.items()}
    return _changed(graph, symbol, lambda expression: substitute(expression, scope))


def swap_part(graph: Graph, symbol: str, part: str, by: str) -> Formulas:
    """The symbol's own formula with an expression in it replaced; empty if the formula does not contain it."""
    return _changed(graph, symbol, lambda expression: rename(expression, {part: by}))


def _changed(graph: Graph, symbol: str, change: Callable[[ast.expr], ast.expr]) -> Formulas:
    """Return the symbol's own formula with a change made to it; empty if there is none, or nothing changes."""
    expression = graph[symbol].expression if symbol in graph else None
    if expression is None:
        return {}
    changed = ast.unparse(change(expression))
    return {} if changed == ast.unparse(expression) else {symbol: changed}


def wrap(graph: Graph, symbol: str, template: str) -> Formulas:
    """The symbol's own formula, as {} in the template."""
    if symbol not in graph or not graph[symbol].code:
        return {}
    return {symbol: template.format(graph[symbol].code)}


def without_factor(graph: Graph, symbol: str, factor: str) -> Formulas:
    """The symbol's own formula, a product, without its last factor.

    Raises
    ------
    LookupError
        If the formula is not such a product.
    """
    match graph[symbol].expression:
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Name(id=name)) if name == factor:
            return {symbol: ast.unparse(left)}
    raise LookupError(f"{symbol}: expected a product that ends in {factor}; got {graph[symbol].code}.")


# --- symbols, whose names depend on what the step contains --------------------------------------------------------


def last_layer(graph: Graph) -> int:
    """The number of the output layer."""
    return graph.network.n_layers


def layers_of(graph: Graph) -> range:
    """The numbers of all layers."""
    return range(1, last_layer(graph) + 1)


def penalised_layers(graph: Graph) -> list[int]:
    """The numbers of the layers whose weights have a penalty."""
    return [layer for layer in layers_of(graph) if f"dW{layer}_penalty" in graph]


def hidden_layers(graph: Graph) -> range:
    """The numbers of the hidden layers."""
    return range(1, last_layer(graph))


def into(graph: Graph, layer: int) -> str:
    """The symbol of what goes into `layer`: the activations below, with dropout those that it lets through."""
    return f"A{layer - 1}_dropped" if f"A{layer - 1}_dropped" in graph else f"A{layer - 1}"


def loss_terms(graph: Graph) -> str:
    """The symbol of the loss of each output."""
    return next(symbol for symbol in ("loss_terms", "mean_loss", "loss") if symbol in graph)


def loss_slope(graph: Graph) -> str:
    """The symbol at which the backward pass starts: the slope of the loss."""
    last = last_layer(graph)
    for symbol in (f"slope_A{last}", f"dA{last}", f"slope_Z{last}"):
        if symbol in graph and not graph[symbol].aside:
            return symbol
    return f"dZ{last}"


def output_slope(graph: Graph) -> str:
    """The symbol of the slope of the loss at the output's pre-activation, before the mean over the samples."""
    last = last_layer(graph)
    return f"slope_Z{last}" if f"slope_Z{last}" in graph else f"dZ{last}"


def error_places(graph: Graph, template: str) -> Iterator[Formulas]:
    """Wrap the slope of the loss: the short way, and where there is a long way through ∂L/∂ŷ, that one, too."""
    slope, output = wrap(graph, loss_slope(graph), template), f"dA{last_layer(graph)}"
    if output in graph and graph[output].aside and f"slope_A{last_layer(graph)}" not in graph:
        yield merge(slope, wrap(graph, output, template))
        yield wrap(graph, output, template)
    yield slope


def data_gradient(graph: Graph, layer: int) -> str:
    """The symbol of Aᵀ dZ: dW, or with penalties its term dW_data."""
    return f"dW{layer}_data" if f"dW{layer}_data" in graph else f"dW{layer}"


def gradient_below(graph: Graph, layer: int) -> str:
    """The symbol of dZ Wᵀ below `layer`: dA, or with dropout dA_dropped."""
    return f"dA{layer - 1}_dropped" if f"dA{layer - 1}_dropped" in graph else f"dA{layer - 1}"


def through_activations(graph: Graph) -> list[tuple[int, str]]:
    """(layer, symbol) of the steps that multiply by the activation's derivative."""
    kinds = ("slope_Z{}", "dZ{}", "dZ{}_long")
    symbols = [(layer, kind.format(layer)) for layer in layers_of(graph) for kind in kinds]
    return [
        (layer, symbol) for layer, symbol in symbols if symbol in graph and f"g_prime{layer}" in graph[symbol].inputs
    ]


def layers_with_slope(graph: Graph) -> list[int]:
    """The layers whose activation has a slope of its own in the graph."""
    return list(dict.fromkeys(layer for layer, _ in through_activations(graph)))
