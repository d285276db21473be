"""`examine`: applies the rules of `diagnose` to a finished run: a History, or arrays recorded by another training loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.deviance import yardstick
from glassnet.diagnose.diagnosis import Diagnosis
from glassnet.diagnose.findings import CODES, Finding, finding
from glassnet.diagnose.instruments.instruments import Detail, Look, alike_units, histogram, rms, update_ratio
from glassnet.diagnose.instruments.watched_run import DETAILS, LOOKS, detail_of, look_at, rows_of, schedule
from glassnet.diagnose.rules.course import Course, judge_course, judge_updates
from glassnet.diagnose.thresholds import Thresholds
from glassnet.errors import InputError, shown
from glassnet.training.history import History
from glassnet.training.optimizers import LBFGS

Array = NDArray[Any]

SILENT = 0.0  # the activation of a dead relu


def examine(
    history: History | None = None,
    *,
    losses: Any = (),
    validation_losses: Any = (),
    weights: Sequence[Sequence[Any]] = (),
    gradients: Sequence[Sequence[Any]] = (),
    activations: Sequence[Sequence[Any]] = (),
    steps: Sequence[int] | None = None,
    baseline: float | None = None,
    thresholds: Thresholds | None = None,
) -> Diagnosis:
    """Judge a finished run by its record; remedies are named but not replayed.

    Parameters
    ----------
    history : History of glassnet; its run is repeated, bit for bit
    losses, validation_losses : one number for each epoch
    weights : for each look, from the first to the last, the weight matrix (fan_in, fan_out) of each layer
    gradients : for each look the gradient of each weight matrix, in the same shapes
    activations : for each look the (n, units) activations of each hidden layer on the same rows
    steps : the number of updates before each look; without it the looks are numbered from 0, and updates are not judged
    baseline : the loss of a constant prediction, needed to tell a plateau from the end of a good run
    thresholds : Thresholds

    Raises
    ------
    InputError
        If nothing was passed, or lists of looks differ in length.

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
    count = max(len(weights), len(gradients), len(activations))
    losses, validation_losses = np.asarray(losses, dtype=np.float64), np.asarray(validation_losses, dtype=np.float64)
    if not count and not len(losses):
        raise InputError("examine: expected a History, losses or arrays; got nothing; pass e.g. losses=[…].")
    for name, given in (
        ("weights", weights),
        ("gradients", gradients),
        ("activations", activations),
        ("steps", steps or ()),
    ):
        if len(given) not in (0, count):
            raise InputError(f"{name}: expected one entry for each of {count} looks; got {len(given)}; pass as many.")
    looks = _looks_of(weights, gradients, activations, list(steps) if steps is not None else None, count, thresholds)
    layers = max([len(weights[0])] if weights else [0], [len(gradients[0])] if gradients else [0])[0]
    course = Course(looks, losses, validation_losses, layers, baseline=baseline)
    findings = _judge(course, _alike(weights, thresholds), thresholds)
    return Diagnosis(findings=tuple(findings), looks=tuple(looks), thresholds=thresholds)


def _judge(course: Course, found: list[Finding], thresholds: Thresholds) -> list[Finding]:
    """Return all findings, causes before symptoms; update sizes are used only if no other rule fired."""
    found = [*found, *judge_course(course, thresholds)]
    if all(CODES.index(each.code) > CODES.index("learning_rate_too_low") for each in found):
        found += judge_updates(course, thresholds)
    return sorted(found, key=lambda each: CODES.index(each.code))


def _looks_of(
    weights: Sequence[Sequence[Any]],
    gradients: Sequence[Sequence[Any]],
    activations: Sequence[Sequence[Any]],
    steps: list[int] | None,
    count: int,
    thresholds: Thresholds,
) -> list[Look]:
    looks = []
    for place in range(count):
        W = [np.asarray(w, dtype=np.float64) for w in weights[place]] if weights else []
        G = [np.asarray(g, dtype=np.float64) for g in gradients[place]] if gradients else []
        for layer, (w, g) in enumerate(zip(W, G, strict=False), start=1):
            if w.shape != g.shape:
                raise InputError(
                    f"gradients: expected shape {w.shape} for layer {layer} of look {place}; got {g.shape}; pass dL/dW."
                )
        ratio: tuple[float, ...] = ()
        if steps is not None and W and place + 1 < count and steps[place + 1] == steps[place] + 1:
            ratio = tuple(update_ratio(w, np.asarray(after)) for w, after in zip(W, weights[place + 1], strict=True))
        moved = [np.asarray(w) - np.asarray(first) for w, first in zip(W, weights[0], strict=True)] if W else []
        detail = None
        if activations:
            A = {layer: np.asarray(a, dtype=np.float64) for layer, a in enumerate(activations[place], start=1)}
            detail = _detail(A, dict(enumerate(G, start=1)), thresholds)
        looks.append(
            Look(
                step=steps[place] if steps is not None else place,
                loss=float("nan"),
                weight=tuple(map(rms, W)),
                gradient=tuple(map(rms, G)),
                ratio=ratio,
                distance=float(np.sqrt(sum(float(np.sum(m**2)) for m in moved))),
                detail=detail,
            )
        )
    return looks


def _detail(A: dict[int, Array], G: dict[int, Array], thresholds: Thresholds) -> Detail:
    """Find dead and saturated units from activations alone, which tell the function: relu is ≥ 0 and unbounded, tanh in ±1."""
    dead, saturated = {}, {}
    for layer, a in A.items():
        bounded = bool(np.abs(a).max(initial=0) <= 1) and bool(np.abs(a).max(initial=0) > 0.5)
        if bounded and (a < 0).any():  # tanh: 1 − a² is its slope
            saturated[layer] = float(np.mean(1 - a**2 < thresholds.saturated_slope))
        elif bounded and (a > 0).all():  # sigmoid: a·(1 − a), at most ¼
            saturated[layer] = float(np.mean(4 * a * (1 - a) < thresholds.saturated_slope))
        elif (a >= 0).all():
            dead[layer] = float(np.mean((a == SILENT).all(axis=0)))
    return Detail(
        dead=dead,
        saturated=saturated,
        spread={},
        signal={},
        activations={layer: histogram(a) for layer, a in A.items()},
        gradients={layer: histogram(g) for layer, g in G.items()},
    )


def _alike(weights: Sequence[Sequence[Any]], thresholds: Thresholds) -> list[Finding]:
    for layer, given in enumerate(weights[0][:-1] if weights else (), start=1):
        W = np.asarray(given, dtype=np.float64)
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
        if baseline is None:
            rows, weight = run.job.row_numbers(slice(None)), run.job.sample_weight
            baseline = yardstick(
                network.loss_function, run.job.Y[rows], None if weight is None else weight[rows]
            ).baseline
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
        findings=tuple(_judge(course, [], thresholds)),
        history=history,
        network=network,
        looks=tuple(looks),
        thresholds=thresholds,
        title="" if network is None else repr(network),
        rows=0 if run is None else run.job.n,
    )
