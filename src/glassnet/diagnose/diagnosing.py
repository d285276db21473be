"""`diagnose`: examines a set-up before, during and after training, reports faults, and replays their remedies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Unpack

import numpy as np

from glassnet.diagnose.case.clock import Clock, OutOfTimeError, Progress
from glassnet.diagnose.case.remedy import applied
from glassnet.diagnose.case.scores import scores_of, units_held
from glassnet.diagnose.case.setup import Outcome, Setup
from glassnet.diagnose.case.way_in import ByEstimator, InPython, WayIn
from glassnet.diagnose.diagnosis import Diagnosis
from glassnet.diagnose.findings import Finding, finding, rank, says_no_signal
from glassnet.diagnose.instruments.watched_run import Recording, record, uninterrupted
from glassnet.diagnose.rules.course import judge_course
from glassnet.diagnose.rules.data import judge_loss, judge_order
from glassnet.diagnose.rules.known import Known
from glassnet.diagnose.rules.mending import mend, standing
from glassnet.diagnose.rules.opinion import PLAIN_MODELS, Opinion, second_opinion
from glassnet.diagnose.rules.outcome import Sickness, judge_data, judge_sickness
from glassnet.diagnose.rules.replay import OF_SPLIT, OriginalRun, course_of
from glassnet.diagnose.rules.split import judge_origin, judge_repeats, judge_split
from glassnet.diagnose.rules.start import judge_batch, judge_start
from glassnet.diagnose.rules.truth import Truth
from glassnet.diagnose.thresholds import Thresholds
from glassnet.errors import InputError, shown
from glassnet.network.inputs import as_dense, check_X
from glassnet.network.network import Network
from glassnet.training.arguments import check_rows
from glassnet.training.options import TrainingOptions, checked


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
    and 30 s. `.ended` says so.

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
    way_in = InPython(setup, options) if isinstance(model, Network) else ByEstimator(model, setup)
    known = _SoFar(setup, thresholds, way_in)
    try:
        _find(known, replay)
        setup.clock.finish()
    except KeyboardInterrupt:
        known.ended = f"The diagnosis was interrupted while {setup.clock.doing}; this is what was known by then."
    except OutOfTimeError:
        known.ended = (
            f"The {setup.clock.at_most:.0f} s for the diagnosis were over while {setup.clock.doing}; this is what was known "
            "by then."
        )
    finally:
        setup.clock.close()
    return known.diagnosis()


@dataclass(eq=False)
class _SoFar:
    """Keeps what a diagnosis has found so far."""

    setup: Setup
    thresholds: Thresholds
    way_in: WayIn
    findings: list[Finding] = field(default_factory=list)
    recording: Recording | None = None
    judged: Setup | None = None  # the set-up, with a loss for classes if its own does not fit them
    outcome: Outcome | None = None  # of that
    held: Setup | None = None  # with validation rows that can judge
    control: Outcome | None = None  # of that run
    opinion: Opinion | None = None
    sickness: Sickness | None = None
    ended: str = ""  # why the diagnosis is not complete

    def diagnosis(self) -> Diagnosis:
        """Return the Diagnosis of what is known."""
        recording, control, opinion = self.recording, self.control, self.opinion
        unknown: tuple[str, ...] = ()
        irreducible = ""
        if self.judged is not None and self.outcome is not None and not self.ended:
            known = Known(self.judged, self.held, self.outcome, opinion, self.sickness)
            unknown, irreducible = known.unknown(self.findings), known.irreducible()
        plain = None if opinion is None else opinion.held_out
        scores = [] if recording is None else scores_of(self.setup, recording.outcome, self.held, control, plain)
        return Diagnosis(
            findings=tuple(sorted(self.findings, key=_place)),
            history=None if recording is None else recording.history,
            network=None if recording is None else recording.outcome.network,
            looks=() if recording is None else recording.looks,
            thresholds=self.thresholds,
            unexplained=None if self.outcome is None else self.outcome.unexplained,
            held_out=None if control is None else control.held_out,
            opinion=None if opinion is None else (opinion.kind, opinion.held_out),
            title=repr(self.setup.network),
            rows=len(self.setup.X),
            unknown=unknown,
            irreducible=irreducible,
            ended=self.ended,
            scores=tuple(scores),
            units=units_held(self.held or self.setup),
            way_in=self.way_in,
        )


def _find(known: _SoFar, replay: bool) -> None:
    """Examine the set-up step by step, and keep in `known` what each step finds."""
    setup, thresholds, clock = known.setup, known.thresholds, known.setup.clock
    clock.stage("checking the start", PLAIN_MODELS + 3)  # plain models, the run, the one with held-out rows, a batch
    start = known.findings = judge_start(setup, thresholds)
    clock.stage("training the network itself", 1)
    recording = known.recording = record(setup, thresholds)
    clock.timed(recording.history.seconds, recording.history.steps)
    control, known.judged, known.outcome = recording.outcome, setup, recording.outcome
    split = judge_split(setup, thresholds)
    held = known.held = split.setup.with_held_out()
    if recording.interrupted:
        known.findings = [*start, *judge_course(course_of(setup, recording, control), thresholds)]
        raise KeyboardInterrupt
    if held is not None and held is not setup:
        clock.stage("training it without the held-out rows", 2)
        control = uninterrupted(record(held, thresholds, details=0, looks=2)).outcome
    known.control = control
    early = _with_fitting_loss(known, held, control) or judge_course(course_of(setup, recording, control), thresholds)
    if known.judged is setup:
        early = [*start, *early]
    early += [*split.findings, *judge_repeats(setup, control, thresholds), *judge_order(setup, thresholds)]
    known.findings = early
    early += judge_batch(known.judged, thresholds)
    alike = (known.control.error is None) == (known.outcome.error is None)  # else the held-out run has another fault
    if known.held is not None and alike and not _nothing_to_learn(known.judged):
        clock.stage("training plain models to compare with", PLAIN_MODELS)
        early += _beside_plain_models(known, known.judged, known.held, known.control)
    if replay:
        _mend(known, known.judged, known.control)
    else:
        known.findings = standing(early, known.control, known.sickness)


def _with_fitting_loss(known: _SoFar, held: Setup | None, control: Outcome) -> list[Finding]:
    """Go on with a loss for classes if the run's own does not fit them; return that finding and those of the start, else none."""
    if held is None or any(found.code == "gradient_wrong" for found in known.findings):
        return []
    misfit = judge_loss(held, control, known.thresholds)
    if misfit is None:
        return []
    (cure,) = misfit.finding.remedies
    known.judged, known.held, known.control = cure.apply(known.setup), cure.apply(held), misfit.outcome
    known.outcome = misfit.outcome
    return [misfit.finding, *judge_start(known.judged, known.thresholds)]


def _beside_plain_models(known: _SoFar, setup: Setup, held: Setup, control: Outcome) -> list[Finding]:
    """Compare the run with plain models, and return what that shows."""
    thresholds, early = known.thresholds, known.findings
    wrong = [found for found in early if found.code == "gradient_wrong"]
    cures = [cure for found in wrong for cure in found.remedies[:1]]
    opinion = known.opinion = second_opinion(applied(setup, cures), applied(held, cures))
    elsewhere = judge_origin(held, opinion, thresholds)
    own = held.changed(validation=None).with_held_out() if elsewhere else None
    if own is not None:  # validation rows from elsewhere cannot judge
        held = known.held = own
        control = known.control = uninterrupted(record(own, thresholds, details=0, looks=2)).outcome
        opinion = known.opinion = second_opinion(applied(setup, cures), applied(own, cures))
        early[:] = [found for found in early if found.code != "overfitting"]
    sickness = known.sickness = judge_sickness(held, control, opinion, thresholds)
    if wrong or _no_signal(early):
        return elsewhere
    found = [*elsewhere, *judge_data(setup, held, control, opinion, thresholds)]
    assert known.outcome is not None
    return [*found, *_ignores_inputs(known.outcome.unexplained, sickness, opinion, [*early, *found])]


def _mend(known: _SoFar, setup: Setup, control: Outcome) -> None:
    """Replay the remedies, and keep the findings as they then stand."""
    assert known.recording is not None
    assert known.outcome is not None
    early, recording = known.findings, replace(known.recording, outcome=known.outcome)
    original = OriginalRun(setup, known.held or setup, control, known.sickness, known.thresholds, Truth(setup))
    for findings in mend(early, original, recording, attributes=not _no_signal(early)):
        known.findings = findings


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


def _nothing_to_learn(setup: Setup) -> bool:
    return not setup.measure.baseline - setup.measure.floor > 1e-12 * max(1.0, abs(setup.measure.baseline))


def _no_signal(findings: list[Finding]) -> bool:
    return any(map(says_no_signal, findings))


def _ignores_inputs(unexplained: float, sickness: Sickness, opinion: Opinion, findings: list[Finding]) -> list[Finding]:
    """Report a trained network that does no better than a constant prediction although inputs help plain models."""
    thresholds = sickness.thresholds
    if not thresholds.ignored < unexplained < np.inf or not (sickness.sick and opinion.informed):
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


def _place(found: Finding) -> tuple[int, bool, int]:
    """Return the sort key: confirmed findings first, then causes before symptoms, those shown and those usual."""
    certain = found.confirmed or found.code in ("gradient_wrong", *OF_SPLIT) or says_no_signal(found)
    return (0 if certain else 1, found.symptom_of is not None, rank(found))
