"""Misconceptions about penalties, dropout and clipping."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.explain.grading.rules import (
    Formulas,
    Rules,
    data_gradient,
    everywhere_and_each,
    layers_of,
    merge,
    penalised_layers,
    swap,
    wrap,
)
from glassnet.explain.graph import Graph

RULES = Rules()


@RULES.add(
    "penalty_forgotten",
    "The penalty on the weights is forgotten.",
    "Add l1·sign(W) + l2·W to dW, and the penalty to the loss.",
)
def _(d: Graph) -> Iterator[Formulas]:
    gradients = {f"dW{layer}": f"dW{layer}_data" for layer in penalised_layers(d)}
    if gradients:
        value = {"loss": "mean_loss"} if "mean_loss" in d else {}
        yield merge(gradients, value)
        yield from everywhere_and_each(gradients)
        yield value


@RULES.add(
    "penalty_factor",
    "The penalty carries a wrong factor: its ½ is lost, or it is averaged over the batch.",
    "½·l2·ΣW² has the slope l2·W, and does not depend on the batch's size.",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = penalised_layers(d)
    for factor in ("2 * ", "0.5 * ", "1 / n * "):
        gradients = {f"dW{la}": f"dW{la}_data + {factor}dW{la}_penalty" for la in layers}
        value = {"loss": f"mean_loss + {factor}penalty_sum"} if "penalty_sum" in d else {}
        yield merge(gradients, value)
        yield from everywhere_and_each(gradients)
        yield value


@RULES.add(
    "penalty_sign",
    "The penalty is subtracted.",
    "The penalty pulls weights towards 0: dW = … + l2·W, and the update subtracts dW.",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = penalised_layers(d)
    gradients = {f"dW{la}": f"dW{la}_data - dW{la}_penalty" for la in layers}
    value = {"loss": "mean_loss - penalty_sum"} if "penalty_sum" in d else {}
    yield merge(gradients, value)
    yield from everywhere_and_each(gradients)
    yield value


@RULES.add(
    "penalty_for_slope",
    "The penalty itself is added to the gradient in place of its slope.",
    "½·l2·W² has the slope l2·W; l1·|W| has the slope l1·sign(W).",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = penalised_layers(d)
    for value in (
        "penalty(W{la}, l1, l2)",
        "penalty(W{la}, l1, l2).sum()",
        "penalty_sum",
        "2 * penalty(W{la}, l1, l2)",
    ):
        yield from everywhere_and_each({f"dW{la}": f"dW{la}_data + {value.format(la=la)}" for la in layers})


@RULES.add(
    "l1_slope",
    "The slope of the L1 penalty is not a sign: l1·W or l1 alone is taken.",
    "l1·|W| has the slope l1·sign(W).",
)
def _(d: Graph) -> Iterator[Formulas]:
    if d.penalties[0]:
        layers = penalised_layers(d)
        for slope in ("l1 * W{la}", "l1 * np.abs(W{la})", "l1"):
            yield from everywhere_and_each({f"dW{la}_penalty": f"{slope.format(la=la)} + l2 * W{la}" for la in layers})


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


def _masks(d: Graph, mask: str) -> Iterator[Formulas]:
    """Put a formula over the mask {D} in its place: on both ways, back, and forward."""
    back = {f"dA{la}": f"dA{la}_dropped * {mask.format(D=f'D{la}')}" for la in d.batch.masks}
    forward = {f"A{la}_dropped": f"A{la} * {mask.format(D=f'D{la}')}" for la in d.batch.masks}
    yield merge(forward, back)
    yield from everywhere_and_each(back)
    yield from everywhere_and_each(forward)


@RULES.add(
    "mask_unscaled",
    "The mask is only 0 and 1; the scale 1/(1 − rate) is forgotten.",
    "A kept unit is multiplied by 1/(1 − rate), so that the expected activation stays.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from _masks(d, "({D} > 0)")


@RULES.add(
    "mask_scale",
    "The mask is scaled by another number: 1/rate, 1 − rate or rate in place of 1/(1 − rate).",
    "A kept unit is multiplied by 1/(1 − rate), so that the expected activation stays.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for mask in ("({D} > 0) / (1 - 1 / {D}.max())", "({D} > 0) / {D}.max()", "({D} > 0) * (1 - 1 / {D}.max())"):
        yield from _masks(d, mask)


@RULES.add(
    "mask_twice",
    "The dropout mask is applied twice.",
    "Once on the way forward, to A, and once on the way back, to dA.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from _masks(d, "{D} ** 2")


@RULES.add(
    "mask_reversed",
    "The mask keeps the units that it should drop.",
    "The mask is 0 for a dropped unit and 1/(1 − rate) for a kept one.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for mask in ("(({D} == 0) * {D}.max())", "({D} == 0)"):
        yield from _masks(d, mask)


@RULES.add(
    "dropout_forgotten",
    "Dropout is forgotten on the way forward.",
    "While training, A is multiplied by its mask before the next layer takes it.",
)
def _(d: Graph) -> Iterator[Formulas]:
    forward = {f"A{layer}_dropped": f"A{layer}" for layer in d.batch.masks}
    yield from everywhere_and_each(forward)
    yield merge(forward, {f"dA{layer}": f"dA{layer}_dropped" for layer in d.batch.masks})


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
        yield {"g": "gradient / norm"}
        yield {"norm": "norm ** 2"}
        each = (f"d{kind}{la}.ravel()" for la in layers_of(d) for kind in "Wb")
        parts = ", ".join(f"{part} * (clip_norm / max(np.linalg.norm({part}), clip_norm))" for part in each)
        yield {"g": f"np.concatenate([{parts}])"}
