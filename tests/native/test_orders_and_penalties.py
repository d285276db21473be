"""A job's own order of the rows, and penalties divided by the weight of the batch, in both engines."""

from dataclasses import replace

import numpy as np
import pytest

import glassnet as gn
from glassnet.network.engines import ENGINES
from glassnet.training.job import Record, State
from glassnet.training.run import Run


def job_and_state(sizes, *, weighted=False, **changes):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((53, sizes[0])), rng.standard_normal((53, sizes[-1]))
    network = gn.Network(sizes, hidden="tanh", seed=1)
    weight = rng.uniform(0, 2, 53) if weighted else None
    run = Run(network, X, y, optimizer="sgd", batch_size=20, sample_weight=weight, l1=0.3, l2=0.7)
    return replace(run.job, **changes), State("SGD", np.zeros((0, network.n_parameters)))


def trained(engine, job, state, epochs):
    ENGINES[engine].run(job, state, Record(), epochs)
    return job.network.theta.copy()


@pytest.mark.usefixtures("compiled_engine")
@pytest.mark.parametrize("sizes", [[5, 7, 2], [5, 150, 2]], ids=["small", "wide"])
def test_the_engines_agree(sizes):
    orders = np.random.default_rng(1).permuted(np.tile(np.arange(53), (6, 1)), axis=1)
    changes = {"order": orders.__getitem__, "divide_penalty": True, "weighted": True}
    thetas = [trained(engine, *job_and_state(sizes, **changes), 6) for engine in ("numpy", "native")]
    np.testing.assert_allclose(thetas[1], thetas[0], rtol=1e-11, atol=1e-13)
    # in pieces, the order of an epoch is that of its number
    job, state = job_and_state(sizes, **changes)
    record = Record()
    for epochs in (1, 2, 3):
        ENGINES["native"].run(job, state, record, epochs)
    assert (job.network.theta == thetas[1]).all()


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_the_order_given_is_the_order_taken(engine, compiled_engine):
    rows = np.random.default_rng(2).permutation(53)
    by_order = trained(engine, *job_and_state([5, 7, 2], order=lambda epoch: rows), 1)
    job, state = job_and_state([5, 7, 2], shuffle=False)
    permuted = trained(engine, replace(job, X=job.X[rows].copy(), Y=job.Y[rows].copy()), state, 1)
    np.testing.assert_allclose(by_order, permuted, rtol=1e-14)


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("sizes", [[5, 7, 2], [5, 150, 2]], ids=["small", "wide"])
def test_a_divided_penalty_is_the_penalty_of_a_sum(engine, sizes, compiled_engine):
    job, state = job_and_state(sizes, weighted=True, divide_penalty=True, batch_size=53, shuffle=False)
    weight = job.sample_weight.sum()
    start = job.network.theta.copy()
    record = Record()
    ENGINES[engine].run(job, state, record, 1)
    net = job.network.with_theta(start)
    gradient = net.backward(net.forward(job.X), job.Y, job.sample_weight, l1=0.3 / weight, l2=0.7 / weight)
    np.testing.assert_allclose(job.network.theta, start - 0.1 * gradient.flat, rtol=1e-10, atol=1e-14)
    objective = net.loss(job.X, job.Y, job.sample_weight, l1=0.3 / weight, l2=0.7 / weight)
    assert record.loss[0] == pytest.approx(objective, rel=1e-12)
