"""Two plain predictions beside a network: the best constant, and a linear model trained on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
PATIENCE = 20
LOWER_IS_BETTER = {"log_loss", "rmse", "mae"}


@dataclass(frozen=True, eq=False)
class Baselines:
    """A constant prediction, class shares (classes,) or a mean (), and a linear model in the units of the network."""

    constant: Array
    linear: Network

    def predict(self, X: Any) -> dict[str, Array]:
        """Return the predictions of both for inputs X (n, d): probabilities (n, classes) or numbers (n,)."""
        linear = self.linear.predict_proba(X) if self.constant.ndim else self.linear.predict(X)
        return {"constant": np.broadcast_to(self.constant, (X.shape[0], *self.constant.shape)), "linear": linear}


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
    """Fit both on the rows X, y: the linear model has the output and the loss of `like` and no hidden layer.

    Adam lowers its loss with a penalty of l2 = 1/n; with `validation` it stops early as a network does.
    """
    n = X.shape[0]
    last = like.activations[like.n_layers]
    linear = Network([X.shape[1], like.sizes[-1]], output=last, loss=like.loss_function, init="zeros", dtype=like.dtype)
    batch = int(np.clip(n // BATCHES, min(n, 32), 512))
    train(
        linear,
        X,
        y,
        sample_weight=weight,
        validation=validation,
        optimizer=Adam(RATE),
        schedule=Cosine(),
        batch_size=batch,
        epochs=max(10, round(STEPS * batch / n)),
        l2=1 / n,
        early_stopping=None if validation is None else EarlyStopping(PATIENCE, 0.0),
        seed=seed,
        n_threads=1,
    )
    if classes is None:
        return Baselines(np.asarray(np.average(y, weights=weight)), linear)
    shares = np.bincount(y, weights=weight, minlength=classes)
    return Baselines(shares / shares.sum(), linear)


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
