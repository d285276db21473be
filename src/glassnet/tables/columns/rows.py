"""Finds the rows that can be learned from or measured: those with a target, and with a weight if there are weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.reading.decision import Decision
from glassnet.tables.reading.table import Table, cut

Array = NDArray[Any]


def usable_rows(
    table: Table, target: str, target_type: ColumnType, weight: str | None = None
) -> tuple[Array, list[Decision]]:
    """Return the numbers (from 0) of the rows that have a target and a weight, and what was decided.

    Raises
    ------
    InputError
        If no row has a target, or more than 5 % of the target's cells cannot be read.
    """
    told = []
    if target_type.kind == "categorical":
        known = target_type.words(table, target).is_not_null().to_numpy()
        unread = table.words(target).is_not_null().to_numpy() & ~known
    else:
        (values,) = target_type.numbers(table, target).values()
        known, unread = ~np.isnan(values), target_type.unread(table, target)
    if not known.any():
        raise table.error(target, "a target in some rows", "empty cells alone", "choose another --target")
    if not known.all():
        row = int(np.argmin(known))
        refusal = table.cell_error(row, target, "a target in every row", "fill it in, or delete the row")
        told.append(Decision(target, _left_out(table, target, ~known, unread, "target"), str(refusal)))
    if weight is not None:
        weights = table.numbers(weight)
        without = known & np.isnan(weights)
        if without.any():
            row = int(np.argmax(without))
            refusal = table.cell_error(row, weight, "a weight of at least 0", "correct it")
            told.append(Decision(weight, f"{_rows(int(without.sum()))} without a weight left out", str(refusal)))
        known &= ~without
    return np.flatnonzero(known), told


def without_single_classes(
    table: Table, target: str, target_type: ColumnType, rows: Array
) -> tuple[Array, list[Decision]]:
    """Return the rows without those whose class no other row has, since nothing could validate it; and what is told.

    All rows stay where those are more than half, or where one class would be left.
    """
    words = target_type.words(table, target).gather(rows)
    single = words.is_unique().to_numpy()
    n = int(single.sum())
    if not n or 2 * n > len(rows) or words.n_unique() - n < 2:
        return rows, []
    example = cut(str(words[int(np.argmax(single))]), 20)
    text = f"{_rows(n)} left out, whose class no other row has, such as {example!r}"
    return rows[~single], [Decision(target, text)]


def _left_out(table: Table, name: str, missing: Array, unread: Array, what: str) -> str:
    text = f"{_rows(int(missing.sum()))} without a {what} left out"
    if unread.any():
        return f"{text}, e.g. {cut(table.cell(int(np.argmax(unread)), name), 20)!r} in {table.place(int(np.argmax(unread)))}"
    example = table.cell(int(np.argmax(missing)), name)
    return f'{text}: {example} means a missing cell, and "{example}" in quotes a word' if example else text


def _rows(n: int) -> str:
    return f"{n:,} row{'s' * (n > 1)}"
