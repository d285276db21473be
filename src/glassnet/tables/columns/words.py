"""Decides whether a column of words holds dates, numbers with signs and separators, categories, or nothing of use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glassnet.errors import InputError
from glassnet.tables.columns.column_type import BOOLEAN, MISSING_AMONG_NUMBERS, ColumnType
from glassnet.tables.columns.dates import find_date_form, holds_dates
from glassnet.tables.columns.number_form import find_form
from glassnet.tables.columns.plain import FEW_ROWS, MOST_CATEGORIES_ASKED, check_categories, identifies
from glassnet.tables.columns.verdict import Verdict, cells
from glassnet.tables.reading.table import Table, cut

if TYPE_CHECKING:
    import polars as pl


def decide_dates(table: Table, name: str, words: pl.Series, day_first: bool | None, refusal: str) -> Verdict | None:
    """Return the verdict for dates and times in words; None if the column has others."""
    import polars as pl

    distinct = words.drop_nulls().unique()
    if not distinct.head(1_000).str.contains(r"\d").any():
        return None
    usual = distinct.filter(distinct.str.to_lowercase().is_in(MISSING_AMONG_NUMBERS))
    if len(usual):
        words = pl.select(pl.when(~words.is_in(usual.to_list())).then(words)).to_series()
        distinct = words.drop_nulls().unique()
    if not holds_dates(distinct.head(1_000)):
        return None
    found = find_date_form(words, day_first)
    if found is None:
        return None
    form, read, assumed = found
    if not refusal:
        row = int(np.argmax(read))
        out = "write e.g. the year, or pass --ignore COLUMN"
        refusal = str(table.cell_error(row, name, "numbers or words, no dates", out))
    row = int(np.argmax(read))
    text = f"{form.holds.replace('date', 'dates').replace('time', 'times')}, such as {cut(table.cell(row, name), 30)!r}"
    if form.order:
        parts, _ = form.parts(words)
        text += " for {:.0f}-{:02.0f}-{:02.0f}".format(*(parts[each][row] for each in ("year", "month", "day")))
        text += f", the {form.order}"
        text += ", which is assumed since no cell shows it (see --day-first)" if assumed else ""
    unread = words.is_not_null().to_numpy() & ~read
    if unread.any():
        odd = int(np.argmax(unread))
        text += f"; {cells(int(unread.sum()))} such as {cut(table.cell(odd, name), 20)!r} taken as missing"
    return Verdict(ColumnType("date", str(form)), text, refusal)


def decide_temporal(table: Table, name: str, refusal: str) -> Verdict:
    import polars as pl

    if isinstance(table.column(name).dtype, pl.Duration):
        return Verdict(ColumnType("numeric"), "durations, in days", refusal)
    found = find_date_form(table.column(name), None)
    assert found is not None
    return Verdict(ColumnType("date", str(found[0])), found[0].holds.replace("date", "dates", 1), refusal)


def decide_written_numbers(table: Table, name: str, words: pl.Series, refusal: str) -> Verdict | None:
    """Return the verdict for numbers with signs or separators, all written alike; None for any other column."""
    known = words.drop_nulls()
    known = known.filter(~known.str.to_lowercase().is_in(MISSING_AMONG_NUMBERS))
    if not known.head(1_000).str.contains(r"\d").any():
        return None
    found = find_form(known, table.decimal_comma, table.separator)
    if found is None or found[1].count() <= table.parse(name)[0].count():
        return None
    form, read = found
    written = read.is_not_null()
    example = max(known.filter(written).head(200).to_list(), key=len)
    value = form.values(known.filter(known == example).head(1))[0]
    text = f"numbers, written like {form}: {cut(example, 20)!r} is {value:.12g}"
    odd = sorted({*known.filter(~written).to_list()})
    others = words.drop_nulls().filter(words.drop_nulls().str.to_lowercase().is_in(MISSING_AMONG_NUMBERS))
    if n := len(words.drop_nulls()) - int(written.sum()):
        text += f"; {cells(n)} such as {cut([*odd, *others.head(1)][0], 20)!r} taken as missing"
    return unless_counting(table, name, ColumnType("numeric", str(form), tuple(odd[:FEW_ROWS])), text, refusal)


def unless_counting(table: Table, name: str, made: ColumnType, text: str, refusal: str) -> Verdict:
    """Return the verdict for numbers so read, or the one that leaves them out if they identify the rows."""
    import polars as pl

    values = pl.Series(made.numbers(table, name)[""]).fill_nan(None)
    if reason := identifies(name, values):
        return Verdict(None, reason, refusal)
    return Verdict(made, text, refusal)


def decide_categories(table: Table, name: str, words: pl.Series, text: str, refusal: str) -> Verdict:
    """Return the verdict for words: categories, or text that is left out since it seldom repeats."""
    known = words.drop_nulls()
    distinct = known.n_unique()
    if distinct > MOST_CATEGORIES_ASKED or distinct > max(FEW_ROWS, len(known) // 2):
        if not refusal:
            try:
                check_categories(table, name, words, 0)
            except InputError as error:
                refusal = str(error)
        what = "a different word in every row" if distinct == len(known) else f"{distinct:,} different words in"
        rows = "" if distinct == len(known) else f" {len(known):,} rows"
        return Verdict(None, f"{what}{rows}", refusal)
    if text == "categories":
        text = f"categories, {distinct:,} different ones" if refusal else ""
    return Verdict(category(table, name), text, refusal)


def category(table: Table, name: str) -> ColumnType:
    """Return the type of categories; true, True and t are one if the column has true and false, or t and f alone."""
    lower = {word.lower() for word in table.words(name).drop_nulls().unique().head(100).to_list()}
    boolean = bool(lower & {"true", "false"}) or lower == {"t", "f"}
    return ColumnType("categorical", BOOLEAN if boolean else "")


def decide_spellings(table: Table, name: str, words: pl.Series) -> Verdict:
    """Return the verdict for plain categories; it tells if spellings of true or false become one."""
    made = category(table, name)
    if made.form != BOOLEAN:
        return Verdict(made)
    before, after = words.drop_nulls().unique(), made.words(table, name).drop_nulls().unique()
    folded = sorted(word for word in before.to_list() if word.lower() in ("true", "t"))
    folded = folded if len(folded) > 1 else sorted(word for word in before.to_list() if word.lower() in ("false", "f"))
    return Verdict(made, f"{', '.join(folded)} are one category" if len(after) < len(before) else "")
