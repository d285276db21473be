"""The objective of a job over all its rows, evaluated by the compiled engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.native import calls
from glassnet.native.inputs import inputs_of
from glassnet.network.inputs import is_sparse
from glassnet.training.job import Job
from glassnet.training.optimizers import Momentum

Array = NDArray[Any]

WIDEST_SMALL = 128  # kWidestSmall of native/kernels.hpp
ROWS_AT_ONCE = 1024  # in the kernel of wide networks, so that a layer's slopes stay in the second-level cache


def at_rest(job: Job) -> Job:
    """Return `job` as native/objective.hpp evaluates it: batches share the penalty; a heavy ball tells the gradient."""
    n = len(job.Y)
    if is_sparse(job.X):  # each batch goes through all weights: as many rows as they have
        rows = min(n, max(ROWS_AT_ONCE, job.network.sizes[0]))
    else:
        rows = n if max(job.network.sizes) <= WIDEST_SMALL else min(n, ROWS_AT_ONCE)
    batches = -(-n // rows)
    l1, l2 = job.l1 / batches, job.l2 / batches
    return replace(job, optimizer=Momentum(1.0, 0.0), batch_size=rows, l1=l1, l2=l2, dropout=0.0, clip_norm=None)


class Objective:
    """θ → (objective, gradient); keeps the kernel, with the rows as it packs them, from call to call."""

    def __init__(self, native: Any, architecture: Any, settings: Any, job: Job) -> None:
        kind = native.Objective32 if job.network.dtype == np.float32 else native.Objective64
        self._native = kind(architecture, settings, inputs_of(job.X), job.Y, job.sample_weight)

    def __call__(self, theta: Array) -> tuple[float, Array]:
        gradient = np.empty_like(theta)
        with calls.call() as stop:
            objective = self._native.evaluate(theta, gradient, stop.byte, calls.in_main_thread())
        if stop:
            raise SystemExit  # the interpreter is about to end
        return objective, gradient
