"""One call of fit by a stochastic solver: epochs in the engine, scikit-learn's stop rules, scores and messages around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from glassnet.errors import NonFiniteError
from glassnet.estimators.options import build_optimizer, build_schedule, is_adaptive, training_options
from glassnet.estimators.order import ShuffledOrder
from glassnet.estimators.rows import Rows
from glassnet.estimators.saving import SavedFit
from glassnet.estimators.warning import warn
from glassnet.network.inputs import like
from glassnet.network.network import Network
from glassnet.training.arguments import make_job
from glassnet.training.checkpoints import leaving
from glassnet.training.job import EarlyStopping, Engine, Flag, Job, Record, State, apply_wholly
from glassnet.training.optimizers import Optimizer
from glassnet.training.options import checked
from glassnet.training.streaming import open_engine, streamed_job
from glassnet.training.windows import is_source

Array = NDArray[Any]

EPOCHS_PER_CALL = 50  # of the engine: few enough that Ctrl-C loses little, and orders drawn in vain cost little
ORDERS_PER_CALL = 2_000_000  # row numbers laid out at once
ORDERS_IN_VAIN = 20_000  # row numbers drawn for epochs after the last one: less time than a call
NEVER = 2**62  # epochs of patience

Hook = Callable[[], bool]  # begins the callbacks' task of an epoch, or ends it and returns whether to stop


@dataclass
class Solver:
    """An optimizer under way: its constants, its memory, and the learning rate of its next step."""

    optimizer: Optimizer
    state: State
    learning_rate: float


@dataclass(frozen=True)
class Reported:
    """The reported loss as scale·(the core's objective) + offset.

    scikit-learn averages a squared error over the outputs and counts Poisson's constant terms.
    """

    scale: float = 1.0
    offset: float = 0.0

    def __call__(self, loss: float) -> np.float64:
        return np.float64(self.scale * float(loss) + self.offset)

    def inverse(self, reported: float) -> float:
        """Return the core's objective for a reported loss."""
        return (reported - self.offset) / self.scale


class Fitting:
    """Trains the estimator's network on rows; `validation` are the rows that a score or a loss is measured on."""

    def __init__(
        self,
        estimator: Any,
        rows: Rows,
        validation: Rows | None,
        rng: Callable[[], np.random.RandomState],
        tasks: tuple[Hook, Hook],
    ) -> None:
        self.estimator, self.rows, self.validation, self.rng = estimator, rows, validation, rng
        self.network: Network = estimator.network_
        self.reported: Reported = getattr(rows.X, "reported", None) or estimator._reported(
            rows
        )  # rows in blocks tell it
        self.reported_validation = self.reported if validation is None else estimator._reported(validation)
        self.validation_data = None
        if validation is not None:
            X = like(rows.X, validation.X)
            self.validation_data = X, validation.Y, validation.sample_weight
        self.begin, self.end = tasks
        self.has_callbacks = bool(getattr(estimator, "_skl_callbacks", []))
        self.stop = Flag()  # set at SIGTERM
        self.ended = False  # by a rule or a callback
        self.saved: SavedFit | None = None  # with a checkpoint

    def stochastic(self, incremental: bool) -> None:
        """Train for up to max_iter epochs, or for one if `incremental`."""
        est = self.estimator
        solver = self._solver(incremental)
        job, state = self._job(solver.state, incremental), solver.state
        state.batch, state.epoch_loss, state.epoch_weight = 0, 0.0, 0.0  # an interrupted fit may have ended in an epoch
        est.n_iter_ = 0
        store = None if incremental else est.checkpoint
        try:
            if store is None:
                self._epochs(job, solver, 1 if incremental else est.max_iter)
            else:
                with store.held():
                    self.saved = SavedFit(est, job, solver, store)
                    self.ended = self.saved.restore()
                    with leaving(self.stop.set):
                        try:
                            self._epochs(job, solver, est.max_iter)
                        finally:
                            self.saved.save()
            if not incremental and est.n_iter_ >= est.max_iter and not self.ended:
                _warn_of_max_iter(est.max_iter)
        except KeyboardInterrupt:
            warn("Training interrupted by user.")
        state.rescue = None  # of this call's rows
        if est.early_stopping:
            self.network.theta, state.best_theta = est._best_theta, None

    def _epochs(self, job: Job, solver: Solver, epochs: int) -> None:
        """Train to the end of epoch `epochs` of this fit, or to where a rule or a callback ends it."""
        est, state, engine = self.estimator, solver.state, open_engine(job)
        while est.n_iter_ < epochs and not self.ended and not self.stop:
            self.begin()
            now = min(self._epochs_per_call(job, state), epochs - est.n_iter_)
            if isinstance(job.order, ShuffledOrder):
                job.order.draw(state.epoch, now)
            before = est.n_iter_
            stop, asked = self._advance(engine, job, state, now), False
            self._update_rate(solver)
            if self.has_callbacks:
                asked = self.end()
            if (stop and not self._lower_rate(solver, stop)) or asked:
                self.ended = True
            if self.saved and not self.stop:
                self.saved.after_call(est.n_iter_ - before, self.ended)

    def _epochs_per_call(self, job: Job, state: State) -> int:
        """Return how many epochs to run at once: one if somebody looks on, else those before the stop rule can end it."""
        if self.estimator.verbose or self.has_callbacks:
            return 1
        n, rule = len(job.Y), cast(EarlyStopping, job.early_stopping)
        in_vain = 0 if self.estimator.random_state is None else ORDERS_IN_VAIN // n  # numpy's own draws are not undone
        if self.saved:
            return min(self.saved.epochs, EPOCHS_PER_CALL, max(1, ORDERS_PER_CALL // n))
        return max(1, min(EPOCHS_PER_CALL, ORDERS_PER_CALL // n, max(rule.patience - state.stale, in_vain)))

    def _solver(self, incremental: bool) -> Solver:
        est = self.estimator
        optimizer = build_optimizer(est)
        kind, shape = type(optimizer).__name__, (len(optimizer.slots), self.network.n_parameters)
        solver, old = None, getattr(est, "_optimizer", None)
        if isinstance(old, Solver) and (incremental or est.keep_optimizer):
            same = (old.state.optimizer, old.state.slots.shape) == (kind, shape)
            solver = Solver(optimizer, old.state, old.learning_rate) if same else None
        if solver is None:
            solver = Solver(optimizer, State(kind, np.zeros(shape, self.network.dtype)), optimizer.learning_rate)
        state, est._optimizer = solver.state, solver
        state.stale = est._no_improvement_count
        if est.early_stopping:
            state.best_loss, state.best_theta = -float(est.best_validation_score_), est._best_theta
        else:
            state.best_loss = np.inf if est.best_loss_ is None else self.reported.inverse(float(est.best_loss_))
        return solver

    def _job(self, state: State, incremental: bool) -> Job:
        est, rows = self.estimator, self.rows
        n = len(rows.Y)
        patience = NEVER if np.isinf(est.n_iter_no_change) else est.n_iter_no_change + 1
        source: Any = rows.X
        streamed = is_source(source)
        seed = int(self.rng().randint(2**31)) if est.dropout > 0 or streamed else 0
        tol = est.tol if est.early_stopping else est.tol / self.reported.scale
        options = {
            **training_options(est),
            "sample_weight": rows.sample_weight,
            "epochs": max(est.max_iter, state.epoch + 1) if incremental else state.epoch + est.max_iter,
            "batch_size": self._batch_size(n),
            "l2": float(est.alpha),
            "early_stopping": EarlyStopping(patience, tol, restore_best=bool(est.early_stopping)),
            "seed": seed,
        }
        given, network = checked(options), self.network
        job = streamed_job(network, source, given) if streamed else make_job(network, rows.X, rows.Y, given)
        return replace(
            job,
            validation=self.validation_data,
            schedule=build_schedule(est, n, state.step),
            divide_penalty=True,
            order=ShuffledOrder(self.rng(), n) if est.shuffle and n > 1 and not streamed else None,
            watch=est._score if est.early_stopping else "training_loss",
            goes_on=streamed or not incremental,
        )

    def _batch_size(self, n: int) -> int:
        given = self.estimator.batch_size
        if given == "auto":
            return min(200, n)
        if given > n:
            warn(f"batch_size={given} is larger than the {n} rows; all rows make one batch.")
        return int(min(given, n))

    def _advance(self, engine: Engine, job: Job, state: State, epochs: int) -> str:
        """Run epochs, keep their measures; return the reason to stop, or "". Raises Ctrl-C when finished epochs are kept."""
        est, record, interrupt = self.estimator, Record(), None
        try:
            engine.run(job, state, record, epochs, stop=self.stop)
        except NonFiniteError as error:
            self._keep(record, state)
            return self._diverged(error)
        except KeyboardInterrupt as error:
            interrupt = error
        if isinstance(job.order, ShuffledOrder):  # None: numpy's generator, which all share
            job.order.give_back(len(record.loss), rewind=est.random_state is not None)
        self._keep(record, state)
        if record.loss and est.verbose:
            say(est)
            if est.early_stopping:
                print(f"Validation score: {est.validation_scores_[-1]:f}")
        if interrupt is not None:
            raise interrupt
        what = "Validation score" if est.early_stopping else "Training loss"
        why = f"{what} did not improve more than tol={est.tol:f} for {est.n_iter_no_change} consecutive epochs."
        return why if record.stopped else ""

    def _keep(self, record: Record, state: State) -> None:
        """Add the figures of finished epochs to the estimator's, and take over what the stop rule has kept."""
        est, epochs = self.estimator, len(record.loss)
        curves = {"loss_curve_": [self.reported(loss) for loss in record.loss]}
        if self.validation is not None:
            curves["validation_loss_curve_"] = [self.reported_validation(loss) for loss in record.validation_loss]
        if est.early_stopping:
            curves["validation_scores_"] = [np.float64(score) for score in record.validation_score]
        before = {name: len(getattr(est, name)) for name in curves}
        iterations, seen = est.n_iter_ + epochs, est.t_ + epochs * len(self.rows.Y)

        def keep() -> None:
            est.n_iter_, est.t_, est._no_improvement_count = iterations, seen, state.stale
            for name, figures in curves.items():
                getattr(est, name)[before[name] :] = figures
            if epochs:
                est.loss_ = est.loss_curve_[-1]
            if est.early_stopping:
                est.best_validation_score_, est._best_theta = np.float64(-state.best_loss), state.best_theta
            else:
                est.best_loss_ = self.reported(state.best_loss)

        apply_wholly(keep)

    def _diverged(self, error: NonFiniteError) -> str:
        est = self.estimator
        if not est.early_stopping:
            raise non_finite_weights(error) from error
        est.n_iter_ += 1
        est.loss_ = np.float64("nan")
        est.loss_curve_.append(est.loss_)
        est.validation_loss_curve_.append(est.loss_)
        est.validation_scores_.append(np.float64("nan"))
        warn(f"The loss diverged; the best parameters are kept. ({error})", ConvergenceWarning)
        return "The loss is not finite."

    def _update_rate(self, solver: Solver) -> None:
        est = self.estimator
        if est.solver == "sgd" and est.learning_rate == "invscaling":
            solver.learning_rate = float(est.learning_rate_init) / (est.t_ + 1) ** est.power_t
        else:
            solver.learning_rate = solver.optimizer.learning_rate * solver.state.rate_factor

    def _lower_rate(self, solver: Solver, why: str) -> bool:
        """Lower the rate to a fifth for learning_rate="adaptive"; return True if training continues."""
        est, goes_on = self.estimator, False
        if not is_adaptive(est) or not np.isfinite(est.loss_):
            then = "Stopping."
        elif solver.learning_rate <= 1e-6:
            then = "Learning rate too small. Stopping."
        else:
            solver.state.rate_factor /= 5
            solver.state.stale = est._no_improvement_count = 0
            self._update_rate(solver)
            then, goes_on = f"Setting learning rate to {solver.learning_rate:f}", True
        if est.verbose:
            print(f"{why} {then}")
        return goes_on


def say(estimator: Any) -> None:
    """Print the line of an epoch, as scikit-learn does."""
    print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")


def non_finite_weights(why: object) -> ValueError:
    """Make the error with scikit-learn's words, which programs search for, and the engine's."""
    return ValueError(
        "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
        f"preprocessed. ({why})"
    )


def _warn_of_max_iter(max_iter: int) -> None:
    warn(
        f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization hasn't converged yet.",
        ConvergenceWarning,
    )
