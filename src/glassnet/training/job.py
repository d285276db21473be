"""The task of an engine (Job), its position in the run (State), and the protocol that every engine follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_count, check_number, shown
from glassnet.network.engines import ENGINES, Predictor, choose_engine
from glassnet.network.network import Network
from glassnet.training.communicator import Communicator
from glassnet.training.optimizers import Optimizer
from glassnet.training.random import batch_order
from glassnet.training.schedules import Schedule
from glassnet.training.scores import SCORES

Array = NDArray[Any]

# what early stopping can watch: the validation loss is the training loss without validation data
WATCHED = ("validation_loss", "training_loss", *SCORES)


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the loss has not improved for `patience` epochs in a row (Prechelt 1998).

    The validation loss is watched if there is validation data, else the training loss.

    Parameters
    ----------
    patience : int ≥ 1
        Epochs in a row without improvement after which the run ends.
    min_delta : float ≥ 0
        An epoch counts as an improvement if its loss is below the best one by at least this.
    restore_best : bool
        Put the parameters of the best validation loss back at the end; without validation data this has no effect.

    Raises
    ------
    InputError
        If an argument is not as above.

    Examples
    --------
    >>> from glassnet import Network, train
    >>> net, rule = Network([1, 1]), EarlyStopping(patience=3)
    >>> train(net, [[0.0], [1.0]], [0.0, 0.0], optimizer="sgd", epochs=500, early_stopping=rule).epochs < 500
    True
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
    """Everything that defines a run, checked and encoded; equal jobs give the same run, bit for bit.

    The fields from `sample_weight` to `snapshots` are the options of `training/options.py` in the form the engines read.
    """

    network: Network
    X: Array  # (n, d), or a CSR array
    Y: Array  # (n, k)
    sample_weight: Array | None  # (n,)
    rows: NDArray[np.int64] | None  # the rows of X to train on, which an order then permutes; None for all
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
    engine: str
    n_threads: int | None
    seed: int
    snapshots: int  # states that the run keeps on the way
    divide_penalty: bool = False  # l1 and l2 are divided by the Σw of each batch, as scikit-learn's alpha is
    order: Callable[[int], NDArray[np.intp]] | None = None  # the rows' order in an epoch, instead of the seed's
    watch: str = "validation_loss"  # of WATCHED: what early stopping watches
    goes_on: bool = True  # more calls of the engine may follow, for which a State keeps `rescue`
    draw_order: Callable[[int, int, int], NDArray[np.intp]] = batch_order  # the seed's; jobs may draw it together
    first_batch: int = 0  # where the rows are only a part of an epoch: its steps before them,
    epoch_steps: int | None = None  # and all its steps
    communicator: Communicator | None = None  # the ranks that share the rows of each step; None for one process

    @property
    def n(self) -> int:
        """The number of rows to train on."""
        return int(self.X.shape[0]) if self.rows is None else len(self.rows)

    @property
    def training_X(self) -> Array:
        """The rows of X to train on."""
        return self.X if self.rows is None else self.X[self.rows]

    @property
    def draws_order(self) -> bool:
        """True if each epoch visits the rows in an order that the seed gives."""
        return self.order is None and self.shuffle and self.batch_size < self.n

    @property
    def order_function(self) -> Callable[[int], NDArray[np.intp]] | None:
        """The order of the rows by epoch, where it is not just `batch_order` of the seed; None elsewhere."""
        if self.order is not None:
            return self.order if self.shuffle else None
        if self.draws_order and self.draw_order is not batch_order:
            return lambda epoch: self.draw_order(self.seed, epoch, self.n)
        return None

    def row_numbers(self, places: Any) -> Any:
        """Return which rows of X stand at these places, 0 … n − 1, among those to train on."""
        return places if self.rows is None else self.rows[places]

    @property
    def steps_per_epoch(self) -> int:
        """⌈n / batch_size⌉: the last batch of an epoch may be smaller."""
        return -(-self.n // self.batch_size) if self.epoch_steps is None else self.epoch_steps

    def is_epoch_over(self, state: State) -> bool:
        """True if all steps of the epoch are done and only its end is left: validation, rate, stop rules."""
        return state.batch >= self.steps_per_epoch

    def has_rows_at(self, state: State) -> bool:
        """True if the rows of the next step are among those of this job, which may be only a part of an epoch."""
        return 0 <= (state.batch - self.first_batch) * self.batch_size < self.n

    def penalties(self, weight_sum: float) -> tuple[float, float]:
        """Return l1 and l2 for a batch whose weights sum to `weight_sum`."""
        return (self.l1 / weight_sum, self.l2 / weight_sum) if self.divide_penalty else (self.l1, self.l2)


@dataclass
class State:
    """The position of a run between two steps, as plain numbers and arrays, sufficient to continue exactly.

    Each State belongs to one run, which changes its numbers. Its arrays are values: nothing writes into them, a change
    puts a new array in their place. So a copy shares them, and no copy ever changes another.
    """

    optimizer: str  # the kind of optimizer that `slots` belongs to
    slots: Array  # (number of slots, n_parameters)
    step: int = 0
    epoch: int = 0
    batch: int = 0  # steps done in the current epoch; all of them if only its end is left
    batch_size: int = 0  # rows in each of those steps; 0 if unknown
    epoch_loss: float = 0.0  # Σ weight·objective over those steps
    epoch_weight: float = 0.0  # Σ weight
    rate_factor: float = 1.0  # this and the next two belong to an adaptive schedule
    adaptive_best: float = np.inf
    adaptive_stale: int = 0
    best_loss: float = np.inf  # minus the best score, if one is watched; this and the next three are early stopping's
    best_epoch: int = 0
    best_theta: Array | None = None
    stale: int = 0
    final_theta: Array | None = None  # the run's own parameters while the network holds the best ones
    rescue: Snapshot | None = field(
        default=None, repr=False, compare=False
    )  # the start of the call before, for a loss that overflows at a call's first step

    def copy(self) -> State:
        """Copy the state for another run, without `rescue`, which belongs to this one."""
        other = object.__new__(State)  # replace() would take as long as a step
        other.__dict__.update(self.__dict__, rescue=None)
        return other

    def take(self, other: State) -> None:
        """Take over all fields of `other`."""
        self.__dict__.update(other.__dict__)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "rescue": None}


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run at one of its steps: a copy of the parameters, and the state."""

    theta: Array
    state: State

    @classmethod
    def of(cls, network: Network, state: State) -> Snapshot:
        """Copy the network's parameters and the state."""
        return cls(network.theta.copy(), state.copy())


@dataclass
class Record:
    """The measures of a run, one number for each epoch, and the reason for an early stop."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)  # empty without validation data
    validation_score: list[float] = field(default_factory=list)  # empty unless one is watched
    learning_rate: list[float] = field(default_factory=list)
    stopped: str = ""

    def copy(self) -> Record:
        """Copy the lists."""
        copied = Record(stopped=self.stopped)
        for mine, other in zip(self._figures(), copied._figures(), strict=True):
            other[:] = mine
        return copied

    def cut(self, epochs: int) -> None:
        """Delete all epochs but the first `epochs`, and the reason for a stop."""
        for figures in self._figures():
            del figures[max(epochs, 0) :]
        self.stopped = ""

    def _figures(self) -> tuple[list[float], ...]:
        return self.loss, self.validation_loss, self.validation_score, self.learning_rate


def apply_wholly(change: Callable[[], None]) -> None:
    """Call `change`, which must allow two calls; a Ctrl-C during the call is raised after it is complete."""
    try:
        change()
    except BaseException:
        change()
        raise


class Flag:
    """A switch that asks runs in other threads to stop at their next step; the compiled engine reads `byte`."""

    def __init__(self) -> None:
        self.byte = np.zeros(1, np.uint8)

    def set(self) -> None:
        """Ask to stop."""
        self.byte[0] = 1

    def __bool__(self) -> bool:
        return bool(self.byte[0])


Objective = Callable[[Array], tuple[float, Array]]  # theta → (loss with penalties, its gradient)


class Engine(Predictor, Protocol):
    """Runs epochs of a job: advances the network's theta, the state and the record in place, together."""

    def refuses_job(self, job: Job) -> str:
        """Return the reason why this engine cannot run `job`, or "" if it can."""
        ...

    def run(
        self, job: Job, state: State, record: Record, epochs: int, until: int = -1, stop: Flag | None = None
    ) -> None:
        """Train to the end of the `epochs`-th epoch from here, or to before step `until` if that comes first.

        However the call ends, by its return, by `stop`, by Ctrl-C or by a loss that is not finite, theta, state and
        record are those of one and the same step, and going on from there gives the bits of a run never interrupted.

        Raises
        ------
        NonFiniteError
            If the loss of a step is inf or nan; the run then stands at the step before, the last with a finite loss.
        """
        ...

    def objective(self, job: Job) -> Objective:
        """Return the function of theta that `job` minimises, over all rows at once and without dropout or clipping."""
        ...


def engine_of(job: Job) -> Engine:
    """Return the engine that the job names, or for "auto" the first that can run it."""
    engines = cast("dict[str, Engine]", ENGINES)
    return engines[choose_engine(job.engine, {name: each.refuses_job(job) for name, each in engines.items()})]
