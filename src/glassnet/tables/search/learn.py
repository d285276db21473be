"""`learn` decides how a table is learned: by one network, or by a search for the best model."""

from __future__ import annotations

from typing import Any, Literal, Unpack

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import unknown_name
from glassnet.tables.fitting.plan import SHARE, Plan, plan_problem
from glassnet.tables.fitting.problem import Choices, Problem, pose
from glassnet.tables.fitting.splitting import split_rows
from glassnet.tables.reading.table import Table
from glassnet.tables.search.search import Search
from glassnet.tables.settings import Settings

Array = NDArray[Any]
Effort = Literal["quick", "default", "best"]
EFFORTS = ("quick", "default", "best")
FEWEST_ROWS = 40  # for a search
MOST_CELLS = 20_000_000  # rows times columns, for a search unless it is asked for


def learn(
    table: Table,
    target: str,
    *,
    effort: Effort | None = None,
    settings: Settings | None = None,
    validation: float | Table | None = None,
    test: float | Table = 0.0,
    **choices: Unpack[Choices],
) -> Plan | Search:
    """Decide how `target` is learned from the other columns of `table`, and prepare the data.

    Parameters
    ----------
    effort : "quick" trains one network by rule; "default" trains a portfolio of configurations on folds of the rows and
        averages the best; "best" tries three times as many. None is "default", but "quick" where a hyper-parameter of
        `settings` is given, the validation rows are another table, or the table is an image folder, tiny or huge
    settings : hyper-parameters; what is given holds for every network
    validation, test : a share of the rows, or another Table; None validates on folds, or on 15 % for one network
    **choices : those of `pose`

    Raises
    ------
    InputError
        Names the file, the line, the column and the cell that is wrong, or the setting.
    """
    if effort is not None and effort not in EFFORTS:
        raise unknown_name("effort", effort, EFFORTS)
    settings = settings or Settings()
    problem = pose(table, target, balanced=settings.class_weight is not None, **choices)
    reason = _single(problem, settings, validation)
    if effort == "quick" or (reason and (effort is None or isinstance(validation, Table))):
        reason = "" if effort == "quick" else reason
        return plan_problem(problem, settings, SHARE if validation is None else validation, test, reason)
    settings.check(problem.n_classes)
    share = validation if isinstance(validation, float | int) else 0.0
    shares = {"validation": share, "test": 0.0 if isinstance(test, Table) else test}
    rows, held_out, test_rows = split_rows(table, target, problem.y, problem.classes, shares, settings.seed)
    drawn = table.take(test_rows) if len(test_rows) else None
    asked = {"validation": validation, "test": test}
    judges = held_out if len(held_out) else None
    return Search(
        problem, settings, rows, effort or "default", judges, test if isinstance(test, Table) else drawn, asked
    )


def _single(problem: Problem, settings: Settings, validation: Any) -> str:
    """Return why one network is trained where nobody asked for an effort; "" for a search."""
    if settings.given:
        return f"{settings.given[0]} is given"
    if isinstance(validation, Table):
        return "the validation rows are another table"
    if validation == 0:
        return "no rows validate"
    if problem.table.image_shape is not None:
        return "the columns are the pixels of images"
    if len(problem.y) < FEWEST_ROWS or (problem.classes is not None and np.bincount(problem.y).min() < 2):
        return "there are few rows"
    if problem.table.frame.width * len(problem.y) > MOST_CELLS:
        return "the table is large"
    return ""
