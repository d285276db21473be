"""Checks that an Activation and a Loss share when one is made, of functions of one's own above all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassnet.errors import InputError, Range, shown


def function_name(function: Any) -> str:
    """The name of a function as a repr shows it; a functools.partial has none."""
    return getattr(function, "__name__", repr(function))


def check_equation(kind: str, equation: Any, *functions: str) -> None:
    """Check the name, the functions and the constants of an Activation or Loss; the constants become plain numbers."""
    if not isinstance(equation.name, str) or not equation.name:
        raise InputError(f"name: expected the {kind}'s name; got {shown(equation.name)}; pass a text such as 'square'.")
    for function in functions:
        if not callable(given := getattr(equation, function)):
            raise InputError(f"{function}: expected a function; got {shown(given)}; pass one made by def or lambda.")
    for mapping in ("parameters", "ranges"):
        if not isinstance(given := getattr(equation, mapping), Mapping):
            raise InputError(f"{mapping}: expected a dict by name; got {shown(given)}; pass e.g. {{'slope': 0.01}}.")
    checked = {
        name: equation.ranges.get(name, Range()).check(name, given) for name, given in equation.parameters.items()
    }
    object.__setattr__(equation, "parameters", checked)
