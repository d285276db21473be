"""Runs the rounds of the fits: a process for each contender, asked in turn."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.fits.cases import Fit
from benchmarks.series import Sample, Series, Session, interleave
from benchmarks.worker import Worker

LOOPS = {"torch": "benchmarks.fits.torch_loop", "jax": "benchmarks.fits.jax_loop"}
CONTENDERS = ("glassnet", "scikit-learn", *LOOPS)


def measure(cases: list[Fit], session: Session) -> Iterator[list[Series]]:
    """Yield the series of every case; a case that limits its memory gets processes of its own, and one round."""
    chosen = [name for name in CONTENDERS if name in session.contenders]
    workers: dict[str, Worker] = {}
    try:
        for case in cases:
            if case.data == "images" and case.path is None:
                session.notes.append(f"{case.name}: no --images FOLDER with the IDX files of MNIST was given; left out")
                continue
            if case.limit is not None:
                _close(workers)
            names = [name for name in chosen if not (case.estimators_only and name in LOOPS)]
            for name in names:
                if name not in workers:
                    workers[name] = Worker(name, 1)
            now = session if case.limit is None else replace(session, rounds=1)
            yield interleave(case.label, calls(case, names, workers), now)
            if case.limit is not None:
                _close(workers)
    finally:
        _close(workers)


def calls(case: Fit, names: list[str], workers: dict[str, Worker]) -> dict[str, Callable[[], Sample]]:
    """Return a call for each contender; the loops run as many epochs as the estimator before them."""
    epochs: list[int] = []

    def call(name: str) -> Sample:
        sample: Sample = workers[name].call(fit, name, case, epochs[-1] if epochs else None)
        if name not in LOOPS:
            epochs.append(sample.told["epochs"])
        return sample

    return {name: partial(call, name) for name in names}


def fit(name: str, case: Fit, epochs: int | None) -> Any:
    """Fit in the process of the contender."""
    if name in LOOPS:
        return importlib.import_module(LOOPS[name]).fit(case, epochs)
    return importlib.import_module("benchmarks.fits.estimators").fit(name, case)


def _close(workers: dict[str, Worker]) -> None:
    while workers:
        workers.popitem()[1].close()
