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
    kinds |= {"validation": "float | str | None", "test": "float | str", "effort": "str"}
    kinds |= {"missing": "tuple[str, ...]", "decimal_comma": "bool", "left_out": "dict[str, str]"}
    kinds |= {"decisions": "tuple[str, ...]"}
    _check(settings, kinds, "settings")


def check_training(training: Any) -> None:
    """Raise MalformedError for a measure of the wrong type; unknown names may have any JSON value."""
    kinds = {
        "epochs": "int",
        "best_epoch": "int",
        "steps": "int",
        "networks": "int",
        "seconds": "float",
        "stopped": "str",
        "engine": "str",
    }
    kinds |= {"rows": "dict[str, int]", "loss": "tuple[float, ...]", "validation_loss": "tuple[float, ...]"}
    kinds |= {"curves": "curves", "importance": "pairs", "alone": "dict[str, float]", "decisions": "tuple[str, ...]"}
    _check(training, kinds | {"tried": "trials", "baselines": "parts"} | dict.fromkeys(PARTS, "dict"), "training")
    for part in PARTS:
        _check_measures(training.get(part, {}), f"training.{part}")
    for part, beside in training.get("baselines", {}).items():
        for name, measures in beside.items():
            _check_measures(measures, f"training.baselines.{part}.{name}")


def _check_measures(measures: Any, where: str) -> None:
    from glassnet.tables.report.text import NAMES

    if measures and "rows" not in measures:
        malformed(f"rows among {where}", said=", ".join(measures))
    kinds = {"rows": "int", "confusion": "matrix", "uncertainty": "dict[str, float]", "ahead": "pairs"}
    kinds |= {"calibration": "calibration", "residuals": "residuals"}
    _check(measures, dict.fromkeys(NAMES, "float") | kinds, where)


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


def _is_row(value: Any, length: int) -> bool:
    return _is_list(value, _is_number) and len(value) == length


def _is_curve(value: Any) -> bool:
    return _is_list(value, _is_number) and len(value) > 0


def _is_trial(value: Any) -> bool:
    right = isinstance(value, dict) and value.keys() == {"changes", "loss"} and _is_dict(value["changes"], _is_plain)
    return right and (value["loss"] is None or _is_number(value["loss"]))


def _is_calibration(value: Any) -> bool:
    right = isinstance(value, dict) and value.keys() == {"error", "by_chance", "bins"}
    right = right and _is_number(value["error"]) and _is_number(value["by_chance"])
    return right and _is_list(value["bins"], lambda row: _is_row(row, 3))


def _are_residuals(value: Any) -> bool:
    right = isinstance(value, dict) and value.keys() == {"quantiles", "bins"} and _is_row(value["quantiles"], 5)
    return right and _is_list(value["bins"], lambda row: _is_row(row, 7))


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
    "dict[str, float]": lambda value: _is_dict(value, _is_number),
    "pairs": lambda value: _is_dict(value, lambda pair: _is_row(pair, 2)),
    "curves": lambda value: _is_list(value, _is_curve),
    "trials": lambda value: _is_list(value, _is_trial),
    "parts": lambda value: _is_dict(value, lambda part: _is_dict(part, lambda each: isinstance(each, dict))),
    "calibration": _is_calibration,
    "residuals": _are_residuals,
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
    "dict[str, float]": "numbers by name",
    "pairs": "a number and its deviation by name",
    "curves": "curves of at least one number",
    "trials": "configurations with their changes and loss",
    "parts": "measures by name of each part",
    "calibration": "an error, that by chance, and bins of three numbers",
    "residuals": "five quantiles, and bins of seven numbers",
}
