"""The History of a run: what was measured at each epoch, and why the run ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.training.job import State

Array = NDArray[Any]


@dataclass(repr=False)
class History:
    """What a training run measured.

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
        Why the run ended.
    best_epoch : int or None
        The epoch, from 1, whose parameters early stopping put back.
    seconds : float
        Wall-clock time of the run.
    engine : str
        What computed it.
    state : State
        Where the run stands; `train(…, resume=history)` goes on from there.
    """

    loss: Array
    validation_loss: Array
    learning_rate: Array
    steps: int
    stopped: str
    best_epoch: int | None
    seconds: float
    engine: str
    state: State = field(repr=False)

    @property
    def epochs(self) -> int:
        """How many epochs were run."""
        return len(self.loss)

    def __repr__(self) -> str:
        parts = [f"{self.epochs} epochs", f"{self.steps} steps", f"{self.seconds:.3g} s"]
        if self.epochs:
            parts.append(f"loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}")
        if len(self.validation_loss):
            parts.append(f"validation loss {np.min(self.validation_loss):.4g} at best")
        return f"History({', '.join(parts)}; {self.stopped})"
