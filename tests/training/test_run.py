"""A run cut into pieces, looked at, and returned to: always the bits of the whole run."""

import inspect
import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array

import glassnet as gn
from glassnet.native.engine import load_module
from glassnet.training.run import Run

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = RNG.uniform(0.5, 2, size=50)

SETUPS = {
    "sgd, one batch": {"optimizer": "sgd", "epochs": 9},
    "adam, dropout, penalties": {
        "optimizer": "adam",
        "epochs": 9,
        "batch_size": 8,
        "dropout": 0.3,
        "l1": 0.01,
        "l2": 0.02,
    },
    "nesterov, cosine, clipping": {
        "optimizer": "nesterov",
        "epochs": 9,
        "batch_size": 7,
        "schedule": "cosine",
        "clip_norm": 0.1,
    },
    "adamw, weights, validation": {
        "optimizer": "adamw",
        "epochs": 9,
        "batch_size": 16,
        "sample_weight": WEIGHT,
        "validation": (X[:20], Y[:20]),
        "early_stopping": gn.EarlyStopping(patience=3, min_delta=0.01),
    },
    "rmsprop, adaptive": {
        "optimizer": "rmsprop",
        "epochs": 9,
        "batch_size": 20,
        "schedule": gn.Adaptive(patience=1, min_delta=0.05),
    },
}


def network(widths=(6, 5)):
    return gn.Network([4, *widths, 1], hidden="tanh", output="sigmoid", seed=3)


def in_pieces(options, engine, pieces, net, rows=X):
    run = Run(net, rows, Y, engine=engine, **options)
    at = 0
    while not run.finished:
        run.advance(steps=pieces[at % len(pieces)])
        at += 1
    return run.history()


@pytest.mark.parametrize("widths", [(6, 5), (150,)], ids=["small", "wide"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", SETUPS)
def test_a_run_in_pieces_is_the_whole_run(name, engine, widths):
    whole, pieces = network(widths), network(widths)
    expected = gn.train(whole, X, Y, engine=engine, **SETUPS[name])
    history = in_pieces(SETUPS[name], engine, [1, 3, 2, 11], pieces)
    assert np.array_equal(whole.theta, pieces.theta)
    assert np.array_equal(expected.loss, history.loss)
    assert np.array_equal(expected.validation_loss, history.validation_loss)
    assert np.array_equal(expected.state.slots, history.state.slots)
    assert (expected.stopped, expected.steps, expected.best_epoch) == (
        history.stopped,
        history.steps,
        history.best_epoch,
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", SETUPS)
def test_a_run_on_sparse_rows_is_cut_and_returned_to_as_well(name, engine):
    rows = csr_array(np.where(np.abs(X) > 0.8, X, 0))
    whole, pieces = network(), network()
    expected = gn.train(whole, rows, Y, engine=engine, **SETUPS[name])
    history = in_pieces(SETUPS[name], engine, [1, 3, 2, 11], pieces, rows)
    assert np.array_equal(whole.theta, pieces.theta)
    assert np.array_equal(expected.loss, history.loss)
    of_dense = network()
    gn.train(of_dense, rows.toarray(), Y, engine=engine, **SETUPS[name])
    np.testing.assert_allclose(whole.theta, of_dense.theta, rtol=0, atol=1e-12)
    run = history.at(step=history.steps - 1)
    dense = gn.Run(run.network.copy(), rows.toarray(), Y, engine=engine, **SETUPS[name])
    dense.state = run.state.copy()
    np.testing.assert_allclose(run.gradient().flat, dense.gradient().flat, rtol=0, atol=1e-15)
    assert gn.explain(run)["dW1"].value.shape == (4, 6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("widths", [(6, 5), (150,)], ids=["small", "wide"])
def test_validation_rows_may_be_sparse_where_those_of_training_are_not_and_the_other_way_round(widths, engine):
    rows = np.where(np.abs(X) > 0.8, X, 0)
    options = {"epochs": 3, "batch_size": 7, "engine": engine}
    nets, losses = [network(widths) for _ in range(3)], []
    for net, (train, validation) in zip(
        nets, [(rows, rows), (rows, csr_array(rows)), (csr_array(rows), rows)], strict=True
    ):
        history = gn.train(net, train, Y, validation=(validation[:20], Y[:20]), **options)
        losses.append(history.validation_loss)
        np.testing.assert_allclose(net.theta, nets[0].theta, rtol=0, atol=1e-12)
        np.testing.assert_allclose(history.validation_loss, losses[0], rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_looking_at_every_step_changes_no_bit(engine):
    options = SETUPS["adam, dropout, penalties"]
    whole, watched = network(), network()
    gn.train(whole, X, Y, engine=engine, **options)
    run = Run(watched, X, Y, engine=engine, **options)
    seen = []
    while not run.finished:
        seen.append((run.trace().output.copy(), run.gradient().flat.copy(), run.batch().rows))
        run.advance(steps=1)
    assert len(seen) == run.step == 9 * 7
    assert np.array_equal(whole.theta, watched.theta)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_next_gradient_is_what_the_next_step_uses(engine):
    run = Run(network(), X, Y, engine=engine, optimizer=gn.SGD(0.5), epochs=2, batch_size=8, dropout=0.4, l2=0.1)
    run.advance(steps=9)
    before, gradient = run.network.theta.copy(), run.gradient().flat
    assert np.array_equal(run.batch().X, X[run.batch().rows])
    run.advance(steps=1)
    np.testing.assert_allclose(run.network.theta, before - 0.5 * gradient, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("snapshots", [0, 3])
@pytest.mark.parametrize("name", SETUPS)
def test_history_returns_to_any_step_and_epoch(name, snapshots):
    by_epoch, net = {}, network()
    history = gn.train(net, X, Y, snapshots=snapshots, **SETUPS[name])
    gn.train(network(), X, Y, callbacks=[lambda e: by_epoch.update({e.epoch: e.network.theta.copy()})], **SETUPS[name])
    final = net.theta.copy()
    for epoch, theta in by_epoch.items():
        assert np.array_equal(history.at(epoch=epoch).network.theta, theta)
    steps = history.steps // len(by_epoch)
    middle = history.at(step=2 * steps + 1 if steps > 1 else 3)
    assert middle.step == (2 * steps + 1 if steps > 1 else 3)
    assert np.array_equal(history.at(0).network.theta, network().theta)
    assert np.array_equal(net.theta, final)  # the trained network is left alone
    assert np.array_equal(middle.advance(epochs=1).network.theta, by_epoch[middle.epoch])


def test_snapshots_shorten_the_way_back():
    history = gn.train(network(), X, Y, epochs=20, snapshots=4)
    assert [snapshot.state.epoch for snapshot in history.run.snapshots] == [0, 4, 8, 12, 16]
    assert history.at(epoch=17).snapshots[0].state.epoch == 16


def test_lbfgs_returns_to_an_epoch():
    history = gn.train(network(), X, Y, optimizer="lbfgs", epochs=12)
    assert history.at(epoch=5).network.loss(X, Y) == pytest.approx(history.loss[4], rel=1e-12)
    with pytest.raises(gn.InputError, match="LBFGS"):
        history.at(step=3)


def test_a_resumed_run_goes_back_to_where_it_was_resumed():
    net = network()
    first = gn.train(net, X, Y, epochs=3, batch_size=8)
    theta = net.theta.copy()
    second = gn.train(net, X, Y, epochs=3, batch_size=8, resume=first)
    assert np.array_equal(second.at(epoch=3).network.theta, theta)
    with pytest.raises(gn.InputError, match=r"epoch: expected 3 … 6"):
        second.at(epoch=2)


def test_a_run_left_inside_an_epoch_can_be_resumed():
    run = Run(network(), X, Y, epochs=4, batch_size=8).advance(steps=10)
    gn.train(run.network, X, Y, epochs=3, batch_size=8, resume=run.history())
    whole = network()
    gn.train(whole, X, Y, epochs=4, batch_size=8)
    assert np.array_equal(run.network.theta, whole.theta)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_left_inside_an_epoch_of_smaller_batches_begins_the_epoch_anew(engine):
    """Two of the three batches of an epoch are done; an epoch of one batch has no place to go on from."""
    run = Run(network(), X, Y, optimizer="sgd", epochs=4, batch_size=8, engine=engine).advance(steps=2)
    here, theta = run.network.loss(X, Y), run.network.theta.copy()
    fresh = network()
    fresh.theta = theta
    history = gn.train(run.network, X, Y, optimizer="sgd", epochs=3, resume=run.history(), engine=engine)
    expected = gn.train(fresh, X, Y, optimizer="sgd", epochs=3, engine=engine)
    assert history.loss[0] == pytest.approx(here, rel=1e-12)
    assert history.steps == 2 + 3
    assert np.array_equal(history.loss, expected.loss)
    assert np.array_equal(run.network.theta, fresh.theta)


@pytest.mark.parametrize(
    ("given", "message"),
    [({}, "a step or an epoch"), ({"step": 1, "epoch": 1}, "a step or an epoch"), ({"step": 10}, r"0 … 9.*got 10")],
)
def test_a_place_the_run_did_not_come_to_is_refused(given, message):
    history = gn.train(network(), X, Y, epochs=9)
    with pytest.raises(gn.InputError, match=message):
        history.at(**given)


def test_an_unpickled_history_has_no_data():
    history = pickle.loads(pickle.dumps(gn.train(network(), X, Y, epochs=9)))
    assert history.epochs == 9
    with pytest.raises(gn.InputError, match="train again"):
        history.at(3)


def test_advance_takes_steps_or_epochs():
    run = Run(network(), X, Y, epochs=5, batch_size=25)
    assert run.advance(epochs=2).epoch == 2
    assert run.advance(steps=3).step == 7
    assert not run.finished
    assert (run.advance().epoch, run.finished, run.history().stopped) == (5, True, "all epochs done")
    with pytest.raises(gn.InputError, match="expected alone"):
        run.advance(steps=1, epochs=1)


def test_train_and_run_take_the_same_options():
    train, run = (inspect.signature(f).parameters for f in (gn.train, Run))
    assert [(p.name, p.default) for p in train.values() if p.name not in ("callbacks", "checkpoint")] == [
        (p.name, p.default) for p in run.values()
    ]


def test_at_starts_from_a_snapshot_that_was_kept_on_the_way():
    net = gn.Network([2, 4, 1], output="sigmoid", seed=1)
    X = np.random.default_rng(0).normal(size=(40, 2))
    run = gn.Run(net, X, (X[:, 0] > 0).astype(int), optimizer="adam", epochs=200, batch_size=8)
    run.advance(steps=300).keep().advance(steps=200)
    expected = run.at(step=310).network.theta
    run.snapshots = run.snapshots[-1:]
    assert run.snapshots[0].state.step == 300
    np.testing.assert_array_equal(run.at(step=310).network.theta, expected)
    with pytest.raises(gn.InputError):
        run.at(step=299)
