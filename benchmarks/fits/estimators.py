"""MLPClassifier, glassnet's and scikit-learn's."""

from __future__ import annotations

import warnings
from typing import Any

import sklearn.neural_network
from sklearn.exceptions import ConvergenceWarning

import glassnet
from benchmarks.contender import Stopwatch
from benchmarks.fits.cases import MOST_EPOCHS, TARGET, Fit, arrays, batch_size, images
from benchmarks.series import Sample
from benchmarks.workloads import SEED

MODULES = {"glassnet": glassnet, "scikit-learn": sklearn.neural_network}
PREDICTIONS = 20


def fit(name: str, case: Fit, epochs: int | None = None) -> Sample:
    """Time the case's fit, calls of partial_fit or of predict; `epochs` is for the loops, which do not stop themselves."""
    if case.limit is not None:
        _limit(case.limit)
    X, y = arrays(case)
    model = MODULES[name].MLPClassifier(random_state=SEED, **dict(case.options))
    epochs = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if case.timed == "predict":
            model.fit(X, y)
        with Stopwatch() as watch:
            if case.timed == "fit":
                model.fit(X, y)
            elif case.timed == "partial_fit":
                _in_parts(model, case, X, y)
            elif case.timed == "predict":
                for _ in range(PREDICTIONS):
                    model.predict(X)
            else:
                epochs = _to_target(model, case, X, y)
    told: dict[str, Any] = {"epochs": epochs or model.n_iter_, "score": round(model.score(X[:10_000], y[:10_000]), 4)}
    if case.limit is not None:
        told["GB"] = round(_resident(), 2)
    calls = PREDICTIONS if case.timed == "predict" else 1
    return Sample(watch.wall / calls, watch.cpu / calls, told)


def _in_parts(model: Any, case: Fit, X: Any, y: Any) -> None:
    size = batch_size(case, len(y))
    for first in range(0, len(y), size):
        model.partial_fit(X[first : first + size], y[first : first + size], classes=[0, 1])


def _to_target(model: Any, case: Fit, X: Any, y: Any) -> int:
    """One epoch a call, until enough of the test images are right; returns the epochs."""
    _, _, X_test, y_test = images(case)
    for epoch in range(1, MOST_EPOCHS + 1):
        model.partial_fit(X, y, classes=range(10))
        if model.score(X_test, y_test) >= TARGET:
            return epoch
    return MOST_EPOCHS


def _limit(gigabytes: float) -> None:
    """Let the process fail, rather than the machine, when it asks for more memory."""
    import resource  # not on Windows

    most = int(gigabytes * 1e9)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _resident() -> float:
    """The most memory that the process has had in use, in GB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
