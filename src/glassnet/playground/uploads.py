"""Uploaded data: CSV text with two numeric columns and a label or a target, kept in memory under its SHA-256."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.tables.reading.decision import refuse
from glassnet.tables.reading.delimited import read_delimited
from glassnet.tables.reading.table import Table, cut

Array = NDArray[Any]

MOST_BYTES = 1_000_000  # size of an upload
MOST_ROWS, FEWEST_ROWS = 2_000, 20
MOST_CLASSES = 5


@dataclass(frozen=True, eq=False)
class Upload:
    """The rows of a CSV text: points (n, 2), and classes (n,) or numbers (n,)."""

    id: str  # csv:… with the SHA-256 of the text
    X: Array
    y: Array
    classes: tuple[str, ...] | None  # names of the classes; None for a regression
    names: tuple[str, str]
    target: str

    @property
    def task(self) -> str:
        return "regression" if self.classes is None else "classification"

    @property
    def size(self) -> int:
        """Approximate bytes in memory."""
        return self.X.nbytes + self.y.nbytes + 1000

    def summary(self) -> dict[str, Any]:
        """Return a description of the upload for the page."""
        return {
            "id": self.id,
            "names": [*self.names, self.target],
            "rows": len(self.y),
            "task": self.task,
            "classes": None if self.classes is None else list(self.classes),
        }


def read_upload(content: bytes) -> Upload:
    """Read a CSV text with a header line: two columns of numbers, then a label or a target.

    Words, and up to five different whole numbers, are labels; other numbers are a target.

    Raises
    ------
    InputError
        If the text is anything else; the message names the line, the column and the cell.

    Examples
    --------
    >>> upload = read_upload(b"x,y,kind\\n" + b"0.5,1,a\\n-1,2,b\\n" * 10)
    >>> upload.task, upload.classes, len(upload.y)
    ('classification', ('a', 'b'), 20)
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"csv: expected at most {MOST_BYTES:,} bytes; got {len(content):,}; keep fewer rows.")
    table = read_delimited(content, "csv", None, (), False)
    refuse(table.decisions)
    if len(table.names) != 3:
        raise InputError(
            f"csv: expected 3 columns, two numbers and a label or a target; got {len(table.names)}; keep those three."
        )
    if not FEWEST_ROWS <= len(table) <= MOST_ROWS:
        raise InputError(
            f"csv: expected {FEWEST_ROWS} to {MOST_ROWS:,} rows; got {len(table):,}; keep a sample of them."
        )
    first, second, target = table.names
    X = np.column_stack([_numbers(table, first), _numbers(table, second)])
    y, classes = _target(table, target)
    digest = hashlib.sha256(content).hexdigest()
    return Upload(f"csv:{digest}", X, y, classes, (cut(first, 30), cut(second, 30)), cut(target, 30))


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
