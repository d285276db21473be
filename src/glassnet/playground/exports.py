"""Exports of a run at a step: the model, a figure, an animation, and a Python script that repeats the run."""

from __future__ import annotations

from collections.abc import Callable

from glassnet.playground import pictures
from glassnet.playground.checkpoints import Course
from glassnet.playground.script import script
from glassnet.playground.state import State
from glassnet.storage.files import to_bytes
from glassnet.storage.json_export import json_text
from glassnet.storage.portable import as_portable

Export = Callable[[Course, State], bytes]


def _model(course: Course, state: State) -> bytes:
    return to_bytes(course.at(state.step).run.network)


def _json(course: Course, state: State) -> bytes:
    return json_text(as_portable(course.at(state.step).run.network)).encode()


EXPORTS: dict[str, tuple[str, Export]] = {  # file name: media type and content
    "model.safetensors": ("application/octet-stream", _model),
    "model.json": ("application/json", _json),
    "script.py": ("text/x-python; charset=utf-8", lambda course, state: script(course, state).encode()),
    "figure.png": ("image/png", lambda course, state: pictures.figure(course, state.step, "png")),
    "figure.svg": ("image/svg+xml", lambda course, state: pictures.figure(course, state.step, "svg")),
    "animation.gif": ("image/gif", lambda course, state: pictures.animation(course, state.step)),
}
