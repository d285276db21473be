"""`decide` says what one column becomes: plain numbers and categories stay as they are, the rest follows rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from glassnet.errors import InputError
from glassnet.tables.columns.column_type import LARGEST, MISSING_AMONG_NUMBERS, RARE, ColumnType, Kind
from glassnet.tables.columns.dates import find_date_form
from glassnet.tables.columns.plain import (
    CODE,
    FEW_ROWS,
    ID,
    MOST_CATEGORIES_ASKED,
    check_categories,
    identifies,
    plain_kind,
)
from glassnet.tables.columns.verdict import Verdict, cells
from glassnet.tables.columns.words import (
    category,
    decide_categories,
    decide_dates,
    decide_spellings,
    decide_temporal,
    decide_written_numbers,
    unless_counting,
)
from glassnet.tables.reading.table import LARGEST_WHOLE, Table, cut

if TYPE_CHECKING:
    import polars as pl

FEW_WORDS = 10  # different ones among numbers, which count as missing cells though they are not rare
_TIME = re.compile(r"(?i).*(year|yr|jahr|date|time|month|week|day|quarter|hour|minute|age|period).*|t")
_NO_NAME = re.compile(r"(?i)column \d+( \(\d+\))?|unnamed:? ?\d*")
_ROW_NAME = re.compile(r"X|X\.?1|\.\.\.1|(?i:row[_. ]?names?|row[_. ]?num.*|_?index_?|obs\.?)")
DIGITS_OF_DATES, FEW_DATES = (19000101, 20991231), 5  # by fewer different ones chance may be at work
IDENTIFIES = 0.2  # share of different cells from which a column named like an identifier is one


def _idle(table: Table, name: str) -> str:
    """Return the reason why a column holds no information, or ""."""
    if not _has_words(table, name):
        return ""  # lists, bytes
    values, wrong = table.parse(name)
    known = values.drop_nulls() if wrong is None else table.words(name).drop_nulls()
    if not len(known):
        return "no cell is known"
    alike = len(known) == len(table) and bool((known == known[0]).all())
    return f"every cell is {cut(table.cell(0, name), 20)}" if alike else ""


def _has_words(table: Table, name: str) -> bool:
    try:
        table.words(name)
    except InputError:
        return False
    return True


def decide(table: Table, name: str, day_first: bool | None, strict: bool) -> Verdict:
    """Decide what a column becomes.

    With `strict` a column is read as its plain kind if it has one, since everything else is refused.
    """
    if reason := _idle(table, name):
        return Verdict(None, reason)
    try:
        kind: Kind | None = plain_kind(table, name)
        refusal = ""
    except InputError as error:
        kind, refusal = None, str(error)
    if not _has_words(table, name):
        return Verdict(None, f"holds {cut(str(table.column(name).dtype), 40)}, neither numbers nor words", refusal)
    if not strict and (reason := _names_the_rows(table, name)):
        return Verdict(None, reason, refusal)
    if kind == "numeric":
        values, _ = table.parse(name)
        huge = (values.abs() > LARGEST).fill_null(False)
        if not huge.any():
            return (None if strict else _decide_digits(table, name, values)) or Verdict(ColumnType("numeric"))
        out = "use another unit, or pass --ignore COLUMN"
        refusal = str(table.cell_error(int(huge.arg_true()[0]), name, "a number below 1e150", out))
        return _without_huge(table, name, huge, refusal)
    if table.column(name).dtype.is_temporal():
        return decide_temporal(table, name, refusal)
    words = table.words(name)
    if kind == "categorical" and words.n_unique() <= 2 and not words.str.contains(r"\d").any():
        return Verdict(category(table, name))
    if (verdict := decide_dates(table, name, words, day_first, refusal)) is not None:
        return verdict
    if kind == "categorical":
        if not strict and (verdict := decide_written_numbers(table, name, words, refusal)) is not None:
            return verdict
        return decide_spellings(table, name, words)
    values, wrong = table.parse(name)
    if wrong is None:
        return _decide_numbers(table, name, values, words, refusal)
    return _decide_mixed(table, name, values, words, refusal)


def _decide_digits(table: Table, name: str, values: pl.Series) -> Verdict | None:
    """Return the verdict for dates written as 20240131, all of them days of a calendar; None for other numbers."""
    first, last = DIGITS_OF_DATES
    known, whole = values.drop_nulls(), table.text or table.column(name).dtype.is_integer()
    if not (whole and known.is_between(first, last).all() and known.n_unique() >= FEW_DATES):
        return None
    words = table.words(name)
    found = find_date_form(words, None)
    if found is None or np.count_nonzero(found[1]) < len(known):
        return None
    return decide_dates(table, name, words, None, "")


def _names_the_rows(table: Table, name: str) -> str:
    """Return why a column identifies the rows though some of its cells may recur, or "".

    A first column without a name of its own numbers the rows if it holds whole numbers that all differ. One with a name
    for such numbers, first or after columns without a name, does if they rise. A column named like an identifier is one
    if more than a fifth of its cells differ.
    """
    values, wrong = table.parse(name)
    known = table.words(name).drop_nulls() if wrong is not None else values.drop_nulls()
    if wrong is None and not (known == known.floor()).all():
        return ""
    distinct, n = known.n_unique(), len(table)
    first_named = next((each for each in table.names if not _NO_NAME.fullmatch(each)), "")
    if name in (table.names[0], first_named) and wrong is None and distinct == n:
        rises = _ROW_NAME.fullmatch(name) and (values.diff().drop_nulls() > 0).all()
        if rises or _NO_NAME.fullmatch(name):
            return "numbers the rows"
    if n >= FEW_ROWS and ID.match(name) and distinct > IDENTIFIES * len(known):
        return f"an identifier, with {distinct:,} different cells in {n:,} rows"
    return ""


def _decide_numbers(table: Table, name: str, values: pl.Series, words: pl.Series, refusal: str) -> Verdict:
    """Decide about numbers that were refused: codes, identifiers, inf, more digits than a float holds."""
    known = values.drop_nulls()
    if table.text and (known == known.floor()).all() and words.str.contains(CODE).any():
        row = int(words.str.contains(CODE).fill_null(False).arg_true()[0])
        text = f"categories, since {table.cell(row, name)!r} has a leading zero and so is a code"
        return decide_categories(table, name, words, text, refusal)
    if reason := identifies(name, values):
        if reason == "a count of the rows" and known[0] > 1 and _TIME.fullmatch(name):
            text = "kept, though it counts the rows, since its name is one of a time"
            return Verdict(ColumnType("numeric"), text, refusal)
        return Verdict(None, reason, refusal)
    if ((known.abs() > LARGEST_WHOLE) & known.is_finite()).sum() * 2 > len(known):
        return decide_categories(table, name, words, "categories, since its numbers have more than 15 digits", refusal)
    huge = (values.abs() > LARGEST).fill_null(False)
    if huge.any():
        return _without_huge(table, name, huge, refusal)
    return Verdict(ColumnType("numeric"), "numbers of more than 15 digits are rounded to those", refusal)


def _without_huge(table: Table, name: str, huge: pl.Series, refusal: str) -> Verdict:
    """Return the verdict for numbers of which some are inf, or so large that their squares are."""
    words = table.words(name).filter(huge)
    made = ColumnType("numeric", missing=tuple(sorted({*words.to_list()})[:FEW_ROWS]))
    return Verdict(made, f"numbers; {cells(len(words))} such as {cut(words[0], 20)!r} taken as missing", refusal)


def _decide_mixed(table: Table, name: str, values: pl.Series, words: pl.Series, refusal: str) -> Verdict:
    """Decide about a column that is neither plain numbers nor plain words."""
    if (verdict := decide_written_numbers(table, name, words, refusal)) is not None:
        return verdict
    known = words.drop_nulls()
    usual = known.str.to_lowercase().is_in(MISSING_AMONG_NUMBERS)
    rest = known.filter(~usual)
    plain = int(values.count())
    if plain:
        strange = sorted({*_unparsed(table, rest).to_list()})
        n = len(known) - plain
        rare = n - int(usual.sum()) <= RARE * len(known) and len(strange) <= FEW_ROWS
        distinct = values.drop_nulls().n_unique()
        some = len(strange) <= FEW_WORDS and distinct > FEW_ROWS and 2 * plain >= len(known)
        if rare or (some and known.n_unique() > max(FEW_ROWS, len(known) // 2)):
            example = strange[0] if strange else known.filter(usual)[0]
            text = f"numbers; {cells(n)} such as {cut(example, 20)!r} taken as missing"
            return unless_counting(table, name, ColumnType("numeric", missing=tuple(strange)), text, refusal)
        return decide_categories(table, name, words, "categories, since it mixes numbers and words", refusal)
    return decide_categories(table, name, words, "categories", refusal)


def _unparsed(table: Table, words: pl.Series) -> pl.Series:
    """Return the words that are no plain numbers."""
    values = Table(words.to_frame("x"), text=True, decimal_comma=table.decimal_comma).parse("x")[0]
    return words.filter(values.is_null())


def decide_as_asked(table: Table, name: str, kind: str, day_first: bool | None, strict: bool) -> Verdict:
    """Decide how a column is read of which the user says the kind; raise an error if it cannot be read so."""
    if reason := _idle(table, name):
        return Verdict(None, reason)
    if kind == "categorical":
        check_categories(table, name, table.words(name), MOST_CATEGORIES_ASKED)
        return Verdict(category(table, name))
    if kind == "numeric":
        return _as_numbers(table, name, strict)
    if table.column(name).dtype.is_temporal():
        return decide_temporal(table, name, "")
    verdict = decide_dates(table, name, table.words(name), day_first, "")
    if verdict is None:
        known = table.words(name).is_not_null()
        raise table.cell_error(int(known.arg_true()[0]), name, "a date", "correct it, or leave --dates out")
    return Verdict(verdict.type, verdict.text)


def _as_numbers(table: Table, name: str, strict: bool) -> Verdict:
    try:
        table.numbers(name)
        return Verdict(ColumnType("numeric"))
    except InputError as error:
        verdict = _decide_mixed(table, name, table.parse(name)[0], table.words(name), str(error))
        if strict or verdict.type is None or verdict.type.kind != "numeric":
            raise
        return verdict
