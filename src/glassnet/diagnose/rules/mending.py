"""Mends a run cause by cause: replays remedies on top of those confirmed before, then names what is still missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from glassnet.diagnose.case.remedy import Remedy, applied, together
from glassnet.diagnose.case.setup import Outcome, run
from glassnet.diagnose.findings import CODES, LATE, Finding, Replay, finding, rank
from glassnet.diagnose.instruments.watched_run import Recording
from glassnet.diagnose.rules.attribution import attribute
from glassnet.diagnose.rules.outcome import Sickness
from glassnet.diagnose.rules.replay import OF_DATA, OF_SPLIT, OriginalRun, replayed

AT_MOST_PENDING = 2  # remedies without an effect of their own that are tried together with others
STANDING = (
    "gradient_wrong",
    "input_ignored",
    "label_noise",
    "class_imbalance",
    *OF_SPLIT,
)  # statements that need no sick run and no remedy
TRIALS, SWEEP = 9, 12  # trainings that are expected for the remedies of a finding, and where other settings are tried
FIRST_OF_RATES = 2 * CODES.index("learning_rate_too_high")
OF_THE_END = ("plateau", "overfitting", "cannot_overfit_batch", "bad_initial_loss", "diverged", "unshuffled_rows")


def mend(
    early: list[Finding], original: OriginalRun, recording: Recording, *, attributes: bool
) -> Iterator[list[Finding]]:
    """Replay the findings, causes first; yield all findings after each, as they then stand.

    A finding that an earlier remedy removed is its symptom. `attributes`: True to try single changes and pairs of them in
    a run that is still sick after the causes that were seen at its start; what a run shows in its course or at its end is
    judged after that.
    """
    clock = original.setup.clock
    mending = _Mending(original, [found.code for found in early])
    in_order = sorted(early, key=rank)
    first = [found for found in in_order if rank(found) < FIRST_OF_RATES]
    for place, found in enumerate(in_order):
        if place == len(first):
            mending.attribute(recording, attributes)
        clock.stage(f"trying remedies of {found.code}", TRIALS)
        mending.replay(found)
        yield [*mending.done, *in_order[place + 1 :]]
        if found.code == "gradient_wrong" and not mending.done[-1].confirmed:
            return  # nothing else can be tried with a wrong gradient
    if len(first) == len(in_order):
        mending.attribute(recording, attributes)
    yield standing(mending.done, mending.original.control, mending.original.sickness)


def standing(findings: list[Finding], control: Outcome, sickness: Sickness | None) -> list[Finding]:
    """Return the findings without those that a run as good as plain models shows wrong."""
    if sickness is not None and sickness.sick:
        return findings
    return [found for found in findings if _stands(found, control, sickness)]


class _Mending:
    """The findings replayed so far, and the run with the remedies that were confirmed."""

    def __init__(self, original: OriginalRun, codes: list[str]) -> None:
        self.original, self.codes = original, codes
        self.done: list[Finding] = []
        self.pending: list[Remedy] = []  # their evidence is gone and they do no harm, but alone they do not help

    def replay(self, found: Finding) -> None:
        """Replay the remedies of a finding on top of those confirmed before."""
        cause = next((c for c in self.done if c.confirmed and c.replay and found.code in c.replay.gone), None)
        if cause is not None:
            self.done.append(replace(found, symptom_of=cause.code, remedy=cause.remedy, replay=cause.replay))
            return
        tried, outcome = replayed(found, self.codes, self.original)
        self.done.append(tried)
        if outcome is None or tried.remedy is None or tried.replay is None or tried.code == "overfitting":
            return
        if tried.confirmed:
            if _is_of_the_rate(tried, self.original):
                others = [done for done in self.done[:-1] if done.code != "learning_rate_too_high"]
                self.done = [*others, *_with_its_cause(tried, self.original)]
            self.original = self.original.mended([tried.remedy], outcome)
        elif tried.replay.evidence_gone and not tried.replay.harmful and tried.code not in OF_DATA:
            self.pending.append(tried.remedy)

    def attribute(self, recording: Recording, attributes: bool) -> None:
        """Name further faults of a run that is still sick."""
        if not attributes or self.original.sickness is None or not self.original.sickness.sick:
            return
        self.original.setup.clock.stage("trying other rates, more epochs and more units", SWEEP)
        known = {found.code for found in self.done}
        self.done += [found for found in _attributed(self, recording) if found.code not in known]


def _is_of_the_rate(found: Finding, original: OriginalRun) -> bool:
    """True if units or gradients that went wrong in the course of a run are mended by a lower rate."""
    if not found.step or found.code not in LATE or found.remedy is None:
        return False
    optimizers = original.setup.optimizer, found.remedy.options.get("optimizer")
    rate, changed = (getattr(optimizer, "learning_rate", 0) for optimizer in optimizers)
    return 0 < changed < rate


def _with_its_cause(found: Finding, original: OriginalRun) -> list[Finding]:
    """Return the rate as the cause, and the finding as its symptom."""
    assert found.remedy is not None
    code = "learning_rate_too_high"
    message = f"{found.message}, and not with {found.remedy.text}"
    cause = finding(code, message, original.thresholds, step=found.step, remedies=(found.remedy,), **found.evidence)
    return [replace(cause, replay=found.replay), replace(found, symptom_of=code)]


def _attributed(mending: _Mending, recording: Recording) -> list[Finding]:
    """Name further faults of a run that is still sick."""
    original, pending = mending.original, mending.pending
    sickness, thresholds = original.sickness, original.thresholds
    assert sickness is not None
    if original.control.unexplained <= sickness.opinion + thresholds.gap:
        return []  # it has learned its training rows: a worse score on others is not due to rate or size
    more = []
    for found in attribute(original.held, recording, sickness, thresholds):
        tried, outcome = replayed(found, [*mending.codes, found.code], original)
        more.append(tried)
        if tried.confirmed and tried.remedy is not None and outcome is not None and mending.original is original:
            mending.original = original.mended([tried.remedy], outcome)
    if any(found.confirmed for found in more) or not pending:
        return more
    beside = pending[:AT_MOST_PENDING]
    held = applied(original.held, beside)
    with_them = original.mended(beside, run(held)).sickness
    assert with_them is not None
    joint = attribute(held, recording, with_them, thresholds)
    judged = [_beside(found, beside, original) for found in joint if found.remedies]
    return [found for found in judged if found.confirmed] or more


def _beside(found: Finding, beside: list[Remedy], original: OriginalRun) -> Finding:
    """Judge the first remedy of a finding together with others."""
    remedy, words = found.remedies[0], " and ".join(other.text for other in beside)
    if not original.truth.possible:
        return found
    verdict = original.truth.compare(original.remedies, (*original.remedies, *beside, remedy))
    measured = "unexplained share on rows that took no part"
    replay = Replay(verdict.better, True, measured, verdict.before, verdict.after, (found.code,), False, verdict, words)
    return replace(found, remedy=together([*beside, remedy]), replay=replay)


def _stands(found: Finding, control: Outcome, sickness: Sickness | None) -> bool:
    """True if the finding stands in a run that does as well as plain models: a mended fault, or a fact.

    A fault of the start that does no harm is still a fault. A run that ends well above its best, and above the plain
    models, is overfitted though its best epoch did well.
    """
    if found.code == "class_imbalance" and found.replay is not None and found.replay.harmful:
        return False  # finding more of the rare class costs more than it gives
    if found.confirmed or found.code in STANDING:
        return True
    end = control.held_out
    if sickness is None:  # nothing is held out: the training rows must speak
        return not found.step and (found.code not in OF_THE_END or control.unexplained > 0.5)
    if found.code == "overfitting" and end is not None:
        certain = 0.0 if control.unlike else 3 * sickness.error
        return end - sickness.opinion > max(sickness.thresholds.gap, certain)
    return found.code not in OF_THE_END and not found.step
