"""Advances runs and saves them on the way: at intervals, at their ends, and before Ctrl-C or SIGTERM ends the process."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from types import FrameType
from typing import Any, Protocol

from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.training.communicator import RankLostError, on_root
from glassnet.training.description import Digests, describe
from glassnet.training.job import Flag, Record, Snapshot, State
from glassnet.training.optimizers import LBFGS
from glassnet.training.run import Run
from glassnet.training.wish import together

PIECE_SECONDS = 0.25  # about: how long a piece of a run is, after each of which the clock is read
Array = NDArray[Any]
AfterEpoch = Callable[[Record], str]


class Store(Protocol):
    """Where the checkpoints of a run go, or of a pack of them; `Checkpoint` of storage implements it."""

    @property
    def directory(self) -> Any:
        """The place of the store, for messages."""
        ...

    @property
    def every(self) -> float:
        """Seconds from one checkpoint to the next, about."""
        ...

    @property
    def steps(self) -> int | None:
        """A checkpoint is written also at each multiple of this number of steps."""
        ...

    def held(self) -> AbstractContextManager[Any]:
        """Hold the store, which only one process may use at a time."""
        ...

    def read(self, setup: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the content of the newest checkpoint, or None without one; refuse one that has another set-up."""
        ...

    def write(self, step: int, setup: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        """Write a checkpoint: numbers, texts, arrays, lists, States and random sources by name."""
        ...

    def resumed(self) -> Store:
        """Return this store for a run that goes on."""
        ...

    def part(self, name: str) -> Store:
        """Return the store of one of several runs, inside this one."""
        ...

    def note(self, content: dict[str, Any]) -> None:
        """Keep a note on a pack in place of the one before."""
        ...

    def noted(self) -> dict[str, Any]:
        """Return the note, or {} without one."""
        ...


def check_store(given: Any) -> None:
    """Refuse what is neither None nor a Store."""
    if given is not None and not callable(getattr(given, "held", None)):
        raise InputError(
            f"checkpoint: expected Checkpoint(directory, …) or None; got {shown(given)}; pass Checkpoint('run')."
        )


def advance(
    run: Run,
    store: Store,
    after_epoch: AfterEpoch | None = None,
    restored: Callable[[Run], Any] = lambda run: None,
) -> Run:
    """Advance the run to its end as `Run.advance` does, and save it on the way; return it.

    `restored` is called with the run once it stands at its newest checkpoint.
    The run has the bits of one without checkpoints. One whose loss becomes inf or nan is not saved any more.
    """
    ranks = run.job.communicator
    if ranks is not None:
        ranks.way_out = f"the newest checkpoint is in '{store.directory}'; start again with resume=True"
    with ExitStack() as stack:
        hold = cache(lambda: bool(stack.enter_context(store.held())))  # once, by rank 0, which may become another one
        on_root(ranks, hold)
        saved = Saved(run, store)
        saved.restore()
        while True:
            restored(run)
            try:
                _to_the_end(saved, after_epoch)
                break
            except RankLostError:
                assert ranks is not None
                ranks.recover()
                on_root(ranks, hold)
                saved.restart()
    return run


def _to_the_end(saved: Saved, after_epoch: AfterEpoch | None) -> None:
    run = saved.run
    with leaving(run.stop.set), together(run.job.communicator, run.stop):
        try:
            while not run.finished and not run.stop:
                saved.advance(run.job.epochs, after_epoch)
        except KeyboardInterrupt:
            saved.save()
            raise
        saved.save()


class Due:
    """Tells when a checkpoint is due: some seconds after the last one, or past a multiple of some steps."""

    def __init__(self, store: Store, step: int) -> None:
        self.store = store
        self.saved(step)

    def saved(self, step: int) -> None:
        """Take note of a checkpoint, or of the start, at a step."""
        self.at, self.step = time.monotonic(), step

    def by(self, step: int) -> bool:
        """Return True if a checkpoint is due at a step."""
        every = self.store.steps
        by_step = every is not None and step // every > self.step // every
        return by_step or time.monotonic() - self.at >= self.store.every


class Saved:
    """A run with its store; it advances in pieces so short that each checkpoint is written when it is due."""

    def __init__(self, run: Run, store: Store, digests: Digests | None = None) -> None:
        self.run, self.store = run, store
        self.setup = describe(run, {} if digests is None else digests)
        self.due = Due(store, run.step)
        self.ranks = run.job.communicator  # of which rank 0 reads, writes and decides
        self.steps, self.seconds = 0, 0.0  # of the last piece

    def restore(self) -> None:
        """Take the run to its newest checkpoint, if there is one."""
        run, found = self.run, on_root(self.ranks, lambda: self.store.read(self.setup))
        if found is not None:
            for each in [found["now"], *found["snapshots"], *filter(None, [found["rescue"]])]:
                check_fit(each, run.network.theta, run.state)
            now, run.snapshots = found["now"], found["snapshots"]
            run.network.theta, run.state = now.theta, now.state
            run.state.rescue = found["rescue"]
            run.record, run.seconds = Record(**found["record"]), found["seconds"]
            self.due.saved(run.step)

    def restart(self) -> None:
        """Take the run back to its newest checkpoint, or to its start."""
        run = self.run
        run.network.theta, run.state, run.record = run.snapshots[0].theta, run.snapshots[0].state.copy(), Record()
        del run.snapshots[1:]
        self.store = self.store.resumed()
        self.restore()

    def save(self) -> None:
        """Write a checkpoint of the run as it stands."""
        run = self.run
        content = {
            "now": Snapshot.of(run.network, run.state),
            "rescue": run.state.rescue,
            "snapshots": run.snapshots,
            "record": dict(vars(run.record)),
            "seconds": run.seconds,
        }
        on_root(self.ranks, lambda: self.store.write(run.step, self.setup, content))
        self.due.saved(run.step)

    def advance(self, goal: int, after_epoch: AfterEpoch | None) -> None:
        """Advance by a piece, at most to the end of epoch `goal`, and save the run if a checkpoint is due.

        L-BFGS goes to `goal` at once, as in pieces it would repeat its iterations; it is saved between them.
        """
        run, started = self.run, time.monotonic()
        if isinstance(run.optimizer, LBFGS):
            run.advance(epochs=goal - run.epoch, after_epoch=self._beside(after_epoch))
            return
        self.steps = on_root(self.ranks, self._steps)
        run.advance(steps=self._piece(goal), after_epoch=after_epoch)
        self.seconds = time.monotonic() - started
        self._save_if_due()

    def _piece(self, goal: int) -> int:
        """Return the number of steps of the next piece, within the epoch `goal`."""
        run, every = self.run, self.store.steps
        left = (goal - run.epoch) * run.job.steps_per_epoch - run.state.batch
        return min(self.steps, left, left if every is None else every - run.step % every)

    def _steps(self) -> int:
        """Return twice the steps of a short piece, half of those of a long one; clocks differ between ranks."""
        return max(1, 2 * self.steps if self.seconds < PIECE_SECONDS else self.steps // 2)

    def _save_if_due(self) -> None:
        if on_root(self.ranks, lambda: self.due.by(self.run.step)):
            self.save()

    def _beside(self, after_epoch: AfterEpoch | None) -> AfterEpoch:
        """Return a function for `Run.advance` that calls `after_epoch` and saves the run if a checkpoint is due."""

        def after(record: Record) -> str:
            reason = after_epoch(record) if after_epoch else ""
            if not reason:
                self._save_if_due()
            return reason

        return after


def check_fit(saved: Snapshot, theta: Array, state: State) -> None:
    """Refuse parameters or slots of other shapes than the run's, which no checkpoint of it has."""
    for name, array, own in (("theta", saved.theta, theta), ("slots", saved.state.slots, state.slots)):
        if (array.shape, array.dtype) != (own.shape, own.dtype):
            raise InputError(
                f"checkpoint: expected {name} of shape {own.shape} in {own.dtype}; got {array.shape} in "
                f"{array.dtype}; name another folder, which starts the run anew."
            )


@contextmanager
def leaving(end: Callable[[], None]) -> Iterator[None]:
    """At SIGTERM call `end`, which lets the block end soon; after it the signal takes its usual course."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    asked = Flag()

    def leave(number: int, frame: FrameType | None) -> None:
        asked.set()
        end()

    usual = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual if usual is not None else signal.SIG_DFL)
    if asked:
        signal.raise_signal(signal.SIGTERM)
