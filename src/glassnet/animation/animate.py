"""`animate` shows a training run as a moving picture: boundary, loss, activations and gradients, as GIF or MP4."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from glassnet.animation.looks import looks_of, unit_of
from glassnet.animation.panels import PANELS, draw
from glassnet.errors import InputError, check_bool, check_count, check_number, shown, unknown_name
from glassnet.plots.movie import encode_gif, encode_mp4
from glassnet.storage.atomic import as_path, write_atomically
from glassnet.training.history import History
from glassnet.training.run import Run

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Animation:
    """A training run as pictures, as `animate` returns it; a notebook shows it.

    Attributes
    ----------
    pictures : tuple of (height, width, 3) arrays of 0 … 255
        One for each step that is shown.
    steps : tuple of int
        The steps shown; for L-BFGS the epochs.
    losses : tuple of float
        The mean loss at each of them, over up to 1,000 rows of the training data.
    milliseconds : int
        The time that a picture stays.
    unit : str
        What `steps` counts: "step", or for L-BFGS "epoch".

    Examples
    --------
    >>> import glassnet as gn
    >>> history = gn.train(gn.Network([2, 2, 1]), [[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0], optimizer="sgd", epochs=4)
    >>> animation = gn.animate(history, show=["loss"], frames=3, width=320)
    >>> len(animation.pictures), animation.pictures[0].shape
    (3, (256, 320, 3))
    """

    pictures: tuple[Array, ...]
    steps: tuple[int, ...]
    losses: tuple[float, ...]
    milliseconds: int
    unit: str

    @cached_property
    def gif(self) -> bytes:
        """The animation as the bytes of a GIF."""
        return encode_gif(self.pictures, self.milliseconds)

    @cached_property
    def mp4(self) -> bytes:
        """The animation as the bytes of an MP4, made by ffmpeg."""
        return encode_mp4(self.pictures, self.milliseconds)

    def save(self, file: Any) -> Path:
        """Write a .gif or an .mp4; return its path.

        Parameters
        ----------
        file : str or path
            The file to write, overwritten if there is one.

        Returns
        -------
        Path

        Raises
        ------
        InputError
            If the name has another ending, or ffmpeg is missing or fails.
        """
        path = as_path(file)
        write_atomically(path, getattr(self, _form(path)))
        return path

    @property
    def alt(self) -> str:
        """The animation in words, for readers who do not see it."""
        return (
            f"Training from {self.unit} {self.steps[0]:,} to {self.unit} {self.steps[-1]:,}: "
            f"the loss goes from {self.losses[0]:.4g} to {self.losses[-1]:.4g}"
        )

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.gif).decode()
        height, width = self.pictures[0].shape[:2]
        return f'<img width="{width}" height="{height}" alt="{self.alt}" src="data:image/gif;base64,{picture}">'

    def __repr__(self) -> str:
        return f"Animation({len(self.pictures)} pictures; {self.alt[0].lower()}{self.alt[1:]})"


def animate(
    history: History | Run,
    file: Any = None,
    *,
    show: Sequence[str] | None = None,
    frames: int = 40,
    width: int = 640,
    seconds: float = 6.0,
    progress: bool = True,
) -> Animation:
    """Show a training run as a moving picture, and write it as a GIF or an MP4 if `file` names one.

    The run is trained again from its start and looked at in up to `frames` steps, closer together at the beginning; it
    gives the same bits again, and does not move itself.

    Parameters
    ----------
    history : History or Run
        What `train` returned, or a Run, up to its present step.
    file : path, optional
        A .gif, or an .mp4, for which ffmpeg is needed.
    show : sequence of str, optional
        Of "boundary" (the output over the plane of two inputs, or the line of one, with the training data), "loss",
        "activations" and "gradients" (5, 25, 50, 75 and 95 % quantiles of each layer's A and |∂loss/∂W|). The first one
        is the largest. Default: all that fit the network.
    frames : int ≥ 2
        The most pictures.
    width : int, pixels
        320 to 1,920.
    seconds : float > 0
        The time from the first picture to the last, which then stays for another 1.5 s.
    progress : bool
        Count the pictures on the error stream, in a terminal and in a notebook.

    Returns
    -------
    Animation
        With `gif`, `mp4` and `save`; a notebook shows it.

    Raises
    ------
    InputError
        If an argument is not as above, the History has no data (it was unpickled), or ffmpeg is missing or fails.

    Examples
    --------
    >>> import glassnet as gn
    >>> net = gn.Network([2, 3, 1], output="sigmoid", seed=0)
    >>> history = gn.train(net, [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1], optimizer="sgd", epochs=20)
    >>> animation = gn.animate(history, show=["boundary", "loss"], frames=3, width=320)
    >>> animation.steps, animation.gif[:6]
    ((0, 5, 20), b'GIF89a')
    """
    run, last = _run_of(history)
    shown_panels = _panels(show, run)
    check_count("frames", frames, low=2, high=1000)
    check_count("width", width, low=320, high=1920)
    milliseconds = max(20, round(1000 * check_number("seconds", seconds, 0, open_low=True) / frames))
    path = None if file is None else as_path(file)
    if path is not None:
        _form(path)
    tell = _Counter() if check_bool("progress", progress) and _is_watched() else _silent
    scene, looks = looks_of(run, last, frames, lambda done, total: tell("looked at", done, total))
    pictures = []
    for picture in draw(run.network, scene, looks, shown_panels, width):
        pictures.append(picture)
        tell("drawn", len(pictures), len(looks))
    made = Animation(
        tuple(pictures),
        tuple(look.position for look in looks),
        tuple(look.loss for look in looks),
        milliseconds,
        scene.unit,
    )
    if path is not None:
        made.save(path)
    return made


def _run_of(history: Any) -> tuple[Run, int]:
    """Return the run, and the step (for L-BFGS the epoch) up to which it is shown."""
    run, state = history, getattr(history, "state", None)
    if isinstance(history, History):
        if history.run is None:
            raise InputError("animate: expected a History of this session; got one without its data; train again.")
        run = history.run
    if not isinstance(run, Run) or state is None:
        raise InputError(f"history: expected a History or a Run; got {shown(history)}; pass what train returned.")
    unit = unit_of(run)
    last = int(getattr(state, unit))
    if last <= getattr(run.snapshots[0].state, unit):
        raise InputError("history: expected a run that made steps; got one at its start; train it first.")
    return run, last


def _panels(show: Sequence[str] | None, run: Run) -> list[str]:
    flat = run.network.sizes[0] <= 2 and (run.network.sizes[0] == 2 or run.network.sizes[-1] == 1)
    possible = [name for name in PANELS if flat or name != "boundary"]
    if show is None:
        return possible
    chosen = list(dict.fromkeys([show] if isinstance(show, str) else show))
    if not chosen:
        raise InputError("show: expected at least one panel; got none; pass e.g. show=['loss'].")
    for name in chosen:
        if name not in PANELS:
            raise unknown_name("show", name, PANELS)
        if name not in possible:
            raise InputError(
                f"show: expected a network of two inputs for the boundary, or of one input and one output; got sizes "
                f"{list(run.network.sizes)}; leave 'boundary' out."
            )
    return chosen


def _form(path: Path) -> str:
    form = path.suffix.lower().removeprefix(".")
    if form not in ("gif", "mp4"):
        raise InputError(f"file: expected a name that ends in .gif or .mp4; got {shown(path.name)}; rename it.")
    return form


def _is_watched() -> bool:
    """True if somebody sees the error stream as it is written: a terminal, or a notebook."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def _silent(what: str, done: int, total: int) -> None:
    """Count nothing."""


class _Counter:
    """Counts pictures on one line of the error stream."""

    def __call__(self, what: str, done: int, total: int) -> None:
        ended = what == "drawn" and done == total
        print(f"\r{what}: {done} of {total}   ", end="\n" if ended else "", file=sys.stderr, flush=True)
