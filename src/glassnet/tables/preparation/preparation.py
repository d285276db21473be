"""The Preparation: turns the columns of a table into the inputs of a network; it consists of plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.preparation.category_encoders import FOLDS
from glassnet.tables.preparation.cells import as_cells
from glassnet.tables.preparation.column import Column, Unseen
from glassnet.tables.preparation.encoder import UNSEEN
from glassnet.tables.preparation.encoding import Encoding
from glassnet.tables.preparation.measuring import Measuring, targets_of

Array = NDArray[Any]
SPARSE_FROM = 129  # features; the engine has its fastest kernel for fewer, if they are dense
SPARSE_SHARE = 1 / 8  # of the features that may differ from 0, up to which sparse rows pay


@dataclass(frozen=True)
class Preparation:
    """The columns a model reads, in the order of the network's inputs.

    Where a table is asked for, its `Cells` do as well: they read each column once, for many preparations.

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

    @cached_property
    def n_features(self) -> int:
        """d, the number of the network's inputs."""
        return sum(column.width for column in self.columns)

    @property
    def groups(self) -> dict[str, Array]:
        """The numbers of the features that come from each column of the table, by its name."""
        groups: dict[str, list[int]] = {}
        at = 0
        for column in self.columns:
            groups.setdefault(column.name, []).extend(range(at, at + column.width))
            at += column.width
        return {name: np.array(features, np.intp) for name, features in groups.items()}

    @classmethod
    def fit(
        cls,
        table: Any,
        types: Mapping[str, ColumnType | str],
        rows: Array | None = None,
        *,
        encoding: Encoding | None = None,
        y: Array | None = None,
        classes: int | None = None,
        seed: int = 0,
    ) -> Preparation:
        """Measure columns on `rows` alone; the list of a column's categories is of all rows.

        Parameters
        ----------
        table : Table, Cells, path, data frame or mapping
        types : how each column is read, by name; "numeric" and "categorical" stand for plain cells
        rows : (r,) row numbers; None for all
        encoding : Encoding; None for one standardised number, and a 0/1 for each category
        y : (n,) targets of all rows of the table, for target means and the cuts of a tree; read at `rows` alone
        classes : the number of classes of y, whose entries are then 0 … classes − 1; None for numbers
        seed : of the frequencies of periodic features

        Raises
        ------
        InputError
            Names the first cell that is no number, or is too large.
        """
        cells = as_cells(table)
        chosen = np.arange(len(cells)) if rows is None else rows
        targets = None if y is None else targets_of(y[chosen], classes)
        measuring = Measuring(
            cells, chosen, targets, encoding or Encoding(), np.random.Generator(np.random.Philox(seed))
        )
        kinds = {name: ColumnType(given) if isinstance(given, str) else given for name, given in types.items()}  # type: ignore[arg-type]
        return cls(tuple(column for name, type in kinds.items() for column in measuring.columns(name, type)))

    def matrix(
        self, table: Any, *, rows: Array | None = None, unseen: Unseen = "other", dtype: Any = np.float64
    ) -> Array:
        """The network's inputs (n, d) for the rows of `table`, or (r, d) for `rows` alone.

        Raises
        ------
        InputError
            Names the first column that is not there, the first cell that is no number, or with unseen="error" the first
            category that was not seen in training. With unseen="missing" such a category counts as missing, with "other"
            as another one: the feature that rare categories share, if there is one, else all 0.
        """
        cells = as_cells(table)
        X = np.zeros((self.n_features, len(cells) if rows is None else len(rows)), dtype)
        for column, place in self._slices():
            column.fill(cells, rows, X[place], unseen)
        return np.ascontiguousarray(X.T)

    def training_matrix(
        self,
        table: Any,
        rows: Array,
        y: Array,
        *,
        classes: int | None = None,
        seed: int = 0,
        dtype: Any = np.float64,
    ) -> Array:
        """The inputs (r, d) of the rows that are trained on: as `matrix`, but target means are out of fold.

        The rows fall by `seed` into five folds of equal size; a row's target means come from the other four. `y` (n,) and
        `classes` are those of `fit`.
        """
        cells = as_cells(table)
        targets = targets_of(y[rows], classes)
        folds = np.random.Generator(np.random.Philox(seed)).permutation(len(rows)) % FOLDS
        X = np.zeros((self.n_features, len(rows)), dtype)
        for column, place in self._slices():
            column.fill_training(cells, rows, targets, folds, X[place])
        return np.ascontiguousarray(X.T)

    def inputs(
        self, table: Any, *, rows: Array | None = None, unseen: Unseen = "other", dtype: Any = np.float64
    ) -> Any:
        """Return what `matrix` does, as a CSR array of SciPy where there are many features and most are 0 in each row."""
        at_once = sum(column.features_at_once for column in self.columns)
        if self.n_features < SPARSE_FROM or at_once > SPARSE_SHARE * self.n_features:
            return self.matrix(table, rows=rows, unseen=unseen, dtype=dtype)
        from scipy.sparse import csr_array

        cells, numbers, values = as_cells(table), [], []
        for column, place in self._slices():
            for features, of_rows in column.entries(cells, unseen):
                numbers.append(np.broadcast_to(np.add(place.start, features, dtype=np.int32), len(cells)))
                values.append(of_rows.astype(dtype))
        entries = np.stack(values, axis=1)  # (n, the most in a row)
        there = entries != 0
        starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        shape = (len(cells), self.n_features)
        found = csr_array((entries[there], np.stack(numbers, axis=1)[there], starts), shape=shape)
        return found if rows is None else found[rows]

    def unseen(self, table: Any) -> dict[str, int]:
        """Count the cells of each column that hold a category not seen in training, where there are any."""
        cells = as_cells(table)
        counts = {
            column.name: int(np.count_nonzero(column.codes(cells, "other") == UNSEEN))
            for column in self.columns
            if column.kind == "categorical"
        }
        return {name: count for name, count in counts.items() if count}

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
        if len({(column.name, column.part) for column in columns}) < len(columns):
            raise InputError("preparation: expected columns of different names; got one twice; save the model again.")
        return cls(columns)

    def __repr__(self) -> str:
        kinds = {column.name: column.kind for column in self.columns}
        counts = {kind: sum(each == kind for each in kinds.values()) for kind in ("numeric", "date", "categorical")}
        parts = [f"{count} {kind}" for kind, count in counts.items() if count or kind != "date"]
        listed = ", ".join(parts[:-1]) + f" and {parts[-1]}"
        return f"Preparation({listed} columns → {self.n_features} features)"

    def _slices(self) -> list[tuple[Column, slice]]:
        places, at = [], 0
        for column in self.columns:
            places.append((column, slice(at, at + column.width)))
            at += column.width
        return places
