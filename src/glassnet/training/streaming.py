"""The engine around an engine for rows larger than memory: trains on one window while it reads the next."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, NonFiniteError, shown
from glassnet.network.inputs import check_sample_weight, check_X
from glassnet.network.network import Network
from glassnet.training.arguments import check_validation
from glassnet.training.job import Engine, Flag, Job, Objective, Record, Snapshot, State, apply_wholly, engine_of
from glassnet.training.optimizers import LBFGS
from glassnet.training.random import order_keys
from glassnet.training.windows import Source, Window, epoch_windows, is_source, window_rows

Array = NDArray[Any]


def fits(source: Source, network: Network) -> bool:
    """True if all rows of the source are one window, which is then read once and stays in memory."""
    return source.shape[0] <= window_rows(source, network)


def read_all(source: Source, network: Network) -> tuple[Array, Array, Array | None]:
    """Return all rows of a source: X, encoded Y and weights."""
    _check_inputs(source, network)
    buffer = Buffer.of(source, network, source.shape[0])
    end = 0
    for block in range(len(source.lengths)):
        end = buffer.fill(source, network, block, end)
    return buffer.X, buffer.Y, buffer.weight


def streamed_job(network: Network, source: Source, options: Mapping[str, Any]) -> Job:
    """Make the Job of a source that does not fit; refuse the options that need all rows at once."""
    _check_inputs(source, network)
    most, batch_size = window_rows(source, network), options["batch_size"]
    for name, wrong, way_out in (
        ("rows", options["rows"] is not None, "leave them out of the source"),
        ("sample_weight", options["sample_weight"] is not None, "pass open_rows(…, weight=…)"),
        ("optimizer", isinstance(options["optimizer"], LBFGS), "use optimizer='adam'"),
    ):
        if wrong:
            got = "LBFGS, which takes all rows at once" if name == "optimizer" else "some"
            raise InputError(f"{name}: expected none besides rows that are read in parts; got {got}; {way_out}.")
    if batch_size is None or batch_size > most:
        raise InputError(
            f"batch_size: expected at most {most:,} rows, which fit in a window of the memory; got {shown(batch_size)}"
            f"{', all rows' if batch_size is None else ''}; pass e.g. batch_size=512, or give more memory."
        )
    check_blocks(source, network)
    validation = check_validation(network, np.empty((0, source.shape[1])), options["validation"])
    given = {**options, "validation": validation, "rows": None, "sample_weight": None}
    return Job(network, source, source, **given)  # type: ignore[arg-type]


def check_blocks(source: Source, network: Network) -> None:
    """Refuse a block that is larger than a window."""
    most, largest = window_rows(source, network), int(source.lengths.max())
    if largest > most:
        raise InputError(
            f"memory: expected room for {source.place(int(source.lengths.argmax()))} with {largest:,} rows; got room for "
            f"{most:,} rows in a window; give more memory, or write the file in smaller row groups."
        )


def _check_inputs(source: Source, network: Network) -> None:
    if source.shape[1] != network.sizes[0]:
        raise InputError(
            f"X: expected {network.sizes[0]} inputs, as the network has; got {source.shape[1]} columns; "
            f"build Network([{source.shape[1]}, …])."
        )


def open_engine(job: Job) -> Engine:
    """Return the engine that runs a job, on arrays or on a source."""
    return StreamingEngine(job) if is_source(job.X) else engine_of(job)


@dataclass(eq=False)
class Buffer:
    """Memory for the rows of a window, and before them those that are carried into it."""

    X: Array  # (most, d)
    Y: Array  # (most, k)
    weight: Array | None  # (most,)
    order: NDArray[np.int64]  # the rows in the order of their visits
    key: tuple[int, int] = (-1, -1)  # epoch and number of the window it holds

    @classmethod
    def of(cls, source: Source, network: Network, most: int) -> Buffer:
        """Allocate room for so many rows."""
        shapes = (most, network.sizes[0]), (most, network.sizes[-1])
        X, Y = (np.empty(shape, network.dtype) for shape in shapes)
        return cls(X, Y, np.empty(most, network.dtype) if source.weighted else None, np.arange(0))

    def fill(self, source: Source, network: Network, block: int, at: int) -> int:
        """Read a block to the rows from `at` on; return where they end."""
        X, y, weight = source.read(block)
        place, dtype = source.place(block), network.dtype
        end = at + X.shape[0]
        self.X[at:end] = check_X(X, network.sizes[0], dtype, f"X, {place}")
        self.Y[at:end] = network.encode(y, X.shape[0], f"y, {place}")
        if self.weight is not None:
            assert weight is not None
            some = np.any(weight)  # a block may have none
            self.weight[at:end] = check_sample_weight(weight, len(y), dtype, f"weight, {place}") if some else 0
        return end

    def carry(self, other: Buffer, rows: int) -> None:
        """Copy the last rows that the other buffer visits to the front."""
        last = other.order[len(other.order) - rows :]
        self.X[:rows], self.Y[:rows] = other.X[last], other.Y[last]
        if self.weight is not None:
            assert other.weight is not None
            self.weight[:rows] = other.weight[last]


class Reader:
    """Reads the windows of a job's epochs, on a thread the one after the one that was asked for."""

    def __init__(self, job: Job) -> None:
        self.source = cast(Source, job.X)
        self.network, self.seed, self.shuffle = job.network, job.seed, job.shuffle
        self.epochs, self.batch_size = job.epochs, job.batch_size
        self.most = window_rows(self.source, job.network)
        room = self.most + job.batch_size
        self.buffers = [Buffer.of(self.source, job.network, room) for _ in range(2)]  # the current one first
        self.starts = np.cumsum(self.source.lengths) - self.source.lengths
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="glassnet-reader")
        self.upcoming: tuple[tuple[int, int], Future[None]] | None = None
        self._windows: dict[int, list[Window]] = {}

    def windows(self, epoch: int) -> list[Window]:
        """Return the windows of an epoch."""
        found = self._windows.get(epoch)
        if found is None:
            arguments = self.seed, epoch, self.shuffle, self.most, self.batch_size
            found = epoch_windows(self.source, *arguments)
            self._windows = {each: windows for each, windows in self._windows.items() if each >= epoch - 1}
            self._windows[epoch] = found
        return found

    def at(self, epoch: int, batch: int) -> tuple[Window, Buffer]:
        """Return the window that holds a step of an epoch, and its rows; begin to read the next one."""
        windows = self.windows(epoch)
        number = next((k for k, each in enumerate(windows) if batch < each.end_batch), len(windows) - 1)
        key = epoch, number
        if self.buffers[0].key != key:
            if self.upcoming is not None:
                upcoming, task = self.upcoming
                if upcoming == key or not task.cancel():
                    task.exception()  # waits
                self.upcoming = None
                if upcoming == key:
                    task.result()  # an error there is raised here; one of another window is not
            if self.buffers[1].key == key:
                self.buffers.reverse()
            else:
                self.load(epoch, number, self.buffers[0], self.buffers[1])
        if self.upcoming is None:
            following = (epoch, number + 1) if number + 1 < len(windows) else (epoch + 1, 0)
            if following[0] < self.epochs and self.buffers[1].key != following:
                self.upcoming = following, self.thread.submit(self.load, *following, self.buffers[1], self.buffers[0])
        return windows[number], self.buffers[0]

    def load(self, epoch: int, number: int, into: Buffer, other: Buffer, needed: int | None = None) -> None:
        """Read a window; if only its last `needed` rows matter, what is carried into it may be left out."""
        window = self.windows(epoch)[number]
        carried = 0 if needed is not None and needed <= window.rows else window.carried
        if carried and other.key != (epoch, number - 1):
            self.load(epoch, number - 1, other, into, carried)
        into.key = -1, -1
        if carried:
            into.carry(other, carried)
        end, keys = carried, [np.zeros(0, np.uint64)]
        for block in window.blocks.tolist():
            begin, end = end, into.fill(self.source, self.network, block, end)
            if self.shuffle:
                keys.append(order_keys(self.seed, epoch, int(self.starts[block]), end - begin))
        into.order = np.arange(end)
        if self.shuffle:
            into.order[carried:] = carried + np.argsort(np.concatenate(keys), kind="stable")
        into.key = (epoch, number) if needed is None else (-1, -1)

    def close(self) -> None:
        """Let the thread end after the window that it reads."""
        self.thread.shutdown(wait=False, cancel_futures=True)


class StreamingEngine:
    """Runs a job whose X is a Source, window by window, in another engine."""

    def __init__(self, job: Job) -> None:
        self.inner: Engine = engine_of(job)
        self.name = self.inner.name
        self._reader: Reader | None = None

    def __copy__(self) -> StreamingEngine:
        other = object.__new__(type(self))
        other.inner, other.name, other._reader = self.inner, self.name, None
        return other

    def refuses(self, network: Network) -> str:
        return self.inner.refuses(network)

    def refuses_job(self, job: Job) -> str:
        return self.inner.refuses_job(job)

    def output(self, network: Network, X: Array) -> Array:
        return self.inner.output(network, X)

    def objective(self, job: Job) -> Objective:
        raise InputError("optimizer: expected one that takes batches; got LBFGS; use optimizer='adam'.")

    def part(self, job: Job, state: State) -> Job:
        """Return the job of the window that holds the next step."""
        return self._part(job, state)[1]

    def run(
        self, job: Job, state: State, record: Record, epochs: int, until: int = -1, stop: Flag | None = None
    ) -> None:
        """Run as the protocol `Engine.run` describes."""
        last = state.epoch + epochs
        try:
            while state.epoch < last and not record.stopped and not stop:
                if state.step == until and not job.is_epoch_over(state):
                    break
                window, part = self._part(job, state)
                _run_part(self.inner, window, part, state, record, until, stop)
        except InputError as error:
            self.close()
            if job.communicator is not None:  # the others may have read their rows, and wait for this rank's sum
                job.communicator.abort(f"rank {job.communicator.rank} of {job.communicator.size}: {error}".rstrip("."))
            raise
        if state.epoch >= job.epochs or record.stopped:
            self.close()

    def close(self) -> None:
        """Give the memory of the windows back."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _part(self, job: Job, state: State) -> tuple[Window, Job]:
        reader = self._reader = self._reader or Reader(job)
        window, rows = reader.at(state.epoch, state.batch)
        n, steps = len(rows.order), window.end_batch - window.first_batch
        part = replace(
            job,
            X=rows.X[:n],
            Y=rows.Y[:n],
            sample_weight=None if rows.weight is None else rows.weight[:n],
            rows=rows.order[: steps * job.batch_size],  # the others are carried into the next window
            shuffle=False,
            first_batch=window.first_batch,
            epoch_steps=job.steps_per_epoch,
        )
        return window, part


def _run_part(
    engine: Engine, window: Window, part: Job, state: State, record: Record, until: int, stop: Flag | None
) -> None:
    """Run the steps of a window from here.

    A loss may overflow at the first step of the next window, whose rows do not repeat the update before it. So the last step
    that updates is a call of its own: `state.rescue` is then the run before it.
    """
    begin, epoch, offset, before = state.step, state.epoch, len(record.loss) - state.epoch, state.rescue
    updating = begin - (state.batch - window.first_batch) + _updating_steps(part)
    outside = before is not None and (before.state.epoch, before.state.batch) < (epoch, window.first_batch)
    if outside:  # of rows that are not here any more
        state.rescue = None

    def updated(end: int) -> bool:
        return bool(((begin <= updating) & (updating < end)).any())

    try:
        for last in updating[-1:].tolist():
            for end in (last, last + 1):
                end = end if until < 0 else min(end, until)
                if state.step < end and not stop:
                    engine.run(part, state, record, 1, end, stop)
        kept = state.rescue if updated(state.step) else before
        if state.epoch == epoch and not stop and (part.is_epoch_over(state) or state.step != until):
            engine.run(part, state, record, 1, until, stop)  # steps without weight, and the end of the epoch
        state.rescue = kept
    except NonFiniteError as error:
        if outside and not updated(error.step):
            assert before is not None
            _go_back(part, state, record, before, offset)
        raise


def _updating_steps(part: Job) -> Array:
    """Return which of the part's steps make an update: those with a weight above 0."""
    steps = np.arange(-(-part.n // part.batch_size))
    if part.sample_weight is None:
        return steps
    sums = np.add.reduceat(part.sample_weight[part.rows], steps * part.batch_size)
    return steps[sums > 0]


def _go_back(job: Job, state: State, record: Record, to: Snapshot, offset: int) -> None:
    def go_back() -> None:
        job.network.theta[...] = to.theta
        state.take(to.state)
        record.cut(offset + state.epoch)

    apply_wholly(go_back)
