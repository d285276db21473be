"""The base of all rows in blocks, and a held-out part of them."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_count, check_number
from glassnet.training.random import order_keys

Array = NDArray[Any]
Block = tuple[Array, Array, Array | None]  # X, y, weights

HELD_OUT_SHARE = 0.1  # of the memory, which rows held out may take


class Rows(ABC):
    """Rows with targets that are read in blocks; `open_rows` makes them, and `train` takes them in place of X and y.

    Attributes
    ----------
    shape : (int, int)
        The number of rows and of inputs.
    lengths : (blocks,) array
        The number of rows of each block.
    memory : int
        The bytes that rows in memory may take while a network trains on these.

    Examples
    --------
    >>> import numpy as np, glassnet as gn
    >>> gn.open_rows((np.zeros((1000, 3)), np.zeros(1000)), memory="100 kB")
    ArrayRows('X': 1,000 rows of 3 inputs, 16 blocks)
    """

    sequential = False
    weighted = False

    def __init__(self, lengths: Any, n_features: int, memory: int) -> None:
        self.lengths: NDArray[np.int64] = np.asarray(lengths, np.int64)
        self.shape = int(self.lengths.sum()), n_features
        self.memory = memory
        if not self.shape[0]:
            raise InputError(f"{self.name}: expected at least one row; got none; name a file with rows.")

    @property
    @abstractmethod
    def name(self) -> str:
        """The rows' name in a message."""

    @abstractmethod
    def read(self, block: int) -> Block:
        """Read a block.

        Parameters
        ----------
        block : int
            Its number, from 0.

        Returns
        -------
        (X, y, weights)
            Of its rows; None for weights where there are none.

        Raises
        ------
        InputError
            If the rows have changed since they were opened, or hold what is no number.
        """

    @abstractmethod
    def place(self, block: int) -> str:
        """Name a block in a message.

        Parameters
        ----------
        block : int
            Its number, from 0.

        Returns
        -------
        str
        """

    @cached_property
    @abstractmethod
    def fingerprint(self) -> str:
        """A text that other rows would not have."""

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def largest_share(self) -> float:
        """The share of the rows that `hold_out` can keep in memory, with a tenth to spare."""
        row = 8 * (self.shape[1] + 1 + self.weighted)
        return min(0.5, 0.9 * HELD_OUT_SHARE * self.memory / (row * self.shape[0]))

    def blocks(self) -> Iterator[Block]:
        """Read all blocks, one after the other.

        Yields
        ------
        (X, y, weights)
            Of each block.
        """
        for block in range(len(self.lengths)):
            yield self.read(block)

    def hold_out(self, share: float, seed: int = 0) -> tuple[Rows, tuple[Array, ...]]:
        """Return the rows without a random share of them, and that share in memory, as `validation` takes it.

        The rows are read once. A row is held out if its random number, a function of the seed and its place, is below share.

        Parameters
        ----------
        share : float between 0 and 1
        seed : int

        Returns
        -------
        (Rows, (X, y) or (X, y, weights))

        Raises
        ------
        InputError
            If the share is out of range, takes more than a tenth of the memory, or leaves no row on one side.

        Examples
        --------
        >>> import numpy as np, glassnet as gn
        >>> rows, validation = gn.open_rows((np.zeros((100, 2)), np.zeros(100))).hold_out(0.2)
        >>> len(rows), len(validation[0])
        (70, 30)
        """
        check_number("share", share, 0, 1, open_low=True, open_high=True)
        kept = Kept(self, share, check_count("seed", seed, low=0))
        return kept, kept.held_out()

    def __repr__(self) -> str:
        n, d = self.shape
        return f"{type(self).__name__}({self.name!r}: {n:,} rows of {d} inputs, {len(self.lengths):,} blocks)"


class Kept(Rows):
    """The rows that are not held out."""

    def __init__(self, rows: Rows, share: float, seed: int) -> None:
        self.rows, self.share, self.seed = rows, share, seed
        self.sequential, self.weighted = rows.sequential, rows.weighted
        self._starts = np.cumsum(rows.lengths) - rows.lengths
        counts = [int(np.count_nonzero(self._kept(block))) for block in range(len(rows.lengths))]
        if not 0 < sum(counts) < len(rows):
            raise InputError(
                f"share: expected one that leaves rows on both sides; got {share:g} of {len(rows)} rows; pass another."
            )
        super().__init__(counts, rows.shape[1], rows.memory)

    def _kept(self, block: int) -> NDArray[np.bool_]:
        # numbers of an "epoch" that no run reaches, so that they have nothing to do with the order of the rows
        keys = order_keys(self.seed, 2**63, int(self._starts[block]), int(self.rows.lengths[block]))
        kept: NDArray[np.bool_] = keys >= np.uint64(int(self.share * 2**64))
        return kept

    @property
    def name(self) -> str:
        return self.rows.name

    def read(self, block: int) -> Block:
        return _chosen(self.rows.read(block), self._kept(block))

    def place(self, block: int) -> str:
        return self.rows.place(block)

    @cached_property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.rows.fingerprint} without {self.share} by {self.seed}".encode()).hexdigest()

    def held_out(self) -> tuple[Array, ...]:
        """Read the rows that are held out."""
        parts, left = [], HELD_OUT_SHARE * self.memory
        for block in range(len(self.rows.lengths)):
            part = _chosen(self.rows.read(block), ~self._kept(block))
            left -= sum(each.nbytes for each in part if each is not None)
            if left < 0:
                raise InputError(
                    f"share: expected rows that take at most a tenth of the memory, {self.memory:,} bytes; got "
                    f"{self.share:g} of {len(self.rows):,} rows; pass a smaller share, or open_rows(…, memory=…) more."
                )
            parts.append(part)
        return tuple(np.concatenate(each) for each in zip(*parts, strict=True) if each[0] is not None)


def _chosen(block: Block, which: Array) -> Block:
    X, y, weight = block
    return X[which], y[which], None if weight is None else weight[which]
