"""glassnet as a contender: at each effort, and as one network by the rule that stood before there were efforts."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.quality.peers import Predict, is_regression
from benchmarks.quality.tables import Problem

if TYPE_CHECKING:
    import pandas as pd

    from glassnet.tables.settings import Settings

VALIDATION = 0.15  # the share of its rows that `glassnet train` holds out


def before(problem: Problem, seed: int) -> Predict:
    """Fit one network by the former rule; a category it never saw counts as missing (it would refuse otherwise)."""
    return fitted(problem, former_settings(round((1 - VALIDATION) * len(problem.X)), seed))


def former_settings(rows: int, seed: int) -> Settings:
    """Return what `glassnet train` chose by the number of training rows: relu, adam, standardised and one-hot inputs."""
    from glassnet.tables.settings import Settings

    width, batch = _power_of_two(2 * rows**0.5, 32, 256), _power_of_two(rows / 50, 32, 512)
    epochs = max(20, min(200, 100_000 // -(-rows // batch)))
    return Settings(
        hidden=(width,) if rows < 10_000 else (width, width // 2),
        activation=("relu",),
        dtype="float32",
        seed=seed,
        optimizer="adam",
        learning_rate=0.001,
        batch_size=batch,
        epochs=epochs,
        patience=max(10, epochs // 10),
        min_delta=0.0,
        schedule="constant",
        l1=0.0,
        l2=min(max(5 / rows, 1e-4), 0.03),
        dropout=0.0,
        clip_norm=None,
        threads=1,
    )


def fitted(problem: Problem, settings: Settings) -> Predict:
    """Train as the command line does, with these settings."""
    from glassnet.tables.fitting.plan import plan
    from glassnet.tables.reading.read import as_table

    target = problem.case.target
    table = as_table(cells(problem.X.assign(**{target: problem.y})))
    model = plan(table, target, task=problem.case.task, settings=settings, validation=VALIDATION).run()

    def predict(X: pd.DataFrame) -> Any:
        if is_regression(problem):
            return model.predict(cells(X), unseen="missing")
        place = {str(name): k for k, name in enumerate(model.classes or ())}
        return np.asarray(model.predict_proba(cells(X), unseen="missing"))[:, [place[str(c)] for c in problem.classes]]

    return predict


def cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with None in every missing cell, which pandas leaves as nan among words."""
    objects = frame.astype(object)
    return objects.where(objects.notna(), None)


def _power_of_two(value: float, low: int, high: int) -> int:
    nearest: int = 2 ** round(log2(max(value, 1)))
    return min(max(nearest, low), high)
