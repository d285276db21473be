"""Reads what learners type: 0.5, ,5, 1/2, −3, 2 × 3; an empty box is not given, anything else is one line of error."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown

Array = NDArray[Any]

_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-", "‒": "-", "﹣": "-", "－": "-"})
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
_TENS = re.compile(r"[·*x×]10\^?([+-]?\d+)$")


def read_number(text: Any, name: str) -> float | None:
    """Return the number that somebody typed; None for an empty box.

    A comma is a decimal point, a slash a fraction, 2·10^-3 a power of ten, any dash a minus.

    Raises
    ------
    InputError
        If it is no number.

    Examples
    --------
    >>> [read_number(text, "a.Z1") for text in ("0.5", ",5", "1/2", "−3", "2·10^-3", "")]
    [0.5, 0.5, 0.5, -3.0, 0.002, None]
    """
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    if isinstance(text, int | float) and not isinstance(text, bool) and math.isfinite(text):
        return float(text)
    if isinstance(text, str) and len(text) <= 60:
        plain = unicodedata.normalize("NFKC", text).translate(_MINUS).lower()
        plain = _TENS.sub(r"e\1", re.sub(r"\s", "", plain).replace(",", "."))
        match = re.fullmatch(rf"({_NUMBER})(?:/({_NUMBER}))?", plain)
        if match:
            below = float(match[2]) if match[2] else 1.0
            number = float(match[1]) / below if below else math.inf
            if math.isfinite(number):
                return number
    raise InputError(f"{name}: expected a number; got {shown(text)}; write e.g. 0.5, 1/2 or −3.")


def read_numbers(given: Any, name: str, shape: tuple[int, ...]) -> Array:
    """Return the typed numbers of all boxes of an item; nan stands for an empty one.

    Raises
    ------
    InputError
        If a box holds no number, or there are other boxes.
    """
    found = np.full(shape, np.nan)
    if given is None or (isinstance(given, str) and not given.strip()):
        return found
    if shape == ():
        number = read_number(given, name)
        return found if number is None else np.asarray(number)
    rows = given if isinstance(given, list) else None
    if rows is not None and shape[0] == 1 and len(rows) == shape[1] and not any(isinstance(row, list) for row in rows):
        rows = [rows]
    if rows is not None and shape[1] == 1 and len(rows) == shape[0] and not any(isinstance(row, list) for row in rows):
        rows = [[row] for row in rows]
    if rows is None or len(rows) != shape[0] or any(not isinstance(row, list) or len(row) != shape[1] for row in rows):
        raise InputError(
            f"{name}: expected {shape[0]} rows of {shape[1]}; got {shown(given)}; fill in the sheet's boxes."
        )
    for i, row in enumerate(rows):
        for k, cell in enumerate(row):
            number = read_number(cell, f"{name}[{i}, {k}]")
            found[i, k] = np.nan if number is None else number
    return found


def read_shape(text: Any, name: str) -> str:
    """Return a typed shape as "rows × columns"; an empty text for an empty box.

    Examples
    --------
    >>> read_shape("(2, 3)", "a.shape_W1"), read_shape("2x3", "a.shape_W1"), read_shape(" ", "a.shape_W1")
    ('2 × 3', '2 × 3', '')
    """
    if text is None or (isinstance(text, str) and not text.strip()):
        return ""
    if isinstance(text, list) and len(text) == 2:
        text = f"{text[0]} × {text[1]}"
    match = re.fullmatch(r"\s*\(?\s*(\d{1,4})\s*(?:[x×*,;·]|by|mal|\s)\s*(\d{1,4})\s*\)?\s*", str(text).lower())
    if match is None:
        raise InputError(f"{name}: expected a shape, rows × columns; got {shown(text)}; write e.g. 2 × 3.")
    return f"{match[1]} × {match[2]}"


def read_choice(text: Any, name: str, options: tuple[str, ...]) -> str:
    """Return the option that was chosen; an empty text for none."""
    if text is None or (isinstance(text, str) and not text.strip()):
        return ""
    by_name = {option.lower(): option for option in options}
    found = by_name.get(str(text).strip().lower())
    if found is None:
        raise InputError(f"{name}: expected one of {', '.join(options)}; got {shown(text)}; choose one of these.")
    return found
