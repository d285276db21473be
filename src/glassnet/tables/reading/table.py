"""The Table: the cells of a file by column, and the error messages that name a cell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, printable
from glassnet.tables.reading.decision import Decision

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]

MISSING = ("", "na", "n/a", "nan", "null")  # cells that count as missing, in any case of letters
LARGEST_WHOLE = 2**53  # larger whole numbers are not exact as floating-point numbers


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length, with the source and the lines by which errors name a cell.

    Parameters
    ----------
    frame : polars.DataFrame
        The cells. Those of a text file are strings, exactly as written there.
    source : str
        The name of the table in errors: the path of its file.
    text : bool
        True if the cells come from a text file, so that numbers must be recognised.
    lines : (n,) array, optional
        The line of the file on which each row begins; without it errors give the number of the row, from 1.
    missing : sequence of str
        Cells that count as missing besides the empty one, NA, N/A, NaN and null.
    decimal_comma : bool
        True to read 3,5 in a text file as 3.5; 3.5 is then text.
    image_shape : (int, int), optional
        Height and width, if the columns are the pixels of images.
    separator : str
        The separator of a text file.
    quoted : mapping of str to pl.Series
        For the columns of a text file with NA, NaN and the like in quotes: a mask of those cells, which are words.
    decisions : sequence of Decision
        What was decided when the table was read.
    row_numbers : (n,) array, optional
        The number of each row where it is not that of its place, since rows were left out.
    """

    frame: pl.DataFrame
    source: str = "table"
    text: bool = False
    lines: Array | None = None
    missing: tuple[str, ...] = ()
    decimal_comma: bool = False
    image_shape: tuple[int, int] | None = None
    separator: str = ""
    quoted: Mapping[str, pl.Series] = field(default_factory=dict, repr=False)
    decisions: tuple[Decision, ...] = ()
    row_numbers: Array | None = None
    cache: dict[Any, Any] = field(default_factory=dict, repr=False)  # of columns as they were read, since that is slow

    def __len__(self) -> int:
        return self.frame.height

    @cached_property
    def names(self) -> list[str]:
        """The names of the columns in order."""
        return self.frame.columns

    def __repr__(self) -> str:
        return f"Table({self.source!r}: {len(self):,} rows, {len(self.names):,} columns)"

    def take(self, rows: Sequence[int] | Array) -> Table:
        """Return the table of the rows with these numbers (from 0); errors still name their lines."""
        rows = np.asarray(rows, np.intp)
        if len(rows) == len(self) and (np.diff(rows) == 1).all():
            return self
        numbers = np.arange(1, len(self) + 1) if self.row_numbers is None else self.row_numbers
        return replace(
            self,
            frame=self.frame[rows],
            lines=None if self.lines is None else self.lines[rows],
            quoted={name: mask.gather(rows) for name, mask in self.quoted.items()},
            row_numbers=numbers[rows],
            cache={},
        )

    # --- cells --------------------------------------------------------------------------------------------------

    def column(self, name: str) -> pl.Series:
        """Return the column `name` with its cells unchanged."""
        if name not in self._known:
            raise self.no_column(name)
        return self.frame.get_column(name)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)  # polars builds its list of names at each call

    def words(self, name: str) -> pl.Series:
        """Return the cells as strings without surrounding spaces, null if missing."""
        key = ("words", name)
        if key not in self.cache:
            self.cache[key] = self._words(name)
        words: pl.Series = self.cache[key]
        return words

    def _words(self, name: str) -> pl.Series:
        import polars as pl

        series = self.column(name)
        if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object):
            raise self.error(name, "numbers or words", str(series.dtype), "unpack it, or pass --ignore COLUMN")
        if series.dtype.is_float():
            series = series.fill_nan(None)
        if isinstance(series.dtype, pl.Duration):
            series = series.cast(pl.Int64)
        words = series.cast(pl.String)
        if not (self.text or series.dtype == pl.String):
            return words
        distinct = words.unique()  # often few; if all are clean, so is the column
        if _clean(distinct, self.missing).equals(distinct, null_equal=True):
            return words
        clean = _clean(words, self.missing)
        quoted = self.quoted.get(name)
        return clean if quoted is None else pl.select(pl.when(quoted).then(words).otherwise(clean)).to_series()

    def parse(self, name: str) -> tuple[pl.Series, pl.Series | None]:
        """Return the cells as floats, null if missing, and a mask of cells that are not numbers (None if all are).

        A number may be inf, or a whole one of more digits than a float holds.
        """
        if not self.text:
            return self._typed_numbers(name)
        key = ("numbers", name)
        if key not in self.cache:  # parsing text is slow, so the result is kept
            self.cache[key] = self._text_numbers(name)
        parsed: tuple[pl.Series, pl.Series | None] = self.cache[key]
        return parsed

    def _typed_numbers(self, name: str) -> tuple[pl.Series, pl.Series | None]:
        import polars as pl

        series = self.column(name)
        if series.dtype.is_numeric() or series.dtype == pl.Null:
            return series.cast(pl.Float64).fill_nan(None), None
        return pl.Series(name, [None] * len(series), dtype=pl.Float64), series.is_not_null()

    def _text_numbers(self, name: str) -> tuple[pl.Series, pl.Series | None]:
        import polars as pl

        series = self.column(name)
        values = self._parse(series)
        wrong = series.is_not_null() & values.is_null()
        if wrong.any() or name in self.quoted:  # spaces, a word for a missing cell, or no number
            words = self.words(name)
            values = self._parse(words)
            wrong = words.is_not_null() & (values.is_null() | values.is_nan())
            if wrong.any():
                return values.fill_nan(None), wrong
        values = values.fill_nan(None)
        if self.missing:
            values = pl.select(pl.when(self.words(name).is_not_null()).then(values)).to_series()
        return values, None

    def as_numbers(self, name: str) -> tuple[pl.Series, pl.Series | None]:
        """Return what `parse` does; raise an error for inf and for a whole number too large to be exact."""
        values, wrong = self.parse(name)
        if wrong is None:
            self._check_size(name, self.column(name), values)
        return values, wrong

    def numbers(self, name: str) -> Array:
        """Return the cells as floats (n,), nan if missing; raise an error that names the first cell that is no number."""
        values, wrong = self.as_numbers(name)
        if wrong is not None:
            row = int(wrong.arg_true()[0])
            raise self.cell_error(row, name, "a number", correct_or_missing(self.cell(row, name)))
        array: Array = values.to_numpy()  # null becomes nan
        return array

    def cell(self, row: int, name: str) -> str:
        """Return one cell as text."""
        value = self.column(name)[row]
        return "" if value is None else str(value).strip()

    def _parse(self, series: pl.Series) -> pl.Series:
        import polars as pl

        if self.decimal_comma:
            series = pl.select(pl.when(~series.str.contains(".", literal=True)).then(series)).to_series()
            series = series.str.replace(",", ".", literal=True)
        return series.cast(pl.Float64, strict=False)

    def _check_size(self, name: str, series: pl.Series, values: pl.Series) -> None:
        """Refuse inf, and whole numbers too large to be exact."""
        import polars as pl

        largest = values.abs().max()
        if largest is None or float(str(largest)) < LARGEST_WHOLE:
            return
        infinite = values.is_infinite().fill_null(False)
        if infinite.any():
            row = int(infinite.arg_true()[0])
            raise self.cell_error(row, name, "a finite number", "write a finite one, or leave the cell empty")
        whole = series.str.contains(r"^\s*[+-]?\d+\s*$") if series.dtype == pl.String else series.dtype.is_integer()
        beyond = ((values.abs() > LARGEST_WHOLE) & whole).fill_null(False)
        if beyond.any():
            row = int(beyond.arg_true()[0])
            raise self.cell_error(row, name, "a number of at most 15 digits", "pass --ignore COLUMN")

    # --- errors --------------------------------------------------------------------------------

    def place(self, row: int) -> str:
        """Return the place of row `row` (from 0) as text: its line in a text file, else its number from 1."""
        if self.lines is not None:
            return f"line {self.lines[row]}"
        return f"row {row + 1 if self.row_numbers is None else self.row_numbers[row]}"

    def cell_error(self, row: int, name: str, expected: str, way_out: str) -> InputError:
        """Make the error for one cell."""
        cell = self.cell(row, name)
        got = repr(cell) if cell else "an empty cell"
        return self.error(name, expected, got, way_out, self.place(row))

    def error(self, name: str | None, expected: str, got: str, way_out: str, place: str = "") -> InputError:
        """Make the error for a column or the whole table; long parts are cut so that the line stays below 190 characters.

        COLUMN in `way_out` stands for the column's name as a command line takes it.
        """
        for width in (60, 40, 30, 20, 12):
            where = cut_left(self.source, width)
            where += f", {place}" if place else ""
            where += f", column {cut(repr(name), width)}" if name is not None else ""
            out = way_out.replace("COLUMN", shlex.quote(cut(name, width))) if name else way_out
            message = f"{where}: expected {expected}; got {cut(got, width)}; {cut(out, 90)}"
            message += "" if message.endswith("?") else "."
            if len(message) <= 185:
                break
        return InputError(message)

    def no_column(self, name: str) -> InputError:
        """Make the error for a missing column."""
        import difflib

        near = [each for each in self.names if each.strip().casefold() == name.strip().casefold()]
        near = near or difflib.get_close_matches(name, self.names, n=1)
        some = ", ".join(self.names[:3]) + (", …" if len(self.names) > 3 else "")
        out = f"did you mean {cut(near[0], 30)!r}?" if near else "add it, or choose another"
        return self.error(None, f"a column {cut(name, 40)!r}", some, out)


def cut(text: str, width: int) -> str:
    """Put the text on one line without control characters and cut it to `width` characters."""
    text = printable(" ".join(text.split()))
    return text if len(text) <= width else text[: width - 1] + "…"


def correct_or_missing(cell: str) -> str:
    """Return the way out for a word in a column of numbers."""
    short = len(cell) <= 20 and cell.isprintable()
    word = shlex.quote(cell)
    word = f"'{word}'" if word.endswith(".") else word  # the sentence ends in a full stop of its own
    return f"correct it, or pass --missing {word}" if short else "correct it"


def cut_left(text: str, width: int) -> str:
    """Return the last `width` characters of the text, which of a path hold the file's name."""
    return text if len(text) <= width else "…" + text[-(width - 1) :]


def _clean(words: pl.Series, missing: tuple[str, ...]) -> pl.Series:
    """Strip surrounding spaces, and replace words that mean a missing cell by null."""
    import polars as pl

    words = words.str.strip_chars()
    blank = words.str.to_lowercase().is_in(MISSING) | words.is_in(list(missing))
    return pl.select(pl.when(~blank).then(words)).to_series()
