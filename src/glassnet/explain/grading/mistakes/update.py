"""Misconceptions about the optimizer's update."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from glassnet.equations import updates
from glassnet.explain.grading.rules import Formulas, Rules, everywhere_and_each, merge, swap, swap_part, wrap
from glassnet.explain.graph import Graph

RULES = Rules()

# The parts of each recurrence that the rules below replace: recurrence → symbol → parts of its formula. A recurrence
# of the user's own may lack them; those of the package must not, and tests/explain/test_formulas.py looks for each.
_RATE, _V = "learning_rate", ("v_before", "g ** 2")
_MOMENTS = {"m": ("m_before", "beta1"), "v": (*_V, "beta2")}
_CORRECTED = {"m_hat": ("m", "t"), "v_hat": ("v", "t"), "theta": (_RATE, "np.sqrt(v_hat) + epsilon")}
REPLACED: dict[Callable[..., Any], dict[str, tuple[str, ...]]] = {
    updates.sgd: {"theta": (_RATE,)},
    updates.momentum: {"v": ("v_before", _RATE)},
    updates.nesterov: {"v": ("v_before", _RATE), "theta": (_RATE,)},
    updates.rmsprop: {"v": _V, "theta": (_RATE, "np.sqrt(v) + epsilon")},
    updates.adam: {**_MOMENTS, **_CORRECTED},
    updates.adam_epsilon_hat: {**_MOMENTS, "theta": (_RATE, "t", "np.sqrt(v) + epsilon")},
    updates.adamw: {**_MOMENTS, **_CORRECTED},
}


@RULES.add(
    "adam_off_by_one",
    "The bias correction counts its steps off by one.",
    "The first step is t = 1: m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).",
)
def _(d: Graph) -> Iterator[Formulas]:
    for t in ("(t - 1)", "(t + 1)"):
        yield from everywhere_and_each(*(swap(d, name, t=t) for name in ("m_hat", "v_hat", "theta")))


@RULES.add(
    "bias_correction_forgotten",
    "Adam's bias correction is forgotten.",
    "Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ before they are used.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "m_hat" in d:
        yield from everywhere_and_each({"m_hat": "m", "v_hat": "v"})


@RULES.add(
    "epsilon_misplaced",
    "ε stands inside the root.",
    "The denominator is √v̂ + ε.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for v in ("v_hat", "v"):
        yield swap_part(d, "theta", f"np.sqrt({v}) + epsilon", f"np.sqrt({v} + epsilon)")


@RULES.add(
    "root_forgotten",
    "The step is divided by v in place of its root, or not at all.",
    "The denominator is √v̂ + ε, the size of a usual gradient.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for v in ("v_hat", "v"):
        denominator = f"np.sqrt({v}) + epsilon"
        yield swap_part(d, "theta", denominator, f"({v} + epsilon)")
        yield swap_part(d, "theta", denominator, "1.0")


@RULES.add(
    "memory",
    "The running mean is wrong: the old value is dropped, or the gradient is not squared.",
    "m mixes the old m with g, v the old v with g².",
)
def _(d: Graph) -> Iterator[Formulas]:
    for name in d.job.optimizer.slots:
        yield swap(d, name, **{f"{name}_before": "0"})
        yield swap_part(d, name, "g ** 2", "g")


@RULES.add(
    "decay_rates_exchanged",
    "The decay rates are exchanged: β₁ with β₂, or β with 1 − β.",
    "m = β₁·m + (1 − β₁)·g and v = β₂·v + (1 − β₂)·g²: most of the old value stays.",
)
def _(d: Graph) -> Iterator[Formulas]:
    parts = [swap(d, name, beta1="beta2", beta2="beta1") for name in ("m", "v", "m_hat", "v_hat")]
    yield merge(*parts)
    yield merge(*parts[:2])
    yield from parts
    rates = ("beta1", "beta2", "decay", "momentum")
    flipped = [swap(d, name, **{rate: f"(1 - {rate})" for rate in rates}) for name in d.job.optimizer.slots]
    yield from everywhere_and_each(*flipped)


@RULES.add(
    "lookahead_forgotten",
    "Nesterov's step ahead is forgotten: this is plain momentum.",
    "Nesterov's update looks ahead by one more step of momentum.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if d.job.optimizer.update is updates.nesterov:
        yield {"theta": "theta_before + v"}


@RULES.add(
    "update_sign",
    "The update climbs: it adds the step in place of subtracting it.",
    "The gradient points uphill; θ ← θ − α·g.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield wrap(d, "theta", "2 * theta_before - ({})")


@RULES.add(
    "parameters_not_updated",
    "Only the weights, or only the biases, are updated.",
    "A bias is a parameter as the weights are: b ← b − α·db.",
)
def _(d: Graph) -> Iterator[Formulas]:
    layers = [layer for layer in d.network.W if f"dW{layer}" in d]
    weights = ", ".join(f"np.ones(W{la}.size), np.zeros(b{la}.size)" for la in layers)
    biases = ", ".join(f"np.zeros(W{la}.size), np.ones(b{la}.size)" for la in layers)
    for kept in (weights, biases):
        yield wrap(d, "theta", f"theta_before + (({{}}) - theta_before) * np.concatenate([{kept}])")


@RULES.add(
    "learning_rate",
    "The learning rate is forgotten, or the schedule's factor is.",
    "Multiply the step by α times the schedule's factor at this step.",
)
def _(d: Graph) -> Iterator[Formulas]:
    names = [name for name in ("v", "theta") if name in d and "learning_rate" in d[name].inputs]
    yield merge(*(swap(d, name, learning_rate="1") for name in names))
    if "base_rate" in d:
        yield merge(*(swap(d, name, learning_rate="base_rate") for name in names))
