"""`train_many`: a list of networks on the same data, across the cores: seeds, rates or widths side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from glassnet.errors import InputError, NonFiniteError, check_count
from glassnet.network.network import Network
from glassnet.training.arguments import check_callbacks
from glassnet.training.history import History
from glassnet.training.job import Flag
from glassnet.training.options import OPTIONS, TrainingOptions, refuse_unknown, takes
from glassnet.training.processors import usable_processors
from glassnet.training.run import Run
from glassnet.training.train import Callback, announce

Outcome = TypeVar("Outcome")
PER_NETWORK = OPTIONS.keys() - {"sample_weight", "validation"}  # which may be lists by themselves


@takes(TrainingOptions)
def train_many(
    networks: Sequence[Network],
    X: Any,
    y: Any,
    *,
    n_threads: int | None = None,
    callbacks: Iterable[Callback] = (),
    resume: History | None = None,
    **options: Any,
) -> list[History]:
    """Train each network in place on the same X and y, several at a time; returns their histories in order.

    Each network is trained by one thread, so the results are those of `train` one after the other, bit for bit. Each
    option but sample_weight and validation may also be a list with one entry a network.

    Parameters
    ----------
    networks : Networks, each another object
    X, y : as `train` takes them, the same for all networks
    n_threads : networks trained at a time; by default as many as there are usable processors
    **options : those of `train`, which help(train_many) lists here
    callbacks, resume : as in `train`

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
    refuse_unknown(options, train_many)
    networks, checked_callbacks, stop = list(networks), check_callbacks(callbacks), Flag()
    if len({id(network) for network in networks}) < len(networks):
        raise InputError("networks: expected different objects; got one twice; pass network.copy() for the second.")
    shares = _shared_out(options, len(networks))

    def start(index: int) -> Run:
        return Run(networks[index], X, y, n_threads=1, resume=resume, **shares[index])

    for index in range(len(networks)):
        start(index)  # refuses what is wrong before any network is trained

    def train_one(index: int) -> History | NonFiniteError:
        run = start(index)
        run.stop = stop
        try:
            return run.advance(after_epoch=announce(run, checked_callbacks)).restore_best().history()
        except NonFiniteError as error:
            return NonFiniteError(f"network {index}: {error}", error.step, error.layer)

    workers = min(usable_processors() if n_threads is None else check_count("n_threads", n_threads), len(networks) or 1)
    outcomes = _in_threads(train_one, len(networks), workers, stop)
    for outcome in outcomes:
        if isinstance(outcome, NonFiniteError):
            raise outcome
    return cast("list[History]", outcomes)


def _in_threads(task: Callable[[int], Outcome], count: int, workers: int, stop: Flag) -> list[Outcome]:
    """Return task(0) … task(count − 1), computed by so many threads; an exception sets `stop`, at which tasks end."""
    pool = ThreadPoolExecutor(workers)
    try:
        return list(pool.map(task, range(count)))
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _shared_out(options: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """Return the options of each of `count` networks: its entry of a list, and what is not a list as it is."""
    lists = {name: value for name, value in options.items() if name in PER_NETWORK and isinstance(value, list)}
    for name, value in lists.items():
        if len(value) != count:
            raise InputError(
                f"{name}: expected one value or {count}, one a network; got {len(value)}; adjust the list."
            )
    return [{**options, **{name: value[index] for name, value in lists.items()}} for index in range(count)]
