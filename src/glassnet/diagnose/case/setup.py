"""A set-up: the network at its start, the data and the options of a training that can be run, changed and run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.clock import Clock
from glassnet.diagnose.case.copies import copied, groups_of
from glassnet.diagnose.case.deviance import Yardstick, losses_of, mean_loss, standard_error, yardstick
from glassnet.errors import NonFiniteError
from glassnet.network.network import Network
from glassnet.training.optimizers import LBFGS, Optimizer
from glassnet.training.options import checked
from glassnet.training.run import Run

Array = NDArray[Any]

HELD_OUT = 4  # every fourth row is held out where no validation data was passed
UNLIKELY = 0.01  # chance that the rows with the largest losses are all validation rows, below which that is no chance
LOST = 0.3  # rise of u on the training rows above its best, from which a run counts as having unlearned them
FEW_ROWS = 40  # with fewer, nothing is held out
FEWEST_VALIDATION = 10  # rows; with fewer, or with a single target, a validation set cannot judge


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows that take no part in a training: their inputs as the network takes them, and the units of its outputs.

    An output o stands for `shift + scale · o` in the units of the targets; remedies that scale inputs or targets keep both.
    """

    X: Array
    shift: Any = 0.0
    scale: Any = 1.0


@dataclass(frozen=True, eq=False)
class Setup:
    """The arguments of `train`, the options as given. The network holds the initial parameters and is never written to.

    `clock` counts and bounds the trainings of the set-up and of all that are made from it.
    """

    network: Network
    X: Array
    y: Array
    options: Mapping[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    judged: Judged | None = None

    @cached_property
    def Y(self) -> Array:
        """The targets encoded for the loss, (n, k)."""
        return self.network.encode(self.y, len(self.X))

    @cached_property
    def all_options(self) -> Mapping[str, Any]:
        """All options of training: those that are given, checked, and the defaults of the others."""
        return checked(self.options)

    @property
    def weight(self) -> Array | None:
        given = self.all_options["sample_weight"]
        return None if given is None else np.asarray(given, dtype=np.float64)

    @property
    def optimizer(self) -> Optimizer | LBFGS:
        return self.all_options["optimizer"]

    @property
    def epochs(self) -> int:
        return self.all_options["epochs"]

    @property
    def validation(self) -> tuple[Any, ...] | None:
        return self.all_options["validation"]

    @cached_property
    def measure(self) -> Yardstick:
        """The Yardstick of the loss on the training targets."""
        return yardstick(self.network.loss_function, self.Y, self.weight)

    @cached_property
    def is_classification(self) -> bool:
        """True if each row has one class: a softmax, or one sigmoid on targets 0 and 1."""
        kind = self.network.loss_function.targets
        hard = bool(np.isin(self.Y, (0, 1)).all())
        return hard and (kind == "distribution" or (kind == "probabilities" and self.Y.shape[1] == 1))

    @property
    def labels(self) -> NDArray[np.intp]:
        """The class index of each row of a classification."""
        return self.Y.argmax(axis=1) if self.Y.shape[1] > 1 else (self.Y[:, 0] > 0.5).astype(np.intp)

    @property
    def steps(self) -> int:
        """The number of updates of a whole training."""
        return self.epochs * -(-len(self.X) // (self.all_options["batch_size"] or len(self.X)))

    @cached_property
    def validation_judges(self) -> bool:
        """True if the user's validation rows are enough, and not all of one target."""
        _, Y, _ = validation_arrays(self)
        return len(Y) >= FEWEST_VALIDATION and bool((np.ptp(Y, axis=0) > 0).any())

    def changed(self, **options: Any) -> Setup:
        """Return the set-up with other training options."""
        return replace(self, options={**self.options, **options})

    def rows(self, chosen: Array) -> Setup:
        """Return the set-up with the chosen rows only."""
        options = dict(self.options)
        if options.get("sample_weight") is not None:
            options["sample_weight"] = np.asarray(options["sample_weight"])[chosen]
        return replace(self, X=self.X[chosen], y=self.y[chosen], options=options)

    def with_held_out(self, seed: int = 0) -> Setup | None:
        """Return the set-up with validation data: the user's if it can judge, else every fourth row in the order of y.

        None if rows are few.
        """
        if self.validation is not None and self.validation_judges:
            return self
        if len(self.X) < FEW_ROWS:
            return None
        held_out = folds(self, HELD_OUT, seed) == 0
        weight = self.weight
        validation = (self.X[held_out], self.y[held_out]) + (() if weight is None else (weight[held_out],))
        return self.rows(~held_out).changed(validation=validation)


@dataclass(frozen=True, eq=False)
class Outcome:
    """The result of running a set-up: the trained network, its losses, and u on training and validation rows."""

    network: Network
    loss: Array  # one number for each epoch
    validation_loss: Array
    unexplained: float
    held_out: float | None  # u on the validation data at the end
    held_out_best: float | None  # the lowest u on the validation data
    validation_end: float | None  # the validation loss of the trained network
    error: NonFiniteError | None = None
    validation_error: float = 0.0  # the standard error of `validation_end`
    unlike: bool = False  # True if more validation rows than chance has it are missed worse than every training row
    lost: bool = False  # True if an earlier epoch had learned the training rows much better

    @property
    def score(self) -> float:
        """The number that runs are compared by: the lowest u on validation data, or u on training data without any.

        The lowest rather than the last, because a rise after it is reported as overfitting; but the last if the run
        unlearned its training rows.
        """
        if self.held_out_best is None or self.held_out is None:
            return self.unexplained
        return self.held_out if self.lost else self.held_out_best


Trained = tuple[Network, Array, Array, NonFiniteError | None]
Result = TypeVar("Result")


def run(setup: Setup) -> Outcome:
    """Train a copy of the set-up's network, within the bound of its clock, and measure the result."""
    return outcome_of(setup, *trained(setup))


def trained(setup: Setup) -> Trained:
    """Train a copy of the set-up's network, within the bound of its clock; return it with its losses, or the error that ended it."""
    network = setup.network.copy()
    loss = validation_loss = np.zeros(0)
    error = None
    training = Run(network, setup.X, setup.y, **setup.options)
    with setup.clock.training(setup.steps) as training.stop:
        try:
            history = training.advance().restore_best().history()
            loss, validation_loss = history.loss, history.validation_loss
        except NonFiniteError as caught:
            error = caught
    return network, loss, validation_loss, error


def outcome_of(
    setup: Setup, network: Network, loss: Array, validation_loss: Array, error: NonFiniteError | None
) -> Outcome:
    """Measure a network that was trained on the set-up."""
    held_out = best = end = None
    deviation, unlike = 0.0, False
    unexplained = setup.measure.unexplained(mean_loss(network, setup.X, setup.Y, setup.weight))
    if setup.validation is not None:
        X, Y, weight = validation_arrays(setup)
        measure = yardstick(network.loss_function, Y, weight)
        end = mean_loss(network, X, Y, weight)
        # few rows do not tell how far chance moves their mean loss
        deviation = standard_error(network, X, Y) if len(Y) >= FEWEST_VALIDATION else np.inf
        unlike = are_unlike(losses_of(network, setup.X, setup.Y), losses_of(network, X, Y))
        held_out = measure.unexplained(end)
        steady = smooth(validation_loss)
        best = min(held_out, measure.unexplained(float(np.min(steady[np.isfinite(steady)], initial=np.inf))))
    steady = smooth(loss)
    lost = len(steady) > 0 and unexplained - setup.measure.unexplained(float(steady.min())) > LOST
    if error is not None:  # a failed run counts as failed, though its parameters are the last finite ones
        unexplained = np.inf
        held_out = best = None if held_out is None else np.inf
    return Outcome(network, loss, validation_loss, unexplained, held_out, best, end, error, deviation, unlike, lost)


def are_unlike(seen: Array, unseen: Array) -> bool:
    """True if so many unseen rows have a larger loss than every seen one that the chance of it, in any order, is below 1 %."""
    worse = int((unseen > seen.max()).sum())
    places = np.arange(worse)
    return bool(np.prod((len(unseen) - places) / (len(unseen) + len(seen) - places)) < UNLIKELY)


def smooth(values: Array) -> Array:
    """Running median over five epochs, so that one lucky epoch of a noisy run does not count."""
    return np.median(np.lib.stride_tricks.sliding_window_view(values, 5), axis=1) if len(values) >= 5 else values[:0]


def run_many(setups: Sequence[Setup]) -> list[Outcome]:
    """Train several set-ups in parallel threads, and measure the results."""
    return _in_threads(run, setups)


def train_many(setups: Sequence[Setup]) -> list[Trained]:
    """Train several set-ups in parallel threads, and leave the results unmeasured."""
    return _in_threads(trained, setups)


def _in_threads(train: Callable[[Setup], Result], setups: Sequence[Setup]) -> list[Result]:
    """Call `train` for each set-up in parallel threads; the compiled engine releases the GIL."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        pending = [pool.submit(train, setup) for setup in setups]
        try:
            for _ in as_completed(pending):
                setups[0].clock.report()
            return [each.result() for each in pending]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            setups[0].clock.end()
            raise


def validation_arrays(setup: Setup) -> tuple[Array, Array, Array | None]:
    """Return X, encoded Y and the weights of the validation data."""
    assert setup.validation is not None
    X, y, *weight = setup.validation
    X = np.asarray(X, dtype=setup.network.dtype)
    return X, setup.network.encode(y, len(X), "y_val"), np.asarray(weight[0]) if weight else None


def folds(setup: Setup, k: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of each row, 0 … k−1: rows are dealt out in the order of their targets, so that folds are alike.

    Copies of a row fall into one fold.
    """
    shuffled = np.random.default_rng(seed).permutation(len(setup.X))
    key = setup.labels if setup.is_classification else setup.Y[:, 0]
    order = shuffled[np.argsort(key[shuffled], kind="stable")]
    fold = np.empty(len(order), dtype=np.intp)
    fold[order] = np.arange(len(order)) % k
    copies = copied(setup.X, setup.Y)
    if copies.any():
        _, first, group = np.unique(groups_of(setup.X, setup.Y), return_index=True, return_inverse=True)
        fold = np.where(copies, fold[first][group], fold)
    return fold
