"""Scores that early stopping watches: scikit-learn's figures, and the rule that keeps the best parameters."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

import glassnet as gn
from glassnet.network.engines import ENGINES
from glassnet.training.job import EarlyStopping, Record, State
from glassnet.training.run import Run
from glassnet.training.scores import SCORES

RNG = np.random.default_rng(0)
WEIGHTS = [None, RNG.uniform(0, 2, 40)]


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
def test_scores_are_those_of_scikit_learn(weight):
    output = RNG.normal(0.5, 1, (40, 3))
    classes = RNG.integers(0, 3, 40)
    expected = accuracy_score(classes, output.argmax(axis=1), sample_weight=weight)
    assert SCORES["accuracy"](output, np.eye(3)[classes], weight) == pytest.approx(expected, rel=1e-14)
    labels = np.where(RNG.random((40, 3)) < 0.8, output > 0.5, output <= 0.5)
    expected = accuracy_score(labels, output > 0.5, sample_weight=weight)
    assert 0.3 < expected < 0.8
    assert SCORES["exact_match"](output, labels.astype(float), weight) == pytest.approx(expected, rel=1e-14)
    for Y in (RNG.normal(size=(40, 3)), np.ones((40, 3)), np.column_stack([output[:, :2], np.ones(40)])):
        expected = r2_score(Y, output, sample_weight=weight)
        assert SCORES["r_squared"](output, Y, weight) == pytest.approx(expected, rel=1e-14)
    assert SCORES["r_squared"](np.ones((40, 1)), np.ones((40, 1)), weight) == 1
    assert np.isnan(SCORES["r_squared"](np.full((40, 1), np.inf), np.ones((40, 1)), weight))


def job_and_state(score, hidden=30, weight=None, dtype="float64", patience=5):
    """A job that overfits noise, so that the score rises and falls."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((70, 5))
    y = X[:, 0] + 0.8 * rng.standard_normal(70)
    classes = np.digitize(y, [-0.5, 0.5])
    settings = {
        "accuracy": ({"output": "softmax", "loss": "categorical_cross_entropy"}, 3, classes),
        "exact_match": ({"output": "sigmoid", "loss": "binary_cross_entropy"}, 2, classes[:, None] > [0, 1]),
        "r_squared": ({}, 2, np.stack([y, y**2], axis=1)),
    }
    options, k, targets = settings[score]
    network = gn.Network([5, hidden, k], seed=0, dtype=dtype, **options)
    rule = EarlyStopping(patience, 0.001)
    train, held = slice(0, 30), slice(30, 70)
    validation = (X[held], targets[held], *([] if weight is None else [weight]))
    run = Run(network, X[train], targets[train], epochs=300, batch_size=8, validation=validation, early_stopping=rule)
    return replace(run.job, watch=score), State("Adam", run.state.slots)


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("hidden", [30, 150], ids=["small", "wide"])
@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
@pytest.mark.parametrize("score", SCORES)
def test_the_best_score_ends_a_run_and_keeps_its_parameters(score, weight, hidden, engine, compiled_engine):
    job, state = job_and_state(score, hidden, weight)
    record = Record()
    ENGINES[engine].run(job, state, record, 300)
    scores = record.validation_score
    assert len(scores) == len(record.loss) == len(record.validation_loss) < 300
    assert record.stopped == "no improvement for 5 epochs"
    # scikit-learn's rule
    best, stale = -np.inf, 0
    for epoch, value in enumerate(scores, 1):
        assert stale < 5
        stale = stale + 1 if value < best + 0.001 else 0
        if value > best:
            best, best_epoch = value, epoch
    assert (state.stale, state.best_epoch, state.best_loss) == (stale, best_epoch, -best)
    X, Y, weight = job.validation
    net = job.network.with_theta(state.best_theta)
    assert SCORES[score](net.forward(X).output, Y, weight) == pytest.approx(best, rel=1e-12)
    # as many epochs by themselves end at the same parameters
    again, place = job_and_state(score, hidden, weight)
    ENGINES[engine].run(again, place, Record(), best_epoch)
    assert (again.network.theta == state.best_theta).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("hidden", [30, 150], ids=["small", "wide"])
@pytest.mark.parametrize("score", SCORES)
def test_the_engines_measure_the_same(score, hidden, dtype, compiled_engine):
    records = []
    for engine in ("numpy", "native"):
        for weight in WEIGHTS:
            job, state = job_and_state(score, hidden, weight, dtype)
            record = Record()
            ENGINES[engine].run(replace(job, early_stopping=None), state, record, 6)
            records.append((record.validation_loss, record.validation_score))
    tolerance = 1e-11 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(records[2:], records[:2], rtol=tolerance, atol=tolerance)
    assert records[0] != records[1]


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_a_run_in_pieces_keeps_the_same_best_parameters(engine, compiled_engine):
    job, state = job_and_state("r_squared")
    record = Record()
    ENGINES[engine].run(job, state, record, 300)
    pieces, place = job_and_state("r_squared")
    in_pieces = Record()
    while not in_pieces.stopped:
        ENGINES[engine].run(pieces, place, in_pieces, 1, until=place.step + 3)
    assert in_pieces == record
    assert (place.best_theta == state.best_theta).all()
    assert (place.stale, place.best_loss, place.best_epoch) == (state.stale, state.best_loss, state.best_epoch)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_the_training_loss_can_be_watched_beside_validation_data(engine, compiled_engine):
    job, state = job_and_state("r_squared")
    record = Record()
    ENGINES[engine].run(replace(job, watch="training_loss"), state, record, 20)
    assert state.best_loss == min(record.loss)
    assert len(record.validation_loss) == 20
    assert record.validation_score == []
