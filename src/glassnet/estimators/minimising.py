"""One call of fit by lbfgs: SciPy's minimiser on all rows, with scikit-learn's settings, messages and callbacks."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from glassnet.errors import NonFiniteError
from glassnet.estimators.fitting import Fitting, non_finite_weights, say
from glassnet.network import passes
from glassnet.training.job import Job, Record, Snapshot, State
from glassnet.training.lbfgs import run_lbfgs
from glassnet.training.optimizers import LBFGS, SGD
from glassnet.training.schedules import Constant


def fit_by_lbfgs(fitting: Fitting) -> None:
    """Minimise the objective over all rows at once."""
    est, net, job = fitting.estimator, fitting.network, _job(fitting)
    est.n_iter_ = 0
    asked_to_stop = False

    def after_iteration(record: Record) -> str:
        nonlocal asked_to_stop
        est.n_iter_ += 1
        est.loss_ = fitting.reported(record.loss[-1])
        est.loss_curve_.append(est.loss_)
        if est.verbose:
            say(est)
        if fitting.validation is not None:
            est.validation_loss_curve_.append(fitting.measure_loss()[0])
        if fitting.has_callbacks:
            asked_to_stop = fitting.end()
            fitting.begin()
        return "a callback ended it" if asked_to_stop else ""

    state, record = State("LBFGS", np.zeros((0, net.n_parameters), net.dtype)), Record()
    # SciPy's own bound on the loss' relative progress, as scikit-learn leaves it
    minimiser = LBFGS(tolerance=float(est.tol), max_evaluations=est.max_fun, loss_tolerance=2.220446049250313e-09)
    fitting.begin()
    try:
        run_lbfgs(job, minimiser, Snapshot.of(net, state), state, record, est.max_iter, after_iteration)
    except NonFiniteError as error:
        raise non_finite_weights(error) from error
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        return
    if fitting.has_callbacks:
        fitting.end()
    if not est.n_iter_:
        trace = passes.forward(net.activations, net.W, net.b, job.X)
        arguments = (net.activations, net.loss_function, net.W, trace, job.Y, job.sample_weight)
        est.loss_ = fitting.reported(passes.objective(*arguments, 0.0, job.l2))
    est.best_loss_ = min(est.loss_curve_, default=est.loss_)
    if record.stopped != "converged" and not asked_to_stop:
        why = record.stopped or f"max_iter={est.max_iter} is reached"
        warnings.warn(
            f"lbfgs did not converge after {est.n_iter_} iterations: {why}. Raise max_iter or max_fun, or scale the data.",
            ConvergenceWarning,
            stacklevel=2,
        )


def _job(fitting: Fitting) -> Job:
    """Return the job of the minimiser: all rows in one batch, with scikit-learn's penalty."""
    est, rows = fitting.estimator, fitting.rows
    return Job(
        network=fitting.network,
        X=rows.X,
        Y=rows.Y,
        sample_weight=rows.sample_weight,
        validation=None,
        optimizer=SGD(),
        schedule=Constant(),
        epochs=est.max_iter,
        batch_size=len(rows.X),
        shuffle=False,
        l1=0.0,
        l2=est.alpha / rows.weight_sum,
        dropout=0.0,
        clip_norm=None,
        early_stopping=None,
        seed=0,
    )
