"""Delimited text (CSV, TSV): its structure checked byte by byte, so that nothing is guessed and every error has a line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.tables.reading.table import Table, cut, cut_left

Array = NDArray[Any]

SEPARATORS = (",", ";", "\t", "|")
NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
MOST_COLUMNS = 5_000  # a model file can describe no more
QUOTE, NEWLINE, RETURN = b'"\n\r'
_BLOCK = 1 << 24  # bytes scanned at once
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Records:
    """The positions of the records of a text."""

    starts: Array  # (n,) offsets
    separators: Array  # (n,) separators outside quotes
    lines: Array  # (n,) line each begins on, from 1


def read_delimited(
    data: bytes, source: str, separator: str | None, missing: tuple[str, ...], decimal_comma: bool
) -> Table:
    """Parse a delimited text into a Table: a header line, then one record for each row; quotes as in RFC 4180."""
    import polars as pl

    data = data.removeprefix(_BOM)
    _check_bytes(data, source)
    by = separator if separator is not None else _find_separator(data)
    width = data[: _line_end(data)].count(by.encode()) + 1
    if width > MOST_COLUMNS:
        raise _error(source, 1, f"at most {MOST_COLUMNS:,} columns", f"{width:,}", "keep the columns that matter")
    # line ends after the last record are no records; with one column an empty line is a missing cell
    data = data.rstrip(b"\r\n") if width > 1 else data.removesuffix(b"\n").removesuffix(b"\r")
    records = _scan(data, by, source)
    end = records.starts[1] if len(records.starts) > 1 else len(data)
    names = _header(data[:end].decode("utf-8", "replace"), by, source)
    _check_widths(records, len(names), data, by, source)
    _check_utf8(data, records, names, by, source)
    frame = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    if len(records.starts) > 1:
        try:
            frame = pl.read_csv(
                data[end:] + b"\n",
                has_header=False,
                schema=frame.schema,
                separator=by,
                raise_if_empty=False,
            )
        except pl.exceptions.PolarsError as error:
            raise _error(source, 0, "a table", repr(cut(str(error), 50)), "write it as CSV again") from None
    if frame.height != len(records.starts) - 1:  # the two readers must agree on what a row is
        got = f"{frame.height:,}"
        raise _error(source, 0, f"{len(records.starts) - 1:,} rows", got, "write it as Parquet") from None
    lines = records.lines[1:]
    return Table(frame, source, text=True, lines=lines, missing=missing, decimal_comma=decimal_comma)


def _check_bytes(data: bytes, source: str) -> None:
    """Refuse content that is not text."""
    kinds = {
        b"\xff\xfe": "UTF-16",
        b"\xfe\xff": "UTF-16",
        b"PK\x03\x04": "a ZIP or Excel file",
        b"\x1f\x8b": "a gzip file",
        b"PAR1": "a Parquet file",
        b"%PDF": "a PDF file",
        b"\x89PNG": "a PNG image",
    }
    for start, kind in kinds.items():
        if data.startswith(start):
            out = {"a gzip file": "unpack it", "a Parquet file": "name it .parquet"}.get(
                kind, "save it as CSV in UTF-8"
            )
            raise _error(source, 0, "text", kind, out)
    if not data.strip():
        raise _error(source, 0, "a header line and rows", "an empty file", "write them")
    nul = data.find(b"\0")
    if nul >= 0:
        raise _error(source, _line_of(data, nul), "text", "a NUL byte", "save it as CSV in UTF-8")
    if b"\n" not in data and b"\r" in data.rstrip(b"\r"):
        raise _error(source, 0, "lines that end in LF or CRLF", "CR alone", "save it with other line ends")


def _find_separator(data: bytes) -> str:
    """Return the separator that occurs most often in the header line outside quotes."""
    header = re.sub(rb'"[^"]*"?', b"", data[: _line_end(data)])
    return max(SEPARATORS, key=lambda each: header.count(each.encode()))  # the first of the most frequent


def _scan(data: bytes, separator: str, source: str) -> Records:
    """Find the records: a line end outside quotes ends one."""
    text = np.frombuffer(data, np.uint8)
    inside = False
    ends, counts, newlines, last_quote = [], [], [], -1
    so_far = 0
    for at in range(0, len(text), _BLOCK):
        block = text[at : at + _BLOCK]
        separators, ended = block == ord(separator), block == NEWLINE
        quotes = block == QUOTE
        newlines.append(np.flatnonzero(ended) + at)
        if inside or quotes.any():
            within = np.bitwise_xor.accumulate(quotes) ^ inside  # after each byte
            _check_quotes(data, np.flatnonzero(quotes) + at, within[quotes], separator, source)
            separators &= ~within
            ended &= ~within
            inside = bool(within[-1])
            if quotes.any():
                last_quote = at + int(np.flatnonzero(quotes)[-1])
        here = np.flatnonzero(ended)
        counts.append(np.searchsorted(np.flatnonzero(separators), here) + so_far)
        ends.append(here + at)
        so_far += int(np.count_nonzero(separators))
    if inside:
        got = "a quote that is never closed"
        raise _error(source, _line_of(data, last_quote), "a closing quote", got, "close it, or remove it")
    all_ends = np.concatenate(ends)
    starts = np.concatenate([[0], all_ends + 1])
    separators_before = np.concatenate([[0], *counts, [so_far]])
    lines = np.searchsorted(np.concatenate(newlines), starts) + 1
    return Records(starts, np.diff(separators_before), lines)


def _check_quotes(data: bytes, places: Array, opening: Array, separator: str, source: str) -> None:
    """Refuse a quote that neither begins nor ends a cell and is not doubled."""
    text = np.frombuffer(data, np.uint8)
    before = text[np.maximum(places - 1, 0)]
    after = text[np.minimum(places + 1, len(text) - 1)]
    edge = (ord(separator), NEWLINE, QUOTE)
    wrong_open = opening & ~np.isin(before, edge) & (places > 0)
    wrong_close = ~opening & ~np.isin(after, (*edge, RETURN)) & (places < len(text) - 1)
    wrong = wrong_open | wrong_close
    if wrong.any():
        place = int(places[np.argmax(wrong)])
        got = data[max(0, place - 8) : place + 8].decode("utf-8", "replace")
        expected = "quotes around whole cells only"
        raise _error(source, _line_of(data, place), expected, repr(got), 'double a quote within a cell ("")')


def _header(text: str, separator: str, source: str) -> list[str]:
    try:
        names = [name.strip() for name in next(csv.reader([text.rstrip("\r\n")], delimiter=separator, strict=True))]
    except (csv.Error, StopIteration):
        raise _error(source, 1, "the names of the columns", repr(cut(text, 30)), "write a header line") from None
    if "" in names:
        got = f"none for column {names.index('') + 1} of {len(names)}"
        raise _error(source, 1, "a name for every column", got, "name it, or remove that column")
    if len(set(names)) < len(names):
        double = Counter(names).most_common(1)[0][0]
        raise _error(source, 1, "different names", f"{cut(double, 30)!r} twice", "rename one of the columns")
    if all(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", name) for name in names) and names != [
        str(k) for k in range(len(names))
    ]:
        got = cut(", ".join(names), 40)
        raise _error(source, 1, "the names of the columns", f"numbers ({got})", "add a header line")
    return names


def _check_widths(records: Records, width: int, data: bytes, separator: str, source: str) -> None:
    wrong = records.separators != width - 1
    if wrong.any():
        row = int(np.argmax(wrong))
        found = int(records.separators[row]) + 1
        end = records.starts[row + 1] if row + 1 < len(records.starts) else len(data)
        empty = not data[records.starts[row] : end].strip()
        got = "an empty line" if empty else str(found)
        out = "remove it" if empty else f"quote cells that hold {NAMES.get(separator, repr(separator))}"
        raise _error(source, int(records.lines[row]), f"{width} cells as in the header", got, out)


def _check_utf8(data: bytes, records: Records, names: list[str], separator: str, source: str) -> None:
    if data.isascii():
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = int(np.searchsorted(records.starts, error.start, side="right")) - 1
        before = data[records.starts[row] : error.start].decode("utf-8")
        column = (
            names[min(len(next(csv.reader([before], delimiter=separator))) - 1, len(names) - 1)] if before else names[0]
        )
        line = int(records.lines[row]) + before.count("\n")
        got = f"byte 0x{data[error.start]:02x} in column {cut(column, 30)!r}"
        raise _error(source, line, "UTF-8", got, "save the file in UTF-8") from None


def _error(source: str, line: int, expected: str, got: str, way_out: str) -> InputError:
    where = cut_left(source, 60) + (f", line {line}" if line else "")
    return InputError(f"{where}: expected {expected}; got {got}; {way_out}.")


def _line_end(data: bytes) -> int:
    end = data.find(b"\n")
    return end if end >= 0 else len(data)


def _line_of(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
