"""Helpers of predict and evaluate: load a table model, and read a table with the options of its training data."""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.screen import note
from glassnet.errors import InputError
from glassnet.tables.columns.column_type import unread_cells
from glassnet.tables.reading.decision import decision_lines
from glassnet.tables.reading.table import cut, cut_left

if TYPE_CHECKING:
    from glassnet.tables.model import TableModel
    from glassnet.tables.reading.table import Table


class UnseenRule(StrEnum):
    """The treatments of a category that training did not see."""

    other = "other"
    missing = "missing"
    error = "error"


UnseenOption = Annotated[
    UnseenRule,
    typer.Option(help="A category that training did not see: taken as a rare one, as a missing cell, or an error."),
]


def load_table_model(path: Path) -> TableModel:
    """The model that `glassnet train` wrote to `path`."""
    from glassnet.storage.files import load
    from glassnet.tables.model import TableModel

    found = load(path)
    if not isinstance(found, TableModel):
        got = type(found).__name__
        raise InputError(
            f"{cut_left(str(path), 60)}: expected a model of glassnet train; got a {got}; use gn.load in Python."
        )
    return found


def read_for(model: TableModel, file: Path, separator: str | None) -> Table:
    """The table, with the model's words for missing cells and decimal sign."""
    from glassnet.tables.reading.read import read_table

    table = read_table(
        file,
        separator=character(separator),
        missing=tuple(model.settings.get("missing", ())),
        decimal_comma=bool(model.settings.get("decimal_comma", False)),
        part="test",
    )
    if not len(table):
        raise table.error(None, "rows", "a header alone", "add rows")
    return table


def character(separator: str | None) -> str | None:
    """Return the separator that an option names; a tab may be written out, as \\t or tab."""
    return "\t" if separator in ("\\t", "tab") else separator


def note_decisions(table: Table, used: Iterable[str] | None = None) -> None:
    """Say on the error stream what was decided when the table was read; of columns those in `used`, or all."""
    names = None if used is None else {"", *used}
    for line in decision_lines(each for each in table.decisions if names is None or each.column in names):
        note(f"glassnet: {line}")


def name_unused(model: TableModel, table: Table) -> None:
    """Say on the error stream what was decided about the table and its cells, and which columns are of no use."""
    types = {column.name: column.type for column in model.preparation.columns}
    note_decisions(table, [*types, model.target])
    for line in decision_lines(unread_cells(table, types)):
        note(f"glassnet: {line}")
    known = {column.name for column in model.preparation.columns} | {model.target, *model.settings.get("left_out", ())}
    extra = [name for name in table.names if name not in known]
    if extra:
        some = ", ".join(cut(name, 20) for name in extra[:5]) + (", …" if len(extra) > 5 else "")
        note(f"glassnet: not used, unknown to the model: {some}")


def note_unseen(model: TableModel, table: Table, rule: UnseenRule) -> None:
    """Say on the error stream how many cells hold a category that training did not see."""
    becomes = "rare ones" if rule is UnseenRule.other else "missing"
    for name, count in model.preparation.unseen(table).items():
        cells = f"{count:,} cell{'s' if count > 1 else ''} with a category that training did not see"
        note(f"glassnet: {cut(name, 30)}: {cells}, taken as {becomes}")


def same_file(one: Path, other: Path) -> bool:
    """True if two paths, links followed, lead to the same file."""
    return os.path.realpath(one) == os.path.realpath(other)
