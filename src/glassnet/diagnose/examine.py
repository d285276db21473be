"""`examine`: applies the rules of `diagnose` to a finished run: a History, or arrays recorded by another training loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.scores import scores_of, units_held
from glassnet.diagnose.case.setup import Setup, outcome_of
from glassnet.diagnose.case.way_in import InPython
from glassnet.diagnose.diagnosis import Diagnosis
from glassnet.diagnose.findings import CODES, Finding, finding
from glassnet.diagnose.instruments.arrays import looks_of, numbers, record_of
from glassnet.diagnose.instruments.instruments import alike_units
from glassnet.diagnose.instruments.watched_run import DETAILS, LOOKS, detail_of, look_at, rows_of, schedule
from glassnet.diagnose.rules.course import Course, flat, judge_course, judge_updates
from glassnet.diagnose.rules.data import judge_order
from glassnet.diagnose.rules.split import judge_split
from glassnet.diagnose.rules.start import judge_start
from glassnet.diagnose.thresholds import Thresholds
from glassnet.errors import InputError, shown
from glassnet.network.inputs import as_dense
from glassnet.network.network import Network
from glassnet.training.history import History, RunOfHistory
from glassnet.training.optimizers import LBFGS
from glassnet.training.options import OPTIONS

Array = NDArray[Any]


def examine(
    history: History | None = None,
    *,
    losses: Any = (),
    validation_losses: Any = (),
    weights: Iterable[Iterable[Any]] = (),
    gradients: Iterable[Iterable[Any]] = (),
    activations: Iterable[Iterable[Any]] = (),
    steps: Iterable[int] | None = None,
    layout: Literal["in_out", "out_in"] | None = None,
    baseline: float | None = None,
    thresholds: Thresholds | None = None,
) -> Diagnosis:
    """Judge a finished run by its record; remedies are named but not replayed.

    Arrays may be NumPy's or tensors, which are detached first; lists may be iterators.

    Parameters
    ----------
    history : History of glassnet; its run is repeated, bit for bit
    losses, validation_losses : one number for each epoch
    weights : for each look, from the first to the last, the weight matrix of each layer, copied (biases are left out)
    gradients : for each look the gradient of each weight matrix, in the same shapes
    activations : for each look the (n, units) activations of each hidden layer on the same rows
    steps : the number of updates before each look; without it the looks are numbered from 0, and updates are not judged
    layout : "in_out" for matrices (fan_in, fan_out), "out_in" for (fan_out, fan_in) as torch.nn.Linear has them; by default
        the one in which the matrices' shapes follow each other, "in_out" if both do
    baseline : the loss of a constant prediction, needed to tell a plateau from the end of a good run
    thresholds : Thresholds

    Returns
    -------
    Diagnosis
        `.findings`, the likeliest cause first, without replays.

    Raises
    ------
    InputError
        If nothing was passed, lists of looks differ in length, or shapes are not those of one network.

    Examples
    --------
    Another training loop, whose gradient vanishes towards the first layer:

    >>> rng = np.random.default_rng(0)
    >>> weights = [[rng.normal(size=(4, 4)) for _ in range(3)]]
    >>> gradients = [[1e-6 * rng.normal(size=(4, 4)), 1e-3 * rng.normal(size=(4, 4)), rng.normal(size=(4, 4))]]
    >>> examine(weights=weights, gradients=gradients).codes
    ('vanishing_gradient',)
    """
    thresholds = Thresholds() if thresholds is None else thresholds
    if history is not None:
        return _of_history(history, baseline, thresholds)
    record = record_of(weights, gradients, activations, steps, layout)
    losses, validation_losses = numbers("losses", losses), numbers("validation_losses", validation_losses)
    if not record.count and not len(losses):
        raise InputError("examine: expected a History, losses or arrays; got nothing; pass e.g. losses=[…].")
    looks = looks_of(record, thresholds)
    course = Course(looks, losses, validation_losses, record.n_layers, baseline=baseline)
    findings = _judge(course, _alike(record.weights, thresholds), thresholds)
    return Diagnosis(
        findings=tuple(findings), looks=tuple(looks), thresholds=thresholds, unknown=_unknown(course, thresholds)
    )


def _unknown(course: Course, thresholds: Thresholds) -> tuple[str, ...]:
    """Return what the record does not tell: of a loss that hardly moved, if it could have."""
    if course.baseline is not None or not flat(course, thresholds):
        return ()
    first, last = float(course.loss[0]), float(course.loss[-1])
    if first - last > thresholds.plateau_gain * abs(first):
        return ()
    told = f"a loss of {first:.4g} that never fell may be a plateau or all that can be learned: pass baseline=, the loss of a constant"
    return (told,)


def _judge(course: Course, found: list[Finding], thresholds: Thresholds) -> list[Finding]:
    """Return all findings, causes before symptoms; update sizes are used only if no other rule fired."""
    found = [*found, *judge_course(course, thresholds)]
    if all(CODES.index(each.code) > CODES.index("learning_rate_too_low") for each in found):
        found += judge_updates(course, thresholds)
    return sorted(found, key=lambda each: CODES.index(each.code))


def _alike(weights: list[list[Array]], thresholds: Thresholds) -> list[Finding]:
    """Find a hidden layer whose units start alike."""
    for layer, W in enumerate(weights[0][:-1] if weights else (), start=1):
        if alike_units(W, np.zeros(W.shape[1])):
            message = (
                f"all {W.shape[1]} units of layer {layer} start with the same weights, so they can only learn the same"
            )
            return [finding("poor_initialisation", message, thresholds, step=0, layer=layer, units=W.shape[1])]
    return []


def _of_history(history: History, baseline: float | None, thresholds: Thresholds) -> Diagnosis:
    """Repeat the run from its start and read the instruments on the way."""
    if not isinstance(history, History):
        raise InputError(f"history: expected a History; got {shown(history)}; pass what train returned.")
    run, looks, network = history.run, [], None
    rate = None
    told: dict[str, Any] = {}
    start_findings: list[Finding] = []
    if run is not None and not isinstance(run.optimizer, LBFGS):
        first, last = run.snapshots[0].state.step, history.steps
        again = run.at(step=first)
        probe, many = (run.job.row_numbers(rows_of(run.job.n, at_most)) for at_most in (64, 2000))
        places = first + schedule(last - first, LOOKS)
        detailed = set(places[np.unique(np.linspace(0, len(places) - 1, DETAILS).round().astype(int))])
        start = again.network.theta.copy()
        for place in [*places, last]:
            again.advance(steps=int(place) - again.step)
            detail = None
            if place in detailed or place == last:
                detail = detail_of(again.network, run.job.X[many], run.job.Y[many], thresholds)
            looks.append(look_at(again, start, probe, detail))
        network, rate = again.network, run.optimizer
        setup = _setup_of(run, run.at(step=first).network)
        start_findings = judge_start(setup, thresholds) if first == 0 else []
        start_findings += [*judge_split(setup, thresholds).findings, *judge_order(setup, thresholds)]
        baseline = setup.measure.baseline if baseline is None else baseline
        outcome = outcome_of(setup, network, history.loss, history.validation_loss, None)
        told = {
            "unexplained": outcome.unexplained,
            "held_out": outcome.held_out,
            "scores": tuple(scores_of(setup, outcome, setup, outcome, None)),
            "units": units_held(setup),
            "way_in": InPython(setup, setup.options),
        }
    course = Course(
        looks,
        history.loss,
        history.validation_loss,
        0 if network is None else network.n_layers,
        optimizer=rate,
        validation_end=float(history.validation_loss[history.best_epoch - 1])
        if history.best_epoch is not None and len(history.validation_loss) >= history.best_epoch
        else None,
        baseline=baseline,
    )
    return Diagnosis(
        findings=tuple(_judge(course, start_findings, thresholds)),
        history=history,
        network=network,
        looks=tuple(looks),
        thresholds=thresholds,
        title="" if network is None else repr(network),
        rows=0 if run is None else run.job.n,
        **told,
    )


def _setup_of(run: RunOfHistory, start: Network) -> Setup:
    """Return the set-up of a run, whose network was `start`."""
    job = run.job
    rows = job.row_numbers(slice(None))
    options = {name: getattr(job, name) for name in OPTIONS if name not in ("rows", "validation", "sample_weight")}
    options |= {"optimizer": run.optimizer, "batch_size": job.batch_size if job.batch_size < job.n else None}
    if job.sample_weight is not None:
        options["sample_weight"] = job.sample_weight[rows]
    if job.validation is not None:
        X, Y, weight = job.validation
        options["validation"] = (as_dense(X), Y) if weight is None else (as_dense(X), Y, weight)
    return Setup(start, as_dense(job.X[rows]), job.Y[rows], options)
