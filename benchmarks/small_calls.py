"""Compares calls of a few rows, sparse rows and lbfgs with scikit-learn's: `python -m benchmarks.small_calls`."""

import argparse
import os
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import scipy.sparse
import sklearn.neural_network
from sklearn.datasets import load_digits

import glassnet
from benchmarks import machine

N = 4_000


def sparse_rows(rng):
    """Draw (4,000, 2,000) CSR rows of 4 entries each, and two classes."""
    places = (np.repeat(np.arange(N), 4), rng.integers(0, 2_000, 4 * N))
    X = scipy.sparse.csr_matrix((np.ones(4 * N), places), shape=(N, 2_000))
    return X, (X @ rng.normal(size=2_000) > 0).astype(int)


def cases():
    """Return for each case how many calls it makes and a function of the estimator's class that prepares them."""
    rng = np.random.default_rng(0)
    S, s = sparse_rows(rng)
    X, y = rng.normal(size=(500, 20)), rng.integers(0, 2, 500)
    digits = load_digits(return_X_y=True)

    def partial_fit(X, y, rows):
        batches = [(X[i : i + rows], y[i : i + rows]) for i in range(0, X.shape[0], rows)]

        def prepare(kind):
            model = kind(random_state=0)
            return lambda: [model.partial_fit(*batch, classes=[0, 1]) for batch in batches]

        return len(batches), prepare

    def predict(X, y, calls):
        def prepare(kind):
            model = kind(random_state=0, max_iter=3).fit(X, y)
            return lambda: [model.predict(X[i : i + 1] if calls > 1 else X) for i in range(calls)]

        return calls, prepare

    def fit(X, y, calls=1, **options):
        return calls, lambda kind: lambda: [kind(random_state=0, **options).fit(X, y) for _ in range(calls)]

    return {
        "`partial_fit`, 200 sparse rows of 2,000": partial_fit(S, s, 200),
        "`partial_fit`, one row of 20": partial_fit(X, y, 1),
        "`fit`, 20 rows of 4, 5 epochs": fit(X[:20, :4], y[:20], 50, max_iter=5),
        "`predict`, one row of 20": predict(X, y, 500),
        "`fit`, 4,000 sparse rows of 2,000, 5 epochs": fit(S, s, max_iter=5),
        "`predict`, 4,000 sparse rows of 2,000": predict(S, s, 1),
        "`fit` by lbfgs, digits, 50 iterations": fit(*digits, solver="lbfgs", max_iter=50),
    }


def main():
    """Measure interleaved and print a Markdown table of processor time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{machine.caption()}\n")
    print("| call | scikit-learn, ms | glassnet, ms | faster |")
    print("|---|---|---|---|")
    for name, (calls, prepare) in cases().items():
        seconds = []
        for _ in range(arguments.repeats + 1):  # the first warms up imports and caches
            seconds.append([])
            for module in (sklearn.neural_network, glassnet):
                run = prepare(module.MLPClassifier)
                started = time.process_time()
                run()
                seconds[-1].append((time.process_time() - started) / calls)
        theirs, ours = np.median(seconds[1:], axis=0)
        print(f"| {name} | {theirs * 1e3:.3f} | {ours * 1e3:.3f} | {theirs / ours:.1f} × |", flush=True)


if __name__ == "__main__":
    main()
