"""`Checkpoint`: a folder of files from which a training run goes on, bit for bit, wherever it was interrupted."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glassnet.errors import CheckpointError, InputError, check_bool, check_count, check_number, shown
from glassnet.storage.atomic import as_path, fcntl, sync_folder, write_atomically
from glassnet.storage.container import pack, unpack
from glassnet.storage.decode import Decoder
from glassnet.storage.encode import Encoder
from glassnet.storage.fields import only
from glassnet.storage.strict_json import MalformedError, malformed, parse
from glassnet.training.job import Snapshot
from glassnet.version import __version__

VERSION = 1  # of the format
_NAME = re.compile(r"step-(\d{12,})\.safetensors")
_LEFTOVER = re.compile(r"\.step-\d{12,}\.safetensors\.[0-9a-f]{16}\.tmp")
_NOTE = "rounds.json"


@dataclass(frozen=True)
class Checkpoint:
    """A folder of checkpoints: `train(…, checkpoint=Checkpoint("run"))` saves the run there and goes on from it.

    Each file holds the parameters, the optimizer's memory, the place within the epoch, the record so far and a
    description of the run. It is written beside its name, flushed to the disk and renamed, then the folder is flushed,
    and only then is an older one deleted; so whenever the machine stops, the newest file is whole. A run that goes on
    has the bits of one that was never interrupted. Ctrl-C and SIGTERM save the run before they end it.

    Parameters
    ----------
    directory : str or path
        The folder, which is made if it is missing. One run at a time uses it.
    every : float > 0
        Seconds from one checkpoint to the next, about.
    steps : int ≥ 1, optional
        Save also after each multiple of this number of steps.
    keep : int ≥ 1
        How many of the newest files stay.
    resume : bool
        Go on from the newest file if there is one. Without it a folder that holds checkpoints is refused.

    Raises
    ------
    InputError
        By `train`, if the folder holds checkpoints and `resume` is False, or those of another run: it names what
        differs. Or if another process uses the folder.
    CheckpointError
        If the file system refuses; names path and bytes. The checkpoints before are whole.

    Examples
    --------
    >>> import tempfile, glassnet as gn
    >>> folder = tempfile.TemporaryDirectory()
    >>> X, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> net = gn.Network([2, 3, 1], output="sigmoid", seed=0)
    >>> history = gn.train(net, X, y, epochs=5, checkpoint=gn.Checkpoint(folder.name))
    >>> net = gn.Network([2, 3, 1], output="sigmoid", seed=0)
    >>> gn.train(net, X, y, epochs=8, checkpoint=gn.Checkpoint(folder.name, resume=True)).epochs
    8
    >>> folder.cleanup()
    """

    directory: Any
    every: float = 60.0
    steps: int | None = None
    keep: int = 2
    resume: bool = False

    def __post_init__(self) -> None:
        as_path(self.directory)
        check_number("every", self.every, 0, open_low=True)
        if self.steps is not None:
            check_count("steps", self.steps)
        check_count("keep", self.keep)
        check_bool("resume", self.resume)

    @property
    def folder(self) -> Path:
        """The folder as a Path."""
        return as_path(self.directory)

    def files(self) -> list[Path]:
        """Return the checkpoints in the folder, the newest first.

        Returns
        -------
        list of Path
            One a file.
        """
        found = [(int(match[1]), path) for path in _listed(self.folder) if (match := _NAME.fullmatch(path.name))]
        return [path for _, path in sorted(found, reverse=True)]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder, which only one process may use at a time, and delete what a killed one left behind."""
        _make_folder(self.folder)
        with _held(self.folder):
            yield

    def read(self, setup: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the content of the newest checkpoint that can be read.

        One that is damaged is passed over with a warning.

        Parameters
        ----------
        setup : dict
            What the bits of the run depend on, by name.

        Returns
        -------
        dict or None
            What was written, by name; None without a checkpoint.

        Raises
        ------
        InputError
            If there are checkpoints and `resume` is False, or the newest is of another set-up: it names what differs.
        CheckpointError
            If the file system refuses.
        """
        _make_folder(self.folder)
        _delete(path for path in _listed(self.folder) if _LEFTOVER.fullmatch(path.name))
        files = self.files()
        if files and not self.resume:
            raise InputError(
                f"checkpoint: expected a folder without checkpoints; got '{self.folder}' with "
                f"{files[0].name}; pass Checkpoint(…, resume=True) to go on from there, or name another folder."
            )
        for path in files:
            try:
                return from_bytes(path.read_bytes(), setup)
            except MalformedError as error:
                warnings.warn(f"checkpoint: passed over {path.name}, which is damaged: {error}", stacklevel=2)
            except OSError as error:
                raise CheckpointError(
                    f"checkpoint: could not read '{path}': {error.strerror or error}; name another folder."
                ) from None
        if files:
            raise InputError(
                f"checkpoint: expected a file that can be read; got {len(files)} damaged in "
                f"'{self.folder}'; name another folder, which starts the run anew."
            )
        return None

    def write(self, step: int, setup: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        """Write a checkpoint of a run at a step, then delete the oldest files beyond `keep`.

        Parameters
        ----------
        step : int
            Updates made so far; it names the file.
        setup : dict
            What the bits of the run depend on, by name.
        content : dict
            The state of the run: numbers, texts, arrays, lists, States and random sources by name.
        """
        self._write(f"step-{step:012}.safetensors", to_bytes(setup, content))
        _delete(self.files()[self.keep :])

    def resumed(self) -> Checkpoint:
        """Return this folder for a run that goes on.

        Returns
        -------
        Checkpoint
            With `resume=True`.
        """
        return replace(self, resume=True)

    def part(self, name: str) -> Checkpoint:
        """Return the folder of one of several runs, inside this one.

        Parameters
        ----------
        name : str
            The folder's name.

        Returns
        -------
        Checkpoint
            With the settings of this one.
        """
        return replace(self, directory=self.folder / name)

    def note(self, content: dict[str, Any]) -> None:
        """Write a note on a pack of runs in place of the one before.

        Parameters
        ----------
        content : dict
            Plain values, such as the rounds of the stop rule.
        """
        self._write(_NOTE, json.dumps(content).encode())

    def noted(self) -> dict[str, Any]:
        """Return the note on a pack of runs.

        Returns
        -------
        dict
            Its values; {} without a note or without `resume`.
        """
        try:
            found = parse((self.folder / _NOTE).read_bytes(), "the note") if self.resume else {}
        except FileNotFoundError:
            return {}
        if not isinstance(found, dict):
            malformed("an object as note", found)
        return found

    def _write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        try:
            write_atomically(path, content)
        except OSError as error:
            raise CheckpointError(
                f"checkpoint: could not write {len(content):,} bytes to '{path}': "
                f"{error.strerror or error}; the checkpoints before are whole; make room or name another folder, "
                "and go on with resume=True."
            ) from None


def to_bytes(setup: Mapping[str, Any], content: Mapping[str, Any]) -> bytes:
    """Return the bytes of a checkpoint file; equal contents give equal bytes."""
    encoder = Encoder()
    described = {name: encoder.encode(_plain(value), (name,)) for name, value in content.items()}
    head = {"checkpoint": VERSION, "glassnet": __version__, "setup": encoder.encode(dict(setup), ("setup",))}
    return pack({**head, "content": described}, encoder.done())


def from_bytes(file: bytes, setup: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a checkpoint file, all of it checked; refuse one of another set-up."""
    description, tensors = unpack(file)
    if description.get("checkpoint") != VERSION:
        raise InputError(
            f"checkpoint: expected format {VERSION}; got {shown(description.get('checkpoint'))}, of glassnet "
            f"{shown(description.get('glassnet'))}; go on with that version."
        )
    only(description, "checkpoint", "glassnet", "setup", "content")
    decoder = Decoder(tensors)
    saved, content = decoder.decode(description["setup"], ("setup",)), description["content"]
    if not isinstance(saved, dict) or not isinstance(content, dict):
        malformed("a set-up and a content", saved)
    _compare(saved, setup)
    found = {name: _objects(decoder.decode(value, (name,))) for name, value in content.items()}
    decoder.done()
    return found


def _plain(value: Any) -> Any:
    """Return Snapshots, also in a list, as dicts that the Encoder knows."""
    if isinstance(value, Snapshot):
        return {"theta": value.theta, "state": value.state}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _objects(value: Any) -> Any:
    """Undo `_plain`."""
    if isinstance(value, dict) and value.keys() == {"theta", "state"}:
        return Snapshot(**value)
    return [_objects(each) for each in value] if isinstance(value, list) else value


def _compare(saved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse a run that is not the saved one; name what differs."""
    names = [name for name in {**given, **saved} if saved.get(name) != given.get(name)]
    if not names:
        return
    told = [name if _is_digest(saved.get(name)) else f"{name} {_short(saved.get(name))}" for name in names]
    got = [f"another {name}" if _is_digest(given.get(name)) else f"{name} {_short(given.get(name))}" for name in names]
    raise InputError(
        f"checkpoint: expected the run that is saved there, with its {'; '.join(told)}; got {'; '.join(got)}; "
        "pass what it began with, or name another folder."
    )


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and (value == "none" or bool(re.fullmatch(r"[0-9a-f]{64}", value)))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


# --- the folder ------------------------------------------------------------------------------------------------------


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"checkpoint: could not delete '{path}': {error.strerror or error}; the newest checkpoint is whole; "
                "delete it by hand, and go on with resume=True."
            ) from None


def _make_folder(folder: Path) -> None:
    """Make the folder and those above it, each flushed to the disk with its name."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    try:
        for each in reversed(missing):
            each.mkdir(exist_ok=True)
            sync_folder(each.parent)
        if not (missing[0] if missing else folder).is_dir():
            raise NotADirectoryError(20, "Not a directory")
    except OSError as error:
        name = missing[0] if missing else folder
        raise CheckpointError(
            f"checkpoint: could not make the folder '{name}': {error.strerror or error}; name another."
        ) from None


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that no two processes write there; the lock ends with the process."""
    if fcntl is None:
        yield
        return
    try:
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise CheckpointError(
            f"checkpoint: could not write in '{folder}': {error.strerror or error}; name another folder."
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"checkpoint: expected a folder that no other run uses; got '{folder}'; "
                "wait for the other process, or name another folder."
            ) from None
        yield
    finally:
        os.close(descriptor)
