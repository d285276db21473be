"""The learning rate is named as the cause of what it does: dead units late in a run, and a loss that more epochs hardly mend."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

import glassnet as gn
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.findings import Replay, finding
from glassnet.diagnose.rules.attribution import Trial, _cause
from glassnet.diagnose.rules.mending import _is_of_the_rate, _with_its_cause
from glassnet.diagnose.thresholds import Thresholds

ORIGINAL = SimpleNamespace(setup=SimpleNamespace(optimizer=gn.SGD(learning_rate=3.0)), thresholds=Thresholds())
LOWER = Remedy("a learning rate 10 times lower, 0.3", options={"optimizer": gn.SGD(learning_rate=0.3)})
REPLAY = Replay(True, True, "unexplained share", 1.5, 0.2, ("dead_units",))


def dead(step, remedy):
    return finding("dead_units", "all units are dead", Thresholds(), step=step, layer=1, remedies=(remedy,))


@pytest.mark.parametrize(
    ("found", "of_the_rate"),
    [
        (dead(64, LOWER), True),
        (dead(0, LOWER), False),
        (dead(64, Remedy("leaky_relu", network={"hidden": "leaky_relu"})), False),
        (dead(64, Remedy("higher", options={"optimizer": gn.SGD(learning_rate=30.0)})), False),
    ],
)
def test_units_that_die_in_a_run_and_live_at_a_lower_rate_are_a_symptom_of_the_rate(found, of_the_rate):
    assert _is_of_the_rate(found, ORIGINAL) == of_the_rate


def test_the_rate_takes_over_the_remedy_and_its_replay():
    found = dead(64, LOWER)
    cause, symptom = _with_its_cause(replace(found, replay=REPLAY), ORIGINAL)
    assert (cause.code, cause.confirmed, cause.remedy) == ("learning_rate_too_high", True, LOWER)
    assert (symptom.code, symptom.symptom_of) == ("dead_units", "learning_rate_too_high")
    assert "not with a learning rate 10 times lower" in cause.message


def trial(code, score, **options):
    return Trial(code, Remedy(code, options=options), "", SimpleNamespace(score=score))


def test_more_epochs_hide_no_lower_rate_that_does_better():
    held, recording = SimpleNamespace(steps=1000), SimpleNamespace(looks=())
    longer, lower = trial("underfitting", 1.09, epochs=200), trial("learning_rate_too_high", 0.69)
    assert _cause([longer, lower], held, recording) == [lower]
    as_good = trial("learning_rate_too_high", 1.08)
    assert _cause([longer, as_good], held, recording) == [longer]
