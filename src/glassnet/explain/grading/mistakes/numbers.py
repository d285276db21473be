"""Misconceptions that are accidents of a program: numbers that are lost, or stand in the place of others."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.explain.grading.rules import (
    Formulas,
    Rules,
    both_and_each,
    last_layer,
    layers_of,
    merge,
    swap,
    wrap,
)
from glassnet.explain.graph import Graph

RULES = Rules()


@RULES.add(
    "integer_type",
    "The numbers are cut to whole numbers: an array of integers took them.",
    "Make arrays with a type of float: np.zeros(shape), not np.zeros(shape, dtype=int) or np.zeros_like of integers.",
)
def _(d: Graph) -> Iterator[Formulas]:
    parts = [f"d{kind}{la}" for la in layers_of(d) for kind in "Wb"]
    chain = [f"{kind}{la}" for la in layers_of(d) for kind in ("Z", "A", "dA", "dZ")]
    symbols = [*(symbol for symbol in parts if symbol in d), *(s for s in chain if s in d), "theta", "m", "v"]
    yield merge(*(wrap(d, f"dW{la}", "np.trunc({})") for la in layers_of(d)))
    yield merge(*(wrap(d, symbol, "np.trunc({})") for symbol in parts))
    for symbol in symbols:
        yield wrap(d, symbol, "np.trunc({})")
    for whole in ("W{}", "A0"):
        yield merge(*(swap(d, f"Z{la}", **{whole.format(la): f"np.trunc({whole.format(la)})"}) for la in layers_of(d)))


@RULES.add(
    "never_filled",
    "The numbers are 0 everywhere: the array was made and never filled.",
    "Write the result into the array that is returned.",
)
def _(d: Graph) -> Iterator[Formulas]:
    weights = merge(*(wrap(d, f"dW{la}", "0 * ({})") for la in layers_of(d)))
    biases = merge(*(wrap(d, f"db{la}", "0 * ({})") for la in layers_of(d)))
    yield from both_and_each(weights, biases)


@RULES.add(
    "layers_exchanged",
    "The gradients of two layers are exchanged.",
    "Give each gradient the number of its own layer; the way back makes the last one first.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = len(layers_of(d))
    exchanges = [dict(zip(layers_of(d), reversed(layers_of(d)), strict=True))]  # all in reverse
    exchanges += [{la: other, other: la} for la in layers_of(d) for other in range(la + 1, last + 1)]
    for exchange in exchanges if last > 1 else ():
        weights = {f"dW{la}": d[f"dW{other}"].code for la, other in exchange.items()}
        biases = {f"db{la}": d[f"db{other}"].code for la, other in exchange.items()}
        yield from (merge(weights, biases), weights, biases)


@RULES.add(
    "overwritten_later",
    "An array is overwritten in place, and what is handed in is no longer the term of that name.",
    "Give each result a name of its own: dZ1 = dA1 * mask, not dA1[mask == 0] = 0.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    overwritten = [(f"A{last}", f"A{last} - Y"), (f"A{last}", f"dZ{last}")]
    for la in layers_of(d):
        overwritten += [(f"dA{la}", f"dZ{la}"), (f"Z{la}", f"A{la}"), (f"A{la}", f"g_prime{la}"), (f"A{la}", f"dZ{la}")]
    for symbol, by in overwritten:
        if symbol in d and d[symbol].code and (by in d or " " in by):
            yield {symbol: by, **_used_before(d, symbol)}


def _used_before(d: Graph, symbol: str) -> Formulas:
    """The formulas of all steps that take a symbol, with its own formula in its place: they used it before it changed."""
    users = [step.symbol for step in d.steps if symbol in step.inputs]
    return merge(*(swap(d, user, **{symbol: d[symbol].code}) for user in users))


@RULES.add(
    "namesake",
    "A term stands where its namesake belongs: a value for its gradient, or Z for A.",
    "dW2 is the gradient of W2, A1 the activation of Z1: keep them apart by name.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for la in layers_of(d):
        pairs = [("dW", "W"), ("db", "b"), ("dZ", "Z"), ("dA", "A"), ("A", "Z"), ("Z", "A"), ("dA", "dZ")]
        pairs += [("dA", "Z"), ("dZ", "A"), ("dW", "W_new"), ("db", "b_new")]
        for wrong, right in pairs:
            name = f"{right[0]}{la}_new" if right.endswith("_new") else f"{right}{la}"
            if f"{wrong}{la}" in d and (name in d or (right.endswith("_new") and "theta" in d)):
                yield {f"{wrong}{la}": name}
