"""`python -m benchmarks.grading`: the processor time of grading one wrong term of a 784-512-512-10 network."""

from __future__ import annotations

import os
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

import glassnet as gn
from benchmarks import machine

WRONG = {
    "dW1, sign turned": ("dW1", lambda d: -d.value("dW1") + 2 * 0.01 * d.value("W1")),
    "dW1, not named": ("dW1", lambda d: 1.37 * d.value("dW1")),
    "W2_new, added": ("W2_new", lambda d: 2 * d.value("W2") - d.value("W2_new")),
    "theta, not named": ("theta", lambda d: d.value("theta") + 0.01 * d.value("g") ** 2),
    "v, not named": ("v", lambda d: d.value("v") - 0.1 * d.value("g")),
}
ROWS, REPEATS = (1, 32), 3


def main() -> None:
    print(machine.caption())
    net = gn.Network([784, 512, 512, 10], hidden="relu", output="softmax", seed=0)
    rng = np.random.default_rng(0)
    print(f"{'wrong term':20}" + "".join(f"{f'{rows} rows':>10}" for rows in ROWS))
    for name, (symbol, make) in WRONG.items():
        seconds = []
        for rows in ROWS:
            X, y = rng.normal(size=(rows, 784)), rng.integers(0, 10, rows)
            derivation = gn.explain(net, X, y, optimizer="momentum", l2=0.01)
            answer = make(derivation)
            times = []
            for _ in range(REPEATS):
                start = time.process_time()
                derivation.grade(**{symbol: answer})
                times.append(time.process_time() - start)
            seconds.append(min(times))
        print(f"{name:20}" + "".join(f"{each:>8.2f} s" for each in seconds))


if __name__ == "__main__":
    main()
