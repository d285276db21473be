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
from glassnet.diagnose.case.remedy import Remedy, RobustScale
from glassnet.diagnose.case.setup import HELD_OUT, Setup, folds, train_many, validation_arrays
from glassnet.diagnose.instruments.watched_run import rows_of
from glassnet.network import passes
from glassnet.network.network import Network
from glassnet.training.job import EarlyStopping
from glassnet.training.optimizers import Adam

Array = NDArray[Any]

AT_MOST = 3000  # rows
WIDTH = 32
STEPS = 1250  # with 2,500 the plain models are no better on the data sets of the suite
BATCH = 64
PLAIN_MODELS = 2 * (HELD_OUT + 1)  # trainings of a second opinion


@dataclass(frozen=True, eq=False)
class Opinion:
    """The result of the better plain model.

    `kind`: its name; `unexplained`: u over all rows, each predicted by a model that was not trained on it; `held_out`: u
    on the set-up's validation data; `rows`: the row numbers used; `prediction`: their outputs, by models not trained on
    them; `losses`, `constant`: the losses of these outputs and of the best constant; `losses_held`: the losses of the
    validation rows.
    """

    kind: str
    unexplained: float
    held_out: float
    rows: NDArray[np.intp]
    prediction: Array
    losses: Array
    constant: Array
    losses_held: Array

    @property
    def informed(self) -> bool:
        """True if the predictions beat a constant by more than twice the standard error of the difference."""
        gain, error = self._gain()
        return bool(gain > 2 * error)

    @property
    def most_possible(self) -> float:
        """The share of a constant's loss that the inputs may explain: the gain and twice its standard error."""
        gain, error = self._gain()
        return float((gain + 2 * error) / max(float(np.mean(self.constant)), 1e-300))

    def _gain(self) -> tuple[float, float]:
        gain = self.constant - self.losses
        return float(np.mean(gain)), float(np.std(gain) / np.sqrt(len(gain)))


def second_opinion(setup: Setup, held: Setup, seed: int = 0) -> Opinion:
    """Train the plain models: by cross-validation on the rows of `setup`, and on those of `held` for its validation data."""
    rows = rows_of(len(setup.X), AT_MOST)
    few, part = setup.rows(rows), held.rows(rows_of(len(held.X), AT_MOST))
    loss = setup.network.loss_function
    X_val, Y_val, weight_val = validation_arrays(held)
    measure, measure_val = yardstick(loss, few.Y, few.weight), yardstick(loss, Y_val, weight_val)
    constant = loss.per_sample(np.broadcast_to(measure.constant, few.Y.shape).copy(), few.Y.astype(np.float64))
    scale = _Scale(few)
    fold = folds(few, HELD_OUT, seed)
    is_first = np.array_equal(few.X[fold == 0], X_val) and np.array_equal(few.X[fold != 0], part.X)
    best: Opinion | None = None
    for kind, hidden in (("a linear model", []), (f"one hidden layer of {WIDTH} relu units", [WIDTH])):
        setups = [
            scale.plain(hidden, few.rows(fold != k), few.X[fold == k], few.Y[fold == k], seed) for k in range(HELD_OUT)
        ]
        more = [] if is_first else [scale.plain(hidden, part, X_val, Y_val, seed)]
        parts = [network for network, *_ in train_many([*setups, *more])]
        whole = parts[0] if is_first else parts.pop()
        prediction, losses = np.empty(few.Y.shape), np.empty(len(few.Y))
        for k, network in enumerate(parts):
            prediction[fold == k], losses[fold == k] = scale.read(network, few.X[fold == k], few.Y[fold == k])
        _, losses_val = scale.read(whole, X_val, Y_val)
        opinion = Opinion(
            kind=kind,
            unexplained=measure.unexplained(float(np.average(losses, weights=few.weight))),
            held_out=measure_val.unexplained(float(np.average(losses_val, weights=weight_val))),
            rows=rows,
            prediction=prediction,
            losses=losses,
            constant=constant,
            losses_held=losses_val,
        )
        if best is None or opinion.held_out < best.held_out:
            best = opinion
    assert best is not None
    return best


class _Scale:
    """Scales inputs robustly, and targets that are numbers to mean 0 and variance 1 and back."""

    def __init__(self, setup: Setup) -> None:
        self.loss = setup.network.loss_function
        self.dtype = setup.network.dtype
        self.X = RobustScale(setup.X)
        k = setup.Y.shape[1]
        self.y_mean: Array = np.zeros(k)
        self.y_std: Array = np.ones(k)
        if self.loss.targets == "numbers" and not self.loss.has_link:
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


@dataclass(frozen=True)
class Contradiction:
    """Labels that plain models reject which were not trained on them.

    `wrong`: the rows; `error`: their share; `surest`: their share among the fifth of the rows that the models are surest
    of; `spread`: the standard deviation of the models' log odds ÷ their mean. Wrong labels hit sure predictions as often
    as others, and put a ceiling on how sure a model can be; overlapping classes cause few errors among sure predictions,
    and every degree of sureness.
    """

    wrong: NDArray[np.bool_]
    error: float
    surest: float
    spread: float

    @property
    def evenness(self) -> float:
        """The error among the surest ÷ that of all, less the spread: near 0.5 for overlapping classes, 1 for wrong labels."""
        return self.surest / max(self.error, 1e-12) + 1 - self.spread


def contradicted(opinion: Opinion, labels: NDArray[np.intp]) -> Contradiction:
    """Compare labels with the predictions of the opinion."""
    probability = _by_class(opinion)
    sureness = np.sort(probability, axis=1)
    odds = np.log(np.maximum(sureness[:, -1], 1e-9)) - np.log(np.maximum(sureness[:, -2], 1e-9))
    wrong = probability.argmax(axis=1) != labels
    surest = np.argsort(-sureness[:, -1], kind="stable")[: max(1, len(labels) // 5)]
    spread = float(odds.std() / max(odds.mean(), 1e-12))
    return Contradiction(wrong, float(wrong.mean()), float(wrong[surest].mean()), spread)


def without_contradicted(setup: Setup) -> Remedy:
    """Return the remedy that leaves out the rows whose labels plain models contradict."""
    opinion = second_opinion(setup, setup.with_held_out() or setup)
    keep = np.ones(len(setup.X), dtype=bool)
    keep[opinion.rows[contradicted(opinion, setup.labels[opinion.rows]).wrong]] = False
    return Remedy("leave out the contradicted rows, after a look at them", keep=keep)


def recall_of(opinion: Opinion, labels: NDArray[np.intp], which: int) -> float:
    """Return the share of a class that the plain models find in rows they were not trained on."""
    return float((_by_class(opinion).argmax(axis=1)[labels == which] == which).mean())


def _by_class(opinion: Opinion) -> Array:
    """Return the probability of each class, also of two classes given by one output."""
    probability = opinion.prediction
    return np.hstack([1 - probability, probability]) if probability.shape[1] == 1 else probability


def beats_majority(opinion: Opinion, labels: NDArray[np.intp]) -> bool:
    """True if the opinion's accuracy exceeds the share of the largest class by more than three standard errors."""
    majority = np.bincount(labels).max() / len(labels)
    return 1 - contradicted(opinion, labels).error - majority > 3 * float(
        np.sqrt(majority * (1 - majority) / len(labels))
    )
