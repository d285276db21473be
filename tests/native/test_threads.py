"""The number of threads changes nothing, bit for bit, and neither does doing a run again."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.native import engine

pytestmark = pytest.mark.usefixtures("compiled_engine")


def bits(network, X, y, options, n_threads):
    net = network.copy()
    try:
        history = gn.train(net, X, y, engine="native", n_threads=n_threads, **options)
    except gn.NonFiniteError as error:  # of a set-up with too large a learning rate; NumPy says the same
        return net.theta.tobytes(), error.step, error.layer
    slots = history.state.slots.tobytes()
    return net.theta.tobytes(), slots, history.loss.tobytes(), history.validation_loss.tobytes(), history.stopped


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("chunk", range(5))
def test_any_number_of_threads_gives_the_same_bits(chunk, sparse, dtype, setups):
    for seed in range(1000 + 10 * chunk, 1010 + 10 * chunk):
        network, X, y, options = setups.random_setup(seed, dtype, True, sparse)
        options |= {"epochs": 1 + seed % 2, "batch_size": max(options["batch_size"] or 0, len(X) // 5, 1)}
        X, options = setups.with_sparse_rows(X, options) if sparse else (X, options)
        one = bits(network, X, y, options, 1)
        for n_threads in (1, 2, 3, 4, 8):
            assert bits(network, X, y, options, n_threads) == one, f"seed {seed}, {n_threads} threads: {network}"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("chunk", range(5))
def test_a_team_that_changes_from_step_to_step_gives_the_same_bits(chunk, dtype, random_setup, monkeypatch):
    settings_of, sizes = engine._settings, []

    def with_sizes(native, job):
        settings = settings_of(native, job)
        settings.team = sizes
        return settings

    monkeypatch.setattr(engine, "_settings", with_sizes)
    for seed in range(3000 + 20 * chunk, 3020 + 20 * chunk):
        network, X, y, options = random_setup(seed, dtype, wide=True)
        options |= {"epochs": 1 + seed % 2, "batch_size": max(options["batch_size"] or 0, len(X) // 5, 1)}
        sizes = [1]
        one = bits(network, X, y, options, 1)
        sizes = [int(size) for size in np.random.default_rng(seed).integers(1, 9, 7)]
        assert bits(network, X, y, options, 8) == one, f"seed {seed}, teams of {sizes}: {network}"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_small_networks_take_any_number_of_threads(dtype, random_setup):
    for seed in range(2000, 2030):
        network, X, y, options = random_setup(seed, dtype)
        one = bits(network, X, y, options, 1)
        for n_threads in (1, 2, 8, None):
            assert bits(network, X, y, options, n_threads) == one, f"seed {seed}, {n_threads} threads: {network}"


def test_a_step_smaller_than_the_team():
    # one row and one output: most threads find nothing to do, and must still meet the others
    network = gn.Network([130, 1], seed=0)
    X, y = np.random.default_rng(0).standard_normal((3, 130)), np.arange(3.0)
    runs = [bits(network, X, y, {"batch_size": 1, "epochs": 3}, n_threads) for n_threads in (1, 7, 16)]
    assert runs[0] == runs[1] == runs[2]


def test_another_seed_gives_other_bits(random_setup):
    network, X, y, options = random_setup(1000, wide=True)
    options |= {"dropout": 0.3, "seed": 1}
    assert bits(network, X, y, options, 2) != bits(network, X, y, options | {"seed": 2}, 2)
