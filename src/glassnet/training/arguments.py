"""Checks on the arguments of `train` that need the network, the rows or each other, and the Job made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.network.inputs import check_sample_weight, check_X, like
from glassnet.network.network import Network
from glassnet.training.job import Job, State
from glassnet.training.optimizers import LBFGS, SGD, Optimizer
from glassnet.training.schedules import Constant

Array = NDArray[Any]


def make_job(network: Network, X: Array, Y: Array, options: Mapping[str, Any]) -> Job:
    """Make the Job of checked X, encoded Y and checked options; check here those that belong to the rows.

    L-BFGS, which no engine runs, leaves the place of the Job's optimizer to SGD.
    """
    optimizer, weight = options["optimizer"], check_sample_weight(options["sample_weight"], len(Y), network.dtype)
    rows = check_rows(options["rows"], len(Y), weight)
    if rows is not None and isinstance(optimizer, LBFGS):  # which takes all rows at once
        X, Y, weight, rows = X[rows], Y[rows], None if weight is None else weight[rows], None
    n = len(Y) if rows is None else len(rows)
    of_the_rows = {
        "sample_weight": weight,
        "rows": rows,
        "validation": check_validation(network, X, options["validation"]),
        "batch_size": min(options["batch_size"] or n, n),
        "optimizer": optimizer if isinstance(optimizer, Optimizer) else SGD(),
    }
    return Job(network, X, Y, **{**options, **of_the_rows})


def check_validation(network: Network, X_train: Array, given: Any) -> tuple[Array, Array, Array | None] | None:
    """(X_val, y_val[, weights]) as X, sparse or dense as X_train is, encoded Y and weights, or None."""
    if given is None:
        return None
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        got = f"{len(given)} entries" if isinstance(given, tuple | list) else shown(given)
        raise InputError(f"validation: expected (X_val, y_val) or (X_val, y_val, weights); got {got}; pass a tuple.")
    X = check_X(given[0], network.sizes[0], network.dtype, "X_val")
    Y = network.encode(given[1], X.shape[0], "y_val")
    return (
        like(X_train, X),
        Y,
        check_sample_weight(given[2] if len(given) == 3 else None, len(Y), network.dtype, "validation weights"),
    )


def check_rows(given: Any, n: int, weight: Array | None) -> NDArray[np.int64] | None:
    """The row numbers that `given`, booleans or row numbers, stands for, or None; they have a weight above 0."""
    if given is None:
        return None
    try:
        rows = np.asarray(given)
    except ValueError:  # ragged
        rows = np.asarray(None)
    if rows.dtype == np.bool_ and rows.shape == (n,):
        rows = np.flatnonzero(rows)
    if rows.shape == (0,):
        raise InputError("rows: expected at least one row; got none; pass None for all rows.")
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise InputError(
            f"rows: expected ({n},) booleans or (m,) row numbers; got {rows.dtype} of shape {rows.shape}; "
            "pass None for all rows."
        )
    if rows.min() < 0 or rows.max() >= n:
        odd = int(rows.min() if rows.min() < 0 else rows.max())
        raise InputError(f"rows: expected row numbers 0 … {n - 1}; got {odd}; pass numbers of rows of X.")
    if weight is not None and not weight[rows].any():
        raise InputError("rows: expected a row with a sample_weight above 0; got none; pass other rows.")
    return np.ascontiguousarray(rows, np.int64)


def check_callbacks(given: Any) -> tuple[Callable[..., Any], ...]:
    """The callbacks as a tuple of functions."""
    callbacks = tuple(given) if isinstance(given, Iterable) else (None,)
    if not all(callable(callback) for callback in callbacks):
        raise InputError(f"callbacks: expected functions in a list; got {shown(given)}; pass e.g. callbacks=[print].")
    return callbacks


def check_theta(network: Network) -> None:
    """Refuse parameters that are inf or nan before the training starts."""
    if np.isfinite(network.theta).all():
        return
    index = int(np.argmin(np.isfinite(network.theta)))
    raise InputError(
        f"theta: expected finite parameters; got {network.theta[index]} in {network.layout.name_of(index)}; "
        "draw new ones with network.initialize(seed=0)."
    )


def check_lbfgs(job: Job) -> None:
    """Refuse options that L-BFGS, which needs exact gradients over all rows, cannot take."""
    wrong = {
        "batch_size": job.batch_size != job.n,
        "dropout": job.dropout > 0,
        "clip_norm": job.clip_norm is not None,
        "schedule": not isinstance(job.schedule, Constant),
        "communicator": job.communicator is not None,
    }
    for name, given in wrong.items():
        if given:
            raise InputError(
                f"{name}: expected its default with LBFGS, which takes whole, exact gradients; "
                f"got {shown(getattr(job, name))}; use optimizer='adam'."
            )


def check_state(network: Network, optimizer: Optimizer | LBFGS, resume: Any) -> State:
    """Return the initial state: zeros, or a copy of the state of the run to resume."""
    slots = len(optimizer.slots) if isinstance(optimizer, Optimizer) else 0
    shape = (slots, network.n_parameters)
    if resume is None:
        return State(type(optimizer).__name__, np.zeros(shape, network.dtype))
    state = getattr(resume, "state", None)
    if not isinstance(state, State) or (state.optimizer, state.slots.shape) != (type(optimizer).__name__, shape):
        raise InputError(
            "resume: expected the History of a run of this network and kind of optimizer; got another; pass None."
        )
    return state.copy()
