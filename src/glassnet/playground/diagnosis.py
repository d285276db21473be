"""Diagnoses a run of the playground: the findings of `diagnose`, in the words of the page."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.diagnose.case.deviance import yardstick
from glassnet.diagnose.diagnosing import diagnose
from glassnet.diagnose.thresholds import Thresholds
from glassnet.errors import InputError
from glassnet.playground.advice import Case, in_words, sentence
from glassnet.playground.checkpoints import Course
from glassnet.playground.state import State
from glassnet.playground.texts.texts import ENGLISH, Words

# microseconds of training to diagnose; trying the remedies repeats the training about thirty times
MICROSECONDS = 30_000
REPLAYED, DIAGNOSED = 250, 1_000  # longest step in microseconds for which remedies are tried, a run is diagnosed


def findings(course: Course, state: State, words: Words = ENGLISH) -> dict[str, Any]:
    """Return the findings on the run up to a step, rounded up to whole epochs; none on a run that has not begun."""
    setup = course.setup
    if state.step == 0:
        note = words("diagnosis.not_begun")
        return {"begun": False, "healthy": True, "epochs": 0, "note": note, "unknown": "", "findings": []}
    if setup.step_cost > DIAGNOSED:
        raise InputError(
            "diagnosis: expected a smaller run; got one too large to diagnose in time; take fewer rows or units."
        )
    start = course.at(0).run
    data = setup.data
    asked = -(-state.step // setup.steps_per_epoch)
    within = max(1, int(MICROSECONDS / setup.step_cost / setup.steps_per_epoch))
    options = {**setup.options(), "epochs": min(asked, within)}
    validation = (setup.inputs(data.test), data.y_test) if len(data.test) else None
    replay = setup.step_cost < REPLAYED
    notes = [] if replay else [words("diagnosis.not_tried")]
    if any(edit.step for edit in state.edits):
        notes.append(words("diagnosis.by_hand"))
    if within < asked:
        notes.append(words("diagnosis.large", step=within * setup.steps_per_epoch))
    X, y = setup.inputs(data.train), data.y_train
    found = diagnose(start.network, X, y, validation=validation, replay=replay, **options)
    loss, trained = start.network.loss_function, found.network or start.network
    with np.errstate(over="ignore", invalid="ignore"):
        losses = trained.loss(X, y), trained.loss(*validation) if validation else np.nan
    of_train = yardstick(loss, start.job.Y)
    of_test = yardstick(loss, course.test[1]) if validation else of_train
    case = Case(setup, *losses, of_train, of_test, words)
    if validation and all(each.code != "overfitting" for each in found.findings):
        notes.append(case.rise(course.at(state.step).curve, Thresholds().overfit_rise, len(data.y_test)))
    return {
        "begun": True,
        "healthy": found.healthy,
        "epochs": options["epochs"],
        "note": " ".join(filter(None, notes)),
        "unknown": " ".join(sentence(in_words(each)) for each in found.unknown),
        "findings": case.all_told(found.findings),
    }
