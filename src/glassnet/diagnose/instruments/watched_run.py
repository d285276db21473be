"""`record`: trains a set-up in pieces and reads the instruments in between, which changes no bit of the training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.setup import Outcome, Setup, outcome_of
from glassnet.diagnose.instruments.instruments import (
    Detail,
    Look,
    dead_share,
    histogram,
    rms,
    saturated_share,
    update_ratio,
)
from glassnet.diagnose.thresholds import Thresholds
from glassnet.equations.activations import Activation
from glassnet.errors import NonFiniteError
from glassnet.network import passes
from glassnet.network.network import Network
from glassnet.training.history import History, RunOfHistory
from glassnet.training.optimizers import LBFGS
from glassnet.training.run import Run

Array = NDArray[Any]

PROBE_ROWS = 32  # rows of a cheap look
DETAIL_ROWS = 2000  # rows of a costly look
LOOKS = 32  # largest number of looks
FEWEST_LOOKS = 4
DETAILS = 6  # costly looks among them
SHARE = 0.08  # share of the estimated training time that cheap looks may take

# seconds and multiply-adds a second: they estimate the cost beforehand, so that the number of looks depends on the set-up
# alone and not on the clock
STEP_OVERHEAD, LOOK_OVERHEAD, ENGINE_RATE, NUMPY_RATE = 1.5e-6, 3.5e-4, 1e11, 4e9


@dataclass(frozen=True, eq=False)
class Recording:
    """A run with the readings of its instruments; `history` and `outcome` are those of the same run without them."""

    looks: tuple[Look, ...]
    history: History
    outcome: Outcome
    start: Array  # theta before the first step
    interrupted: bool = False  # True if Ctrl-C ended the run


def record(setup: Setup, thresholds: Thresholds, *, details: int = DETAILS, looks: int | None = None) -> Recording:
    """Train a copy of the set-up's network, reading the instruments on a schedule that bounds the cost.

    `details` is the number of costly looks; `looks` the number of all, by default 4 to 32, so that cheap looks take
    about a twelfth of the training time. Ctrl-C ends the run and gives the readings so far.
    """
    network = setup.network.copy()
    start = network.theta.copy()
    run = Run(network, setup.X, setup.y, **setup.options)
    by_epoch = isinstance(run.optimizer, LBFGS)
    total = run.job.epochs if by_epoch else run.job.epochs * run.job.steps_per_epoch
    places = schedule(total, looks if looks is not None else affordable(run, total))
    chosen = np.linspace(0, len(places) - 1, details).round().astype(int)
    detailed = set(places[chosen].tolist())
    probe = rows_of(len(setup.X), PROBE_ROWS)
    many = rows_of(len(setup.X), DETAIL_ROWS)

    taken: list[Look] = []
    error: NonFiniteError | None = None
    interrupted = False

    def detail_at(place: int) -> Detail | None:
        if place not in detailed:
            return None
        return detail_of(network, run.job.X[many], run.job.Y[many], thresholds)

    try:
        with setup.clock.training(setup.steps) as run.stop:
            if by_epoch:
                _between_iterations(run, start, probe, set(places.tolist()), detail_at, taken)
            else:
                for place in map(int, places):
                    run.advance(steps=place - run.step)
                    if run.stop or (run.finished and place):
                        break
                    taken.append(look_at(run, start, probe, detail_at(place)))
                run.advance()
    except NonFiniteError as caught:
        error = caught
    except KeyboardInterrupt:
        interrupted = True
    if error is None:
        detailed.add(-1)
        detail = detail_at(-1) if details else None
        taken.append(read(run, start, probe, detail, run.epoch if by_epoch else run.step, ()))
    history = run.restore_best().history()
    outcome = outcome_of(setup, network, history.loss, history.validation_loss, error)
    return Recording(tuple(taken), history, outcome, start, interrupted)


def uninterrupted(recording: Recording) -> Recording:
    """Return the recording; raise KeyboardInterrupt if Ctrl-C ended its run."""
    if recording.interrupted:
        raise KeyboardInterrupt
    return recording


def schedule(total: int, looks: int) -> Array:
    """Return the steps to look at, from 0: half of them in equal ratios, since much happens early, half in equal distances.

    Examples
    --------
    >>> schedule(100, 8)
    array([ 0,  1,  3,  7, 20, 25, 50, 75])
    """
    half = looks // 2
    early = np.geomspace(1, max(total // 5, 1), half).round()
    even = np.linspace(0, total, looks - half, endpoint=False).round()
    places = np.unique(np.concatenate([early, even]).astype(int))
    return places[places < total]


def affordable(run: Run, total: int) -> int:
    """Return the number of looks, 4 to 32, that cost about `SHARE` of the training, estimated from multiply-adds."""
    work = 6.0 * run.network.n_parameters
    training = total * (STEP_OVERHEAD + work * run.job.batch_size / ENGINE_RATE)
    look = LOOK_OVERHEAD + work * min(PROBE_ROWS, len(run.job.X)) / NUMPY_RATE
    return int(np.clip(SHARE * training / look, FEWEST_LOOKS, LOOKS))


def rows_of(n: int, at_most: int) -> Array:
    """Return all row numbers, or `at_most` of them chosen at random with a fixed seed."""
    return np.arange(n) if n <= at_most else np.sort(np.random.default_rng(0).choice(n, at_most, replace=False))


def look_at(run: RunOfHistory, start: Array, probe: Array, detail: Detail | None) -> Look:
    """Read the cheap instruments, then advance the run by one step, if one is left, to measure its update."""
    look = read(run, start, probe, detail, run.step, ())
    before, _ = run.network.layout.views(run.network.theta.copy())
    if not run.finished:
        run.advance(steps=1)
    return replace(look, ratio=_ratios(before, run.network))


def read(
    run: RunOfHistory, start: Array, probe: Array, detail: Detail | None, step: int, ratio: tuple[float, ...]
) -> Look:
    """Read the cheap instruments."""
    net, job = run.network, run.job
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        X, Y = job.X[probe], job.Y[probe]
        trace = passes.forward(net.activations, net.W, net.b, X)
        loss = float(passes.objective(net.activations, net.loss_function, net.W, trace, Y))
        gradient = passes.backward(net.activations, net.loss_function, net.layout, net.theta, trace, Y)
        distance = float(np.linalg.norm(net.theta - start))
    return Look(
        step=step,
        loss=loss,
        weight=tuple(rms(W) for W in net.W.values()),
        gradient=tuple(rms(dW) for dW in gradient.W.values()),
        ratio=ratio,
        distance=distance,
        detail=detail,
    )


def _ratios(before: dict[int, Array], network: Network) -> tuple[float, ...]:
    return tuple(update_ratio(before[layer], network.W[layer]) for layer in before)


def _between_iterations(
    run: Run, start: Array, probe: Array, places: set[int], detail_at: Callable[[int], Detail | None], taken: list[Look]
) -> None:
    """Read the instruments after iterations of one uncut run: L-BFGS keeps memory that a cut would lose."""
    net = run.network
    taken.append(read(run, start, probe, detail_at(0), 0, ()))
    before = net.theta.copy()

    def after_epoch(record: Any) -> str:
        if run.epoch in places:
            ratio = _ratios(net.layout.views(before)[0], net)
            taken.append(read(run, start, probe, detail_at(run.epoch), run.epoch, ratio))
        before[...] = net.theta
        return ""

    run.advance(after_epoch=after_epoch)


def detail_of(net: Network, X: Array, Y: Array, thresholds: Thresholds) -> Detail:
    """Read the costly instruments on these rows."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        trace = passes.forward(net.activations, net.W, net.b, X)
        gradient = passes.backward(net.activations, net.loss_function, net.layout, net.theta, trace, Y)
        dead, saturated = {}, {}
        for layer, activation in net.activations.items():
            contained = layer == net.n_layers and net.loss_function.contains(activation)
            if activation.rowwise or contained:
                continue
            Z = trace.Z[layer]
            slopes = activation.backward(Z, trace.A[layer], np.ones_like(Z))
            largest = largest_slope(activation)
            if largest:
                saturated[layer] = saturated_share(slopes, largest, thresholds.saturated_slope)
            else:
                dead[layer] = dead_share(slopes)
    return Detail(
        dead=dead,
        saturated=saturated,
        spread={layer: rms(Z) for layer, Z in trace.Z.items()},
        signal={layer: rms(dZ) for layer, dZ in gradient.Z.items()},
        activations={layer: histogram(A) for layer, A in trace.A.items() if layer},
        gradients={layer: histogram(dW) for layer, dW in gradient.W.items()},
    )


def largest_slope(activation: Activation) -> float | None:
    """Return the largest |g'(z)| of an activation that levels off on both sides; None if it does not."""
    far = np.array([-2e3, -1e3, 1e3, 2e3])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ends = activation(far)
        level = np.isfinite(ends).all() and abs(ends[1] - ends[0]) < 0.1 and abs(ends[3] - ends[2]) < 0.1
        if not level:
            return None
        z = np.linspace(-10, 10, 401)
        largest = float(np.max(np.abs(activation.backward(z, activation(z), np.ones_like(z)))))
    return largest if np.isfinite(largest) and largest > 0 else None
