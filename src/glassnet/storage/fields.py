"""Checks the type and the range of each field of a description."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from glassnet.equations.initializers import INITIALIZERS
from glassnet.storage.strict_json import malformed


def only(content: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return `content`, which must have exactly these fields; a newer file with more of them is refused, not read in part."""
    if content.keys() != set(names):
        malformed(f"the fields {', '.join(names)}", said=", ".join(content) or "none")
    return content


def a_list(value: Any, what: str) -> list[Any]:
    """Return `value`, which must be a list."""
    if not isinstance(value, list):
        malformed(f"a list as {what}", value)
    return value


def text(value: Any) -> str:
    """Return `value`, which must be a text."""
    if not isinstance(value, str):
        malformed("a text", value)
    return value


def numbers(value: Any) -> dict[str, float]:
    """Return `value`, which must be finite numbers by name."""
    if not isinstance(value, dict) or not all(_is_number(number) for number in value.values()):
        malformed("numbers by name", value)
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e308


def check_init(value: Any, n_layers: int) -> Any:
    """Return `value`, which must be None, the name of an initializer, or a list with one for each layer."""
    given = value if isinstance(value, list) else [value] * n_layers
    fits = all(isinstance(name, str) and name in INITIALIZERS for name in given) and len(given) == n_layers
    if value is not None and not fits:
        malformed("init among " + ", ".join(sorted(INITIALIZERS)), value)
    return value


def check_random(state: dict[str, Any], kind: str, extra: set[str]) -> dict[str, Any]:
    """Return the state of a random source, checked here because NumPy would read beyond its memory at a wrong position."""
    only(state, "bit_generator", "state", *extra)
    inner = state["state"]
    if state["bit_generator"] != kind or not isinstance(inner, dict):
        malformed(f"the state of a {kind}", state["bit_generator"])
    if kind == "MT19937":
        only(inner, "key", "pos")
        key = inner["key"]
        if not isinstance(key, np.ndarray) or key.shape != (624,) or key.dtype != np.uint32:
            malformed("624 whole numbers as key of a random source", key)
        if type(inner["pos"]) is not int or not 0 <= inner["pos"] <= 624:
            malformed("a position from 0 to 624 in a random source", inner["pos"])
    else:
        only(inner, "state", "inc")
        if not all(type(number) is int and 0 <= number < 2**128 for number in inner.values()):
            malformed("numbers below 2**128 in a random source", inner)
    for name in extra - {"gauss"}:
        if type(state[name]) is not int or not 0 <= state[name] < 2**32:
            malformed(f"a whole number as {name} of a random source", state[name])
    if "gauss" in extra and not (_is_number(state["gauss"]) and math.isfinite(state["gauss"])):
        malformed("a number as gauss of a random source", state["gauss"])
    return state
