"""`train_many`: networks side by side, as many at a time as asked for."""

import threading

import numpy as np
import pytest

import glassnet as gn
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
    nets, alone = networks(3), networks(3)
    rates = [gn.SGD(0.1), gn.SGD(1e200), gn.SGD(0.1)]
    options = {"loss": "squared_error", "output": "identity", "hidden": "relu"}
    nets[1], alone[1] = (gn.Network([3, 4, 1], seed=1, **options) for _ in range(2))
    with pytest.raises(gn.NonFiniteError) as single:
        gn.train(alone[1], X, Y, optimizer=rates[1], epochs=4, engine=engine)
    with pytest.raises(gn.NonFiniteError, match=r"^network 1: training: expected finite numbers") as caught:
        gn.train_many(nets, X, Y, optimizer=rates, epochs=4, engine=engine, n_threads=2)
    assert (caught.value.step, caught.value.layer) == (single.value.step, single.value.layer)
    for k in (0, 2):
        gn.train(alone[k], X, Y, optimizer=rates[k], epochs=4, engine=engine)
    for one, other in zip(nets, alone, strict=True):
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
