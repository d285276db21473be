"""Train a 784-512-512-10 network on a folder of IDX files: `python examples/mnist.py FOLDER [--epochs N]`."""

from __future__ import annotations

import argparse
import gzip
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import glassnet as gn

Array = NDArray[Any]

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def read_idx(folder: Path, name: str) -> Array:
    """The array of bytes in an IDX file, plain or .gz: 0, 0, 8 (bytes), rank, the shape in big-endian int32, the values.

    The last dash of the name may be a dot, as some distributions have it.
    """
    names = [name, name.replace("-idx", ".idx")]
    found = next((folder / n for base in names for n in (base, base + ".gz") if (folder / n).is_file()), None)
    if found is None:
        raise ValueError(f"{folder}: expected a file {name} or {name}.gz; got none; pass the folder that holds it.")
    try:
        raw = gzip.decompress(found.read_bytes()) if found.suffix == ".gz" else found.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{found}: expected a readable file; got {error}; download it again.") from None
    rank = raw[3] if len(raw) >= 4 and raw[:3] == b"\x00\x00\x08" else 0
    if rank not in (1, 3) or len(raw) < 4 + 4 * rank:
        raise ValueError(f"{found}: expected an IDX file of bytes; got one that starts {raw[:4].hex()!r}.")
    shape = struct.unpack_from(f">{rank}i", raw, 4)
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * rank)
    if values.size != np.prod(shape):
        raise ValueError(f"{found}: expected {np.prod(shape)} values; got {values.size}; download it again.")
    return values.reshape(shape)


def read_mnist(folder: Path) -> tuple[Array, Array, Array, Array]:
    """Training and test images as float32 rows in [0, 1], and their classes."""
    X, y, X_test, y_test = (read_idx(folder, name) for name in FILES)
    for images, labels, names in ((X, y, FILES[:2]), (X_test, y_test, FILES[2:])):
        if images.shape != (len(labels), 28, 28):
            raise ValueError(f"{folder}: expected 28×28 images, one a label, in {' and '.join(names)}.")
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
