"""The encoding of a text file by a stated rule: its byte order mark, else UTF-8 if it is that, else Windows-1252."""

from __future__ import annotations

import re

from glassnet.errors import InputError
from glassnet.tables.reading.decision import Decision
from glassnet.tables.reading.table import cut, cut_left

_NO_TEXT = {
    b"PK\x03\x04": "a ZIP or Excel file",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"%PDF": "a PDF file",
    b"\x89PNG": "a PNG image",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file",
    b"ARROW1": "a Feather file",
    b"SQLite format 3": "a SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"RDX": "an R data file",
}
_JSON = re.compile(rb'\s*(\{\s*["\r\n}]|\[\s*[\[{"\r\n\d\]-])')
_HTML = re.compile(rb"(?i)\s*(<!doctype html|<html[ >])")
_BOM = b"\xef\xbb\xbf"
_WIDE = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def as_text(data: bytes, source: str) -> tuple[bytes, list[Decision]]:
    """Return the bytes of a text with a byte for each ASCII character and lines ending in LF, and what was decided.

    Raises
    ------
    InputError
        If the content is of another kind than text, or empty.
    """
    told: list[Decision] = []
    data = data.removeprefix(_BOM)
    wide = next((name for start, name in _WIDE.items() if data.startswith(start)), "")
    if wide:
        problem = _error(source, "text", wide, "save it as CSV in UTF-8")
        told.append(Decision("", f"read as {wide}", str(problem)))
        try:
            data = data.decode(wide).encode()
        except UnicodeError:
            raise _error(source, "text", f"damaged {wide}", "save it as CSV in UTF-8") from None
    _refuse_other_content(data, source)
    if b"\n" not in data and b"\r" in data.rstrip(b"\r"):
        data = data.replace(b"\r", b"\n")
        problem = _error(source, "lines that end in LF or CRLF", "CR alone", "save it with other line ends")
        told.append(Decision("", "lines end in CR alone", str(problem)))
    return data, told


def find_encoding(data: bytes) -> tuple[str, int]:
    """Return the name of the encoding, "" for damaged UTF-8, and the first byte that is not UTF-8, or −1.

    Bytes that are not UTF-8 are Windows-1252, or Latin-1 if that lacks one of them. Text is damaged UTF-8 if more of its
    characters beyond ASCII are whole than broken.
    """
    try:
        data.decode("ascii" if data.isascii() else "utf-8")
        return "UTF-8", -1
    except UnicodeDecodeError as error:
        at = error.start
    beyond = re.sub(r"[\x00-\x7f]+", "", data.decode("utf-8", "replace"))
    broken = beyond.count("\ufffd")
    if len(beyond) - broken > broken:
        return "", at
    try:
        data.decode("windows-1252")
        return "Windows-1252", at
    except UnicodeDecodeError:  # five bytes stand for nothing there
        return "Latin-1", at


def _refuse_other_content(data: bytes, source: str) -> None:
    kind = next((kind for start, kind in _NO_TEXT.items() if data.startswith(start)), "")
    out = {"a Parquet file": "name it .parquet", "a gzip file": "unpack it"}.get(kind, "save it as CSV in UTF-8")
    if not kind and _JSON.match(data):
        kind = "JSON"
    if not kind and _HTML.match(data):
        kind, out = "an HTML page", "fetch the file that it shows"
    if kind:
        raise _error(source, "text", kind, out)
    if not data.strip():
        raise _error(source, "a header line and rows", "an empty file", "write them")
    nul = data.find(b"\0")
    if nul >= 0:
        raise _error(source, "text", "a NUL byte", "save it as CSV in UTF-8", data.count(b"\n", 0, nul) + 1)


def _error(source: str, expected: str, got: str, way_out: str, line: int = 0) -> InputError:
    where = cut_left(source, 60) + (f", line {line}" if line else "")
    return InputError(f"{where}: expected {expected}; got {cut(got, 60)}; {way_out}.")
