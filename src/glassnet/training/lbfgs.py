"""L-BFGS: SciPy's minimiser driven by the forward and the backward pass over the whole training set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network import passes
from glassnet.training.job import Job, Record, State
from glassnet.training.optimizers import LBFGS
from glassnet.training.reference import mean_loss, non_finite, stop_early

Array = NDArray[Any]


def run_lbfgs(job: Job, state: State, optimizer: LBFGS, epochs: int, after_epoch: Callable[[Record], str]) -> Record:
    """Minimise the objective of `job` for up to `epochs` iterations; `after_epoch` may return a reason to stop."""
    from scipy.optimize import minimize  # an import of a fifth of a second, only for those who use it

    net, record = job.network, Record()

    def objective(theta: Array) -> tuple[float, Array]:
        at = net.with_theta(theta.astype(net.dtype))
        trace = passes.forward(at.activations, at.W, at.b, job.X)
        weight = job.sample_weight
        loss = passes.objective(at.activations, at.loss_function, at.W, trace, job.Y, weight, job.l1, job.l2)
        if not np.isfinite(loss) and state.step == 0:
            raise non_finite(at, job.X, 0)
        gradient = passes.backward(
            at.activations, at.loss_function, at.layout, at.theta, trace, job.Y, weight, job.l1, job.l2
        )
        state.step += 1
        return float(loss), gradient.flat.astype(np.float64)

    def callback(intermediate_result: Any) -> None:
        net.theta[...] = intermediate_result.x
        state.epoch += 1
        record.loss.append(float(intermediate_result.fun))
        record.learning_rate.append(np.nan)
        if job.validation is not None:
            record.validation_loss.append(mean_loss(net, *job.validation))
        watched = record.validation_loss[-1] if job.validation is not None else record.loss[-1]
        record.stopped = stop_early(job, state, watched) or after_epoch(record)
        if record.stopped:
            raise StopIteration

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        result = minimize(
            objective,
            net.theta.astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=callback,
            options={
                "maxiter": epochs,
                "maxfun": optimizer.max_evaluations,
                "gtol": optimizer.tolerance,
                "ftol": optimizer.loss_tolerance,  # at 0 only the gradient says that it converged
            },
        )
    net.theta[...] = result.x
    if not record.stopped:
        if result.success:
            record.stopped = "converged"
        elif result.nit < epochs:
            used_up = result.nfev >= optimizer.max_evaluations
            record.stopped = f"{result.nfev} evaluations done" if used_up else "no step lowers the loss"
    return record
