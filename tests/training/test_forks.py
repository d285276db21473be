"""Forks of a History: resumed, copied, pickled, looked at, explained, diagnosed; the original never changes."""

import copy
import pickle
import threading
import warnings

import numpy as np
import pytest

import glassnet as gn
from glassnet.native.engine import load_module

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4))
Y = (X[:, 0] + 0.5 * RNG.normal(size=90) > 0).astype(int)
OPTIONS = {
    "optimizer": gn.Adam(learning_rate=0.02),
    "epochs": 12,
    "batch_size": 16,
    "dropout": 0.1,
    "validation": (X[60:], Y[60:]),
    "early_stopping": gn.EarlyStopping(patience=1000),
}


def trained(engine, **changes):
    net = gn.Network([4, 20, 1], output="sigmoid", seed=1)
    return net, gn.train(net, X[:60], Y[:60], engine=engine, **{**OPTIONS, **changes})


def resume(net, history, engine):
    gn.train(net.copy(), X[:60], Y[:60], resume=history, engine=engine, **{**OPTIONS, "epochs": 30})


def resume_a_copy(net, history, engine):
    resume(net, copy.copy(history), engine)


def resume_a_deep_copy(net, history, engine):
    resume(net, copy.deepcopy(history), engine)


def resume_an_unpickled_one(net, history, engine):
    resume(net, pickle.loads(pickle.dumps(history)), engine)


def go_on_from_a_step(net, history, engine):
    history.at(step=13).advance()


def go_on_from_an_epoch(net, history, engine):
    history.at(epoch=5).advance().restore_best()


def explain_a_step(net, history, engine):
    str(gn.explain(history.at(step=7)))


def diagnose_it(net, history, engine):
    str(gn.examine(history))


def go_on_from_a_copy_of_the_run(net, history, engine):
    copy.copy(history.run).restore_best().advance()


def measure_again(net, history, engine):
    history.run.history()
    history.run.batch(), history.run.trace(), history.run.gradient()


FORKS = [
    resume,
    resume_a_copy,
    resume_a_deep_copy,
    resume_an_unpickled_one,
    go_on_from_a_step,
    go_on_from_an_epoch,
    explain_a_step,
    diagnose_it,
    go_on_from_a_copy_of_the_run,
    measure_again,
]


def file_of(net, history, path):
    gn.save((net, history), path)
    return path.read_bytes()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_hundred_forks_change_nothing(engine, tmp_path):
    net, history = trained(engine)
    assert history.best_epoch is not None
    before = file_of(net, history, tmp_path / "before.safetensors"), pickle.dumps(history), net.theta.tobytes()
    for number in np.random.default_rng(1).permutation(np.repeat(np.arange(len(FORKS)), 5)):
        FORKS[number](net, history, engine)
        after = file_of(net, history, tmp_path / "after.safetensors"), pickle.dumps(history), net.theta.tobytes()
        assert after == before, FORKS[number].__name__


@pytest.mark.parametrize("engine", ENGINES)
def test_history_reads_and_changes_nothing(engine):
    net = gn.Network([4, 20, 1], output="sigmoid", seed=1)
    run = gn.Run(net, X[:60], Y[:60], engine=engine, **{**OPTIONS, "epochs": 60}).advance(epochs=30)
    theta, gradient = net.theta.copy(), run.gradient().flat.copy()
    early = run.history()
    assert early.best_epoch < 30
    assert np.array_equal(net.theta, theta)
    assert np.array_equal(run.gradient().flat, gradient)
    kept = pickle.dumps(early)
    run.advance()
    assert pickle.dumps(early) == kept
    assert (early.epochs, early.steps, early.state.step) == (30, 120, 120)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_best_parameters_come_and_go(engine):
    whole, run_net = (gn.Network([4, 20, 1], output="sigmoid", seed=1) for _ in range(2))
    history = gn.train(whole, X[:60], Y[:60], engine=engine, **{**OPTIONS, "epochs": 60})
    run = gn.Run(run_net, X[:60], Y[:60], engine=engine, **{**OPTIONS, "epochs": 60}).advance(epochs=40)
    run.restore_best().advance().restore_best()
    assert np.array_equal(run_net.theta, whole.theta)
    assert run_net.loss(X[60:], Y[60:]) == pytest.approx(history.validation_loss.min(), rel=1e-12)
    assert history.best_epoch == 1 + int(np.argmin(history.validation_loss))


def test_a_run_without_the_rule_restores_nothing():
    net = gn.Network([4, 20, 1], output="sigmoid", seed=1)
    rule = gn.EarlyStopping(patience=1000, restore_best=False)
    run = gn.Run(net, X[:60], Y[:60], **{**OPTIONS, "early_stopping": rule}).advance()
    theta = net.theta.copy()
    assert run.restore_best().history().best_epoch is None
    assert np.array_equal(net.theta, theta)


@pytest.mark.parametrize(("optimizer", "slots"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_a_pickled_history_is_as_large_as_what_it_must_hold(optimizer, slots):
    net = gn.Network([100, 200, 1], output="sigmoid", seed=1)
    history = gn.train(net, RNG.normal(size=(64, 100)), RNG.integers(0, 2, 64), epochs=3, optimizer=optimizer)
    assert len(pickle.dumps(history)) < slots * net.theta.nbytes + 4000


@pytest.mark.parametrize("engine", ENGINES)
def test_the_arrays_of_a_state_are_not_written_into(engine):
    net, history = trained(engine)
    run = gn.Run(net, X[:60], Y[:60], engine=engine, resume=history, **OPTIONS)
    slots = run.state.slots
    kept = slots.copy()
    run.advance(epochs=3)
    assert np.array_equal(slots, kept)
    assert not np.array_equal(run.state.slots, kept)


def test_an_epoch_left_by_smaller_batches_begins_anew():
    run = gn.Run(gn.Network([4, 5, 1], seed=0), X[:60], Y[:60], epochs=2, batch_size=10).advance(steps=8)
    resumed = gn.Run(run.network, X[:60], Y[:60], epochs=2, batch_size=20, resume=run.history())
    assert (resumed.state.epoch, resumed.state.batch, resumed.state.epoch_weight) == (1, 0, 0.0)
    same = gn.Run(run.network, X[:60], Y[:60], epochs=2, batch_size=10, resume=run.history())
    assert (same.state.batch, same.state.epoch_weight) == (2, 20.0)


# --- L-BFGS -----------------------------------------------------------------------------------------------------


def lbfgs(**options):
    return gn.Run(gn.Network([4, 8, 1], output="sigmoid", seed=1), X, Y, optimizer="lbfgs", epochs=20, **options)


def test_lbfgs_in_pieces_is_the_whole_run():
    whole, pieces = lbfgs(validation=(X, Y)).advance(), lbfgs(validation=(X, Y))
    for epochs in (5, 1, 5, 9):
        pieces.advance(epochs=epochs)
    assert np.array_equal(pieces.network.theta, whole.network.theta)
    assert pieces.record == whole.record or repr(pieces.record) == repr(whole.record)  # its rates are nan
    assert len(pieces.record.loss) == len(pieces.record.validation_loss) == 20
    assert pieces.history().steps == whole.history().steps
    for epoch in (3, 7, 20):
        assert np.array_equal(pieces.at(epoch=epoch).network.theta, whole.at(epoch=epoch).network.theta)


def test_lbfgs_refuses_to_go_on_from_parameters_changed_by_hand():
    run = lbfgs().advance(epochs=4)
    run.network.theta += 0.1
    with pytest.raises(gn.InputError, match="start a new run"):
        run.advance(epochs=2)


# --- stopping from another thread -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_is_stopped_from_another_thread_at_a_step(engine):
    whole, net = (gn.Network([4, 30, 1], output="sigmoid", seed=1) for _ in range(2))
    options = {"epochs": 10**6, "batch_size": 16, "engine": engine}
    run = gn.Run(net, X, Y, **options)
    timer = threading.Timer(0.2, run.stop.set)
    timer.start()
    run.advance()
    timer.join()
    assert 0 < run.step < 10**6
    assert len(run.record.loss) == run.epoch
    reached = gn.Run(whole, X, Y, **options).advance(steps=run.step)
    assert np.array_equal(net.theta, whole.theta)
    assert np.array_equal(reached.state.slots, run.state.slots)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run.history().stopped == "not finished"
