"""The workloads: networks, synthetic data, batches and optimizers, equal for glassnet and all of its peers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import glassnet as gn
from glassnet.training.random import batch_order

Array = NDArray[Any]

SEED = 7


@dataclass(frozen=True)
class Workload:
    """A network with hidden relu, its data and its training, all determined by the fields and SEED.

    The rows are a multiple of the batch size, so that every step does the same work.
    """

    name: str
    sizes: tuple[int, ...]
    rows: int
    batch_size: int  # equal to rows for full batch
    optimizer: str = "adam"  # or "sgd"
    learning_rate: float = 0.001
    check_epochs: int = 1  # epochs before losses are compared, and the fewest that are timed
    kind: str = "training"  # or "inference": one step is one forward pass over the rows
    dtype: str = "float32"

    @property
    def label(self) -> str:
        shape = "-".join(map(str, self.sizes))
        batch = f"{self.batch_size:,} row{'s' if self.batch_size > 1 else ''}"
        return f"{self.name}  {shape}, {batch}" + (", inference" if self.kind == "inference" else "")

    @property
    def output(self) -> str:
        return "sigmoid" if self.sizes[-1] == 1 else "softmax"

    @property
    def steps_per_epoch(self) -> int:
        return self.rows // self.batch_size

    @property
    def full_batch(self) -> bool:
        return self.batch_size == self.rows

    @property
    def flops_per_step(self) -> float:
        """Operations of the matrix products for Z, ∂L/∂W, and ∂L/∂A of hidden layers; a multiply-add counts as two."""
        weights = [fan_in * fan_out for fan_in, fan_out in itertools.pairwise(self.sizes)]
        products = sum(weights) if self.kind == "inference" else 3 * sum(weights) - weights[0]
        return 2.0 * self.batch_size * products

    def network(self, seed: int = SEED) -> gn.Network:
        return gn.Network(self.sizes, hidden="relu", output=self.output, seed=seed, dtype=self.dtype)

    @cached_property
    def data(self) -> tuple[Array, Array]:
        """X (rows, d), standard normal, and Y (rows, k), the classes of a random linear function of X plus noise."""
        rng = np.random.default_rng(SEED)
        X = rng.standard_normal((self.rows, self.sizes[0]), dtype=np.float32)
        teacher = rng.standard_normal((self.sizes[0], self.sizes[-1]), dtype=np.float32)
        score = X @ teacher
        score += rng.standard_normal(score.shape, dtype=np.float32) * (0.5 * score.std())
        if self.sizes[-1] == 1:
            Y = (score > 0).astype(self.dtype)
        else:
            Y = np.zeros(score.shape, self.dtype)
            Y[np.arange(self.rows), score.argmax(axis=1)] = 1
        return np.asarray(X, self.dtype), Y

    def order(self, epoch: int) -> NDArray[np.intp]:
        """Return the order in which glassnet visits the rows with seed SEED."""
        return np.arange(self.rows) if self.full_batch else batch_order(SEED, epoch, self.rows)

    def loss(self, theta: Array) -> float:
        """Compute the mean loss over at most 10,000 rows of the data, by the same code for every contender."""
        network = self.network()
        network.theta = theta
        X, Y = self.data
        return network.loss(X[:10_000], Y[:10_000])

    def for_check(self) -> Workload:
        """Return the first 20 batches, on which losses are compared: later, rounding errors have grown too large."""
        return self if self.full_batch else self.at(rows=min(self.rows, 20 * self.batch_size))

    def at(self, **changes: Any) -> Workload:
        return replace(self, **changes)


W1 = Workload("W1", (2, 10, 1), 800, 800, "sgd", 0.1, check_epochs=200)
W2 = Workload("W2", (30, 100, 1), 20_000, 200)
W3 = Workload("W3", (784, 128, 10), 468 * 128, 128)
W4 = Workload("W4", (784, 512, 512, 10), 468 * 128, 128)
W5 = W1.at(name="W5")  # many seeds of W1
W6 = Workload("W6a", (784, 512, 512, 10), 1024, 1024, kind="inference")
W6_ROW = Workload("W6b", (30, 100, 1), 1, 1, kind="inference")

ROWS = tuple(W2.at(name=f"rows {n:,}", rows=n) for n in (1_000, 10_000, 100_000, 1_000_000))
WIDTHS = tuple(
    Workload(f"width {width}", (64, width, width, 10), batches * 128, 128)
    for width, batches in (
        (8, 64),
        (16, 64),
        (32, 64),
        (64, 64),
        (128, 64),
        (256, 32),
        (512, 16),
        (1024, 8),
        (2048, 4),
        (4096, 2),
    )
)

GROUPS: dict[str, tuple[Workload, ...]] = {
    "W1": (W1,),
    "W2": (W2,),
    "W3": (W3,),
    "W4": (W4,),
    "W6": (W6, W6_ROW),
    "rows": ROWS,
    "widths": WIDTHS,
}


def quick(workload: Workload) -> Workload:
    """Return the workload with the same step and less data."""
    if workload.kind == "inference" or workload.full_batch:
        return workload
    return workload.at(rows=min(workload.rows, 100 * workload.batch_size))
