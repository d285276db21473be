"""Converts the figures that a fit leaves behind: Python's floats in files, NumPy's in estimators."""

from __future__ import annotations

from typing import Any


def with_floats(value: Any, kind: type[float]) -> Any:
    """Return a float, or a list of them, as floats of this type; any other value as it is."""
    if isinstance(value, list):
        return [kind(each) for each in value]
    return kind(value) if isinstance(value, float) else value
