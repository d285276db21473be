"""Misconceptions about the loss, the backward pass, penalties, dropout and clipping."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.explain.grading.rules import (
    Formulas,
    Rules,
    data_gradient,
    everywhere_and_each,
    gradient_below,
    last_layer,
    layers_of,
    loss_slope,
    merge,
    swap,
    through_activations,
    without_factor,
    wrap,
)
from glassnet.explain.graph import Graph

RULES = Rules()

# --- the output and the loss ------------------------------------------------------------------------------------


@RULES.add(
    "softmax_elementwise",
    "The softmax is treated as if each output depended on its own z alone: dZ = ∂L/∂ŷ · ŷ(1 − ŷ).",
    "Every ŷₖ depends on every zⱼ: multiply by the whole Jacobian, which leaves ŷ − y.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    if f"J{last}" in d:
        formula = f"dA{last} * A{last} * (1 - A{last})"
        yield {f"dZ{last}_long": formula, f"dZ{last}": formula}


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
    "sign",
    "The sign of the output error is turned round: y − ŷ.",
    "The slope of the loss is ŷ − y; minus comes only once, in the update.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield wrap(d, loss_slope(d), "-({})")
    yield wrap(d, f"dA{last_layer(d)}", "-({})")


@RULES.add(
    "outputs_averaged",
    "The loss is averaged over the outputs as well as over the samples.",
    "The loss of a sample is the sum over its outputs; only samples are averaged.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if d.network.sizes[-1] > 1:
        yield wrap(d, loss_slope(d), f"({{}}) / {d.network.sizes[-1]}")
        yield wrap(d, "losses", f"({{}}) / {d.network.sizes[-1]}")


@RULES.add(
    "loss_factor",
    "A factor of the loss is lost or taken twice: its ½, which cancels the 2 of the square.",
    "½(ŷ − y)² has the slope ŷ − y; (ŷ − y)² has 2(ŷ − y).",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "cross_entropy" in d.network.loss_function.builtin:
        return
    terms = "loss_terms" if "loss_terms" in d else "loss"
    for factor in ("2", "0.5"):
        yield wrap(d, loss_slope(d), factor + " * ({})")
        yield merge(wrap(d, terms, factor + " * ({})"), wrap(d, loss_slope(d), factor + " * ({})"))


# --- the mean over the batch ------------------------------------------------------------------------------------


@RULES.add(
    "batch_mean_forgotten",
    "The gradients are summed over the samples; the mean is forgotten.",
    "The loss is a mean over the batch, so every gradient carries 1/n (or wᵢ/Σw) once.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    if "mean_weights" not in d:
        return
    yield {f"dZ{last}": f"slope_Z{last}"}
    if "w" in d:
        yield swap(d, f"dZ{last}", mean_weights="w")
    for symbol in ("loss", "mean_loss"):
        if symbol in d:
            yield wrap(d, symbol, "({}) * n")


@RULES.add(
    "sample_weights_forgotten",
    "Every sample counts the same; the sample weights are forgotten.",
    "Multiply sample i by wᵢ/Σw in place of 1/n.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "w" in d:
        plain = [swap(d, symbol, mean_weights="(np.ones(n) / n)") for symbol in ("loss", "mean_loss")]
        yield merge(*plain, swap(d, f"dZ{last_layer(d)}", mean_weights="(np.ones(n) / n)"))
        yield swap(d, f"dZ{last_layer(d)}", mean_weights="(np.ones(n) / n)")


@RULES.add(
    "batch_mean_twice",
    "The mean over the batch is taken twice.",
    "dZ of the output already carries 1/n; what follows is summed, not averaged again.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "mean_weights" not in d:
        return
    weights = merge(*(wrap(d, data_gradient(d, layer), "({}) / n") for layer in layers_of(d)))
    biases = merge(*(wrap(d, f"db{layer}", "({}) / n") for layer in layers_of(d)))
    yield merge(weights, biases)
    yield wrap(d, f"dZ{last_layer(d)}", "({}) / n")
    yield from everywhere_and_each(weights)
    yield from everywhere_and_each(biases)


@RULES.add(
    "wrong_axis",
    "The bias gradient is summed over the wrong axis.",
    "A bias acts on every sample: db = Σ over the rows of dZ, one number for each unit.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for axis in ("axis=1", "", "axis=1, keepdims=True"):
        yield from everywhere_and_each({f"db{layer}": f"dZ{layer}.sum({axis})" for layer in layers_of(d)})


# --- the activations --------------------------------------------------------------------------------------------


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
    layers = [layer for layer, _ in through_activations(d)]

    def at(layer: int, z: str, a: str) -> Formulas:
        return swap(d, f"g_prime{layer}", **{f"Z{layer}": z, f"A{layer}": a})

    yield from everywhere_and_each(*(at(layer, f"Z{layer}", f"Z{layer}") for layer in layers))
    yield from everywhere_and_each(*(at(layer, f"A{layer}", f"g{layer}(A{layer})") for layer in layers))
    yield from everywhere_and_each(
        *(at(layer, f"dA{layer}", f"g{layer}(dA{layer})") for layer in layers if f"dA{layer}" in d)
    )
    for layer in layers:
        for other in (layer - 1, layer + 1):
            if f"Z{other}" in d:
                yield at(layer, f"Z{other}", f"A{other}")


@RULES.add(
    "activation_forgotten",
    "The activation is forgotten on the way forward: a = z.",
    "a = g(z) in each layer; without g the layers collapse into one.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each({f"A{layer}": f"Z{layer}" for layer in layers_of(d)[:-1]})


@RULES.add("bias_forgotten", "The bias is forgotten on the way forward.", "z = a W + b.")
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each(*(swap(d, f"Z{la}", **{f"b{la}": "0"}) for la in layers_of(d)))


# --- the weights ------------------------------------------------------------------------------------------------


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
    "preactivation_in_dW",
    "dW is taken with the pre-activation Z of the layer below in place of its activation A.",
    "dW = Aᵀ dZ: what the weights multiplied on the way forward.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each(
        {data_gradient(d, layer): f"Z{layer - 1}.T @ dZ{layer}" for layer in layers_of(d) if layer > 1}
    )


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


# --- penalties, dropout, clipping -------------------------------------------------------------------------------


@RULES.add(
    "penalty_forgotten",
    "The penalty on the weights is forgotten.",
    "Add l1·sign(W) + l2·W to dW, and the penalty to the loss.",
)
def _(d: Graph) -> Iterator[Formulas]:
    gradients = {f"dW{layer}": f"dW{layer}_data" for layer in layers_of(d) if f"dW{layer}_penalty" in d}
    if gradients:
        yield merge(gradients, {"loss": "mean_loss"} if "mean_loss" in d else {})
        yield from everywhere_and_each(gradients)


@RULES.add(
    "penalty_factor",
    "The penalty carries a wrong factor: its ½ is lost, or it is averaged over the batch.",
    "½·l2·ΣW² has the slope l2·W, and does not depend on the batch's size.",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = [layer for layer in layers_of(d) if f"dW{layer}_penalty" in d]
    for factor in ("2 * ", "0.5 * ", "1 / n * "):
        yield from everywhere_and_each({f"dW{la}": f"dW{la}_data + {factor}dW{la}_penalty" for la in layers})


@RULES.add(
    "penalty_on_biases",
    "The penalty is put on the biases as well.",
    "Penalties act on weights; a bias only shifts, and is left free.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "l2" in d:
        yield from everywhere_and_each(
            *(wrap(d, f"db{la}", f"({{}}) + l1 * np.sign(b{la}) + l2 * b{la}") for la in layers_of(d))
        )


@RULES.add(
    "mask_forgotten",
    "The dropout mask is forgotten on the way back.",
    "The same mask that multiplied A on the way forward multiplies dA on the way back.",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = list(d.batch.masks)
    back = {f"dA{layer}": f"dA{layer}_dropped" for layer in layers}
    weights = merge(*(swap(d, data_gradient(d, la + 1), **{f"A{la}_dropped": f"A{la}"}) for la in layers))
    yield merge(back, weights)
    yield from everywhere_and_each(back)
    yield from everywhere_and_each(weights)


@RULES.add(
    "stale_mask",
    "The mask of another step is used on the way back.",
    "Keep the mask of the forward pass, and use that one.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for name in ("stale", "early"):
        yield from everywhere_and_each({f"dA{la}": f"dA{la}_dropped * D{la}_{name}" for la in d.batch.masks})


@RULES.add(
    "mask_unscaled",
    "The mask is only 0 and 1; the scale 1/(1 − rate) is forgotten.",
    "A kept unit is multiplied by 1/(1 − rate), so that the expected activation stays.",
)
def _(d: Graph) -> Iterator[Formulas]:
    back = {f"dA{layer}": f"dA{layer}_dropped * (D{layer} > 0)" for layer in d.batch.masks}
    forward = {f"A{layer}_dropped": f"A{layer} * (D{layer} > 0)" for layer in d.batch.masks}
    yield merge(forward, back)
    yield from everywhere_and_each(back)
    yield from everywhere_and_each(forward)


@RULES.add(
    "dropout_forgotten",
    "Dropout is forgotten on the way forward.",
    "While training, A is multiplied by its mask before the next layer takes it.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from everywhere_and_each({f"A{layer}_dropped": f"A{layer}" for layer in d.batch.masks})


@RULES.add(
    "clipping",
    "The gradient is not clipped by its norm.",
    "Scale the whole gradient by c/max(‖g‖, c): its direction stays.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "norm" in d:
        yield {"g": "gradient"}
        yield {"g": "np.clip(gradient, -clip_norm, clip_norm)"}
        yield {"g": "gradient * (clip_norm / norm)"}
