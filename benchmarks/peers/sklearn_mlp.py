"""scikit-learn as a peer: MLPClassifier with its own solver and the same hyper-parameters.

It shuffles with its own generator, so its batches differ from all others'. For the comparison of losses only, it gets
the rows in glassnet's order of the first epoch and does not shuffle.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.contender import Stopwatch, Timing
from benchmarks.workloads import SEED, Array, Workload


class SklearnMLP:
    """Calls `fit` with warm_start from the workload's initial parameters, without penalty or stopping rule."""

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload = workload
        self.detail = f"scikit-learn {sklearn.__version__}, {workload.optimizer}"
        self.X, Y = workload.data
        self.y = Y[:, 0].astype(int) if workload.sizes[-1] == 1 else Y.argmax(axis=1)
        self.start = workload.network()
        self.model = MLPClassifier(
            hidden_layer_sizes=workload.sizes[1:-1],
            activation="relu",
            solver=workload.optimizer,
            alpha=0.0,
            batch_size=workload.batch_size,
            learning_rate_init=workload.learning_rate,
            momentum=0.0,
            nesterovs_momentum=False,
            max_iter=1,
            tol=0.0,
            n_iter_no_change=10**9,
            warm_start=True,
            random_state=SEED,
        )
        classes = max(workload.sizes[-1], 2)
        rows = np.resize(self.X, (max(workload.batch_size, classes), workload.sizes[0]))
        self.fit(rows, np.resize(np.arange(classes), len(rows)), 1)  # only to allocate the parameters
        self.reset()
        if workload.kind == "training":
            self.check()

    def reset(self) -> None:
        for layer in self.start.W:
            self.model.coefs_[layer - 1][...] = self.start.W[layer]
            self.model.intercepts_[layer - 1][...] = self.start.b[layer]

    def fit(self, X: Array, y: Array, epochs: int) -> None:
        self.model.max_iter = epochs
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.fit(X, y)

    def check(self) -> None:
        """Train check_epochs on glassnet's batches; keep the parameters for `theta`."""
        order = self.workload.order(0)
        self.model.shuffle = False
        self.reset()
        self.fit(self.X[order], self.y[order], self.workload.check_epochs)
        self.model.shuffle = True
        layers = zip(self.model.coefs_, self.model.intercepts_, strict=True)
        self.checked = np.concatenate([part.ravel() for layer in layers for part in layer])

    def train(self, epochs: int) -> Timing:
        self.reset()
        with Stopwatch() as watch:
            self.fit(self.X, self.y, epochs)
        return watch.timing(epochs * self.workload.steps_per_epoch)

    def theta(self) -> Array:
        return self.checked

    def predictor(self) -> Callable[[], Any]:
        return lambda: self.model.predict_proba(self.X)
