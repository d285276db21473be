"""The exceptions glassnet raises, and the checks that word them.

GlassnetError
├── InputError        (also ValueError)       something passed in is not what was expected; nothing was changed
└── NonFiniteError    (also ArithmeticError)  a loss or parameter became inf or nan during training
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Iterable
from typing import Any


class GlassnetError(Exception):
    """Base of every error glassnet raises on purpose."""


class InputError(GlassnetError, ValueError):
    """An argument is not what was expected; the message names it, what came, and one way out."""


class NonFiniteError(GlassnetError, ArithmeticError):
    """Training met inf or nan: `step` and `layer` say where (counted from 0 and 1)."""

    def __init__(self, message: str, step: int, layer: int) -> None:
        super().__init__(message)
        self.step = step
        self.layer = layer

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.step, self.layer)


def unknown_name(kind: str, name: object, known: Iterable[str]) -> InputError:
    """The error for a name that is in no table: lists the table, and the nearest name if one is near."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "pass one of these names."
    return InputError(f"{kind}: expected one of {', '.join(names)}; got {shown(name)}; {hint}")


def check_number(
    name: str,
    value: object,
    low: float,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
    hint: str = "",
) -> float:
    """Return `value` as a float within [low, high] (or open at an end); raise InputError otherwise."""
    number = _as_float(value)
    above = number > low if open_low else number >= low
    below = number < high if open_high else number <= high
    if not (math.isfinite(number) and above and below):
        left, right = "(" if open_low else "[", ")" if open_high or high == math.inf else "]"
        example = low if not open_low else (low + min(high, low + 2)) / 2
        hint = hint or f"pass e.g. {name}={example:g}"
        raise InputError(f"{name}: expected a number in {left}{low:g}, {high:g}{right}; got {shown(value)}; {hint}.")
    return number


def check_count(name: str, value: object, low: int = 1, hint: str = "") -> int:
    """Return `value` as an int ≥ low; raise InputError otherwise (True and 3.0 are not counts)."""
    try:
        count = low - 1 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = low - 1
    if count < low:
        hint = hint or f"pass e.g. {name}={max(low, 1)}"
        raise InputError(f"{name}: expected a whole number ≥ {low}; got {shown(value)}; {hint}.")
    return count


def shown(value: object) -> str:
    """The value as a message shows it: its repr on one line, cut at 60 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _as_float(value: object) -> float:
    """The value as a float; nan if it is no real number (True and "3" are none) or too large for one."""
    kind = getattr(getattr(value, "dtype", None), "kind", "f")
    if isinstance(value, bool | str | bytes) or getattr(value, "ndim", 0) > 0 or kind not in "iuf":
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
