"""Saves the fit of an estimator between calls of the engine, and takes it up where it was interrupted."""

from __future__ import annotations

import time
from numbers import Integral
from typing import Any

import numpy as np

from glassnet.errors import InputError, shown
from glassnet.estimators.figures import with_floats
from glassnet.estimators.order import ShuffledOrder
from glassnet.training.checkpoints import PIECE_SECONDS, Due, Store, check_fit
from glassnet.training.description import describe_job, digest
from glassnet.training.job import Job, Snapshot, engine_of

# of an estimator under way, beside its network and its solver
_ATTRIBUTES = (
    *("n_iter_", "t_", "_no_improvement_count", "loss_curve_", "validation_loss_curve_", "validation_scores_"),
    *("best_loss_", "best_validation_score_", "_best_theta"),
)


class SavedFit:
    """An estimator under way and its store: writes a checkpoint after a call of the engine, when one is due."""

    def __init__(self, estimator: Any, job: Job, solver: Any, store: Store) -> None:
        if not isinstance(estimator.random_state, Integral):
            raise InputError(
                f"random_state: expected a whole number with a checkpoint; got {shown(estimator.random_state)}, by which "
                "no fit can be repeated; pass e.g. random_state=0."
            )
        self.estimator, self.job, self.solver, self.store = estimator, job, solver, store
        self.setup = describe_job(job, {}) | {
            "initial weights": digest(job.network.theta),
            "solver": repr(solver.optimizer),
            "random_state": int(estimator.random_state),
            "engine": engine_of(job).name,
        }
        if estimator.learning_rate == "invscaling":  # whose rates do not depend on the number of epochs
            self.setup["epochs"] = "any"
        self.due, self.begun_at = Due(store, solver.state.step), time.monotonic()
        self.ended = False  # by a rule or a callback
        self.epochs = 1  # of the next call of the engine
        self.content = self._content()

    def restore(self) -> bool:
        """Take the estimator to its newest checkpoint, if there is one; return True if the fit had ended there."""
        found = self.store.read(self.setup)
        if found is None:
            return False
        now, estimator, solver = found["now"], self.estimator, self.solver
        check_fit(now, estimator.network_.theta, solver.state)
        estimator.network_.theta, solver.learning_rate = now.theta, found["learning_rate"]
        solver.state.take(now.state)
        for name in _ATTRIBUTES:
            setattr(estimator, name, with_floats(found["estimator"][name], np.float64))
        if estimator.loss_curve_:
            estimator.loss_ = estimator.loss_curve_[-1]
        if isinstance(self.job.order, ShuffledOrder):
            self.job.order.restore(found["order"], found["random"])
        self.ended = bool(found["ended"])
        self.due.saved(solver.state.step)
        self.content = self._content()
        return self.ended

    def after_call(self, epochs: int, ended: bool) -> None:
        """Take note of where the fit stands after a call of the engine; write it if a checkpoint is due."""
        now = time.monotonic()
        seconds, self.begun_at = now - self.begun_at, now
        self.epochs = max(1, int(epochs * min(2, PIECE_SECONDS / max(seconds, 1e-6))))
        self.ended = ended
        self.content = self._content()
        if self.due.by(self.solver.state.step):
            self.save()

    def save(self) -> None:
        """Write the fit as it stood after the last call of the engine."""
        step = self.content["now"].state.step
        self.store.write(step, self.setup, self.content)
        self.due.saved(step)

    def _content(self) -> dict[str, Any]:
        estimator = self.estimator
        order = self.job.order if isinstance(self.job.order, ShuffledOrder) else None
        return {
            "now": Snapshot.of(estimator.network_, self.solver.state),
            "learning_rate": float(self.solver.learning_rate),
            "ended": self.ended,
            "estimator": {name: with_floats(getattr(estimator, name), float) for name in _ATTRIBUTES},
            "order": order and order.last,
            "random": order and order.source,
        }
