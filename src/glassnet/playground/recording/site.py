"""Writes the lessons as pages that need no server: a recording for each, and an index."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from glassnet.playground import frames
from glassnet.playground.lesson import Lesson
from glassnet.playground.playground import Playground
from glassnet.playground.recording.packing import Packed, keep, pack
from glassnet.playground.recording.recording import Recording, as_recording
from glassnet.playground.state import describe, read_query, state_of
from glassnet.playground.texts.texts import Words

FRAMES, FEWEST = 150, 5  # of all runs of a lesson, and of each at least
MOST_BYTES = 1_400_000  # of all runs of a lesson, about; the page itself takes another 400 kB
SHORT = 100  # steps after the last one of a lesson that stays at step 0
ENTRIES = 60  # chain rules of each run

INDEX = """<!doctype html>
<html lang="{lang}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>{title}</title>
    <style>
      body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
      li {{ padding: 0.2rem 0; }}
    </style>
  </head>
  <body>
    <main>
      <h1>{heading}</h1>
      <p>{words}</p>
      <ol>
{items}
      </ol>
    </main>
  </body>
</html>
"""


def write_site(folder: Path, play: Playground, lang: str = "") -> list[Path]:
    """Write a page for each lesson and an index into a folder, in a language; return their paths.

    "" leaves the language of the pages to the reader's browser, and writes the index in English.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [record_lesson(play, lesson, lang).save(folder / f"{lesson.id}.html") for lesson in play.all_lessons]
    index = folder / "index.html"
    index.write_text(_index(play.all_lessons, lang or "en"), encoding="utf-8")
    return [index, *paths]


def _index(lessons: Sequence[Lesson], lang: str) -> str:
    link = '        <li><a href="{id}.html">{title}</a></li>'
    items = [link.format(id=lesson.id, title=html.escape(lesson.told(lang).title)) for lesson in lessons]
    words = Words(lang)
    told = {"title": words("site.title"), "heading": words("site.heading")}
    text = words("site.words", command="<code>glassnet play</code>")
    return INDEX.format(items="\n".join(items), lang=lang, words=text, **told)


def record_lesson(play: Playground, lesson: Lesson, lang: str = "") -> Recording:
    """Record the runs of a lesson's steps, with its text in each language; the page opens in `lang`, or the browser's."""
    steps: dict[str, set[int]] = {}
    places: list[str] = []
    for place in range(len(lesson.steps)):
        given = read_query(lesson.query(place))
        run = _run_of(given)
        places.append(run)
        steps.setdefault(run, set()).add(int(given.get("step", "0")))
    packed = [_pack(play, run, sorted(also), len(steps)) for run, also in steps.items()]
    runs = [*steps]
    other = {code: told.to_dict() for code, told in lesson.translations.items()}
    more = {"lessons": [{**lesson.to_dict(), "other": other}], "places": [runs.index(run) for run in places]}
    return as_recording(packed, lesson.told(lang).title, lang=lang, **more)


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
