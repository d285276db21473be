"""`choose_columns`: decides for each column of a table what it becomes, and which rows are learned from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.tables.columns.column_type import BOOLEAN, LARGEST, MISSING_AMONG_NUMBERS, RARE, ColumnType, Kind
from glassnet.tables.columns.dates import find_date_form, holds_dates
from glassnet.tables.columns.number_form import find_form
from glassnet.tables.columns.plain import (
    CODE,
    FEW_ROWS,
    ID,
    MOST_CATEGORIES_ASKED,
    check_categories,
    identifies,
    plain_kind,
)
from glassnet.tables.columns.rows import usable_rows, without_single_classes
from glassnet.tables.columns.targets import choose_target
from glassnet.tables.reading.decision import UNNAMED, Decision, refuse
from glassnet.tables.reading.table import Table, cut

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]

FEW_WORDS = 10  # different ones among numbers, which count as missing cells though they are not rare
_TIME = re.compile(r"(?i).*(year|yr|jahr|date|time|month|week|day|quarter|hour|minute|age|period).*|t")
_NO_NAME = re.compile(r"(?i)column \d+( \(\d+\))?|unnamed:? ?\d*")
_ROW_NAME = re.compile(r"X|X\.?1|\.\.\.1|(?i:row[_. ]?names?|row[_. ]?num.*|_?index_?|obs\.?)")
IDENTIFIES = 0.2  # share of different cells from which a column named like an identifier is one


@dataclass(frozen=True)
class Choice:
    """What was decided about a table.

    Parameters
    ----------
    types : dict of str to ColumnType
        The columns to learn from, in the table's order.
    left_out : dict of str to str
        The other columns, with the reason.
    decisions : list of Decision
        All that the user is told, of the reading of the table first, then of rows, then of columns.
    task : "classification" or "regression"
    target : ColumnType
        How the cells of the target are read.
    rows : (n,) array of int
        The rows to learn from: those with a target (and a weight). The types are those of these rows.
    """

    types: dict[str, ColumnType]
    left_out: dict[str, str]
    decisions: list[Decision]
    task: str
    target: ColumnType
    rows: Array

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kinds of the columns to learn from."""
        return {name: each.kind for name, each in self.types.items()}


def choose_columns(
    table: Table,
    target: str,
    *,
    task: str | None = None,
    weight: str | None = None,
    numeric: Sequence[str] = (),
    categorical: Sequence[str] = (),
    dates: Sequence[str] = (),
    ignore: Sequence[str] = (),
    day_first: bool | None = None,
    strict: bool = False,
) -> Choice:
    """Decide what each column of a table becomes, and which rows are learned from.

    A column whose known cells are all numbers is numeric; one without a number is categorical. Numbers may be written
    with thousands separators, a decimal comma, a currency, a unit or %, if all are written alike; a few words among
    numbers count as missing. Dates and times become calendar numbers, codes such as 007 categories, True, true and t
    one category. Left out are columns without a known cell or with one value alone, columns that count or identify
    the rows, text that seldom repeats, and columns with the cells of another. Rows without a target are left out.

    Parameters
    ----------
    task : "classification" or "regression"; None recognises it
    weight : the column of sample weights
    numeric, categorical, dates, ignore : columns for which the user decides
    day_first : True to read 01/02/2000 as 1 February, False as 2 January; None finds out
    strict : True to refuse what would have to be decided, in one error that names all of it

    Raises
    ------
    InputError
        If a named column is not there, a column that the user decided about cannot be read so, or nothing is left.
    """
    _check_names(table, target, numeric=numeric, categorical=categorical, dates=dates, ignore=ignore)
    decisions = list(table.decisions)
    task, target_type, told = choose_target(table, target, task, strict=strict)
    decisions += told
    rows = np.arange(len(table))
    if not (strict and any(each.refusal for each in told)):
        rows, told = usable_rows(table, target, target_type, weight)
        if task == "classification" and not strict:
            rows, of_classes = without_single_classes(table, target, target_type, rows)
            told += of_classes
        decisions += told
    table = table.take(rows)
    types: dict[str, ColumnType] = {}
    left_out: dict[str, str] = {}
    seen: dict[Any, list[str]] = {}
    for name in table.names:
        if name == target:
            continue
        if name == weight:
            left_out[name] = "the weights of the rows"
            continue
        if name in ignore:
            decided = Verdict(None, "ignored")
        elif table.image_shape:
            decided = Verdict(ColumnType("numeric"))
        elif reason := _idle(table, name):
            decided = Verdict(None, reason)
        elif name in numeric:
            decided = _as_numbers(table, name, strict)
        elif name in categorical:
            check_categories(table, name, table.words(name), MOST_CATEGORIES_ASKED)
            decided = Verdict(_category(table, name))
        elif name in dates:
            decided = _as_dates(table, name, day_first)
        else:
            decided = _decide(table, name, day_first, strict)
        if (
            decided.type is not None
            and not table.image_shape
            and (other := _same(table, name, decided.type, types, seen))
        ):
            decided = Verdict(None, f"same cells as {cut(other, 30)!r}", decided.refusal)
        if decided.type is None:
            left_out[name] = decided.text
            decisions.append(Decision(name, f"left out, {decided.text}", decided.refusal))
        else:
            types[name] = decided.type
            if decided.text or decided.refusal:
                decisions.append(Decision(name, decided.text, decided.refusal))
            if name in table.quoted and decided.type.kind == "categorical":
                word = table.cell(int(table.quoted[name].arg_true()[0]), name)
                decisions.append(Decision(name, f'"{word}" in quotes is a category, not a missing cell'))
    if strict:
        refuse(decisions)
    decisions = _without_names(decisions, left_out)
    if not types:
        got = "the target alone" if not left_out else f"none to learn from ({next(iter(left_out.values()))})"
        raise table.error(None, "columns beside the target", got, "add some")
    return Choice(types, left_out, decisions, task, target_type, rows)


def _without_names(decisions: list[Decision], left_out: dict[str, str]) -> list[Decision]:
    """Say of a column that is left out in one line that it has no name."""
    unnamed = {each.column for each in decisions if each.text == UNNAMED and each.column in left_out}
    return [
        replace(each, text=each.text.replace("left out, ", "left out, has no name and "))
        if each.column in unnamed
        else each
        for each in decisions
        if not (each.column in unnamed and each.text == UNNAMED)
    ]


@dataclass(frozen=True)
class Verdict:
    """What a column becomes: a type, or None if it is left out; why, if it is told; the message that refuses it instead."""

    type: ColumnType | None
    text: str = ""
    refusal: str = ""


def _check_names(table: Table, target: str, **options: Sequence[str]) -> None:
    for name in (target, *(name for names in options.values() for name in names)):
        if name not in table.names:
            raise table.no_column(name)
    order = ("numeric", "categorical", "dates", "ignore")
    for k, option in enumerate(order):
        before = {target, *(name for each in order[:k] for name in options[each])}
        for name in options[option]:
            if name in before and not (name == target and option in ("numeric", "categorical", "dates")):
                raise InputError(f"{option}: expected other columns; got {cut(name, 40)!r}; name it once.")


def _idle(table: Table, name: str) -> str:
    """Return the reason why a column holds no information, or ""."""
    if table.column(name).dtype.is_nested():
        return ""  # refused where its kind is asked for
    values, wrong = table.parse(name)
    if wrong is not None:
        try:
            known = table.words(name).drop_nulls()
        except InputError:  # bytes, objects
            return ""
        first = known[0] if len(known) else None
        alike = len(known) == len(table) and (known == first).all()
    else:
        known = values
        alike = not values.null_count() and values.min() == values.max()
    if known.null_count() == len(known):
        return "no cell is known"
    return f"every cell is {cut(table.cell(0, name), 20)}" if alike else ""


def _decide(table: Table, name: str, day_first: bool | None, strict: bool) -> Verdict:
    """Decide about a column that holds information."""
    try:
        kind: Kind | None = plain_kind(table, name)
        refusal = ""
    except InputError as error:
        kind, refusal = None, str(error)
    if not strict and (reason := _identifies_by_name(table, name)):
        return Verdict(None, reason, refusal)
    if kind == "numeric":
        values, _ = table.parse(name)
        huge = (values.abs() > LARGEST).fill_null(False)
        if not huge.any():
            return Verdict(ColumnType("numeric"))
        out = "use another unit, or pass --ignore COLUMN"
        refusal = str(table.cell_error(int(huge.arg_true()[0]), name, "a number below 1e150", out))
        return _without_huge(table, name, huge, refusal)
    if table.column(name).dtype.is_temporal():
        return _decide_temporal(table, name, refusal)
    try:
        words = table.words(name)
    except InputError as error:
        return Verdict(None, f"holds {table.column(name).dtype}, neither numbers nor words", str(error))
    if kind == "categorical" and words.n_unique() <= 2 and not words.str.contains(r"\d").any():
        return Verdict(_category(table, name))
    if (verdict := _dates(table, name, words, day_first, refusal)) is not None:
        return verdict
    if kind == "categorical":
        if not strict and (verdict := _written_numbers(table, name, words, refusal)) is not None:
            return verdict
        return _with_spellings(table, name, words)
    values, wrong = table.parse(name)
    if wrong is None:
        return _decide_numbers(table, name, values, words, refusal)
    return _decide_mixed(table, name, values, words, refusal)


def _identifies_by_name(table: Table, name: str) -> str:
    """Return why a column identifies the rows though some of its cells may recur, or "".

    A first column without a name of its own numbers the rows if it holds whole numbers that all differ, or rise if it has
    a name for such numbers. A column named like an identifier is one if more than a fifth of its cells differ.
    """
    values, wrong = table.parse(name)
    known = table.words(name).drop_nulls() if wrong is not None else values.drop_nulls()
    if wrong is None and not (known == known.floor()).all():
        return ""
    distinct = known.n_unique()
    first, n = name == table.names[0], len(table)
    if first and wrong is None and distinct == n and _NO_NAME.fullmatch(name):
        return "numbers the rows"
    if (
        first
        and wrong is None
        and len(known) == n
        and _ROW_NAME.fullmatch(name)
        and (known.diff().drop_nulls() > 0).all()
    ):
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
        return _categories(table, name, words, text, refusal)
    if reason := identifies(name, values):
        if reason == "a count of the rows" and known[0] > 1 and _TIME.fullmatch(name):
            return Verdict(
                ColumnType("numeric"), "kept, though it counts the rows, since its name is one of a time", refusal
            )
        return Verdict(None, reason, refusal)
    long = known.abs() > 2**53
    finite = known.is_finite()
    if (long & finite).sum() * 2 > len(known):
        return _categories(table, name, words, "categories, since its numbers have more than 15 digits", refusal)
    huge = (values.abs() > LARGEST).fill_null(False)
    if huge.any():
        return _without_huge(table, name, huge, refusal)
    return Verdict(ColumnType("numeric"), "numbers of more than 15 digits are rounded to those", refusal)


def _without_huge(table: Table, name: str, huge: pl.Series, refusal: str) -> Verdict:
    """Return the verdict for numbers of which some are inf, or so large that their squares are."""
    words = table.words(name).filter(huge)
    made = ColumnType("numeric", missing=tuple(sorted({*words.to_list()})[:FEW_ROWS]))
    return Verdict(made, f"numbers; {_cells(len(words))} such as {cut(words[0], 20)!r} taken as missing", refusal)


def _decide_mixed(table: Table, name: str, values: pl.Series, words: pl.Series, refusal: str) -> Verdict:
    """Decide about a column that is neither plain numbers nor plain words."""
    if (verdict := _written_numbers(table, name, words, refusal)) is not None:
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
            text = f"numbers; {_cells(n)} such as {cut(example, 20)!r} taken as missing"
            return _numbers(table, name, ColumnType("numeric", missing=tuple(strange)), text, refusal)
        return _categories(table, name, words, "categories, since it mixes numbers and words", refusal)
    return _categories(table, name, words, "categories", refusal)


def _written_numbers(table: Table, name: str, words: pl.Series, refusal: str) -> Verdict | None:
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
        text += f"; {_cells(n)} such as {cut([*odd, *others.head(1)][0], 20)!r} taken as missing"
    return _numbers(table, name, ColumnType("numeric", str(form), tuple(odd[:FEW_ROWS])), text, refusal)


def _numbers(table: Table, name: str, made: ColumnType, text: str, refusal: str) -> Verdict:
    """Return the verdict for numbers, unless they say as little as one value or no more than a count of the rows."""
    import polars as pl

    values = pl.Series(made.numbers(table, name)[""]).fill_nan(None)
    if reason := identifies(name, values):
        return Verdict(None, reason, refusal)
    return Verdict(made, text, refusal)


def _unparsed(table: Table, words: pl.Series) -> pl.Series:
    """Return the words that are no plain numbers."""
    values = Table(words.to_frame("x"), text=True, decimal_comma=table.decimal_comma).parse("x")[0]
    return words.filter(values.is_null())


def _categories(table: Table, name: str, words: pl.Series, text: str, refusal: str) -> Verdict:
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
    return Verdict(_category(table, name), text, refusal)


def _category(table: Table, name: str) -> ColumnType:
    """Return the type of categories; true, True and t are one if the column has true and false, or t and f alone."""
    lower = {word.lower() for word in table.words(name).drop_nulls().unique().head(100).to_list()}
    boolean = bool(lower & {"true", "false"}) or lower == {"t", "f"}
    return ColumnType("categorical", BOOLEAN if boolean else "")


def _with_spellings(table: Table, name: str, words: pl.Series) -> Verdict:
    """Return the verdict for plain categories; it tells if spellings of true or false become one."""
    made = _category(table, name)
    if made.form != BOOLEAN:
        return Verdict(made)
    before, after = words.drop_nulls().unique(), made.words(table, name).drop_nulls().unique()
    folded = sorted(word for word in before.to_list() if word.lower() in ("true", "t"))
    folded = folded if len(folded) > 1 else sorted(word for word in before.to_list() if word.lower() in ("false", "f"))
    return Verdict(made, f"{', '.join(folded)} are one category" if len(after) < len(before) else "")


def _dates(table: Table, name: str, words: pl.Series, day_first: bool | None, refusal: str) -> Verdict | None:
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
        text += f"; {_cells(int(unread.sum()))} such as {cut(table.cell(odd, name), 20)!r} taken as missing"
    return Verdict(ColumnType("date", str(form)), text, refusal)


def _decide_temporal(table: Table, name: str, refusal: str) -> Verdict:
    import polars as pl

    if isinstance(table.column(name).dtype, pl.Duration):
        return Verdict(ColumnType("numeric"), "durations, in days", refusal)
    found = find_date_form(table.column(name), None)
    assert found is not None
    return Verdict(ColumnType("date", str(found[0])), found[0].holds.replace("date", "dates", 1), refusal)


def _as_numbers(table: Table, name: str, strict: bool) -> Verdict:
    """Return the verdict for a column that the user calls numeric."""
    try:
        table.numbers(name)
        return Verdict(ColumnType("numeric"))
    except InputError as error:
        values, _ = table.parse(name)
        verdict = _decide_mixed(table, name, values, table.words(name), str(error))
        if strict or verdict.type is None or verdict.type.kind != "numeric":
            raise
        return verdict


def _as_dates(table: Table, name: str, day_first: bool | None) -> Verdict:
    """Return the verdict for a column that the user calls dates."""
    if table.column(name).dtype.is_temporal():
        return _decide_temporal(table, name, "")
    verdict = _dates(table, name, table.words(name), day_first, "")
    if verdict is None:
        known = table.words(name).is_not_null()
        raise table.cell_error(int(known.arg_true()[0]), name, "a date", "correct it, or leave --dates out")
    return Verdict(verdict.type, verdict.text)


def _same(table: Table, name: str, made: ColumnType, types: dict[str, ColumnType], seen: dict[Any, list[str]]) -> str:
    """Return an earlier column with the same cells, or ""; `seen` holds the columns by what their cells add up to."""
    cells = _values(table, name, made)
    alike = seen.setdefault((made.kind, cells.null_count(), cells.hash(0).sum()), [])
    for other in alike:
        if other in types and _values(table, other, types[other]).equals(cells):
            return other
    alike.append(name)
    return ""


def _values(table: Table, name: str, made: ColumnType) -> pl.Series:
    """Return the cells of a column as they are read: numbers, words, or dates by their time."""
    import polars as pl

    if made.kind == "categorical":
        return made.words(table, name)
    return pl.Series(list(made.numbers(table, name).values())[-1])


def _cells(n: int) -> str:
    return f"{n:,} cell{'s' * (n > 1)}"
