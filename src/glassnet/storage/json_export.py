"""JSON: writes a model as plain numbers and names, from which a program in any language can compute predictions."""

from __future__ import annotations

import json
import math
from typing import Any

from glassnet.storage.portable import Part, Portable
from glassnet.version import __version__

VERSION = 2  # of this schema, which docs/reference/model-files.md describes


def json_text(model: Portable) -> str:
    """Return the model as JSON text, one line for each row of a matrix."""
    output: dict[str, Any] = {"n": model.width}
    if model.classes is not None:
        output["classes"] = model.classes
    if model.target is not None:
        output["target"] = model.target
    loss = model.network.loss_function
    parts = [_part(model, part) for part in model.parts]
    units = [{"mean": part.target_mean, "scale": part.target_scale} for part in model.parts]
    if model.task == "regression":  # the units of the one network, or of each
        for place, of in zip([output] if len(parts) == 1 else parts, units, strict=True):
            place |= of
    content = {
        "format": "glassnet JSON",
        "version": VERSION,
        "glassnet": __version__,
        "kind": model.kind,
        "task": model.task,
        "dtype": model.network.dtype.name,
        **(parts[0] if len(parts) == 1 else {"members": parts}),
        "output": output,
        "loss": {"name": loss.name, "parameters": dict(loss.parameters)},
        "settings": model.settings,
        "training": model.training,
    }
    return _write(_plain(content), "") + "\n"


def _part(model: Portable, part: Part) -> dict[str, Any]:
    """Describe one network from its inputs to its answer."""
    net = part.network
    inputs: dict[str, Any] = {"n": net.sizes[0]}
    if part.columns is not None:
        inputs["columns"] = [column.to_dict() for column in part.columns]
        if model.image_shape is not None:
            inputs["image"] = list(model.image_shape)
    elif model.names is not None:
        inputs["names"] = model.names
    layers = [
        {
            "activation": net.activations[layer].builtin,
            "parameters": dict(net.activations[layer].parameters),
            "W": net.W[layer].tolist(),
            "b": net.b[layer].tolist(),
        }
        for layer in net.W
    ]
    return {"inputs": inputs, "layers": layers}


def _plain(value: Any) -> Any:
    """Replace numbers that JSON does not have (inf, nan) by null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else repr(value)


def _write(value: Any, margin: str) -> str:
    """Write indented JSON with lists and objects of plain values, and short ones, on a single line."""
    nested = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    flat = not any(isinstance(item, dict | list) and item for item in nested)
    line = json.dumps(value, ensure_ascii=False, allow_nan=False) if flat or len(nested) < 20 else None
    if line is not None and (flat or len(line) <= 100):
        return line
    inner = margin + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_write(item, inner)}" for key, item in value.items()]
        return "{\n" + inner + f",\n{inner}".join(parts) + f"\n{margin}}}"
    return "[\n" + inner + f",\n{inner}".join(_write(item, inner) for item in value) + f"\n{margin}]"
