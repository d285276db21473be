"""Options of commands as fields of dataclasses: `option` makes a field, `spread` a command's options of the fields."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import Field, field, fields, is_dataclass
from enum import Enum, StrEnum
from typing import Annotated, Any, get_type_hints

import typer

from glassnet.training.options import OPTIONS


def option(help: str, default: Any = None, *flags: str, **more: Any) -> Any:
    """Make a field that `spread` turns into an option; `flags` replace the flag made of the field's name.

    More may be `panel`, `choices`, `parse` (from the text), and what typer.Option takes: min, max, callback, is_eager.
    """
    return field(default=default, metadata={"help": help, "flags": flags, **more})


def training_option(name: str) -> Any:
    """Make a field from the option of training `name`: its default and its help."""
    return option(f"{OPTIONS[name].sentence}.", OPTIONS[name].default)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: a parameter that is a dataclass becomes one option for each of its fields."""
    own = inspect.signature(command, eval_str=True).parameters.values()
    parameters: list[inspect.Parameter] = []
    for each in own:
        one = [each.replace(kind=each.KEYWORD_ONLY)]
        parameters += _parameters(each.annotation) if is_dataclass(each.annotation) else one
    groups: dict[str, Any] = {each.name: each.annotation for each in own if is_dataclass(each.annotation)}

    @functools.wraps(command)
    def spread_command(**given: Any) -> None:
        made = {
            name: kind(**{f.name: _value(f, given.pop(f.name)) for f in fields(kind)}) for name, kind in groups.items()
        }
        command(**given, **made)

    spread_command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spread_command.__annotations__ = {each.name: each.annotation for each in parameters}
    return spread_command


def _parameters(kind: Any) -> Iterator[inspect.Parameter]:
    types = get_type_hints(kind)
    for each in fields(kind):
        about, type_ = {**each.metadata}, types[each.name]
        default: Any = each.default
        about.pop("check", None)
        flags, panel = about.pop("flags", ()), about.pop("panel", None)
        if choices := about.pop("choices", ()):
            names = StrEnum(each.name, {choice: choice for choice in choices})  # type: ignore[misc]
            default, type_ = (None, names | None) if default is None else (names(default), names)
        elif about.pop("parse", None):
            default, type_ = (None, str | None) if default is None else (",".join(default), str)
        elif type_ == tuple[str, ...]:
            default, type_ = None, list[str] | None
        info = typer.Option(*flags, rich_help_panel=panel, show_default=default is not None, **about)
        yield inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[type_, info]
        )


def _value(of: Field[Any], given: Any) -> Any:
    """Return the field's value for what the command line gave."""
    if given is None:
        return of.default
    if parse := of.metadata.get("parse"):
        return parse(given)
    if isinstance(given, Enum):
        return given.value
    return tuple(given) if isinstance(given, list) else given
