"""The Measuring: fits the encoders of each column to the rows trained on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.preparation.category_encoders import OneHot, TargetMean
from glassnet.tables.preparation.cells import Cells, Numbers
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.encoder import Encoder
from glassnet.tables.preparation.encoding import Encoding
from glassnet.tables.preparation.number_encoders import Bins, Periodic, Rank, Standard, Values, quantiles
from glassnet.tables.preparation.tree_cuts import tree_cuts

Array = NDArray[Any]
MOST_CLASSES = 10  # with more, target means and trees would need too many numbers a category
LEAST_LEAF = 5  # rows
LEAF_SHARE = 200  # or the n-th part of the rows, if that is more
FEWEST_BINS = 3  # with fewer, the standardised number says as much
FEWEST_VALUES = 3  # two values are told apart by the standardised number


def targets_of(y: Array, classes: int | None) -> Array | None:
    """Return the targets (n, m) for means and trees: a number, the second of two classes, or 0/1 for 3 … 10 classes."""
    if classes is None or classes == 2:
        return np.asarray(y, np.float64)[:, None]
    return (y[:, None] == np.arange(classes)).astype(np.float64) if classes <= MOST_CLASSES else None


@dataclass(frozen=True, eq=False)
class Measuring:
    """What encoders are fitted to.

    Parameters
    ----------
    cells : Cells
    rows : (r,) the rows trained on
    targets : (r, m) their targets, if there are any to be used
    encoding : Encoding
    rng : source of the frequencies
    """

    cells: Cells
    rows: Array
    targets: Array | None
    encoding: Encoding
    rng: np.random.Generator

    def columns(self, name: str, type: ColumnType) -> Iterator[Column]:
        """Yield the column `name`, or a date's parts that vary; one feature says that a date is missing."""
        kind: str = type.kind
        if kind == "categorical":
            yield self._category(name, type)
            return
        parts = self.cells.numbers(name, type)
        if kind == "date":
            varying = {part: numbers for part, numbers in parts.items() if self._varies(numbers)}
            parts = varying or dict(list(parts.items())[:1])
        for place, (part, numbers) in enumerate(parts.items()):
            yield self._number(name, part, type, numbers, flag=place == 0)

    def _varies(self, numbers: Numbers) -> bool:
        values = numbers.values[self.rows]
        return bool(np.nanmin(values, initial=np.inf) < np.nanmax(values, initial=-np.inf))

    def _number(self, name: str, part: str, type: ColumnType, numbers: Numbers, flag: bool) -> Column:
        values, gaps = numbers.values[self.rows], numbers.gaps
        missing = flag and gaps is not None
        if self.cells.table.image_shape is not None:
            return Column.numeric(name, scale=255.0)  # pixels share one scale: 0 … 255 becomes 0 … 1
        known = values if gaps is None else values[~gaps[self.rows]]
        median = float(np.median(known)) if len(known) else 0.0
        filled = values if gaps is None else np.where(gaps[self.rows], median, values)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, scale = float(np.mean(filled)), float(np.std(filled))
        if not (math.isfinite(mean) and math.isfinite(scale)):
            row = int(self.rows[np.argmax(np.abs(filled))])
            out = "use another unit, or pass --ignore COLUMN"
            raise self.cells.table.cell_error(row, name, "a number below 1e150", out)
        standard = Standard(mean, scale if scale > 0 else 1.0, float(self.encoding.clip))
        encoders = tuple(self._number_encoders(numbers, standard))
        return Column(name, part, type, missing, median, encoders or (standard,))

    def _number_encoders(self, numbers: Numbers, standard: Standard) -> Iterator[Encoder]:
        wanted = self.encoding
        if wanted.standard:
            yield standard
        if wanted.rank or wanted.bins or wanted.few_values:
            order = numbers.ordered(self.rows)
            ordered = numbers.values[order]
            first = np.flatnonzero(np.diff(ordered, prepend=np.nan) != 0)
            distinct = ordered[first]
            if wanted.rank and len(distinct) > 1:
                yield Rank.fit(ordered)
            if wanted.bins and len(distinct) > FEWEST_BINS:
                cuts = self._cuts(order, ordered)
                if len(cuts) > FEWEST_BINS:
                    yield Bins(tuple(cuts.tolist()))
            if FEWEST_VALUES <= len(distinct) <= wanted.few_values:
                yield Values(tuple(distinct.tolist()))
        if wanted.frequencies:
            frequencies = self.rng.normal(0, wanted.sigma, wanted.frequencies)
            yield Periodic(standard.mean, standard.scale, tuple(frequencies.tolist()))

    def _cuts(self, order: Array, ordered: Array) -> Array:
        """Return the cuts of the bins, from the least to the greatest number."""
        if self.encoding.cuts == "quantile" or self.targets is None:
            return np.unique(quantiles(ordered, self.encoding.bins + 1))
        place = np.empty(len(self.cells), np.intp)
        place[self.rows] = np.arange(len(self.rows))
        least = max(LEAST_LEAF, len(ordered) // LEAF_SHARE)
        inner = tree_cuts(ordered, self.targets[place[order]], self.encoding.bins, least)
        return np.unique(np.concatenate([ordered[:1], inner, ordered[-1:]]))

    def _category(self, name: str, type: ColumnType) -> Column:
        words = self.cells.words(name, type)
        whole = _whole_numbers(words.known)
        categories = tuple(words.known) if whole is None else tuple(sorted(whole))
        rank = np.arange(len(categories)) if whole is None else np.argsort(np.argsort(whole))
        codes = np.append(rank, -1)[words.codes[self.rows]]  # (r,)
        wanted, encoders = self.encoding, list[Encoder]()
        means = wanted.categories != "onehot" and self.targets is not None and len(categories) > 0
        if wanted.categories != "target" or not means:
            counts = np.bincount(codes[codes >= 0], minlength=len(categories))
            encoders.append(OneHot.fit(counts, wanted.least, wanted.most))
        if means:
            assert self.targets is not None
            encoders.append(TargetMean.fit(codes, len(categories), self.targets, float(wanted.smoothing)))
        missing = bool((words.codes < 0).any())
        return Column(name, "", type, missing, 0.0, tuple(encoders), categories)


def _whole_numbers(words: list[str]) -> list[int] | None:
    """Return words as whole numbers if they are written as Python writes such, below 2⁶³; else None."""
    if not all(
        word.removeprefix("-").isascii() and word.removeprefix("-").isdigit() and len(word) < 20 for word in words
    ):
        return None
    whole = [int(word) for word in words]
    return whole if list(map(str, whole)) == words and all(-(2**63) <= each < 2**63 for each in whole) else None
