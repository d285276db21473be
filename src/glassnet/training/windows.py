"""Rows that do not fit in memory: the `Source` that holds them, and the order in which an epoch visits its windows.

The scheme has two levels and depends on the seed and the epoch alone. The blocks of the source are put in an order; a window
is as many of the next blocks as fit; inside it the rows are sorted by one random 64-bit key each, the key that `batch_order`
sorts all rows by. So one window of all blocks is visited as the same rows in memory are. The rows of all windows, one after the
other, are cut into batches: a batch may begin in one window and end in the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from glassnet.network.network import Network
from glassnet.training.random import block_order

Array = NDArray[Any]

WINDOW_SHARE = 0.3  # of the memory, for each of the two windows: one is trained on, one is read
ROW_EXTRA = 32  # bytes of a row besides its numbers: its place in the order, its key, and what sorting them takes


class Source(Protocol):
    """Rows in blocks that are read one at a time; `open_rows` of the package data makes them."""

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of inputs."""
        ...

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of rows of each block."""
        ...

    @property
    def weighted(self) -> bool:
        """True if the rows have weights."""
        ...

    @property
    def sequential(self) -> bool:
        """True if the blocks can only be read in their own order, as those of an iterator."""
        ...

    @property
    def memory(self) -> int:
        """The bytes that rows in memory may take."""
        ...

    @property
    def fingerprint(self) -> str:
        """A text that other rows would not have, for checkpoints."""
        ...

    def read(self, block: int) -> tuple[Array, Array, Array | None]:
        """Return X, y and the weights of a block; raise InputError if the rows have changed since they were opened."""
        ...

    def place(self, block: int) -> str:
        """Name a block in an error."""
        ...


def is_source(given: Any) -> TypeGuard[Source]:
    """True for rows in blocks; asked at each training, so by two names alone."""
    return hasattr(given, "lengths") and callable(getattr(given, "read", None))


@dataclass(frozen=True)
class Window:
    """Some blocks of an epoch that are in memory together, and the steps that end in them.

    Parameters
    ----------
    blocks : block numbers, ascending
    first : the rows of the epoch before it
    rows : its rows
    carried : the rows before it that its first step takes as well
    first_batch, end_batch : its steps of the epoch, from … to before
    """

    blocks: NDArray[np.intp]
    first: int
    rows: int
    carried: int
    first_batch: int
    end_batch: int


def window_rows(source: Source, network: Network) -> int:
    """Return the number of rows of `source` that a window may hold."""
    numbers = network.sizes[0] + network.sizes[-1] + source.weighted
    return int(WINDOW_SHARE * source.memory) // (numbers * network.dtype.itemsize + ROW_EXTRA)


def windows_of(lengths: Array, order: Array, most: int, batch_size: int) -> list[Window]:
    """Cut the blocks, in this order, into windows of at most so many rows each."""
    total, windows = int(lengths.sum()), []
    begin = first = rows = 0

    def close(end: int) -> None:
        last = first + rows
        end_batch = -(-last // batch_size) if last == total else last // batch_size
        blocks = np.sort(order[begin:end])
        windows.append(Window(blocks, first, rows, first % batch_size, first // batch_size, end_batch))

    for place, length in enumerate(lengths[order].tolist()):
        if rows and rows + length > most:
            close(place)
            begin, first, rows = place, first + rows, 0
        rows += length
    close(len(order))
    return windows


def epoch_windows(source: Source, seed: int, epoch: int, shuffle: bool, most: int, batch_size: int) -> list[Window]:
    """Return the windows of an epoch, a function of the seed and the epoch."""
    blocks = len(source.lengths)
    shuffled = shuffle and not source.sequential
    order = block_order(seed, epoch, blocks) if shuffled else np.arange(blocks)
    return windows_of(source.lengths, order, most, batch_size)
