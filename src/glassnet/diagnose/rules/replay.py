"""Counterfactual replay: repeats the run from its start, same seed, with a remedy, and tests if the evidence disappears."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import Outcome, Setup
from glassnet.diagnose.findings import Finding, Replay
from glassnet.diagnose.instruments.watched_run import Recording, record, uninterrupted
from glassnet.diagnose.rules.course import Course, judge_course
from glassnet.diagnose.rules.opinion import Opinion, contradicted, second_opinion
from glassnet.diagnose.rules.outcome import Sickness, recall_by_class
from glassnet.diagnose.rules.start import judge_batch, judge_start
from glassnet.diagnose.thresholds import Thresholds
from glassnet.errors import InputError

AT_MOST = 3  # remedies tried for each finding
SLACK = 0.05  # rise of u that still counts as no worse: the spread between equivalent runs

OF_OUTCOME = ("learning_rate_too_high", "learning_rate_too_low", "underfitting", "input_ignored")


@dataclass(frozen=True, eq=False)
class OriginalRun:
    """The run that replays are compared with: its set-up, with validation data if rows suffice (`held`), and its outcome (`control`)."""

    setup: Setup
    held: Setup
    control: Outcome
    sickness: Sickness | None
    opinion: Opinion | None
    thresholds: Thresholds

    @property
    def where(self) -> str:
        return "training rows" if self.held.validation is None else "held-out rows"


def replayed(found: Finding, others: Iterable[str], original: OriginalRun) -> Finding:
    """Return the finding with the first remedy that a replay confirms, or with the first one, unconfirmed."""
    tried: list[tuple[Remedy, Replay]] = []
    for remedy in found.remedies[:AT_MOST]:
        try:
            outcome = _replay(found, remedy, set(others), original)
        except (InputError, FloatingPointError):  # a change that this set-up cannot take
            continue
        tried.append((remedy, outcome))
        if outcome.confirmed:
            break
    if not tried:
        return found
    remedy, outcome = tried[-1] if tried[-1][1].confirmed else tried[0]
    return replace(found, remedy=remedy, replay=outcome)


def _replay(found: Finding, remedy: Remedy, others: set[str], original: OriginalRun) -> Replay:
    if found.code == "label_noise":
        return _without_rows(remedy, original)
    changed = remedy.apply(original.held)
    again = uninterrupted(record(changed, original.thresholds))
    codes = {other.code for other in judge_start(changed, original.thresholds)}
    codes |= {other.code for other in judge_course(course_of(changed, again, again.outcome), original.thresholds)}
    closes = bool(
        original.sickness is not None and original.sickness.sick and original.sickness.closes(again.outcome.score)
    )
    well = original.sickness is None or original.sickness.well(again.outcome.score)
    if "cannot_overfit_batch" in others | {found.code} and judge_batch(changed, original.thresholds):
        codes.add("cannot_overfit_batch")
    if not well:
        codes |= others & set(OF_OUTCOME)
    gone = tuple(sorted((others | {found.code}) - codes))
    if found.code == "class_imbalance":
        before, after = (min(recall_by_class(original.held, o).values()) for o in (original.control, again.outcome))
        better = after >= original.thresholds.recall
        return Replay(better, better, f"lowest recall of a class on {original.where}", before, after, gone, closes)
    before, after, when = original.control.score, again.outcome.score, " at their best epoch"
    if found.code == "overfitting":
        before, after, when = *((o.held_out or o.score) for o in (original.control, again.outcome)), " at the end"
    when = when if original.held.validation is not None else ""
    evidence_gone = (
        bool(well) if found.code in OF_OUTCOME and original.sickness is not None else found.code not in codes
    )
    no_worse = bool(np.isfinite(after) and (after <= before + SLACK or (original.sickness is not None and well)))
    measured = f"unexplained share on {original.where}{when}"
    return Replay(bool(evidence_gone and no_worse), evidence_gone, measured, before, after, gone, closes)


def _without_rows(remedy: Remedy, original: OriginalRun) -> Replay:
    """Replay leaving rows out: train the second opinion again on the remaining rows."""
    assert original.opinion is not None
    cleaned = remedy.apply(original.setup)
    held = cleaned.with_held_out() or cleaned
    _, _, before = contradicted(original.opinion, original.setup.labels[original.opinion.rows])
    opinion = second_opinion(cleaned, held)
    _, _, after = contradicted(opinion, cleaned.labels[opinion.rows])
    gone = after <= original.thresholds.contradicted
    return Replay(
        gone,
        gone,
        "error rate on the more confident half of the plain models' predictions",
        before,
        after,
        ("label_noise",) if gone else (),
    )


def course_of(setup: Setup, recording: Recording, control: Outcome) -> Course:
    """Return the course of a recorded run, with the validation results of `control`."""
    history, error = recording.history, recording.outcome.error
    measure = setup.measure
    return Course(
        looks=recording.looks,
        loss=history.loss,
        validation_loss=control.validation_loss,
        validation_end=control.validation_end,
        validation_error=control.validation_error,
        unexplained=control.unexplained,
        held_out=control.held_out,
        n_layers=setup.network.n_layers,
        optimizer=setup.optimizer,
        baseline=measure.baseline,
        floor=measure.floor,
        failed_step=None if error is None else error.step,
        failed_layer=None if error is None else error.layer,
        failure="" if error is None else f"the numbers of layer {error.layer} are not finite from step {error.step} on",
    )
