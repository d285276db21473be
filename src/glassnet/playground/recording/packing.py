"""Packs a run for a recording: the frames of some steps, and worked steps of some samples."""

from __future__ import annotations

import base64
import json
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.playground import frames, worked
from glassnet.playground.blas import one_blas_thread
from glassnet.playground.checkpoints import Course, stride_of

EARLY = 16  # the first steps are all kept: most happens there
MOST_NUMBERS = 20_000  # parameters × steps, of about 20 bytes each
MOST_ENTRIES = 400  # chain rules in a recording; each takes about 20 ms and 300 bytes
NUMBERS = ("W", "b", "dW", "db")  # of a header: packed as doubles, in this order
MOST_WORKED = 6  # steps that are worked out


@dataclass(frozen=True)
class Kept:
    """Names what a recording keeps of a run: steps, those worked out in the glass, and samples ("" is the step's batch)."""

    steps: tuple[int, ...]
    worked: tuple[int, ...] = ()
    samples: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()  # the parameters with a chain rule


@dataclass(frozen=True)
class Packed:
    """A run of a recording: what the page must know at once, and two parts that it unpacks when it needs them."""

    index: dict[str, Any]
    frames: str  # in base64: deflated headers and maps
    glass: str  # in base64: deflated worked steps


@one_blas_thread()
def keep(
    course: Course,
    end: int,
    count: int,
    samples: Sequence[str] = (),
    also: Iterable[int] = (),
    most_entries: int = MOST_ENTRIES,
) -> Kept:
    """Choose about `count` steps of 0 … `end`, fewer of a large network, and what the glass shows of them.

    The first steps are all kept, and so are the steps `also` and those around an edit by hand.
    """
    error = course.at(end).non_finite
    end = end if error is None else min(end, error.step)
    names = _parameters(course)
    count = min(count, max(12, MOST_NUMBERS // len(names)))
    edits = [edit.step for edit in course.setup.state.edits]
    steps = {round(end * (k / count) ** 1.5) for k in range(count + 1)}
    steps |= {*range(min(EARLY, count // 4) + 1), end, *also, *(step + k for step in edits for k in (-1, 0, 1))}
    kept = tuple(sorted(step for step in steps if 0 <= step <= end))
    sound = [step for step in kept if error is None or step < error.step]
    if not samples or not sound:
        return Kept(kept)
    most = min(MOST_WORKED, max(3, most_entries // (len(samples) * len(names))))
    places = {*also, *(round(sound[-1] * (k / (most - 1)) ** 3) for k in range(most))}
    worked = tuple(sorted({min(sound, key=lambda step: abs(step - place)) for place in places}))
    each = max(1, most_entries // (len(samples) * len(worked)))
    return Kept(kept, worked, tuple(samples), tuple(names[:: -(-len(names) // each)]))


def samples_of(course: Course, wanted: str = "") -> tuple[str, ...]:
    """Return the samples of a recording: the step's batch, the wanted one, and the first row of each of two classes."""
    y = np.asarray(course.setup.data.y_train)
    first = [0, *np.flatnonzero(y != y[0])[:1].tolist()]
    given = [wanted] if wanted.isdigit() and int(wanted) < len(y) else []
    return tuple(dict.fromkeys(["", *given, *map(str, first)]))[:3]


def _parameters(course: Course) -> list[str]:
    """Return the names of all weights and biases, as a query has them."""
    network = course.at(0).run.network
    return [
        name
        for layer, W in network.W.items()
        for name in (
            *(f"W{layer},{i},{j}" for i in range(W.shape[0]) for j in range(W.shape[1])),
            *(f"b{layer},{j}" for j in range(W.shape[1])),
        )
    ]


@one_blas_thread()
def pack(course: Course, query: str, kept: Kept) -> Packed:
    """Pack a run; `query` is the name by which the page asks for it."""
    index = {
        "query": query,
        "steps": kept.steps,
        "worked": kept.worked,
        "samples": kept.samples,
        "entries": kept.entries,
        "data": json.loads(frames.data_json(course.setup)),
    }
    return Packed(index, _frames(course, kept), _glass(course, kept) if kept.worked else "")


def _frames(course: Course, kept: Kept) -> str:
    """Pack the frames: headers without their curves, which are parts of one, parameters and gradients as doubles, and
    pictures as small differences.
    """
    headers, numbers, maps, surfaces = [], [], [], []
    losses: dict[int, tuple[float, float]] = {}
    for step in kept.steps:
        header, pictures = frames.unpack(frames.frame(course, step))
        curve = header.pop("curve")
        losses |= dict(zip(curve["step"], zip(curve["train"], curve["test"], strict=True), strict=True))
        numbers.append([*_flat(header.pop(name) for name in NUMBERS)])
        headers.append({**header, "curve": {"stride": stride_of(curve["step"][-1]), "end": curve["step"][-1]}})
        middle = header["surface"]["offset"]
        maps.append(np.frombuffer(pictures[:middle], np.uint8).reshape(-1, header["maps"]["size"]))
        size = header["surface"]["size"]
        surfaces.append(np.frombuffer(pictures[middle:], "<i2").reshape(-1, size, size))
    head = frames.to_json({"headers": headers, "losses": [[step, *losses[step]] for step in sorted(losses)]})
    parts = (
        _planes(np.array(numbers, "<f8")),
        _differences(np.array(maps), 2, 0).tobytes(),
        _planes(_differences(np.array(surfaces), 3, 2, 0)),
    )
    return _deflated(struct.pack("<I", len(head)) + head + b"".join(parts))


def _flat(numbers: Iterable[Any]) -> Iterable[float]:
    """Yield the numbers of nested lists in their order; nan for None."""
    for each in numbers:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield math.nan if each is None else each


def _planes(values: NDArray[Any]) -> bytes:
    """Return the first bytes of all values, then the second ones, and so on: alike bytes stand together and deflate well."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1, values.itemsize).T.tobytes()


def _differences(values: NDArray[Any], *axes: int) -> NDArray[Any]:
    """Return each value minus the one before it along each axis, in the same type: mostly small numbers, which deflate well."""
    for axis in axes:
        values = np.diff(values, axis=axis, prepend=np.zeros_like(np.take(values, [0], axis)))
    return values


def _glass(course: Course, kept: Kept) -> str:
    """Pack the worked steps, each with the chain rules of the kept parameters."""
    found = []
    for step in kept.worked:
        state = replace(course.setup.state, step=step)
        for sample in kept.samples:
            answer = worked.worked_step(course, state, sample, "")
            derivation, _ = worked.derive(course, state, str(answer["sample"]))
            told: dict[worked.Place, dict[str, Any]] = {}
            entries = {name: worked.chain_rule(derivation, name, told) for name in kept.entries}
            found.append({"step": step, "sample": sample, "answer": answer, "entries": entries})
    return _deflated(frames.to_json(found))


def _deflated(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 9)).decode()
