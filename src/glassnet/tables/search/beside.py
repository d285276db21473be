"""Measures plain predictions beside the model of a search, on the same rows, and scores each column alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network.network import Network
from glassnet.tables.fitting.problem import Problem
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.table import Table
from glassnet.tables.report.baselines import compare, cross_fit_baselines, fit_baselines
from glassnet.tables.report.leaks import score_alone

Array = NDArray[Any]


def measure_beside(
    problem: Problem,
    like: Network,
    rows: Array,
    folds: Sequence[tuple[Array, Array]],
    answers: Mapping[str, tuple[Array, Array]],
    test: Table | None,
) -> dict[str, Any]:
    """Return "baselines" and "alone" of a model's training.

    The inputs are standardised numbers and 0/1 categories, whatever those of the model are. `answers` are the model's and
    the actual targets of "validation", the rows held out by `folds` in the table's order, and of "test".
    """
    classes, y, weight = problem.n_classes, problem.y, problem.weight
    preparation = Preparation.fit(problem.cells, problem.choice.types, rows)
    X = preparation.inputs(problem.cells, dtype=like.dtype)
    order = np.argsort(np.concatenate([held_out for _, held_out in folds]), kind="stable")
    held_out = cross_fit_baselines(like, X, y, folds, weight, classes=classes)
    beside = {"validation": {name: answer[order] for name, answer in held_out.items()}}
    if test is not None:
        fitted = fit_baselines(like, X[rows], y[rows], None if weight is None else weight[rows], classes=classes)
        beside["test"] = fitted.predict(preparation.inputs(test, dtype=like.dtype))
    return {
        "baselines": {name: compare(answers[name][0], others, answers[name][1]) for name, others in beside.items()},
        "alone": score_alone(X[rows], y[rows], preparation.groups, classes),
    }
