"""Translates an estimator's fit into a training of the core: initial network, rows, and the options of `train`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

from glassnet.estimators.held_out import split
from glassnet.estimators.options import STOCHASTIC, build_schedule, training_options
from glassnet.estimators.rows import as_rows
from glassnet.network.network import Network
from glassnet.training.job import EarlyStopping
from glassnet.training.optimizers import LBFGS, Optimizer

Array = NDArray[Any]


def training_setup(estimator: Any, X: Any, y: Any) -> tuple[Network, Array, Array, dict[str, Any]]:
    """Return the network, X, Y and options of `train` nearest to `estimator.fit(X, y)`; the estimator is not changed.

    The rows are visited in the core's order rather than scikit-learn's, early stopping watches the loss rather than
    the score, and the penalty of a smaller last batch is that of the others.
    """
    twin = clone(estimator)
    twin._validate_params()
    given_y = y
    X, Y = twin._check_targets(X, y, incremental=False, first=True)
    weight = twin._weights_of(given_y, None)
    rng = check_random_state(twin.random_state)
    twin._set_up(X, Y, lambda: rng, True)
    network: Network = twin.network_
    options: dict[str, Any] = {}
    stochastic = isinstance(twin.solver, Optimizer) or twin.solver in STOCHASTIC
    if stochastic and twin.early_stopping:
        X, Y, weight, held_out = split(twin, X, Y, weight, rng)
        options["validation"] = (held_out.X, held_out.Y)
    rows = as_rows(X, Y, weight, network.dtype)
    n = len(rows.Y)
    batch = min(200, n) if twin.batch_size == "auto" else min(int(twin.batch_size), n)
    options |= {"epochs": int(twin.max_iter), "sample_weight": rows.sample_weight, "engine": twin.engine}
    if not stochastic:
        return network, rows.X, rows.Y, {**options, "optimizer": LBFGS(), "l2": float(twin.alpha) / n}
    if not np.isinf(twin.n_iter_no_change):
        rule = EarlyStopping(int(twin.n_iter_no_change) + 1, float(twin.tol), restore_best=bool(twin.early_stopping))
        options["early_stopping"] = rule
    options |= training_options(twin)
    options |= {"batch_size": batch, "l2": float(twin.alpha) / batch, "schedule": build_schedule(twin, n, 0)}
    return network, rows.X, rows.Y, options
