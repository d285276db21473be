"""What a contender must do, and how its runs are timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

from benchmarks.workloads import Array, Workload


@dataclass(frozen=True)
class Timing:
    """Seconds by the wall clock and of processor time, and the steps they were spent on."""

    wall: float
    cpu: float
    steps: int


class Contender(Protocol):
    """Someone who can do a workload; made once, with compilation and data transfer done in __init__."""

    detail: str  # how it does it: version and settings

    def __init__(self, workload: Workload, threads: int) -> None: ...

    def train(self, epochs: int) -> Timing:
        """Train from the workload's initial parameters; `epochs` is a multiple of workload.check_epochs."""
        ...

    def theta(self) -> Array:
        """The parameters after the last `train`, in glassnet's layout."""
        ...

    def predictor(self) -> Callable[[], Any]:
        """A call that returns (or fills a buffer with) the outputs for the workload's X at its initial parameters."""
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
