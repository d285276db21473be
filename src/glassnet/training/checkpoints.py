"""Advances a run and saves it on the way: at intervals, at its end, and before Ctrl-C or SIGTERM ends the process."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any, Protocol

from glassnet.errors import InputError, shown
from glassnet.training.job import Flag, Record
from glassnet.training.optimizers import LBFGS
from glassnet.training.run import Run

PIECE_SECONDS = 0.25  # about: how long a piece of the run is, after each of which the clock is read
AfterEpoch = Callable[[Record], str]


class Store(Protocol):
    """Where checkpoints go, as `Checkpoint` of storage implements it."""

    every: float  # seconds from one checkpoint to the next, about
    steps: int | None  # or steps, exactly

    def opened(self, run: Run) -> AbstractContextManager[None]:
        """Hold the store for this run; take the run to the newest checkpoint if it is to go on from there."""
        ...

    def save(self, run: Run) -> None:
        """Write a checkpoint of the run as it stands."""
        ...


def check_store(given: Any) -> None:
    """Refuse what is neither None nor a Store."""
    if given is not None and not (callable(getattr(given, "opened", None)) and callable(getattr(given, "save", None))):
        raise InputError(
            f"checkpoint: expected Checkpoint(directory, …) or None; got {shown(given)}; pass Checkpoint('run')."
        )


def advance(run: Run, store: Store, after_epoch: AfterEpoch | None = None) -> Run:
    """Advance the run to its end as `Run.advance` does, and save it on the way; return it.

    The run has the bits of one without checkpoints. A loss that becomes inf or nan is not saved.
    """
    with store.opened(run):
        clock = _Clock(run, store)
        with _until_asked_to_leave(run):
            try:
                if isinstance(run.optimizer, LBFGS):
                    run.advance(after_epoch=clock.beside(after_epoch))  # in pieces it would repeat its iterations
                else:
                    while not run.finished and not run.stop:
                        run.advance(steps=clock.piece(), after_epoch=after_epoch)
                        clock.save_if_due()
            except KeyboardInterrupt:
                store.save(run)
                raise
            store.save(run)
    return run


class _Clock:
    """Tells how far to advance a run before a checkpoint may be due, and saves it when one is."""

    def __init__(self, run: Run, store: Store) -> None:
        self.run, self.store = run, store
        self.saved_at, self.saved_step = time.monotonic(), run.step
        self.begun_at, self.steps = time.monotonic(), 0  # of the piece under way

    def piece(self) -> int:
        """Return the number of steps of the next piece: as many as fit in PIECE_SECONDS, up to the next checkpoint."""
        now = time.monotonic()
        grown = 2 * self.steps if now - self.begun_at < PIECE_SECONDS else self.steps // 2
        self.begun_at, self.steps = now, max(1, grown)
        if self.store.steps is None:
            return self.steps
        return min(self.steps, self.store.steps - self.run.step % self.store.steps)

    def save_if_due(self) -> None:
        """Save the run if its time or its step has come."""
        step, every = self.run.step, self.store.steps
        by_step = every is not None and step // every > self.saved_step // every
        if by_step or time.monotonic() - self.saved_at >= self.store.every:
            self.store.save(self.run)
            self.saved_at, self.saved_step = time.monotonic(), step

    def beside(self, after_epoch: AfterEpoch | None) -> AfterEpoch:
        """Return a function for `Run.advance` that calls `after_epoch` and saves the run if a checkpoint is due."""

        def after(record: Record) -> str:
            reason = after_epoch(record) if after_epoch else ""
            if not reason:
                self.save_if_due()
            return reason

        return after


@contextmanager
def _until_asked_to_leave(run: Run) -> Iterator[None]:
    """At SIGTERM let the run end at its next step; after the block the signal then takes its usual course."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    asked = Flag()

    def leave(number: int, frame: FrameType | None) -> None:
        asked.set()
        run.stop.set()

    usual = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual if usual is not None else signal.SIG_DFL)
    if asked:
        run.stop = Flag()
        signal.raise_signal(signal.SIGTERM)
