"""`train_many`: a list of networks on the same data, across the cores: seeds, rates or widths side by side."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from glassnet.errors import InputError, NonFiniteError, check_count
from glassnet.network.network import Network
from glassnet.training.arguments import check_callbacks
from glassnet.training.history import History
from glassnet.training.job import Flag
from glassnet.training.processors import usable_processors
from glassnet.training.run import Run
from glassnet.training.train import announce

PER_NETWORK = frozenset(
    {"optimizer", "seed", "epochs", "batch_size", "l1", "l2", "dropout", "clip_norm", "schedule", "early_stopping"}
)


def train_many(
    networks: Sequence[Network], X: Any, y: Any, *, n_threads: int | None = None, **options: Any
) -> list[History]:
    """Train each network in place on the same X and y, several at a time; returns their histories in order.

    The options are those of `train`. optimizer, seed, epochs, batch_size, l1, l2, dropout, clip_norm, schedule and
    early_stopping may also be lists with one entry a network. Each network is trained by one thread, so the results
    are those of `train` one after the other, bit for bit. At most `n_threads` are trained at a time; by default as
    many as there are usable processors.

    Raises
    ------
    InputError
        If `networks` is not a list of different networks, or a list of options has another length.
    NonFiniteError
        If a network's loss became inf or nan: raised when all others are done, naming the network.
    KeyboardInterrupt
        At Ctrl-C, when every network has stopped at its next step.

    Examples
    --------
    >>> nets = [Network([2, 5, 1], output="sigmoid", seed=seed) for seed in range(3)]
    >>> histories = train_many(nets, [[0.0, 1.0], [1.0, 0.0]], [0, 1], optimizer="adam", epochs=5)
    >>> [history.epochs for history in histories]
    [5, 5, 5]
    """
    networks = list(networks)
    if len({id(network) for network in networks}) < len(networks):
        raise InputError("networks: expected different objects; got one twice; pass network.copy() for the second.")
    for name, value in options.items():
        if name in PER_NETWORK and isinstance(value, list) and len(value) != len(networks):
            raise InputError(
                f"{name}: expected one value or {len(networks)}, one a network; got {len(value)}; adjust the list."
            )
    callbacks = check_callbacks(options.pop("callbacks", ()))

    def start(index: int) -> Run:
        own = {
            name: value[index] if name in PER_NETWORK and isinstance(value, list) else value
            for name, value in options.items()
        }
        return Run(networks[index], X, y, n_threads=1, **own)

    for index in range(len(networks)):
        start(index)  # refuses what is wrong before any network is trained
    stop = Flag()

    def train_one(index: int) -> History | NonFiniteError:
        run = start(index)
        run.stop = stop
        try:
            return run.advance(after_epoch=announce(run, callbacks)).restore_best().history()
        except NonFiniteError as error:
            return NonFiniteError(f"network {index}: {error}", error.step, error.layer)

    workers = min(usable_processors() if n_threads is None else check_count("n_threads", n_threads), len(networks) or 1)
    pool = ThreadPoolExecutor(workers)
    try:
        outcomes = list(pool.map(train_one, range(len(networks))))
    except BaseException:
        stop.set()  # the others end at their next step
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    for outcome in outcomes:
        if isinstance(outcome, NonFiniteError):
            raise outcome
    return cast("list[History]", outcomes)
