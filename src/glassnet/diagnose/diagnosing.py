"""`diagnose`: examines a set-up before, during and after training, reports faults, and replays their remedies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Unpack

import numpy as np

from glassnet.diagnose.case.clock import Clock, OutOfTimeError, Progress
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import Outcome, Setup, run
from glassnet.diagnose.diagnosis import Diagnosis
from glassnet.diagnose.findings import CODES, Finding, finding
from glassnet.diagnose.instruments.watched_run import Recording, record, uninterrupted
from glassnet.diagnose.rules.course import judge_course
from glassnet.diagnose.rules.opinion import PLAIN_MODELS, Opinion, second_opinion
from glassnet.diagnose.rules.outcome import Sickness, attribute, judge_data
from glassnet.diagnose.rules.replay import OriginalRun, course_of, replayed
from glassnet.diagnose.rules.start import judge_batch, judge_start
from glassnet.diagnose.thresholds import Thresholds
from glassnet.errors import InputError, shown
from glassnet.network.inputs import as_dense, check_X
from glassnet.network.network import Network
from glassnet.training.arguments import check_rows
from glassnet.training.options import TrainingOptions, checked

LATE = {  # a finding that appears only in the course of a run ranks just behind this code, as its symptom
    "dead_units": "underfitting",
    "saturated_units": "underfitting",
    "exploding_gradient": "underfitting",
}
NEARLY_ALL = 0.9
SWEEP = 12  # trainings that are expected where other rates and sizes are tried
AT_START = (
    *("unscaled_inputs", "poor_initialisation", "output_bias", "bad_initial_loss", "dead_units", "saturated_units"),
    *("exploding_gradient", "vanishing_gradient", "cannot_overfit_batch"),
)


def diagnose(
    model: Any,
    X: Any,
    y: Any,
    *,
    thresholds: Thresholds | None = None,
    replay: bool = True,
    progress: Callable[[Progress], Any] | None = None,
    **options: Unpack[TrainingOptions],
) -> Diagnosis:
    """Train a copy of a network or estimator under instruments; report its faults and the remedies that a replay confirmed.

    Before training it checks the gradient, the scale of inputs, targets and weights, the first loss, and that a small batch
    can be learned by heart. During training it measures gradients, updates, dead and saturated units, on a schedule that
    bounds the cost and changes no bit of the training. Afterwards it compares the outcome on held-out rows with that of
    plain models, and looks for a single change that closes the gap. Each remedy is replayed from the start with the same seed.

    Ctrl-C ends a diagnosis and returns what is known so far; so does the end of its time, 40 times that of the run itself
    and 5 s. `.ended` says so.

    Parameters
    ----------
    model : Network at its start, or an estimator that has not been fitted
    X, y : as `train` takes them
    thresholds : Thresholds, the value at which each finding begins
    replay : True to try the remedies; if False, findings that need trials are not made
    progress : a function of a Progress, called between trainings: what is done, and the seconds left
    options : the options of `train`

    Returns
    -------
    Diagnosis
        `.findings`, the likeliest cause first; `.healthy`; `.history`; text, HTML and JSON.

    Raises
    ------
    InputError
        If an argument is not one that `train` takes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> y = (X[:, 0] * X[:, 1] > 0).astype(int)
    >>> net = Network([2, 16, 1], output="sigmoid", init="zeros")
    >>> diagnosis = diagnose(net, X, y, optimizer="adam", epochs=200, batch_size=20)
    >>> diagnosis.findings[0].code, diagnosis.findings[0].confirmed
    ('poor_initialisation', True)
    >>> print(diagnosis.findings[0].remedy.code)
    Network(…, init=None)
    """
    thresholds = Thresholds() if thresholds is None else thresholds
    if not isinstance(thresholds, Thresholds):
        raise InputError(f"thresholds: expected Thresholds(…); got {shown(thresholds)}; pass None for the usual ones.")
    if progress is not None and not callable(progress):
        raise InputError(f"progress: expected a function of a Progress; got {shown(progress)}; pass e.g. print.")
    setup = replace(setup_of(model, X, y, options), clock=Clock(progress))
    known = _Known(setup, thresholds)
    try:
        _find(known, replay)
    except KeyboardInterrupt:
        known.ended = f"interrupted while {setup.clock.doing}: what follows is what was known by then"
    except OutOfTimeError:
        known.ended = f"its {setup.clock.at_most:.0f} s were over while {setup.clock.doing}: what follows is what was known by then"
    return known.diagnosis()


@dataclass(eq=False)
class _Known:
    """What a diagnosis has found out so far."""

    setup: Setup
    thresholds: Thresholds
    findings: list[Finding] = field(default_factory=list)
    recording: Recording | None = None
    control: Outcome | None = None  # of the run with held-out rows
    opinion: Opinion | None = None
    ended: str = ""  # why the diagnosis is not complete

    def diagnosis(self) -> Diagnosis:
        """Return the Diagnosis of what is known."""
        recording, control, opinion = self.recording, self.control, self.opinion
        return Diagnosis(
            findings=tuple(_with_symptoms(sorted(self.findings, key=_place))),
            history=None if recording is None else recording.history,
            network=None if recording is None else recording.outcome.network,
            looks=() if recording is None else recording.looks,
            thresholds=self.thresholds,
            unexplained=None if recording is None else recording.outcome.unexplained,
            held_out=None if control is None else control.held_out,
            opinion=None if opinion is None else (opinion.kind, opinion.held_out),
            title=repr(self.setup.network),
            rows=len(self.setup.X),
            ended=self.ended,
        )


def _find(known: _Known, replay: bool) -> None:
    """Examine the set-up step by step, and keep in `known` what each step finds."""
    setup, thresholds, clock = known.setup, known.thresholds, known.setup.clock
    clock.stage("checking the start", 0)
    start = known.findings = judge_start(setup, thresholds)
    clock.stage("training the network itself", 1)
    recording = known.recording = record(setup, thresholds)
    clock.timed(recording.history.seconds, recording.history.steps)
    gradient_is_wrong = any(found.code == "gradient_wrong" for found in start)

    held = setup.with_held_out()
    control = recording.outcome
    if recording.interrupted:
        known.findings = [*start, *judge_course(course_of(setup, recording, control), thresholds)]
        raise KeyboardInterrupt
    if held is not None and held is not setup:
        clock.stage("training it without the held-out rows", 2)
        control = uninterrupted(record(held, thresholds, details=0, looks=2)).outcome
    known.control = control
    course = judge_course(course_of(setup, recording, control), thresholds)
    known.findings = early = [*start, *course, *judge_batch(setup, thresholds)]
    opinion = sickness = None
    alike = (control.error is None) == (recording.outcome.error is None)  # else the held-out run has another fault
    if held is not None and alike and not _nothing_to_learn(setup):
        mended = [cure for found in start if found.code == "gradient_wrong" for cure in found.remedies[:1]]
        right, right_held = (cured(part, mended) for part in (setup, held))
        clock.stage("training plain models to compare with", PLAIN_MODELS)
        opinion = known.opinion = second_opinion(right, right_held)
        sickness = Sickness(control.score, opinion.held_out, thresholds)
        if not gradient_is_wrong and not _nothing_in_inputs(early):
            early += judge_data(setup, held, control, opinion, thresholds)
            early += _ignores_inputs(recording.outcome.unexplained, sickness, early, thresholds)
    if sickness is not None and not sickness.sick:
        known.findings = early = [found for found in early if not _spared(found)]
    if not replay:
        return
    original = OriginalRun(setup, held or setup, control, sickness, opinion, thresholds)
    codes = [found.code for found in early]
    for place, found in enumerate(early):
        clock.stage(f"trying remedies of {found.code}", 1)
        if not gradient_is_wrong or found.code == "gradient_wrong":
            early[place] = replayed(found, codes, original)
    if sickness is not None and sickness.sick and not gradient_is_wrong and not _nothing_in_inputs(early):
        clock.stage("trying other rates, more epochs and more units", SWEEP)
        early += _attributed(early, codes, original, recording)


def setup_of(model: Any, X: Any, y: Any, options: Mapping[str, Any]) -> Setup:
    """Check all arguments and return the set-up of a network or an estimator."""
    if not isinstance(model, Network):
        tell = getattr(model, "training_setup", None)
        if tell is None:
            raise InputError(
                f"model: expected a Network or an MLPClassifier or MLPRegressor; got {type(model).__name__}; "
                "build one with Network([2, 10, 1])."
            )
        model, X, y, own = tell(X, y)
        options = {**own, **options}
    checked(options)
    X = as_dense(check_X(X, model.sizes[0], model.dtype))
    if isinstance(options.get("validation"), tuple | list):
        options = {**options, "validation": tuple(map(as_dense, options["validation"]))}
    model.encode(y, len(X))
    rows = check_rows(options.get("rows"), len(X), None)
    setup = Setup(model.copy(), X, np.asarray(y), {name: options[name] for name in options if name != "rows"})
    return setup if rows is None else setup.rows(rows)


def _spared(found: Finding) -> bool:
    """True for units that died during a run that went well: the remaining ones were enough."""
    return found.code == "dead_units" and bool(found.step) and found.evidence["share"] < NEARLY_ALL


def cured(setup: Setup, remedies: list[Remedy]) -> Setup:
    """Carry out remedies one after the other and return the set-up."""
    for remedy in remedies:
        setup = remedy.apply(setup)
    return setup


def _attributed(
    findings: list[Finding], codes: list[str], original: OriginalRun, recording: Recording
) -> list[Finding]:
    """Name further faults of a sick run, after the confirmed remedies for its start are applied."""
    assert original.sickness is not None
    roots = [found.remedy for found in findings if found.confirmed and found.remedy and _at_start(found)]
    held = cured(original.held, roots)
    control = run(held) if roots else original.control
    sickness = replace(original.sickness, score=control.score)
    if not sickness.sick or control.unexplained <= sickness.opinion + original.thresholds.gap:
        return []  # it has learned its training rows: a worse score on others is not due to rate or size
    known = {found.code for found in findings}
    original = replace(original, held=held, control=control, sickness=sickness)
    more = [found for found in attribute(held, recording, sickness, original.thresholds) if found.code not in known]
    return [replayed(found, [*codes, found.code], original) for found in more]


def _at_start(found: Finding) -> bool:
    """True if the finding was present before the first step, in the initial parameters or the data."""
    return found.code in AT_START and not found.step


def _nothing_to_learn(setup: Setup) -> bool:
    return not setup.measure.baseline - setup.measure.floor > 1e-12 * max(1.0, abs(setup.measure.baseline))


def _nothing_in_inputs(findings: list[Finding]) -> bool:
    """True if the inputs hold no information on the targets, which no change of training can mend."""
    return any(found.code == "input_ignored" and "run" not in found.evidence for found in findings)


def _ignores_inputs(
    unexplained: float, sickness: Sickness, findings: list[Finding], thresholds: Thresholds
) -> list[Finding]:
    """Report a trained network that does no better than a constant prediction although plain models do."""
    if not thresholds.ignored < unexplained < np.inf or sickness.opinion > 0.8:
        return []
    if any(found.code == "input_ignored" for found in findings):
        return []
    return [
        finding(
            "input_ignored",
            f"the trained network leaves {unexplained:.2f} times a constant prediction's loss, where plain models leave "
            f"{sickness.opinion:.2f}",
            thresholds,
            run=unexplained,
            opinion=sickness.opinion,
        )
    ]


def _place(found: Finding) -> tuple[int, int]:
    """Return the sort key: confirmed findings first, then causes before symptoms."""
    late = (found.step or 0) > 0 and found.code in LATE
    place = 2 * CODES.index(LATE[found.code] if late else found.code) + late
    of_data = _nothing_in_inputs([found])
    if found.code == "input_ignored":  # a cause if the inputs hold nothing, a symptom if the network ignores them
        place = -1 if of_data and not found.evidence.get("varying_inputs", 1) else place if of_data else 2 * len(CODES)
    if found.code == "diverged" and found.evidence.get("at_start"):
        place = 1
    if found.remedy is not None and "output" in found.remedy.network:  # targets that the output cannot reach
        place = 2 * CODES.index("output_bias") - 1
    return (0 if found.confirmed or found.code == "gradient_wrong" or of_data else 1, place)


def _with_symptoms(findings: list[Finding]) -> list[Finding]:
    """Mark each finding that disappeared under the remedy of an earlier one, and give it that remedy."""
    marked: list[Finding] = []
    for found in findings:
        causes = [other for other in marked if other.confirmed and other.replay and found.code in other.replay.gone]
        if causes:
            cause = causes[0]
            found = replace(found, symptom_of=cause.code, remedy=cause.remedy, replay=cause.replay)
        marked.append(found)
    return marked
