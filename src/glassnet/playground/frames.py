"""Packs a frame: all that the page draws for a run at one step, as a JSON header, the maps as bytes and the surface."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import NonFiniteError
from glassnet.network import passes, scores
from glassnet.network.network import Network
from glassnet.playground.checkpoints import Course, Position
from glassnet.playground.setup import Data, Setup
from glassnet.training import reference

Array = NDArray[Any]

MAP_SIZE, SURFACE_SIZE = 24, 64
MOST_SERIES = 3_000_000  # bytes of several frames in one answer
KINDS = {"sigmoid": "probability", "softmax": "class", "identity": "value"}  # of the surface; of one input: "graph"


def frame(course: Course, step: int) -> bytes:
    """Return the frame of a run at `step`: the length of the header (uint32, little endian), the header, the maps.

    The maps are int8: for each unit, inputs included, MAP_SIZE² values by row from the top, where 127 is the unit's
    scale; then int16 (little endian), for each output SURFACE_SIZE² values, where −32767 … 32767 is the surface's range:
    fine enough for a border without steps.
    """
    position = course.at(step)
    with np.errstate(over="ignore", invalid="ignore"):
        header = _header(course, position, step)
        maps, scale = _maps(course.setup, position.run.network)
        surface, limits = _surface(course.setup, position.run.network)
    header["maps"] = {"size": MAP_SIZE, "offset": 0, "scale": scale, "order": "layer, unit, row, column"}
    header["surface"] = {
        "size": SURFACE_SIZE,
        "offset": len(maps),
        "kind": "graph" if course.setup.data.graph else KINDS[course.setup.data.output],
        "outputs": len(surface) // (2 * SURFACE_SIZE**2),
        "range": limits,
    }
    head = to_json(header)
    return struct.pack("<I", len(head)) + head + maps + surface


def unpack(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header of a frame, and its maps and surface."""
    (length,) = struct.unpack("<I", content[:4])
    header: dict[str, Any] = json.loads(content[4 : 4 + length])
    return header, content[4 + length :]


def series(course: Course, steps: Iterable[int]) -> bytes:
    """Return the frames of a run at `steps`, each after its length (uint32, little endian).

    It ends early after a frame without finite loss, and where it would be longer than MOST_SERIES bytes.
    """
    parts: list[bytes] = []
    size = 0
    for step in steps:
        part = frame(course, step)
        size += 4 + len(part)
        if parts and size > MOST_SERIES:
            break
        parts += [struct.pack("<I", len(part)), part]
        end = course.end
        if end is not None and step >= end:
            break
    return b"".join(parts)


def to_json(content: Any) -> bytes:
    """Return compact JSON; floats as Python's shortest repr that reads back exactly, inf and nan as null."""
    try:
        text = json.dumps(content, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    except ValueError:
        text = json.dumps(_finite(content), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.encode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _header(course: Course, position: Position, step: int) -> dict[str, Any]:
    setup, run = course.setup, position.run
    network, data = run.network, setup.data
    gradient = reference.backward(run.job, position.batch, position.trace)
    metric = [score(data, output, y) for output, y in zip(position.outputs, (data.y_train, data.y_test), strict=True)]
    steps, train, test = zip(*position.curve, strict=True)
    error = position.non_finite
    return {
        "step": step,
        "epoch": run.epoch,
        "steps_per_epoch": setup.steps_per_epoch,
        "max_step": setup.max_step,
        "learning_rate": run.learning_rate,
        "batch": position.batch.rows.tolist() if setup.batch_size else None,
        "loss": {"train": train[-1], "test": test[-1], "batch": position.objective, "name": setup.loss},
        "metric": {"name": scores.score_name(classes=data.classes is not None), "train": metric[0], "test": metric[1]},
        "confusion": None if data.classes is None else confusion(position.outputs[1], data.y_test, len(data.classes)),
        "sizes": list(network.sizes),
        "features": setup.feature_names(),
        "activations": [activation.name for activation in network.activations.values()],
        "init": setup.initializer,
        "parameters": network.n_parameters,
        "W": [W.tolist() for W in network.W.values()],
        "b": [b.tolist() for b in network.b.values()],
        "dW": [W.tolist() for W in gradient.W.values()],
        "db": [b.tolist() for b in gradient.b.values()],
        "curve": {"step": steps, "train": train, "test": test},
        "non_finite": None if error is None else _ended(error, run.step),
    }


def _ended(error: NonFiniteError, last: int) -> dict[str, Any]:
    """Say in words of the page how the run ended, and which step is shown in place of the one asked for."""
    message = (
        f"The loss overflowed after step {last:,}, which is shown: its numbers are too large for the computer. "
        "Set a lower learning rate."
    )
    return {"step": error.step, "layer": error.layer, "last": last, "message": message}


def classes_of(output: Array) -> NDArray[np.intp]:
    """Return the predicted classes (n,) from the outputs (n, k) of a sigmoid or a softmax."""
    if output.shape[1] > 1:
        return np.argmax(output, axis=1)
    return (output[:, 0] > 0.5).astype(np.intp)


def score(data: Data, output: Array, y: Array) -> float:
    """Return the accuracy of the classes, or R² (nan for a single row); nan for no row."""
    if not len(y):
        return np.nan
    classes = data.classes is not None
    return scores.score(classes_of(output) if classes else output[:, 0], y, classes=classes)


def confusion(output: Array, y: Array, k: int) -> list[list[int]]:
    """Count the rows of each actual class (rows) by predicted class (columns)."""
    counts: list[list[int]] = np.bincount(y * k + classes_of(output), minlength=k * k).reshape(k, k).tolist()
    return counts


def _maps(setup: Setup, network: Network) -> tuple[bytes, list[list[float]]]:
    trace = passes.forward(network.activations, network.W, network.b, setup.grid(MAP_SIZE))
    parts, scales = [], []
    for A in trace.A.values():  # (size², width)
        A = _bounded(A.T)
        scale = np.abs(A).max(axis=1)
        parts.append(_quantized(A, np.where(scale > 0, scale, 1)[:, None], "<i1"))
        scales.append(scale.tolist())
    return b"".join(parts), scales


def _surface(setup: Setup, network: Network) -> tuple[bytes, list[float]]:
    output = network.predict_proba if setup.data.classes is not None else network.predict
    values = output(setup.grid(SURFACE_SIZE))
    values = values[:, 1] if setup.data.output == "sigmoid" else values.T  # (size²,) or (k, size²)
    values = _bounded(values)
    if setup.data.classes is not None:
        return _quantized(2 * values - 1, 1.0, "<i2"), [0.0, 1.0]
    low, high = float(values.min()), float(values.max())
    half = (high / 2 - low / 2) or 1.0
    return _quantized(values - (low / 2 + high / 2), half, "<i2"), [low, high]


def _bounded(values: Array) -> Array:
    """Return values with 0 for nan and ± 1e300 for inf."""
    return values if np.isfinite(values).all() else np.nan_to_num(values, posinf=1e300, neginf=-1e300)


def _quantized(values: Array, scale: Any, kind: str) -> bytes:
    """Return values within ± scale as whole numbers of a kind of dtype, of which the largest stands for scale."""
    return np.rint(values * (np.iinfo(kind).max / scale)).astype(kind).tobytes()


def data_json(setup: Setup) -> bytes:
    """Return the points of a data set and all that does not change during the run, as JSON."""
    data = setup.data

    def part(points: Array, y: Array) -> dict[str, Any]:
        return {"points": points.tolist(), "targets": y.tolist()}

    return to_json(
        {
            "title": data.title,
            "task": "regression" if data.classes is None else "classification",
            "output": data.output,
            "losses": list(setup.losses),
            "train": part(data.train, data.y_train),
            "test": part(data.test, data.y_test),
            "classes": None if data.classes is None else list(data.classes),
            "domain": data.domain,
            "names": list(data.names),
            "mean": data.mean,
            "scale": data.scale,
            "feature_names": setup.feature_names(),
            "graph": data.graph,
            "columns": [{"name": name, "numbers": x, "target": y} for name, x, y in data.columns],
        }
    )
