"""The Problem: the rows of a table, the column to predict, and the columns to predict it from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.columns.choose import Choice, choose_columns
from glassnet.tables.columns.targets import encode_classes, encode_numbers, find_classes
from glassnet.tables.model import Task
from glassnet.tables.preparation.cells import Cells
from glassnet.tables.reading.decision import decision_lines
from glassnet.tables.reading.table import Table
from glassnet.tables.report.text import target_text

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Problem:
    """Describes the task before any network: the rows, the target and the columns to learn from.

    Parameters
    ----------
    table : Table
    target : str
        The column to predict.
    task : "classification" or "regression"
    rule : "as asked" or "recognised"
        The origin of the task.
    classes : list, optional
        The classes of a classification.
    choice : Choice
        The columns to learn from.
    y : (n,) array
        The class numbers, or the numbers in the target's units.
    weight : (n,) array, optional
        The sample weights.
    """

    table: Table
    target: str
    task: Task
    rule: str
    classes: list[Any] | None
    choice: Choice
    y: Array
    weight: Array | None = None

    @cached_property
    def cells(self) -> Cells:
        """The columns of the table, each read once."""
        return Cells(self.table)

    @property
    def n_classes(self) -> int | None:
        """The number of classes; None for a regression."""
        return None if self.classes is None else len(self.classes)


class Choices(TypedDict, total=False):
    """What the user may decide about a table; `choose_columns` says what each means."""

    task: Task | None
    numeric: Sequence[str]
    categorical: Sequence[str]
    dates: Sequence[str]
    ignore: Sequence[str]
    weight: str | None
    day_first: bool | None
    strict: bool


def pose(table: Table, target: str, *, balanced: bool = False, **choices: Unpack[Choices]) -> Problem:
    """Decide what is to be learned: the rows, the task, the classes, the columns and the weights.

    Parameters
    ----------
    balanced : give all classes the same total weight
    **choices : those of `choose_columns`

    Raises
    ------
    InputError
        Names the file, the line, the column and the cell that is wrong.
    """
    if target not in table.names:
        raise table.no_column(target)
    if len(table) < 2:
        raise table.error(None, "at least 2 rows", str(len(table)), "add rows")
    choice = choose_columns(table, target, **choices)
    table = table.take(choice.rows) if len(choice.rows) < len(table) else table
    task: Task = choice.task  # type: ignore[assignment]
    classes = find_classes(table, target) if task == "classification" else None
    y = encode_classes(table, target, classes) if classes is not None else encode_numbers(table, target, choice.target)
    if classes is None and (y == y[0]).all():
        raise table.error(target, "numbers that differ", f"{y[0]:g} in every row", "choose another --target")
    weights = _weights(table, choices.get("weight"), y if balanced else None, len(classes or ()))
    rule = "as asked" if choices.get("task") else "recognised"
    return Problem(table, target, task, rule, classes, choice, y, weights)


def problem_lines(problem: Problem, becomes: str = "") -> list[str]:
    """Describe a problem: the table, the target, the inputs and what they become, the columns left out."""
    table, kinds = problem.table, [*problem.choice.kinds.values()]
    counts = {kind: kinds.count(kind) for kind in ("numeric", "categorical", "date")}
    *some, last = (f"{count} {kind}" for kind, count in counts.items() if count or kind != "date")
    inputs = f"{', '.join(some)} and {last}"
    mean, scale = (float(np.mean(problem.y)), float(np.std(problem.y))) if problem.classes is None else (0.0, 1.0)
    return [
        f"{table.source}: {len(table):,} rows, {len(table.names):,} columns",
        f"target {problem.target!r}: {problem.task} ({problem.rule}), {target_text(problem.classes, mean, scale)}",
        f"inputs: {inputs} columns" + (f" → {becomes}" if becomes else ""),
        *decision_lines(problem.choice.decisions),
    ]


def _weights(table: Table, name: str | None, y: Array | None, classes: int) -> Array | None:
    """Return sample weights: the cells of column `name`, times n/(k·n_class) if classes are balanced."""
    weights = None
    if name is not None:
        weights = table.numbers(name)
        wrong = ~(weights >= 0)
        if wrong.any():
            raise table.cell_error(int(np.argmax(wrong)), name, "a weight of at least 0", "correct it")
    if y is not None:
        balanced = (len(y) / (classes * np.bincount(y, minlength=classes)))[y]
        weights = balanced if weights is None else weights * balanced
    return weights
