"""Checks the type of every field of a table model's settings and training that a command reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from glassnet.storage.strict_json import malformed

PARTS = ("train", "validation", "test")


def check_settings(settings: Any) -> None:
    """Raise MalformedError for a setting of the wrong type; unknown names may have any JSON value."""
    from glassnet.tables.settings import Settings

    kinds = {each.name: str(each.type) for each in fields(Settings)}
    kinds |= {"validation": "float | str | None", "test": "float | str"}
    kinds |= {"missing": "tuple[str, ...]", "decimal_comma": "bool", "left_out": "dict[str, str]"}
    _check(settings, kinds, "settings")


def check_training(training: Any) -> None:
    """Raise MalformedError for a measure of the wrong type; unknown names may have any JSON value."""
    kinds = {
        "epochs": "int",
        "best_epoch": "int",
        "steps": "int",
        "seconds": "float",
        "stopped": "str",
        "engine": "str",
    }
    kinds |= {"rows": "dict[str, int]", "loss": "tuple[float, ...]", "validation_loss": "tuple[float, ...]"}
    _check(training, kinds | dict.fromkeys(PARTS, "dict"), "training")
    for part in PARTS:
        _check_measures(training.get(part, {}), f"training.{part}")


def _check_measures(measures: Any, where: str) -> None:
    from glassnet.tables.report.text import NAMES

    if measures and "rows" not in measures:
        malformed(f"rows among {where}", said=", ".join(measures))
    _check(measures, dict.fromkeys(NAMES, "float") | {"rows": "int", "confusion": "matrix"}, where)


def _check(values: Any, kinds: dict[str, str], where: str) -> None:
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        malformed(f"values by name as {where}", values)
    for name, value in values.items():
        kind = kinds.get(name, "JSON value")
        if not any(_IS[one](value) for one in kind.split(" | ")):
            malformed(f"{_NAMES.get(kind, kind)} as {where}.{name}", value)


def _is_int(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_int(value) or isinstance(value, float | np.floating)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_list(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, list | tuple) and all(map(of, value))


def _is_dict(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value)) and all(map(of, value.values()))


def _is_plain(value: Any) -> bool:
    one = value is None or _is_bool(value) or _is_number(value) or _is_text(value)
    return one or _is_list(value, _is_plain) or _is_dict(value, _is_plain)


_IS: dict[str, Callable[[Any], bool]] = {
    "None": lambda value: value is None,
    "bool": _is_bool,
    "int": _is_int,
    "float": _is_number,
    "str": _is_text,
    "dict": lambda value: isinstance(value, dict),
    "tuple[int, ...]": lambda value: _is_list(value, _is_int),
    "tuple[float, ...]": lambda value: _is_list(value, _is_number),
    "tuple[str, ...]": lambda value: _is_list(value, _is_text),
    "dict[str, int]": lambda value: _is_dict(value, _is_int),
    "dict[str, str]": lambda value: _is_dict(value, _is_text),
    "matrix": lambda value: _is_list(value, lambda row: _is_list(row, _is_int)),
    "JSON value": _is_plain,
}
_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "JSON value": "a JSON value",
    "tuple[str, ...]": "a list of texts",
    "tuple[float, ...]": "a list of numbers",
    "dict": "measures by name",
    "dict[str, int]": "whole numbers by name",
    "dict[str, str]": "texts by name",
    "matrix": "rows of whole numbers",
}
