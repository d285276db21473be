"""The second opinion: the loss of plain models on rows they did not see, which a run is compared with.

The models are a linear one and one hidden layer of 32 relu units. Inputs are scaled and clipped at 5 deviations; Adam with
early stopping trains on all folds but one and predicts that one. The predictions also show labels that are probably wrong
(Northcutt et al. 2021), and inputs that hold no information on the targets.
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
PLAIN_MODELS = 2 * (HELD_OUT + 1)  # trainings of a second opinion


@dataclass(frozen=True, eq=False)
class Opinion:
    """The result of the better plain model.

    `kind`: its name; `unexplained`: u over all rows, each predicted by a model that was not trained on it; `held_out`: u
    on the set-up's validation data; `rows`: the row numbers used; `prediction`: their outputs, by models not trained on them.
    """

    kind: str
    unexplained: float
    held_out: float
    rows: NDArray[np.intp]
    prediction: Array


def second_opinion(setup: Setup, held: Setup, seed: int = 0) -> Opinion:
    """Train the plain models: by cross-validation on the rows of `setup`, and on those of `held` for its validation data."""
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
    """Scales inputs robustly, and the targets of a squared error to mean 0 and variance 1 and back."""

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
        """Return the set-up of a plain model on the rows of `setup`, stopped early on the others."""
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
        return Setup(network, self.inputs(setup.X), self.targets(setup.Y), options, setup.clock)

    def inputs(self, X: Array) -> Array:
        return self.X(X)

    def targets(self, Y: Array) -> Array:
        return (Y - self.y_mean) / self.y_std

    def read(self, network: Network, X: Array, Y: Array) -> tuple[Array, Array]:
        """Return the outputs in the units of the targets, and the loss of each row."""
        trace = passes.forward(network.activations, network.W, network.b, self.inputs(X))
        output = trace.output * self.y_std + self.y_mean
        raw = trace.Z[len(trace.Z)] if self.loss.has_link else output
        return output, self.loss.per_sample(raw, Y.astype(np.float64))


def _moments(values: Array) -> tuple[Array, Array]:
    std = values.std(axis=0)
    return values.mean(axis=0), np.where(std > 0, std, 1)


def contradicted(opinion: Opinion, labels: NDArray[np.intp]) -> tuple[NDArray[np.bool_], float, float]:
    """Rows whose label the plain model rejects; its error rate on all rows and on its more confident half.

    Label noise hits confident predictions as often as others; overlapping classes cause few errors among them.
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
    """True if the opinion's accuracy exceeds the share of the largest class by more than three standard errors."""
    _, error, _ = contradicted(opinion, labels)
    majority = np.bincount(labels).max() / len(labels)
    return 1 - error - majority > 3 * float(np.sqrt(majority * (1 - majority) / len(labels)))
