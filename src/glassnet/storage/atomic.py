"""Writing a file so that a reader finds the old content or the new, never a part of it."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from glassnet.errors import InputError, shown


def as_path(path: Any) -> Path:
    """`path` as a Path; raise InputError unless it is a str or a path."""
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str) or "\0" in os.fspath(path):
        raise InputError(f"path: expected the name of a file; got {shown(path)}; pass e.g. 'model.safetensors'.")
    return Path(path)


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file in the same folder, flush it to the disk, and rename it to `path`.

    A symbolic link is followed, and an existing file's permissions are kept. On any failure the temporary file is
    removed and what was at `path` is untouched.
    """
    target = path.resolve()
    if target.is_dir():
        raise InputError(f"path: expected the name of a file; got the folder {shown(str(path))}; add a name to it.")
    if not target.parent.is_dir():
        raise InputError(
            f"path: expected a folder that exists; got {shown(str(path.parent))}; create it, or name another."
        )
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where a folder can be opened (not on Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
