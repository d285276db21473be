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
