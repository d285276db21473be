"""`rows=`: a run on some rows of X is, bit for bit, the run on X[rows]."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.native.engine import load_module
from glassnet.training.run import Run

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = RNG.uniform(0.5, 2, size=60)
MASK = np.arange(60) % 3 != 1

CHOICES = {
    "mask": MASK,
    "numbers": np.flatnonzero(MASK)[::-1].astype(np.int32),
    "as many as X has, some twice": RNG.integers(0, 60, size=60),
    "list": [5, 3, 8, 9],
}
SETUPS = {
    "all rows in a step": {"optimizer": "sgd", "epochs": 5},
    "batches, dropout": {"optimizer": "adam", "epochs": 4, "batch_size": 7, "dropout": 0.3, "seed": 3},
    "batches in order": {"optimizer": "momentum", "epochs": 4, "batch_size": 7, "shuffle": False},
    "validation": {"epochs": 6, "batch_size": 8, "validation": (X[:20], Y[:20])},
    "lbfgs": {"optimizer": "lbfgs", "epochs": 4},
}


def network(width, dtype="float64"):
    return gn.Network([4, width, 1], hidden="tanh", output="sigmoid", seed=3, dtype=dtype)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weights"])
@pytest.mark.parametrize("options", SETUPS.values(), ids=SETUPS)
@pytest.mark.parametrize("rows", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("width", [6, 140], ids=["small", "wide"])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_run_is_that_of_a_copy_of_the_rows(engine, width, rows, options, weight):
    chosen, copied = network(width), network(width)
    history = gn.train(chosen, X, Y, rows=rows, sample_weight=weight, engine=engine, **options)
    weight = None if weight is None else weight[rows]
    expected = gn.train(copied, X[rows], Y[rows], sample_weight=weight, engine=engine, **options)
    assert np.array_equal(chosen.theta, copied.theta)
    assert np.array_equal(history.loss, expected.loss)
    assert history.steps == expected.steps


def test_a_batch_names_rows_of_X_and_X_is_not_copied():
    inputs = np.ascontiguousarray(X)
    run = Run(network(6), inputs, Y, rows=MASK, batch_size=7).advance(steps=9)
    batch = run.batch()
    assert run.job.X is inputs
    assert MASK[batch.rows].all()
    assert np.array_equal(batch.X, X[batch.rows])
    assert run.at(step=9).batch().rows.tolist() == batch.rows.tolist()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_overflow_is_reported_as_on_the_rows_alone(engine):
    options = {"optimizer": gn.SGD(1e200), "engine": engine, "batch_size": 8, "epochs": 4}
    with pytest.raises(gn.NonFiniteError) as expected:
        gn.train(gn.Network([4, 3, 1], hidden="relu", seed=0), X[MASK], X[MASK, 0], **options)
    with pytest.raises(gn.NonFiniteError) as caught:
        gn.train(gn.Network([4, 3, 1], hidden="relu", seed=0), X, X[:, 0], rows=MASK, **options)
    assert str(caught.value) == str(expected.value)


def test_diagnosis_looks_at_these_rows_only():
    history = gn.train(network(6), X, Y, rows=MASK, epochs=30, batch_size=8)
    expected = gn.train(network(6), X[MASK], Y[MASK], epochs=30, batch_size=8)
    seen, alone = gn.examine(history), gn.examine(expected)
    assert [look.loss for look in seen.looks] == [look.loss for look in alone.looks]
    assert (seen.findings, seen.rows) == (alone.findings, alone.rows)
    seen, alone = (
        gn.diagnose(network(6), X, Y, rows=MASK, epochs=5),
        gn.diagnose(network(6), X[MASK], Y[MASK], epochs=5),
    )
    assert [look.loss for look in seen.looks] == [look.loss for look in alone.looks]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones(59, bool), r"rows: expected \(60,\) booleans or \(m,\) row numbers; got bool of shape \(59,\)"),
        (np.zeros(60, bool), "rows: expected at least one row; got none"),
        ([], "rows: expected at least one row; got none"),
        ([0.5], "got float64 of shape"),
        ([[1], [2]], r"of shape \(2, 1\)"),
        ([3, 60], "rows: expected row numbers 0 … 59; got 60"),
        ([3, -1], "got -1"),
        (7, r"of shape \(\)"),
        ([[1, 2], [3]], r"got object of shape \(\)"),
    ],
)
def test_rows_that_are_none_of_X_are_refused(rows, message):
    with pytest.raises(gn.InputError, match=message):
        gn.train(network(6), X, Y, rows=rows)


def test_rows_without_weight_are_refused():
    with pytest.raises(gn.InputError, match="rows: expected a row with a sample_weight above 0; got none"):
        gn.train(network(6), X, Y, rows=[1, 2], sample_weight=np.arange(60) > 5)
