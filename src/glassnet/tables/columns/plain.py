"""The strict rules: a column is plainly numbers or plainly categories, and anything else is refused with its first cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glassnet.tables.columns.column_type import Kind
from glassnet.tables.reading.table import Table, correct_or_missing

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 1_000
MOST_CATEGORIES_ASKED = 10_000  # in a column that the user names as categorical
FEW_ROWS = 20  # with fewer, cells that all differ may still be categories

ID = re.compile(
    r"(?i)^(id|uuid|guid|index|row_?(id|nr|num|number)?|nr|unnamed.*|.*[_ .-](id|uuid|guid))$|.*[a-z]I[Dd]$"
)
_DATE = r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?$|^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([T ].*)?$|^\d{1,2}:\d{2}(:\d{2})?$"
_LIKE_A_NUMBER = r"^[-+]?[$€£¥]?\s*[-+]?\d[\d.,'\s]*\s*[%$€£¥]?$"
CODE = r"^\s*[+-]?0\d+\s*$"


def plain_kind(table: Table, name: str) -> Kind:
    """Return the kind of a column that is plainly numbers or plainly categories.

    A column whose known cells are all numbers is numeric; one without a number is categorical.

    Raises
    ------
    InputError
        For anything else: numbers mixed with words, dates, numbers written with units or thousands separators, codes
        such as 007, identifiers and free text.
    """
    import polars as pl

    series = table.column(name)
    if series.dtype.is_temporal():
        raise table.cell_error(0, name, "numbers or words, no dates", "write e.g. the year, or pass --ignore COLUMN")
    values, wrong = table.as_numbers(name)
    if wrong is not None:
        words = table.words(name)
        if values.null_count() == len(values) or series.dtype == pl.Boolean:
            _check_words(table, name, words)
            check_categories(table, name, words, MOST_CATEGORIES)
            return "categorical"
        _refuse_mixed(table, name, values, wrong)
    if series.dtype == pl.String and (values == values.floor()).all():
        codes = series.str.contains(CODE).fill_null(False)
        if codes.any():
            out = "pass --categorical COLUMN or --numeric COLUMN"
            raise table.cell_error(int(codes.arg_true()[0]), name, "a number without leading zeros", out)
    if reason := identifies(name, values):
        raise table.error(name, "a column to learn from", reason, "pass --ignore COLUMN or --numeric COLUMN")
    return "numeric"


def check_categories(table: Table, name: str, words: pl.Series, most: int) -> None:
    """Refuse words that are too many, or that seldom repeat unless the user asked for them."""
    known = words.drop_nulls()
    distinct = known.n_unique()
    if distinct > most or (most == MOST_CATEGORIES and distinct > max(FEW_ROWS, len(known) // 2)):
        got = f"{distinct:,} different cells in {len(words):,} rows"
        out = "pass --ignore COLUMN" + (
            " or --categorical COLUMN" if distinct <= MOST_CATEGORIES_ASKED and most != MOST_CATEGORIES_ASKED else ""
        )
        raise table.error(name, "categories that repeat", got, out)


def identifies(name: str, values: pl.Series) -> str:
    """Return why a column of numbers identifies the rows, or "".

    It is named like an identifier and its whole numbers all differ, or it counts the rows.
    """
    n = len(values)
    if n < 3 or values.null_count() or values[1] != values[1] // 1:
        return ""
    if n >= FEW_ROWS and (values.diff().drop_nulls() == 1).all():
        return "a count of the rows"
    named = ID.match(name) is not None and values.n_unique() == n and bool((values == values.floor()).all())
    return "an identifier, different in every row" if named else ""


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
