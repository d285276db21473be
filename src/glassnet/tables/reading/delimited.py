"""Delimited text (CSV, TSV): its structure checked byte by byte, so that nothing is guessed and every error has a line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.reading.decision import UNNAMED, Decision
from glassnet.tables.reading.decoding import as_text, find_encoding
from glassnet.tables.reading.head import NAMES, NUMBER, Text, find_separator, line_end, skip_head, skip_title
from glassnet.tables.reading.table import Table, cut

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]

MOST_COLUMNS = 5_000  # a model file can describe no more
QUOTE, NEWLINE, RETURN = b'"\n\r'
_BLOCK = 1 << 24  # bytes scanned at once
_MARK = "\0"  # put before a word in quotes; no text holds it


@dataclass(frozen=True)
class Records:
    """The positions of the records of a text."""

    starts: Array  # (n,) offsets
    ends: Array  # (n,) offsets after their line ends
    separators: Array  # (n,) separators outside quotes
    lines: Array  # (n,) line each begins on, from 1

    def take(self, rows: Array) -> Records:
        """Return the records with these numbers."""
        return Records(self.starts[rows], self.ends[rows], self.separators[rows], self.lines[rows])


def read_delimited(
    data: bytes, source: str, separator: str | None, missing: tuple[str, ...], decimal_comma: bool
) -> Table:
    """Parse a delimited text into a Table: a header line, then one record for each row; quotes as in RFC 4180.

    What had to be decided is in the table's `decisions`: the encoding, lines left out before the header, empty lines,
    columns without a name or with the name of another.
    """
    data, told = as_text(data, source)
    text, named_separator, of_head = skip_head(data, source)
    text, of_title = skip_title(text, separator or named_separator)
    by = separator or named_separator or find_separator(text.data)
    width = text.data[: line_end(text.data)].count(by.encode()) + 1
    if width > MOST_COLUMNS:
        raise text.error(1, f"at most {MOST_COLUMNS:,} columns", f"{width:,}", "keep the columns that matter")
    # line ends after the last record are no records; with one column an empty line is a missing cell
    data = text.data.rstrip(b"\r\n") if width > 1 else text.data.removesuffix(b"\n").removesuffix(b"\r")
    text = Text(data, source, text.skipped)
    records = _scan(text, by)
    encoding, not_utf8 = find_encoding(data)
    names = _header(text, data[: records.ends[0]].decode(encoding or "utf-8", "replace"), by)
    of_encoding = _check_encoding(text, encoding, not_utf8, records, names, by)
    records, of_lines = _without_empty_lines(text, records, len(names))
    names, more, of_widths = _fit_widths(text, records, names, by)
    names, of_quotes = _without_single_quotes(names)
    names, of_names = _complete_names(text, names)
    body = _body(text, records, more, by.encode()) if of_lines or more.any() else data[records.ends[0] :]
    body = body if not_utf8 < 0 else body.decode(encoding).encode()
    frame, quoted = _parse(text, body, names, by, len(records.starts) - 1)
    return Table(
        frame,
        source,
        text=True,
        lines=records.lines[1:] + text.skipped,
        missing=missing,
        decimal_comma=decimal_comma,
        separator=by,
        quoted=quoted,
        decisions=(*told, *of_head, *of_title, *of_encoding, *of_lines, *of_widths, *of_quotes, *of_names),
    )


def _parse(
    text: Text, body: bytes, names: list[str], separator: str, rows: int
) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """Return the cells of the rows as words, and for columns with NA and the like in quotes a mask of those cells."""
    import polars as pl

    frame = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    if not rows:
        return frame, {}
    body, marked = _mark_quoted(body, separator)
    try:
        frame = pl.read_csv(
            body + b"\n", has_header=False, schema=frame.schema, separator=separator, raise_if_empty=False
        )
    except pl.exceptions.PolarsError as error:
        raise text.error(0, "a table", repr(cut(str(error), 50)), "write it as CSV again") from None
    if frame.height != rows:  # the two readers must agree on what a row is
        raise text.error(0, f"{rows:,} rows", f"{frame.height:,}", "write it as Parquet") from None
    if not marked:
        return frame, {}
    quoted = {each.name: mask for each in frame if (mask := each.str.starts_with(_MARK).fill_null(False)).any()}
    return frame.with_columns(pl.col(name).str.strip_prefix(_MARK) for name in quoted), quoted


def _scan(text: Text, separator: str) -> Records:
    """Find the records: a line end outside quotes ends one."""
    data = np.frombuffer(text.data, np.uint8)
    inside = False
    ends, counts, newlines, last_quote = [], [], [], -1
    so_far = 0
    for at in range(0, len(data), _BLOCK):
        block = data[at : at + _BLOCK]
        separators, ended = block == ord(separator), block == NEWLINE
        quotes = block == QUOTE
        newlines.append(np.flatnonzero(ended) + at)
        if inside or quotes.any():
            within = np.bitwise_xor.accumulate(quotes) ^ inside  # after each byte
            _check_quotes(text, np.flatnonzero(quotes) + at, within[quotes], separator)
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
        raise text.error(text.line_of(last_quote), "a closing quote", got, "close it, or remove it")
    all_ends = np.concatenate(ends)
    starts = np.concatenate([[0], all_ends + 1])
    separators_before = np.concatenate([[0], *counts, [so_far]])
    lines = np.searchsorted(np.concatenate(newlines), starts) + 1
    return Records(starts, np.append(starts[1:], len(data)), np.diff(separators_before), lines)


def _check_quotes(text: Text, places: Array, opening: Array, separator: str) -> None:
    """Refuse a quote that neither begins nor ends a cell and is not doubled."""
    data = np.frombuffer(text.data, np.uint8)
    before = data[np.maximum(places - 1, 0)]
    after = data[np.minimum(places + 1, len(data) - 1)]
    edge = (ord(separator), NEWLINE, QUOTE)
    wrong_open = opening & ~np.isin(before, edge) & (places > 0)
    wrong_close = ~opening & ~np.isin(after, (*edge, RETURN)) & (places < len(data) - 1)
    wrong = wrong_open | wrong_close
    if wrong.any():
        place = int(places[np.argmax(wrong)])
        got = text.data[max(0, place - 8) : place + 8].decode("utf-8", "replace")
        expected = "quotes around whole cells only"
        raise text.error(text.line_of(place), expected, repr(got), 'double a quote within a cell ("")')


def _header(text: Text, header: str, separator: str) -> list[str]:
    """Return the names as written, without surrounding spaces; refuse a header of numbers."""
    try:
        names = [name.strip() for name in next(csv.reader([header.rstrip("\r\n")], delimiter=separator, strict=True))]
    except (csv.Error, StopIteration):
        raise text.error(1, "the names of the columns", repr(cut(header, 30)), "write a header line") from None
    if all(NUMBER.fullmatch(name.encode()) for name in names) and names != [str(k) for k in range(len(names))]:
        got = cut(", ".join(names), 40)
        raise text.error(1, "the names of the columns", f"numbers ({got})", "add a header line")
    return names


def _without_single_quotes(names: list[str]) -> tuple[list[str], list[Decision]]:
    """Return the names without single quotes if all of them stand in such, and what was decided."""
    if not all(len(name) > 2 and name[0] == name[-1] == "'" for name in names):
        return names, []
    return [name[1:-1] for name in names], [Decision("", "names of the columns: read without their single quotes")]


def _complete_names(text: Text, names: list[str]) -> tuple[list[str], list[Decision]]:
    """Name a column without a name by its place, and number a name that is used again."""
    told: list[Decision] = []
    complete: list[str] = []
    problem = ""
    if "" in names:
        got = f"none for column {names.index('') + 1} of {len(names)}"
        problem = str(text.error(1, "a name for every column", got, "name it, or remove that column"))
    if len({*names} - {""}) < len([name for name in names if name]):
        double = Counter(name for name in names if name).most_common(1)[0][0]
        again = str(text.error(1, "different names", f"{cut(double, 30)!r} twice", "rename one of the columns"))
    taken = {*names}
    for k, name in enumerate(names):
        new, times = name or f"column {k + 1}", 1
        while new in complete or (new in taken and new != name):
            times += 1
            new = f"{name or f'column {k + 1}'} ({times})"
        complete.append(new)
        if not name:
            told.append(Decision(new, UNNAMED, problem))
        elif new != name:
            told.append(Decision(new, "another column has its name, so it got a number", again))
    return complete, told


def _without_empty_lines(text: Text, records: Records, width: int) -> tuple[Records, list[Decision]]:
    """Return the records without empty lines, and what was decided; with one column those are missing cells."""
    one_cell = np.flatnonzero(records.separators[1:] == 0) + 1 if width > 1 else np.zeros(0, int)
    empty = [row for row in one_cell if not text.data[records.starts[row] : records.ends[row]].strip()]
    if not empty:
        return records, []
    n = len(empty)
    problem = text.error(int(records.lines[empty[0]]), f"{width} cells as in the header", "an empty line", "remove it")
    told = Decision("", f"{n:,} empty line{'s' * (n > 1)} left out", str(problem))
    return records.take(np.delete(np.arange(len(records.starts)), empty)), [told]


def _fit_widths(
    text: Text, records: Records, names: list[str], separator: str
) -> tuple[list[str], Array, list[Decision]]:
    """Return the names for the cells of the rows, how many empty cells each row has beyond them, and what was decided.

    Rows may all have one cell more than the header, the name of the row, as R's write.table writes them; and cells
    that are empty may follow the last one. Any other row that has not as many cells as the header is refused.
    """
    cells = records.separators[1:] + 1
    more = cells - len(names)
    if not more.any():
        return names, more, []
    row = int(np.argmax(more != 0)) + 1
    out = f"quote cells that hold {NAMES.get(separator, repr(separator))}"
    problem = text.error(int(records.lines[row]), f"{len(names)} cells as in the header", str(cells[row - 1]), out)
    shorter = len(names) - len([*dropwhile(lambda name: not name, reversed(names))])  # names missing at the end
    if shorter and (more == -shorter).all():
        told = Decision("", "the header ends in separators of no column", str(problem))
        return names[: len(names) - shorter], more * 0, [told]
    if (more >= 0).all() and all(
        _ends_empty(text.data[records.starts[k + 1] : records.ends[k + 1]], int(more[k]), separator.encode())
        is not None
        for k in np.flatnonzero(more)
    ):
        n = int(np.count_nonzero(more))
        told = Decision("", f"empty cells after the last column left out, in {n:,} row{'s' * (n > 1)}", str(problem))
        return names, more, [told]
    if (more == 1).all() and _name_rows(text.data, records.starts[1:], separator):
        told = Decision(
            "", "the rows have one cell more than the header: the first is the name of the row", str(problem)
        )
        return ["", *names], more * 0, [told]
    raise problem


def _body(text: Text, records: Records, more: Array, separator: bytes) -> bytes:
    """Return the bytes of the rows alone, without the empty cells beyond the last column."""
    rows = [text.data[start:end] for start, end in zip(records.starts[1:], records.ends[1:], strict=True)]
    for k in np.flatnonzero(more):
        rows[k] = (_ends_empty(rows[k], int(more[k]), separator) or b"") + b"\n"
    return b"".join(rows).removesuffix(b"\n")


def _ends_empty(record: bytes, n: int, separator: bytes) -> bytes | None:
    """Return a record without its last n cells if they are empty, else None."""
    for _ in range(n):
        record = record.rstrip(b"\r\n " if separator != b" " else b"\r\n")
        if not record.endswith(separator):
            return None
        record = record[:-1]
    return record


def _name_rows(data: bytes, starts: Array, separator: str) -> bool:
    """True if the first cells of the rows are all different."""
    end = re.compile(rb'"[^"]*"|[^%b\r\n]*' % re.escape(separator.encode()))
    first = [match[0] if (match := end.match(data, int(start))) else b"" for start in starts]
    return len({*first}) == len(first)


def _mark_quoted(body: bytes, separator: str) -> tuple[bytes, bool]:
    """Put a mark before NA, N/A, NaN and null in quotes, which are words and not missing cells."""
    lower = body.lower()
    if not any(word in lower for word in (b'"na"', b'"nan"', b'"n/a"', b'"null"')):  # far quicker than the pattern
        return body, False
    edge = re.escape(separator.encode())
    pattern = rb'(?i)(\A|[\n%b])"(na|n/a|nan|null)"(?=[\r\n%b]|\Z)' % (edge, edge)
    marked, n = re.subn(pattern, rb'\1"%b\2"' % _MARK.encode(), body)
    if n:  # neighbours share a separator
        marked = re.sub(pattern, rb'\1"%b\2"' % _MARK.encode(), marked)
    return marked, n > 0


def _check_encoding(
    text: Text, encoding: str, at: int, records: Records, names: list[str], separator: str
) -> list[Decision]:
    """Return what was decided about a text whose byte at the offset `at` is the first that is not UTF-8, if at ≥ 0."""
    if at < 0:
        return []
    row = int(np.searchsorted(records.starts, at, side="right")) - 1
    before = text.data[records.starts[row] : at]
    place = re.sub(rb'"[^"]*"?', b"", before).count(separator.encode())
    got = f"byte 0x{text.data[at]:02x} in column {cut(names[min(place, len(names) - 1)], 30)!r}"
    line = int(records.lines[row]) + before.count(b"\n")
    problem = text.error(line, "UTF-8", got, "save the file in UTF-8")
    if not encoding:
        raise problem
    return [Decision("", f"not UTF-8: read as {encoding}{_example(text, at, encoding)}", str(problem))]


def _example(text: Text, at: int, encoding: str) -> str:
    """Show the word around the byte at the offset `at`."""
    before = re.search(rb"[^\s\",;|]*$", text.data[max(0, at - 20) : at])
    after = re.match(rb"[^\s\",;|]*", text.data[at : at + 20])
    word = (before[0] if before else b"") + (after[0] if after else b"")
    return f", e.g. {cut(word.decode(encoding), 30)!r} in line {text.line_of(at) + text.skipped}"
