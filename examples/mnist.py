"""Train a 784-512-512-10 network on a folder of IDX files: `python examples/mnist.py FOLDER [--epochs N]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import glassnet as gn
from glassnet.tables.reading.idx import TEST, TRAIN, read_images

Array = NDArray[Any]


def read_mnist(folder: Path) -> tuple[Array, Array, Array, Array]:
    """Training and test images as float32 rows in [0, 1], and their classes."""
    (X, y), (X_test, y_test) = (read_images(folder, names) for names in (TRAIN, TEST))
    for images in (X, X_test):
        if images.shape[1:] != (28, 28):
            raise ValueError(f"{folder}: expected 28×28 images; got {images.shape[1]}×{images.shape[2]}; fetch MNIST.")
    return X.reshape(-1, 784) / np.float32(255), y, X_test.reshape(-1, 784) / np.float32(255), y_test


def fit(X: Array, y: Array, epochs: int, seed: int, threads: int | None) -> tuple[gn.Network, gn.History]:
    """Adam under a one-cycle schedule, with dropout, and a progress bar that a callback moves."""
    network = gn.Network([784, 512, 512, 10], hidden="relu", output="softmax", seed=seed, dtype="float32")
    columns = (TextColumn("epoch"), MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn()) as progress:
        bar = progress.add_task("", total=epochs)
        history = gn.train(
            network,
            X,
            y,
            optimizer=gn.Adam(learning_rate=0.002),
            schedule=gn.OneCycle(rise=0.2),
            epochs=epochs,
            batch_size=128,
            dropout=0.2,
            seed=seed,
            n_threads=threads,
            callbacks=[lambda now: progress.update(bar, completed=now.epoch, description=f"loss {now.loss:.4f}")],
        )
    return network, history


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds the four IDX files of MNIST, plain or .gz")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    given = parser.parse_args()
    try:
        X, y, X_test, y_test = read_mnist(given.folder)
        network, history = fit(X, y, given.epochs, given.seed, given.threads)
    except ValueError as error:  # glassnet's InputError is one
        print(error, file=sys.stderr)
        return 2
    accuracy = np.mean(network.predict(X_test) == y_test)
    print(f"test accuracy {accuracy:.2%} on {len(y_test):,} images; {history.epochs} epochs in {history.seconds:.1f} s")
    print(f"engine: {history.engine}; training loss {history.loss[-1]:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
