"""Parquet files as rows in blocks: each row group is a block."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.data.columns import Columns, block_of
from glassnet.data.files import File, name_of
from glassnet.data.footer import row_groups
from glassnet.data.rows import Block, Rows
from glassnet.errors import InputError

if TYPE_CHECKING:
    import polars as pl


class ParquetFiles:
    """Parquet files with the same columns, one after the other, and their row groups."""

    def __init__(self, paths: list[Path]) -> None:
        import polars as pl

        self.files = [File.at(path) for path in paths]
        self.groups: list[tuple[File, int, int]] = []  # file, first row, rows
        self.names = _names(self.files[0])
        for file in self.files:
            if (names := _names(file)) != self.names:
                odd = next((a for a in self.names if a not in names), "another order")
                raise InputError(
                    f"{name_of(file.path)}: expected the columns of {name_of(self.files[0].path)}; got {odd!r} missing or "
                    "moved; write the files alike."
                )
            first = 0
            for rows in row_groups(file):
                if rows:
                    self.groups.append((file, first, rows))
                first += rows
            counted = pl.scan_parquet(file.path).select(pl.len()).collect().item()
            if counted != first:
                raise InputError(f"{name_of(file.path)}: expected {counted:,} rows; got {first:,}; write it again.")

    @property
    def lengths(self) -> list[int]:
        """The rows of each row group."""
        return [rows for _, _, rows in self.groups]

    def frame(self, block: int, columns: list[str] | None = None) -> pl.DataFrame:
        """Read columns of a row group."""
        import polars as pl

        file, first, rows = self.groups[block]
        file.check()
        scanned = pl.scan_parquet(file.path).slice(first, rows)
        try:
            frame = (scanned if columns is None else scanned.select(columns)).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            what = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
            raise InputError(f"{name_of(file.path)}: expected Parquet; got {what}; write it again.") from None
        return frame

    def place(self, block: int) -> str:
        """Name a row group in a message."""
        file, first, _ = self.groups[block]
        return f"rows {first:,} on of {name_of(file.path)}"

    @cached_property
    def fingerprint(self) -> str:
        """A text that other files would not have."""
        return hashlib.sha256(" ".join(file.fingerprint() for file in self.files).encode()).hexdigest()


class TableRows(Rows):
    """Columns of numbers of files that are read frame by frame: Parquet or text."""

    def __init__(self, files: Any, columns: Columns, memory: int, name: str) -> None:
        self.files, self.columns, self._name = files, columns, name
        self.weighted = columns.weight is not None
        super().__init__(files.lengths, len(columns.features), memory)

    @property
    def name(self) -> str:
        return self._name

    def read(self, block: int) -> Block:
        return block_of(self.files.frame(block, self.columns.all), self.columns, self.files.place(block))

    def place(self, block: int) -> str:
        place: str = self.files.place(block)
        return place

    @cached_property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.files.fingerprint} {self.columns}".encode()).hexdigest()


def _names(file: File) -> list[str]:
    import polars as pl

    try:
        return list(pl.read_parquet_schema(file.path))
    except (pl.exceptions.PolarsError, OSError) as error:
        what = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
        raise InputError(f"{name_of(file.path)}: expected Parquet; got {what}; write it again.") from None
