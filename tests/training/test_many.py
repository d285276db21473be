"""`train_many`: networks side by side, as many at a time as asked for."""

import re
import threading

import numpy as np
import pytest

import glassnet as gn
from glassnet.training import many
from glassnet.training.random import batch_order
from glassnet.training.run import Run

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3))
Y = (X[:, 0] > 0).astype(int)


def networks(count):
    return [gn.Network([3, 4, 1], output="sigmoid", seed=seed) for seed in range(count)]


@pytest.mark.parametrize("engine", ["numpy", "auto"])
@pytest.mark.parametrize("n_threads", [2, 7])
def test_networks_train_at_the_same_time(engine, n_threads):
    """Each of two waits in its first epoch until the other is there as well."""
    together = threading.Barrier(2, timeout=60)
    seen = set()

    def meet(event):
        if event.epoch == 1:
            seen.add(threading.get_ident())
            together.wait()

    gn.train_many(networks(2), X, Y, n_threads=n_threads, epochs=2, callbacks=[meet], engine=engine)
    assert len(seen) == 2


def test_no_more_networks_at_a_time_than_threads():
    under_way, most = set(), []

    def count(event):
        (under_way.add if event.epoch == 1 else under_way.discard)(id(event.network))
        most.append(len(under_way))

    gn.train_many(networks(5), X, Y, n_threads=1, epochs=2, callbacks=[count])
    assert max(most) == 1
    assert len(most) == 10


def test_no_network_is_no_history():
    assert gn.train_many([], X, Y) == []


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_there_are_masks_with_dropout_alone(dropout):
    run = Run(networks(1)[0], X, Y, dropout=dropout)
    assert set(run.batch().masks) == ({1} if dropout else set())
    assert set(run.trace().D) == ({1} if dropout else set())


@pytest.mark.parametrize("engine", ["numpy", "auto"])
def test_a_network_that_overflows_is_named_when_the_others_are_done(engine):
    nets, alone = networks(4), networks(4)
    rates = [gn.SGD(0.1), gn.SGD(1e200), gn.SGD(0.1), gn.SGD(1e210)]
    options = {"loss": "squared_error", "output": "identity", "hidden": "relu"}
    nets[1], alone[1], nets[3] = (gn.Network([3, 4, 1], seed=1, **options) for _ in range(3))
    with pytest.raises(gn.NonFiniteError) as single:
        gn.train(alone[1], X, Y, optimizer=rates[1], epochs=4, engine=engine)
    with pytest.raises(gn.NonFiniteError, match=r"^network 1: training: expected finite numbers") as caught:
        gn.train_many(nets, X, Y, optimizer=rates, epochs=4, engine=engine, n_threads=2)
    assert (caught.value.step, caught.value.layer) == (single.value.step, single.value.layer)
    for k in (0, 2):
        gn.train(alone[k], X, Y, optimizer=rates[k], epochs=4, engine=engine)
    for one, other in zip(nets[:3], alone[:3], strict=True):
        assert np.array_equal(one.theta, other.theta)


def test_options_may_be_lists_with_one_value_a_network():
    nets, alone = networks(2), networks(2)
    given = {"optimizer": ["sgd", "adam"], "epochs": [2, 3], "seed": [5, 6], "batch_size": [4, None], "l2": [0.0, 0.1]}
    histories = gn.train_many(nets, X, Y, **given)
    assert [history.epochs for history in histories] == [2, 3]
    for k, net in enumerate(alone):
        gn.train(net, X, Y, **{name: values[k] for name, values in given.items()})
        assert np.array_equal(net.theta, nets[k].theta)
    for name in ("optimizer", "seed", "epochs", "batch_size", "l1", "l2", "dropout", "clip_norm", "schedule"):
        with pytest.raises(gn.InputError, match=f"{name}: expected one value or 2"):
            gn.train_many(networks(2), X, Y, **{name: [1, 1, 1]})
    net = networks(1)[0]
    with pytest.raises(gn.InputError, match="networks: expected different objects"):
        gn.train_many([net, net], X, Y)


def test_lists_of_weights_and_validation_data_hold_for_all_networks():
    nets, alone = networks(2), networks(2)
    given = {"sample_weight": [1.0 + k for k in range(len(X))], "validation": [X[:4], Y[:4]], "epochs": 2}
    histories = gn.train_many(nets, X, Y, **given)
    for net, other, history in zip(nets, alone, histories, strict=True):
        assert np.array_equal(gn.train(other, X, Y, **given).validation_loss, history.validation_loss)
        assert np.array_equal(net.theta, other.theta)


# --- each on its own rows, columns, targets ---------------------------------------------------------------------


FOLD = np.arange(20) % 4
OWN = {
    "rows": [FOLD != 0, FOLD != 1, np.flatnonzero(FOLD != 2), None],
    "sample_weight": [None, np.arange(20.0), None, None],
    "validation": [(X[FOLD == 0], Y[FOLD == 0]), (X[:3], Y[:3], [1, 2, 3]), None, (X[FOLD == 3], Y[FOLD == 3])],
    "early_stopping": [gn.EarlyStopping(1, min_delta=0.1), None, None, gn.EarlyStopping(4)],
}


def wide_and_small():
    return [gn.Network([3, width, 1], output="sigmoid", seed=width) for width in (4, 150, 30, 140)]


def histories_equal(one, other):
    names = ("loss", "validation_loss", "learning_rate")
    same = [np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in names]
    return all(same) and (one.steps, one.stopped, one.best_epoch) == (other.steps, other.stopped, other.best_epoch)


@pytest.mark.parametrize("engine", ["numpy", "auto"])
@pytest.mark.parametrize("piece", [1, 10_000, many.PIECE])
@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_a_pack_is_its_networks_one_by_one(monkeypatch, n_threads, piece, engine):
    monkeypatch.setattr(many, "PIECE", piece)
    options = {"epochs": [6, 5, 7, 6], "batch_size": [4, None, 5, 3], "dropout": 0.1, "schedule": "cosine"}
    pack, alone = wide_and_small(), wide_and_small()
    histories = gn.train_many(pack, X, Y, n_threads=n_threads, engine=engine, **OWN, **options)
    for k, (net, history) in enumerate(zip(alone, histories, strict=True)):
        own = {name: value[k] if isinstance(value, list) else value for name, value in (OWN | options).items()}
        assert histories_equal(history, gn.train(net, X, Y, engine=engine, **own))
        assert np.array_equal(pack[k].theta, net.theta)


def test_networks_may_see_other_columns_and_targets():
    encodings = [X, X[:, 1:], X[:, :1]]
    targets = [Y, 1 - Y, Y.reshape(-1, 1)]
    sizes = [[3, 4, 1], [2, 5, 1], [1, 2, 1]]
    pack, alone = ([gn.Network(size, output="sigmoid", seed=0) for size in sizes] for _ in range(2))
    gn.train_many(pack, encodings, targets, epochs=3, batch_size=6)
    for one, other, inputs, target in zip(pack, alone, encodings, targets, strict=True):
        gn.train(other, inputs, target, epochs=3, batch_size=6)
        assert np.array_equal(one.theta, other.theta)


def test_lists_of_rows_remain_one_X_and_one_y():
    """As many networks as there are rows, and as outputs."""
    given = [np.array([0.0, 1.0]), np.array([1.0, 0.0])]
    pack, alone = ([gn.Network([2, 3, 2], output="sigmoid", seed=k) for k in range(2)] for _ in range(2))
    gn.train_many(pack, given, [[0.0, 1.0], [1.0, 0.0]], epochs=3)
    for one, other in zip(pack, alone, strict=True):
        gn.train(other, given, [[0.0, 1.0], [1.0, 0.0]], epochs=3)
        assert np.array_equal(one.theta, other.theta)


def test_arrays_are_converted_once_for_all_networks_that_take_them_alike():
    nets = [gn.Network([3, 4, 1], output="sigmoid", seed=k, dtype="float32") for k in range(3)] + networks(1)
    jobs = [history.run.job for history in gn.train_many(nets, X, Y, epochs=1, validation=(X, Y), rows=FOLD > 0)]
    assert jobs[0].X.dtype == np.float32
    assert jobs[3].X.dtype == np.float64
    for job in jobs[1:3]:
        assert job.X is jobs[0].X
        assert job.Y is jobs[0].Y
        assert job.validation[0] is jobs[0].validation[0]
        assert job.validation[1] is jobs[0].validation[1]


def test_what_is_wrong_for_one_network_names_it_and_trains_none():
    nets = networks(2)
    before = [net.theta.copy() for net in nets]
    with pytest.raises(gn.InputError, match=r"^network 1: rows: expected row numbers 0 … 19; got 20"):
        gn.train_many(nets, X, Y, rows=[None, np.array([20])])
    with pytest.raises(gn.InputError, match=r"^network 1: X: expected shape \(n, 3\); got \(20, 2\)"):
        gn.train_many(nets, [X, X[:, :2]], Y)
    with pytest.raises(gn.InputError, match=r"^X: expected shape \(n, 3\); got \(20, 2\)"):
        gn.train_many(nets, X[:, :2], Y)
    for name, value in {"X": X, "rows": FOLD > 0, "sample_weight": FOLD, "validation": (X, Y)}.items():
        with pytest.raises(gn.InputError, match=f"{name}: expected one value or 2, one a network; got 3"):
            gn.train_many(nets, **({"X": X, "y": Y} | {name: [value] * 3}))
    for net, theta in zip(nets, before, strict=True):
        assert np.array_equal(net.theta, theta)


@pytest.mark.parametrize("wrong", [None, 3, [[1.0], [2.0, 3.0]]])
@pytest.mark.parametrize("y", [[0, 1], [np.array([0, 1]), np.array([1, 0])]])
def test_an_X_that_is_none_is_refused(wrong, y):
    with pytest.raises(gn.InputError, match="X: expected"):
        gn.train_many(networks(2), wrong, y)


def test_packs_go_on():
    pack, alone = networks(3), networks(3)
    first = gn.train_many(pack, X, Y, epochs=3, batch_size=6)
    gn.train_many(pack, X, Y, epochs=2, batch_size=6, resume=first, stop=lambda runs: [], stop_every=1)
    for one, other in zip(pack, alone, strict=True):
        gn.train(other, X, Y, epochs=5, batch_size=6)
        assert np.array_equal(one.theta, other.theta)


# --- a rule from outside ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [12_100, many.PIECE], ids=["four of five batches", "whole"])
@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_the_rule_is_asked_when_all_stand_at_the_same_epoch(monkeypatch, n_threads, piece):
    monkeypatch.setattr(many, "PIECE", piece)
    seen = []

    def drop_the_worst(runs):
        seen.append([run.epoch for run in runs])
        training = [k for k, run in enumerate(runs) if not run.finished]
        assert all(len(runs[k].record.loss) == runs[k].epoch for k in training)
        return [max(training, key=lambda k: runs[k].record.loss[-1])] if len(training) > 1 else []

    pack, alone = wide_and_small(), wide_and_small()
    options = {"epochs": [9, 9, 4, 9], "batch_size": 4}
    histories = gn.train_many(pack, X, Y, n_threads=n_threads, stop=drop_the_worst, stop_every=3, **options)
    epochs = [history.epochs for history in histories]
    assert seen[0] == [3, 3, 3, 3]
    assert all(max(row) == 3 * (k + 1) for k, row in enumerate(seen))
    assert sorted(epochs) != sorted(options["epochs"])
    for k, history in enumerate(histories):
        assert history.stopped == ("all epochs done" if epochs[k] == options["epochs"][k] else "the stop rule ended it")
        gn.train(alone[k], X, Y, epochs=epochs[k], batch_size=4)
        assert np.array_equal(pack[k].theta, alone[k].theta)


def test_a_network_that_the_rule_ends_gets_its_best_parameters_back():
    rule = gn.EarlyStopping(patience=50)
    options = {"optimizer": gn.SGD(30.0), "validation": (X[:5], 1 - Y[:5]), "early_stopping": rule}
    pack, alone = networks(2), networks(2)
    seen = []

    def end(runs):
        seen.append(runs[1].network.theta.copy())
        return np.array([1])

    histories = gn.train_many(pack, X, Y, epochs=20, stop=end, stop_every=8, **options)
    expected = gn.train(alone[1], X, Y, epochs=8, **options)
    assert expected.best_epoch < 8
    assert (histories[1].best_epoch, histories[1].epochs) == (expected.best_epoch, 8)
    assert np.array_equal(pack[1].theta, alone[1].theta)
    assert np.array_equal(seen[1], alone[1].theta)
    assert histories[0].epochs == 20


def test_the_rule_sees_the_best_parameters_of_networks_that_have_ended():
    seen = []

    def rule(runs):
        seen.append((runs[1].finished, runs[1].network.theta.copy()))
        return [1]

    early = [None, gn.EarlyStopping(patience=3)]
    options = {"optimizer": gn.SGD(30.0), "validation": (X[:5], 1 - Y[:5]), "early_stopping": early, "epochs": 20}
    histories = gn.train_many(networks(2), X, Y, stop=rule, stop_every=9, **options)
    assert histories[1].best_epoch < histories[1].epochs < 9
    assert histories[1].stopped == "no improvement for 3 epochs"
    assert seen[0][0]
    assert np.array_equal(seen[0][1], histories[1].run.network.theta)
    assert np.array_equal(seen[0][1], histories[1].state.best_theta)


@pytest.mark.parametrize("chosen", [[1], {1}, 1, (k for k in [1]), [False, True], np.array([False, True])])
def test_a_rule_returns_numbers_or_booleans(chosen):
    histories = gn.train_many(networks(2), X, Y, epochs=3, stop=lambda runs: chosen)
    assert [history.epochs for history in histories] == [3, 1]


@pytest.mark.parametrize("wrong", [[2], [-1], [0.5], [True], ["1"], [[0, 1]]])
def test_a_rule_that_names_no_network_is_refused(wrong):
    message = r"stop: expected the rule to return numbers of networks, 0 … 1, or 2 booleans; got "
    with pytest.raises(gn.InputError, match=message + re.escape(str(wrong))):
        gn.train_many(networks(2), X, Y, epochs=3, stop=lambda runs: wrong)


def test_the_arguments_of_a_pack_are_checked():
    for name, wrong in {"stop": 3, "progress": "yes", "stop_every": 0, "diverged": "maybe", "n_threads": 0}.items():
        with pytest.raises(gn.InputError, match=f"{name}: expected"):
            gn.train_many(networks(2), X, Y, **{name: wrong})


@pytest.mark.parametrize("engine", ["numpy", "auto"])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_networks_that_diverge_may_stop_alone(n_threads, engine):
    nets = [gn.Network([3, 4, 1], hidden="relu", seed=seed) for seed in range(3)]
    rates, seen = [gn.SGD(0.1), gn.SGD(1e200), gn.SGD(0.1)], []
    rule = {"stop": lambda runs: seen.append([run.finished for run in runs]), "stop_every": 2}
    options = {"optimizer": rates, "epochs": 6, "engine": engine, "n_threads": n_threads}
    histories = gn.train_many(nets, X, Y, diverged="stop", **options, **rule)
    assert [history.epochs for history in histories][::2] == [6, 6]
    assert histories[1].stopped.startswith("the loss became inf or nan at step")
    assert np.isfinite(nets[1].theta).all()
    assert seen == [[False, True, False]] * 2


@pytest.mark.parametrize("n_threads", [1, 2])
def test_progress_tells_the_share_of_the_work(monkeypatch, n_threads):
    monkeypatch.setattr(many, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(many, "PIECE", 1)
    told = []
    main = threading.get_ident()

    def progress(runs, share):
        assert threading.get_ident() == main
        told.append((share, [run.epoch for run in runs]))

    gn.train_many(networks(4), X, Y, epochs=40, batch_size=2, n_threads=n_threads, progress=progress, engine="numpy")
    assert told[0][0] < 1
    assert told[-1] == (1.0, [40] * 4)
    before = 0
    for share, epochs in told:  # the other threads have gone on between the share and the epochs
        assert before - 4 <= share * 160 <= sum(epochs) + 4
        before = sum(epochs)


def test_progress_is_told_now_and_then(monkeypatch):
    monkeypatch.setattr(many, "PROGRESS_SECONDS", 1000.0)
    told = []
    gn.train_many(networks(3), X, Y, epochs=4, progress=lambda runs, share: told.append(share), stop=lambda runs: [])
    assert told == [1.0]


@pytest.mark.parametrize("where", ["progress", "stop", "callbacks"])
def test_an_error_of_the_users_function_ends_the_pack(monkeypatch, where):
    monkeypatch.setattr(many, "PROGRESS_SECONDS", 0.0)
    steps, runs_of = 10**6, []

    def fail(*given):
        if where != "callbacks":
            runs_of.extend(given[0])
        raise ZeroDivisionError

    pack = networks(3)
    with pytest.raises(ZeroDivisionError):
        gn.train_many(pack, X, Y, epochs=steps, n_threads=2, **{where: [fail] if where == "callbacks" else fail})
    for run in runs_of:
        step = run.step
        assert step < steps
        assert run.advance(steps=2).step == step + 2


@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_flag_of_one_run_ends_that_run(monkeypatch, n_threads):
    monkeypatch.setattr(many, "PROGRESS_SECONDS", 0.01)
    options = {"epochs": [10**9, 3], "n_threads": n_threads}
    histories = gn.train_many(networks(2), X, Y, progress=lambda runs, share: runs[0].stop.set(), **options)
    assert histories[0].stopped == "its stop flag was set"
    assert histories[1].stopped == "all epochs done"
    assert histories[0].run.advance(epochs=2).epoch == histories[0].epochs


def test_an_error_in_one_network_ends_the_others():
    pack, seen = networks(2), []

    def fail(event):
        seen.append(event.epoch)
        if event.network is pack[0]:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gn.train_many(pack, X, Y, epochs=300_000, n_threads=2, callbacks=[fail])
    assert max(seen) < 300_000


# --- the order of work --------------------------------------------------------------------------------------------


def test_all_threads_are_busy_to_the_end(monkeypatch):
    """Three equal networks on two threads: each epoch, up to the last, waits for one of another network."""
    monkeypatch.setattr(many, "PIECE", 1)
    together = threading.Barrier(2, timeout=60)
    gn.train_many(networks(3), X, Y, epochs=30, n_threads=2, callbacks=[lambda event: together.wait()])


def test_the_longest_begin():
    began = []

    def note(event):
        if event.epoch == 1:
            began.append(event.network.sizes[1])

    nets = [gn.Network([3, width, 1], output="sigmoid", seed=0) for width in (4, 30, 8, 20)]
    gn.train_many(nets, X, Y, epochs=[2, 2, 2, 9], n_threads=1, callbacks=[note])
    assert began == [20, 30, 8, 4]


def test_the_last_wide_network_is_given_all_threads():
    asked = set()
    nets = [gn.Network([3, width, 1], output="sigmoid", seed=0) for width in (4, 150)]
    histories = gn.train_many(
        nets, X, Y, epochs=[1, 50], n_threads=6, stop=lambda runs: asked.add((runs[0].finished, runs[1].job.n_threads))
    )
    assert (True, 6) in asked
    assert [history.run.job.n_threads for history in histories] == [1, 1]


@pytest.mark.parametrize("engine", ["numpy", "auto"])
def test_the_order_of_rows_is_drawn_once_for_networks_of_one_seed(monkeypatch, engine):
    drawn = []

    def draw(seed, epoch, n):
        drawn.append((seed, epoch, n))
        return batch_order(seed, epoch, n)

    monkeypatch.setattr(many, "batch_order", draw)
    monkeypatch.setattr(many, "FEWEST_TO_SHARE", 3)
    options = {
        "seed": [5, 5, 5, 5, 5, 6, 6],
        "rows": [None, FOLD > 0, FOLD > 1, FOLD != 1, FOLD != 2, None, None],
        "batch_size": [4, 5, 6, 7, 8, 3, 3],
    }
    pack, alone = networks(7), networks(7)
    histories = gn.train_many(pack, X, Y, epochs=4, engine=engine, n_threads=1, **options)
    assert drawn == [(5, epoch, 15) for epoch in range(4)]
    for k, net in enumerate(alone):
        gn.train(net, X, Y, epochs=4, engine=engine, **{name: values[k] for name, values in options.items()})
        assert np.array_equal(pack[k].theta, net.theta)
        assert histories[k].run.job.draw_order is draw
    monkeypatch.setattr(many, "MOST_SHARED", 15 * 4 - 1)
    drawn.clear()
    gn.train_many(networks(7), X, Y, epochs=4, engine=engine, **options)
    assert not drawn
