"""Compares fit time and score of MLPClassifier with scikit-learn's, at the defaults: `python -m benchmarks.estimators`."""

import argparse
import os
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import sklearn.neural_network
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import glassnet
from benchmarks import machine


def data_sets():
    """Load the data sets: {name: (X, y)}."""
    synthetic = make_classification(20_000, 30, n_informative=15, n_redundant=5, random_state=0)
    return {
        "breast_cancer": load_breast_cancer(return_X_y=True),
        "digits": load_digits(return_X_y=True),
        "synthetic 20,000 × 30": synthetic,
    }


def measure(kind, X, y, seed):
    """Fit an estimator at its defaults on standardised data; return seconds, held-out score and epochs."""
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=seed)
    scaler = StandardScaler().fit(X_train)
    X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    started = time.perf_counter()
    model = kind(random_state=seed).fit(X_train, y_train)
    return time.perf_counter() - started, model.score(X_test, y_test), model.n_iter_


def main():
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="number of splits and initial networks")
    parser.add_argument("--only", help="beginning of the name of one data set")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"{machine.caption()}\n")
    print("| data | scikit-learn, s | glassnet, s | faster | score, scikit-learn | score, glassnet |")
    print("|---|---|---|---|---|---|")
    for name, (X, y) in data_sets().items():
        if arguments.only and not name.startswith(arguments.only):
            continue
        runs = []
        measure(glassnet.MLPClassifier, X[:100], y[:100], 0)  # warm up imports and caches
        for seed in range(arguments.seeds):
            runs.append([measure(module.MLPClassifier, X, y, seed) for module in (sklearn.neural_network, glassnet)])
        seconds, scores, _ = np.moveaxis(np.array(runs), 2, 0)  # each (seeds, 2)
        theirs, ours = np.median(seconds, axis=0)
        mean = scores.mean(axis=0)
        faster = np.median(seconds[:, 0] / seconds[:, 1])
        print(f"| {name} | {theirs:.3f} | {ours:.3f} | {faster:.1f} × | {mean[0]:.4f} | {mean[1]:.4f} |", flush=True)


if __name__ == "__main__":
    main()
