"""`choose_columns`: decides for each column of a table what it becomes, and which rows are learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.tables.columns.column_type import ColumnType, Kind
from glassnet.tables.columns.decide import decide, decide_as_asked
from glassnet.tables.columns.number_form import NumberForm
from glassnet.tables.columns.rows import usable_rows, without_single_classes
from glassnet.tables.columns.targets import choose_target
from glassnet.tables.columns.verdict import Verdict
from glassnet.tables.reading.decision import UNNAMED, Decision, refuse
from glassnet.tables.reading.table import Table, cut

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]


@dataclass(frozen=True)
class Choice:
    """Names the columns and rows to learn from, and tells every decision about a table.

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
    task, target_type, rows, of_rows = _choose_rows(table, target, task, weight, strict)
    table = table.take(rows)
    types: dict[str, ColumnType] = {}
    left_out: dict[str, str] = {}
    decisions = [*table.decisions, *of_rows]
    asked = {
        **dict.fromkeys(numeric, "numeric"),
        **dict.fromkeys(categorical, "categorical"),
        **dict.fromkeys(dates, "date"),
    }
    twins = Twins(table)
    for name in table.names:
        if name in (target, weight):
            continue
        if name in ignore:
            verdict = Verdict(None, "ignored")
        elif table.image_shape:
            verdict = Verdict(ColumnType("numeric"))
        elif name in asked:
            verdict = decide_as_asked(table, name, asked[name], day_first, strict)
        else:
            verdict = decide(table, name, day_first, strict)
            if verdict.type is not None and (twin := twins.find(name, verdict.type)):
                verdict = Verdict(None, f"same cells as {cut(twin, 30)!r}", verdict.refusal)
        if verdict.type is None:
            left_out[name] = verdict.text
        else:
            types[name] = verdict.type
        decisions += _told(table, name, verdict)
    if weight is not None:
        left_out[weight] = "the weights of the rows"
    decisions += _read_points_as_commas_tell(table, types, [*asked])
    if strict:
        refuse(decisions)
    if not types:
        got = "the target alone" if not left_out else f"none to learn from ({next(iter(left_out.values()))})"
        raise table.error(None, "columns beside the target", got, "add some")
    return Choice(types, left_out, _without_names(decisions, left_out), task, target_type, rows)


def _choose_rows(
    table: Table, target: str, task: str | None, weight: str | None, strict: bool
) -> tuple[str, ColumnType, Array, list[Decision]]:
    """Return the task, how the target is read, the rows to learn from, and what was decided."""
    task, target_type, told = choose_target(table, target, task, strict=strict)
    if strict and told:
        return task, target_type, np.arange(len(table)), told
    rows, of_rows = usable_rows(table, target, target_type, weight)
    if task == "classification" and not strict:
        rows, of_classes = without_single_classes(table, target, target_type, rows)
        of_rows += of_classes
    return task, target_type, rows, [*told, *of_rows]


def _read_points_as_commas_tell(table: Table, types: dict[str, ColumnType], asked: Sequence[str]) -> list[Decision]:
    """Read 1.234 as 1234 where other columns show that the table has decimal commas; change `types` and tell it."""
    forms = [NumberForm.of(each.form) for each in types.values() if each.kind == "numeric" and each.form]
    if not any(form is not None and form.decimal == "," for form in forms):
        return []
    import polars as pl

    told = []
    thousands = NumberForm("", "", ".", ",")
    for name, each in types.items():
        if each != ColumnType("numeric") or name in asked or table.column(name).dtype != pl.String:
            continue
        words = table.words(name).drop_nulls()
        if words.str.contains(r"^[+-]?([1-9]\d{0,2}(\.\d{3})+|\d{1,3})$").all() and words.str.contains(r"\.").any():
            types[name] = ColumnType("numeric", str(thousands))
            example = words.filter(words.str.contains(r"\."))[0]
            value = thousands.values(words.filter(words == example).head(1))[0]
            text = f"numbers, written like {thousands}, as other columns are: {example!r} is {value:.12g}"
            told.append(Decision(name, text))
    return told


def _told(table: Table, name: str, verdict: Verdict) -> list[Decision]:
    """Return what is told of the verdict about a column."""
    if verdict.type is None:
        return [Decision(name, f"left out, {verdict.text}", verdict.refusal)]
    told = [Decision(name, verdict.text, verdict.refusal)] if verdict.text or verdict.refusal else []
    if name in table.quoted and verdict.type.kind == "categorical":
        word = table.cell(int(table.quoted[name].arg_true()[0]), name)
        told.append(Decision(name, f'"{word}" in quotes is a category, not a missing cell'))
    return told


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


@dataclass(frozen=True)
class Twins:
    """The columns seen so far, by what their cells add up to, to find one with the cells of another."""

    table: Table
    seen: dict[Any, list[tuple[str, ColumnType]]] = field(default_factory=dict)

    def find(self, name: str, type: ColumnType) -> str:
        """Return an earlier column with the same cells as they are read, or "" and keep this one."""
        cells = self._cells(name, type)
        alike = self.seen.setdefault((type.kind, cells.null_count(), cells.hash(0).sum()), [])
        for other, of_other in alike:
            if self._cells(other, of_other).equals(cells):
                return other
        alike.append((name, type))
        return ""

    def _cells(self, name: str, type: ColumnType) -> pl.Series:
        import polars as pl

        if type.kind == "categorical":
            return type.words(self.table, name)
        return pl.Series([*type.numbers(self.table, name).values()][-1])  # of a date its time
