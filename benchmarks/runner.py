"""Runs the rounds: in each, the peak, glassnet and every peer in turn, so that noise affects all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.contender import Timing
from benchmarks.peak import Peak, Speed
from benchmarks.worker import Worker
from benchmarks.workloads import Workload

TOLERANCE = 1e-3  # largest difference of a loss from glassnet's, relative to it


@dataclass
class Result:
    """The timings of one contender on one workload, one for each round, and figures computed from them."""

    workload: Workload
    contender: str
    threads: int
    detail: str
    loss: float
    timings: list[Timing] = field(default_factory=list)

    def seconds(self, clock: str) -> list[float]:
        """Return the seconds for one step in each round, by the "wall" or the "cpu" clock."""
        return [getattr(timing, clock) / timing.steps for timing in self.timings]

    def best(self, clock: str) -> float:
        return min(self.seconds(clock))

    def record(self) -> dict[str, Any]:
        """Return the result as plain numbers, for JSON."""
        workload = self.workload
        figures = {
            f"{clock}_us_per_step_{name}": round(1e6 * of(self.seconds(clock)), 4)
            for clock in ("wall", "cpu")
            for name, of in (("best", min), ("median", statistics.median))
        }
        return {
            "workload": workload.name,
            "sizes": workload.sizes,
            "rows": workload.rows,
            "batch_size": workload.batch_size,
            "kind": workload.kind,
            "optimizer": workload.optimizer,
            "dtype": workload.dtype,
            "contender": self.contender,
            "detail": self.detail,
            "threads": self.threads,
            "loss": None if self.loss != self.loss else self.loss,
            "flops_per_step": workload.flops_per_step,
            **figures,
            "timings": [vars(timing) for timing in self.timings],
        }


@dataclass
class Outcome:
    """All results of a run, the peaks measured between them, and notes on failures and disagreements."""

    results: list[Result] = field(default_factory=list)
    peaks: list[Speed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def peak(self, dtype: str) -> float | None:
        """The best GF/s of one core."""
        return max((getattr(peak, dtype) for peak in self.peaks), default=None)

    @property
    def fastest(self) -> Speed | None:
        """The measurement with the highest peak in float32."""
        return max(self.peaks, key=lambda peak: peak.float32, default=None)


def measure(
    workload: Workload, workers: list[Worker], peak: Peak, rounds: int, outcome: Outcome, say: Callable[[str], None]
) -> list[Result]:
    """Prepare every worker, compare their losses with the first one's, then time them in interleaved rounds."""
    ready: dict[Worker, Result] = {}

    def failed(worker: Worker, error: BaseException) -> None:  # a peer that fails must not end the run
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        outcome.notes.append(f"{workload.name} {workload.dtype}: {worker.name} failed: {why}")
        ready.pop(worker, None)

    for worker in workers:
        say(f"{workload.label}, {workload.dtype}: preparing {worker.name}")
        told = worker.prepare(workload)
        if isinstance(told, BaseException):
            failed(worker, told)
        else:
            ready[worker] = Result(workload, worker.name, worker.threads, told.detail, told.loss)
    for number in range(rounds):
        say(f"{workload.label}, {workload.dtype}: round {number + 1} of {rounds}")
        if (measured := peak.measure()) is not None:
            outcome.peaks.append(measured)
        for worker, result in list(ready.items()):
            timed = worker.time()
            if isinstance(timed, BaseException):
                failed(worker, timed)
            else:
                result.timings.append(timed)
    results = list(ready.values())
    if workload.kind == "training":
        outcome.notes += disagreements(results)
    return results


def difference(result: Result, reference: Result) -> float:
    """Return the relative difference of two losses."""
    return abs(result.loss - reference.loss) / abs(reference.loss)


def disagreements(results: list[Result]) -> list[str]:
    """Return a note for each contender whose loss differs from the first one's."""
    return [
        f"{result.workload.name} {result.workload.dtype}: {result.contender}'s loss is {result.loss:.6g}, "
        f"{results[0].contender}'s {results[0].loss:.6g}: not the same work"
        for result in results[1:]
        if not difference(result, results[0]) <= TOLERANCE
    ]
