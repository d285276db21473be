"""Two plain predictions beside a network: the best constant, and a linear model trained on the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import NonFiniteError
from glassnet.network.network import Network
from glassnet.tables.report.measures import resample, scores, spread
from glassnet.training.job import EarlyStopping
from glassnet.training.optimizers import Adam
from glassnet.training.schedules import Cosine
from glassnet.training.train import train

Array = NDArray[Any]

STEPS = 3_000  # of Adam, about
RATE = 0.01
BATCHES = 50  # an epoch
LEAST_EPOCHS = 10
MOST_WORK = 5e9  # multiply-adds forwards
PATIENCE = 20
LOWER_IS_BETTER = {"log_loss", "rmse", "mae"}


@dataclass(frozen=True, eq=False)
class Baselines:
    """A constant prediction, class shares (classes,) or a mean (), and a linear model of (target − mean)/scale."""

    constant: Array
    linear: Network
    mean: float = 0.0
    scale: float = 1.0

    def predict(self, X: Any) -> dict[str, Array]:
        """Return the predictions of both for inputs X (n, d): probabilities (n, classes), or numbers (n,) of the target."""
        constant = np.broadcast_to(self.constant, (X.shape[0], *self.constant.shape))
        if self.constant.ndim:
            return {"constant": constant, "linear": self.linear.predict_proba(X).astype(np.float64)}
        return {"constant": constant, "linear": self.linear.predict(X).astype(np.float64) * self.scale + self.mean}


def fit_baselines(
    like: Network,
    X: Any,
    y: Array,
    weight: Array | None = None,
    *,
    classes: int | None = None,
    validation: tuple[Any, Array] | None = None,
    seed: int = 0,
) -> Baselines:
    """Fit both on inputs X (n, d) and y (n,), class indices or numbers in the target's units.

    The linear model has the output and the loss of the network `like` and no hidden layer. Adam lowers its loss with a
    penalty of l2 = 1/n; with `validation`, a pair like X and y, it stops early as a network does.
    """
    n = X.shape[0]
    mean, scale = 0.0, 1.0
    if classes is None and like.loss_function.targets == "numbers":
        mean, scale = float(np.average(y, weights=weight)), float(np.std(y)) or 1.0
    output = like.activations[like.n_layers]
    linear = Network(
        [X.shape[1], like.sizes[-1]], output=output, loss=like.loss_function, init="zeros", dtype=like.dtype
    )
    batch = int(np.clip(n // BATCHES, min(n, 32), 512))

    def targets(values: Array) -> Array:
        return values if classes is not None else (values - mean) / scale

    with suppress(NonFiniteError):  # the weights before it are kept
        train(
            linear,
            X,
            targets(y),
            sample_weight=weight,
            validation=None if validation is None else (validation[0], targets(validation[1])),
            optimizer=Adam(RATE),
            schedule=Cosine(),
            batch_size=batch,
            epochs=max(LEAST_EPOCHS, min(round(STEPS * batch / n), round(MOST_WORK / (n * linear.n_parameters)))),
            l2=1 / n,
            early_stopping=None if validation is None else EarlyStopping(PATIENCE, 0.0),
            seed=seed,
            n_threads=1,
        )
    if classes is None:
        return Baselines(np.asarray(np.average(y, weights=weight)), linear, mean, scale)
    shares = np.bincount(y, weights=weight, minlength=classes)
    return Baselines(shares / shares.sum(), linear)


def cross_fit_baselines(
    like: Network,
    X: Any,
    y: Array,
    folds: Iterable[tuple[Array, Array]],
    weight: Array | None = None,
    *,
    classes: int | None = None,
    seed: int = 0,
) -> dict[str, Array]:
    """Return the predictions of both for the rows held out in turn, those of one fold after those of the other.

    `folds` are pairs (rows to train on, rows held out); the latter stop the training early, as they do for a network.
    """
    answers: dict[str, list[Array]] = {"constant": [], "linear": []}
    for rows, held_out in folds:
        fitted = fit_baselines(
            like,
            X[rows],
            y[rows],
            None if weight is None else weight[rows],
            classes=classes,
            validation=(X[held_out], y[held_out]),
            seed=seed,
        )
        for name, answer in fitted.predict(X[held_out]).items():
            answers[name].append(answer)
    return {name: np.concatenate(parts) for name, parts in answers.items()}


def compare(predicted: Array, others: Mapping[str, Array], y: Array, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Measure other predictions for the rows of `predicted`, and by how much `predicted` is better.

    `predicted` and each of `others` are probabilities (n, classes) or numbers (n,). "ahead" has for each measure [the
    difference, its standard deviation]: over the same bootstrap resamples of the rows, so that what makes rows hard for
    both cancels; it is positive where `predicted` is better.
    """
    own, own_resampled = scores(predicted, y), resample(predicted, y, seed)
    compared = {}
    for name, other in others.items():
        other = np.asarray(other, np.float64)
        measured, resampled = scores(other, y), resample(other, y, seed)
        deviations = spread({key: own_resampled[key] - values for key, values in resampled.items()})
        ahead = {
            key: [(measured[key] - own[key]) * (1 if key in LOWER_IS_BETTER else -1), deviation]
            for key, deviation in deviations.items()
        }
        compared[name] = {"rows": len(y), **measured, "uncertainty": spread(resampled), "ahead": ahead}
    return compared
