"""Delimited text as rows in blocks of whole lines, which one pass over the file finds."""

from __future__ import annotations

import hashlib
import io
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glassnet.data.files import File, block_bytes, name_of
from glassnet.errors import InputError, shown

if TYPE_CHECKING:
    import polars as pl

QUOTE, NEWLINE = b'"\n'


class TextFiles:
    """Text files with the same header line, one after the other, and where their blocks of lines lie."""

    def __init__(self, paths: list[Path], memory: int, separator: str | None = None) -> None:
        self.files = [File.at(path) for path in paths]
        self.blocks: list[tuple[File, int, int, int]] = []  # file, first byte, end, rows
        self.header = _header(self.files[0])
        text = self.header.decode("utf-8-sig", "replace")
        self.separator = separator or max(",;\t|", key=text.count)
        for file in self.files:
            if _header(file) != self.header:
                raise InputError(
                    f"{name_of(file.path)}: expected the header of {name_of(self.files[0].path)}; got another; "
                    "write the files alike."
                )
            self.blocks += [(file, *place) for place in _lines(file, len(self.header), block_bytes(memory))]
        self.names: list[str] = self._parse(self.header).columns

    @property
    def lengths(self) -> list[int]:
        """The rows of each block."""
        return [rows for *_, rows in self.blocks]

    def content(self, block: int) -> bytes:
        """Return the header line and the lines of a block."""
        file, begin, end, _ = self.blocks[block]
        file.check()
        with file.path.open("rb") as stream:
            stream.seek(begin)
            return self.header + stream.read(end - begin)

    def frame(self, block: int, columns: list[str] | None = None) -> pl.DataFrame:
        """Read columns of a block."""
        frame = self._parse(self.content(block), self.place(block))
        if frame.height != self.blocks[block][3]:
            raise InputError(
                f"{self.place(block)}: expected {self.blocks[block][3]:,} rows; got {frame.height:,}; remove empty lines."
            )
        return frame if columns is None else frame.select(columns)

    def place(self, block: int) -> str:
        """Name a block in a message."""
        file, begin, *_ = self.blocks[block]
        return f"bytes {begin:,} on of {name_of(file.path)}"

    @cached_property
    def fingerprint(self) -> str:
        """A text that other files would not have."""
        return hashlib.sha256(" ".join(file.fingerprint() for file in self.files).encode()).hexdigest()

    def _parse(self, content: bytes, place: str = "header") -> pl.DataFrame:
        import polars as pl

        try:
            return pl.read_csv(io.BytesIO(content), separator=self.separator, infer_schema_length=None)
        except pl.exceptions.PolarsError as error:
            what = shown(str(error).splitlines()[0])
            raise InputError(f"{place}: expected lines of text; got {what}; write it as Parquet.") from None


def _header(file: File) -> bytes:
    with file.path.open("rb") as stream:
        line = stream.readline(1 << 20)
    if not line.endswith(b"\n") or b"\0" in line:
        got = "an empty file" if not line else "none"
        raise InputError(f"{name_of(file.path)}: expected text with a header line; got {got}; write one.")
    return line


def _lines(file: File, begin: int, at_once: int) -> list[tuple[int, int, int]]:
    """Return first byte, end and number of lines of each block; a line end inside quotes ends no line."""
    found, at, inside, rows, start = [], begin, False, 0, begin
    with file.path.open("rb") as stream:
        stream.seek(begin)
        while chunk := stream.read(at_once):
            data = np.frombuffer(chunk, np.uint8)
            ended, quotes = data == NEWLINE, data == QUOTE
            if inside or quotes.any():
                within = np.bitwise_xor.accumulate(quotes) ^ inside
                ended &= ~within
                inside = bool(within[-1])
            ends = np.flatnonzero(ended)
            rows += len(ends)
            if len(ends):
                end = at + int(ends[-1]) + 1
                found.append((start, end, rows))
                start, rows = end, 0
            at += len(chunk)
            unended = chunk[-1:] != b"\n"
    if start < at and unended:  # a last line without an end
        found.append((start, at, 1))
    return found
