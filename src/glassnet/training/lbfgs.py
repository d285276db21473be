"""L-BFGS: SciPy's minimiser on the loss over the whole training set and its gradient, which an engine evaluates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.training.job import Flag, Job, Objective, Record, Snapshot, State, apply_wholly, engine_of
from glassnet.training.optimizers import LBFGS
from glassnet.training.reference import mean_loss, non_finite, stop_early

Array = NDArray[Any]


def run_lbfgs(
    job: Job,
    optimizer: LBFGS,
    start: Snapshot,
    state: State,
    record: Record,
    last: int,
    after_epoch: Callable[[Record], str] | None = None,
    stop: Flag | None = None,
) -> None:
    """Minimise the objective of `job`, which its engine evaluates, up to the end of iteration `last`.

    `after_epoch` may return a reason to stop. SciPy keeps the curvature it has learned to itself, so the iterations from
    `start` to where the run stands are repeated first; then network, state and record advance, an iteration at a time.
    However the call ends, the three agree, and going on gives the bits of one call.
    """
    from scipy.optimize import minimize  # an import of a fifth of a second, only for those who use it

    iterations = _Iterations(job, engine_of(job).objective(job), start, state, record, after_epoch, stop)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        result = minimize(
            iterations.objective,
            start.theta.astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=iterations.after_iteration,
            options={
                "maxiter": last - start.state.epoch,
                "maxfun": optimizer.max_evaluations,
                "gtol": optimizer.tolerance,
                "ftol": optimizer.loss_tolerance,  # at 0 only the gradient says that it converged
            },
        )
    state.step = iterations.evaluations  # a last line search may have ended without an iteration
    if not record.stopped and not stop:
        if result.success:
            record.stopped = "converged"
        elif state.epoch < last:
            used_up = result.nfev >= optimizer.max_evaluations
            record.stopped = f"{result.nfev} evaluations done" if used_up else "no step lowers the loss"


class _Iterations:
    """The functions that SciPy calls: `objective` at each trial, `after_iteration` once a trial is accepted."""

    def __init__(
        self,
        job: Job,
        evaluate: Objective,
        start: Snapshot,
        state: State,
        record: Record,
        after_epoch: Callable[[Record], str] | None,
        stop: Flag | None,
    ) -> None:
        self.job, self.evaluate, self.state, self.record = job, evaluate, state, record
        self.after_epoch, self.stop = after_epoch, stop
        self.first_evaluation, self.repeated = start.state.step, state.epoch  # iterations up to `repeated` are known
        self.epoch, self.evaluations = start.state.epoch, start.state.step

    def objective(self, theta: Array) -> tuple[float, Array]:
        """Return the loss with penalties and its gradient."""
        net = self.job.network
        loss, gradient = self.evaluate(theta.astype(net.dtype))
        if not np.isfinite(loss) and self.evaluations == self.first_evaluation:
            raise non_finite(net.with_theta(theta.astype(net.dtype)), self.job.X, self.evaluations)
        self.evaluations += 1
        return loss, gradient.astype(np.float64)

    def after_iteration(self, intermediate_result: Any) -> None:  # SciPy passes its result by this name
        """Pass over an iteration that is repeated; after a new one advance the run, and end it for a reason to stop."""
        net, record = self.job.network, self.record
        self.epoch += 1
        if self.epoch <= self.repeated:
            if self.epoch == self.repeated and not np.array_equal(intermediate_result.x.astype(net.dtype), net.theta):
                raise InputError(
                    "network: expected the parameters that this L-BFGS run reached; got others; start a new run."
                )
            return
        self.advance(intermediate_result.x, float(intermediate_result.fun))
        if not record.stopped and self.after_epoch is not None:
            record.stopped = self.after_epoch(record)
        if record.stopped or self.stop:
            raise StopIteration

    def advance(self, theta: Array, loss: float) -> None:
        """Take network, state and record to the end of the iteration, all three or none."""
        job, state, record = self.job, self.state, self.record
        after = state.copy()
        after.epoch, after.step = self.epoch, self.evaluations
        reached = job.network.with_theta(theta.astype(job.network.dtype))
        validation_loss = None if job.validation is None else mean_loss(reached, *job.validation)
        why = stop_early(job, after, loss if validation_loss is None else validation_loss, reached.theta)
        offset = len(record.loss) - state.epoch

        def commit() -> None:
            job.network.theta[...] = reached.theta
            state.take(after)
            figures = {"loss": loss, "learning_rate": np.nan, "validation_loss": validation_loss}
            for name, figure in figures.items():
                if figure is not None:
                    getattr(record, name)[offset + after.epoch - 1 :] = [figure]
            record.stopped = why

        apply_wholly(commit)
