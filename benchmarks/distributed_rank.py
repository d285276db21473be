"""One rank of the measurements in `distributed.py`, which mpiexec starts; rank 0 prints them as JSON."""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

import glassnet as gn
from glassnet.distributed import MPI

NETWORKS = {
    "30-100-1": {"sizes": [30, 100, 1], "output": "sigmoid"},
    "784-128-10": {"sizes": [784, 128, 10], "output": "softmax"},
    "784-512-512-10": {"sizes": [784, 512, 512, 10], "output": "softmax"},
}


class Timed:
    """The ranks, with the processor time that passes in their sums, most of it in waiting for each other."""

    def __init__(self, ranks):
        self.ranks, self.inside = ranks, 0.0

    def __getattr__(self, name):
        return getattr(self.ranks, name)

    def all_reduce(self, buffer):
        began = time.thread_time()
        self.ranks.all_reduce(buffer)
        self.inside += time.thread_time() - began


def steps(ranks, name, batch, seconds):
    """Return the seconds of a step of Adam in windows of a few steps, best and median, and of the processor outside sums."""
    ranks = Timed(ranks)
    given = NETWORKS[name]
    rng = np.random.default_rng(0)
    rows = max(4 * batch, 2048)
    X = rng.normal(size=(rows, given["sizes"][0])).astype(np.float32)
    y = rng.integers(0, max(2, given["sizes"][-1]), rows)
    network = gn.Network(given["sizes"], output=given["output"], seed=0, dtype="float32")
    options = {"batch_size": batch, "epochs": 1_000_000, "n_threads": 1, "engine": "native", "communicator": ranks}
    run = gn.Run(network, X, y, **options)
    run.advance(steps=4)
    began = time.perf_counter()
    run.advance(steps=4)
    window = max(2, round(0.05 / max((time.perf_counter() - began) / 4, 1e-6)))
    window = ranks.broadcast(window)
    found, computed, until = [], [], time.perf_counter() + seconds
    while ranks.broadcast(time.perf_counter() < until):
        ranks.inside, began, processor = 0.0, time.perf_counter(), time.thread_time()
        run.advance(steps=window)
        found.append((time.perf_counter() - began) / window)
        computed.append((time.thread_time() - processor - ranks.inside) / window)
    measured = {"best": min(found), "median": float(np.median(found)), "computed": min(computed)}
    return {**measured, "parameters": network.n_parameters}


def sums(ranks, numbers, seconds):
    """Return the seconds of a sum of float32 numbers over the ranks."""
    buffer, found = np.zeros(numbers, np.float32), []
    until = time.perf_counter() + seconds
    while ranks.broadcast(time.perf_counter() < until):
        for _ in range(10):
            began = time.perf_counter()
            ranks.all_reduce(buffer)
            found.append(time.perf_counter() - began)
    return {"best": min(found), "median": float(np.median(found))}


def main():
    """Measure what the arguments ask: `steps NETWORK BATCH SECONDS`, `sums NUMBERS SECONDS`, several after each other."""
    ranks, words, found = MPI(), sys.argv[1:], []
    while words:
        if words[0] == "steps":
            _, name, batch, seconds, *words = words
            found.append(steps(ranks, name, int(batch), float(seconds)) | {"network": name, "batch": int(batch)})
        else:
            _, numbers, seconds, *words = words
            found.append(sums(ranks, int(numbers), float(seconds)) | {"numbers": int(numbers)})
    if ranks.rank == 0:
        print("MEASURED " + json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
