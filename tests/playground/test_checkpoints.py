"""Runs with checkpoints: the same as a plain run from its start, whatever was asked before, within a bound of memory."""

import threading

import numpy as np
import pytest

import glassnet as gn
from glassnet.playground import checkpoints
from glassnet.playground.checkpoints import CURVE_POINTS, Checkpoints, Course, stride_of
from glassnet.playground.setup import check_setup, load_data
from glassnet.playground.state import read_state
from glassnet.playground.uploads import Uploads

RUNS = {
    "full batch": "optimizer=momentum&l2=0.01",
    "batches": "data=spirals&hidden=6,4&activation=tanh&optimizer=adam&batch=30&dropout=0.2",
    "edits": "batch=50&optimizer=adam&edits=0:b1,2=0.5;40:W1,0,3=-2;40:W2,1,0=1;90:b2,0=0.25",
}


def setup(query):
    state = read_state(query)
    return check_setup(state, load_data(state, Uploads()))


def plain(query, step):
    """The run from its start in one go, with its edits, by the public functions alone."""
    made = setup(query)
    state, data = made.state, made.data
    net = gn.Network([len(state.features), *state.hidden, 1], list(state.activations), "sigmoid", seed=state.seed)
    run = gn.Run(net, data.train, data.y_train, **made.options())
    for edit in state.edits:
        if edit.step <= step:
            run.advance(steps=edit.step - run.step)
            (net.b if edit.row < 0 else net.W)[edit.layer].flat[
                max(edit.row, 0) * net.sizes[edit.layer] + edit.column
            ] = edit.value
    return run.advance(steps=step - run.step)


@pytest.mark.parametrize("query", RUNS.values(), ids=RUNS)
def test_any_step_in_any_order_is_the_plain_runs(query):
    course = Course(setup(query))
    for step in (3, 200, 39, 40, 41, 0, 2100, 90, 89, 1999, 2100, 7):
        expected = plain(query, step)
        position = course.at(step)
        np.testing.assert_array_equal(position.run.network.theta, expected.network.theta)
        np.testing.assert_array_equal(position.run.state.slots, expected.state.slots)
        np.testing.assert_array_equal(position.batch.rows, expected.batch().rows)
        assert position.curve == Course(setup(query)).at(step).curve


def test_a_position_is_nobody_elses():
    course = Course(setup(""))
    course.at(50).run.network.theta[...] = 0
    np.testing.assert_array_equal(course.at(50).run.network.theta, plain("", 50).network.theta)


def test_the_curve_is_the_losses_of_the_steps_it_names():
    course = Course(setup("batch=40"))
    curve = course.at(300).curve
    assert len(curve) <= CURVE_POINTS + 1
    assert [step for step, _, _ in curve] == [*range(0, 300, stride_of(300)), 300]
    data = course.setup.data
    for step, train, test in (curve[0], curve[17], curve[-1]):
        net = plain("batch=40", step).network
        assert train == net.loss(data.train, data.y_train)
        assert test == net.loss(data.test, data.y_test)


def test_the_stride_is_the_least_power_of_two_that_keeps_the_curve_short():
    for step in (0, 1, 127, 128, 129, 5000, 50000):
        stride = stride_of(step)
        assert stride & (stride - 1) == 0
        assert step / stride <= CURVE_POINTS
        assert stride == 1 or step / (stride // 2) > CURVE_POINTS


DIVERGES = "data=sine&noise=0&hidden=16,16,16&activation=relu&rate=300"


def test_a_run_that_overflows_ends_at_its_last_good_step_whatever_was_asked_before():
    ends = {Course(setup(DIVERGES)).at(step).non_finite.step for step in (20, 100, 400)}
    assert len(ends) == 1
    end = ends.pop()
    straight = Course(setup(DIVERGES))
    assert straight.at(end - 1).non_finite is None
    for asked in ((end,), (end + 1,), (400, end), (end - 1, end, 400), (0, end + 1, end)):
        course = Course(setup(DIVERGES))
        position = [course.at(step) for step in asked][-1]
        assert (position.non_finite.step, position.run.step) == (end, end - 1)
        assert str(position.non_finite) == str(straight.at(400).non_finite)
        np.testing.assert_array_equal(position.run.network.theta, straight.at(end - 1).run.network.theta)
        assert course.at(end - 1).non_finite is None


def test_a_step_back_starts_from_a_checkpoint_nearby(monkeypatch):
    course, steps, advance = Course(setup("")), [], gn.Run.advance
    course.at(4000)

    def counted(run, **given):
        steps.append(given["steps"])
        return advance(run, **given)

    monkeypatch.setattr(gn.Run, "advance", counted)
    course.at(3990)
    assert 0 < sum(steps) <= 2 * stride_of(4000)


def test_memory_is_bounded_and_a_forgotten_run_gives_the_same_again():
    kept = Checkpoints(most_bytes=1_500_000)

    def course(seed):
        query = f"hidden=16,16&optimizer=adam&seed={seed}"
        return kept.course(query, lambda: setup(query))

    first = course(0).at(150).run.network.theta
    assert course(0) is course(0)
    for seed in range(1, 12):
        course(seed).at(300)
    course(99)
    assert kept.size <= 1_500_000
    np.testing.assert_array_equal(course(0).at(150).run.network.theta, first)


def test_checkpoints_of_one_run_stay_within_their_share(monkeypatch):
    monkeypatch.setattr(checkpoints, "CHECKPOINT_BYTES", 200_000)
    query = "hidden=16,16&optimizer=adam&edits=33:b1,0=1;700:b1,0=2"
    course = Course(setup(query))
    for step in range(0, 1200, 7):
        course.at(step)
    assert course.size < 500_000
    np.testing.assert_array_equal(course.at(1111).run.network.theta, plain(query, 1111).network.theta)


def test_many_threads_get_what_one_gets():
    query = RUNS["batches"]
    course, steps = Course(setup(query)), [int(step) for step in np.random.default_rng(0).integers(0, 600, 64)]
    found = {}

    def ask(mine):
        for step in mine:
            found[step] = course.at(step).run.network.theta

    threads = [threading.Thread(target=ask, args=(steps[k::8],)) for k in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert set(found) == set(steps)
    for step, theta in found.items():
        np.testing.assert_array_equal(theta, Course(setup(query)).at(step).run.network.theta)
