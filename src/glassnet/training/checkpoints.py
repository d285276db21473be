"""Advances runs and saves them on the way: at intervals, at their ends, and before Ctrl-C or SIGTERM ends the process."""

from __future__ import annotations

import hashlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import Activation
from glassnet.equations.loss import Loss
from glassnet.errors import InputError, shown
from glassnet.training.job import Flag, Job, Record, Snapshot, State
from glassnet.training.optimizers import LBFGS
from glassnet.training.run import Run
from glassnet.training.schedules import Adaptive, Constant, InverseScaling, StepDecay
from glassnet.training.windows import is_source

_ENDLESS = (Constant, StepDecay, InverseScaling, Adaptive)  # schedules that do not depend on the number of epochs
PIECE_SECONDS = 0.25  # about: how long a piece of a run is, after each of which the clock is read
Array = NDArray[Any]
AfterEpoch = Callable[[Record], str]
Digests = dict[tuple[int, ...], tuple[Any, str]]  # by the ids of arrays: the arrays, and their SHA-256


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
    with store.held():
        saved = Saved(run, store)
        saved.restore()
        restored(run)
        with leaving(run.stop.set):
            try:
                while not run.finished and not run.stop:
                    saved.advance(run.job.epochs, after_epoch)
            except KeyboardInterrupt:
                saved.save()
                raise
            saved.save()
    return run


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
        self.steps, self.seconds = 0, 0.0  # of the last piece

    def restore(self) -> None:
        """Take the run to its newest checkpoint, if there is one."""
        run, found = self.run, self.store.read(self.setup)
        if found is not None:
            for each in [found["now"], *found["snapshots"], *filter(None, [found["rescue"]])]:
                check_fit(each, run.network.theta, run.state)
            now, run.snapshots = found["now"], found["snapshots"]
            run.network.theta, run.state = now.theta, now.state
            run.state.rescue = found["rescue"]
            run.record, run.seconds = Record(**found["record"]), found["seconds"]
            self.due.saved(run.step)

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
        self.store.write(run.step, self.setup, content)
        self.due.saved(run.step)

    def advance(self, goal: int, after_epoch: AfterEpoch | None) -> None:
        """Advance by a piece, at most to the end of epoch `goal`, and save the run if a checkpoint is due.

        L-BFGS goes to `goal` at once, as in pieces it would repeat its iterations; it is saved between them.
        """
        run, started = self.run, time.monotonic()
        if isinstance(run.optimizer, LBFGS):
            run.advance(epochs=goal - run.epoch, after_epoch=self._beside(after_epoch))
            return
        run.advance(steps=self._piece(goal), after_epoch=after_epoch)
        self.seconds = time.monotonic() - started
        self._save_if_due()

    def _piece(self, goal: int) -> int:
        """Return the number of steps of the next piece."""
        run, every = self.run, self.store.steps
        self.steps = max(1, 2 * self.steps if self.seconds < PIECE_SECONDS else self.steps // 2)
        left = (goal - run.epoch) * run.job.steps_per_epoch - run.state.batch
        return min(self.steps, left, left if every is None else every - run.step % every)

    def _save_if_due(self) -> None:
        if self.due.by(self.run.step):
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


# --- what makes two runs the same ------------------------------------------------------------------------------------


def describe(run: Run, digests: Digests) -> dict[str, Any]:
    """Return what the bits of a run depend on, by name."""
    start, lbfgs = run.snapshots[0], isinstance(run.optimizer, LBFGS)
    return describe_job(run.job, digests) | {
        "initial weights": digest(start.theta),
        "optimizer's memory": digest(start.state.slots if start.state.step else None),
        "optimizer": repr(run.optimizer),
        "engine": "scipy" if lbfgs else run.engine.name,
        "divide_penalty": run.job.divide_penalty,
    }


def describe_job(job: Job, digests: Digests) -> dict[str, Any]:
    """Return what the bits of a job's run depend on, by name: settings as they are, data as their SHA-256.

    `digests` holds those of the data that are known, and takes the others.
    """

    def known(*arrays: Any) -> str:
        key = tuple(map(id, arrays))
        if key not in digests:
            digests[key] = (arrays, digest(*arrays))
        return digests[key][1]

    network = job.network
    described = {
        "network": f"{'-'.join(map(str, network.sizes))} {network.dtype}",
        "activations": ", ".join(map(_with_constants, network.activations.values())),
        "loss": _with_constants(network.loss_function),
        "X": known(job.X),
        "y": known(job.Y),
        "sample_weight": known(job.sample_weight),
        "rows": known(job.rows),
        "validation": known(*(job.validation or (None,))),
        "schedule": repr(job.schedule),
        "epochs": "any" if isinstance(job.schedule, _ENDLESS) else job.epochs,
        "early_stopping": repr(job.early_stopping),
    }
    plain = ("batch_size", "shuffle", "l1", "l2", "dropout", "clip_norm", "seed", "watch")
    return described | {name: getattr(job, name) for name in plain}


def digest(*arrays: Any) -> str:
    """Return the SHA-256 of arrays with their shapes and dtypes, dense or CSR; "none" for None alone."""
    if all(each is None for each in arrays):
        return "none"
    found = hashlib.sha256()
    for each in arrays:
        if is_source(each):  # whose rows are not read for it
            found.update(f"{each.fingerprint} {each.memory}".encode())
            continue
        for part in [each.data, each.indices, each.indptr] if hasattr(each, "indptr") else [each]:
            array = None if part is None else np.asarray(part)
            found.update(repr(None if array is None else (array.shape, array.dtype.str)).encode())
            if array is not None and array.size:
                found.update(np.ascontiguousarray(array).data.cast("B"))
    return found.hexdigest()


def _with_constants(equation: Activation | Loss) -> str:
    constants = ", ".join(f"{name}={value}" for name, value in equation.parameters.items())
    return f"{equation.name}({constants})" if constants else equation.name
