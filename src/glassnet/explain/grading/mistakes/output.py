"""Misconceptions about the output: softmax, its Jacobian, and the output's derivative."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.explain.grading.mistakes.loss import is_difference
from glassnet.explain.grading.rules import Formulas, Rules, last_layer, loss_slope, output_slope, swap, wrap
from glassnet.explain.graph import Graph

RULES = Rules()


def through_softmax(d: Graph, formula: str) -> Formulas:
    """A formula in place of the product with the softmax's Jacobian."""
    last = last_layer(d)
    return {f"dZ{last}_long" if f"dZ{last}_long" in d else output_slope(d): formula} if f"J{last}" in d else {}


def carried(d: Graph) -> str:
    """The symbol of ∂ℓ/∂ŷ that the Jacobian is multiplied with."""
    last = last_layer(d)
    return f"slope_A{last}" if f"slope_A{last}" in d else f"dA{last}"


@RULES.add(
    "softmax_elementwise",
    "The softmax is treated as if each output depended on its own z alone: dZ = ∂L/∂ŷ · ŷ(1 − ŷ).",
    "Every ŷₖ depends on every zⱼ: multiply by the whole Jacobian, which leaves ŷ − y.",
)
def _(d: Graph) -> Iterator[Formulas]:
    a = f"A{last_layer(d)}"
    yield through_softmax(d, f"{carried(d)} * {a} * (1 - {a})")


@RULES.add(
    "softmax_at_logit",
    "The softmax's derivative is written with the logit z in place of the probability, and entry by entry.",
    "∂ŷₖ/∂zⱼ = ŷₖ(δₖⱼ − ŷⱼ): probabilities, and the whole Jacobian.",
)
def _(d: Graph) -> Iterator[Formulas]:
    z, a = f"Z{last_layer(d)}", f"A{last_layer(d)}"
    yield through_softmax(d, f"{carried(d)} * {a} * (1 - {z})")
    yield through_softmax(d, f"{carried(d)} * {z} * (1 - {z})")


@RULES.add(
    "softmax_off_diagonal",
    "The entries off the diagonal of the softmax's Jacobian have the wrong sign, or are left out with their ŷⱼ.",
    "∂ŷₖ/∂zⱼ = ŷₖ(δₖⱼ − ŷⱼ): −ŷₖŷⱼ off the diagonal.",
)
def _(d: Graph) -> Iterator[Formulas]:
    a, da = f"A{last_layer(d)}", carried(d)
    yield through_softmax(d, f"{da} * {a} + {a} * np.sum({da} * {a}, axis=1, keepdims=True)")
    yield through_softmax(
        d, f"{da} * {a} * (1 - {a}) + {a} * np.sum({da} * {a}, axis=1, keepdims=True) - {da} * {a} * {a}"
    )
    yield through_softmax(d, f"{da} * {a}")


@RULES.add(
    "output_derivative_twice",
    "The output's derivative is taken once more, though ŷ − y already contains it.",
    "With this loss dZ of the output is ŷ − y as it stands.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    output = d.network.activations[last]
    if not d.network.loss_function.contains(output) or output.builtin == "identity":
        return
    factor = f"A{last} * (1 - A{last})" if output.rowwise else f"df{last}(Z{last}, A{last})"
    yield wrap(d, loss_slope(d), "({}) * " + factor)


@RULES.add(
    "softmax_wrong_axis",
    "The softmax is taken over the wrong axis.",
    "Each sample has its own distribution: e^z divided by its sum over the classes of that row (axis=1, keepdims=True).",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    if d.network.activations[last].builtin == "softmax":
        for total in ("axis=0", ""):
            yield {f"A{last}": f"np.exp(Z{last}) / np.sum(np.exp(Z{last}), {total})"}


@RULES.add(
    "softmax_unnormalised",
    "The softmax is not divided by its sum.",
    "softmax(z) = e^z / Σ e^z, so that each row sums to 1.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    if d.network.activations[last].builtin == "softmax":
        yield {f"A{last}": f"np.exp(Z{last})"}
        yield {f"A{last}": f"Z{last} / np.sum(Z{last}, axis=1, keepdims=True)"}


@RULES.add(
    "sigmoid_for_softmax",
    "The output is a sigmoid in place of a softmax, or the other way round.",
    "Softmax for one of k classes, whose outputs sum to 1; sigmoid for yes or no of each output alone.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    name = d.network.activations[last].builtin
    if name == "softmax":
        yield {f"A{last}": f"sigmoid(Z{last})"}
    elif name == "sigmoid" and d.network.sizes[-1] > 1:
        yield {f"A{last}": f"softmax(Z{last})"}


@RULES.add(
    "output_activated",
    "An activation is put on the output, which has none here.",
    "The output of a regression is z itself: any number.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    if d.network.activations[last].builtin != "identity":
        return
    functions = {"relu": "np.maximum({z}, 0)", "tanh": "np.tanh({z})", "sigmoid": "sigmoid({z})"}
    slopes = {"relu": "({a} > 0)", "tanh": "(1 - {a} ** 2)", "sigmoid": "({a} * (1 - {a}))"}
    for name, function in functions.items():
        forward = {f"A{last}": function.format(z=f"Z{last}")}
        terms = "loss_terms" if "loss_terms" in d else "loss"
        forward |= swap(d, terms, **{f"Z{last}": f"A{last}"})
        error = swap(d, loss_slope(d), **{f"Z{last}": f"A{last}"})
        yield {**forward, **error}
        yield {**forward, **{s: f"({code}) * {slopes[name].format(a=f'A{last}')}" for s, code in error.items()}}


@RULES.add(
    "derivative_of_error",
    "The output's derivative is taken at the error: e(1 − e) in place of ŷ(1 − ŷ).",
    "The derivative belongs to the output: with a sigmoid it is ŷ(1 − ŷ), and the error only multiplies it.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    if not is_difference(d) or d.network.activations[last].builtin == "identity":
        return
    symbols = [(output_slope(d), "")] + ([(f"dZ{last}", " * mean_weights[:, None]")] if "mean_weights" in d else [])
    for symbol, mean in symbols:
        for error in (f"(A{last} - Y){mean}", f"(Y - A{last}){mean}"):
            forms = [f"({error}) * (1 - {error})", f"(1 - ({error}) ** 2)"]
            for form in forms:
                yield {symbol: form}
                yield {symbol: f"{error} * ({form})"}
