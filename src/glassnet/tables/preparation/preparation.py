"""The Preparation: turns the columns of a table into the inputs of a network; it consists of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.tables.columns.column_type import Kind
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table

Array = NDArray[Any]
Unseen = Literal["error", "missing"]
SPARSE_FROM = 129  # features; the engine has its fastest kernel for fewer, if they are dense
SPARSE_SHARE = 1 / 8  # of the features that may differ from 0, up to which sparse rows pay


@dataclass(frozen=True)
class Column:
    """One column of a table and its features.

    A numeric x becomes (x − mean)/scale, with the median in place of a missing cell. A categorical one becomes one
    0/1 feature for each category, all 0 for a missing cell. If cells were missing when the column was fitted, one more
    0/1 feature says whether the cell is missing.

    Parameters
    ----------
    name : str
    kind : "numeric" or "categorical"
    missing : bool
        True if there is a feature for missing cells.
    median, mean, scale : float
        The figures of a numeric column; mean and scale are taken after its missing cells are filled.
    categories : tuple of str or of int
        The categories of a categorical column, in the order of their features.
    """

    name: str
    kind: Kind
    missing: bool = False
    median: float = 0.0
    mean: float = 0.0
    scale: float = 1.0
    categories: tuple[str, ...] | tuple[int, ...] = ()

    @property
    def feature_names(self) -> list[str]:
        """The names of this column's features."""
        names = [self.name] if self.kind == "numeric" else [f"{self.name}={category}" for category in self.categories]
        return [*names, f"{self.name} is missing"] if self.missing else names

    @property
    def features_at_once(self) -> int:
        """The most features of this column that differ from 0 in one row."""
        return 2 if self.kind == "numeric" and self.missing else 1

    def entries(self, table: Table, unseen: Unseen) -> list[tuple[int | Array, Array]]:
        """Return the features that may differ from 0 and their values (n,): one feature for all rows, or one a row."""
        entries: list[tuple[int | Array, Array]]
        if self.kind == "numeric":
            values = table.numbers(self.name)
            gaps = np.isnan(values)
            entries = [(0, (np.where(gaps, self.median, values) - self.mean) / self.scale)]
        else:
            codes = self.codes(table, unseen)
            gaps = codes < 0
            entries = [(codes, ~gaps)]
        if self.missing:
            entries.append((len(self.feature_names) - 1, gaps))
        return entries

    def fill(self, table: Table, out: Array, unseen: Unseen) -> None:
        """Write the features of this column into `out` (n, features), which must be 0."""
        for features, values in self.entries(table, unseen):
            if isinstance(features, int):
                out[:, features] = values
            else:
                known = np.flatnonzero(values)
                out[known, features[known]] = 1

    def codes(self, table: Table, unseen: Unseen) -> Array:
        """Return the index of each cell's category, (n,); −1 for a missing cell."""
        import polars as pl

        series = table.column(self.name)
        if series.dtype.is_float() and self.categories and isinstance(self.categories[0], int):
            whole = series.cast(pl.Int64, strict=False)
            table = Table(pl.DataFrame({self.name: whole if (whole == series).all() else series}), table.source)
        words = table.words(self.name)
        indices = words.cast(pl.Enum([str(category) for category in self.categories]), strict=False)
        new = words.is_not_null() & indices.is_null()
        if new.any() and unseen == "error":
            row = int(new.arg_true()[0])
            raise table.cell_error(
                row, self.name, "a category seen in training", "correct it, or pass --unseen missing"
            )
        codes: Array = indices.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        return codes

    def to_dict(self) -> dict[str, Any]:
        """Return this column as JSON values."""
        start = {"name": self.name, "kind": self.kind, "missing": self.missing}
        if self.kind == "categorical":
            return {**start, "categories": list(self.categories)}
        return {**start, "median": self.median, "mean": self.mean, "scale": self.scale}

    @classmethod
    def from_dict(cls, given: Any) -> Column:
        """Make the column that `to_dict` described; raise InputError for anything else."""
        numeric = isinstance(given, dict) and given.get("kind") == "numeric"
        own = ("median", "mean", "scale") if numeric else ("categories",)
        right = (
            isinstance(given, dict)
            and set(given) == {"name", "kind", "missing", *own}
            and isinstance(given["name"], str)
            and given["kind"] in ("numeric", "categorical")
            and isinstance(given["missing"], bool)
        )
        if right and numeric:
            values = [given[name] for name in own]
            right = all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values)
            right = right and given["scale"] > 0
        elif right:
            values = given["categories"]
            right = isinstance(values, list) and (
                all(isinstance(v, str) for v in values) or all(type(v) is int for v in values)
            )
            right = right and len(set(values)) == len(values)
        if not right:
            raise InputError(f"column: expected what Column.to_dict gives; got {shown(given)}; save the model again.")
        if numeric:
            median, mean, scale = map(float, values)
            return cls(given["name"], "numeric", given["missing"], median, mean, scale)
        return cls(given["name"], "categorical", given["missing"], categories=tuple(values))


@dataclass(frozen=True)
class Preparation:
    """The columns a model reads, in the order of the network's inputs.

    Examples
    --------
    >>> table = {"age": [20.0, None, 40.0], "city": ["Bern", "Chur", "Bern"]}
    >>> preparation = Preparation.fit(table, {"age": "numeric", "city": "categorical"})
    >>> preparation.feature_names
    ['age', 'age is missing', 'city=Bern', 'city=Chur']
    >>> preparation.matrix(table).round(2)
    array([[-1.22,  0.  ,  1.  ,  0.  ],
           [ 0.  ,  1.  ,  0.  ,  1.  ],
           [ 1.22,  0.  ,  1.  ,  0.  ]])
    """

    columns: tuple[Column, ...]

    @property
    def feature_names(self) -> list[str]:
        """The names of the network's inputs."""
        return [name for column in self.columns for name in column.feature_names]

    @property
    def n_features(self) -> int:
        """d, the number of the network's inputs."""
        return sum(len(column.feature_names) for column in self.columns)

    @classmethod
    def fit(cls, table: Any, kinds: Mapping[str, Kind], rows: Array | None = None) -> Preparation:
        """Measure the columns named in `kinds`: median, mean and scale on `rows` alone, categories on all of the table."""
        table = as_table(table)
        chosen = np.arange(len(table)) if rows is None else rows
        return cls(tuple(_fit_column(table, name, kind, chosen) for name, kind in kinds.items()))

    def matrix(self, table: Any, *, unseen: Unseen = "error", dtype: Any = np.float64) -> Array:
        """The network's inputs (n, d) for the rows of `table`: a Table, path, data frame or mapping.

        Raises
        ------
        InputError
            Names the first column that is not there, the first cell that is no number, or the first category that
            was not seen in training; with unseen="missing" such a category counts as missing.
        """
        table = as_table(table)
        X = np.zeros((len(table), self.n_features), dtype, order="F")
        at = 0
        for column in self.columns:
            width = len(column.feature_names)
            column.fill(table, X[:, at : at + width], unseen)
            at += width
        return np.ascontiguousarray(X)

    def inputs(self, table: Any, *, unseen: Unseen = "error", dtype: Any = np.float64) -> Any:
        """Return what `matrix` does, as a CSR array of SciPy where there are many features and most are 0 in each row."""
        at_once = sum(column.features_at_once for column in self.columns)
        if self.n_features < SPARSE_FROM or at_once > SPARSE_SHARE * self.n_features:
            return self.matrix(table, unseen=unseen, dtype=dtype)
        from scipy.sparse import csr_array

        table, numbers, values, at = as_table(table), [], [], 0
        for column in self.columns:
            for features, of_rows in column.entries(table, unseen):
                numbers.append(np.broadcast_to(np.add(at, features, dtype=np.int32), len(table)))
                values.append(of_rows.astype(dtype))
            at += len(column.feature_names)
        entries = np.stack(values, axis=1)  # (n, the most in a row)
        there = entries != 0
        starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        return csr_array((entries[there], np.stack(numbers, axis=1)[there], starts), shape=(len(table), at))

    def to_dict(self) -> dict[str, Any]:
        """Return the preparation as JSON values."""
        return {"columns": [column.to_dict() for column in self.columns]}

    @classmethod
    def from_dict(cls, given: Any) -> Preparation:
        """Make the preparation that `to_dict` described; raise InputError for anything else."""
        if not isinstance(given, dict) or set(given) != {"columns"} or not isinstance(given["columns"], list):
            raise InputError(
                f"preparation: expected what Preparation.to_dict gives; got {shown(given)}; save the model again."
            )
        columns = tuple(Column.from_dict(column) for column in given["columns"])
        if len({column.name for column in columns}) < len(columns):
            raise InputError("preparation: expected columns of different names; got one twice; save the model again.")
        return cls(columns)

    def __repr__(self) -> str:
        numeric = sum(column.kind == "numeric" for column in self.columns)
        return (
            f"Preparation({numeric} numeric and {len(self.columns) - numeric} categorical columns → "
            f"{self.n_features} features)"
        )


def _fit_column(table: Table, name: str, kind: Kind, rows: Array) -> Column:
    if kind == "categorical":
        return _fit_categories(table, name)
    values = table.numbers(name)
    missing = bool(np.isnan(values).any())
    values = values[rows]
    if table.image_shape is not None:
        return Column(name, "numeric", scale=255.0)  # pixels share one scale: 0 … 255 becomes 0 … 1
    known = values[~np.isnan(values)]
    median = float(np.median(known)) if len(known) else 0.0
    filled = np.where(np.isnan(values), median, values)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = float(np.mean(filled)), float(np.std(filled))
    if not (math.isfinite(mean) and math.isfinite(scale)):
        row = int(rows[np.argmax(np.abs(filled))])
        raise table.cell_error(row, name, "a number below 1e150", "use another unit, or pass --ignore COLUMN")
    return Column(name, "numeric", missing, median, mean, scale if scale > 0 else 1.0)


def _fit_categories(table: Table, name: str) -> Column:
    import polars as pl

    words = table.words(name)
    found = words.drop_nulls().unique().sort()
    whole = found.cast(pl.Int64, strict=False)
    as_written = not whole.null_count() and (whole.cast(pl.String) == found).all()
    categories = tuple(whole.sort().to_list() if as_written else found.to_list())
    return Column(name, "categorical", bool(words.null_count()), categories=categories)
