"""Each schedule's factors at chosen steps, written out."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassnet import SGD, Adaptive, Constant, Cosine, InputError, InverseScaling, Network, OneCycle, StepDecay, train
from glassnet.native.engine import load_module
from glassnet.training.job import State
from glassnet.training.reference import adapt_rate
from glassnet.training.schedules import SCHEDULES, as_schedule

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]


def factors(schedule, steps, steps_per_epoch=1, total=10):
    return schedule.factor(np.array(steps), steps_per_epoch, total)


def test_constant():
    assert factors(Constant(), [0, 1, 99]).tolist() == [1, 1, 1]


def test_step_decay_counts_epochs():
    schedule = StepDecay(decay=0.5, every=2)
    assert factors(schedule, range(10)).tolist() == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625]
    assert factors(schedule, [0, 5, 6, 11, 12], steps_per_epoch=3).tolist() == [1, 1, 0.5, 0.5, 0.25]


def test_inverse_scaling():
    assert factors(InverseScaling(power=0.5), [0, 3, 8, 99]).tolist() == pytest.approx([1, 1 / 2, 1 / 3, 1 / 10])
    assert factors(InverseScaling(power=1), [0, 3, 8, 99]).tolist() == pytest.approx([1, 1 / 4, 1 / 9, 1 / 100])


def test_cosine():
    """11 steps: the last, step 10, has the floor."""
    assert_allclose(factors(Cosine(), [0, 5, 10], total=11), [1, 0.5, 0], atol=1e-15)
    assert_allclose(factors(Cosine(), [9], total=11), [(1 + math.cos(0.9 * math.pi)) / 2], rtol=1e-14)
    assert_allclose(factors(Cosine(floor=0.2), [0, 5, 10], total=11), [1, 0.6, 0.2], rtol=1e-15)


def test_cosine_with_warm_up():
    """The first 4 of 13 steps warm up: quarters of the full rate from 0; then half a cosine over 8 steps."""
    expected = [0, 0.25, 0.5, 0.75, 1, (1 + math.cos(math.pi / 8)) / 2, (1 + math.cos(math.pi / 4)) / 2, 0.5, 0]
    given = factors(Cosine(warmup=1 / 3), [0, 1, 2, 3, 4, 5, 6, 8, 12], total=13)
    assert_allclose(given, expected, rtol=1e-12, atol=1e-15)


def test_one_cycle():
    """Rises over 3 of 10 steps from 1/4 to 1 and falls over 7 to 1/40, which the last of 11 steps has."""
    schedule = OneCycle(rise=0.3, start=4, end=10)
    rising = [0.25 + 0.75 * (1 - math.cos(math.pi * share)) / 2 for share in (0, 1 / 3, 2 / 3)]
    falling = [0.025 + 0.975 * (1 + math.cos(math.pi * share)) / 2 for share in (0, 1 / 7, 6 / 7, 1)]
    assert_allclose(factors(schedule, [0, 1, 2, 3, 4, 9, 10], total=11), rising + falling, rtol=1e-12)


@pytest.mark.parametrize("total", [2, 3, 4, 10, 97, 1000])
def test_schedules_begin_and_end_where_their_docstrings_say(total):
    steps = range(total)
    assert_allclose(factors(Cosine(floor=0.01), steps, total=total)[[0, -1]], [1, 0.01], rtol=1e-12)
    assert_allclose(factors(Cosine(warmup=0.3, floor=0.01), steps, total=total)[[0, -1]], [0, 0.01], rtol=1e-12)
    cycle = factors(OneCycle(), steps, total=total)
    assert_allclose(cycle[[0, -1]], [1 / 25, 1 / (25 * 1e4)], rtol=1e-9)
    assert total == 2 or cycle.max() == 1


def test_a_run_of_one_step_has_the_whole_rate():
    assert factors(Cosine(), [0], total=1).tolist() == [1]
    assert factors(OneCycle(), [0], total=1).tolist() == [1]


@pytest.mark.parametrize("name", SCHEDULES)
def test_names_stand_for_the_defaults_and_factors_stay_in_0_to_1(name):
    schedule = as_schedule(name)
    assert schedule == SCHEDULES[name]()
    assert as_schedule(schedule) is schedule
    given = factors(schedule, range(500), steps_per_epoch=5, total=500)
    assert given.shape == (500,)
    assert given.dtype == np.float64
    assert (given >= 0).all()
    assert (given[:-1] > 0).all()  # the last step of a cosine has the floor, 0
    assert (given <= 1).all()


def test_train_asks_for_each_step_of_the_whole_run():
    """3 batches an epoch and 4 epochs: 12 steps, of which history keeps the last of each epoch."""
    X = np.arange(6.0)[:, None]
    history = train(Network([1, 1]), X, X[:, 0], optimizer=SGD(1e-3), batch_size=2, epochs=4, schedule="cosine")
    expected = [1e-3 * (1 + math.cos(math.pi * step / 11)) / 2 for step in (2, 5, 8, 11)]
    assert_allclose(history.learning_rate, expected, rtol=1e-12, atol=1e-18)


def test_train_uses_the_factor_of_the_step_itself():
    """b − 1 shrinks by 1 − α·factor each step, with factors 1, 1/2, 1/3."""
    net = Network([1, 1], init="zeros")
    train(net, [[0.0]], [1.0], optimizer=SGD(0.6), epochs=3, schedule=InverseScaling(power=1))
    assert net.b[1][0] == pytest.approx(1 - 0.4 * 0.7 * 0.8, rel=1e-14)


def test_a_schedule_of_ones_own():
    class Halves:
        def factor(self, step, steps_per_epoch, total_steps):
            return 0.5 ** np.asarray(step)

    history = train(Network([1, 1]), [[1.0]], [1.0], optimizer=SGD(0.8), epochs=3, schedule=Halves())
    assert history.learning_rate.tolist() == [0.8, 0.4, 0.2]


def test_adaptive_lowers_the_rate_while_the_loss_stands_still():
    history = train(
        Network([1, 1], init="zeros"),
        *([[0.0]], [1.0]),
        optimizer=SGD(1e-9),
        epochs=50,
        schedule=Adaptive(decay=0.2, patience=2, floor=0.05),
    )
    assert_allclose(history.learning_rate, [1e-9, 1e-9, 1e-9, 0.2e-9, 0.2e-9], rtol=1e-12)
    assert history.stopped == "the learning rate reached its floor"


@pytest.mark.parametrize("engine", ENGINES)
def test_adaptive_goes_on_at_its_floor_and_ends_below_it(engine):
    """The loss stands still, so the factor halves every second epoch: 1, ½, ¼, which is the floor, and ⅛, below it."""
    history = train(
        Network([1, 1], init="zeros"),
        *([[0.0]], [0.0]),
        optimizer=SGD(1.0),
        epochs=50,
        schedule=Adaptive(decay=0.5, patience=2, floor=0.25),
        engine=engine,
    )
    assert history.learning_rate.tolist() == [1, 1, 1, 0.5, 0.5, 0.25, 0.25]
    assert history.stopped == "the learning rate reached its floor"


def test_adaptive_leaves_the_rate_while_the_loss_falls():
    schedule = Adaptive(decay=0.2, patience=2, min_delta=1e-4)
    history = train(Network([1, 1], init="zeros"), [[0.0]], [1.0], optimizer=SGD(0.1), epochs=20, schedule=schedule)
    assert (-np.diff(history.loss) > 1e-4).all()
    assert history.learning_rate.tolist() == [0.1] * 20


def test_adaptive_compares_with_the_best_loss_and_not_with_the_last():
    job, state = SimpleNamespace(schedule=Adaptive(decay=0.5, patience=2)), State("SGD", np.zeros((0, 1)), np.zeros(1))
    rates = []
    for loss in (1.0, 3.0, 2.0, 3.0, 2.0, 0.5, 3.0):  # 2 is better than 3, but 1 was better still
        adapt_rate(job, state, loss)
        rates.append(state.rate_factor)
    assert rates == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (StepDecay, "decay", 0),
        (StepDecay, "decay", 1.5),
        (StepDecay, "every", 0),
        (StepDecay, "every", 2.5),
        (InverseScaling, "power", -1),
        (Cosine, "warmup", 1.0),
        (Cosine, "warmup", -0.1),
        (Cosine, "floor", 2),
        (OneCycle, "rise", 0),
        (OneCycle, "rise", 1),
        (OneCycle, "start", 0.5),
        (OneCycle, "end", "high"),
        (Adaptive, "decay", 1),
        (Adaptive, "patience", 0),
        (Adaptive, "min_delta", -1e-4),
        (Adaptive, "floor", float("nan")),
    ],
)
def test_bad_constants_are_refused(refuses, kind, name, value):
    with refuses(name):
        kind(**{name: value})


@pytest.mark.parametrize("given", ["cosin", 0.1, None, Cosine, np.ones((4, 40))])
def test_unknown_schedules_are_refused(refuses, given):
    with refuses("schedule"):
        as_schedule(given)
    with pytest.raises(InputError, match="did you mean 'cosine'"):
        as_schedule("cosin")


class Own:
    def __init__(self, factor):
        self.factor = factor


@pytest.mark.parametrize(
    "factor",
    [
        lambda step, steps_per_epoch, total: 0.5,
        lambda step, steps_per_epoch, total: step[:1],
        lambda step, steps_per_epoch, total: -1.0 * step,
        lambda step, steps_per_epoch, total: np.full(len(step), np.nan),
        lambda step, steps_per_epoch, total: ["a"] * len(step),
        lambda step: 1.0 * step,
        lambda step, steps_per_epoch, total: math.exp(-step),
        0.5,
    ],
)
def test_a_schedule_of_ones_own_that_cannot_work_is_refused(refuses, factor):
    with refuses("schedule"):
        train(Network([1, 1]), [[1.0]], [1.0], schedule=Own(factor))
