"""Makes optimizers, schedules, activations and losses from short texts: `adamw:weight_decay=0.05,beta1=0.8`, `cosine:warmup=0.1`, `quantile:q=0.9`."""

from __future__ import annotations

from typing import Any

from glassnet.equations.activations import ACTIVATIONS, Activation
from glassnet.equations.loss import Loss
from glassnet.equations.losses import CALLED_ELSEWHERE, LOSSES
from glassnet.errors import InputError, shown, unknown_name
from glassnet.training.optimizers import OPTIMIZERS
from glassnet.training.schedules import SCHEDULES


def parse_spec(kind: str, text: str) -> tuple[str, dict[str, float]]:
    """Split a text into name and constants: "step:decay=0.5,every=10" is ("step", {"decay": 0.5, "every": 10})."""
    name, _, rest = text.partition(":")
    constants: dict[str, float] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        try:
            constants[key.replace("-", "_")] = int(value) if value.lstrip("+-").isdigit() else float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise InputError(f"{kind}: expected name:constant=number; got {shown(text)}; write e.g. {_EXAMPLES[kind]}.")
    return name.strip(), constants


def build_optimizer(text: str, learning_rate: float | None = None) -> Any:
    """Make an optimizer; `learning_rate` overrides the one in the text."""
    name, constants = parse_spec("optimizer", text)
    if learning_rate is not None:
        constants["learning_rate"] = learning_rate
    return _build("optimizer", name.lower(), constants, OPTIMIZERS)


def build_schedule(text: str) -> Any:
    """Make a learning-rate schedule."""
    return _build("schedule", *parse_spec("schedule", text), SCHEDULES)


def build_activation(text: str) -> Activation:
    """Make an activation, with the constants in the text."""
    name, constants = parse_spec("activation", text)
    if name not in ACTIVATIONS:
        raise unknown_name("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name].with_parameters(**constants) if constants else ACTIVATIONS[name]


def build_loss(text: str) -> Loss:
    """Make a loss, with the constants in the text."""
    name, constants = parse_spec("loss", text)
    if name not in LOSSES:
        raise unknown_name("loss", name, LOSSES, CALLED_ELSEWHERE)
    return LOSSES[name].with_parameters(**constants) if constants else LOSSES[name]


def _build(kind: str, name: str, constants: dict[str, float], known: dict[str, Any]) -> Any:
    from dataclasses import fields

    if name not in known:
        raise unknown_name(kind, name, known)
    names = [each.name for each in fields(known[name])]
    if unknown := constants.keys() - set(names):
        if not names:
            raise InputError(f"{kind}: expected {name} without constants; got {min(unknown)!r}; leave it out.")
        raise unknown_name(f"constant of {name}", min(unknown), names)
    return known[name](**constants)


_EXAMPLES = {
    "optimizer": "adam:beta1=0.9",
    "schedule": "cosine:warmup=0.1",
    "activation": "leaky_relu:slope=0.1",
    "loss": "quantile:q=0.9",
}
