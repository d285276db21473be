"""The objective that L-BFGS minimises, from the compiled engine: value and gradient of the reference, call after call."""

from dataclasses import replace

import numpy as np
import pytest

import glassnet as gn
from glassnet.native.objective import ROWS_AT_ONCE
from glassnet.network.engines import ENGINES
from glassnet.training.run import Run

pytestmark = [
    pytest.mark.usefixtures("compiled_engine"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
# of the loss and of most of the gradient, relative to its largest entry; and of all of it: in float32 rounding may
# decide on which side of relu's kink a row lies
TOLERANCE = {"float64": 1e-13, "float32": 3e-5}
AT_A_KINK = {"float64": 1e-13, "float32": 0.05}


def agrees(job, dtype, label):
    reference, ours = (ENGINES[engine].objective(job) for engine in ("numpy", "native"))
    rng, before = np.random.default_rng(0), job.network.theta.copy()
    thetas = [before, (before + 0.1 * rng.standard_normal(before.size)).astype(dtype), before]
    evaluated = [ours(theta) for theta in thetas]
    for theta, (loss, gradient) in zip(thetas[:2], evaluated[:2], strict=True):
        expected_loss, expected = reference(theta)
        assert loss == pytest.approx(expected_loss, rel=TOLERANCE[dtype], abs=TOLERANCE[dtype]), label
        assert gradient.dtype == dtype
        difference = np.abs(gradient - expected) / np.abs(expected).max()
        assert np.median(difference) <= TOLERANCE[dtype], label
        assert difference.max() <= AT_A_KINK[dtype], label
    assert evaluated[2][0] == evaluated[0][0]  # nothing is left of the call in between
    assert (evaluated[2][1] == evaluated[0][1]).all()
    assert (job.network.theta == before).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("wide", [False, True], ids=["small", "wide"])
def test_random_networks(wide, dtype, random_setup):
    for seed in range(40):
        network, X, y, options = random_setup(seed, dtype, wide)
        job = Run(network, X, y, **options).job  # some with dropout or clipping, which have no part in the objective
        agrees(replace(job, divide_penalty=seed % 2 == 0), dtype, f"seed {seed}: {network} {options}")


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("hidden", [40, 150], ids=["small", "wide"])
@pytest.mark.parametrize("n", [ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE + 5])
def test_rows_that_make_several_batches(n, hidden, weighted):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n, 6)), rng.integers(0, 3, n)
    weight = rng.uniform(0, 2, n) * (np.arange(n) < 2 * ROWS_AT_ONCE) if weighted else None
    network = gn.Network([6, hidden, 3], output="softmax", seed=0)
    agrees(Run(network, X, y, sample_weight=weight, l1=0.01, l2=0.3).job, "float64", "")


def test_threads_change_no_bit():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((1500, 200)), rng.standard_normal((1500, 2))
    network = gn.Network([200, 300, 2], seed=0)
    results = [ENGINES["native"].objective(Run(network, X, y, n_threads=n).job)(network.theta) for n in (1, 2, 3)]
    for loss, gradient in results[1:]:
        assert loss == results[0][0]
        assert (gradient == results[0][1]).all()


@pytest.mark.parametrize("sizes", [[2, 8, 2], [2, 150, 2]], ids=["small", "wide"])
def test_lbfgs_takes_the_path_of_numpy(sizes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = np.column_stack([np.sin(X[:, 0]), X[:, 0] * X[:, 1]])
    histories, thetas = [], []
    for engine in ("numpy", "native"):
        network = gn.Network(sizes, "tanh", seed=1)
        histories.append(gn.train(network, X, y, optimizer="lbfgs", epochs=12, l2=0.01, engine=engine))
        thetas.append(network.theta)
    np.testing.assert_allclose(histories[1].loss, histories[0].loss, rtol=1e-9)
    np.testing.assert_allclose(thetas[1], thetas[0], rtol=0, atol=1e-6)
    assert histories[1].steps == histories[0].steps


def test_the_asked_engine_evaluates(monkeypatch):
    X, y = np.eye(4), np.arange(4.0)
    for engine in ("numpy", "native"):
        evaluated = []
        kind = type(ENGINES[engine])
        objective = kind.objective

        def counted(self, job, objective=objective, evaluated=evaluated):
            evaluated.append(job)
            return objective(self, job)

        monkeypatch.setattr(kind, "objective", counted)
        gn.train(gn.Network([4, 3, 1], seed=0), X, y, optimizer="lbfgs", epochs=2, engine=engine)
        gn.MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=2, engine=engine).fit(X, y)
        assert len(evaluated) == 2
