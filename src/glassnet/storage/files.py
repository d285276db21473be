"""`save` and `load`: a model in one safetensors file, written atomically and read without running any code in it."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from glassnet.errors import InputError, file_kind, shown
from glassnet.network.network import Network
from glassnet.storage.atomic import as_path, write_atomically
from glassnet.storage.container import pack, unpack
from glassnet.storage.decode import Decoder
from glassnet.storage.encode import Encoder
from glassnet.storage.fields import only
from glassnet.storage.kinds import MODELS, as_model
from glassnet.storage.strict_json import MalformedError, malformed
from glassnet.training.history import History
from glassnet.version import __version__

VERSION = 2  # of the format; raised with every change that an older glassnet would not understand


def save(model: Any, path: Any) -> None:
    """Write a network, an estimator or a table model to `path`, in safetensors with a JSON description.

    The file holds every parameter bit for bit, and the settings that belong to it; nothing in it is executed when it
    is read. It is written atomically: whatever happens, `path` holds the old file or the new one, whole. The file that
    a link leads to is replaced; the link stays.

    Parameters
    ----------
    model : Network, (Network, History), MLPClassifier, MLPRegressor or TableModel
        With its History, a network can be trained further exactly where it stood: `train(…, resume=history)`. Of a
        TableClassifier or TableRegressor its TableModel is written, as `glassnet train` does.
    path : str or path

    Raises
    ------
    InputError
        If the model holds Python code of your own or parameters that are inf or nan, or `path` is a folder, a device
        or a pipe, or its folder does not exist.
    OSError
        If the file system refuses; the old file is untouched.

    Examples
    --------
    >>> import tempfile
    >>> from glassnet import train
    >>> net = Network([2, 3, 1], output="sigmoid", seed=0)
    >>> history = train(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save((net, history), f"{folder}/model.safetensors")
    ...     again, before = load(f"{folder}/model.safetensors")
    >>> again
    Network([2, 3, 1], hidden='relu', output='sigmoid', seed=0)  # 13 parameters
    >>> history = train(again, [[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=5, resume=before)
    """
    write_atomically(as_path(path), to_bytes(model))


def load(path: Any) -> Any:
    """Read the file at `path` that `save` wrote; nothing in it is executed.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Network, (Network, History), MLPClassifier, MLPRegressor or TableModel
        What was saved.

    Raises
    ------
    InputError
        If the file is no model, is damaged, or was written by a newer glassnet; one line says which.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> load(__file__)
    Traceback (most recent call last):
    ...
    glassnet.errors.InputError: 'files.py': expected a safetensors file, with a header of at most 1,048,576 bytes; got ...
    """
    file = as_path(path)
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):  # a pipe or a device would be read for ever
        raise InputError(f"path: expected a regular file; got {shown(str(path))}, {file_kind(mode)}; name a file.")
    return from_bytes(file.read_bytes(), shown(Path(file).name))


def to_bytes(model: Any) -> bytes:
    """Return the bytes of the file that `save` writes; the same model gives the same bytes."""
    model = as_model(model)
    encoder = Encoder()
    description = {"version": VERSION, "glassnet": __version__, "model": None, "history": None}
    pair = isinstance(model, tuple | list) and len(model) == 2
    network, history = model if pair else (model, None)
    if not _is_model(network) or (pair and not (isinstance(network, Network) and isinstance(history, History))):
        raise InputError(
            f"model: expected a Network, a (Network, History), an estimator or a TableModel; got {shown(model)}; "
            "pass one of these."
        )
    description["model"] = encoder.encode(network)
    description["history"] = encoder.encode(history, ("history",))
    return pack(description, encoder.done())


def from_bytes(content: bytes, name: str) -> Any:
    """Return the model in the bytes of a file; `name` begins the message of an error."""
    try:
        description, tensors = unpack(content)
        version = description.get("version")
        if type(version) is not int or version < 1:
            malformed("a version of the format ≥ 1", version)
        if version > VERSION:
            raise InputError(
                f"{name}: expected format {VERSION} or older; got {version}, written by a newer glassnet; update glassnet."
            )
        only(description, "version", "glassnet", "model", "history")
        decoder = Decoder(tensors)
        model = decoder.decode(description["model"])
        history = decoder.decode(description["history"], ("history",))
        decoder.done()
        if not _is_model(model):
            malformed("a model", said=type(model).__name__)
        if history is None:
            return model
        _check_pair(model, history)
        return model, history
    except MalformedError as error:
        raise InputError(f"{name}: {error}; load a file that glassnet wrote.") from None
    except InputError as error:
        message = str(error)
        raise InputError(message if message.startswith(name) else f"{name}: {message}") from None
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        # the constructors of settings and models refuse what they are not made for in their own words
        reason = " ".join(str(error).split())[:80]
        raise InputError(
            f"{name}: expected settings that fit the model; got {type(error).__name__} ({reason}); "
            "load a file that glassnet wrote."
        ) from None


def _is_model(model: Any) -> bool:
    kind = type(model)
    return kind is Network or MODELS.get(kind.__name__) == kind.__module__


def _check_pair(network: Any, history: Any) -> None:
    """Refuse a history of another network, whose state would not fit its parameters."""
    if not isinstance(network, Network) or not isinstance(history, History):
        malformed("a network with a history", said=f"{type(network).__name__} with {type(history).__name__}")
    slots = history.state.slots
    if slots.dtype != network.dtype or slots.shape[1] != network.n_parameters:
        malformed(
            f"a history of {network.n_parameters} parameters in {network.dtype}", said=f"{slots.shape} {slots.dtype}"
        )
