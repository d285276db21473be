"""The usual misconceptions, each as the formulas a learner who holds it would use in place of the right ones."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glassnet.printers.inline import substitute

if TYPE_CHECKING:
    from glassnet.explain.derivation import Derivation

Formulas = dict[str, str]  # symbol → the formula used in place of its own


@dataclass(frozen=True)
class Misconception:
    """A mistake with a name: what went wrong, and what to do instead."""

    code: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Hypothesis:
    """A misconception at certain places: the formulas it replaces."""

    misconception: Misconception
    formulas: Formulas


MISCONCEPTIONS: dict[str, Misconception] = {}
_RULES: list[tuple[Misconception, Callable[[Derivation], Iterator[Formulas]]]] = []


def hypotheses(derivation: Derivation) -> Iterator[Hypothesis]:
    """Every misconception that has a place in this derivation: everywhere at once first, then place by place."""
    for misconception, rule in _RULES:
        for formulas in rule(derivation):
            if formulas:
                yield Hypothesis(misconception, formulas)


def _rule(code: str, what: str, remedy: str) -> Callable[[Any], Any]:
    def register(rule: Callable[[Derivation], Iterator[Formulas]]) -> Callable[[Derivation], Iterator[Formulas]]:
        MISCONCEPTIONS[code] = Misconception(code, what, remedy)
        _RULES.append((MISCONCEPTIONS[code], rule))
        return rule

    return register


def _everywhere_and_each(formulas: Formulas) -> Iterator[Formulas]:
    yield formulas
    if len(formulas) > 1:
        for symbol, formula in formulas.items():
            yield {symbol: formula}


def _swap(derivation: Derivation, symbol: str, **names: str) -> Formulas:
    """The symbol's own formula with names replaced; nothing if none of them is in it."""
    if symbol not in derivation or derivation[symbol].expression is None:
        return {}
    expression = derivation[symbol].expression
    assert expression is not None
    swapped = substitute(expression, {name: ast.parse(code, mode="eval").body for name, code in names.items()})
    return {} if ast.unparse(swapped) == ast.unparse(expression) else {symbol: ast.unparse(swapped)}


def _merge(*parts: Formulas) -> Formulas:
    return {symbol: formula for part in parts for symbol, formula in part.items()}


def _wrap(derivation: Derivation, symbol: str, template: str) -> Formulas:
    """The symbol's own formula, as {} in the template."""
    if symbol not in derivation or not derivation[symbol].code:
        return {}
    return {symbol: template.format(derivation[symbol].code)}


def _last(derivation: Derivation) -> int:
    return derivation.network.n_layers


def _layers(derivation: Derivation) -> range:
    return range(1, _last(derivation) + 1)


def _slope(derivation: Derivation) -> str:
    """The first symbol of the engine's way backwards: what the loss's slope is called here."""
    last = _last(derivation)
    for symbol in (f"slope_A{last}", f"dA{last}", f"slope_Z{last}"):
        if symbol in derivation and not derivation[symbol].aside:
            return symbol
    return f"dZ{last}"


def _data(derivation: Derivation, layer: int) -> str:
    """The symbol of Aᵀ dZ: with penalties it is a term of dW."""
    return f"dW{layer}_data" if f"dW{layer}_data" in derivation else f"dW{layer}"


def _back(derivation: Derivation, layer: int) -> str:
    """The symbol of dZ Wᵀ below `layer`."""
    return f"dA{layer - 1}_dropped" if f"dA{layer - 1}_dropped" in derivation else f"dA{layer - 1}"


def _activated(derivation: Derivation) -> list[tuple[int, str]]:
    """(layer, symbol) of the steps that multiply by the activation's derivative."""
    symbols = [(layer, symbol) for layer in _layers(derivation) for symbol in (f"slope_Z{layer}", f"dZ{layer}")]
    return [
        (layer, symbol)
        for layer, symbol in symbols
        if symbol in derivation and f"g_prime{layer}" in derivation[symbol].inputs
    ]


# --- the output and the loss ------------------------------------------------------------------------------------


@_rule(
    "softmax_elementwise",
    "The softmax is treated as if each output depended on its own z alone: dZ = ∂L/∂ŷ · ŷ(1 − ŷ).",
    "Every ŷₖ depends on every zⱼ: multiply by the whole Jacobian, which leaves ŷ − y.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    last = _last(d)
    if f"J{last}" in d:
        formula = f"dA{last} * A{last} * (1 - A{last})"
        yield {f"dZ{last}_long": formula, f"dZ{last}": formula}


@_rule(
    "output_derivative_twice",
    "The output's derivative is taken once more, though ŷ − y already contains it.",
    "With this loss dZ of the output is ŷ − y as it stands.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    last = _last(d)
    output = d.network.activations[last]
    if not d.network.loss_function.contains(output) or output.builtin == "identity":
        return
    factor = f"A{last} * (1 - A{last})" if output.rowwise else f"df{last}(Z{last}, A{last})"
    yield _wrap(d, _slope(d), "({}) * " + factor)


@_rule(
    "sign",
    "The sign of the output error is turned round: y − ŷ.",
    "The slope of the loss is ŷ − y; minus comes only once, in the update.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    yield _wrap(d, _slope(d), "-({})")
    yield _wrap(d, f"dA{_last(d)}", "-({})")


@_rule(
    "outputs_averaged",
    "The loss is averaged over the outputs as well as over the samples.",
    "The loss of a sample is the sum over its outputs; only samples are averaged.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    if d.network.sizes[-1] > 1:
        yield _wrap(d, _slope(d), f"({{}}) / {d.network.sizes[-1]}")
        yield _wrap(d, "losses", f"({{}}) / {d.network.sizes[-1]}")


@_rule(
    "loss_factor",
    "A factor of the loss is lost or taken twice: its ½, which cancels the 2 of the square.",
    "½(ŷ − y)² has the slope ŷ − y; (ŷ − y)² has 2(ŷ − y).",
)
def _(d: Derivation) -> Iterator[Formulas]:
    if "cross_entropy" in d.network.loss_function.builtin:
        return
    terms = "loss_terms" if "loss_terms" in d else "loss"
    for factor in ("2", "0.5"):
        yield _wrap(d, _slope(d), factor + " * ({})")
        yield _merge(_wrap(d, terms, factor + " * ({})"), _wrap(d, _slope(d), factor + " * ({})"))


# --- the mean over the batch ------------------------------------------------------------------------------------


@_rule(
    "batch_mean_forgotten",
    "The gradients are summed over the samples; the mean is forgotten.",
    "The loss is a mean over the batch, so every gradient carries 1/n (or wᵢ/Σw) once.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    last = _last(d)
    if "mean_weights" not in d:
        return
    yield {f"dZ{last}": f"slope_Z{last}"}
    if "w" in d:
        yield _swap(d, f"dZ{last}", mean_weights="w")
    for symbol in ("loss", "mean_loss"):
        if symbol in d:
            yield _wrap(d, symbol, "({}) * n")


@_rule(
    "sample_weights_forgotten",
    "Every sample counts the same; the sample weights are forgotten.",
    "Multiply sample i by wᵢ/Σw in place of 1/n.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    if "w" in d:
        plain = [_swap(d, symbol, mean_weights="(np.ones(n) / n)") for symbol in ("loss", "mean_loss")]
        yield _merge(*plain, _swap(d, f"dZ{_last(d)}", mean_weights="(np.ones(n) / n)"))
        yield _swap(d, f"dZ{_last(d)}", mean_weights="(np.ones(n) / n)")


@_rule(
    "batch_mean_twice",
    "The mean over the batch is taken twice.",
    "dZ of the output already carries 1/n; what follows is summed, not averaged again.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    if "mean_weights" not in d:
        return
    weights = _merge(*(_wrap(d, _data(d, layer), "({}) / n") for layer in _layers(d)))
    biases = _merge(*(_wrap(d, f"db{layer}", "({}) / n") for layer in _layers(d)))
    yield _merge(weights, biases)
    yield _wrap(d, f"dZ{_last(d)}", "({}) / n")
    yield from _everywhere_and_each(weights)
    yield from _everywhere_and_each(biases)


@_rule(
    "wrong_axis",
    "The bias gradient is summed over the wrong axis.",
    "A bias acts on every sample: db = Σ over the rows of dZ, one number for each unit.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    for axis in ("axis=1", "", "axis=1, keepdims=True"):
        yield from _everywhere_and_each({f"db{layer}": f"dZ{layer}.sum({axis})" for layer in _layers(d)})


# --- the activations --------------------------------------------------------------------------------------------


@_rule(
    "derivative_forgotten",
    "The activation's derivative is forgotten on the way back.",
    "dZ = dA ⊙ g'(Z): multiply by the derivative in each layer.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    yield from _everywhere_and_each(
        {symbol: d[symbol].code.replace(f" * g_prime{layer}", "") for layer, symbol in _activated(d)}
    )


@_rule(
    "derivative_misplaced",
    "The activation's derivative is taken at the wrong place.",
    "g'(Z) is evaluated at the pre-activation of its own layer; a form in terms of a takes a = g(z).",
)
def _(d: Derivation) -> Iterator[Formulas]:
    layers = [layer for layer, _ in _activated(d)]

    def at(layer: int, z: str, a: str) -> Formulas:
        return _swap(d, f"g_prime{layer}", **{f"Z{layer}": z, f"A{layer}": a})

    yield from _everywhere_and_each(_merge(*(at(layer, f"Z{layer}", f"Z{layer}") for layer in layers)))
    yield from _everywhere_and_each(_merge(*(at(layer, f"A{layer}", f"g{layer}(A{layer})") for layer in layers)))
    yield from _everywhere_and_each(
        _merge(*(at(layer, f"dA{layer}", f"g{layer}(dA{layer})") for layer in layers if f"dA{layer}" in d))
    )
    for layer in layers:
        for other in (layer - 1, layer + 1):
            if f"Z{other}" in d:
                yield at(layer, f"Z{other}", f"A{other}")


@_rule(
    "activation_forgotten",
    "The activation is forgotten on the way forward: a = z.",
    "a = g(z) in each layer; without g the layers collapse into one.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    yield from _everywhere_and_each({f"A{layer}": f"Z{layer}" for layer in _layers(d)[:-1]})


@_rule("bias_forgotten", "The bias is forgotten on the way forward.", "z = a W + b.")
def _(d: Derivation) -> Iterator[Formulas]:
    yield from _everywhere_and_each(_merge(*(_swap(d, f"Z{la}", **{f"b{la}": "0"}) for la in _layers(d))))


# --- the weights ------------------------------------------------------------------------------------------------


@_rule(
    "transpose",
    "A matrix is transposed, or should have been.",
    "With rows as samples: dW = Aᵀ dZ has W's shape, and dA = dZ Wᵀ has A's.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    for symbols in ([f"dW{layer}" for layer in _layers(d)], [_data(d, layer) for layer in _layers(d)]):
        yield from _everywhere_and_each(_merge(*(_wrap(d, symbol, "({}).T") for symbol in symbols)))
    square = [layer for layer in _layers(d) if d.network.sizes[layer - 1] == d.network.sizes[layer]]
    yield from _everywhere_and_each({_back(d, layer): f"dZ{layer} @ W{layer}" for layer in square})


@_rule(
    "preactivation_in_dW",
    "dW is taken with the pre-activation Z of the layer below in place of its activation A.",
    "dW = Aᵀ dZ: what the weights multiplied on the way forward.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    yield from _everywhere_and_each(
        {_data(d, layer): f"Z{layer - 1}.T @ dZ{layer}" for layer in _layers(d) if layer > 1}
    )


@_rule(
    "updated_weights",
    "The error goes back through weights that were already updated.",
    "Finish the backward pass with the old weights, then update all of them.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    if "theta" in d:
        yield from _everywhere_and_each({_back(d, la): f"dZ{la} @ W{la}_new.T" for la in _layers(d) if la > 1})


# --- penalties, dropout, clipping -------------------------------------------------------------------------------


@_rule(
    "penalty_forgotten",
    "The penalty on the weights is forgotten.",
    "Add l1·sign(W) + l2·W to dW, and the penalty to the loss.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    gradients = {f"dW{layer}": f"dW{layer}_data" for layer in _layers(d) if f"dW{layer}_penalty" in d}
    if gradients:
        yield _merge(gradients, {"loss": "mean_loss"} if "mean_loss" in d else {})
        yield from _everywhere_and_each(gradients)


@_rule(
    "penalty_factor",
    "The penalty carries a wrong factor: its ½ is lost, or it is averaged over the batch.",
    "½·l2·ΣW² has the slope l2·W, and does not depend on the batch's size.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    layers = [layer for layer in _layers(d) if f"dW{layer}_penalty" in d]
    for factor in ("2 * ", "0.5 * ", "1 / n * "):
        yield from _everywhere_and_each({f"dW{la}": f"dW{la}_data + {factor}dW{la}_penalty" for la in layers})


@_rule(
    "penalty_on_biases",
    "The penalty is put on the biases as well.",
    "Penalties act on weights; a bias only shifts, and is left free.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    if "l2" in d:
        yield from _everywhere_and_each(
            _merge(*(_wrap(d, f"db{la}", f"({{}}) + l1 * np.sign(b{la}) + l2 * b{la}") for la in _layers(d)))
        )


@_rule(
    "mask_forgotten",
    "The dropout mask is forgotten on the way back.",
    "The same mask that multiplied A on the way forward multiplies dA on the way back.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    layers = list(d.batch.masks)
    back = {f"dA{layer}": f"dA{layer}_dropped" for layer in layers}
    weights = _merge(*(_swap(d, _data(d, la + 1), **{f"A{la}_dropped": f"A{la}"}) for la in layers))
    yield _merge(back, weights)
    yield from _everywhere_and_each(back)
    yield from _everywhere_and_each(weights)


@_rule(
    "stale_mask",
    "The mask of another step is used on the way back.",
    "Keep the mask of the forward pass, and use that one.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    for name in ("stale", "early"):
        yield from _everywhere_and_each({f"dA{la}": f"dA{la}_dropped * D{la}_{name}" for la in d.batch.masks})


@_rule(
    "mask_unscaled",
    "The mask is only 0 and 1; the scale 1/(1 − rate) is forgotten.",
    "A kept unit is multiplied by 1/(1 − rate), so that the expected activation stays.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    back = {f"dA{layer}": f"dA{layer}_dropped * (D{layer} > 0)" for layer in d.batch.masks}
    forward = {f"A{layer}_dropped": f"A{layer} * (D{layer} > 0)" for layer in d.batch.masks}
    yield _merge(forward, back)
    yield from _everywhere_and_each(back)
    yield from _everywhere_and_each(forward)


@_rule(
    "dropout_forgotten",
    "Dropout is forgotten on the way forward.",
    "While training, A is multiplied by its mask before the next layer takes it.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    yield from _everywhere_and_each({f"A{layer}_dropped": f"A{layer}" for layer in d.batch.masks})


@_rule(
    "clipping",
    "The gradient is not clipped by its norm.",
    "Scale the whole gradient by c/max(‖g‖, c): its direction stays.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    if "norm" in d:
        yield {"g": "gradient"}
        yield {"g": "np.clip(gradient, -clip_norm, clip_norm)"}
        yield {"g": "gradient * (clip_norm / norm)"}


# --- the update -------------------------------------------------------------------------------------------------


@_rule(
    "adam_off_by_one",
    "The bias correction counts its steps off by one.",
    "The first step is t = 1: m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).",
)
def _(d: Derivation) -> Iterator[Formulas]:
    for t in ("(t - 1)", "(t + 1)"):
        yield from _everywhere_and_each(_merge(*(_swap(d, name, t=t) for name in ("m_hat", "v_hat", "theta"))))


@_rule(
    "bias_correction_forgotten",
    "Adam's bias correction is forgotten.",
    "Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ before they are used.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    if "m_hat" in d:
        yield from _everywhere_and_each({"m_hat": "m", "v_hat": "v"})


@_rule(
    "epsilon_misplaced",
    "ε stands inside the root.",
    "The denominator is √v̂ + ε.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    for v in ("v_hat", "v"):
        if "epsilon" in d and f"np.sqrt({v}) + epsilon" in d["theta"].code:
            yield {"theta": d["theta"].code.replace(f"np.sqrt({v}) + epsilon", f"np.sqrt({v} + epsilon)")}
            yield {"theta": d["theta"].code.replace(f"np.sqrt({v}) + epsilon", f"({v} + epsilon)")}


@_rule(
    "memory",
    "The running mean is wrong: the old value is dropped, or the gradient is not squared.",
    "m mixes the old m with g, v the old v with g².",
)
def _(d: Derivation) -> Iterator[Formulas]:
    for name in d.job.optimizer.slots:
        yield _swap(d, name, **{f"{name}_before": "0"})
        if name in d and "g ** 2" in d[name].code:
            yield {name: d[name].code.replace("g ** 2", "g")}
        yield _swap(d, name, beta1="beta2", beta2="beta1")


@_rule(
    "update_sign",
    "The update climbs: it adds the step in place of subtracting it.",
    "The gradient points uphill; θ ← θ − α·g.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    yield _wrap(d, "theta", "2 * theta_before - ({})")


@_rule(
    "learning_rate",
    "The learning rate is forgotten, or the schedule's factor is.",
    "Multiply the step by α times the schedule's factor at this step.",
)
def _(d: Derivation) -> Iterator[Formulas]:
    names = [name for name in ("v", "theta") if name in d and "learning_rate" in d[name].inputs]
    yield _merge(*(_swap(d, name, learning_rate="1") for name in names))
    if "base_rate" in d:
        yield _merge(*(_swap(d, name, learning_rate="base_rate") for name in names))
