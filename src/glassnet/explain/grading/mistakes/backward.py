"""Misconceptions about the way back through the layers: derivatives of activations, weights, errors of other layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from glassnet.explain.grading.rules import (
    Formulas,
    Rules,
    everywhere_and_each,
    gradient_below,
    last_layer,
    layers_of,
    layers_with_slope,
    swap,
    through_activations,
    without_factor,
    wrap,
)
from glassnet.explain.graph import Graph

RULES = Rules()

SLOPES = {"sigmoid": "{a} * (1 - {a})", "tanh": "1 - {a} ** 2", "relu": "({z} > 0)"}
INCOMPLETE = {  # forms of a slope with a part of it missing or wrong
    "sigmoid": ("1 - {a}", "{a} * (1 + {a})", "1 - {a} ** 2 - {a}", "{a} ** 2 * (1 - {a})", "{a} * (1 - {a} ** 2)"),
    "tanh": ("1 - {a}", "1 + {a} ** 2", "{a} ** 2", "(1 - {a}) ** 2", "1 - 2 * {a}", "1 - np.sqrt(np.abs({a}))"),
    "relu": (),
}


def slopes(d: Graph, *forms: str) -> Iterator[Formulas]:
    """Put each form, over z and a, in place of the slopes of the activations: in all layers, and in each."""
    for form in forms:
        yield from everywhere_and_each(
            {f"g_prime{layer}": form.format(z=f"Z{layer}", a=f"A{layer}") for layer in layers_with_slope(d)}
        )


@RULES.add(
    "derivative_forgotten",
    "The activation's derivative is forgotten on the way back.",
    "dZ = dA ⊙ g'(Z): multiply by the derivative in each layer.",
)
def _(d: Graph) -> Iterator[Formulas]:
    products = through_activations(d)
    yield from everywhere_and_each(*(without_factor(d, symbol, f"g_prime{la}") for la, symbol in products))


@RULES.add(
    "derivative_misplaced",
    "The activation's derivative is taken at the wrong place.",
    "g'(Z) is evaluated at the pre-activation of its own layer; a form in terms of a takes a = g(z).",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = layers_with_slope(d)

    def at(layer: int, z: str, a: str) -> Formulas:
        return swap(d, f"g_prime{layer}", **{f"Z{layer}": z, f"A{layer}": a})

    yield from everywhere_and_each(*(at(layer, f"Z{layer}", f"Z{layer}") for layer in layers))
    yield from everywhere_and_each(*(at(layer, f"A{layer}", f"g{layer}(A{layer})") for layer in layers))
    below = [layer for layer in layers if f"dA{layer}" in d]
    yield from everywhere_and_each(*(at(layer, f"dA{layer}", f"g{layer}(dA{layer})") for layer in below))
    yield from everywhere_and_each(*(at(layer, f"dA{layer}", f"dA{layer}") for layer in below))
    relus = [layer for layer in below if d.network.activations[layer].builtin == "relu"]
    yield from everywhere_and_each({f"g_prime{layer}": f"(Z{layer} > 0) * (dA{layer} > 0)" for layer in relus})
    for layer in layers:
        for other in (layer - 1, layer + 1):
            if f"Z{other}" in d:
                yield at(layer, f"Z{other}", f"A{other}")
                yield at(layer, f"Z{other}", f"g{layer}(Z{other})")
        if layer == 1:
            yield at(layer, "A0", "A0")
    for layer in layers:
        for other in layers:
            if other != layer:
                yield {f"g_prime{layer}": f"g_prime{other}"}


@RULES.add(
    "slopes_exchanged",
    "The derivative is that of another activation: a(1 − a) is the sigmoid's, 1 − a² that of tanh.",
    "Each activation has its own: sigmoid a(1 − a), tanh 1 − a², ReLU 1 where z > 0.",
)
def _(d: Graph) -> Iterator[Formulas]:
    forms = {**SLOPES, "of z": "sigmoid({z}) * (1 - sigmoid({z}))", "at z": "1 - np.tanh({z}) ** 2"}
    for name, form in forms.items():
        other = [la for la in layers_with_slope(d) if d.network.activations[la].builtin not in (name, "identity")]
        yield from everywhere_and_each({f"g_prime{la}": form.format(z=f"Z{la}", a=f"A{la}") for la in other})


@RULES.add(
    "derivative_incomplete",
    "A part of the activation's derivative is missing: a factor, a square, or the right sign in it.",
    "sigmoid'(z) = a(1 − a), tanh'(z) = 1 − a².",
)
def _(d: Graph) -> Iterator[Formulas]:
    for name, forms in INCOMPLETE.items():
        own = [la for la in layers_with_slope(d) if d.network.activations[la].builtin == name]
        for form in forms:
            yield from everywhere_and_each({f"g_prime{la}": form.format(a=f"A{la}") for la in own})


@RULES.add(
    "activation_for_derivative",
    "The error is multiplied by the activation itself in place of its derivative.",
    "dZ = dA ⊙ g'(Z); for a ReLU the derivative is 1 or 0, not z or 0.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from slopes(d, "{a}", "{z}")


@RULES.add(
    "derivative_sign",
    "The sign of the activation's derivative is turned round.",
    "These activations rise with z: their derivative is nowhere negative.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each(*(wrap(d, f"g_prime{la}", "-1 * ({})") for la in layers_with_slope(d)))


@RULES.add(
    "derivative_reversed",
    "The derivative is on where it should be off: 1 − g'(Z) in place of g'(Z).",
    "The derivative of a ReLU is 1 where z > 0 and 0 elsewhere.",
)
def _(d: Graph) -> Iterator[Formulas]:
    relus = [la for la in layers_with_slope(d) if d.network.activations[la].builtin == "relu"]
    yield from everywhere_and_each(*(wrap(d, f"g_prime{la}", "1 - ({})") for la in relus))


@RULES.add(
    "derivative_divides",
    "The error is divided by the activation's derivative.",
    "The chain rule multiplies: dZ = dA ⊙ g'(Z).",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each(*(wrap(d, f"g_prime{la}", "1 / ({})") for la in layers_with_slope(d)))


@RULES.add(
    "derivative_twice",
    "The activation's derivative is taken twice.",
    "dZ = dA ⊙ g'(Z): once in each layer.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each(*(wrap(d, f"g_prime{la}", "({}) ** 2") for la in layers_with_slope(d)))


@RULES.add(
    "derivative_added",
    "The activation's derivative is added to the error in place of multiplied with it.",
    "The chain rule multiplies: dZ = dA ⊙ g'(Z).",
)
def _(d: Graph) -> Iterator[Formulas]:
    products = [(la, symbol, error) for la, symbol in through_activations(d) for error in _errors(d, symbol, la)]
    yield from everywhere_and_each({symbol: f"{error} + g_prime{la}" for la, symbol, error in products})


def _errors(d: Graph, symbol: str, layer: int) -> Iterable[str]:
    """The formula of what is multiplied by the activation's derivative in a step."""
    return without_factor(d, symbol, f"g_prime{layer}").values()


@RULES.add(
    "product_of_matrices",
    "A product of matrices is taken where entries are multiplied one by one.",
    "dZ = dA ⊙ g'(Z) has the shape of dA: multiply with *, not with @.",
)
def _(d: Graph) -> Iterator[Formulas]:
    products = [(la, symbol, error) for la, symbol in through_activations(d) for error in _errors(d, symbol, la)]
    for end in (".T", ""):
        yield from everywhere_and_each({symbol: f"{error} @ g_prime{la}{end}" for la, symbol, error in products})


@RULES.add(
    "product_of_entries",
    "Entries are multiplied one by one where a product of matrices is taken.",
    "dA = dZ Wᵀ sums over the units of the layer above: use @, not *.",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = [la for la in layers_of(d) if la > 1]
    yield from everywhere_and_each({gradient_below(d, la): f"dZ{la} * W{la}.T" for la in layers})
    yield from everywhere_and_each({gradient_below(d, la): f"dZ{la} * W{la}" for la in layers})


@RULES.add(
    "weights_forgotten",
    "The weights are left out on the way back: the error goes down as it is.",
    "dA = dZ Wᵀ: each unit gets the errors above it, weighted by its connections to them.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for error in ("dZ{}", "dA{}", "dZ{}.sum(axis=1, keepdims=True)", "dA{}.sum(axis=1, keepdims=True)"):
        yield from everywhere_and_each(
            {
                gradient_below(d, la): f"{error.format(la)} * np.ones_like(A{la - 1})"
                for la in layers_of(d)
                if la > 1 and f"{error[:2]}{la}" in d
            }
        )


@RULES.add(
    "error_of_other_layer",
    "The error of another layer, or ∂L/∂A in place of ∂L/∂Z, goes back through the weights.",
    "dA = dZ Wᵀ with the dZ of the layer right above, which already contains its activation's derivative.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    above = [la for la in layers_of(d) if la > 1]
    yield from everywhere_and_each({gradient_below(d, la): f"dA{la} @ W{la}.T" for la in above if f"dA{la}" in d})
    yield from everywhere_and_each({gradient_below(d, la): f"(A{last} - Y) @ W{la}.T" for la in above})
    for la in above:
        for other in (*range(1, la), *range(la + 1, last + 1)):
            if d.network.sizes[other] == d.network.sizes[la]:
                yield {gradient_below(d, la): f"dZ{other} @ W{la}.T"}


@RULES.add(
    "activation_for_error",
    "The activation of the layer above is taken in place of its error.",
    "dA = dZ Wᵀ: what comes back is the error dZ of the layer above, not its output.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for kind in ("A", "Z"):
        yield from everywhere_and_each(
            {gradient_below(d, la): f"{kind}{la} @ W{la}.T" for la in layers_of(d) if la > 1}
        )
    yield {gradient_below(d, last_layer(d)): f"Y @ W{last_layer(d)}.T"} if last_layer(d) > 1 else {}


@RULES.add(
    "gradient_for_weights",
    "The error goes back through dW in place of W.",
    "dA = dZ Wᵀ: the weights of the forward pass.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each({gradient_below(d, la): f"dZ{la} @ dW{la}.T" for la in layers_of(d) if la > 1})


@RULES.add(
    "updated_weights",
    "The error goes back through weights that were already updated.",
    "Finish the backward pass with the old weights, then update all of them.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "theta" in d:
        yield from everywhere_and_each(
            {gradient_below(d, la): f"dZ{la} @ W{la}_new.T" for la in layers_of(d) if la > 1}
        )


@RULES.add(
    "weights_of_other_layer",
    "The error goes back through the weights of another layer.",
    "dA of a layer comes through the weights between it and the layer above: dA₁ = dZ₂ W₂ᵀ.",
)
def _(d: Graph) -> Iterator[Formulas]:
    sizes = d.network.sizes
    shape = {la: (sizes[la - 1], sizes[la]) for la in layers_of(d)}
    for la in layers_of(d):
        for other in layers_of(d):
            if la > 1 and other != la:
                if shape[other] == shape[la]:
                    yield {gradient_below(d, la): f"dZ{la} @ W{other}.T"}
                if shape[other][::-1] == shape[la]:
                    yield {gradient_below(d, la): f"dZ{la} @ W{other}"}
