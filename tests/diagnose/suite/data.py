"""The suite's data sets: small, scaled, split by the seed; classifications, regressions and counts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import datasets


@dataclass(frozen=True)
class Data:
    """Rows to train on and rows to hold back, inputs (and a regression's targets) standardised by the former."""

    name: str
    X: Any
    y: Any
    X_test: Any
    y_test: Any
    output: str
    outputs: int

    @property
    def d(self):
        return self.X.shape[1]

    @property
    def classes(self):
        return {"sigmoid": 2, "softmax": self.outputs}.get(self.output, 0)


def _moons(rng):
    return datasets.make_moons(400, noise=0.2, random_state=rng), "sigmoid"


def _circles(rng):
    return datasets.make_circles(400, noise=0.08, factor=0.5, random_state=rng), "sigmoid"


def _xor(rng):
    X = rng.uniform(-1, 1, size=(400, 2))
    return (X, (X[:, 0] * X[:, 1] > 0).astype(int)), "sigmoid"


def _blobs(rng):
    centers = 3 * np.array([[np.cos(a), np.sin(a), np.cos(2 * a)] for a in np.arange(5) * 2 * np.pi / 5])
    return datasets.make_blobs(500, centers=centers, cluster_std=0.9, random_state=rng), "softmax"


def _digits(rng):
    X, y = datasets.load_digits(return_X_y=True)
    rows = rng.permutation(len(X))[:700]
    return (X[rows] / 16, y[rows]), "softmax"


def _iris(rng):
    return datasets.load_iris(return_X_y=True), "softmax"


def _wine(rng):
    return datasets.load_wine(return_X_y=True), "softmax"


def _breast_cancer(rng):
    return datasets.load_breast_cancer(return_X_y=True), "sigmoid"


def _diabetes(rng):
    return datasets.load_diabetes(return_X_y=True), "identity"


def _friedman(rng):
    return datasets.make_friedman1(400, noise=1.0, random_state=rng), "identity"


def _sine(rng):
    X = rng.uniform(-3, 3, size=(300, 1))
    return (X, np.sin(2 * X[:, 0]) + 0.1 * rng.normal(size=300)), "identity"


def _plane(rng):
    X = rng.normal(size=(300, 4))
    W = rng.normal(size=(4, 2))
    return (X, np.tanh(X @ W) + 0.1 * rng.normal(size=(300, 2))), "identity"


def _counts(rng):
    X = rng.normal(size=(500, 3))
    return (X, rng.poisson(np.exp(0.8 * X[:, 0] - 0.5 * X[:, 1] ** 2 + 0.7))), "exponential"


MAKERS = {
    maker.__name__[1:]: maker
    for maker in (
        *(_moons, _circles, _xor, _blobs, _digits, _iris, _wine, _breast_cancer),
        *(_diabetes, _friedman, _sine, _plane, _counts),
    )
}


def load_plain(name, seed):
    """The data set `name` with noise, choice of rows and split by `seed`."""
    rng = np.random.RandomState(seed)
    (X, y), output = MAKERS[name](rng)
    order = rng.permutation(len(X))
    test, train = order[: len(X) // 4], order[len(X) // 4 :]
    mean, std = X[train].mean(axis=0), X[train].std(axis=0)
    if name == "digits":
        mean, std = X[train].mean(), X[train].std()
    X = (X - mean) / np.where(std > 0, std, 1)
    if output == "identity":
        y = (y - y[train].mean(axis=0)) / y[train].std(axis=0)
    outputs = len(np.unique(y)) if output == "softmax" else 1 if y.ndim == 1 else y.shape[1]
    return Data(name, X[train], y[train], X[test], y[test], output, outputs)
