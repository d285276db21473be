"""`Checkpoint`: a folder of files from which a training run goes on, bit for bit, wherever it was interrupted."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import CheckpointError, InputError, check_bool, check_count, check_number, shown
from glassnet.storage.atomic import as_path, fcntl, sync_folder, write_atomically
from glassnet.storage.container import pack, unpack
from glassnet.storage.decode import Decoder
from glassnet.storage.encode import Encoder
from glassnet.storage.fields import a_list, only
from glassnet.storage.strict_json import MalformedError, malformed
from glassnet.training.job import Record, Snapshot
from glassnet.training.optimizers import LBFGS
from glassnet.training.run import Run
from glassnet.training.schedules import Adaptive, Constant
from glassnet.version import __version__

Array = NDArray[Any]

VERSION = 1  # of the format
_NAME = re.compile(r"step-(\d{12,})\.safetensors")
_LEFTOVER = re.compile(r"\.step-\d{12,}\.safetensors\.[0-9a-f]{16}\.tmp")
_LISTS = ("loss", "validation_loss", "validation_score", "learning_rate")


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
        """Return the checkpoints in the folder, the newest first."""
        found = [(int(match[1]), path) for path in _listed(self.folder) if (match := _NAME.fullmatch(path.name))]
        return [path for _, path in sorted(found, reverse=True)]

    @contextmanager
    def opened(self, run: Run) -> Iterator[None]:
        """Hold the folder for this run, and take the run to the newest checkpoint if `resume` is set and there is one."""
        _make_folder(self.folder)
        with _held(self.folder):
            for path in _listed(self.folder):
                if _LEFTOVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)
            files = self.files()
            if files and not self.resume:
                raise InputError(
                    f"checkpoint: expected a folder without checkpoints; got {shown(str(self.folder))} with "
                    f"{files[0].name}; pass Checkpoint(…, resume=True) to go on from there, or name another folder."
                )
            if files:
                _restore(run, files)
            yield

    def save(self, run: Run) -> None:
        """Write a checkpoint of the run, then delete the oldest files beyond `keep`."""
        content, path = to_bytes(run), self.folder / f"step-{run.step:012}.safetensors"
        try:
            write_atomically(path, content)
            for old in self.files()[self.keep :]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"checkpoint: could not write {len(content):,} bytes to {shown(str(path))}: "
                f"{error.strerror or error}; the checkpoints before are whole; make room or name another folder, "
                "and go on with resume=True."
            ) from None


def to_bytes(run: Run) -> bytes:
    """Return the content of a checkpoint file of this run."""
    encoder = Encoder()
    rescue = run.state.rescue
    content = {
        "setup": encoder.encode(describe(run), ("setup",)),
        "seconds": encoder.encode(run.seconds),
        "record": encoder.encode({**{name: getattr(run.record, name) for name in _LISTS}, "stopped": run.record.stopped}),
        "now": _encoded(encoder, Snapshot(run.network.theta, run.state), "now"),
        "rescue": None if rescue is None else _encoded(encoder, rescue, "rescue"),
        "snapshots": [_encoded(encoder, each, f"snapshot{k}") for k, each in enumerate(run.snapshots)],
    }
    return pack({"checkpoint": VERSION, "glassnet": __version__, **content}, encoder.done())


def _encoded(encoder: Encoder, snapshot: Snapshot, name: str) -> dict[str, Any]:
    return {"theta": encoder.store(snapshot.theta, (name, "theta")), "state": encoder.encode(snapshot.state, (name,))}


def _restore(run: Run, files: list[Path]) -> None:
    """Take the run to the newest of the files that can be read; say which ones cannot."""
    for path in files:
        try:
            _take(run, path.read_bytes())
        except MalformedError as error:
            warnings.warn(f"checkpoint: passed over {path.name}, which is damaged: {error}", stacklevel=2)
        except OSError as error:
            raise CheckpointError(
                f"checkpoint: could not read {shown(str(path))}: {error.strerror or error}; name another folder."
            ) from None
        else:
            return
    raise InputError(
        f"checkpoint: expected a file that can be read; got {len(files)} damaged ones in {shown(str(files[0].parent))}; "
        "name another folder, which starts the run anew."
    )


def _take(run: Run, content: bytes) -> None:
    """Put the run where a checkpoint's content says, after all of it is checked."""
    description, tensors = unpack(content)
    if description.get("checkpoint") != VERSION:
        raise InputError(
            f"checkpoint: expected format {VERSION}; got {shown(description.get('checkpoint'))}, of glassnet "
            f"{shown(description.get('glassnet'))}; go on with that version."
        )
    only(description, "checkpoint", "glassnet", "setup", "seconds", "record", "now", "rescue", "snapshots")
    decoder = Decoder(tensors)
    _compare(decoder.decode(description["setup"]), describe(run))
    seconds, figures = description["seconds"], decoder.decode(description["record"])
    only(figures, *_LISTS, "stopped")
    now = _decoded(decoder, description["now"], run)
    rescue = None if description["rescue"] is None else _decoded(decoder, description["rescue"], run)
    snapshots = [_decoded(decoder, each, run) for each in a_list(description["snapshots"], "the snapshots")]
    decoder.done()
    if not snapshots or not isinstance(seconds, int | float):
        malformed("a run with its start and its seconds", said="none")
    now.state.rescue = rescue
    run.network.theta = now.theta
    run.state, run.record, run.snapshots, run.seconds = now.state, Record(**figures), snapshots, float(seconds)


def _decoded(decoder: Decoder, content: Any, run: Run) -> Snapshot:
    if not isinstance(content, dict):
        malformed("a state with its parameters", content)
    only(content, "theta", "state")
    theta, state = decoder.take(content["theta"]), decoder.decode(content["state"])
    if (theta.shape, theta.dtype) != (run.network.theta.shape, run.network.dtype):
        malformed(f"{run.network.n_parameters} parameters in {run.network.dtype}", theta)
    if state.slots.shape != run.state.slots.shape:
        malformed(f"slots of shape {run.state.slots.shape}", state.slots.shape)
    return Snapshot(theta, state)


# --- what makes two runs the same ------------------------------------------------------------------------------------


def describe(run: Run) -> dict[str, Any]:
    """Return what the bits of a run depend on, by name: settings as they are, arrays as their SHA-256."""
    job, network = run.job, run.network
    optimizer = run.optimizer
    schedule = job.schedule
    described = {
        "network": f"{'-'.join(map(str, network.sizes))} {network.dtype}",
        "activations": [f"{each.name} {dict(each.parameters) or ''}".strip() for each in network.activations.values()],
        "loss": f"{network.loss_function.name} {dict(network.loss_function.parameters) or ''}".strip(),
        "initial weights": digest(run.snapshots[0].theta, run.snapshots[0].state.slots),
        "X": digest(job.X),
        "y": digest(job.Y),
        "sample_weight": digest(job.sample_weight),
        "rows": digest(job.rows),
        "validation": digest(*(job.validation or ())),
        "optimizer": f"{type(optimizer).__name__} {asdict(optimizer)}",
        "schedule": f"{type(schedule).__name__} {asdict(schedule)}",
        "epochs": "any" if isinstance(schedule, Constant | Adaptive) else job.epochs,
        "early_stopping": str(job.early_stopping),
        "engine": "scipy" if isinstance(optimizer, LBFGS) else run.engine.name,
    }
    plain = ("batch_size", "shuffle", "l1", "l2", "dropout", "clip_norm", "seed", "divide_penalty", "watch")
    return described | {name: getattr(job, name) for name in plain}


def digest(*arrays: Any) -> str:
    """Return the SHA-256 of arrays with their shapes and dtypes, dense or CSR; "none" for None alone."""
    if not arrays or all(each is None for each in arrays):
        return "none"
    found = hashlib.sha256()
    for each in arrays:
        parts = [each.data, each.indices, each.indptr] if hasattr(each, "indptr") else [each]
        for part in parts:
            array = None if part is None else np.asarray(part)
            found.update(repr(None if array is None else (array.shape, array.dtype.str)).encode())
            if array is not None and array.size:
                found.update(np.ascontiguousarray(array).data.cast("B"))
    return found.hexdigest()


def _compare(saved: Any, given: dict[str, Any]) -> None:
    """Refuse a run that is not the saved one; name what differs."""
    if not isinstance(saved, dict):
        malformed("a description of the run", saved)
    differences = [name for name in given if saved.get(name) != given[name]]
    if not differences:
        return
    told = [name if _is_digest(given[name]) else f"{name} {_short(saved.get(name))}" for name in differences]
    got = [f"another {name}" if _is_digest(given[name]) else f"{name} {_short(given[name])}" for name in differences]
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
            f"checkpoint: could not make the folder {shown(str(name))}: {error.strerror or error}; name another."
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
            f"checkpoint: could not write in {shown(str(folder))}: {error.strerror or error}; name another folder."
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"checkpoint: expected a folder that no other run uses; got {shown(str(folder))}; "
                "wait for the other process, or name another folder."
            ) from None
        yield
    finally:
        os.close(descriptor)
