"""Batches that a function yields as rows in blocks, in their own order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from glassnet.data.rows import Block, Rows
from glassnet.errors import InputError, shown

WAY_OUT = "pass a function that returns an iterator of (X, y), or a list of them"


class BatchRows(Rows):
    """The batches of an iterable that can be gone through again, or that a function returns; each is a block.

    They are gone through once to count the rows, and once an epoch. Their order stays; rows are shuffled within a window.
    """

    sequential = True

    def __init__(self, given: Iterable[Any] | Callable[[], Iterable[Any]], memory: int) -> None:
        if isinstance(given, Iterator):
            raise InputError(f"batches: expected ones that can be gone through again; got an iterator; {WAY_OUT}.")
        self._open: Callable[[], Iterable[Any]] = given if callable(given) else lambda: given
        self._next = 0
        self._batches: Iterator[Block] = iter(())
        lengths: list[int] = []
        digest = hashlib.sha256()
        self._width, self.weighted = -1, False
        for block in self._iterate():
            if self._width < 0:
                self._width, self.weighted = block[0].shape[1], block[2] is not None
            if block[0].shape[1] != self._width or (block[2] is not None) != self.weighted:
                raise InputError(
                    f"batches: expected {self._width} columns and weights in all or none; got another batch {len(lengths)}; "
                    "yield batches alike."
                )
            for part in block:
                if part is not None:
                    digest.update(np.ascontiguousarray(part).data.cast("B"))
            lengths.append(len(block[0]))
        self._digest = digest.hexdigest()
        super().__init__(lengths, self._width, memory)

    @property
    def name(self) -> str:
        return "batches"

    def read(self, block: int) -> Block:
        if block < self._next:
            self._next = 0
        if self._next == 0:
            self._batches = self._iterate()
        for number, found in enumerate(self._batches, self._next):
            self._next = number + 1
            if len(found[0]) != self.lengths[number] or found[0].shape[1] != self._width:
                break
            if number == block:
                return found
        self._next = 0
        raise InputError(
            f"batches: expected {len(self.lengths)} batches as in the first pass; got another {self.place(block)}; "
            "yield the same ones each time."
        )

    def place(self, block: int) -> str:
        return f"batch {block}"

    @cached_property
    def fingerprint(self) -> str:
        return self._digest

    def _iterate(self) -> Iterator[Block]:
        for number, given in enumerate(self._open()):
            if not isinstance(given, tuple | list) or len(given) not in (2, 3):
                raise InputError(f"batch {number}: expected (X, y) or (X, y, weights); got {shown(given)}; yield one.")
            X, y = map(np.asarray, given[:2])
            weight = np.asarray(given[2]) if len(given) == 3 else None
            if X.ndim != 2 or len(X) != len(y) or (weight is not None and len(weight) != len(X)):
                raise InputError(
                    f"batch {number}: expected X (n, d) and n targets; got shapes {X.shape} and {y.shape}; yield rows alike."
                )
            if len(X):
                yield X, y, weight
