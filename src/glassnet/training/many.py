"""`train_many`: a pack of networks side by side, across the cores, on the same rows or each on its own."""

from __future__ import annotations

import functools
import heapq
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, NonFiniteError, check_count, shown
from glassnet.network.inputs import check_X
from glassnet.network.network import Network
from glassnet.training.arguments import check_callbacks
from glassnet.training.checkpoints import Saved, Store, check_store, leaving
from glassnet.training.communicator import Communicator, check_communicator, on_root
from glassnet.training.dealt import Dealt
from glassnet.training.description import Digests
from glassnet.training.history import History
from glassnet.training.job import Flag
from glassnet.training.optimizers import LBFGS
from glassnet.training.options import OPTIONS, TrainingOptions, refuse_unknown, takes
from glassnet.training.processors import usable_processors
from glassnet.training.random import batch_order
from glassnet.training.run import Run
from glassnet.training.train import Callback, announce
from glassnet.training.windows import is_source

PER_NETWORK = OPTIONS.keys() | {"resume"}  # may be lists
PIECE = 500_000_000  # multiply-adds of the forward pass, some hundredths of a second: how unevenly the cores may end
PROGRESS_SECONDS = 0.2
STOPPED = "the stop rule ended it"
FEWEST_TO_SHARE = 8  # runs, from which drawing their orders of rows once, by NumPy, is quicker than each its own
MOST_SHARED = 4_000_000  # entries of such orders, 32 MB

Array = NDArray[Any]
StopRule = Callable[[Sequence[Run]], Iterable[int] | None]
Progress = Callable[[Sequence[Run], float], Any]


@takes(TrainingOptions)
def train_many(
    networks: Sequence[Network],
    X: Any,
    y: Any,
    *,
    stop: StopRule | None = None,
    stop_every: int = 1,
    progress: Progress | None = None,
    diverged: str = "raise",
    n_threads: int | None = None,
    callbacks: Iterable[Callback] = (),
    resume: History | Sequence[History | None] | None = None,
    checkpoint: Store | None = None,
    communicator: Communicator | None = None,
    **options: Any,
) -> list[History]:
    """Train each network in place, several at a time; return their histories in order.

    The results are those of `train` one after the other, bit for bit, for any number of threads. Each network is trained
    by one thread at a time, in pieces, always the network with the most work left; so all cores are busy to the end.
    X, y, resume and each option may be lists with one entry a network; lists of numbers, as sample_weight may be, are for all.

    Parameters
    ----------
    networks : Networks, each another object
    X, y : as `train` takes them; or lists of arrays, one a network: other columns, other targets
    stop : a function of the list of Runs, called whenever all that still train have done `stop_every` more epochs; it
        returns the numbers of the networks that stop there. `run.record` has the losses, `run.network` the network
    stop_every : the epochs between two calls of stop
    progress : a function of the list of Runs and the share of the work that is done, called now and then and at the end
    diverged : "raise" the error of a network whose loss became inf or nan when all others are done, or let it "stop"
    n_threads : how many networks train at a time; None takes all usable processors. A last wide one has all threads
    **options : those of `train`, which help(train_many) lists here
    callbacks, resume, checkpoint : as in `train`; a checkpoint's folder has a folder for each network
    communicator : the ranks among which the networks are dealt out, each whole: rank r trains r, r + R, … with its own
        threads, calls their callbacks, and gets all results. Rank 0 asks stop; a checkpoint's folder is to be shared

    Returns
    -------
    list of History
        One a network, in their order.

    Raises
    ------
    InputError
        If `networks` is not a list of different networks, a list of options has another length, or an option is not as
        `train` takes it. No network is trained.
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

    Drop the worst half after every second epoch, as long as more than one trains:

    >>> def halve(runs):
    ...     training = [k for k, run in enumerate(runs) if not run.finished]
    ...     return sorted(training, key=lambda k: runs[k].record.loss[-1])[(len(training) + 1) // 2 :]
    >>> histories = train_many(nets, [[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=6, stop=halve, stop_every=2)
    >>> sorted(history.epochs for history in histories)
    [2, 4, 6]
    """
    refuse_unknown(options, train_many)
    networks = list(networks)
    if len({id(network) for network in networks}) < len(networks):
        raise InputError("networks: expected different objects; got one twice; pass network.copy() for the second.")
    if diverged not in ("raise", "stop"):
        raise InputError(f"diverged: expected 'raise' or 'stop'; got {shown(diverged)}; pass one of the two.")
    for name, function in {"stop": stop, "progress": progress}.items():
        if function is not None and not callable(function):
            raise InputError(
                f"{name}: expected a function of the list of Runs; got {shown(function)}; pass one, or None."
            )
    every = check_count("stop_every", stop_every)
    n_threads = usable_processors() if n_threads is None else check_count("n_threads", n_threads)
    checked_callbacks = check_callbacks(callbacks)
    check_store(checkpoint)
    dealt = Dealt(check_communicator(communicator))
    pack = _Pack(_runs(networks, X, y, {**options, "resume": resume}), checked_callbacks, n_threads, checkpoint, dealt)
    with ExitStack() as stack:
        if checkpoint is not None:
            on_root(dealt.ranks, lambda: bool(stack.enter_context(checkpoint.held())))
        pack.restore()
        with nullcontext() if checkpoint is None else leaving(pack.interrupt), dealt.together(pack.interrupt):
            pack.train(stop, every, progress)
    if diverged == "raise" and pack.errors:
        raise pack.errors[min(pack.errors)]
    return [run.restore_best().history() for run in pack.runs]


class _Pack:
    """Runs that several threads advance together, piece by piece."""

    def __init__(
        self, runs: Sequence[Run], callbacks: tuple[Callback, ...], n_threads: int, store: Store | None, dealt: Dealt
    ) -> None:
        self.runs, self.store, self.dealt = runs, store, dealt
        self.saved: dict[int, Saved] = {}  # with a store, by the number of the run
        self.errors: dict[int, NonFiniteError] = {}  # by the number of the run
        self._n_threads = n_threads
        self._after_epoch = [announce(run, callbacks) for run in runs]
        self._interrupted = False
        self._goals = [run.epoch for run in runs]  # the epochs to reach in this round
        self._lock = threading.Lock()  # of the next two
        self._waiting: list[tuple[float, int]] = []  # a heap of minus the work left, and the number of the run
        self._unfinished = 0  # runs that have not reached their goals, waiting or under way
        self._in_round = False  # True if the runs were restored in the middle of a round

    def restore(self) -> None:
        """Take each run to its newest checkpoint, and the pack to the round of its stop rule."""
        digests: Digests = {}  # the runs may share their data
        self.dealt.check(self.runs, digests)
        if self.store is None:
            return
        for k in self.dealt.own(range(len(self.runs))):
            self.saved[k] = Saved(self.runs[k], self.store.part(f"network-{k:04}"), digests)
            self.saved[k].restore()
        self.dealt.exchange(self.runs, self.errors)
        if noted := on_root(self.dealt.ranks, self.store.noted):
            self._goals, self._in_round = noted["goals"], True
            for k in noted["stopped"]:
                self.runs[k].record.stopped = STOPPED

    def interrupt(self) -> None:
        """Let each run end at its next step, and the pack with them."""
        self._interrupted = True
        for run in self.runs:
            run.stop.set()

    def train(self, rule: StopRule | None, every: int, progress: Progress | None) -> None:
        """Train all runs to their ends; with a rule in rounds of `every` epochs, after each of which it is asked."""
        whole, told = self._work_left(), time.monotonic()
        pool = ThreadPoolExecutor(self._n_threads)
        _share_orders(self.runs)
        try:
            while (training := self._training()) and not self._interrupted:
                self._begin_round(training, None if rule is None else every)
                pending = {pool.submit(self._advance) for _ in range(min(self._n_threads, self._unfinished))}
                while pending:
                    done, pending = wait(pending, PROGRESS_SECONDS if progress else None, FIRST_EXCEPTION)
                    for worker in done:
                        worker.result()
                    if progress and self.dealt.tells and time.monotonic() - told >= PROGRESS_SECONDS:
                        progress(self.runs, 1 - self._work_left() / whole)
                        told = time.monotonic()
                self.dealt.exchange(self.runs, self.errors)
                self._interrupted |= self.dealt.leaving
                if rule is not None and self._training() and not self._interrupted:
                    self._end(on_root(self.dealt.ranks, lambda: rule(self.runs)))
            if progress and not self._interrupted:
                progress(self.runs, 1.0)
        except KeyboardInterrupt:
            self.interrupt()
            raise
        except BaseException:
            self.interrupt()
            self.saved = {}  # an error is no place to go on from
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            if self._interrupted:
                for each in self.saved.values():
                    if not each.run.finished:
                        each.save()
            for run in self.runs:
                run.stop, run.job = Flag(), replace(run.job, n_threads=1, draw_order=batch_order)

    def _begin_round(self, training: list[int], every: int | None) -> None:
        """Set the epochs that the runs go to in this round, and put those that are not there yet in the queue."""
        if not self._in_round:
            for k in training:
                epochs = self.runs[k].job.epochs
                self._goals[k] = epochs if every is None else min(self._goals[k] + every, epochs)
            if self.store and every is not None:
                stopped = [k for k, run in enumerate(self.runs) if run.record.stopped == STOPPED]
                note = {"goals": self._goals, "stopped": stopped}
                on_root(self.dealt.ranks, partial(self.store.note, note))
        self._in_round = False
        self._waiting = [
            (-_work_left(self.runs[k], self._goals[k]), k)
            for k in self.dealt.own(training)
            if self.runs[k].epoch < self._goals[k]
        ]
        heapq.heapify(self._waiting)
        self._unfinished = len(self._waiting)

    def _training(self) -> list[int]:
        return [k for k, run in enumerate(self.runs) if not run.finished]

    def _work_left(self) -> float:
        return sum(_work_left(run, run.job.epochs) for run in self.runs if not run.finished)

    def _end(self, chosen: Any) -> None:
        """Stop the runs that the rule has chosen, by numbers or by booleans; None and [] choose none."""
        given = () if chosen is None else [*chosen] if isinstance(chosen, Iterable) else [chosen]
        numbers, count = np.array(given), len(self.runs)
        if numbers.dtype == np.bool_ and numbers.shape == (count,):
            numbers = np.flatnonzero(numbers)
        if numbers.size and (
            numbers.ndim != 1 or numbers.dtype.kind not in "iu" or numbers.min() < 0 or numbers.max() >= count
        ):
            raise InputError(
                f"stop: expected the rule to return numbers of networks, 0 … {count - 1}, or {count} booleans; "
                f"got {shown(chosen)}; return [] to stop none."
            )
        for k in numbers:
            if not self.runs[k].finished:
                if k in self.saved:
                    self.saved[k].save()  # the note of the next round says that it is stopped
                self.runs[k].record.stopped = STOPPED
                self.runs[k].restore_best()

    def _advance(self) -> None:
        """Take the run with the most work left and advance it by a piece, until none is waiting."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                k = heapq.heappop(self._waiting)[1]
                team = max(1, self._n_threads // self._unfinished)
            run, goal = self.runs[k], self._goals[k]
            if team != run.job.n_threads:
                run.job = replace(run.job, n_threads=team)  # which changes no bit
            try:
                if self.saved:
                    self.saved[k].advance(goal, self._after_epoch[k])
                else:
                    run.advance(**_piece(run, goal, self._n_threads), after_epoch=self._after_epoch[k])
            except NonFiniteError as error:
                self.errors[k] = NonFiniteError(f"network {k}: {error}", error.step, error.layer)
                run.record.stopped = f"the loss became inf or nan at step {error.step}"
            if run.stop and not self._interrupted:
                run.record.stopped = run.record.stopped or "its stop flag was set"
            if run.finished and k not in self.errors:
                if self.saved:
                    self.saved[k].save()
                run.restore_best()
            if self._interrupted:
                return
            with self._lock:
                if run.finished or run.epoch >= goal:
                    self._unfinished -= 1
                else:
                    heapq.heappush(self._waiting, (-_work_left(run, goal), k))


def _share_orders(runs: Sequence[Run]) -> None:
    """Let runs of the same seed and number of rows draw the order of each epoch once, as far as memory allows."""
    alike: dict[tuple[int, int], list[Run]] = {}
    for run in runs:
        if run.job.draws_order:
            alike.setdefault((run.job.seed, run.job.n), []).append(run)
    room = MOST_SHARED
    for (_, n), group in alike.items():
        entries = n * max(run.job.epochs for run in group)
        if len(group) >= FEWEST_TO_SHARE and entries <= room:
            room -= entries
            draw_once = functools.cache(batch_order)
            for run in group:
                run.job = replace(run.job, draw_order=draw_once)


def _work_left(run: Run, goal: int) -> float:
    """Return the multiply-adds of the forward passes up to the end of epoch `goal`."""
    done = run.epoch + run.state.batch / run.job.steps_per_epoch
    return max(0.0, goal - done) * run.job.n * run.network.n_parameters


def _piece(run: Run, goal: int, n_threads: int) -> dict[str, int]:
    """Return how far to advance a run towards epoch `goal` before another may be due, as arguments of `Run.advance`."""
    left = goal - run.epoch
    if n_threads == 1 or isinstance(run.optimizer, LBFGS):  # L-BFGS in pieces repeats its iterations
        return {"epochs": left}
    step = run.job.batch_size * run.network.n_parameters
    if step * run.job.steps_per_epoch <= PIECE:
        return {"epochs": min(left, PIECE // (step * run.job.steps_per_epoch))}
    return {"steps": min(max(1, PIECE // step), run.job.steps_per_epoch - run.state.batch)}


def _runs(networks: Sequence[Network], X: Any, y: Any, options: dict[str, Any]) -> list[Run]:
    """Make the Runs, which refuse what is wrong. Arrays are converted once for all networks that take them alike."""
    given = {"X": X, "y": y, **options}
    lists = {name: value for name, value in given.items() if _is_list(name, value, given)}
    for name, value in lists.items():
        if len(value) != len(networks):
            raise InputError(
                f"{name}: expected one value or {len(networks)}, one a network; got {len(value)}; adjust the list."
            )
    converted: dict[tuple[Any, ...], Any] = {}

    def once(convert: Callable[[], Array], *key: Any) -> Array:
        if key not in converted:
            converted[key] = convert()
        return converted[key]

    def arrays(network: Network, X: Any, y: Any, suffix: str = "") -> tuple[Array, Array]:
        d, k, dtype = network.sizes[0], network.sizes[-1], network.dtype
        if is_source(X):
            raise InputError(
                "X: expected arrays, as a pack trains on rows in memory; got rows of open_rows; train each network with train."
            )
        rows = once(lambda: check_X(X, d, dtype, "X" + suffix), id(X), d, dtype)
        targets = network.loss_function.targets
        return rows, once(lambda: network.encode(y, rows.shape[0], "y" + suffix), id(y), k, dtype, targets)

    def run(network: Network, X: Any, y: Any, validation: Any = None, **own: Any) -> Run:
        X, y = arrays(network, X, y)
        if isinstance(validation, tuple) and len(validation) in (2, 3):
            validation = (*arrays(network, validation[0], validation[1], "_val"), *validation[2:])
        return Run(network, X, y, validation=validation, n_threads=1, **own)

    runs = []
    for k, network in enumerate(networks):
        try:
            runs.append(run(network, **{name: lists[name][k] if name in lists else given[name] for name in given}))
        except InputError as error:
            if not lists:
                raise
            raise InputError(f"network {k}: {error}") from None
    return runs


def _is_list(name: str, value: Any, given: dict[str, Any]) -> bool:
    """True if `value` has one entry a network, rather than being one value for all."""
    if not isinstance(value, list) or not value:
        return False
    if name == "X":
        return all(len(_shape(entry)) == 2 for entry in value)
    if name == "y":  # a list of rows could also be one y: then its entries are not as long as X
        Xs = given["X"] if _is_list("X", given["X"], given) else [given["X"]] * len(value)
        rows = [(len(X),) if isinstance(X, list | tuple) else _shape(X)[:1] for X in Xs]
        return all(_shape(entry) and _shape(entry)[:1] == n for entry, n in zip(value, rows, strict=False))
    if name in ("sample_weight", "rows"):
        return all(entry is None or _shape(entry) for entry in value)
    if name == "validation":
        return all(entry is None or isinstance(entry, tuple) for entry in value)
    return name in PER_NETWORK


def _shape(value: Any) -> tuple[int, ...]:
    """Return the shape of an array or table; () for anything else."""
    return tuple(getattr(value, "shape", ()))
