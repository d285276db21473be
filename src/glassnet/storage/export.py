"""`export`: writes a model as ONNX, as a PyTorch script with its model file, or as JSON, for use without glassnet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from glassnet.errors import unknown_name
from glassnet.storage.atomic import as_path, writable, write_atomically
from glassnet.storage.files import save
from glassnet.storage.json_export import json_text
from glassnet.storage.onnx_graph import onnx_bytes
from glassnet.storage.portable import as_portable
from glassnet.storage.torch_script import torch_script

SUFFIXES = {"onnx": ".onnx", "torch": ".py", "json": ".json"}


def export(model: Any, path: Any, to: str | None = None, *, weights: Any = None) -> None:
    """Write `model` to `path` in a form that needs no glassnet.

    Parameters
    ----------
    model : Network, MLPClassifier, MLPRegressor or TableModel
    path : str or path
    to : "onnx", "torch" or "json", optional
        "onnx": the whole way from a table's columns, or from X (n, d), to labels and probabilities, in standard
        operators. "torch": a Python script that builds the network in PyTorch and loads its parameters from a model
        file. "json": all numbers and names. Default: by the ending of `path`, .onnx, .py or .json.
    weights : str or path, optional
        For "torch", a model file that `save` wrote of this model; without it one is written beside the script, with
        the ending .safetensors.

    Raises
    ------
    InputError
        If the model holds Python code of your own, or the onnx package is missing.
    OSError
        If a file cannot be written; an old one is untouched.

    Examples
    --------
    >>> import json, tempfile
    >>> from glassnet import Network
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export(Network([2, 3, 1], seed=0), f"{folder}/net.json")
    ...     content = json.loads(Path(f"{folder}/net.json").read_text(encoding="utf-8"))
    >>> content["layers"][1]["activation"], content["layers"][1]["b"]
    ('identity', [0.0])
    """
    file = as_path(path)
    if to is None:
        to = {ending: name for name, ending in SUFFIXES.items()}.get(file.suffix.lower(), file.suffix)
    if to not in SUFFIXES:
        raise unknown_name("to", to, SUFFIXES)
    portable = as_portable(model)
    if to == "onnx":
        write_atomically(file, onnx_bytes(portable))
    elif to == "json":
        write_atomically(file, json_text(portable).encode())
    else:
        beside = file.with_suffix(".safetensors") if weights is None else as_path(weights)
        relative = Path(os.path.relpath(beside.resolve(), file.resolve().parent)).as_posix()
        script = torch_script(portable, file.name, relative)
        writable(file)  # before the model file is written
        if weights is None:
            save(model, beside)
        write_atomically(file, script.encode())
