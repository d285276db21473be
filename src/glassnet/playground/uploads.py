"""Uploaded data: CSV text with a column or two of numbers and a label or a target, kept in memory under its SHA-256."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, unknown_name
from glassnet.tables.reading.decision import refuse
from glassnet.tables.reading.delimited import read_delimited
from glassnet.tables.reading.table import Table, cut

Array = NDArray[Any]

MOST_BYTES = 1_000_000  # size of an upload
MOST_ROWS, FEWEST_ROWS = 2_000, 20
MOST_CLASSES = 5
MOST_COLUMNS = 60
NO_COLUMN = "-"  # for y: the target over one input
WIDTH = 30  # characters of a name that are shown


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a table that a run takes: points (n, 2), and classes (n,) or numbers (n,)."""

    X: Array
    y: Array
    classes: tuple[str, ...] | None  # names of the classes; None for a regression
    names: tuple[str, str]
    target: str
    graph: bool  # True if y is a number over one input, and the second column of X is y

    @property
    def task(self) -> str:
        return "regression" if self.classes is None else "classification"


@dataclass(frozen=True, eq=False)
class Upload:
    """A CSV text as a table; a run takes two of its columns, and one as label or target."""

    id: str  # csv:… with the SHA-256 of the text
    table: Table
    size: int  # approximate bytes in memory

    @cached_property
    def columns(self) -> tuple[tuple[str, bool, bool], ...]:
        """The columns: the name as it is shown, True if it is all numbers, and True if it can be a label or a target."""
        return tuple(
            (cut(name, WIDTH), _fits(_numbers, self.table, name), _fits(_target, self.table, name))
            for name in self.table.names
        )

    def choose(self, x: str = "", y: str = "", target: str = "") -> Columns:
        """Return the columns of these names; "" takes the last column as target, and the first ones of numbers as x and y.

        With two columns, or with "-" as y, the target is a number over one input.

        Raises
        ------
        InputError
            If there is no such column, or its cells do not fit.
        """
        table = self.table
        last = self._named("target", target) or table.names[-1]
        first = self._named("x", x) or self._first({last})
        if y == NO_COLUMN or (not y and len(table.names) == 2):
            numbers = _numbers(table, last)
            X = np.column_stack([_numbers(table, first), numbers])
            return Columns(X, numbers, None, (cut(first, WIDTH), cut(last, WIDTH)), cut(last, WIDTH), True)
        second = self._named("y", y) or self._first({last, first})
        X = np.column_stack([_numbers(table, first), _numbers(table, second)])
        values, classes = _target(table, last)
        return Columns(X, values, classes, (cut(first, WIDTH), cut(second, WIDTH)), cut(last, WIDTH), False)

    def _named(self, what: str, name: str) -> str:
        for each in self.table.names:
            if cut(each, WIDTH) == name:
                return each
        if name:
            known = [each for each, *_ in self.columns]
            raise unknown_name(what, name, known)
        return ""

    def _first(self, taken: set[str]) -> str:
        """Return the first column of numbers that is not taken, or else the first: its fault is then told."""
        left = [name for name in self.table.names if name not in taken]
        if len(self.table.names) <= 3:
            return left[0]
        return next((name for name in left if _fits(_numbers, self.table, name)), left[0])

    def summary(self) -> dict[str, Any]:
        """Return a description of the upload for the page."""
        chosen = self.choose()
        return {
            "id": self.id,
            "names": [*chosen.names, chosen.target],
            "rows": len(chosen.y),
            "task": chosen.task,
            "classes": None if chosen.classes is None else list(chosen.classes),
        }


def read_upload(content: bytes) -> Upload:
    """Read a CSV text with a header line: columns of numbers, and a label or a target.

    Words, and up to five different whole numbers, are labels; other numbers are a target.

    Raises
    ------
    InputError
        If the text is anything else; the message names the line, the column and the cell.

    Examples
    --------
    >>> upload = read_upload(b"x,y,kind\\n" + b"0.5,1,a\\n-1,2,b\\n" * 10)
    >>> chosen = upload.choose()
    >>> chosen.task, chosen.classes, len(chosen.y)
    ('classification', ('a', 'b'), 20)
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"csv: expected at most {MOST_BYTES:,} bytes; got {len(content):,}; keep fewer rows.")
    table = read_delimited(content, "csv", None, (), False)
    refuse(table.decisions)
    if not 2 <= len(table.names) <= MOST_COLUMNS:
        raise InputError(
            f"csv: expected 2 to {MOST_COLUMNS} columns, numbers and a label or a target; got {len(table.names)}; "
            "keep those that matter."
        )
    if not FEWEST_ROWS <= len(table) <= MOST_ROWS:
        raise InputError(
            f"csv: expected {FEWEST_ROWS} to {MOST_ROWS:,} rows; got {len(table):,}; keep a sample of them."
        )
    upload = Upload(f"csv:{hashlib.sha256(content).hexdigest()}", table, 3 * len(content) + 1000)
    upload.choose()
    return upload


def _fits(read: Callable[[Table, str], Any], table: Table, name: str) -> bool:
    try:
        read(table, name)
    except InputError:
        return False
    return True


def _numbers(table: Table, name: str) -> Array:
    values, wrong = table.as_numbers(name)
    missing = values.is_null() if wrong is None else wrong
    if missing.any():
        raise table.cell_error(int(missing.arg_true()[0]), name, "a number", "correct it, or remove that row")
    array: Array = values.to_numpy()
    if (np.abs(array) > 1e100).any():
        row = int(np.argmax(np.abs(array) > 1e100))
        raise table.cell_error(row, name, "a number of ordinary size", "scale that column")
    if (array == array[0]).all():
        raise table.error(name, "numbers that differ", "one number in all rows", "choose another column")
    return array


def _target(table: Table, name: str) -> tuple[Array, tuple[str, ...] | None]:
    words = table.words(name)
    if words.is_null().any():
        row = int(words.is_null().arg_true()[0])
        raise table.cell_error(row, name, "a label or a number", "fill it in, or remove that row")
    values, wrong = table.as_numbers(name)
    if wrong is None:
        array: Array = values.to_numpy()
        distinct = np.unique(array)
        if len(distinct) > MOST_CLASSES or (distinct != np.round(distinct)).any():
            return _numbers(table, name), None
    labels, y = np.unique(np.array(words.to_list()), return_inverse=True)
    if not 2 <= len(labels) <= MOST_CLASSES:
        got = f"{len(labels)} different ones"
        raise table.error(name, f"2 to {MOST_CLASSES} labels, or numbers", got, "keep the rows of some of them")
    return y, tuple(cut(str(label), 30) for label in labels)


class Uploads:
    """Uploads by id; beyond a bound of memory the least recently used are dropped, except those of the command line."""

    def __init__(self, most_bytes: int = 32_000_000) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: dict[str, Upload] = {}
        self._recent: OrderedDict[str, Upload] = OrderedDict()

    def add(self, upload: Upload, *, keep: bool = False) -> Upload:
        """Keep an upload in memory; with `keep`, never drop it."""
        with self._lock:
            if keep:
                self._kept[upload.id] = upload
            elif upload.id not in self._kept:
                self._recent[upload.id] = upload
                self._recent.move_to_end(upload.id)
                while sum(each.size for each in self._recent.values()) > self._most_bytes:
                    self._recent.popitem(last=False)
        return upload

    def __getitem__(self, id: str) -> Upload:
        """Return the upload called `id`.

        Raises
        ------
        InputError
            If it is not in memory, or was dropped.
        """
        with self._lock:
            if id in self._kept:
                return self._kept[id]
            if id in self._recent:
                self._recent.move_to_end(id)
                return self._recent[id]
        raise InputError(f"data: expected data that was uploaded here; got {id[:12]}…; upload the file again.")
