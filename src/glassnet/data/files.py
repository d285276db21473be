"""Files as they were when they were opened: what tells them from others, and the refusal of changed ones."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.errors import InputError, file_kind, shown

SAMPLES = 64  # pieces of a file that its fingerprint reads
SAMPLE_BYTES = 4096
BLOCK_BYTES = 4 << 20  # about, of a block: long enough to be read at full speed
BLOCKS_OF_MEMORY = 64  # at least as many fill the memory, so that a window holds some
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


@dataclass(frozen=True)
class File:
    """A regular file as it was when it was opened.

    Parameters
    ----------
    path : Path
    size, time, number : int
        Bytes, time of the last change in ns, and inode.
    """

    path: Path
    size: int
    time: int
    number: int

    @classmethod
    def at(cls, path: Any) -> File:
        """Look at a file; raise InputError if it is not a regular one."""
        path = Path(path)
        try:
            found = path.stat()
        except OSError as error:
            raise InputError(
                f"{name_of(path)}: expected a file; got {error.strerror or error}; name one that exists."
            ) from None
        if not os.path.isfile(path):  # noqa: PTH113
            raise InputError(f"{name_of(path)}: expected a regular file; got {file_kind(found.st_mode)}; name a file.")
        return cls(path, found.st_size, found.st_mtime_ns, found.st_ino)

    def check(self) -> None:
        """Refuse the file if it is another now, or was changed since."""
        try:
            now = self.path.stat()
            same = (now.st_size, now.st_mtime_ns, now.st_ino) == (self.size, self.time, self.number)
            got = "a changed one"
        except OSError as error:
            same, got = False, error.strerror or str(error)
        if not same:
            raise InputError(
                f"{name_of(self.path)}: expected the file as it was when it was opened; got {got}; "
                "put it back, or open the rows again and start a new run."
            )

    def fingerprint(self) -> str:
        """Return the SHA-256 of the size and of pieces spread over the file, which do not take long to read."""
        found = hashlib.sha256(str(self.size).encode())
        with self.path.open("rb") as file:
            for k in range(SAMPLES):
                file.seek(max(0, self.size - SAMPLE_BYTES) * k // (SAMPLES - 1))
                found.update(file.read(SAMPLE_BYTES))
        return found.hexdigest()


def block_bytes(memory: int) -> int:
    """Return the bytes of a block in a file."""
    return min(BLOCK_BYTES, max(1, memory // BLOCKS_OF_MEMORY))


def name_of(path: Any) -> str:
    """Return the end of a path for a message."""
    text = str(path)
    return text if len(text) <= 60 else f"…{text[-59:]}"


def as_bytes(memory: Any) -> int:
    """Return a number of bytes, or a text such as "1 GB" or "512 MiB", as bytes; raise InputError for anything else.

    >>> as_bytes("1 GB"), as_bytes("1.5MiB"), as_bytes(4096)
    (1000000000, 1572864, 4096)
    """
    found = (
        re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*([kmgt]i?)?b?\s*", memory, re.IGNORECASE)
        if isinstance(memory, str)
        else None
    )
    if found:
        count = int(float(found[1]) * _UNITS[(found[2] or "").lower()])
    else:
        count = memory if isinstance(memory, int) and not isinstance(memory, bool) else -1
    if not 0 < count < 2**60:
        raise InputError(f"memory: expected bytes or a text such as '1 GB'; got {shown(memory)}; pass memory='1 GB'.")
    return count
