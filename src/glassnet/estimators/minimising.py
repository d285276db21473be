"""One call of fit by lbfgs: SciPy's minimiser on all rows, with scikit-learn's settings, messages and callbacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from glassnet.errors import InputError, NonFiniteError
from glassnet.estimators.fitting import Fitting, non_finite_weights, say
from glassnet.estimators.rows import as_rows
from glassnet.estimators.warning import warn
from glassnet.network import passes
from glassnet.training.arguments import make_job
from glassnet.training.job import Record, Snapshot, State, engine_of
from glassnet.training.lbfgs import run_lbfgs
from glassnet.training.optimizers import LBFGS
from glassnet.training.options import checked

Array = NDArray[Any]


def fit_by_lbfgs(fitting: Fitting) -> None:
    """Minimise the objective over all rows at once."""
    est, rows, net = fitting.estimator, fitting.rows, fitting.network
    if est.checkpoint is not None:
        raise InputError("checkpoint: expected a stochastic solver; got lbfgs; pass solver='adam', or use gn.train.")
    # SciPy's own bound on the loss' relative progress, as scikit-learn leaves it
    minimiser = LBFGS(tolerance=float(est.tol), max_evaluations=est.max_fun, loss_tolerance=2.220446049250313e-09)
    options = {
        "optimizer": minimiser,
        "sample_weight": rows.sample_weight,
        "epochs": est.max_iter,
        "l2": est.alpha / rows.weight_sum,
        "engine": est.engine,
        "n_threads": est.n_threads,
    }
    job = replace(make_job(net, rows.X, rows.Y, checked(options)), validation=fitting.validation_data)
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
            est.validation_loss_curve_.append(fitting.reported_validation(record.validation_loss[-1]))
        if fitting.has_callbacks:
            asked_to_stop = fitting.end()
            fitting.begin()
        return "a callback ended it" if asked_to_stop else ""

    state, record = State("LBFGS", np.zeros((0, net.n_parameters), net.dtype)), Record()
    fitting.begin()
    try:
        run_lbfgs(job, minimiser, Snapshot.of(net, state), state, record, est.max_iter, after_iteration)
    except NonFiniteError as error:
        raise non_finite_weights(error) from error
    except KeyboardInterrupt:
        warn("Training interrupted by user.")
        return
    if not np.isfinite(net.theta).all():
        raise non_finite_weights("after the last iteration")
    if fitting.has_callbacks:
        fitting.end()
    if not est.n_iter_:
        est.loss_ = fitting.reported(engine_of(job).objective(job)(net.theta)[0])
    est.best_loss_ = min(est.loss_curve_, default=est.loss_)
    if record.stopped != "converged" and not asked_to_stop:
        why = record.stopped or f"max_iter={est.max_iter} is reached"
        warn(
            f"lbfgs did not converge after {est.n_iter_} iterations: {why}. Raise max_iter or max_fun, or scale the data.",
            ConvergenceWarning,
        )


def loss_grad_lbfgs(
    estimator: Any, packed: Array, X: Any, y: Any, sample_weight: Any, *buffers: Any
) -> tuple[float, Array]:
    """The objective and its gradient at parameters packed in scikit-learn's way: all weights, then all biases."""
    net = estimator.network_.copy()
    arrays = [*net.W.values(), *net.b.values()]
    for array, part in zip(arrays, np.split(packed, np.cumsum([a.size for a in arrays])[:-1]), strict=True):
        array[...] = part.reshape(array.shape)
    rows = as_rows(X, y, sample_weight, net.dtype)
    l2 = estimator.alpha / rows.weight_sum
    trace = passes.forward(net.activations, net.W, net.b, rows.X)
    loss = passes.objective(net.activations, net.loss_function, net.W, trace, rows.Y, rows.sample_weight, 0.0, l2)
    gradient = passes.backward(
        net.activations, net.loss_function, net.layout, net.theta, trace, rows.Y, rows.sample_weight, 0.0, l2
    )
    parts = [*gradient.W.values(), *gradient.b.values()]
    return float(loss), np.concatenate([part.ravel() for part in parts])
