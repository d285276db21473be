"""Records a run: `record` makes one HTML file of it, in which it can be scrubbed and looked into without a server."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from glassnet.errors import InputError, check_count, unknown_name
from glassnet.playground.checkpoints import Course
from glassnet.playground.playground import Playground
from glassnet.playground.recording.packing import MOST_ENTRIES, Packed, keep, pack, samples_of
from glassnet.playground.recording.page import page
from glassnet.playground.recording.runs import run_of, setup_of_run
from glassnet.playground.setup import Setup
from glassnet.playground.state import read_query, state_of
from glassnet.playground.texts.texts import ENGLISH, LANGUAGES, Words
from glassnet.training.history import History
from glassnet.training.options import TrainingOptions
from glassnet.training.run import Run

FRAMES = 200  # frames of a recording
STEPS = 1000  # the end of a recording of a run that stands at step 0
FRAME_HEIGHT = 760  # of the picture in a notebook, in pixels


@dataclass(frozen=True, repr=False)
class Recording:
    """A run as one HTML file; as the last line of a notebook's cell it is shown below it.

    Attributes
    ----------
    html : str
        The file's text.
    title : str
        What was recorded, in words.

    Examples
    --------
    >>> import glassnet as gn
    >>> history = gn.train(gn.Network([2, 2, 1]), [[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0], optimizer="sgd", epochs=4)
    >>> recording = gn.record(history, frames=2)
    >>> "default-src 'none'" in recording.html  # its own policy: it loads nothing
    True
    """

    html: str
    title: str

    def save(self, file: str | Path) -> Path:
        """Write the file and return its path.

        Parameters
        ----------
        file : str or path
            The file to write, overwritten if there is one.

        Returns
        -------
        Path
        """
        path = Path(file)
        path.write_text(self.html, encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" title="{html.escape(self.title)}" sandbox="allow-scripts" '
            f'style="width: 100%; height: {FRAME_HEIGHT}px; border: 0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Recording({self.title!r}; {len(self.html.encode()):,} bytes; save it with .save('run.html'))"


def record(
    run: Any,
    X: Any = None,
    y: Any = None,
    *,
    title: str = "your data",
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    samples: Sequence[int] | None = None,
    frames: int = FRAMES,
    lang: str = "",
    **options: Unpack[TrainingOptions],
) -> Recording:
    """Record a run as one HTML file: network, surface, curves at many steps, and worked steps in the glass.

    The file needs no server and no network: it opens from a disk, a slide deck or a course page. It holds every step at first and
    fewer later on, `frames` in all.

    Parameters
    ----------
    run : History, Run, Network or estimator
        What `train` returned, or a Run; its inputs are two columns. A Network, or an MLPClassifier or MLPRegressor, is
        trained on X and y, as a copy.
    X, y : arrays
        The data, for a Network or an estimator.
    title : str
        A name of the data.
    names, classes : sequences of str, optional
        Names of the two columns, and of the classes.
    samples : sequence of int, optional
        Rows to look at in the glass besides the batch. Default: one of each of two classes.
    frames : int
        The number of steps to keep, about.
    lang : str
        The language of the page's words: "en" or "de". Default: that of the reader's browser.
    **options
        Those of `train`, for a Network or an estimator.

    Returns
    -------
    Recording
        `.save(file)` writes it; in a notebook it shows itself.

    Raises
    ------
    InputError
        If the inputs are not two columns, there is more than one target, the page has no such language, or the optimizer is
        LBFGS, which makes no steps.

    Examples
    --------
    >>> import glassnet as gn
    >>> net = gn.Network([2, 3, 1], output="sigmoid", seed=0)
    >>> history = gn.train(net, [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1], optimizer="sgd", epochs=20)
    >>> recording = gn.record(history, title="three points", frames=10)
    >>> recording.title
    'three points · 2-3-1 · relu · sgd 0.1'
    >>> recording.html[:15]
    '<!doctype html>'
    """
    check_count("frames", frames, high=2000)
    if lang not in ("", *LANGUAGES):
        raise unknown_name("lang", lang, LANGUAGES)
    trained = run_of(run, X, y, options)
    if not isinstance(run, History | Run):
        trained.advance()
    elif trained.step == 0:
        raise InputError("record: expected a run with steps; got one before its first; call advance() before.")
    setup = setup_of_run(trained, title, names, classes)
    course = Course(setup)
    rows = (
        samples_of(course) if samples is None else ("", *(str(_row(each, len(setup.data.train))) for each in samples))
    )
    kept = keep(course, trained.step, frames, rows)
    return as_recording([pack(course, setup.state.query(), kept)], _title(setup, Words(lang or "en")), lang=lang)


def record_query(
    play: Playground, query: str, frames: int = FRAMES, samples: int = 3, most_entries: int = MOST_ENTRIES
) -> Recording:
    """Record the run of a page's address, or its two runs, from step 0 to the address's step (STEPS if that is 0).

    The glass shows the batch and, in all, up to `samples` of what it can be worked out on, with about `most_entries` chain rules.
    """
    given = read_query(query)
    language = given["lang"] if given.get("lang") in LANGUAGES else ""
    words = Words(language or "en")
    states = [state_of(given)]
    if given.get("compare"):
        states.append(state_of(read_query(given["compare"])))
    courses = [play.course(state.run) for state in states]
    end = min(states[0].step or STEPS, *(course.setup.max_step for course in courses))
    rows = samples_of(courses[0], given.get("sample", ""))[:samples]
    first = keep(courses[0], end, frames, rows, [end], most_entries)
    packed = [pack(courses[0], states[0].run.query(), first)]
    for course, state in zip(courses[1:], states[1:], strict=True):
        packed.append(pack(course, state.run.query(), keep(course, end, frames, rows, first.steps, most_entries)))
    return as_recording(
        packed,
        shown=[*range(len(packed))],
        title=words("title.and").join(dict.fromkeys(_title(course.setup, words) for course in courses)),
        lang=language,
    )


def as_recording(packed: list[Packed], title: str, **more: Any) -> Recording:
    """Make the file of packed runs; `more` is what else the page must know."""
    index = {"title": title, "runs": [each.index for each in packed], **more}
    parts = {f"{name}-{k}": getattr(each, name) for k, each in enumerate(packed) for name in ("frames", "glass")}
    words = Words(more.get("lang") or "en")
    return Recording(page(words("title.recording", title=title), index, parts), title)


def _title(setup: Setup, words: Words = ENGLISH) -> str:
    """Return the run in the page's words: two moons · 2-10-1 · relu · sgd 0.1."""
    state = setup.state
    shape, activation = "-".join(map(str, setup.sizes)), ", ".join(dict.fromkeys(state.activations))
    rate = words.decimal(f"{state.learning_rate:g}")
    parts = [words.titled(setup.data.title), shape, activation.replace("_", " "), f"{state.optimizer} {rate}"]
    return " · ".join(filter(None, parts))


def _row(given: Any, n: int) -> int:
    return check_count("samples", given, low=0, high=n - 1)
