"""Times glassnet with one thread, two, and its default, on the machine as it is and beside a busy loop for every core."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import glassnet as gn
from benchmarks.contender import Stopwatch
from benchmarks.glassnet_engine import engine, train_options
from benchmarks.machine import cores
from benchmarks.series import Sample, Series, Session, interleave
from benchmarks.worker import Worker
from benchmarks.workloads import SEED, W1, W2, W3, W4, Workload, quick

SECONDS = 1.0  # a timing takes about this long on one thread, many slices of the system's scheduler
TEAMS = {"1 thread": 1, "2 threads": 2, "default": None}


@contextlib.contextmanager
def busy(loops: int) -> Iterator[None]:
    """Run a block beside so many processes that compute without end; they end with the block."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(loops):
            started.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
        yield
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def train(workload: Workload, epochs: int, threads: int | None) -> Sample:
    """Time one call of `train`."""
    network = workload.network(SEED)
    X, Y = workload.data
    with Stopwatch() as watch:
        gn.train(network, X, Y, epochs=epochs, engine=engine(), n_threads=threads, **train_options(workload))
    return Sample(watch.wall, watch.cpu, {"epochs": epochs})


def epochs_for(workload: Workload, seconds: float) -> int:
    """Return the number of epochs that take about so long on one thread."""
    train(workload, 1, 1)
    epochs = 1
    while (spent := (train(workload, epochs, 1).cpu or 0.0)) < seconds / 5:
        epochs *= 4
    return max(1, round(epochs * seconds / spent))


def measure(session: Session) -> Iterator[list[Series]]:
    """Yield W1 to W4, each on the machine as it is and beside as many busy loops as cores."""
    loops = len(cores()) or 2
    worker = Worker("glassnet", loops)
    try:
        for workload in map(quick, (W1, W2, W3, W4)):
            epochs = worker.call(epochs_for, workload, SECONDS / 4 if session.quick else SECONDS)
            calls = {name: partial(worker.call, train, workload, epochs, threads) for name, threads in TEAMS.items()}
            for beside in (0, loops):
                case = f"load  {workload.label}, float32, beside {beside} busy loops"
                with busy(beside):
                    found = interleave(case, calls, session)
                yield found
    finally:
        worker.close()
