"""The second opinion: what plain models reach on the same data on rows they did not see; the yardstick of sickness.

A linear model and a network of one hidden layer of 32 relu units, inputs scaled and cut off at 5 deviations, Adam, stopped early, each trained
on all folds but one and read on that one. It also tells which labels are contradicted (Northcutt et al. 2021) and
whether the inputs say anything about the targets at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.deviance import yardstick
from glassnet.diagnose.case.remedy import RobustScale
from glassnet.diagnose.case.setup import HELD_OUT, Setup, folds, run_many, validation_arrays
from glassnet.diagnose.instruments.watched_run import rows_of
from glassnet.network import passes
from glassnet.network.network import Network
from glassnet.training.job import EarlyStopping
from glassnet.training.optimizers import Adam

Array = NDArray[Any]

AT_MOST = 3000  # rows
WIDTH = 32
STEPS = 2500
BATCH = 64


@dataclass(frozen=True, eq=False)
class Opinion:
    """What the better of the plain models reached.

    `unexplained`: u over all rows, each read out of its fold; `held_out`: u on the set-up's validation data;
    `rows`, `prediction`: which rows were used, and their outputs out of fold.
    """

    kind: str
    unexplained: float
    held_out: float
    rows: NDArray[np.intp]
    prediction: Array


def second_opinion(setup: Setup, held: Setup, seed: int = 0) -> Opinion:
    """Train the plain models: out of fold on the set-up's rows, and on those of `held` for its validation data."""
    rows = rows_of(len(setup.X), AT_MOST)
    few, part = setup.rows(rows), held.rows(rows_of(len(held.X), AT_MOST))
    loss = setup.network.loss_function
    X_val, Y_val, weight_val = validation_arrays(held)
    measure, measure_val = yardstick(loss, few.Y, few.weight), yardstick(loss, Y_val, weight_val)
    scale = _Scale(few)
    fold = folds(few, HELD_OUT, seed)
    best: Opinion | None = None
    for kind, hidden in (("a linear model", []), (f"one hidden layer of {WIDTH} relu units", [WIDTH])):
        setups = [
            scale.plain(hidden, few.rows(fold != k), few.X[fold == k], few.Y[fold == k], seed) for k in range(HELD_OUT)
        ]
        *parts, whole = run_many([*setups, scale.plain(hidden, part, X_val, Y_val, seed)])
        prediction, losses = np.empty(few.Y.shape), np.empty(len(few.Y))
        for k, trained in enumerate(parts):
            prediction[fold == k], losses[fold == k] = scale.read(trained.network, few.X[fold == k], few.Y[fold == k])
        _, losses_val = scale.read(whole.network, X_val, Y_val)
        opinion = Opinion(
            kind=kind,
            unexplained=measure.unexplained(float(np.average(losses, weights=few.weight))),
            held_out=measure_val.unexplained(float(np.average(losses_val, weights=weight_val))),
            rows=rows,
            prediction=prediction,
        )
        if best is None or opinion.held_out < best.held_out:
            best = opinion
    assert best is not None
    return best


class _Scale:
    """Inputs, and the targets of a squared error, brought to mean 0 and variance 1 and back."""

    def __init__(self, setup: Setup) -> None:
        self.loss = setup.network.loss_function
        self.dtype = setup.network.dtype
        self.X = RobustScale(setup.X)
        k = setup.Y.shape[1]
        self.y_mean: Array = np.zeros(k)
        self.y_std: Array = np.ones(k)
        if self.loss.builtin == "squared_error":
            self.y_mean, self.y_std = _moments(setup.Y)

    def plain(self, hidden: list[int], setup: Setup, X_val: Array, Y_val: Array, seed: int) -> Setup:
        """A plain model on the rows of `setup`, stopped at its best on the others."""
        sizes = [setup.X.shape[1], *hidden, setup.Y.shape[1]]
        last = setup.network.activations[setup.network.n_layers]
        output = last if self.loss.contains(last) else self.loss.link
        network = Network(sizes, output=output, loss=self.loss, seed=seed, dtype=self.dtype)
        options: dict[str, Any] = {
            "optimizer": Adam(learning_rate=0.01),
            "epochs": int(np.clip(STEPS * BATCH // len(setup.X), 20, 400)),
            "batch_size": BATCH,
            "l2": 1e-3,
            "validation": (self.inputs(X_val), self.targets(Y_val)),
            "early_stopping": EarlyStopping(patience=30),
            "sample_weight": setup.weight,
        }
        return Setup(network, self.inputs(setup.X), self.targets(setup.Y), options)

    def inputs(self, X: Array) -> Array:
        return self.X(X)

    def targets(self, Y: Array) -> Array:
        return (Y - self.y_mean) / self.y_std

    def read(self, network: Network, X: Array, Y: Array) -> tuple[Array, Array]:
        """The outputs in the units of the targets, and the loss of each row."""
        trace = passes.forward(network.activations, network.W, network.b, self.inputs(X))
        output = trace.output * self.y_std + self.y_mean
        raw = output if self.loss.link == "identity" else trace.Z[len(trace.Z)]
        return output, self.loss.per_sample(raw, Y.astype(np.float64))


def _moments(values: Array) -> tuple[Array, Array]:
    std = values.std(axis=0)
    return values.mean(axis=0), np.where(std > 0, std, 1)


def contradicted(opinion: Opinion, labels: NDArray[np.intp]) -> tuple[NDArray[np.bool_], float, float]:
    """Which rows the opinion contradicts, its error on all rows, and its error on the half it is surest of.

    Noise in the labels hits sure rows as often as others; classes that overlap leave the sure rows alone.
    """
    probability = opinion.prediction
    if probability.shape[1] == 1:
        probability = np.hstack([1 - probability, probability])
    predicted = probability.argmax(axis=1)
    sureness = probability.max(axis=1)
    wrong = predicted != labels
    sure = sureness >= np.median(sureness)
    return wrong, float(wrong.mean()), float(wrong[sure].mean())


def beats_majority(opinion: Opinion, labels: NDArray[np.intp]) -> bool:
    """Whether the opinion is right more often than the largest class is frequent, by three standard errors or more."""
    _, error, _ = contradicted(opinion, labels)
    majority = np.bincount(labels).max() / len(labels)
    return 1 - error - majority > 3 * float(np.sqrt(majority * (1 - majority) / len(labels)))
