"""Scores in the units of the task: accuracy, log loss and R² of a run, beside plain models and a constant prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.deviance import Yardstick, yardstick
from glassnet.diagnose.case.setup import Outcome, Setup, validation_arrays
from glassnet.equations.loss import Loss
from glassnet.network.network import Network

Array = NDArray[Any]


@dataclass(frozen=True)
class Units:
    """The units of a loss on given rows: R² for the squared error, else the loss itself, named `name`."""

    name: str
    baseline: float
    floor: float

    def __call__(self, u: float) -> float:
        """Return the unexplained share u in these units."""
        return 1 - u if self.name == "R²" else self.floor + u * (self.baseline - self.floor)


@dataclass(frozen=True)
class Score:
    """A score of the run on some rows, beside that of plain models, None if unknown, and of the best constant prediction."""

    name: str
    rows: str
    run: float
    plain: float | None
    constant: float


def units_of(loss: Loss, measure: Yardstick) -> Units:
    """Return the units in which `loss` is said."""
    if loss.builtin == "squared_error":
        return Units("R²", measure.baseline, measure.floor)
    name = "log loss" if "cross_entropy" in loss.builtin else f"{loss.name.replace('_', ' ')} loss"
    return Units(name.replace("loss loss", "loss"), measure.baseline, measure.floor)


def units_held(held: Setup) -> Units:
    """Return the units of the loss on the validation rows of a set-up, or without any on its training rows."""
    loss = held.network.loss_function
    if held.validation is None:
        return units_of(loss, held.measure)
    _, Y, weight = validation_arrays(held)
    return units_of(loss, yardstick(loss, Y, weight))


def scores_of(
    setup: Setup, outcome: Outcome, held: Setup | None, control: Outcome | None, plain: float | None
) -> list[Score]:
    """Return the scores of the run: on held-out rows, by the run `control` of the set-up `held`, and on training rows.

    `plain` is the unexplained share of plain models on the held-out rows.
    """
    found = []
    if held is not None and held.validation is not None and control is not None and control.held_out is not None:
        X, Y, weight = validation_arrays(held)
        units = units_held(held)
        rows = "validation rows" if held is setup else "held-out rows"
        found += _scores(held, units, rows, control.network, (X, Y, weight), control.held_out, plain)
    units = units_of(setup.network.loss_function, setup.measure)
    data = (setup.X, setup.Y, setup.weight)
    return found + _scores(setup, units, "training rows", outcome.network, data, outcome.unexplained, None)


def _scores(
    setup: Setup,
    units: Units,
    where: str,
    network: Network,
    data: tuple[Array, Array, Array | None],
    u: float,
    plain: float | None,
) -> list[Score]:
    X, Y, weight = data
    rows = f"{len(X):,} {where}"
    in_units = Score(units.name, rows, units(u), None if plain is None else units(plain), units(1.0))
    if not setup.is_classification:
        return [in_units]
    labels = Y.argmax(axis=1) if Y.shape[1] > 1 else (Y[:, 0] > 0.5).astype(np.intp)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        predicted = np.asarray(network.predict(X)).reshape(-1)
    right = float(np.average(predicted == labels, weights=weight))
    most = float(np.bincount(labels, weights=weight).max() / (len(labels) if weight is None else weight.sum()))
    return [Score("accuracy", rows, right, None, most), in_units]


def number(value: float | None) -> str:
    """Return a score as text: three digits, or words where there is no number."""
    if value is None:
        return ""
    return f"{value:.3g}" if np.isfinite(value) else "not finite"
