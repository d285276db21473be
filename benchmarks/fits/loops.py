"""What the loops in PyTorch and JAX share: data as an estimator prepares them, and L-BFGS by SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
from sklearn.model_selection import train_test_split

from benchmarks.fits.cases import MOST_EPOCHS, TARGET, Fit, arrays, batch_size, images
from benchmarks.workloads import SEED, Array, Workload

ALPHA = 1e-4  # MLPClassifier's penalty


def split(case: Fit) -> tuple[Array, Array, Array | None, Array | None]:
    """Return training and validation rows; a tenth is held out if the case stops early, the test images if it has a target."""
    if case.timed == "target":
        X, y, X_test, y_test = images(case)
        return X, y.astype(np.int64), X_test, y_test
    X, y = arrays(case)
    if not case.settings["early_stopping"]:
        return X, y, None, None
    X, X_held, y, y_held = train_test_split(X, y, test_size=0.1, stratify=y, random_state=SEED)
    return X, y, X_held, y_held


def workload(case: Fit, X: Array, y: Array) -> Workload:
    """The network and the optimizer of the case."""
    classes = int(y.max()) + 1
    sizes = (X.shape[1], *case.settings["hidden_layer_sizes"], 1 if classes == 2 else classes)
    return Workload(case.name, sizes, len(X), batch_size(case, len(X)), dtype=case.dtype)


def targets(y: Array, work: Workload) -> Array:
    """One column of zeros and ones for two classes, else one column a class."""
    if work.sizes[-1] == 1:
        return y[:, None].astype(work.dtype)
    return np.eye(work.sizes[-1], dtype=work.dtype)[y]


def classes_of(Z: Array) -> Array:
    """The classes that outputs before the sigmoid or softmax name."""
    return (Z[:, 0] > 0).astype(int) if Z.shape[1] == 1 else Z.argmax(axis=1)


def epochs_of(case: Fit, epochs: int | None, one: Callable[[], None], score: Callable[[], float] | None) -> int:
    """Train for `epochs` epochs, or until the score reaches TARGET; the held-out score is taken after each.

    An early stopping would end at another epoch with other random numbers, so the number is given: that of glassnet.
    """
    if case.timed != "target":
        for _ in range(epochs or case.settings["max_iter"]):
            one()
            if score is not None:
                score()
        return epochs or case.settings["max_iter"]
    assert score is not None
    for epoch in range(1, MOST_EPOCHS + 1):
        one()
        if score() >= TARGET:
            return epoch
    return MOST_EPOCHS


def lbfgs(case: Fit, value_and_gradient: Callable[[Array], tuple[float, Array]], theta: Any) -> Any:
    """Minimise as MLPClassifier does."""
    options = {"maxfun": 15_000, "maxiter": case.settings["max_iter"], "gtol": 1e-4}
    return scipy.optimize.minimize(value_and_gradient, theta, method="L-BFGS-B", jac=True, options=options)
