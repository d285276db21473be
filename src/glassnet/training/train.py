"""`train`: a whole Run in one call, with callbacks after its epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.network.network import Network
from glassnet.training.arguments import check_callbacks
from glassnet.training.history import History
from glassnet.training.job import EarlyStopping, Record
from glassnet.training.optimizers import LBFGS, Optimizer
from glassnet.training.run import Run
from glassnet.training.schedules import Schedule


@dataclass(frozen=True)
class Epoch:
    """The argument of a callback after each epoch: the epoch's number from 1, its measures, and the network."""

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
    snapshots: int = 0,
    resume: History | None = None,
) -> History:
    """Train `network` in place by backpropagation and return its History.

    Each step takes a batch, runs forward → loss → backward, and updates theta by the optimizer's recurrence. The
    objective is Σ wᵢ ℓᵢ / Σ wᵢ over the batch plus l1·Σ|W| + ½·l2·ΣW² over the weights.

    Parameters
    ----------
    X, y : (n, d) numbers, and (n,) classes or (n,) or (n, k) numbers
    optimizer : SGD, Momentum, Nesterov, RMSprop, Adam, AdamW, LBFGS, or the lower-case name of one
    epochs : number of passes over the data (iterations, for LBFGS)
    batch_size : rows in each step; None takes the whole data set
    shuffle : True if each epoch visits the rows in a new order, a function of `seed` and the epoch
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
    snapshots : how many states to keep on the way, so that `history.at` need not start from the first step
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
    callbacks = check_callbacks(callbacks)
    run = Run(
        network,
        X,
        y,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        sample_weight=sample_weight,
        l1=l1,
        l2=l2,
        dropout=dropout,
        clip_norm=clip_norm,
        schedule=schedule,
        validation=validation,
        early_stopping=early_stopping,
        engine=engine,
        n_threads=n_threads,
        seed=seed,
        snapshots=snapshots,
        resume=resume,
    )
    return run.advance(after_epoch=announce(run, callbacks)).restore_best().history()


def announce(run: Run, callbacks: tuple[Callback, ...]) -> Callable[[Record], str] | None:
    """Return the function that `Run.advance` calls after each epoch to call the callbacks, or None without any."""
    if not callbacks:
        return None

    def after_epoch(record: Record) -> str:
        validation_loss = float(record.validation_loss[-1]) if len(record.validation_loss) else None
        epoch = Epoch(
            epoch=run.epoch,
            epochs=run.job.epochs,
            loss=float(record.loss[-1]),
            validation_loss=validation_loss,
            learning_rate=float(record.learning_rate[-1]),
            network=run.network,
        )
        answers = [callback(epoch) for callback in callbacks]
        return "a callback ended it" if any(map(_is_true, answers)) else ""

    return after_epoch


def _is_true(answer: Any) -> bool:
    """True if a callback returned True, be it Python's or NumPy's; other answers, such as a number, mean nothing."""
    single = isinstance(answer, bool | np.bool_) or (isinstance(answer, np.ndarray) and answer.shape == ())
    return bool(single and np.asarray(answer).dtype == np.bool_ and answer)
