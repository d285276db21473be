"""Counterfactual replay: repeats the run from its start, same seed, with a remedy; rows that took no part judge the result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from glassnet.diagnose.case.remedy import Remedy, applied
from glassnet.diagnose.case.setup import Outcome, Setup
from glassnet.diagnose.findings import Finding, Replay
from glassnet.diagnose.instruments.watched_run import Recording, record, uninterrupted
from glassnet.diagnose.rules.course import Course, judge_course
from glassnet.diagnose.rules.outcome import Sickness
from glassnet.diagnose.rules.start import judge_batch, judge_start
from glassnet.diagnose.rules.truth import Truth
from glassnet.diagnose.thresholds import Thresholds
from glassnet.errors import InputError

AT_MOST = 3  # remedies tried for each finding
SLACK = 0.05  # rise of u that still counts as no worse: the spread between equivalent runs

OF_OUTCOME = ("learning_rate_too_high", "learning_rate_too_low", "underfitting", "input_ignored")
OF_SPLIT = ("data_leakage", "shifted_validation")
OF_DATA = ("label_noise", "class_imbalance")  # evidence in the data, which no change of training removes


@dataclass(frozen=True, eq=False)
class OriginalRun:
    """The run that replays are compared with, after the remedies confirmed so far.

    `setup`, its version with validation data if rows suffice (`held`), the `remedies` confirmed so far, and the outcome
    with them (`control`); `truth` judges by rows that take no part.
    """

    setup: Setup
    held: Setup
    control: Outcome
    sickness: Sickness | None
    thresholds: Thresholds
    truth: Truth
    remedies: tuple[Remedy, ...] = ()

    @property
    def where(self) -> str:
        return "training rows" if self.held.validation is None else "held-out rows"

    def mended(self, remedies: Iterable[Remedy], control: Outcome) -> OriginalRun:
        """Return the run with more remedies, which `control` is the outcome of."""
        remedies = tuple(remedies)
        held = applied(self.held, remedies)
        sickness = None if self.sickness is None else replace(self.sickness, score=control.score)
        return replace(self, held=held, control=control, sickness=sickness, remedies=self.remedies + remedies)


def replayed(found: Finding, others: Iterable[str], original: OriginalRun) -> tuple[Finding, Outcome | None]:
    """Return the finding with the first remedy that a replay confirms, or else one that does no harm; and its outcome.

    A finding on the split is not replayed, since its remedy changes the rows that judge.
    """
    if found.replay is not None or found.code in OF_SPLIT:
        return found, None
    tried: list[tuple[Remedy, Replay, Outcome | None]] = []
    for remedy in found.remedies[:AT_MOST]:
        try:
            replay, outcome = _replay(found, remedy, set(others), original)
        except (InputError, FloatingPointError):  # a change that this set-up cannot take
            continue
        tried.append((remedy, replay, outcome))
        if replay.confirmed:
            break
    if not tried:
        return found, None
    harmless = [each for each in tried if not each[1].harmful] or tried
    chosen = tried[-1] if tried[-1][1].confirmed else next((e for e in harmless if e[1].evidence_gone), harmless[0])
    return replace(found, remedy=chosen[0], replay=chosen[1]), chosen[2]


def _replay(found: Finding, remedy: Remedy, others: set[str], original: OriginalRun) -> tuple[Replay, Outcome | None]:
    if found.code in OF_DATA:
        return _of_data(found, remedy, original), None
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
    before, after, when = original.control.score, again.outcome.score, " at their best epoch"
    if found.code == "overfitting":
        before, after, when = *((o.held_out or o.score) for o in (original.control, again.outcome)), " at the end"
    when = when if original.held.validation is not None else ""
    evidence_gone = (
        bool(well) if found.code in OF_OUTCOME and original.sickness is not None else found.code not in codes
    )
    no_worse = bool(np.isfinite(after) and (after <= before + SLACK or (original.sickness is not None and well)))
    verdict = None
    if evidence_gone and no_worse and original.truth.possible:
        verdict = original.truth.compare(original.remedies, (*original.remedies, remedy))
    measured = f"unexplained share on {original.where}{when}"
    confirmed = verdict is not None and verdict.better
    if found.code == "gradient_wrong":  # a fact, whatever a wrong derivative may do to rows not seen
        confirmed = evidence_gone and no_worse
    return Replay(confirmed, evidence_gone, measured, before, after, gone, closes, verdict), again.outcome


def _of_data(found: Finding, remedy: Remedy, original: OriginalRun) -> Replay:
    """Judge a remedy for the data: wrong labels by the loss, a rare class by how well it is found at no loss."""
    after = (*original.remedies, remedy)
    verdict = original.truth.compare(original.remedies, after)
    if found.code == "label_noise":
        measured = "unexplained share on rows that took no part"
        gone = (found.code,) if verdict.better else ()
        return Replay(verdict.better, False, measured, verdict.before, verdict.after, gone, verdict=verdict)
    rare, labels = found.evidence["rare"], original.setup.labels
    (recall, f1), (recall_after, f1_after) = (
        _recall_and_f1(labels == rare, original.truth.classes(remedies) == rare)
        for remedies in (original.remedies, after)
    )
    better = recall_after >= original.thresholds.recall and f1_after > f1
    measured = f"recall of class {rare} on rows that took no part"
    confirmed = better and not verdict.worse
    return Replay(confirmed, better, measured, recall, recall_after, (found.code,) * confirmed, verdict=verdict)


def _recall_and_f1(true: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    hits = float((true & predicted).sum())
    return hits / max(float(true.sum()), 1.0), 2 * hits / max(float(true.sum() + predicted.sum()), 1.0)


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
        unlike=control.unlike,
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
