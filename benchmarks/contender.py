"""The protocol of a contender, and the timing of its runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

from benchmarks.workloads import Array, Workload


@dataclass(frozen=True)
class Timing:
    """Seconds of wall clock and of processor time, and the number of steps they took."""

    wall: float
    cpu: float
    steps: int


class Contender(Protocol):
    """A library under test, set up for one workload; __init__ does the compilation and the transfer of data."""

    detail: str  # version and settings

    def __init__(self, workload: Workload, threads: int) -> None: ...

    def train(self, epochs: int) -> Timing:
        """Train from the workload's initial parameters; `epochs` is a multiple of workload.check_epochs."""
        ...

    def theta(self) -> Array:
        """Return the parameters after the last `train`, in glassnet's layout."""
        ...

    def predictor(self) -> Callable[[], Any]:
        """Return a function that computes the outputs for the workload's X at its initial parameters."""
        ...


class Stopwatch:
    """Measures a with-block: `with Stopwatch() as watch: …; watch.timing(steps)`."""

    def __enter__(self) -> Self:
        self.wall, self.cpu = -time.perf_counter(), -time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.cpu += time.process_time()

    def timing(self, steps: int) -> Timing:
        return Timing(self.wall, self.cpu, steps)


def repeat(call: Callable[[], Any], times: int) -> Timing:
    """Time `times` calls in a row."""
    with Stopwatch() as watch:
        for _ in range(times):
            call()
    return watch.timing(times)
