"""Lays out the learning rate's factors and the rows' orders for the epochs that a call of the C++ loop runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.training.job import Job, State
from glassnet.training.schedules import Adaptive, Constant

Array = NDArray[Any]


def factors(job: Job, state: State, epochs: int, until: int) -> list[float]:
    """Return the factor of the learning rate at each step of the call, or one for all."""
    if isinstance(job.schedule, Constant | Adaptive):
        return [1.0]
    first = state.step - job.is_epoch_over(state)  # the rate of the last step is told with the epoch
    count = epochs * job.steps_per_epoch + 1
    steps = first + np.arange(count if until < 0 else min(count, until - first + 1))
    found: list[float] = job.schedule.factor(steps, job.steps_per_epoch, job.epochs * job.steps_per_epoch).tolist()
    return found


def orders(job: Job, state: State, epochs: int) -> Array | None:
    """Return the rows' order in each of the next epochs, (epochs, n), if the job has its own order; else None."""
    order = job.order_function
    if order is None:
        return None
    return np.stack([order(state.epoch + epoch) for epoch in range(epochs)]).astype(np.int64, copy=False)


def adaptive(native: Any, job: Job) -> Any:
    """Return the rule of an adaptive schedule in the form of the compiled module."""
    rule = native.Adaptive()
    if isinstance(job.schedule, Adaptive):
        rule.patience, rule.decay = job.schedule.patience, job.schedule.decay
        rule.min_delta, rule.floor = job.schedule.min_delta, job.schedule.floor
    return rule
