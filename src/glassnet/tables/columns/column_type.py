"""The ColumnType: how the cells of a column become values, as plain data that a model keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.tables.columns.dates import DateForm
from glassnet.tables.columns.number_form import NumberForm
from glassnet.tables.reading.decision import Decision
from glassnet.tables.reading.table import MISSING, Table, correct_or_missing, cut

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]
Kind = Literal["numeric", "categorical", "date"]
KINDS = ("numeric", "categorical", "date")
BOOLEAN = "boolean"
RARE = 0.05  # of the known cells may be unreadable and count as missing
LARGEST = 1e150  # larger numbers, whose square overflows, count as inf

# words that mean a missing cell where other cells are numbers or dates
MISSING_AMONG_NUMBERS = (
    *MISSING,
    *("?", "-", "--", "---", "–", "—", ".", "..", "...", "*", "#n/a", "#na", "n.a.", "n.a", "na.", "<na>", "(null)"),
    *("none", "nil", "nul", "unknown", "unk", "missing", "not available", "not known", "n/k", "k.a.", "nat", "-nan"),
    *("#value!", "#div/0!", "#ref!", "#num!", "#name?", "#null!", "1.#qnan", "-1.#ind"),
)
TRUTH = {"true": "true", "t": "true", "false": "false", "f": "false"}


@dataclass(frozen=True)
class ColumnType:
    """How the cells of a column become values.

    Parameters
    ----------
    kind : "numeric", "categorical" or "date"
        The cells are numbers, words that name a category, or dates and times.
    form : str
        How they are written. Of numbers: "" for plain ones, else as 1234.5 is written, such as "$1,234.5". Of dates:
        what `DateForm` describes. Of categories: "boolean" if true, True and t are one, else "".
    missing : sequence of str
        Words that count as missing in this column, besides those that always do.

    Examples
    --------
    >>> from glassnet.tables.reading.read import as_table
    >>> ColumnType("numeric", "1234.5%").numbers(as_table({"x": ["5 %", "7.5%", None]}), "x")
    {'': array([5. , 7.5, nan])}
    """

    kind: Kind
    form: str = ""
    missing: tuple[str, ...] = ()

    def numbers(self, table: Table, name: str) -> dict[str, Array]:
        """Return the numbers of a column (n,), nan if missing, by the name of the part.

        The part of a numeric column is ""; those of a date are year, month, day, weekday, hour and time (see
        `DateForm.parts`).

        Raises
        ------
        InputError
            Names the first cell that cannot be read, if those are more than 5 % of the known cells. Fewer count as
            missing, as do words for a missing cell; `unread` finds them.
        """
        parts, unread = self._read(table, name)
        strange = unread
        if unread.any():
            words = table.words(name).filter(unread)
            usual = words.str.to_lowercase().is_in(MISSING_AMONG_NUMBERS) | words.is_in(list(self.missing))
            strange = unread.copy()
            strange[unread] = ~usual.to_numpy()
        if strange.sum() > RARE * (len(table) - table.column(name).null_count()):
            row = int(np.argmax(strange))
            expected, out = self._expected(table.cell(row, name))
            raise table.cell_error(row, name, expected, out)
        return parts

    def unread(self, table: Table, name: str) -> Array:
        """Return the mask (n,) of cells that hold something but count as missing; none of a categorical column."""
        return np.zeros(len(table), bool) if self.kind == "categorical" else self._read(table, name)[1]

    def words(self, table: Table, name: str) -> pl.Series:
        """Return the words of a categorical column, null if missing."""
        words = table.words(name)
        if self.missing:
            import polars as pl

            words = pl.select(pl.when(~words.is_in(list(self.missing))).then(words)).to_series()
        if self.form != BOOLEAN:
            return words
        lower = words.str.to_lowercase()
        return lower.replace_strict(TRUTH, default=words)

    def to_dict(self) -> dict[str, Any]:
        """Return the type as JSON values."""
        return {"kind": self.kind, "form": self.form, "missing": list(self.missing)}

    @classmethod
    def from_dict(cls, given: Any) -> ColumnType:
        """Make the type that `to_dict` described; raise InputError for anything else."""
        right = (
            isinstance(given, dict)
            and {"kind"} <= set(given) <= {"kind", "form", "missing"}
            and given["kind"] in KINDS
            and isinstance(given.get("form", ""), str)
            and isinstance(given.get("missing", []), list)
            and all(isinstance(word, str) for word in given.get("missing", []))
        )
        if right:
            made = cls(given["kind"], given.get("form", ""), tuple(given.get("missing", [])))
            right = made._form_fits()
        if not right:
            raise InputError(
                f"column type: expected what ColumnType.to_dict gives; got {shown(given)}; save the model again."
            )
        return made

    def _form_fits(self) -> bool:
        if self.kind == "date":
            return DateForm.of(self.form) is not None
        if self.kind == "categorical":
            return self.form in ("", BOOLEAN)
        return not self.form or NumberForm.of(self.form) is not None

    def _read(self, table: Table, name: str) -> tuple[dict[str, Array], Array]:
        """Return the parts and the mask of cells that hold something that is not read."""
        if not self.form:
            return self._read_anew(table, name)
        key = (name, self)
        if key not in table.cache:
            table.cache[key] = self._read_anew(table, name)
        read: tuple[dict[str, Array], Array] = table.cache[key]
        return read

    def _read_anew(self, table: Table, name: str) -> tuple[dict[str, Array], Array]:
        import polars as pl

        series = table.column(name)
        if self.kind == "date":
            form = DateForm.of(self.form)
            assert form is not None
            series = series if series.dtype.is_temporal() else table.words(name)
            parts, read = form.parts(series)
            return parts, series.is_not_null().to_numpy() & ~read
        if isinstance(series.dtype, pl.Duration):
            values = series.dt.total_microseconds().cast(pl.Float64) / 86_400e6  # days
        elif self.form and not series.dtype.is_numeric():
            form_of_numbers = NumberForm.of(self.form)
            assert form_of_numbers is not None
            values = form_of_numbers.values(table.words(name))
        else:
            values, wrong = table.parse(name)
            if wrong is not None and not table.text and series.dtype == pl.String:
                values = series.str.strip_chars().cast(pl.Float64, strict=False)
        array = values.to_numpy().astype(float)
        array = np.where(np.abs(array) <= LARGEST, array, np.nan)
        empty = np.isnan(array)
        if not empty.any():
            return {"": array}, empty
        return {"": array}, empty & table.words(name).is_not_null().to_numpy()

    def _expected(self, cell: str) -> tuple[str, str]:
        """Return what was expected of a cell that was not read, and the way out."""
        out = correct_or_missing(cell)
        if self.kind == "date":
            return ("a time" if self.form == "time" else "a date"), out
        if self.form:
            return f"a number written like {self.form}", out
        try:
            infinite = math.isinf(float(cell))
        except ValueError:
            return "a number", out
        return ("a finite number", out) if infinite else ("numbers below 1e150", "use another unit")


def unread_cells(table: Table, types: Mapping[str, ColumnType]) -> list[Decision]:
    """Return one decision for each column with cells that hold something but count as missing."""
    told = []
    for name, of_column in types.items():
        unread = of_column.unread(table, name)
        if n := int(unread.sum()):
            example = cut(table.cell(int(np.argmax(unread)), name), 20)
            told.append(Decision(name, f"{n:,} cell{'s' * (n > 1)} such as {example!r} taken as missing"))
    return told
