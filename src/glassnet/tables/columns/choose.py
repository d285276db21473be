"""`choose_columns`: sorts the columns of a table into numbers, categories and columns left out, by stated rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glassnet.errors import InputError
from glassnet.tables.columns.column_type import Kind
from glassnet.tables.reading.table import Table, correct_or_missing, cut

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 1_000
MOST_CATEGORIES_ASKED = 10_000  # in a column that the user names as categorical
FEW_ROWS = 20  # with fewer, cells that all differ may still be categories

_ID = re.compile(
    r"(?i)^(id|uuid|guid|index|row_?(id|nr|num|number)?|nr|unnamed.*|.*[_ .-](id|uuid|guid))$|.*[a-z]I[Dd]$"
)
_DATE = r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?$|^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([T ].*)?$|^\d{1,2}:\d{2}(:\d{2})?$"
_LIKE_A_NUMBER = r"^[-+]?[$€£¥]?\s*[-+]?\d[\d.,'\s]*\s*[%$€£¥]?$"
_CODE = r"^\s*[+-]?0\d+\s*$"


@dataclass(frozen=True)
class Choice:
    """The columns to learn from with their kinds, in the table's order, and the others with the reason to leave them out."""

    kinds: dict[str, Kind]
    left_out: dict[str, str]


def choose_columns(
    table: Table,
    target: str,
    *,
    numeric: Sequence[str] = (),
    categorical: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Choice:
    """Sort the columns of a table.

    A column whose known cells are all numbers is numeric; one without a number is categorical. Left out, and said so,
    are columns without a known cell and columns whose cells are all alike. Anything else is refused: numbers mixed with
    words, dates, numbers written with units or thousands separators, codes such as 007, identifiers and free text.
    `numeric`, `categorical` and `ignore` name columns for which the user decides.
    """
    for name in (target, *numeric, *categorical, *ignore):
        if name not in table.names:
            raise table.no_column(name)
    for name in (target, *numeric):
        for option, names in (("categorical", categorical), ("ignore", ignore)):
            if name in names and not (name == target and option == "categorical"):
                raise InputError(f"{option}: expected other columns; got {cut(name, 40)!r}; name it once.")
    kinds: dict[str, Kind] = {}
    left_out: dict[str, str] = {}
    for name in table.names:
        if name == target:
            continue
        if name in ignore:
            left_out[name] = "ignored"
        elif reason := "" if table.image_shape else _idle(table, name):
            left_out[name] = reason
        elif name in numeric:
            table.numbers(name)
            kinds[name] = "numeric"
        elif name in categorical:
            _check_categories(table, name, table.words(name), MOST_CATEGORIES_ASKED)
            kinds[name] = "categorical"
        else:
            kinds[name] = "numeric" if table.image_shape else _kind(table, name)
    if not kinds:
        got = "the target alone" if not left_out else f"none to learn from ({next(iter(left_out.values()))})"
        raise table.error(None, "columns beside the target", got, "add some")
    return Choice(kinds, left_out)


def _idle(table: Table, name: str) -> str:
    """Return the reason why a column holds no information, or ""."""
    if table.column(name).dtype.is_nested():
        return ""  # refused where its kind is asked for
    values, wrong = table.as_numbers(name)
    if wrong is not None:
        known = table.words(name).drop_nulls()
        first = known[0] if len(known) else None
        alike = len(known) == len(table) and (known == first).all()
    else:
        known = values
        alike = not values.null_count() and values.min() == values.max()
    if known.null_count() == len(known):
        return "no cell is known"
    return f"every cell is {cut(table.cell(0, name), 20)}" if alike else ""


def _kind(table: Table, name: str) -> Kind:
    import polars as pl

    series = table.column(name)
    if series.dtype.is_temporal():
        raise table.cell_error(0, name, "numbers or words, no dates", "write e.g. the year, or pass --ignore COLUMN")
    values, wrong = table.as_numbers(name)
    if wrong is not None:
        words = table.words(name)
        if values.null_count() == len(values) or series.dtype == pl.Boolean:
            _check_words(table, name, words)
            _check_categories(table, name, words, MOST_CATEGORIES)
            return "categorical"
        _refuse_mixed(table, name, values, wrong)
    if series.dtype == pl.String and (values == values.floor()).all():
        codes = series.str.contains(_CODE).fill_null(False)
        if codes.any():
            out = "pass --categorical COLUMN or --numeric COLUMN"
            raise table.cell_error(int(codes.arg_true()[0]), name, "a number without leading zeros", out)
    _check_identifier(table, name, values)
    return "numeric"


def _refuse_mixed(table: Table, name: str, values: pl.Series, wrong: pl.Series) -> None:
    """Raise the error for numbers and words in one column; it names the first cell of the rarer kind."""
    rare_words = wrong.sum() * 2 <= values.count() + wrong.sum()
    row = int((wrong if rare_words else values.is_not_null()).arg_true()[0])
    cell = table.cell(row, name)
    if rare_words and re.match(_LIKE_A_NUMBER, cell):
        raise table.cell_error(row, name, "a plain number", _plain(cell))
    if rare_words:
        raise table.cell_error(row, name, "a number, as most cells are", correct_or_missing(cell))
    raise table.cell_error(row, name, "a word, as most cells are", "correct it, or pass --categorical COLUMN")


def _check_words(table: Table, name: str, words: pl.Series) -> None:
    distinct = words.drop_nulls().unique()
    for pattern, expected in ((_DATE, "numbers or words, no dates"), (_LIKE_A_NUMBER, "a plain number")):
        if distinct.str.contains(pattern).any():
            row = int(words.str.contains(pattern).fill_null(False).arg_true()[0])
            date = pattern == _DATE
            out = "write e.g. the year, or pass --ignore COLUMN" if date else _plain(table.cell(row, name))
            raise table.cell_error(row, name, expected, out)


def _plain(cell: str) -> str:
    if re.fullmatch(r"[-+]?\d*,\d+", cell):
        return "write 3.5 for 3,5 and 1000 for 1,000, or pass --decimal-comma"
    return "write it without units and separators, or pass --categorical COLUMN"


def _check_categories(table: Table, name: str, words: pl.Series, most: int) -> None:
    known = words.drop_nulls()
    distinct = known.n_unique()
    if distinct > most or (most == MOST_CATEGORIES and distinct > max(FEW_ROWS, len(known) // 2)):
        got = f"{distinct:,} different cells in {len(words):,} rows"
        out = "pass --ignore COLUMN" + (
            " or --categorical COLUMN" if distinct <= MOST_CATEGORIES_ASKED and most != MOST_CATEGORIES_ASKED else ""
        )
        raise table.error(name, "categories that repeat", got, out)


def _check_identifier(table: Table, name: str, values: pl.Series) -> None:
    """Refuse a column named like an identifier whose whole numbers all differ, and one that counts the rows."""
    n = len(values)
    if n < 3 or values.null_count() or values[1] != values[1] // 1:
        return
    counts = n >= FEW_ROWS and bool((values.diff().drop_nulls() == 1).all())
    named = _ID.match(name) is not None and values.n_unique() == n and bool((values == values.floor()).all())
    if counts or named:
        got = "a count of the rows" if counts else "an identifier, different in every row"
        raise table.error(name, "a column to learn from", got, "pass --ignore COLUMN or --numeric COLUMN")
