"""`python -m tests.diagnose.suite.cost`: what the instruments add to the time of a training, network by network."""

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import glassnet as gn
from glassnet.diagnose.case.setup import Setup, run
from glassnet.diagnose.instruments.watched_run import record
from glassnet.diagnose.thresholds import Thresholds

REPEATS = 15
CASES = [  # sizes, rows, batch, epochs
    ([30, 100, 1], 455, 32, 200),
    ([30, 100, 1], 4000, 64, 50),
    ([2, 10, 1], 800, 32, 200),
    ([784, 128, 10], 2000, 128, 20),
]


def main():
    print(f"{'network':<14}{'rows':>6}{'batch':>6}{'steps':>7}{'training':>12}{'looks':>7}{'cheap':>8}{'all':>8}")
    for sizes, n, batch, epochs in CASES:
        rng = np.random.default_rng(0)
        X = rng.normal(size=(n, sizes[0])).astype(np.float32)
        y = rng.integers(0, max(sizes[-1], 2), n)
        network = gn.Network(sizes, output="sigmoid" if sizes[-1] == 1 else "softmax", dtype="float32")
        setup = Setup(network, X, y, {"epochs": epochs, "batch_size": batch})
        ways = {
            "plain": lambda setup=setup: run(setup),
            "cheap": lambda setup=setup: record(setup, Thresholds(), details=0),
            "all": lambda setup=setup: record(setup, Thresholds()),
        }
        seconds = {name: [] for name in ways}
        for _ in range(REPEATS):  # in turn, so that a slow moment of the machine hits all alike
            for name, way in ways.items():
                started = time.perf_counter()
                way()
                seconds[name].append(time.perf_counter() - started)
        best = {name: min(values) for name, values in seconds.items()}
        looks = len(record(setup, Thresholds(), details=0).looks)
        steps = epochs * -(-n // batch)
        added = "".join(f"{best[name] / best['plain'] - 1:>8.1%}" for name in ("cheap", "all"))
        print(
            f"{'-'.join(map(str, sizes)):<14}{n:>6}{batch:>6}{steps:>7}{1e3 * best['plain']:>9.2f} ms{looks:>7}{added}"
        )


if __name__ == "__main__":
    main()
