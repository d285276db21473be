"""Ctrl-C during fit: the estimator keeps its finished epochs, as scikit-learn's does."""

import os
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import sklearn.neural_network

import glassnet as gn

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to this process")
X = np.random.default_rng(0).normal(size=(20_000, 20))
Y = (X[:, 0] > 0).astype(int)


def interrupted(estimator, seconds):
    """Fit, and press Ctrl-C after some time; returns the messages of the warnings."""
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.fit(X, Y)
    return [str(warning.message) for warning in caught]


OPTIONS = [
    {},
    {"early_stopping": True, "n_iter_no_change": 10**6},
    {"solver": "sgd", "learning_rate": "adaptive"},
    {"engine": "numpy"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_fit_keeps_its_finished_epochs(options):
    common = {"hidden_layer_sizes": (40,), "random_state": 0, "tol": 0.0, "n_iter_no_change": 10**6, "max_iter": 10**5}
    estimator = gn.MLPClassifier(**{**common, **options})
    began = time.perf_counter()
    messages = interrupted(estimator, 1.5)
    assert time.perf_counter() - began < 20
    assert messages == ["Training interrupted by user."]
    epochs = estimator.n_iter_
    assert 0 < epochs < 10**5
    assert len(estimator.loss_curve_) == epochs
    assert estimator.t_ == epochs * (18_000 if options.get("early_stopping") else 20_000)
    assert estimator.loss_ == estimator.loss_curve_[-1]
    if options.get("early_stopping"):
        assert len(estimator.validation_scores_) == epochs
    few = min(epochs, 3)
    whole = gn.MLPClassifier(**{**common, **options, "max_iter": few})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole.fit(X, Y)
    assert whole.loss_curve_ == estimator.loss_curve_[:few]
    assert np.isfinite(estimator.predict_proba(X[:9])).all()


def test_scikit_learn_keeps_the_same():
    """What the test above asserts of ours holds for the class it stands in for."""
    estimator = sklearn.neural_network.MLPClassifier(
        (40,), random_state=0, tol=0.0, n_iter_no_change=10**6, max_iter=10**5
    )
    assert interrupted(estimator, 2.5) == ["Training interrupted by user."]
    assert len(estimator.loss_curve_) == estimator.n_iter_


def test_partial_fit_after_an_interrupted_fit_begins_an_epoch():
    estimator = gn.MLPClassifier(
        (40,), random_state=0, max_iter=10**5, tol=0.0, n_iter_no_change=10**6, keep_optimizer=True
    )
    interrupted(estimator, 1.0)
    epochs = len(estimator.loss_curve_)
    estimator.partial_fit(X[:300], Y[:300])
    assert len(estimator.loss_curve_) == epochs + 1
