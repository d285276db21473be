"""A remedy of `glassnet diagnose` as the command `glassnet train …` that carries it out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from glassnet.training.schedules import Constant

if TYPE_CHECKING:
    from glassnet.diagnose.case.remedy import Remedy
    from glassnet.diagnose.case.setup import Setup

OWN = ("html", "json_file", "replay", "file")  # options of diagnose that train has not


@dataclass(frozen=True, eq=False)
class TrainCommand:
    """`glassnet train FILE …` with the options that were given to `glassnet diagnose`."""

    file: Path
    given: Mapping[str, Any]  # by the name of the option
    flags: Mapping[str, tuple[str, ...]]  # by the name of the option, and its opposite, such as --no-shuffle
    configured: frozenset[str]  # options that a file of settings gives, which only another value takes back
    setup: Setup

    def code(self, remedy: Remedy) -> str:
        """Return the command that carries the remedy out; "" if no options of it do."""
        changes = self._changes(remedy)
        if changes is None:
            return ""
        words = ["glassnet", "train", str(self.file), *(["--effort", "quick"] if remedy.balanced else [])]
        for name, value in {**self.given, **changes}.items():
            words += self._words(name, value)
        return shlex.join(words)

    def _words(self, name: str, value: Any) -> list[str]:
        if value is None:
            return []
        flag, *opposite = self.flags[name]
        if isinstance(value, bool):
            return [flag] if value else opposite[:1]
        return [
            word for each in (value if isinstance(value, list | tuple) else [value]) for word in (flag, _text(each))
        ]

    def _changes(self, remedy: Remedy) -> dict[str, Any] | None:
        """Return the options to give instead, None for one to leave out; or None if options cannot express the remedy."""
        if (
            remedy.standardise_inputs
            or remedy.standardise_targets
            or remedy.output_bias is not None
            or remedy.keep is not None
            or remedy.by_hand
        ):
            return None
        if remedy.classes is not None:
            return {"task": "classification", "output": None, "loss": None}
        changes: dict[str, Any] = {"class_weight": "balanced"} if remedy.balanced else {}
        changes |= {"clip": 5} if remedy.cut_off else {}
        if remedy.at_most_layers is not None:
            hidden = self.setup.network.sizes[1 : remedy.at_most_layers + 1]
            changes["hidden"] = ",".join(map(str, hidden))
        for name, value in {**remedy.network, **remedy.options}.items():
            changed = self._option(name, value)
            if changed is None:
                return None
            changes |= changed
        if any(value is None and name in self.configured for name, value in changes.items()):
            return None
        return changes

    def _option(self, name: str, value: Any) -> dict[str, Any] | None:
        match name:
            case "sizes":
                return {"hidden": ",".join(map(str, value[1:-1])) or "none"}
            case "hidden":
                return {"activation": value} if isinstance(value, str) else None
            case "init":
                return {"init": value}
            case "output" | "loss":
                return {name: value if isinstance(value, str) else value.name}
            case "optimizer":
                return self._optimizer(value)
            case "schedule":
                return {"schedule": "constant"} if value == "constant" or isinstance(value, Constant) else None
            case "early_stopping":
                return {"patience": value.patience}
            case "validation":
                return {}
            case "epochs" | "batch_size" | "l1" | "l2" | "dropout" | "clip_norm" | "shuffle":
                return {name: value}
        return None

    def _optimizer(self, value: Any) -> dict[str, Any]:
        own, rate = self.setup.optimizer, {"learning_rate": value.learning_rate}
        names = [each.name for each in fields(value) if each.name != "learning_rate"]
        if type(value) is type(own) and all(getattr(value, name) == getattr(own, name) for name in names):
            return rate
        usual = type(value)()
        constants = [
            f"{name}={getattr(value, name):g}" for name in names if getattr(value, name) != getattr(usual, name)
        ]
        kind = type(value).__name__.lower()
        return {"optimizer": f"{kind}:{','.join(constants)}" if constants else kind, **rate}


def train_command(context: typer.Context, setup: Setup) -> TrainCommand:
    """Return the command that trains as the given call of diagnose would."""
    given, configured = {}, set()
    for parameter in context.command.params:
        name = str(parameter.name)
        source = getattr(context.get_parameter_source(name), "name", "")
        if source == "DEFAULT_MAP":
            configured.add(name)
        if source == "COMMANDLINE" and name not in OWN:
            given[name] = context.params[name]
    flags = {str(each.name): (each.opts[0], *each.secondary_opts[:1]) for each in context.command.params if each.opts}
    return TrainCommand(context.params["file"], given, flags, frozenset(configured), setup)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(getattr(value, "value", value))
