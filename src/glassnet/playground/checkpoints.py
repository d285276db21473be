"""Keeps runs in memory with checkpoints, so that a step is reached from the checkpoint before it and not from step 0.

A checkpoint changes no answer: from it a run has the same bits as from step 0.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import NonFiniteError
from glassnet.network import passes
from glassnet.network.passes import Trace
from glassnet.playground.setup import Setup
from glassnet.training import reference
from glassnet.training.job import Record
from glassnet.training.reference import Batch
from glassnet.training.run import Run

Array = NDArray[Any]

CURVE_POINTS = 128  # largest number of points of a loss curve; their distance in steps is a power of 2
CHECKPOINT_BYTES = 2_000_000  # bound for the checkpoints of one run


@dataclass(frozen=True, eq=False)
class Position:
    """A run at one step, owned by the caller, with the batch of its next step and the losses up to there."""

    run: Run
    batch: Batch
    trace: Trace
    objective: float  # loss of that batch, with penalties
    outputs: tuple[Array, Array]  # on all training and all test rows
    curve: list[tuple[int, float, float]]  # step, training loss, test loss
    non_finite: NonFiniteError | None  # set if the run ended before the requested step


class Course:
    """A run with its checkpoints and losses so far; each edit by hand starts a new part."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._lock = threading.Lock()
        self._parts = [setup.start()]
        self._ahead = sorted({edit.step for edit in setup.state.edits})  # steps at which the next parts begin
        self._losses: dict[int, tuple[float, float]] = {}
        self._end: NonFiniteError | None = None
        X_test = setup.inputs(setup.data.test)
        self.test = X_test, self._parts[0].network.encode(setup.data.y_test, len(X_test))
        job = self._parts[0].job
        self._fixed = 20_000 + 50_000 * len(setup.features) + sum(array.nbytes for array in (job.X, job.Y, *self.test))

    @property
    def size(self) -> int:
        """Approximate bytes in memory."""
        count = sum(len(part.snapshots) for part in self._parts)
        return self._fixed + count * self._checkpoint_size() + 200 * len(self._losses)

    @property
    def end(self) -> int | None:
        """The step at which the loss overflowed; None if it has not yet."""
        return None if self._end is None else self._end.step

    def _checkpoint_size(self) -> int:
        run = self._parts[0]
        return 1000 + run.network.theta.nbytes + run.state.slots.nbytes

    def at(self, step: int) -> Position:
        """Return the run at `step`, or at its last good step if it ended before."""
        with self._lock:
            stride = stride_of(step)
            self._reach(step, stride)
            position = self._look(self._last_good(step), stride)
            if self._end is None and not np.isfinite(position.objective):
                self._fail(position.run)
                position = self._look(self._last_good(step), stride)
            self._thin(stride)
            ended = self._end is not None and step >= self._end.step
            return replace(position, non_finite=self._end if ended else None)

    def _reach(self, step: int, stride: int) -> None:
        """Train to `step`; keep a checkpoint and the losses at each multiple of `stride`."""
        while self._end is None:
            run = self._parts[-1]
            if run.step in self._ahead[:1]:
                self._parts.append(self._edit(run.at(step=self._ahead.pop(0))))
                continue
            if run.step % stride == 0 and run.step not in self._losses:
                self._measure(run)
            if run.step >= step:
                return
            target = min(step, run.step - run.step % stride + stride, *self._ahead[:1])
            try:
                run.advance(steps=target - run.step)
            except NonFiniteError as error:
                self._end = error
                return
            run.record = Record()  # the losses are in self._losses
            run.keep()

    def _last_good(self, step: int) -> int:
        """Return `step`, or the step before the loss overflowed if that is earlier."""
        if self._end is None or step < self._end.step:
            return step
        return max(self._end.step - 1, self._parts[-1].snapshots[0].state.step)

    def _look(self, step: int, stride: int) -> Position:
        """Return the run at a step that it reached, with the losses up to there."""
        run = self._run_at(step)
        batch = run.batch()
        with np.errstate(over="ignore", invalid="ignore"):
            trace, objective = reference.forward(run.job, batch)
        outputs = self._measure(run, trace if batch.X is run.job.X and not batch.masks else None)
        steps = [*range(0, step, stride), step]
        for each in steps:
            if each not in self._losses:
                self._measure(self._run_at(each))
        return Position(run, batch, trace, objective, outputs, [(each, *self._losses[each]) for each in steps], None)

    def _run_at(self, step: int) -> Run:
        part = [part for part in self._parts if part.snapshots[0].state.step <= step][-1]
        return part.at(step=step)

    def _edit(self, run: Run) -> Run:
        """Make the edits of the run's step, and start its checkpoints here."""
        for edit in self.setup.state.edits:
            if edit.step == run.step:
                place = edit.column if edit.row < 0 else (edit.row, edit.column)
                (run.network.b if edit.row < 0 else run.network.W)[edit.layer][place] = edit.value
        run.snapshots = []
        return run.keep()

    def _fail(self, run: Run) -> None:
        """Take one step so that the engine raises its NonFiniteError, and keep it."""
        try:
            run.advance(steps=1)
        except NonFiniteError as error:
            self._end = error

    def _measure(self, run: Run, trained: Trace | None = None) -> tuple[Array, Array]:
        """Record the losses on all training and all test rows, without penalties; return the outputs there.

        `trained` is the forward pass of all training rows where it is known.
        """
        net, X_test = run.network, self.test[0]
        with np.errstate(over="ignore", invalid="ignore"):
            train = trained or passes.forward(net.activations, net.W, net.b, run.job.X)
            test = passes.forward(net.activations, net.W, net.b, X_test)
            if run.step not in self._losses:
                parts = (net.activations, net.loss_function, net.W)
                tested = float(passes.objective(*parts, test, self.test[1])) if len(X_test) else np.nan
                self._losses[run.step] = float(passes.objective(*parts, train, run.job.Y)), tested
        return train.output, test.output

    def _thin(self, stride: int) -> None:
        """Drop checkpoints and losses beyond the bounds, first those between multiples of the stride."""
        most = max(8, min(2 * CURVE_POINTS, CHECKPOINT_BYTES // self._checkpoint_size()))
        for part in self._parts:
            while len(part.snapshots) > max(4, most // len(self._parts)):
                first, *others, last = part.snapshots
                kept = [each for each in others if each.state.step % stride == 0]
                part.snapshots = [first, *(kept if len(kept) < len(others) else kept[1::2]), last]
        if len(self._losses) > 4 * CURVE_POINTS:
            self._losses = {step: losses for step, losses in self._losses.items() if step % stride == 0}


def stride_of(step: int) -> int:
    """Return the distance in steps, a power of 2, between two points of the loss curve that ends at `step`."""
    return 1 << max(0, -(-step // CURVE_POINTS) - 1).bit_length()


class Checkpoints:
    """The courses of the most recently requested runs, within a bound of memory."""

    def __init__(self, most_bytes: int = 64_000_000) -> None:
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._courses: OrderedDict[str, Course] = OrderedDict()

    def course(self, key: str, start: Callable[[], Setup]) -> Course:
        """Return the course of the run `key`; a new one starts from the Setup that `start` makes."""
        with self._lock:
            course = self._courses.get(key)
            if course is not None:
                self._courses.move_to_end(key)
                return course
        course = Course(start())
        with self._lock:
            course = self._courses.setdefault(key, course)
            self._courses.move_to_end(key)
            while self.size > self.most_bytes and len(self._courses) > 1:
                self._courses.popitem(last=False)
        return course

    @property
    def size(self) -> int:
        """Approximate bytes in memory."""
        return sum(course.size for course in self._courses.values())
