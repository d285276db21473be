"""Makes of a run of `train` what the playground draws: its points, network and options as a Setup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.network.inputs import as_dense
from glassnet.playground.setup import Data, Setup
from glassnet.playground.state import State
from glassnet.training.history import History, RunOfHistory
from glassnet.training.optimizers import LBFGS
from glassnet.training.options import TrainingOptions
from glassnet.training.run import Run

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class RunSetup(Setup):
    """The set-up of a run that `train` or `Run` made; it starts as a copy of that run before its first step."""

    run: RunOfHistory = field(kw_only=True)

    @property
    def sizes(self) -> list[int]:
        return list(self.run.network.sizes)

    @property
    def loss(self) -> str:
        return self.run.network.loss_function.name

    @property
    def losses(self) -> tuple[str, ...]:
        return (self.loss,)

    @property
    def initializer(self) -> str:
        init = self.run.network.init
        return init if isinstance(init, str) else "given" if init is not None else super().initializer

    @property
    def batch_size(self) -> int | None:
        job = self.run.job
        return None if job.batch_size >= job.n else job.batch_size

    @property
    def steps_per_epoch(self) -> int:
        return self.run.job.steps_per_epoch

    @property
    def max_step(self) -> int:
        return self.run.step

    def start(self) -> Run:
        start = self.run.at(step=0)
        assert isinstance(start, Run)
        return start

    def feature_names(self) -> list[str]:
        return list(self.data.names[:2])


def run_of(run: Any, X: Any, y: Any, options: TrainingOptions, caller: str = "record") -> Run:
    """Return the run of a History, the Run itself, or that of a copy of a network or an estimator, before its first step."""
    if isinstance(run, History):
        if run.run is None:
            raise InputError(f"{caller}: expected a History of this session; got one without its data; train again.")
        run = run.run
    if isinstance(run, Run):
        if X is not None or y is not None or options:
            raise InputError(
                f"{caller}: expected no data and no options with a run that has its own; got some; omit them."
            )
        return run
    from glassnet.diagnose.diagnosing import setup_of

    if X is None or y is None:
        raise InputError(f"{caller}: expected X and y with a network or an estimator; got none; pass both.")
    setup = setup_of(run, X, y, options)
    return Run(setup.network, setup.X, setup.y, **setup.options)


def setup_of_run(
    run: RunOfHistory, title: str, names: Sequence[str] | None, classes: Sequence[str] | None, caller: str = "record"
) -> RunSetup:
    """Return the set-up of a run whose inputs are two columns; `caller` is named by errors.

    Raises
    ------
    InputError
        If the page cannot draw the run.
    """
    network, job, optimizer = run.network, run.job, run.optimizer
    if isinstance(optimizer, LBFGS):
        raise InputError(f"{caller}: expected a run in steps; got LBFGS, which has none; use e.g. optimizer='adam'.")
    if network.sizes[0] != 2:
        raise InputError(
            f"{caller}: expected two columns of inputs, the plane of the picture; got {network.sizes[0]}; "
            "train on two of them."
        )
    if run.snapshots[0].state.step:
        raise InputError(
            f"{caller}: expected a run from its first step; got one resumed at step {run.snapshots[0].state.step}; "
            "pass the earlier one."
        )
    if job.rows is not None:
        raise InputError(f"{caller}: expected a run on all rows of X; got rows=…; train on X[rows].")
    X, y, labels = _points(run, job.X, job.Y, classes, caller)
    held_out = (np.empty((0, 2)), job.Y[:0]) if job.validation is None else job.validation[:2]
    X_test, y_test, _ = _points(run, held_out[0], held_out[1], classes, caller)
    columns = (*(names or ("x₁", "x₂")), "class" if labels else "target")[:3]
    data = Data(X, y, X_test, y_test, labels, (columns[0], columns[1], columns[2]), title, own_units=True)
    hidden = [activation.name for activation in network.activations.values()][:-1]
    state = State(
        data=title,
        n=len(X),
        hidden=network.sizes[1:-1],
        activation=tuple(hidden) if len(set(hidden)) > 1 else (*hidden[:1],) or ("relu",),
        optimizer=type(optimizer).__name__.lower(),
        rate=optimizer.learning_rate,
        batch=0 if job.batch_size >= job.n else job.batch_size,
        l1=job.l1,
        l2=job.l2,
        dropout=job.dropout,
        seed=job.seed,
    )
    return RunSetup(state, data, run=run)


def _points(
    run: RunOfHistory, X: Any, Y: Array, classes: Sequence[str] | None, caller: str
) -> tuple[Array, Array, tuple[str, ...] | None]:
    """Return points, targets as class numbers or numbers, and the names of the classes."""
    output, k = run.network.activations[run.network.n_layers].name, Y.shape[1]
    X = np.asarray(as_dense(X), dtype=float)
    if output == "softmax" or (output == "sigmoid" and k == 1):
        names = tuple(map(str, range(max(k, 2)))) if classes is None else tuple(map(str, classes))
        if len(names) != max(k, 2):
            raise InputError(f"classes: expected {max(k, 2)} names; got {len(names)}; name each class.")
        return X, Y.argmax(axis=1) if k > 1 else (Y[:, 0] > 0.5).astype(np.intp), names
    if k > 1:
        raise InputError(
            f"{caller}: expected one output or a softmax; got {k} outputs of {output}; train on one target."
        )
    return X, Y[:, 0].astype(float), None
