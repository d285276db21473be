"""Jobs whose rows are only a part of an epoch: part after part they give the run of the whole, bit for bit."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import glassnet as gn
from glassnet.network.engines import ENGINES
from glassnet.training.job import Record
from glassnet.training.random import batch_order

ENGINE_NAMES = [name for name, engine in ENGINES.items() if not engine.refuses(gn.Network([1, 1]))]
STEPS = (0, 3, 4, 9)  # of an epoch, between which the parts lie


def whole(engine, **options):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((85, 4)), rng.integers(0, 2, 85)
    weight = rng.uniform(0.5, 2, 85)
    net = gn.Network([4, 6, 1], output="sigmoid", seed=1)
    options = {"batch_size": 10, "epochs": 3, "dropout": 0.2, "sample_weight": weight, **options}
    return gn.Run(net, X, y, validation=(X[:9], y[:9]), engine=engine, seed=5, **options)


def parts_of(run, epoch):
    """The jobs of an epoch of the run, each with a copy of the rows of its steps alone."""
    job, order = run.job, batch_order(run.job.seed, epoch, run.job.n)
    for first, end in pairwise(STEPS):
        rows = order[first * job.batch_size : end * job.batch_size]
        data = {name: getattr(job, name)[rows] for name in ("X", "Y", "sample_weight")}
        yield replace(job, **data, shuffle=False, first_batch=first, epoch_steps=STEPS[-1])


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("schedule", ["constant", gn.Cosine(), gn.Adaptive(patience=1, min_delta=1.0)])
def test_parts_give_the_bits_of_the_whole(engine, schedule):
    expected, run = (whole(engine, schedule=schedule) for _ in range(2))
    expected.advance()
    record = Record()
    for epoch in range(3):
        for part in parts_of(run, epoch):
            assert run.state.epoch == epoch
            assert run.state.batch == part.first_batch
            run.engine.run(part, run.state, record, 1)
    assert run.network.theta.tobytes() == expected.network.theta.tobytes()
    for name, figures in vars(expected.record).items():
        assert getattr(record, name) == figures, name
    assert run.state.step == expected.state.step == 27


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_part_does_no_step_of_others(engine):
    run, record = whole(engine), Record()
    first, second, _ = parts_of(run, 0)
    run.engine.run(first, run.state, record, 3)
    assert (run.state.epoch, run.state.batch) == (0, 3)
    theta = run.network.theta.copy()
    run.engine.run(first, run.state, record, 3)  # the next step is of the second part
    assert (run.state.step, run.network.theta.tobytes()) == (3, theta.tobytes())
    run.engine.run(second, run.state, record, 3, until=4)
    assert (run.state.step, record.loss) == (4, [])


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_an_overflow_at_the_first_step_of_a_part_goes_back_within_it(engine):
    # a batch without weight before it makes no update; its rows are looked for in this part alone
    run, record = whole(engine), Record()
    first, second, _ = parts_of(run, 0)
    first.sample_weight[-10:] = 0
    run.engine.run(first, run.state, record, 1)
    run.network.theta[:] = 1e200
    run.state.rescue = None
    second.X[:] = 1e200
    with pytest.raises(gn.NonFiniteError, match="at step 3"):
        run.engine.run(second, run.state, record, 1)
    assert run.state.step <= 3
