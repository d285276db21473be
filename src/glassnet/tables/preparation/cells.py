"""The Cells: the columns of a table as numbers and codes, each read once for the many preparations of a search."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.preparation.encoder import MISSING
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of a column, or of one part of a date.

    Parameters
    ----------
    values : (n,) float64
        nan for a missing cell.
    """

    values: Array

    @cached_property
    def gaps(self) -> Array | None:
        """True where a cell is missing, (n,); None if there is none."""
        gaps: Array = np.isnan(self.values)
        return gaps if gaps.any() else None

    @cached_property
    def order(self) -> Array:
        """The rows with a number in the order of the numbers."""
        order: Array = np.argsort(self.values, kind="stable")  # nan comes last
        return order if self.gaps is None else order[: -int(np.count_nonzero(self.gaps))]

    def ordered(self, rows: Array) -> Array:
        """Return those of `rows` that have a number in the order of the numbers."""
        counts = np.bincount(rows, minlength=len(self.values))
        return np.repeat(self.order, counts[self.order])


@dataclass(frozen=True, eq=False)
class Words:
    """The words of a column: `known`, the different ones, sorted, and the place of each cell's word there, (n,)."""

    known: list[str]
    codes: Array


@dataclass(frozen=True, eq=False)
class Cells:
    """The columns of `table` as numbers and codes; each is read at its first use and kept.

    Examples
    --------
    >>> cells = Cells(as_table({"age": [31, None], "city": ["Chur", "Bern"]}))
    >>> cells.numbers("age", ColumnType("numeric"))[""].values
    array([31., nan])
    >>> cells.words("city", ColumnType("categorical"))
    Words(known=['Bern', 'Chur'], codes=array([1, 0]))
    """

    table: Table
    _read: dict[tuple[str, ColumnType, bool], Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.table)

    def numbers(self, name: str, type: ColumnType) -> dict[str, Numbers]:
        """Return the numbers of a column by the name of their part, "" for a column of plain numbers."""
        key = (name, type, False)
        if key not in self._read:
            self._read[key] = {part: Numbers(values) for part, values in type.numbers(self.table, name).items()}
        found: dict[str, Numbers] = self._read[key]
        return found

    def words(self, name: str, type: ColumnType, whole: bool = False) -> Words:
        """Return the words of a column; with `whole` numbers such as 3.0 are written 3, if all are whole."""
        key = (name, type, whole)
        if key not in self._read:
            import polars as pl

            words = type.words(_as_whole(self.table, name) if whole else self.table, name)
            known = words.drop_nulls().unique().sort()
            codes = words.cast(pl.Enum(known)).to_physical().cast(pl.Int64).fill_null(MISSING).to_numpy()
            self._read[key] = Words(known.to_list(), codes)
        found: Words = self._read[key]
        return found


def as_cells(given: Any) -> Cells:
    """Make the Cells of a Table, the path of a file, a data frame or a mapping of names to columns."""
    return given if isinstance(given, Cells) else Cells(as_table(given))


def _as_whole(table: Table, name: str) -> Table:
    """Return the column of a table with its numbers as whole numbers, if it holds such alone."""
    import polars as pl

    series = table.column(name)
    if not series.dtype.is_float():
        return table
    whole = series.cast(pl.Int64, strict=False)
    return Table(pl.DataFrame({name: whole}), table.source) if (whole == series).all() else table
