"""Writes the lessons as pages that need no server: a recording for each, and an index."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from glassnet.playground import frames
from glassnet.playground.lessons import Lesson
from glassnet.playground.playground import Playground
from glassnet.playground.recording.packing import Packed, keep, pack
from glassnet.playground.recording.recording import Recording, as_recording
from glassnet.playground.state import describe, read_query, state_of

FRAMES, FEWEST = 150, 5  # of all runs of a lesson, and of each at least
MOST_BYTES = 1_400_000  # of all runs of a lesson, about; the page itself takes another 400 kB
SHORT = 100  # steps after the last one of a lesson that stays at step 0
ENTRIES = 60  # chain rules of each run

INDEX = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Lessons – glassnet</title>
    <style>
      body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
      li {{ padding: 0.2rem 0; }}
    </style>
  </head>
  <body>
    <main>
      <h1>Lessons on neural networks</h1>
      <p>Each is a page on which recorded runs can be played, stepped through and looked into. Nothing is computed and nothing
      is loaded: <code>glassnet play</code> gives the page on which everything can be changed.</p>
      <ol>
{items}
      </ol>
    </main>
  </body>
</html>
"""


def write_site(folder: Path, play: Playground) -> list[Path]:
    """Write a page for each lesson and an index into a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [record_lesson(play, lesson).save(folder / f"{lesson.id}.html") for lesson in play.all_lessons]
    index = folder / "index.html"
    index.write_text(_index(play.all_lessons), encoding="utf-8")
    return [index, *paths]


def _index(lessons: Sequence[Lesson]) -> str:
    link = '        <li><a href="{id}.html">{title}</a></li>'
    items = [link.format(id=lesson.id, title=html.escape(lesson.title)) for lesson in lessons]
    return INDEX.format(items="\n".join(items))


def record_lesson(play: Playground, lesson: Lesson) -> Recording:
    """Record the runs of a lesson's steps."""
    steps: dict[str, set[int]] = {}
    places: list[str] = []
    for place in range(len(lesson.steps)):
        given = read_query(lesson.query(place))
        run = _run_of(given)
        places.append(run)
        steps.setdefault(run, set()).add(int(given.get("step", "0")))
    packed = [_pack(play, run, sorted(also), len(steps)) for run, also in steps.items()]
    runs = [*steps]
    return as_recording(packed, lesson.title, lessons=[lesson.to_dict()], places=[runs.index(run) for run in places])


def _pack(play: Playground, run: str, also: list[int], runs: int) -> Packed:
    """Pack one of several runs: as many frames as its share of the bytes allows, and the glass where that takes little."""
    course = play.course(state_of(read_query(run)))
    end = min(also[-1] or SHORT, course.setup.max_step)
    parameters, units = course.at(0).run.network.n_parameters, sum(course.setup.sizes)
    room = MOST_BYTES / runs
    glass = 3 * (12_000 + 200 * parameters)  # measured, as the next line, in base64
    frame = 18 * parameters + 0.4 * (frames.MAP_SIZE**2 * units + frames.SURFACE_SIZE**2)
    samples = [""] if glass < room / 3 else []
    count = int(
        0.8 * (room - glass * len(samples)) / frame
    )  # about; the first steps and those of the lesson come on top
    return pack(course, run, keep(course, end, max(FEWEST, min(count, FRAMES // runs)), samples, also, ENTRIES))


def _run_of(given: dict[str, str]) -> str:
    """Return a run's name as the page makes it: the names of a query that differ from their defaults, in one order."""
    names = describe()["names"]
    defaults = {name: names[name]["default"] for name in names if name != "step"} | {"rate": ""}
    return "&".join(f"{name}={given[name]}" for name in defaults if given.get(name, defaults[name]) != defaults[name])
