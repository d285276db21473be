"""The Column: one column of a table, or one part of a date, with the encoders that make features of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.preparation.category_encoders import OneHot, TargetMean
from glassnet.tables.preparation.cells import Cells
from glassnet.tables.preparation.encoder import MISSING, UNSEEN, Encoder
from glassnet.tables.preparation.encoders import encoder_from_dict
from glassnet.tables.preparation.number_encoders import Standard

Array = NDArray[Any]
Unseen = Literal["other", "error", "missing"]


@dataclass(frozen=True)
class Column:
    """One column of a table, or one part of a date, and its features.

    A number is given to each encoder with the median in place of a missing cell; a category as its place among
    `categories`. If cells were missing when the column was fitted, one more 0/1 feature says whether the cell is missing.

    Parameters
    ----------
    name : str
    part : str
        The part of a date that is read, "year" for instance; "" for the whole cell.
    type : ColumnType
        How cells are read.
    missing : bool
        True if there is a feature for missing cells.
    median : float
        Of a column of numbers, to fill gaps.
    encoders : tuple of Encoder
        In the order of their features.
    categories : tuple of str or of int
        All categories that were seen.
    """

    name: str
    part: str
    type: ColumnType
    missing: bool = False
    median: float = 0.0
    encoders: tuple[Encoder, ...] = ()
    categories: tuple[str, ...] | tuple[int, ...] = ()

    @classmethod
    def numeric(
        cls, name: str, missing: bool = False, median: float = 0.0, mean: float = 0.0, scale: float = 1.0
    ) -> Column:
        """Make a column of numbers that are standardised."""
        return cls(name, "", ColumnType("numeric"), missing, median, (Standard(mean, scale),))

    @classmethod
    def categorical(
        cls, name: str, missing: bool = False, categories: tuple[str, ...] | tuple[int, ...] = ()
    ) -> Column:
        """Make a column of categories with one feature each."""
        one_hot = OneHot(tuple(range(len(categories))))
        return cls(name, "", ColumnType("categorical"), missing, 0.0, (one_hot,), categories)

    @property
    def kind(self) -> str:
        """The kind of the type: "numeric", "categorical" or "date"."""
        return self.type.kind

    @property
    def label(self) -> str:
        """The name of the column, with that of the part."""
        return f"{self.name} {self.part}" if self.part else self.name

    @property
    def feature_names(self) -> list[str]:
        """The names of this column's features."""
        names = [name for encoder in self.encoders for name in encoder.names(self.label, self.categories)]
        return [*names, f"{self.name} is missing"] if self.missing else names

    @property
    def width(self) -> int:
        """The number of features."""
        return sum(encoder.width for encoder in self.encoders) + self.missing

    @property
    def features_at_once(self) -> int:
        """The most features of this column that differ from 0 in one row."""
        together = sum(encoder.at_once for encoder in self.encoders)
        return together + (self.missing and (self.kind != "categorical" or together > 1))

    def slices(self) -> Iterator[tuple[Encoder, slice]]:
        """Yield each encoder with the places of its features among those of the column."""
        at = 0
        for encoder in self.encoders:
            yield encoder, slice(at, at + encoder.width)
            at += encoder.width

    def values(self, cells: Cells, rows: Array | None, unseen: Unseen) -> tuple[Array, Array | None]:
        """Return what the encoders take for each of `rows` (n,), and a mask of the missing cells, None if there are none."""
        if self.kind == "categorical":
            codes = _of(self.codes(cells, unseen), rows)
            return codes, codes == MISSING
        numbers = cells.numbers(self.name, self.type)
        if self.part not in numbers:
            raise cells.table.error(self.name, f"dates with the {self.part}", "none", "add it")
        values, gaps = _of(numbers[self.part].values, rows), numbers[self.part].gaps
        gaps = None if gaps is None else _of(gaps, rows)
        return (values if gaps is None else np.where(gaps, self.median, values)), gaps

    def fill(self, cells: Cells, rows: Array | None, out: Array, unseen: Unseen) -> None:
        """Write the features of this column into `out` (width, n), which must be 0."""
        values, gaps = self.values(cells, rows, unseen)
        for encoder, place in self.slices():
            encoder.fill(values, out[place])
        if self.missing and gaps is not None:
            out[-1] = gaps

    def fill_training(self, cells: Cells, rows: Array, y: Array | None, folds: Array, out: Array) -> None:
        """Write what `fill` does for the rows trained on, but target means of y (n, m) out of fold."""
        self.fill(cells, rows, out, "other")
        for encoder, place in self.slices():
            if isinstance(encoder, TargetMean) and y is not None:
                encoder.out_of_fold(_of(self.codes(cells, "other"), rows), y, folds, out[place])

    def entries(self, cells: Cells, unseen: Unseen) -> list[tuple[int | Array, Array]]:
        """Return the features that may differ from 0 and their values (n,): one feature for all rows, or one a row."""
        values, gaps = self.values(cells, None, unseen)
        entries = [
            (place.start + features, of_rows)
            for encoder, place in self.slices()
            for features, of_rows in encoder.entries(values)
        ]
        if self.missing and gaps is not None:
            entries.append((self.width - 1, gaps))
        return entries

    def codes(self, cells: Cells, unseen: Unseen) -> Array:
        """Return the place of each cell's category, (n,); MISSING for a missing cell, UNSEEN for one that is not listed."""
        whole = len(self.categories) > 0 and isinstance(self.categories[0], int)
        words = cells.words(self.name, self.type, whole)
        places = {str(category): place for place, category in enumerate(self.categories)}
        new = MISSING if unseen == "missing" else UNSEEN
        codes = np.array([*(places.get(word, new) for word in words.known), MISSING], np.intp)[words.codes]
        if unseen == "error" and (codes == UNSEEN).any():
            row = int(np.argmax(codes == UNSEEN))
            out = "correct it, or pass --unseen missing"
            raise cells.table.cell_error(row, self.name, "a category seen in training", out)
        return codes

    def to_dict(self) -> dict[str, Any]:
        """Return this column as JSON values."""
        start = {"name": self.name, "part": self.part, "type": self.type.to_dict(), "missing": self.missing}
        encoders = [encoder.to_dict() for encoder in self.encoders]
        if self.kind == "categorical":
            return {**start, "categories": list(self.categories), "encoders": encoders}
        return {**start, "median": self.median, "encoders": encoders}

    @classmethod
    def from_dict(cls, given: Any) -> Column:
        """Make the column that `to_dict` described, in this version or an older one; raise InputError for anything else."""
        if isinstance(given, dict) and "kind" in given:
            given = _from_first_version(given)
        right = (
            isinstance(given, dict)
            and given.keys() - {"median", "categories"} == {"name", "part", "type", "missing", "encoders"}
            and isinstance(given["name"], str)
            and isinstance(given["part"], str)
            and isinstance(given["missing"], bool)
            and isinstance(given["encoders"], list)
        )
        if not right:
            raise _refusal(given)
        type, encoders = ColumnType.from_dict(given["type"]), tuple(map(encoder_from_dict, given["encoders"]))
        median, categories = given.get("median", 0.0), given.get("categories", [])
        if ("categories" in given) != (type.kind == "categorical") or ("median" in given) == ("categories" in given):
            raise _refusal(given)
        if not isinstance(median, int | float) or isinstance(median, bool) or not np.isfinite(median):
            raise _refusal(given)
        if not _are_categories(categories) or not all(_fits(each, type, len(categories)) for each in encoders):
            raise _refusal(given)
        return cls(given["name"], given["part"], type, given["missing"], float(median), encoders, tuple(categories))


def _of(values: Array, rows: Array | None) -> Array:
    return values if rows is None else values[rows]


def _from_first_version(given: dict[str, Any]) -> dict[str, Any]:
    """Return a column of the first version in the present form: one standardised number, or one 0/1 for each category."""
    numeric = given.get("kind") == "numeric"
    if given.keys() != {"name", "kind", "missing", *(("median", "mean", "scale") if numeric else ("categories",))}:
        raise _refusal(given)
    start = {"name": given["name"], "part": "", "type": {"kind": given["kind"]}, "missing": given["missing"]}
    if numeric:
        standard = {"kind": "standard", "mean": given["mean"], "scale": given["scale"], "clip": 0.0}
        return {**start, "median": given["median"], "encoders": [standard]}
    count = len(given["categories"]) if isinstance(given["categories"], list) else 0
    one_hot = {"kind": "onehot", "features": list(range(count)), "other": False}
    return {**start, "categories": given["categories"], "encoders": [one_hot]}


def _are_categories(given: Any) -> bool:
    right = isinstance(given, list) and (
        all(isinstance(each, str) for each in given) or all(type(each) is int for each in given)
    )
    return right and len(set(given)) == len(given)


def _fits(encoder: Encoder, type: ColumnType, n_categories: int) -> bool:
    """Return whether an encoder takes what the column has, and lists as many categories."""
    if isinstance(encoder, OneHot):
        return type.kind == "categorical" and len(encoder.features) == n_categories
    if isinstance(encoder, TargetMean):
        return type.kind == "categorical" and encoder.n_categories == n_categories
    return type.kind != "categorical"


def _refusal(given: Any) -> InputError:
    return InputError(f"column: expected what Column.to_dict gives; got {shown(given)}; save the model again.")
