"""glassnet as a contender: at each effort, and as one network by the rule that stood before there were efforts."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.quality.peers import Predict, is_regression
from benchmarks.quality.tables import Problem

if TYPE_CHECKING:
    import pandas as pd

    from glassnet.tables.search.learn import Effort

VALIDATION = 0.15  # the share of its rows that one network holds out


def quick(problem: Problem, seed: int) -> Predict:
    """Fit as `glassnet train --effort quick` does: one network by rule."""
    return fitted(problem, "quick", seed=seed)


def default(problem: Problem, seed: int) -> Predict:
    """Fit as `glassnet train` does: a search for the best model."""
    return fitted(problem, "default", seed=seed)


def before(problem: Problem, seed: int) -> Predict:
    """Fit one network by the former rule; a category that it never saw was refused, and counts as missing here."""
    return fitted(problem, "quick", seed=seed, **former_settings(round((1 - VALIDATION) * len(problem.X))))


def former_settings(rows: int) -> dict[str, Any]:
    """Return what `glassnet train` chose by the number of training rows: relu, adam, standardised and one-hot inputs."""
    width, batch = _power_of_two(2 * rows**0.5, 32, 256), _power_of_two(rows / 50, 32, 512)
    epochs = max(20, min(200, 100_000 // -(-rows // batch)))
    return {
        "hidden": (width,) if rows < 10_000 else (width, width // 2),
        "activation": ("relu",),
        "clip": 0.0,
        "rank": False,
        "bins": 0,
        "few_values": 0,
        "frequencies": 0,
        "categories": "onehot",
        "least": 1,
        "most": 1000,
        "optimizer": "adam",
        "learning_rate": 0.001,
        "batch_size": batch,
        "epochs": epochs,
        "patience": max(10, epochs // 10),
        "schedule": "constant",
        "l2": min(max(5 / rows, 1e-4), 0.03),
        "dropout": 0.0,
    }


def fitted(problem: Problem, effort: Effort, **settings: Any) -> Predict:
    """Learn as the command line does, on one thread."""
    from glassnet.tables.reading.read import as_table
    from glassnet.tables.search.learn import learn
    from glassnet.tables.settings import Settings

    target = problem.case.target
    table = as_table(cells(problem.X.assign(**{target: problem.y})))
    planned = learn(table, target, task=problem.case.task, effort=effort, settings=Settings(threads=1, **settings))
    model = planned.run()

    def predict(X: pd.DataFrame) -> Any:
        if is_regression(problem):
            return model.predict(cells(X))
        place = {str(name): k for k, name in enumerate(model.classes or ())}
        return np.asarray(model.predict_proba(cells(X)))[:, [place[str(name)] for name in problem.classes]]

    return predict


def cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with None in every missing cell, which pandas leaves as nan among words."""
    objects = frame.astype(object)
    return objects.where(objects.notna(), None)


def _power_of_two(value: float, low: int, high: int) -> int:
    nearest: int = 2 ** round(log2(max(value, 1)))
    return min(max(nearest, low), high)
