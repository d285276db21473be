"""The History of a run: its measures at each epoch, and the reason for its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.network.network import Network
from glassnet.network.passes import Gradient, Trace
from glassnet.training.job import Job, Record, Snapshot, State
from glassnet.training.optimizers import LBFGS, Optimizer
from glassnet.training.reference import Batch

Array = NDArray[Any]


class RunOfHistory(Protocol):
    """The `Run` that a History belongs to, as far as a History and its readers use it; `training/run.py` defines it."""

    job: Job
    state: State
    record: Record
    optimizer: Optimizer | LBFGS
    snapshots: list[Snapshot]
    seconds: float

    @property
    def network(self) -> Network: ...
    @property
    def step(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def finished(self) -> bool: ...
    @property
    def learning_rate(self) -> float: ...
    def advance(
        self,
        *,
        steps: int | None = None,
        epochs: int | None = None,
        after_epoch: Callable[[Record], str] | None = None,
    ) -> RunOfHistory: ...
    def keep(self) -> RunOfHistory: ...
    def batch(self) -> Batch: ...
    def trace(self) -> Trace: ...
    def gradient(self) -> Gradient: ...
    def restore_best(self) -> RunOfHistory: ...
    def history(self) -> History: ...
    def at(self, *, step: int | None = None, epoch: int | None = None) -> RunOfHistory: ...


@dataclass(repr=False)
class History:
    """The measures of a training run. Later steps of the run do not change them.

    Attributes
    ----------
    loss : (epochs,) array
        The objective of each epoch: the mean loss over its batches, each measured before its update, plus the penalties.
    validation_loss : (epochs,) array
        The mean loss on the validation data after the epoch, without penalties; empty without validation data.
    learning_rate : (epochs,) array
        The learning rate of the epoch's last step.
    steps : int
        Updates made in all.
    stopped : str
        The reason for the run's end.
    best_epoch : int or None
        The epoch, from 1, of the best validation loss, whose parameters early stopping put back.
    seconds : float
        Wall-clock time of the run.
    engine : str
        The engine that computed the run.
    state : State
        A copy of the run's state; `train(…, resume=history)` continues from it and leaves this History unchanged.
    run : Run or None
        The run itself, with its training data. It is live: its own `state` moves on if it is advanced. Not kept in pickles.

    Examples
    --------
    >>> from glassnet import Network, train
    >>> history = train(Network([1, 1]), [[0.0], [1.0]], [0.0, 1.0], optimizer="sgd", epochs=20)
    >>> history.epochs, history.steps, history.stopped
    (20, 20, 'all epochs done')
    >>> bool(history.loss[-1] < history.loss[0])
    True
    """

    loss: Array
    validation_loss: Array
    learning_rate: Array
    steps: int
    stopped: str
    best_epoch: int | None
    seconds: float
    engine: str
    state: State
    run: RunOfHistory | None = None

    @property
    def epochs(self) -> int:
        """The number of epochs."""
        return len(self.loss)

    def at(self, step: int | None = None, *, epoch: int | None = None) -> RunOfHistory:
        """Return the run at update `step` (from 0), before it, or at the end of an epoch; your network stays as it is.

        The run is deterministic, so it is repeated from the nearest snapshot (`train(…, snapshots=20)` keeps more
        than the first), on the X and y you trained with, which must not have changed since. The returned Run
        has the `network` of that step, `batch()`, `gradient()`, and can `advance`.

        Parameters
        ----------
        step : int, optional
            The number of updates made before.
        epoch : int, optional
            In place of a step: the number of epochs done.

        Returns
        -------
        Run
            A run of its own, with a network of its own.

        Raises
        ------
        InputError
            If the run did not reach that step or epoch, or this History was unpickled.

        Examples
        --------
        >>> from glassnet import Network, train
        >>> net = Network([2, 3, 1], output="sigmoid", seed=0)
        >>> history = train(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], optimizer="sgd", epochs=10)
        >>> history.at(step=0).network.predict_proba([[0.0, 0.0]])
        array([[0.5, 0.5]])
        """
        if self.run is None:
            raise InputError("at: expected a History of this session; got one without its data; train again.")
        return self.run.at(step=step, epoch=epoch)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "run": None}

    def __repr__(self) -> str:
        parts = [f"{self.epochs} epochs", f"{self.steps} steps", f"{self.seconds:.3g} s"]
        if self.epochs:
            parts.append(f"loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}")
        if len(self.validation_loss):
            parts.append(f"validation loss {np.min(self.validation_loss):.4g} at best")
        return f"History({', '.join(parts)}; {self.stopped})"
