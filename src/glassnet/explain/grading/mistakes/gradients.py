"""Misconceptions about the gradients of weights and biases: shapes, factors left out, numbers mixed up or lost."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.explain.grading.rules import (
    Formulas,
    Rules,
    both_and_each,
    data_gradient,
    everywhere_and_each,
    gradient_below,
    hidden_layers,
    into,
    layers_of,
    merge,
    swap,
    wrap,
)
from glassnet.explain.graph import Graph

RULES = Rules()


@RULES.add(
    "transpose",
    "A matrix is transposed, or should have been.",
    "With rows as samples: dW = Aᵀ dZ has W's shape, and dA = dZ Wᵀ has A's.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for symbols in ([f"dW{layer}" for layer in layers_of(d)], [data_gradient(d, layer) for layer in layers_of(d)]):
        yield from everywhere_and_each(*(wrap(d, symbol, "({}).T") for symbol in symbols))
    square = [layer for layer in layers_of(d) if d.network.sizes[layer - 1] == d.network.sizes[layer]]
    yield from everywhere_and_each({gradient_below(d, layer): f"dZ{layer} @ W{layer}" for layer in square})


@RULES.add(
    "descent_direction",
    "The sign of the gradient is turned round: this is the direction of descent.",
    "dW and db are slopes of the loss; minus comes once, in the update.",
)
def _(d: Graph) -> Iterator[Formulas]:
    weights = merge(*(wrap(d, f"dW{la}", "-({})") for la in layers_of(d)))
    biases = merge(*(wrap(d, f"db{la}", "-({})") for la in layers_of(d)))
    yield from both_and_each(weights, biases)


@RULES.add(
    "rate_in_gradient",
    "The gradient is already multiplied by the learning rate.",
    "dW is the slope of the loss; the learning rate comes in the update.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "learning_rate" in d:
        for factor in ("learning_rate", "-learning_rate"):
            parts = [wrap(d, f"d{kind}{la}", f"{factor} * ({{}})") for la in layers_of(d) for kind in "Wb"]
            yield from everywhere_and_each(*parts)


@RULES.add(
    "preactivation_in_dW",
    "dW is taken with the pre-activation Z of the layer below in place of its activation A.",
    "dW = Aᵀ dZ: what the weights multiplied on the way forward.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each(
        {data_gradient(d, layer): f"Z{layer - 1}.T @ dZ{layer}" for layer in layers_of(d) if layer > 1}
    )


@RULES.add(
    "input_forgotten",
    "The activation below is left out of dW: each weight gets the gradient of the bias.",
    "dW = Aᵀ dZ: the slope of z = a W along a weight is the a that it multiplies.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for of in ("np.ones_like({a}).T @ dZ{la}", "dZ{la}.sum(axis=0)", "dZ{la}"):
        yield from everywhere_and_each({data_gradient(d, la): of.format(a=into(d, la), la=la) for la in layers_of(d)})


@RULES.add(
    "wrong_activation_in_dW",
    "dW is taken with the activations of another layer.",
    "dW = Aᵀ dZ with the activations that go into the layer: dW₂ = A₁ᵀ dZ₂.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each({data_gradient(d, la): f"A{la}.T @ dZ{la}" for la in layers_of(d)})
    yield from everywhere_and_each({data_gradient(d, la): f"A0.T @ dZ{la}" for la in layers_of(d) if la > 1})
    for la in layers_of(d):
        for other in range(1, la - 1):
            yield {data_gradient(d, la): f"A{other}.T @ dZ{la}"}


@RULES.add(
    "derivative_left_out_of_dW",
    "dW and db are taken with ∂L/∂A in place of ∂L/∂Z: the activation's derivative is left out.",
    "dW = Aᵀ dZ and db = Σ dZ, where dZ = dA ⊙ g'(Z).",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = [la for la in layers_of(d) if f"dA{la}" in d]
    weights = merge(*(swap(d, data_gradient(d, la), **{f"dZ{la}": f"dA{la}"}) for la in layers))
    biases = merge(*(swap(d, f"db{la}", **{f"dZ{la}": f"dA{la}"}) for la in layers))
    for la in layers:
        yield merge(*({s: f for s, f in part.items() if s.endswith(str(la))} for part in (weights, biases)))
    yield from both_and_each(weights, biases)


@RULES.add(
    "overwritten",
    "An array is overwritten in place before it is used again: A holds its derivative when dW is taken.",
    "Give the result a name of its own: A1 * (1 - A1), not A1 *= 1 - A1.",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = [la for la in hidden_layers(d) if f"g_prime{la}" in d]
    for value in ("g_prime{}", "dZ{}", "dA{}"):
        yield from everywhere_and_each(
            {data_gradient(d, la + 1): f"{value.format(la)}.T @ dZ{la + 1}" for la in layers}
        )


@RULES.add(
    "error_in_dW",
    "The targets or the output take the place of the error in dW.",
    "dW = Aᵀ dZ: the error dZ of the layer, not its output.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for kind in ("A{}", "Z{}"):
        yield from everywhere_and_each(
            {data_gradient(d, la): f"{into(d, la)}.T @ {kind.format(la)}" for la in layers_of(d)}
        )
    last = len(layers_of(d))
    yield {data_gradient(d, last): f"{into(d, last)}.T @ Y"}


@RULES.add(
    "dW_entry_by_entry",
    "A and dZ are multiplied entry by entry in dW.",
    "dW = Aᵀ dZ is a product of matrices, which sums over the samples: use @, not *.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for form in ("{a}.T * dZ{la}", "{a} * dZ{la}", "({a} * dZ{la}).sum(axis=0)"):
        yield from everywhere_and_each({data_gradient(d, la): form.format(a=into(d, la), la=la) for la in layers_of(d)})
