"""The clock of a diagnosis: progress that is told, time that is bounded, and Ctrl-C that gives what is known by then."""

import re
import signal
import threading
import time

import numpy as np
import pytest
from sklearn.datasets import make_moons

import glassnet as gn
from glassnet.diagnose.case import clock as clocks
from glassnet.diagnose.case.clock import Clock, OutOfTimeError, Progress

X, y = make_moons(300, noise=0.2, random_state=0)
SANE = {"optimizer": gn.Adam(learning_rate=0.01), "epochs": 60, "batch_size": 32}


def network(**arguments):
    return gn.Network(**{"sizes": [2, 16, 16, 1], "output": "sigmoid", "seed": 1, **arguments})


def test_progress_is_told_from_the_caller_s_thread_with_the_time_left():
    told, threads = [], set()

    def progress(now):
        told.append(now)
        threads.add(threading.get_ident())

    quiet = gn.diagnose(network(), X, y, **SANE)
    diagnosis = gn.diagnose(network(), X, y, progress=progress, **SANE)
    assert diagnosis.to_dict() == quiet.to_dict()
    assert threads == {threading.get_ident()}
    assert told[0].doing == "checking the start"
    assert "training plain models to compare with" in {now.doing for now in told}
    assert all(now.left is None and now.at_most is None for now in told[:2])  # the run itself is not timed yet
    assert [now.done for now in told] == sorted(now.done for now in told)
    last = told[-1]
    assert last.doing == "done"
    assert last.done == last.expected
    assert last.left == 0
    assert last.at_most > 5


def test_progress_in_words():
    assert str(Progress("trying", 3, 12, 1.0, 2.5, 0.1, 9.4)) == (
        "trying: training 4 of about 12, about 2.5 s left, at most 9 s in all"
    )
    assert str(Progress("training", 0, 1, 0.0, None, None, None)) == "training: training 1 of about 1"


STAGES = {
    "checking the start": (),
    "training the network itself": ("poor_initialisation",),
    "training it without the held-out rows": ("poor_initialisation",),
    "training plain models to compare with": ("poor_initialisation", "plateau"),
    "trying remedies of poor_initialisation": ("poor_initialisation", "plateau"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_gives_what_is_known_by_then(stage):
    def progress(now):
        if now.doing == stage:
            raise KeyboardInterrupt

    diagnosis = gn.diagnose(network(init="zeros"), X, y, progress=progress, **SANE)
    assert diagnosis.ended == f"The diagnosis was interrupted while {stage}; this is what was known by then."
    assert not diagnosis.healthy
    assert set(STAGES[stage]) <= set(diagnosis.codes)
    assert all(found.replay is None for found in diagnosis.findings)
    assert (diagnosis.history is not None) is (list(STAGES).index(stage) > 1)
    assert diagnosis.ended in repr(diagnosis).replace("\n", " ")


def test_a_healthy_run_that_was_interrupted_is_not_called_healthy():
    def progress(now):
        if now.doing == "training plain models to compare with":
            raise KeyboardInterrupt

    diagnosis = gn.diagnose(network(), X, y, progress=progress, **SANE)
    assert diagnosis.codes == ()
    assert not diagnosis.healthy
    assert repr(diagnosis).startswith("Nothing found, but not all could be found out.\nThe diagnosis was interrupted")


def test_a_signal_ends_the_user_s_own_training_and_its_course_is_judged():
    """A long run is judged by its readings up to Ctrl-C."""
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    started = time.monotonic()
    try:
        diagnosis = gn.diagnose(network(init="zeros"), X, y, **{**SANE, "epochs": 400_000})
    finally:
        timer.cancel()
    assert time.monotonic() - started < 20
    assert "interrupted while training the network itself" in diagnosis.ended
    assert 0 < diagnosis.history.epochs < 400_000
    assert {"poor_initialisation", "plateau"} <= set(diagnosis.codes)


def test_the_bound_on_the_whole_ends_it_and_says_so(monkeypatch):
    monkeypatch.setattr(clocks, "LEAST", 0.0)
    monkeypatch.setattr(clocks, "TIMES", 1e-9)
    diagnosis = gn.diagnose(network(init="zeros"), X, y, **SANE)
    assert re.fullmatch(
        r"The \d+ s for the diagnosis were over while training it without the held-out rows; this is what was known by then\.",
        diagnosis.ended,
    )
    assert diagnosis.codes[0] == "poor_initialisation"


def test_a_training_is_stopped_at_its_bound(monkeypatch):
    monkeypatch.setattr(clocks, "TRIAL_LEAST", 0.05)
    clock = Clock()
    with clock.training(10) as flag:  # not timed yet: no bound
        time.sleep(0.1)
        assert not flag
    clock.timed(seconds=1e-3, steps=10)
    with clock.training(10) as flag:
        time.sleep(0.5)
        assert flag
    assert clock.done == 2
    clock.at_most = 0.0
    with pytest.raises(OutOfTimeError), clock.training(1):
        pass


def test_a_training_that_begins_after_the_end_stops_at_once():
    clock = Clock()
    with clock.training(1) as before:
        clock.end()
        assert before
    with clock.training(1) as after:
        assert after


def test_progress_has_to_be_a_function(refuses):
    with refuses("progress"):
        gn.diagnose(network(), X, np.asarray(y), progress=3)
