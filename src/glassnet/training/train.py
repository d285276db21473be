"""`train`: checks what the user passed, builds the Job, lets an engine run it, and returns the History."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_count, check_number
from glassnet.network.engines import ENGINES, choose_engine
from glassnet.network.inputs import check_sample_weight, check_X
from glassnet.network.network import Network
from glassnet.training.arguments import (
    check_callbacks,
    check_early_stopping,
    check_lbfgs,
    check_seed,
    check_validation,
)
from glassnet.training.history import History
from glassnet.training.job import EarlyStopping, Engine, Job, Record, State
from glassnet.training.lbfgs import run_lbfgs
from glassnet.training.optimizers import LBFGS, SGD, Optimizer, as_optimizer
from glassnet.training.schedules import Schedule, as_schedule

Array = NDArray[Any]


@dataclass(frozen=True)
class Epoch:
    """What a callback is told after each epoch: its number from 1, its figures, and the network as it stands."""

    epoch: int
    epochs: int
    loss: float
    validation_loss: float | None
    learning_rate: float
    network: Network


Callback = Callable[[Epoch], Any]


def train(
    network: Network,
    X: Any,
    y: Any,
    *,
    optimizer: str | Optimizer | LBFGS = "adam",
    epochs: int = 200,
    batch_size: int | None = None,
    shuffle: bool = True,
    sample_weight: Any = None,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout: float = 0.0,
    clip_norm: float | None = None,
    schedule: str | Schedule = "constant",
    validation: tuple[Any, ...] | None = None,
    early_stopping: EarlyStopping | None = None,
    callbacks: Iterable[Callback] = (),
    engine: str = "auto",
    n_threads: int | None = None,
    seed: int = 0,
    resume: History | None = None,
) -> History:
    """Train `network` in place by backpropagation and return what was measured.

    Each step takes a batch, runs forward → loss → backward, and updates theta by the optimizer's recurrence. The
    objective is Σ wᵢ ℓᵢ / Σ wᵢ over the batch plus l1·Σ|W| + ½·l2·ΣW² over the weights.

    Parameters
    ----------
    X, y : (n, d) numbers, and (n,) classes or (n,) or (n, k) numbers
    optimizer : SGD, Momentum, Nesterov, RMSprop, Adam, AdamW, LBFGS, or the lower-case name of one
    epochs : how many passes over the data (iterations, for LBFGS)
    batch_size : rows a step; None is the whole data set
    shuffle : whether each epoch visits the rows in a new order, a function of `seed` and the epoch
    sample_weight : (n,) numbers ≥ 0
    l1, l2 : penalties on weights, not on biases
    dropout : the probability that a hidden activation is set to 0 in a step
    clip_norm : the largest Euclidean norm the gradient may have; longer ones are scaled down to it
    schedule : Constant, StepDecay, InverseScaling, Adaptive, Cosine, OneCycle, or a name
    validation : (X_val, y_val) or (X_val, y_val, weights): measured after each epoch, never trained on
    early_stopping : EarlyStopping(patience, min_delta, restore_best)
    callbacks : functions of an Epoch, called after each epoch; one that returns True ends the run
    engine : "auto" (the compiled engine where it can, else NumPy), "native" or "numpy"
    n_threads : of the compiled engine, for wide networks; None leaves it to the engine; the result is the same
    seed : of the order of the rows and of dropout; the initial weights are the network's own
    resume : a History of this network, to go on from where it stood

    Raises
    ------
    InputError
        If an argument is not as above; the network is untouched.
    NonFiniteError
        If the loss becomes inf or nan: names step and layer; theta is that of the last finite loss.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> y = np.array([0, 1, 1, 0])
    >>> net = Network([2, 8, 1], hidden="tanh", output="sigmoid", seed=0)
    >>> history = train(net, X, y, optimizer="adam", epochs=500)
    >>> net.predict(X)
    array([0, 1, 1, 0])
    """
    if not isinstance(network, Network):
        raise InputError(
            f"network: expected a Network; got {type(network).__name__}; build one with Network([2, 10, 1])."
        )
    chosen = as_optimizer(optimizer)
    X = check_X(X, network.sizes[0], network.dtype)
    state = _state(network, chosen, resume)
    job = Job(
        network=network,
        X=X,
        Y=network.encode(y, len(X)),
        sample_weight=check_sample_weight(sample_weight, len(X), network.dtype),
        validation=check_validation(network, validation),
        optimizer=chosen if isinstance(chosen, Optimizer) else SGD(),
        schedule=as_schedule(schedule),
        epochs=check_count("epochs", epochs) + state.epoch,
        batch_size=len(X) if batch_size is None else min(check_count("batch_size", batch_size), len(X)),
        shuffle=bool(shuffle),
        l1=check_number("l1", l1, 0),
        l2=check_number("l2", l2, 0),
        dropout=check_number("dropout", dropout, 0, 1, open_high=True),
        clip_norm=None if clip_norm is None else check_number("clip_norm", clip_norm, 0, open_low=True),
        early_stopping=check_early_stopping(early_stopping),
        seed=check_seed(seed),
        n_threads=None if n_threads is None else check_count("n_threads", n_threads),
    )
    if isinstance(chosen, LBFGS):
        check_lbfgs(job)
    runner = _choose_engine(engine, job)
    callbacks = check_callbacks(callbacks)
    after_epoch = _announce(job, state.epoch, callbacks)

    if state.final_theta is not None:  # the run went on past the best parameters that were put back
        network.theta, state.final_theta = state.final_theta, None
    started = time.perf_counter()
    if isinstance(chosen, LBFGS):
        record = run_lbfgs(job, state, chosen, epochs, after_epoch)
    elif callbacks:
        record = _epoch_by_epoch(runner, job, state, epochs, after_epoch)
    else:
        record = runner.run(job, state, epochs)
    seconds = time.perf_counter() - started

    best_epoch = None
    rule = job.early_stopping
    if rule is not None and rule.restore_best and state.best_theta is not None:
        state.final_theta = network.theta.copy()
        network.theta = state.best_theta
        best_epoch = state.best_epoch
    return History(
        loss=np.array(record.loss),
        validation_loss=np.array(record.validation_loss),
        learning_rate=np.array(record.learning_rate),
        steps=state.step,
        stopped=record.stopped or "all epochs done",
        best_epoch=best_epoch,
        seconds=seconds,
        engine="scipy" if isinstance(chosen, LBFGS) else runner.name,
        state=state,
    )


def _epoch_by_epoch(
    engine: Engine, job: Job, state: State, epochs: int, after_epoch: Callable[[Record], str]
) -> Record:
    whole = Record()
    for _ in range(epochs):
        record = engine.run(job, state, 1)
        whole.loss.extend(record.loss)
        whole.validation_loss.extend(record.validation_loss)
        whole.learning_rate.extend(record.learning_rate)
        whole.stopped = after_epoch(whole) or record.stopped
        if whole.stopped:
            break
    return whole


def _announce(job: Job, done_before: int, callbacks: tuple[Callback, ...]) -> Callable[[Record], str]:
    def after_epoch(record: Record) -> str:
        validation_loss = float(record.validation_loss[-1]) if len(record.validation_loss) else None
        epoch = Epoch(
            epoch=done_before + len(record.loss),
            epochs=job.epochs,
            loss=float(record.loss[-1]),
            validation_loss=validation_loss,
            learning_rate=float(record.learning_rate[-1]),
            network=job.network,
        )
        answers = [callback(epoch) for callback in callbacks]
        return "a callback ended it" if any(answer is True for answer in answers) else ""

    return after_epoch


def _state(network: Network, optimizer: Optimizer | LBFGS, resume: History | None) -> State:
    slots = len(optimizer.slots) if isinstance(optimizer, Optimizer) else 0
    if resume is None:
        zeros = np.zeros((slots, network.n_parameters), network.dtype)
        return State(type(optimizer).__name__, zeros)
    state = getattr(resume, "state", None)
    if not isinstance(state, State) or (state.optimizer, state.slots.shape) != (
        type(optimizer).__name__,
        (slots, network.n_parameters),
    ):
        raise InputError(
            "resume: expected the History of a run of this network and kind of optimizer; got another; pass None."
        )
    return replace(state, slots=state.slots.copy(), rescue=None)


def _choose_engine(name: Any, job: Job) -> Engine:
    engines = cast("dict[str, Engine]", ENGINES)
    return engines[choose_engine(name, {engine: engines[engine].refuses_job(job) for engine in engines})]
