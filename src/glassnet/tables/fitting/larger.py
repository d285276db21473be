"""Tables larger than memory: decided and prepared on a sample of the rows, trained on all of them, window by window.

One pass over the files draws the sample: each row whose random number, a function of the seed and its place, is below a share; and
the first two rows of each distinct target, so that no class is missing. Columns, quantiles, categories and the rows that validate
are those of the sample. A table that fits in memory is read whole, and nothing is different from one that always did.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from glassnet.data.files import as_bytes, name_of
from glassnet.data.opening import files_of, table_files
from glassnet.data.parquet import ParquetFiles
from glassnet.data.rows import Block, Rows
from glassnet.data.text import TextFiles
from glassnet.errors import InputError
from glassnet.tables.fitting.plan import SHARE, Plan, plan_problem
from glassnet.tables.fitting.problem import Choices, pose
from glassnet.tables.fitting.set_up import standardised
from glassnet.tables.model import Member, TableModel
from glassnet.tables.reading.delimited import read_delimited
from glassnet.tables.reading.table import Table
from glassnet.tables.settings import Settings
from glassnet.training.random import order_keys
from glassnet.training.streaming import check_blocks
from glassnet.training.windows import WINDOW_SHARE

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]

SAMPLE_ROWS = 200_000  # at most, but for the rare targets
SAMPLE_SHARE = 0.1  # of the memory, which the sample's cells may take
BATCH_SIZE = 512  # where the settings leave it to the size of the table
MOST_TARGETS = 1_000  # distinct ones that are looked for
OF_EACH_TARGET = 2  # rows: a class of a single row is left out
SAMPLE_EPOCH = 2**63 + 1  # of the random numbers, which no run reaches


@dataclass(frozen=True, eq=False)
class TableFiles:
    """Files of a table, read block by block as Tables.

    Parameters
    ----------
    files : ParquetFiles or TextFiles
    name : str
    missing, decimal_comma : as `read_table` takes them
    """

    files: ParquetFiles | TextFiles
    name: str
    missing: tuple[str, ...] = ()
    decimal_comma: bool = False

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """The rows of each block."""
        return np.array(self.files.lengths, np.int64)

    def table(self, block: int) -> Table:
        """Read a block."""
        place = self.files.place(block)
        if isinstance(self.files, ParquetFiles):
            return Table(self.files.frame(block), place, missing=self.missing)
        by = self.files.separator
        table = read_delimited(self.files.content(block), place, by, self.missing, self.decimal_comma)
        if len(table) != self.lengths[block]:
            raise InputError(f"{place}: expected {self.lengths[block]:,} rows; got {len(table):,}; remove empty lines.")
        return table

    def joined(self, parts: list[Table], source: str) -> Table:
        """Put tables of some rows together."""
        import polars as pl

        names = {name for part in parts for name in part.quoted}
        quoted = {
            name: pl.concat([part.quoted.get(name, pl.repeat(False, len(part), eager=True)) for part in parts])
            for name in names
        }
        frame = pl.concat([part.frame for part in parts], how="vertical_relaxed")
        return replace(parts[0], frame=frame, source=source, lines=None, quoted=quoted, row_numbers=None, cache={})


def open_table(
    path: Any, memory: int, separator: str | None = None, missing: tuple[str, ...] = (), decimal_comma: bool = False
) -> TableFiles:
    """Open the Parquet or text files that a path, a folder or a pattern names."""
    paths = files_of(str(path))
    return TableFiles(table_files(paths, memory, separator), name_of(path), missing, decimal_comma)


def learn_larger(
    path: Any,
    target: str,
    memory: int | str,
    *,
    reading: dict[str, Any] | None = None,
    settings: Settings | None = None,
    validation: float | Table = SHARE,
    test: float | Table = 0.0,
    **choices: Unpack[Choices],
) -> Plan | Table:
    """Plan one network on a table in files that need not fit in memory; return the Table itself if it fits.

    Parameters
    ----------
    path : a file, a folder or a pattern
    target : the column to predict
    memory : bytes, or a text such as "1 GB", that the rows may take
    reading : separator, missing and decimal_comma, as `read_table` takes them
    settings : hyper-parameters
    validation, test : shares of the sample, or other Tables
    **choices : those of `pose`

    Raises
    ------
    InputError
        Names the file, the row, the column and the cell that is wrong, or the setting.
    """
    memory, settings = as_bytes(memory), settings or Settings()
    opened = open_table(path, memory, **(reading or {}))
    n, blocks = int(opened.lengths.sum()), range(len(opened.lengths))
    if not n:
        raise InputError(f"{opened.name}: expected at least one row; got none; name a file with rows.")
    first = opened.table(0)
    if target not in first.names:
        raise first.no_column(target)
    row_bytes = max(1.0, first.frame.estimated_size() / max(1, len(first)))
    if n * row_bytes <= WINDOW_SHARE * memory:
        return opened.joined([opened.table(block) for block in blocks], opened.name)
    wanted = min(SAMPLE_ROWS, int(SAMPLE_SHARE * memory / row_bytes))
    sample, numbers = _sample(opened, target, wanted / n, settings.seed)
    settings = settings if settings.batch_size else replace(settings, batch_size=BATCH_SIZE)
    problem = pose(sample, target, balanced=settings.class_weight is not None, **choices)
    ready = plan_problem(problem, settings, validation, test, "the table does not fit in the memory")
    held_out = numbers[problem.choice.rows][ready.held_out_rows]
    class_weights = None
    if settings.class_weight is not None:
        counts = np.bincount(problem.y)
        class_weights = len(problem.y) / (len(counts) * counts)
    source: Rows = PreparedRows(opened, ready.model, choices.get("weight"), class_weights, held_out, memory)
    check_blocks(source, ready.model.network)
    ready.source, ready.sampled = source, len(sample)
    return ready


def _sample(opened: TableFiles, target: str, share: float, seed: int) -> tuple[Table, NDArray[np.int64]]:
    """Draw the sample in one pass; return it and the number of each of its rows."""
    parts, numbers, drawn, seen, start = [], [], [], Counter[Any](), 0
    limit = np.uint64(min(share, 1.0) * 2.0**63) * np.uint64(2)
    for block, rows in enumerate(opened.lengths.tolist()):
        table = opened.table(block)
        chosen = order_keys(seed, SAMPLE_EPOCH, start, rows) < limit
        by_key = chosen.copy()
        if len(seen) <= MOST_TARGETS:
            chosen[_new(table.column(target), seen)] = True
        places = np.flatnonzero(chosen)
        parts.append(table.take(places))
        numbers.append(start + places)
        drawn.append(by_key[places])
        start += rows
    sample = opened.joined([part for part in parts if len(part)], f"{opened.name}, a sample")
    if len(seen) <= MOST_TARGETS:
        return sample, np.concatenate(numbers)
    rows_drawn = np.flatnonzero(np.concatenate(drawn))  # so many targets are numbers, of which none may be missing
    return replace(sample.take(rows_drawn), row_numbers=None), np.concatenate(numbers)[rows_drawn]


def _new(column: pl.Series, seen: Counter[Any]) -> list[int]:
    """Return the first rows of targets of which too few were seen, and count them."""
    places = []
    for value in column.unique().to_list()[: MOST_TARGETS + 1]:
        if value is not None and seen[value] < OF_EACH_TARGET:
            found = (column == value).arg_true().head(OF_EACH_TARGET - seen[value]).to_list()
            seen[value] += len(found)
            places += found
    return places


class PreparedRows(Rows):
    """The rows of a table's files as a model's network takes them; those without a target, or held out, weigh 0."""

    weighted = True

    def __init__(
        self,
        opened: TableFiles,
        model: TableModel,
        weight: str | None,
        class_weights: Array | None,
        held_out: Array,
        memory: int,
    ) -> None:
        self.opened, self.model, self.weight, self.class_weights = opened, model, weight, class_weights
        self.member: Member = model.members[0]
        self.held_out = np.sort(held_out)
        self._starts = np.cumsum(opened.lengths) - opened.lengths
        super().__init__(opened.lengths, self.member.preparation.n_features, memory)

    @property
    def name(self) -> str:
        return self.opened.name

    def read(self, block: int) -> Block:
        table = self.opened.table(block)
        first, n = int(self._starts[block]), len(table)
        known = np.flatnonzero(self._has_target(table))
        weight = np.zeros(n)
        y = np.zeros(n, np.int64 if self.model.classes is not None else np.float64)
        if len(known):
            y[known] = self.model.encode(table.take(known))
            weight[known] = 1.0
        if self.weight is not None:
            weight *= np.nan_to_num(table.numbers(self.weight), nan=0.0)
            if (weight < 0).any():
                raise table.cell_error(int(np.argmax(weight < 0)), self.weight, "a weight of at least 0", "correct it")
        if self.class_weights is not None:
            weight *= self.class_weights[y]
        inside = np.searchsorted(self.held_out, (first, first + n))
        weight[self.held_out[slice(*inside)] - first] = 0
        X = self.member.preparation.matrix(table, dtype=self.member.network.dtype)
        return X, standardised(y, self.member), weight

    def _has_target(self, table: Table) -> Array:
        if self.model.classes is not None:
            return table.words(self.model.target).is_not_null().to_numpy()
        assert self.model.target_type is not None
        (numbers,) = self.model.target_type.numbers(table, self.model.target).values()
        return ~np.isnan(numbers)

    def place(self, block: int) -> str:
        return self.opened.files.place(block)

    @cached_property
    def fingerprint(self) -> str:
        return f"{self.opened.files.fingerprint} {len(self.held_out)} {self.weight}"
