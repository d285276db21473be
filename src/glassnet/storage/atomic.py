"""Writes a file atomically: a reader finds the old content or the new, never a part of it."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
import time
from pathlib import Path
from typing import Any

from glassnet.errors import InputError, file_kind, shown

try:
    import fcntl as _locks
except ImportError:
    _locks = None  # type: ignore[assignment]
fcntl: Any = _locks  # None on Windows

LONGEST_NAME = 255  # bytes, on the file systems in use
_STDOUT, _STDERR = 1, 2


def as_path(path: Any) -> Path:
    """Return `path` as a Path; raise InputError unless it is a str or a path."""
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str) or "\0" in os.fspath(path):
        raise InputError(f"path: expected the name of a file; got {shown(path)}; pass e.g. 'model.safetensors'.")
    return Path(path)


def file_name(stem: str, suffix: str, longest: int = LONGEST_NAME) -> str:
    """`stem` + `suffix`, the stem cut at a character so that the name has at most `longest` bytes."""
    while len(os.fsencode(stem + suffix)) > longest:
        stem = stem[:-1]
    return stem + suffix


def writable(path: Path, name: str = "path") -> Path:
    """The regular file, existing or new, that writing to `path` replaces: links are followed.

    Raises
    ------
    InputError
        If `path` is a folder, a device, a pipe or a socket, or where this process prints, or its folder is missing.
    OSError
        If the file system cannot tell, as for a name that is too long.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        found = None
    target = Path(os.path.realpath(path))
    if found is None and not target.parent.is_dir():
        folder = (target if path.is_symlink() else path).parent
        raise InputError(
            f"{name}: expected a folder that exists; got {shown(str(folder))}; create it, or name another."
        )
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise InputError(f"{name}: expected the name of a file; got the folder {shown(str(path))}; add a name to it.")
    if found is not None and not stat.S_ISREG(found.st_mode):
        got = f"{shown(str(path))}, {file_kind(found.st_mode)}"
        raise InputError(f"{name}: expected a regular file or a new one; got {got}; name another.")
    if found is not None and any(_is_stream(found, descriptor) for descriptor in (_STDOUT, _STDERR)):
        raise InputError(
            f"{name}: expected a file of its own; got {shown(str(path))}, where the output goes; name another."
        )
    return target


def _is_stream(found: os.stat_result, descriptor: int) -> bool:
    """True if a standard stream of this process is open on the file `found`."""
    try:
        return os.path.samestat(found, os.fstat(descriptor))
    except OSError:  # the stream is closed
        return False


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file in the same folder, flush it to the disk, and rename it to `path`.

    A symbolic link is followed, and an existing file's permissions are kept. On any failure the temporary file is
    removed and what was at `path` is untouched; if the process is killed, the next call for `path` removes it.
    """
    target = writable(path)
    _remove_leftovers(target)
    descriptor, temporary = _create_temporary(target)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            if fcntl is None:
                file.close()  # Windows renames no open file
            temporary.replace(target)  # still locked, or another call would take it for a leftover
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _prefix(target: Path) -> str:
    """Return the prefix of the names of temporary files for `target`."""
    return file_name(f".{target.name}", ".", longest=100)


def _create_temporary(target: Path) -> tuple[int, Path]:
    """Create an empty file beside `target`, open, and locked until it is closed."""
    while True:
        temporary = target.with_name(f"{_prefix(target)}{secrets.token_hex(8)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        if not _lock(descriptor, wait=True) or os.fstat(descriptor).st_nlink:
            return descriptor, temporary
        os.close(descriptor)  # another call removed it before it was locked


def _remove_leftovers(target: Path) -> None:
    """Delete temporary files that killed calls for `target` left behind: no process holds their locks."""
    pattern = re.compile(re.escape(_prefix(target)) + r"[0-9a-f]{16}\.tmp")
    try:
        with os.scandir(target.parent) as entries:
            found = [each for each in entries if pattern.fullmatch(each.name) and each.is_file(follow_symlinks=False)]
    except OSError:  # a folder that can be written but not listed
        return
    for each in found:
        with contextlib.suppress(OSError):  # somebody else's file, or gone in the meantime
            _remove_if_unlocked(each)


def _remove_if_unlocked(entry: os.DirEntry[str]) -> None:
    if fcntl is None:  # without locks age tells
        if time.time() - entry.stat().st_mtime > 3600:
            Path(entry).unlink()
        return
    descriptor = os.open(entry, os.O_RDONLY)
    try:
        if _lock(descriptor):
            Path(entry).unlink()
    finally:
        os.close(descriptor)


def _lock(descriptor: int, wait: bool = False) -> bool:
    """Lock an open file; return False if another process holds it, or if there are no locks here."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where a folder can be opened (not on Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
