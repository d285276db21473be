"""Turns a remedy into changes of a query, and says these as what to do with the controls of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from glassnet.diagnose.case.remedy import Remedy
from glassnet.playground.state import MOST_LAYERS, MOST_UNITS, RATES, Edit, State
from glassnet.playground.texts.texts import Words
from glassnet.training.optimizers import OPTIMIZERS, Optimizer


def within_limits(network: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes of a network with no layer wider than the page's widest."""
    if "sizes" not in network:
        return dict(network)
    first, *hidden, last = network["sizes"]
    return {**network, "sizes": [first, *(min(width, MOST_UNITS) for width in hidden), last]}


def controls(query: Mapping[str, str], state: State, words: Words) -> list[str]:
    """Say the changes of a query as what to do with the controls of the page."""
    said: dict[str, Callable[[str], str | float | None]] = {
        "optimizer": lambda value: None if value == state.optimizer else value,
        "rate": lambda value: None if float(value) == state.learning_rate else float(value),
        "activation": lambda value: None if (value,) == state.activation else value,
        "init": lambda value: None if value == state.init else value or words("remedy.automatic"),
        "loss": words.named,
        "l1": float,
        "l2": float,
        "dropout": float,
        "batch": lambda value: words("remedy.all") if value == "0" else value,
        "edits": str,
    }
    found = []
    for name, value in query.items():
        shown = None if name == "hidden" else said[name](value)
        text = _shape(value, state, words) if name == "hidden" else None
        found.append(text if shown is None else words(f"remedy.{name}", value=shown))
    return [text for text in found if text is not None]


def _shape(hidden: str, state: State, words: Words) -> str | None:
    widths = hidden.split(",")
    if hidden == ",".join(map(str, state.hidden)):
        return None
    kind = "width" if state.hidden else "layer"
    return words(f"remedy.{kind}{'' if len(widths) == 1 else 's'}", widths=", ".join(widths))


def changed(remedy: Remedy, state: State) -> dict[str, str] | None:
    """Return the query names and values that carry a remedy out; None if a query cannot express it."""
    if (
        remedy.standardise_inputs
        or remedy.standardise_targets
        or remedy.cut_off
        or remedy.balanced
        or remedy.keep is not None
    ):
        return None
    query: dict[str, str] = {}
    for name, value in {**remedy.options, **remedy.network}.items():
        if name not in _READERS:
            return None
        part = _READERS[name](value, state)
        if part is None:
            return None
        query |= part
    if remedy.at_most_layers is not None:
        query["hidden"] = ",".join(map(str, state.hidden[: remedy.at_most_layers]))
    if remedy.output_bias is not None:
        last = len(state.hidden) + 1
        edits = [Edit(0, last, -1, k, float(value)) for k, value in enumerate(remedy.output_bias.tolist())]
        query["edits"] = ";".join(map(str, [*edits, *state.edits]))
    return query or None


def _optimizer(value: Any, state: State) -> dict[str, str] | None:
    if isinstance(value, str):
        value = OPTIMIZERS[value]()
    name = type(value).__name__.lower()
    if name not in RATES or not isinstance(value, Optimizer):
        return None
    usual = type(value)()
    others = [each.name for each in fields(value) if each.name != "learning_rate"]
    if any(getattr(value, each) != getattr(usual, each) for each in others):
        return None
    return {"optimizer": name, "rate": repr(value.learning_rate)}


def _activation(value: Any, state: State) -> dict[str, str] | None:
    return {"activation": value} if isinstance(value, str) else None


def _sizes(value: Any, state: State) -> dict[str, str] | None:
    hidden = list(value)[1:-1]
    if len(hidden) > MOST_LAYERS or any(width > MOST_UNITS for width in hidden):
        return None
    query = {"hidden": ",".join(map(str, hidden))}
    if len(hidden) != len(state.hidden) and len(state.activation) > 1:
        query["activation"] = state.activation[0]
    return query


def _as_is(name: str) -> Any:
    return lambda value, state: {name: repr(value)}


_READERS: dict[str, Any] = {
    "optimizer": _optimizer,
    "hidden": _activation,
    "sizes": _sizes,
    "init": lambda value, state: {"init": value or ""} if value is None or isinstance(value, str) else None,
    "loss": lambda value, state: {"loss": getattr(value, "name", value)},
    "l1": _as_is("l1"),
    "l2": _as_is("l2"),
    "dropout": _as_is("dropout"),
    "batch_size": lambda value, state: {"batch": str(value or 0)},
}
