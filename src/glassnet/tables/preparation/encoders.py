"""All encoders by their kind, and `encoder_from_dict`, which reads them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from glassnet.errors import InputError, shown
from glassnet.tables.preparation.category_encoders import OneHot, TargetMean
from glassnet.tables.preparation.encoder import Encoder
from glassnet.tables.preparation.number_encoders import Bins, Periodic, Rank, Standard, Values

ENCODERS: dict[str, type[Encoder]] = {
    kind.kind: kind for kind in (Standard, Rank, Bins, Values, Periodic, OneHot, TargetMean)
}


def encoder_from_dict(given: Any) -> Encoder:
    """Make the encoder that `to_dict` described; raise InputError for anything else."""
    kind = ENCODERS.get(given["kind"]) if isinstance(given, dict) and isinstance(given.get("kind"), str) else None
    types = {} if kind is None else {each.name: str(each.type) for each in fields(kind)}
    encoder = None
    if kind is not None and given.keys() == {"kind", *types}:
        values = {name: _READ[type](given[name]) for name, type in types.items()}
        encoder = None if any(value is None for value in values.values()) else kind(**values)
    if encoder is None or not encoder.is_sound():
        raise InputError(f"encoder: expected what Encoder.to_dict gives; got {shown(given)}; save the model again.")
    return encoder


def _number(value: Any) -> float | None:
    right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if right else None


def _items(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a reader of lists whose items `read` reads; None stands for what is not right."""

    def read_all(value: Any) -> tuple[Any, ...] | None:
        items = tuple(map(read, value)) if isinstance(value, list) else (None,)
        return None if None in items else items

    return read_all


_READ: dict[str, Callable[[Any], Any]] = {
    "float": _number,
    "bool": lambda value: value if isinstance(value, bool) else None,
    "tuple[float, ...]": _items(_number),
    "tuple[int, ...]": _items(lambda value: value if type(value) is int else None),
    "tuple[tuple[float, ...], ...]": _items(_items(_number)),
}
