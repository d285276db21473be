"""Misconceptions about the forward pass: biases, activations and their inputs."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.explain.grading.rules import (
    Formulas,
    Rules,
    everywhere_and_each,
    hidden_layers,
    into,
    last_layer,
    layers_of,
    loss_slope,
    loss_terms,
    merge,
    swap,
)
from glassnet.explain.graph import Graph

RULES = Rules()

FUNCTIONS = {  # the usual activations and their slopes, in z and a
    "relu": ("np.maximum({z}, 0)", "({a} > 0)"),
    "sigmoid": ("sigmoid({z})", "{a} * (1 - {a})"),
    "tanh": ("np.tanh({z})", "1 - {a} ** 2"),
}


@RULES.add(
    "activation_forgotten",
    "The activation is forgotten on the way forward: a = z.",
    "a = g(z) in each layer; without g the layers collapse into one.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each({f"A{layer}": f"Z{layer}" for layer in hidden_layers(d)})
    yield from everywhere_and_each(*(swap(d, f"Z{la + 1}", **{into(d, la + 1): f"Z{la}"}) for la in hidden_layers(d)))
    yield from everywhere_and_each({f"A{layer}": f"Z{layer}" for layer in layers_of(d)})
    last = last_layer(d)
    if d.network.activations[last].builtin != "identity":
        yield {f"A{last}": f"Z{last}"}
        yield swap(d, loss_slope(d), **{f"A{last}": f"Z{last}"})


@RULES.add("bias_forgotten", "The bias is forgotten on the way forward.", "z = a W + b.")
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each(*(swap(d, f"Z{la}", **{f"b{la}": "0"}) for la in layers_of(d)))


@RULES.add("bias_subtracted", "The bias is subtracted on the way forward.", "z = a W + b, with plus.")
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each(*(swap(d, f"Z{la}", **{f"b{la}": f"(-b{la})"}) for la in layers_of(d)))


@RULES.add(
    "bias_after_activation",
    "The bias is added after the activation.",
    "a = g(x W + b): the bias moves the point at which the activation acts.",
)
def _(d: Graph) -> Iterator[Formulas]:
    parts = []
    for la in layers_of(d):
        if d.network.activations[la].builtin != "identity":
            parts.append(merge(swap(d, f"Z{la}", **{f"b{la}": "0"}), {f"A{la}": f"g{la}(Z{la}) + b{la}"}))
    yield merge(*parts)
    yield from parts


@RULES.add(
    "activation_twice",
    "The activation is applied twice.",
    "a = g(z) once; a loss that takes logits applies the output's activation itself.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    once = {la for la in layers_of(d) if d.network.activations[la].builtin not in ("identity", "relu")}
    yield from everywhere_and_each({f"A{la}": f"g{la}(g{la}(Z{la}))" for la in once if la < last})
    if last in once:
        output = {f"A{last}": f"g{last}(g{last}(Z{last}))"}
        value = swap(d, loss_terms(d), **{f"Z{last}": f"g{last}(Z{last})"})
        slope = swap(d, loss_slope(d), **{f"A{last}": f"g{last}(A{last})"})
        yield merge(output, value)
        yield from (merge(slope, value), slope, output, value)


@RULES.add(
    "wrong_activation",
    "Another activation is used than the network's.",
    "Take the activation that the network names for the layer, and its own derivative.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for name, (function, slope) in FUNCTIONS.items():
        forward, both = [], []
        for la in hidden_layers(d):
            if d.network.activations[la].builtin not in (name, "identity"):
                z, a = f"Z{la}", f"A{la}"
                forward.append({a: function.format(z=z)})
                both.append({a: function.format(z=z), f"g_prime{la}": slope.format(z=z, a=a)})
        yield merge(*both)
        yield from both
        yield from everywhere_and_each(*forward)


@RULES.add(
    "exponent_sign",
    "The exponent of the activation has the wrong sign.",
    "sigmoid(z) = 1/(1 + e^−z), which grows with z; softmax takes e^z.",
)
def _(d: Graph) -> Iterator[Formulas]:
    names = ("sigmoid", "softmax")
    layers = [la for la in layers_of(d) if d.network.activations[la].builtin in names]
    yield from everywhere_and_each({f"A{la}": f"g{la}(-Z{la})" for la in layers})


@RULES.add(
    "weights_transposed",
    "The weights are transposed on the way forward.",
    "With rows as samples z = a W + b, W of shape (inputs, outputs).",
)
def _(d: Graph) -> Iterator[Formulas]:
    square = [la for la in layers_of(d) if d.network.sizes[la - 1] == d.network.sizes[la]]
    yield from everywhere_and_each(*(swap(d, f"Z{la}", **{f"W{la}": f"W{la}.T"}) for la in square))


@RULES.add(
    "wrong_input",
    "A layer takes the inputs X in place of the activations below it.",
    "Each layer takes what the layer below gives: z₂ = a₁ W₂ + b₂.",
)
def _(d: Graph) -> Iterator[Formulas]:
    fits = [la for la in layers_of(d) if la > 1 and d.network.sizes[la - 1] == d.network.sizes[0]]
    yield from everywhere_and_each(*(swap(d, f"Z{la}", **{into(d, la): "A0"}) for la in fits))
