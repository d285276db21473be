"""How the compiled engine shares its work out: threads of a step, epochs of a call."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

import glassnet as gn
from glassnet.native import engine
from glassnet.native.engine import _epochs_per_call, threads_for
from glassnet.native.inputs import sparse_work
from glassnet.training.run import Run


@pytest.fixture
def network():
    return gn.Network([199, 200, 1], seed=0)  # 40,201 parameters


@pytest.mark.parametrize(
    ("processors", "rows", "threads"),
    [(4, 1, 1), (4, 99, 1), (4, 100, 2), (4, 149, 2), (4, 150, 3), (4, 10_000, 4), (1, 10_000, 1), (64, 10_000, 64)],
)
def test_threads_by_what_a_step_is_worth(network, monkeypatch, processors, rows, threads):
    monkeypatch.setattr(engine, "usable_processors", lambda: processors)
    assert threads_for(network, rows, None) == threads


@pytest.mark.parametrize(
    ("processors", "rows", "asked", "threads"),
    [
        (2, 1000, 7, 7),
        (2, 1000, 16, 16),
        (2, 1000, 17, 16),
        (8, 1000, 99, 32),
        (8, 8, 99, 25),  # one tile of 8 rows by 25 panels of 8 units
        (8, 9, 99, 32),
        (1, 1, 1, 1),
    ],
)
def test_threads_that_are_asked_for(network, monkeypatch, processors, rows, asked, threads):
    monkeypatch.setattr(engine, "usable_processors", lambda: processors)
    assert threads_for(network, rows, asked) == threads


def test_sparse_rows_count_by_their_entries_and_a_step_by_its_update(network, monkeypatch):
    monkeypatch.setattr(engine, "usable_processors", lambda: 4)
    X, y = csr_array(np.eye(100, 199)), np.zeros(100)
    assert sparse_work(network, X, 100) == 100 * (200 + 401)  # an entry by 200 units, and the parameters that follow
    assert threads_for(network, 10_000, None, sparse_work(network, X, 10_000)) == 3
    assert sparse_work(network, X.toarray(), 100) is None
    job = Run(network, X, y, batch_size=10).job
    assert _epochs_per_call(job) == 10**10 // (10 * 601 + 50 * 40_201) // 10
    assert _epochs_per_call(Run(network, X.toarray(), y, batch_size=10).job) == 10**10 // (10 * 40_201) // 10


def test_small_networks_have_one_thread():
    assert threads_for(gn.Network([128, 128, 1]), 10**6, None) == threads_for(gn.Network([128, 1]), 10**6, 8) == 1
    assert threads_for(gn.Network([129, 1]), 10**6, 8) == 8


@pytest.mark.parametrize(
    ("batch_size", "parameters", "epochs"),
    [
        (1, 4, 1_000_000 // 80),  # tiny steps: a million of them
        (8, 1301, 960_799 // 10),  # 10^10 // (8 · 1301) steps, ten an epoch
        (80, 1_000_001, 256),  # long steps: 256 of them, one an epoch
    ],
)
def test_epochs_of_a_call(batch_size, parameters, epochs):
    job = Run(gn.Network([3, 1]), np.zeros((80, 3)), np.zeros(80), batch_size=batch_size).job
    network = {4: gn.Network([3, 1]), 1301: gn.Network([3, 260, 1])}.get(parameters) or gn.Network([9999, 100, 1])
    assert network.n_parameters == {4: 4, 1301: 1301, 1_000_001: 1_000_101}[parameters]
    assert _epochs_per_call(replace(job, network=network)) == epochs
