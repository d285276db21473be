"""A rank of the tests with mpiexec or torchrun: trains a small network, and does on one rank what it is told.

`worker.py OUT [--kind torch] [--folder F] [--fault kill|freeze|raise|data|interrupt] [--at STEP] [--limit S] [--shrink] [--epochs N]`
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np

import glassnet as gn
from glassnet.distributed import MPI, Torch

EPOCHS, BATCH = 6, 16


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(101, 5))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def network() -> gn.Network:
    return gn.Network([5, 8, 1], hidden="tanh", output="sigmoid", seed=1)


def options() -> dict[str, Any]:
    X, y = data()
    return {"epochs": EPOCHS, "batch_size": BATCH, "seed": 3, "dropout": 0.1, "validation": (X[:30], y[:30])}


class Faulty:
    """The ranks, of which one fails at its `at`-th sum over all parameters."""

    def __init__(self, ranks: Any, fault: str, at: int, rank: int) -> None:
        self.ranks, self.fault, self.left = ranks, fault, at if ranks.rank == rank else -1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ranks, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "way_out":
            self.ranks.way_out = value
        else:
            super().__setattr__(name, value)

    def all_reduce(self, buffer: Any) -> None:
        if buffer.size > 50:
            if self.left == 0:
                fail(self.fault)
            self.left -= 1
        self.ranks.all_reduce(buffer)


def fail(fault: str) -> None:
    """Do to this process what is to be tested."""
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "freeze":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif fault == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
    elif fault == "raise":
        raise MemoryError("no room")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--kind", default="mpi")
    parser.add_argument("--folder")
    parser.add_argument("--fault", default="")
    parser.add_argument("--at", type=int, default=20)
    parser.add_argument("--rank", type=int, default=1)
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    given = parser.parse_args()
    ranks: Any = MPI(given.limit, shrink=given.shrink) if given.kind == "mpi" else Torch(given.limit)
    started_with = ranks.size
    if given.fault:
        ranks = Faulty(ranks, given.fault, given.at, given.rank)
    X, y = data()
    if given.fault == "data" and ranks.rank == given.rank:
        X = X + 1
    net = network()
    store = None if given.folder is None else gn.Checkpoint(given.folder, steps=5, resume=True)
    asked = {**options(), "epochs": given.epochs}
    history = gn.train(net, X, y, engine=given.engine, communicator=ranks, checkpoint=store, **asked)
    if ranks.rank == 0:
        found = {"theta": net.theta.tolist(), "loss": history.loss.tolist(), "ranks": [started_with, ranks.size]}
        given.out.write_text(json.dumps({**found, "validation": history.validation_loss.tolist()}))


if __name__ == "__main__":
    main()
