"""Goes through a training run again and measures it at some of its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network import passes
from glassnet.network.inputs import as_dense
from glassnet.network.network import Network
from glassnet.training.job import Job
from glassnet.training.optimizers import LBFGS
from glassnet.training.run import Run

Array = NDArray[Any]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ROWS = 1000  # rows of the training data that are looked at, spread evenly
POINTS = 400  # of these, rows that are drawn
GRID = 160  # points along a side of the plane
MARGIN = 0.08  # of the range of the points, around them


@dataclass(frozen=True, eq=False)
class Look:
    """A run measured at one step.

    Attributes
    ----------
    position : int
        Updates made, or where the scene counts epochs, complete passes over the data.
    loss : float
        The mean loss over the rows looked at, with the penalties and without dropout.
    validation_loss : float or None
        The mean loss over the validation data, if the run has some.
    activations : {layer: (5,)}
        The 5, 25, 50, 75 and 95 % quantiles of a layer's activations.
    gradients : {layer: (5,)}
        The same quantiles of |∂loss/∂W| of a layer.
    output : (points, outputs) array or None
        The network's output on the plane, or along the line, of its inputs; None for more than two inputs.
    """

    position: int
    loss: float
    validation_loss: float | None
    activations: Mapping[int, Array]
    gradients: Mapping[int, Array]
    output: Array | None


@dataclass(frozen=True, eq=False)
class Scene:
    """What stays the same in all pictures: some rows of the data, and the part of the plane that is shown.

    Attributes
    ----------
    X, Y, sample_weight : arrays
        The rows looked at, with encoded targets and weights.
    edges : array
        The ends of the range of each input, (inputs, 2).
    points : (points, inputs) array or None
        Where the output is computed; None for more than two inputs.
    unit : str
        What positions count: "step", or for L-BFGS, which keeps no single steps, "epoch".
    """

    X: Array
    Y: Array
    sample_weight: Array | None
    edges: Array
    points: Array | None
    unit: str


def scene_of(job: Job, unit: str) -> Scene:
    """Choose rows of the training data, and the points at which the output is shown."""
    chosen = np.unique(np.linspace(0, job.n - 1, min(ROWS, job.n)).astype(int))
    places = job.row_numbers(chosen)
    X = as_dense(job.X[places])
    weights = None if job.sample_weight is None else job.sample_weight[places]
    low, high = X.min(axis=0), X.max(axis=0)
    margin = np.where(high > low, MARGIN * (high - low), 1.0)
    edges = np.column_stack([low - margin, high + margin])
    points = None
    if X.shape[1] == 1:
        points = np.linspace(edges[0, 0], edges[0, 1], 2 * GRID)[:, None]
    elif X.shape[1] == 2:
        across, up = (np.linspace(low, high, GRID) for low, high in edges)
        points = np.column_stack([each.ravel() for each in np.meshgrid(across, up)])
    return Scene(X, job.Y[places], weights, edges, points, unit)


def steps_to_show(first: int, last: int, frames: int) -> list[int]:
    """Return up to `frames` steps from the first to the last, closer together at the start, where most happens.

    Examples
    --------
    >>> steps_to_show(0, 1000, 6)
    [0, 40, 160, 360, 640, 1000]
    """
    shares = np.linspace(0, 1, max(frames, 2)) ** 2
    return sorted({first + round(float(share) * (last - first)) for share in shares})


def looks_of(run: Run, last: int, frames: int, tell: Callable[[int, int], None]) -> tuple[Scene, list[Look]]:
    """Train the run again from its first snapshot and look at up to `frames` of its steps, the last one `last`.

    `last` counts what `unit_of` names. The run itself does not move.
    `tell` is called with the number of looks taken, and with that of all.
    """
    unit = unit_of(run)
    first = getattr(run.snapshots[0].state, unit)
    walker = run.at(**{unit: first})
    scene = scene_of(run.job, unit)
    looks: list[Look] = []
    chosen = steps_to_show(first, last, frames)
    for number, position in enumerate(chosen, 1):
        walker.advance(**{f"{unit}s": position - getattr(walker, unit)})
        looks.append(_look(walker, scene, position))
        tell(number, len(chosen))
    return scene, looks


def unit_of(run: Run) -> str:
    """Return what the positions of a run count: "step", or for L-BFGS "epoch"."""
    return "epoch" if isinstance(run.optimizer, LBFGS) else "step"


def _look(run: Run, scene: Scene, position: int) -> Look:
    network, job = run.network, run.job
    l1, l2 = job.penalties(float(len(scene.X) if scene.sample_weight is None else scene.sample_weight.sum()))
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        trace = network.forward(scene.X)
        given = (trace, scene.Y, scene.sample_weight, l1, l2)
        loss = passes.objective(network.activations, network.loss_function, network.W, *given)
        gradient = passes.backward(network.activations, network.loss_function, network.layout, network.theta, *given)
        return Look(
            position=position,
            loss=float(loss),
            validation_loss=_validation_loss(network, job),
            activations={layer: np.quantile(A, QUANTILES) for layer, A in trace.A.items() if layer},
            gradients={layer: np.quantile(np.abs(dW), QUANTILES) for layer, dW in gradient.W.items()},
            output=None if scene.points is None else network.forward(scene.points).output,
        )


def _validation_loss(network: Network, job: Job) -> float | None:
    if job.validation is None:
        return None
    X, Y, weights = job.validation
    return float(
        passes.objective(network.activations, network.loss_function, network.W, network.forward(X), Y, weights)
    )
