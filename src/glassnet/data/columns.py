"""Chooses which columns of a table are inputs, target and weight, and makes arrays of a block of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.rows import Block
from glassnet.errors import InputError, shown, unknown_name

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Columns:
    """The names of the inputs, the target and the weight."""

    features: tuple[str, ...]
    target: str
    weight: str | None = None

    @property
    def all(self) -> list[str]:
        """The columns to read."""
        return [*self.features, self.target, *([self.weight] if self.weight is not None else [])]


def choose(names: list[str], target: Any, weight: Any, features: Any) -> Columns:
    """Check the names of columns; without `features` the inputs are all columns but target and weight."""
    if not isinstance(target, str):
        raise InputError(f"target: expected the name of a column; got {shown(target)}; pass e.g. target={names[-1]!r}.")
    chosen = [name for name in names if name not in (target, weight)] if features is None else list(features)
    for what, name in [("target", target), ("weight", weight), *(("features", each) for each in chosen)]:
        if name is not None and name not in names:
            raise unknown_name(what, name, names)
    if not chosen or target in chosen:
        raise InputError(f"features: expected columns besides the target; got {shown(chosen)}; name others.")
    return Columns(tuple(chosen), target, weight)


def block_of(frame: pl.DataFrame, columns: Columns, place: str) -> Block:
    """Return the columns of a frame as X, y and weights in float64, or float32 if all inputs are; refuse what is no number."""
    import polars as pl

    for series in frame:
        if not (series.dtype.is_numeric() or series.dtype == pl.Boolean) or series.null_count():
            got = f"{series.dtype} cells" if not series.null_count() else f"{series.null_count()} missing cells"
            raise InputError(
                f"{series.name}, {place}: expected numbers; got {got}; use `glassnet train --memory`, which prepares columns."
            )
    single = all(frame[name].dtype == pl.Float32 for name in columns.features)
    dtype = np.float32 if single else np.float64
    X = np.empty((frame.height, len(columns.features)), dtype)
    for k, name in enumerate(columns.features):
        X[:, k] = frame[name].to_numpy()
    weight = None if columns.weight is None else frame[columns.weight].to_numpy()
    return X, frame[columns.target].cast(pl.Float64).to_numpy(), weight
