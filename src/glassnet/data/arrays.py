"""Arrays as rows in blocks: NumPy's files, IDX files, memory maps, and arrays in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.data.files import File, block_bytes, name_of
from glassnet.data.rows import Block, Rows
from glassnet.errors import InputError, shown

Array = NDArray[Any]
_IDX = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}  # by the third byte of the file


@dataclass(frozen=True)
class FileArray:
    """An array in a file, row after row, which is read in parts and never mapped.

    A page of a mapping counts as the process's memory until the system takes it back; a part that is read does not.
    """

    file: File
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def rows(self, first: int, end: int) -> Array:
        """Read rows first … end − 1."""
        self.file.check()
        width = prod(self.shape[1:])
        start = self.offset + first * width * self.dtype.itemsize
        part = np.fromfile(self.file.path, self.dtype, (end - first) * width, offset=start)
        return part.reshape(end - first, *self.shape[1:])

    def fingerprint(self) -> str:
        """Return a text that other arrays would not have."""
        return f"{self.file.fingerprint()} {self.offset} {self.dtype.str} {self.shape}"


@dataclass(frozen=True)
class MemoryArray:
    """An array in memory."""

    array: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The array's."""
        return self.array.dtype

    def rows(self, first: int, end: int) -> Array:
        """Return rows first … end − 1."""
        return self.array[first:end]

    def fingerprint(self) -> str:
        """Return a text that other arrays would not have."""
        return hashlib.sha256(np.ascontiguousarray(self.array).data.cast("B")).hexdigest()


Stored = FileArray | MemoryArray


class ArrayRows(Rows):
    """X, y and weights in arrays of their own; or y as a column of X."""

    def __init__(
        self, X: Stored, y: Stored | None, weight: Stored | None, target: int | None, memory: int, name: str
    ) -> None:
        self.X, self.y, self.weight, self.target, self._name = X, y, weight, target, name
        self.weighted = weight is not None
        n, width = X.shape[0], prod(X.shape[1:])
        for each, of in ((y, "y"), (weight, "weight")):
            if each is not None and each.shape[0] != n:
                raise InputError(f"{of}: expected {n:,} rows, as X has; got {each.shape[0]:,}; pass matching files.")
        self._at_once = max(1, block_bytes(memory) // max(1, width * X.dtype.itemsize))
        lengths = [min(self._at_once, n - first) for first in range(0, n, self._at_once)]
        super().__init__(lengths, width - (target is not None), memory)

    @property
    def name(self) -> str:
        return self._name

    def read(self, block: int) -> Block:
        first = block * self._at_once
        end = first + int(self.lengths[block])
        X = self.X.rows(first, end).reshape(end - first, -1)
        weight = None if self.weight is None else self.weight.rows(first, end)
        if self.target is None:
            assert self.y is not None
            return X, self.y.rows(first, end), weight
        return np.delete(X, self.target, axis=1), X[:, self.target], weight

    def place(self, block: int) -> str:
        return f"rows {block * self._at_once:,} on of {self._name}"

    @cached_property
    def fingerprint(self) -> str:
        arrays = (each.fingerprint() for each in (self.X, self.y, self.weight) if each is not None)
        return f"{' '.join(arrays)} target {self.target}"


def stored(given: Any, name: str) -> Stored:
    """Return the array that a path, a memory map or an array is; raise InputError for anything else."""
    whole_map = isinstance(given, np.memmap) and not isinstance(given.base, np.memmap)  # not a slice of one
    if whole_map and given.filename and given.flags.c_contiguous:
        return FileArray(File.at(given.filename), int(given.offset), given.dtype, given.shape)
    if isinstance(given, str) or hasattr(given, "__fspath__"):
        return from_file(Path(given))
    array = np.asarray(given)
    if array.dtype.kind not in "biuf" or not array.ndim:
        raise InputError(f"{name}: expected an array of numbers, or its file; got {shown(given)}; pass one.")
    return MemoryArray(array)


def from_file(path: Path) -> FileArray:
    """Return the array in a .npy or IDX file."""
    file = File.at(path)
    with path.open("rb") as stream:
        start = stream.read(8)
        if start[:6] == b"\x93NUMPY":
            stream.seek(0)
            return _from_npy(file, stream)
        if start[:2] == b"\0\0" and start[2:3] and start[2] in _IDX:
            sizes = np.frombuffer(start[4:] + stream.read(4 * start[3]), ">u4")[: start[3]]
            shape = tuple(map(int, sizes))
            return _whole(FileArray(file, 4 + 4 * start[3], np.dtype(_IDX[start[2]]), shape))
    raise InputError(
        f"{name_of(path)}: expected a .npy or IDX file; got one that starts {start!r}; write it with numpy.save."
    )


def _from_npy(file: File, stream: Any) -> FileArray:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, fortran, dtype = read(stream)
    except ValueError as error:
        raise InputError(f"{name_of(file.path)}: expected a .npy file; got {error}; write it again.") from None
    if (fortran and len(shape) > 1) or dtype.kind not in "biuf" or not shape:
        got = "columns after one another" if fortran else f"{dtype} of shape {shape}"
        raise InputError(
            f"{name_of(file.path)}: expected numbers, row after row; got {got}; write numpy.ascontiguousarray(X)."
        )
    return _whole(FileArray(file, stream.tell(), dtype, shape))


def _whole(array: FileArray) -> FileArray:
    expected = array.offset + prod(array.shape) * array.dtype.itemsize
    if array.file.size < expected:
        raise InputError(
            f"{name_of(array.file.path)}: expected {expected:,} bytes for shape {array.shape}; got {array.file.size:,}; "
            "write it again."
        )
    return array
