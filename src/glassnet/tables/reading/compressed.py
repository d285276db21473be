"""Unpacks a compressed file (gzip, bzip2, xz, Zstandard) up to a bound, so that a small file cannot fill the memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from glassnet.errors import InputError
from glassnet.tables.reading.table import cut, cut_left

MOST_BYTES = 1 << 32  # that a file may unpack to
ENDINGS = (".gz", ".bz2", ".xz", ".zst")
_FORMATS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}
_STREAMS: dict[str, Callable[[BytesIO], Any]] = {
    "gzip": lambda content: gzip.GzipFile(fileobj=content),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}
_ZSTANDARD_BLOCK = 1 << 17  # the most bytes that one block unpacks to


def compression(start: bytes) -> str:
    """Name the compression of a file by its first six bytes; "" if it has none."""
    return next((name for magic, name in _FORMATS.items() if start.startswith(magic)), "")


def unpack(content: bytes, source: str, most: int = MOST_BYTES) -> bytes:
    """Return the unpacked content; raise InputError if it is damaged or unpacks to more than `most` bytes."""
    kind, where = compression(content), cut_left(source, 60)
    try:
        if kind == "Zstandard":
            if _largest_size(content) > most:
                raise _too_large(where, most)
            return _zstandard_lines(content)
        unpacked: bytes = _STREAMS[kind](BytesIO(content)).read(most + 1)
    except (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{where}: expected a whole {kind} file; got {cut(str(error), 60)}; fetch it again.") from None
    if len(unpacked) > most:
        raise _too_large(where, most)
    return unpacked


def _too_large(where: str, most: int) -> InputError:
    return InputError(f"{where}: expected at most {most:,} bytes when unpacked; got more; split it.")


def _largest_size(content: bytes) -> int:
    """Return a bound of what a Zstandard file unpacks to, from the headers of its blocks alone (RFC 8878)."""
    at, blocks = 0, 0
    while at < len(content):
        magic = int.from_bytes(content[at : at + 4], "little")
        if magic & ~0xF == 0x184D2A50:  # a frame to skip
            at += 8 + int.from_bytes(content[at + 4 : at + 8], "little")
            continue
        if magic != 0xFD2FB528 or at + 5 > len(content):
            raise ValueError("a broken frame")
        about = content[at + 4]
        single = about >> 5 & 1
        size = (single, 2, 4, 8)[about >> 6]
        at += 5 + (1 - single) + (0, 1, 2, 4)[about & 3] + size
        last = False
        while not last:
            if at + 3 > len(content):
                raise ValueError("a file cut short")
            header = int.from_bytes(content[at : at + 3], "little")
            last = bool(header & 1)
            at += 3 + (1 if header >> 1 & 3 == 1 else header >> 3)  # a block of one byte repeated holds that byte
            blocks += 1
        at += 4 * (about >> 2 & 1)  # its checksum
    return blocks * _ZSTANDARD_BLOCK


def _zstandard_lines(content: bytes) -> bytes:
    """Unpack by polars, which reads lines of UTF-8."""
    import polars as pl

    if not hasattr(pl, "read_lines"):
        raise ValueError("a polars that cannot read it (1.36 can)")
    try:
        lines = pl.read_lines(content).to_series()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ValueError(str(error)) from None
    return ("\n".join(lines.to_list()) + "\n").encode()
