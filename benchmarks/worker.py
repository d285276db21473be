"""Runs each contender in its own process, which prepares a workload once and times it in every round."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from benchmarks.contender import Timing, repeat
from benchmarks.machine import on_cores, pinned_to, thread_limits
from benchmarks.peers import load
from benchmarks.workloads import Workload

LEAST_SECONDS = 0.2


@dataclass(frozen=True)
class Ready:
    """A contender's report before the rounds: its settings, and its loss after check_epochs (nan for inference)."""

    detail: str
    loss: float


class Worker:
    """Controls the process of one contender, which has its own thread limits and cores."""

    def __init__(self, name: str, threads: int) -> None:
        self.name, self.threads = name, threads
        self.start()

    def start(self) -> None:
        with thread_limits(self.threads), on_cores(pinned_to(self.threads)):
            self.pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
            self.pool.submit(load, self.name).result()  # starts the process and imports the contender

    def prepare(self, workload: Workload) -> Ready | BaseException:
        """Compile, warm up, check, and find how many repeats take LEAST_SECONDS; return the exception of a failure."""
        future = self.pool.submit(_prepare, self.name, workload, self.threads)
        return self.failure(future) or future.result()

    def time(self) -> Timing | BaseException:
        """Time the prepared workload once; return the exception of a failure."""
        future = self.pool.submit(_time)
        return self.failure(future) or future.result()

    def failure(self, future: Future[Any]) -> BaseException | None:
        """Return the exception that a task raised, or None; start a new process for one that died."""
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            self.start()
        return error

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function of a module in the worker's process; raises what it raised."""
        future = self.pool.submit(function, *arguments)
        if error := self.failure(future):
            raise error
        return future.result()

    def close(self) -> None:
        self.pool.shutdown()


_run: Callable[[], Timing] | None = None  # in the worker's process: times the prepared workload


def _prepare(name: str, workload: Workload, threads: int) -> Ready:
    global _run
    _run = None  # free the last workload first
    contender = load(name)(workload, threads)
    if workload.kind == "inference":
        predict = contender.predictor()
        times = _enough(lambda times: repeat(predict, times), 1)
        _run = lambda: repeat(predict, times)
        return Ready(contender.detail, math.nan)
    small = workload.for_check()
    checked = contender if small == workload else load(name)(small, threads)
    checked.train(small.check_epochs)
    loss = small.loss(checked.theta())
    epochs = _enough(contender.train, workload.check_epochs)
    _run = lambda: contender.train(epochs)
    return Ready(contender.detail, loss)


def _enough(run: Callable[[int], Timing], unit: int) -> int:
    """Return the multiple of `unit` for which `run` takes LEAST_SECONDS of processor time."""
    times = unit
    while (spent := run(times).cpu) < LEAST_SECONDS:
        times = unit * math.ceil(times / unit * min(10.0, 1.2 * LEAST_SECONDS / max(spent, 1e-6)))
    return times


def _time() -> Timing:
    assert _run is not None
    return _run()
