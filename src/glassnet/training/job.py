"""What an engine is asked to do (Job), where it stands (State), and the protocol every engine follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_count, check_number, shown
from glassnet.network.engines import Predictor
from glassnet.network.network import Network
from glassnet.training.optimizers import Optimizer
from glassnet.training.schedules import Schedule

Array = NDArray[Any]


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the loss has not improved by `min_delta` for `patience` epochs in a row (Prechelt 1998).

    The validation loss is watched if there is validation data, else the training loss. With `restore_best` the
    parameters of the best validation loss are put back at the end.
    """

    patience: int = 10
    min_delta: float = 1e-4
    restore_best: bool = True

    def __post_init__(self) -> None:
        check_count("patience", self.patience)
        check_number("min_delta", self.min_delta, 0)
        if not isinstance(self.restore_best, bool | np.bool_):
            raise InputError(f"restore_best: expected True or False; got {shown(self.restore_best)}; pass one.")


@dataclass(frozen=True, eq=False)
class Job:
    """All that defines a run, checked and encoded; two equal jobs give the same run, bit for bit."""

    network: Network
    X: Array  # (n, d)
    Y: Array  # (n, k)
    sample_weight: Array | None  # (n,)
    validation: tuple[Array, Array, Array | None] | None  # X, Y, sample_weight
    optimizer: Optimizer
    schedule: Schedule
    epochs: int
    batch_size: int
    shuffle: bool
    l1: float
    l2: float
    dropout: float
    clip_norm: float | None
    early_stopping: EarlyStopping | None
    seed: int
    n_threads: int | None = None
    divide_penalty: bool = False  # l1 and l2 are divided by the Σw of each batch, as scikit-learn's alpha is
    order: Callable[[int], NDArray[np.intp]] | None = None  # the rows' order in an epoch, instead of the seed's

    @property
    def steps_per_epoch(self) -> int:
        """⌈n / batch_size⌉: the last batch of an epoch may be smaller."""
        return -(-len(self.X) // self.batch_size)

    def penalties(self, weight_sum: float) -> tuple[float, float]:
        """l1 and l2 of a batch whose weights sum to `weight_sum`."""
        return (self.l1 / weight_sum, self.l2 / weight_sum) if self.divide_penalty else (self.l1, self.l2)


@dataclass
class State:
    """Where a run stands between two steps: plain numbers and arrays, enough to go on exactly."""

    optimizer: str  # the kind whose state `slots` is
    slots: Array  # (number of slots, n_parameters)
    step: int = 0
    epoch: int = 0
    batch: int = 0  # steps done in the epoch that is under way
    epoch_loss: float = 0.0  # Σ weight·objective over them
    epoch_weight: float = 0.0  # Σ weight
    rate_factor: float = 1.0  # of an adaptive schedule
    adaptive_best: float = np.inf
    adaptive_stale: int = 0
    best_loss: float = np.inf  # of early stopping
    best_epoch: int = 0
    best_theta: Array | None = None
    stale: int = 0
    final_theta: Array | None = None  # where the run stood, if the best parameters were put back
    rescue: Any = None  # what the engine needs to give back the last good parameters


@dataclass
class Record:
    """What an engine measured in the epochs of one call, and why it stopped if it stopped early."""

    loss: Any = field(default_factory=list)  # numbers, one an epoch
    validation_loss: Any = field(default_factory=list)
    learning_rate: Any = field(default_factory=list)
    stopped: str = ""


class Engine(Predictor, Protocol):
    """Runs epochs of a job: advances the network's theta and the state in place."""

    def refuses_job(self, job: Job) -> str:
        """Why this engine cannot run `job`, or "" if it can."""
        ...

    def run(self, job: Job, state: State, epochs: int, until: int = -1) -> Record:
        """Train to the end of the `epochs`-th epoch from here, or to before step `until` if that comes first.

        Raises NonFiniteError with the last good theta in place.
        """
        ...
