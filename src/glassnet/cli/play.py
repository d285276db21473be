"""`glassnet play`: starts the playground's server and opens its page."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassnet.cli.options import option, spread

if TYPE_CHECKING:
    from glassnet.playground.guard import Access
    from glassnet.playground.lesson import Lesson
    from glassnet.playground.uploads import Upload


@dataclass(frozen=True)
class Serving:
    """Where the page is served, and to whom."""

    port: int = option("The port to listen on; 0 takes any free one.", 8765, min=0, max=65535)
    browser: bool = option("Open the page.", True, "--browser/--no-browser")
    host: str = option("The address to listen on; 0.0.0.0 is all of this machine's, for a class.", "127.0.0.1")
    name: tuple[str, ...] = option(
        "A name under which others reach this machine, such as lab.example; may be given again.", ()
    )
    socket: str = option(
        "Listen on a Unix socket at this path instead, for a proxy on this machine.", "", metavar="PATH"
    )
    root_path: str = option(
        "The path under which a proxy shows the page, such as /user/ada/glassnet.", "", metavar="PATH"
    )
    allow_embed: tuple[str, ...] = option(
        "The origin of a page that may show this one in a frame, such as https://course.example; may be given again.",
        (),
        metavar="ORIGIN",
    )
    lock: str | None = option(
        "Answer signed links only, and print two: yours, and one whose readers may change these settings alone, such as "
        "seed,rate (or none). GLASSNET_SECRET in the environment keeps links valid after a restart.",
        metavar="NAMES",
    )
    lessons: Path | None = option(
        "A folder of lessons of your own, as TOML files; they stand before the built-in ones."
    )
    check_lessons: bool = option("Check the lessons' claims, and open nothing.", False, "--check-lessons")
    lang: str = option(
        "The language of the page, also of what --record and --static write: en or de. Default: that of the reader's browser.",
        "",
    )
    answers: Path | None = option("Append the class's answers to exercises and questions to this CSV file.")

    def access(self) -> Access:
        """Return what the server is told of it."""
        from glassnet.playground.answers import Answers
        from glassnet.playground.guard import Access
        from glassnet.playground.lock import Lock

        lock = None
        if self.lock is not None:
            secret = os.environ.get("GLASSNET_SECRET", "").encode() or secrets.token_bytes(32)
            lock = Lock(secret, "" if self.lock == "none" else self.lock)
        return Access(
            self.name,
            socket=self.socket,
            embeds=self.allow_embed,
            root_path=self.root_path.rstrip("/"),
            lock=lock,
            answers=None if self.answers is None else Answers(self.answers),
        )


@dataclass(frozen=True)
class Writing:
    """Options that write files instead of serving the page."""

    record: Path | None = option("Write a run as one HTML file that needs no server, and open nothing.")
    query: str = option("The run to record: what stands behind the ? in the page's address.", "")
    static: Path | None = option("Write the lessons as pages that need no server into a folder, and open nothing.")


@spread
def play(
    file: Annotated[
        Path | None,
        typer.Argument(help="A CSV file: columns of numbers, and a label or a target.", show_default=False),
    ] = None,
    *,
    serving: Serving,
    writing: Writing,
) -> None:
    """Open the playground: a page on which a network learns, every number of it visible."""
    from glassnet.errors import unknown_name
    from glassnet.playground.lesson_files import read_lessons
    from glassnet.playground.serve import serve
    from glassnet.playground.texts.texts import LANGUAGES
    from glassnet.playground.uploads import MOST_BYTES, read_upload

    if serving.lang not in ("", *LANGUAGES):
        raise unknown_name("--lang", serving.lang, LANGUAGES)
    lessons = () if serving.lessons is None else read_lessons(serving.lessons)
    if serving.check_lessons:
        _check(lessons)
        return
    upload = None
    if file is not None:
        upload = read_upload(_read(file, MOST_BYTES))
    if writing.static is not None:
        _write_lessons(writing.static, lessons, serving.lang)
        return
    if writing.record is not None:
        _record(writing.record, writing.query, upload, serving.lang)
        return
    more: dict[str, Any] = {"upload": upload, "lessons": lessons, "browser": serving.browser, "lang": serving.lang}
    serve(serving.host, serving.port, serving.access(), **more)


def _check(lessons: Sequence[Lesson]) -> None:
    """Print what does not hold in lessons, or in the built-in ones; the exit code is 1 if anything does not."""
    from glassnet.playground.lesson_checks import problems
    from glassnet.playground.lessons import LESSONS
    from glassnet.playground.playground import Playground

    play, wrong = Playground(), 0
    for lesson in lessons or LESSONS:
        found = list(problems(lesson, play))
        wrong += len(found)
        checks = sum(len(step.checks) for step in lesson.steps)
        print(*found, f"{lesson.id}: {len(lesson.steps)} steps, {checks} checks, {len(found)} wrong", sep="\n")
    if wrong:
        raise typer.Exit(1)


def _write_lessons(folder: Path, lessons: Sequence[Lesson], lang: str) -> None:
    from glassnet.playground.playground import Playground
    from glassnet.playground.recording.site import write_site

    for path in write_site(folder, Playground(lessons=lessons), lang):
        print(f"{path}: {path.stat().st_size:,} bytes")


def _record(file: Path, query: str, upload: Upload | None, lang: str) -> None:
    """Write the recording of a run, of the uploaded data where the query names no other."""
    from glassnet.playground.playground import Playground
    from glassnet.playground.recording.recording import record_query
    from glassnet.playground.state import read_query

    play = Playground()
    if upload is not None:
        play.uploads.add(upload, keep=True)
        if "data" not in read_query(query):
            query = f"data={upload.id}&{query}".rstrip("&")
    if lang and "lang" not in read_query(query):
        query = f"{query}&lang={lang}".lstrip("&")
    recording = record_query(play, query)
    print(f"{recording.save(file)}: {recording.title}, {len(recording.html.encode()):,} bytes")


def _read(file: Path, most: int) -> bytes:
    """Up to one byte more than `most` of a regular file, or as "-" of the standard input."""
    from glassnet.tables.reading.read import STDIN, check_regular, read_stdin

    if str(file) == STDIN:
        return read_stdin(most)
    check_regular(file)
    with file.open("rb") as opened:
        return opened.read(most + 1)
