"""The estimators' checkpoints: a fit that is interrupted and goes on has the bits of one that never was."""

import os
import signal

import numpy as np
import pytest
from sklearn.base import clone

import glassnet as gn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
y = (X[:, 0] * X[:, 1] > 0).astype(int)

FITS = [
    (gn.MLPClassifier, {}),
    (gn.MLPClassifier, {"early_stopping": True, "n_iter_no_change": 60}),
    (gn.MLPClassifier, {"solver": "sgd", "learning_rate": "adaptive"}),
    (gn.MLPClassifier, {"solver": "sgd", "learning_rate": "invscaling"}),
    (gn.MLPClassifier, {"solver": "adamw", "dropout": 0.2, "shuffle": False}),
    (gn.MLPRegressor, {"solver": gn.RMSprop(0.001), "batch_size": 30}),
]


@pytest.mark.parametrize(
    ("kind", "options"), FITS, ids=lambda given: "-".join(map(str, given))[:40] if isinstance(given, dict) else ""
)
def test_a_fit_goes_on_with_the_bits_of_an_uninterrupted_one(tmp_path, kind, options):
    options = {"hidden_layer_sizes": (7,), "random_state": 3, **options}
    whole = kind(max_iter=60, **options).fit(X, y)
    kind(max_iter=23, checkpoint=gn.Checkpoint(tmp_path, steps=5), **options).fit(X, y)
    steps = gn.Checkpoint(tmp_path).files()
    resumed = kind(max_iter=60, checkpoint=gn.Checkpoint(tmp_path, resume=True), **options).fit(X, y)
    assert len(steps) == 2
    np.testing.assert_array_equal(resumed.network_.theta, whole.network_.theta)
    for name in ("loss_curve_", "validation_scores_", "n_iter_", "t_", "best_loss_", "best_validation_score_", "loss_"):
        assert getattr(resumed, name) == getattr(whole, name), name
        assert type(getattr(resumed, name)) is type(getattr(whole, name)), name


def test_a_fit_that_a_rule_ended_stays_ended(tmp_path):
    options = {"random_state": 0, "tol": 1.0, "n_iter_no_change": 2}
    ended = gn.MLPClassifier((5,), checkpoint=gn.Checkpoint(tmp_path), **options).fit(X, y)
    assert ended.n_iter_ < 10
    again = gn.MLPClassifier((5,), checkpoint=gn.Checkpoint(tmp_path, resume=True), **options).fit(X, y)
    assert again.n_iter_ == ended.n_iter_
    np.testing.assert_array_equal(again.network_.theta, ended.network_.theta)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_sigterm_and_sigkill_in_a_fit(tmp_path):
    options = {"max_iter": 3000, "random_state": 0, "tol": 0.0, "n_iter_no_change": 10**6, "engine": "numpy"}
    whole = gn.MLPClassifier((5,), **options).fit(X, y)
    for number in (signal.SIGTERM, signal.SIGKILL):
        folder = tmp_path / number.name
        child = os.fork()
        if child == 0:
            try:
                gn.MLPClassifier((5,), checkpoint=gn.Checkpoint(folder, steps=50), **options).fit(X, y)
            finally:
                os._exit(0)
        while not gn.Checkpoint(folder).files():
            pass
        os.kill(child, number)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -number
        resumed = gn.MLPClassifier((5,), checkpoint=gn.Checkpoint(folder, resume=True), **options).fit(X, y)
        np.testing.assert_array_equal(resumed.network_.theta, whole.network_.theta)
        assert resumed.loss_curve_ == whole.loss_curve_


def test_what_cannot_be_resumed_is_refused(tmp_path):
    checkpoint = gn.Checkpoint(tmp_path)
    with pytest.raises(gn.InputError, match="random_state: expected a whole number with a checkpoint; got None"):
        gn.MLPClassifier(checkpoint=checkpoint).fit(X, y)
    with pytest.raises(gn.InputError, match="random_state: expected a whole number with a checkpoint; got RandomState"):
        gn.MLPClassifier(checkpoint=checkpoint, random_state=np.random.RandomState(0)).fit(X, y)
    with pytest.raises(gn.InputError, match="checkpoint: expected a stochastic solver; got lbfgs"):
        gn.MLPClassifier(checkpoint=checkpoint, solver="lbfgs", random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="'checkpoint' parameter"):
        gn.MLPClassifier(checkpoint="run", random_state=0).fit(X, y)
    gn.MLPClassifier((5,), checkpoint=checkpoint, random_state=0, max_iter=3).fit(X, y)
    resume = gn.Checkpoint(tmp_path, resume=True)
    with pytest.raises(gn.InputError, match="got engine numpy"):
        gn.MLPClassifier((5,), checkpoint=resume, random_state=0, max_iter=3, engine="numpy").fit(X, y)
    with pytest.raises(gn.InputError, match="expected the run that is saved there, with its l2"):
        gn.MLPClassifier((5,), checkpoint=resume, random_state=0, max_iter=3, alpha=0.5).fit(X, y)


def test_a_clone_has_the_checkpoint_and_a_model_file_has_not(tmp_path):
    model = gn.MLPClassifier((5,), checkpoint=gn.Checkpoint(tmp_path / "run"), random_state=0, max_iter=3).fit(X, y)
    assert clone(model).checkpoint == model.checkpoint
    gn.save(model, tmp_path / "model.safetensors")
    assert gn.load(tmp_path / "model.safetensors").checkpoint is None
