"""`train`: a whole Run in one call, with callbacks after its epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from glassnet.network.network import Network
from glassnet.training.arguments import check_callbacks
from glassnet.training.checkpoints import Store, advance, check_store
from glassnet.training.communicator import Communicator
from glassnet.training.history import History
from glassnet.training.job import Record
from glassnet.training.options import TrainingOptions, refuse_unknown, takes
from glassnet.training.run import Run


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


@takes(TrainingOptions)
def train(
    network: Network,
    X: Any,
    y: Any = None,
    *,
    callbacks: Iterable[Callback] = (),
    resume: History | None = None,
    checkpoint: Store | None = None,
    communicator: Communicator | None = None,
    **options: Unpack[TrainingOptions],
) -> History:
    """Train `network` in place by backpropagation and return its History.

    Each step takes a batch, runs forward → loss → backward, and updates theta by the optimizer's recurrence. The
    objective is Σ wᵢ ℓᵢ / Σ wᵢ over the batch plus l1·Σ|W| + ½·l2·ΣW² over the weights.

    Parameters
    ----------
    network : Network, whose parameters are changed in place
    X, y : (n, d) numbers, dense or sparse, and (n,) classes or (n,) or (n, k) numbers; or X alone, rows that `open_rows` opened
    **options : the fields of TrainingOptions, which help(train) lists here
    callbacks : functions of an Epoch, called after each epoch; one that returns True ends the run
    resume : a History of this network, to go on from where it stood
    checkpoint : Checkpoint(directory, …), where the run is saved on the way and from where it goes on
    communicator : glassnet.distributed.MPI(), whose ranks share the rows of each step; each calls train with the same
        arguments and ends with the same network. Rank 0 alone calls the callbacks and writes checkpoints

    Returns
    -------
    History
        The measures of each epoch; `history.at(step)` returns to any step.

    Raises
    ------
    InputError
        If an argument is not as above; the network is untouched.
    CheckpointError
        If a checkpoint cannot be written; the network and the checkpoints before are whole.
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
    refuse_unknown(options, train)
    callbacks = check_callbacks(callbacks)
    check_store(checkpoint)
    run = Run(network, X, y, resume=resume, communicator=communicator, **options)
    after_epoch = announce(run, callbacks)
    if checkpoint is None:
        run.advance(after_epoch=after_epoch)
    else:
        advance(run, checkpoint, after_epoch)
    return run.restore_best().history()


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
