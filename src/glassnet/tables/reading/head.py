"""Skips what stands before the header of delimited text (comments, a title, Excel's sep=; line) and finds its separator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from glassnet.errors import InputError
from glassnet.tables.reading.decision import Decision
from glassnet.tables.reading.table import cut, cut_left

SEPARATORS = (",", ";", "\t", "|")
NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
MOST_TITLES = 5  # lines above a header
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FIRST = 1 << 16  # bytes in which a separator is looked for


@dataclass(frozen=True)
class Text:
    """The bytes of a text from its header on, and what errors need to name a place in it."""

    data: bytes
    source: str
    skipped: int = 0  # lines before the header

    def error(self, line: int, expected: str, got: str, way_out: str) -> InputError:
        """Make the error for a line of `data`, from 1; 0 for the whole text."""
        where = cut_left(self.source, 60) + (f", line {line + self.skipped}" if line else "")
        return InputError(f"{where}: expected {expected}; got {got}; {way_out}.")

    def line_of(self, offset: int) -> int:
        """Return the line of `data` that holds the byte at `offset`, from 1."""
        return self.data.count(b"\n", 0, offset) + 1


def skip_head(data: bytes, source: str) -> tuple[Text, str | None, list[Decision]]:
    """Skip what stands before the header: empty lines, lines that begin with # or %, and Excel's sep=; line."""
    told: list[Decision] = []
    separator, at, comments = None, 0, 0
    while at < len(data):
        end = line_end(data, at) + 1
        line = data[at : end - 1].strip()
        if named := re.fullmatch(rb'(?i)"?sep=([,;\t|:^~ ])"?\r?', data[at : end - 1]):
            separator = named[1].decode()
            told.append(Decision("", f"the line sep={separator} names the separator".replace("\t", "tab")))
        elif line[:1] in (b"#", b"%") and not _is_header(line, data[end : line_end(data, end)]):
            comments += 1
        elif line:
            break
        at = end
    if at >= len(data):  # nothing but such lines
        at, told, comments = 0, [], 0
    if comments:
        told.append(Decision("", f"{comments} comment line{'s' * (comments > 1)} before the header left out"))
    return Text(data[at:], source, data.count(b"\n", 0, at)), separator, told


def skip_title(text: Text, separator: str | None) -> tuple[Text, list[Decision]]:
    """Skip lines of a single cell above the header, as spreadsheets export a title: Report, or Report,, with empty cells.

    The header is the first line that has several cells, none a number, and as many as the line below it. A line such as
    ",city" or "city," is a header that lacks a name.
    """
    lines = text.data[:_FIRST].split(b"\n")[: MOST_TITLES + 2]
    for k, (line, below) in enumerate(pairwise(lines)):
        by = (separator or find_separator(b"\n".join(lines[k:]))).encode()
        cells, cells_below = (_unquoted(each).split(by) for each in (line, below))
        if len(cells) == len(cells_below) > 1 and all(cell.strip() for cell in cells):
            break
        known = [bool(cell.strip()) for cell in cells]
        if any(known[1:]) or (known[0] and len(cells) == 2):
            return text, []
    else:
        return text, []
    if not k or any(NUMBER.fullmatch(cell.strip()) for cell in cells):
        return text, []
    out = f"quote cells that hold {NAMES.get(by.decode(), repr(by.decode()))}"
    problem = text.error(k + 1, "1 cells as in the header", str(len(cells)), out)
    title = cut(lines[0].decode("utf-8", "replace").strip(by.decode() + ' "\r'), 30)
    told = Decision("", f"{k} line{'s' * (k > 1)} before the header left out, beginning {title!r}", str(problem))
    return Text(text.data[sum(len(line) + 1 for line in lines[:k]) :], text.source, text.skipped + k), [told]


def _is_header(line: bytes, following: bytes) -> bool:
    """True if a line that begins with # or % has as many cells as the next one, so that it may be the header."""
    separator = max(SEPARATORS, key=lambda each: line.count(each.encode())).encode()
    cells, cells_below = line.split(separator), following.split(separator)
    if len(cells) < 2 or len(cells) != len(cells_below):
        return False
    numbers, numbers_below = (sum(bool(NUMBER.fullmatch(each.strip())) for each in row) for row in (cells, cells_below))
    return not line[1:2].isspace() or (numbers_below > 0 and numbers == 0)


def find_separator(data: bytes) -> str:
    """Return the separator that occurs most often in the header line outside quotes; a space if there is no other."""
    lines = [_unquoted(line).strip() for line in data[:_FIRST].split(b"\n")[:20]]
    found = max(SEPARATORS, key=lambda each: lines[0].count(each.encode()))  # the first of the most frequent
    if found.encode() not in lines[0]:
        spaces = [line.count(b" ") for line in lines if line][:-1]  # the last line may be cut
        if len(spaces) > 1 and min(spaces) > 0 and len({*spaces[1:]}) == 1 and spaces[1] - spaces[0] in (0, 1):
            return " "
    return found


def _unquoted(line: bytes) -> bytes:
    return re.sub(rb'"[^"]*"?', b"q", line)


def line_end(data: bytes, start: int = 0) -> int:
    end = data.find(b"\n", start)
    return end if end >= 0 else len(data)
