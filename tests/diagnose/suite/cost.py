"""`python -m tests.diagnose.suite.cost`: what the instruments add to a training, and how many trainings a diagnosis costs."""

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.datasets import make_moons

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


SANE = {"optimizer": gn.Adam(learning_rate=0.01), "epochs": 200, "batch_size": 32}
DIAGNOSED = {  # on 400 rows: sizes, arguments of the network, options, scale of the inputs
    "healthy, 16-16": ([2, 16, 16, 1], {}, {}, 1),
    "healthy, 100": ([2, 100, 1], {}, {"optimizer": gn.Adam()}, 1),
    "healthy, 64-64": ([2, 64, 64, 1], {}, {}, 1),
    "rate too high": ([2, 16, 16, 1], {}, {"optimizer": gn.SGD(learning_rate=200.0)}, 1),
    "rate too low": ([2, 16, 16, 1], {}, {"optimizer": gn.SGD(learning_rate=1e-5)}, 1),
    "zero weights": ([2, 16, 16, 1], {"init": "zeros"}, {}, 1),
    "inputs in the thousands": ([2, 16, 16, 1], {}, {}, 1000),
    "nine sigmoid layers": ([2, *[12] * 9, 1], {"hidden": "sigmoid"}, {}, 1),
}


def diagnoses():
    """Print the processor time of diagnoses beside that of their trainings, each the least of several in turn."""
    X, y = make_moons(400, noise=0.25, random_state=0)
    print(f"\n{'diagnosis of 400 rows':<26}{'training':>12}{'diagnosis':>13}{'times':>8}  findings")
    for name, (sizes, arguments, options, scale) in DIAGNOSED.items():
        network = gn.Network(sizes, **{"output": "sigmoid", "seed": 1, **arguments})
        given = {**SANE, **options}
        training, diagnosing, found = [], [], ()
        for _ in range(REPEATS // 3):
            started = time.process_time()
            gn.train(network.copy(), scale * X, y, **given)
            middle = time.process_time()
            found = gn.diagnose(network, scale * X, y, **given).codes
            training.append(middle - started)
            diagnosing.append(time.process_time() - middle)
        times = min(diagnosing) / min(training)
        shown = ", ".join(found[:2])
        print(f"{name:<26}{1e3 * min(training):>9.1f} ms{1e3 * min(diagnosing):>10.1f} ms{times:>8.1f}  {shown}")


if __name__ == "__main__":
    main()
    diagnoses()
