"""`Run`: a training run that can stop at any step, show the data of the next one, and continue."""

from __future__ import annotations

import copy
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_count
from glassnet.network.inputs import check_X
from glassnet.network.network import Network
from glassnet.network.passes import Gradient, Trace
from glassnet.training import reference
from glassnet.training.arguments import check_lbfgs, check_state, check_theta, make_job
from glassnet.training.communicator import Communicator, check_alike, check_communicator, on_root
from glassnet.training.description import describe, digest
from glassnet.training.history import History
from glassnet.training.job import Flag, Job, Record, Snapshot
from glassnet.training.lbfgs import run_lbfgs
from glassnet.training.optimizers import LBFGS, Optimizer
from glassnet.training.options import TrainingOptions, checked, refuse_unknown, takes
from glassnet.training.reference import Batch
from glassnet.training.streaming import StreamingEngine, fits, open_engine, read_all, streamed_job
from glassnet.training.windows import is_source
from glassnet.training.wish import Wish, together

Array = NDArray[Any]


@takes(TrainingOptions)
class Run:
    """A training run that can stop at any step; the arguments are those of `train`.

    `advance` continues by steps or by epochs. A run cut into pieces has the parameters, optimizer memory and record of an
    uncut one, bit for bit; after a Ctrl-C the next `advance` continues from the last complete step. Between two pieces `batch`, `trace` and
    `gradient` show what the next step works with. `copy.copy(run)` is an independent run that continues from here.

    L-BFGS keeps its memory inside SciPy's minimiser, so each `advance` repeats its iterations from the first one.

    Parameters
    ----------
    network : Network, which the run trains in place
    X, y : as `train` takes them; or X alone, rows that `open_rows` opened
    resume : a History of this network, to go on from where it stood
    communicator : the ranks that share the rows of each step, as in `train`; each calls the methods of its Run alike
    **options : the fields of TrainingOptions, which help(Run) lists here

    Attributes
    ----------
    network : Network
        The network, which the run trains in place.
    job, state : Job, State
        The arguments of the run, and its position: the optimizer's memory, counters, stop rules.
    record : Record
        Loss, validation loss and learning rate of the epochs so far, and the reason for a stop.
    stop : Flag
        `run.stop.set()`, from any thread, ends a call of `advance` at the next step.

    Raises
    ------
    InputError
        If an argument is not as `train` takes it; the network is untouched.

    Examples
    --------
    >>> net = Network([2, 3, 1], output="sigmoid", seed=0)
    >>> run = Run(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], optimizer="sgd", epochs=10)
    >>> run.advance(steps=4).step
    4
    >>> run.gradient().W[1].shape
    (2, 3)
    >>> run.advance().history().epochs
    10
    """

    @takes(TrainingOptions)
    def __init__(
        self,
        network: Network,
        X: Any,
        y: Any = None,
        *,
        resume: History | None = None,
        communicator: Communicator | None = None,
        **options: Unpack[TrainingOptions],
    ) -> None:
        refuse_unknown(options, Run)
        if not isinstance(network, Network):
            raise InputError(
                f"network: expected a Network; got {type(network).__name__}; build one with Network([2, 10, 1])."
            )
        check_theta(network)
        given = checked(options)
        self.optimizer: Optimizer | LBFGS = given["optimizer"]
        self.state = check_state(network, self.optimizer, resume)
        epochs = given["epochs"]
        ranks = check_communicator(communicator)
        self.job = _job_of(network, X, y, {**given, "epochs": self.state.epoch + epochs, "communicator": ranks})
        if isinstance(self.optimizer, LBFGS):
            check_lbfgs(self.job)
        same_batches = self.state.batch_size in (0, self.job.batch_size)
        if not same_batches or self.state.batch > self.job.steps_per_epoch - (self.state.batch_size == 0):
            self.state = replace(self.state, batch=0, epoch_loss=0.0, epoch_weight=0.0)  # begin that epoch anew
        self.state.batch_size = self.job.batch_size
        self.engine = open_engine(self.job)
        self._between_snapshots = -(-epochs // (self.job.snapshots + 1))
        theta = network.theta if self.state.final_theta is None else self.state.final_theta
        self.snapshots = [Snapshot(theta.copy(), replace(self.state, final_theta=None))]
        self.record = Record()
        self.stop = Flag() if ranks is None else Wish()
        self.seconds = 0.0
        if ranks is not None:
            check_alike(ranks, describe(self, {}) | {"instruction set": getattr(self.engine, "instruction_set", "")})

    # --- position --------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The network, which the run trains in place."""
        return self.job.network

    @property
    def step(self) -> int:
        """The number of updates made."""
        return self.state.step

    @property
    def epoch(self) -> int:
        """The number of complete passes over the data."""
        return self.state.epoch

    @property
    def finished(self) -> bool:
        """True if all epochs are done or a rule ended the run."""
        return bool(self.record.stopped) or self.state.epoch >= self.job.epochs

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step: the optimizer's times the schedule's factor."""
        return reference.learning_rate(self.job, self.state)

    def __repr__(self) -> str:
        return f"Run(step {self.step}, epoch {self.epoch} of {self.job.epochs}; {self.network!r})"

    # --- advance ------------------------------------------------------------------------------------------------

    def advance(
        self,
        *,
        steps: int | None = None,
        epochs: int | None = None,
        after_epoch: Callable[[Record], str] | None = None,
    ) -> Run:
        """Continue by `steps` updates, or to the end of `epochs` more epochs, or without either to the end; return the run.

        Parameters
        ----------
        steps : int, optional
            Updates to make.
        epochs : int, optional
            In place of steps: epochs to do.
        after_epoch : function, optional
            Called with the record after each epoch; may return a reason to stop, or "".

        Returns
        -------
        Run
            This run.

        Raises
        ------
        InputError
            If both are given, or steps for LBFGS, which advances by epochs only (one iteration of SciPy's each).
        NonFiniteError
            If the loss becomes inf or nan; theta is that of the last finite loss.
        """
        if steps is not None and (epochs is not None or isinstance(self.optimizer, LBFGS)):
            raise InputError(
                "steps: expected alone, without epochs, and not for LBFGS, which advances by epochs only; got "
                f"{'epochs as well' if epochs is not None else 'LBFGS'}; pass epochs=…."
            )
        left = self.job.epochs - self.state.epoch
        last = self.state.epoch + (left if epochs is None else min(left, check_count("epochs", epochs, low=0)))
        until = -1 if steps is None else self.state.step + check_count("steps", steps, low=0)
        if self.state.final_theta is not None:  # the run went on past the best parameters, which restore_best put back
            self.network.theta, self.state.final_theta = self.state.final_theta, None
        started, ranks = time.perf_counter(), self.job.communicator
        try:
            if isinstance(self.optimizer, LBFGS):
                if not self.finished and last > self.state.epoch:
                    start, place = self.snapshots[0], (self.state, self.record)
                    run_lbfgs(self.job, self.optimizer, start, *place, last, after_epoch, self.stop)
            else:
                with together(ranks, self.stop):
                    self._drive(last, until, 1 if after_epoch else self._between_snapshots, after_epoch)
                    if ranks is not None and self.finished:
                        check_alike(ranks, {"parameters": digest(self.network.theta)})
        finally:
            self.seconds += time.perf_counter() - started
        return self

    def _drive(self, last: int, until: int, at_once: int, after_epoch: Callable[[Record], str] | None) -> None:
        job, state, record = self.job, self.state, self.record
        while state.epoch < last and not record.stopped and not self.stop:
            if state.step == until and not job.is_epoch_over(state):
                break
            since = state.epoch - self.snapshots[-1].state.epoch
            if since >= self._between_snapshots and state.batch == 0:
                self.keep()
                since = 0
            done = state.epoch
            epochs = min(at_once, last - done, max(1, self._between_snapshots - since))
            self.engine.run(job, state, record, epochs, until, self.stop)
            if after_epoch and state.epoch > done:
                reason = on_root(job.communicator, partial(after_epoch, record))
                record.stopped = reason or record.stopped

    def keep(self) -> Run:
        """Take a snapshot here, from which `at` can start; return the run."""
        self.snapshots.append(Snapshot.of(self.network, self.state))
        return self

    # --- data of the next step ---------------------------------------------------------------------------------

    def batch(self) -> Batch:
        """Return the rows, X, Y, weights and dropout masks of the next step."""
        state = self.state
        if self.job.is_epoch_over(state):
            state = replace(state, epoch=state.epoch + 1, batch=0)
        job = self.engine.part(self.job, state) if isinstance(self.engine, StreamingEngine) else self.job
        return reference.batch_at(job, state, reference.epoch_order(job, state))

    def trace(self) -> Trace:
        """Return the forward pass of the next step, by the reference equations."""
        return reference.forward(self.job, self.batch())[0]

    def gradient(self) -> Gradient:
        """Return the gradient of the next step with its penalties, before clipping, by the reference equations."""
        batch = self.batch()
        return reference.backward(self.job, batch, reference.forward(self.job, batch)[0])

    # --- results ------------------------------------------------------------------------------------------------

    def restore_best(self) -> Run:
        """Put the parameters of the best validation loss into the network, if early stopping keeps them; return the run.

        `advance` continues from the run's own last parameters all the same.
        """
        state = self.state
        if self._keeps_best and state.final_theta is None:
            state.final_theta = self.network.theta.copy()
            self.network.theta = state.best_theta
        return self

    @property
    def _keeps_best(self) -> bool:
        rule = self.job.early_stopping
        return rule is not None and rule.restore_best and self.state.best_theta is not None

    def history(self) -> History:
        """Return the measures so far as a History, which later steps do not change."""
        state = self.state.copy()
        done = "all epochs done" if self.state.epoch >= self.job.epochs else "not finished"
        return History(
            loss=np.array(self.record.loss),
            validation_loss=np.array(self.record.validation_loss),
            learning_rate=np.array(self.record.learning_rate),
            steps=state.step,
            stopped=self.record.stopped or done,
            best_epoch=state.best_epoch if self._keeps_best else None,
            seconds=self.seconds,
            engine="scipy" if isinstance(self.optimizer, LBFGS) else self.engine.name,
            state=state,
            run=self,
        )

    def at(self, *, step: int | None = None, epoch: int | None = None) -> Run:
        """Return this run at a step or at the end of an epoch, as another Run with its own network.

        It trains from the nearest snapshot before that point, which gives the same bits again.

        Parameters
        ----------
        step, epoch : int
            One of the two: updates made, or epochs done.

        Returns
        -------
        Run

        Raises
        ------
        InputError
            If the run did not reach that point, or both or none are given.
        """
        if (step is None) == (epoch is None):
            raise InputError("at: expected a step or an epoch; got both or none; pass e.g. step=100.")
        name, asked = ("epoch", epoch) if step is None else ("step", step)
        position = check_count(name, asked, low=0)
        first, last = (getattr(state, name) for state in (self.snapshots[0].state, self.state))
        if not first <= position <= last:
            raise InputError(
                f"{name}: expected {first} … {last}, which the run went through; got {position}; pass one."
            )
        if step is not None and isinstance(self.optimizer, LBFGS):
            raise InputError(
                "step: expected an epoch, as LBFGS keeps no single steps (they are line-search trials); got a step; "
                "pass epoch=…."
            )
        after = bisect_right(self.snapshots, position, key=lambda snapshot: getattr(snapshot.state, name))
        nearest = self.snapshots[0 if isinstance(self.optimizer, LBFGS) else after - 1]
        other = copy.copy(self)
        other.network.theta = nearest.theta
        other.state, other.record, other.seconds = nearest.state.copy(), Record(), 0.0
        other.snapshots = [nearest]
        if step is not None:
            return other.advance(steps=position - nearest.state.step)
        return other.advance(epochs=position - nearest.state.epoch)

    def __copy__(self) -> Run:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.job = replace(self.job, network=self.network.copy())
        other.state, other.record = self.state.copy(), self.record.copy()
        other.snapshots, other.stop = list(self.snapshots), type(self.stop)()
        other.engine = copy.copy(self.engine)  # one that reads has its own windows
        return other


def _job_of(network: Network, X: Any, y: Any, options: dict[str, Any]) -> Job:
    """Make the Job of what the user passed: arrays, or a Source, which is read now if it fits in its memory."""
    if is_source(X):
        if y is not None:
            raise InputError("y: expected None, as the rows of open_rows have their targets; got some; leave y out.")
        if not fits(X, network):
            return streamed_job(network, X, options)
        if options["sample_weight"] is not None:
            raise InputError("sample_weight: expected None; got some; pass open_rows(…, weight=…).")
        X, Y, weight = read_all(X, network)
        return make_job(network, X, Y, {**options, "sample_weight": weight})
    if y is None:
        raise InputError("y: expected the targets of X; got None; pass them, or rows of open_rows, which have theirs.")
    X = check_X(X, network.sizes[0], network.dtype)
    return make_job(network, X, network.encode(y, X.shape[0]), options)
