"""Reads lessons from TOML files: one file a lesson, its text in plain paragraphs, with its translations."""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassnet.errors import InputError, shown, unknown_name
from glassnet.playground.lesson import Lesson, Question, Step
from glassnet.playground.state import read_query, state_of
from glassnet.playground.texts.texts import LANGUAGES

HIGHLIGHTS = ("network", "surface", "curves", "title", "time", "controls", "glass")
MOST_BYTES, MOST_FILES, MOST_STEPS = 100_000, 100, 50
_FILE = re.compile(r"(?:\d+-)?([a-z][a-z0-9-]{0,40})\.toml")  # 03-my-lesson.toml is the lesson my-lesson, the third
_MARKS = ((r"\*\*(.+?)\*\*", r"<b>\1</b>"), (r"\*(.+?)\*", r"<i>\1</i>"), (r"`(.+?)`", r"<code>\1</code>"))


def read_lessons(folder: Path) -> tuple[Lesson, ...]:
    """Read the lessons of a folder, in the order of the files' names.

    Raises
    ------
    InputError
        If there are none, or a file is no lesson; the message names the file and the step.
    """
    files = sorted(folder.glob("*.toml"))[: MOST_FILES + 1]
    if not 0 < len(files) <= MOST_FILES:
        raise InputError(
            f"--lessons: expected 1 to {MOST_FILES} .toml files in {str(folder)!r}; got {len(files)}; see docs/how-to/lessons.md."
        )
    lessons = tuple(read_lesson(file) for file in files)
    names = [lesson.id for lesson in lessons]
    for lesson in lessons:
        if names.count(lesson.id) > 1:
            raise InputError(f"--lessons: expected one file called {lesson.id}.toml; got two; rename one.")
    return lessons


def read_lesson(file: Path) -> Lesson:
    """Read a lesson from a file, called by its name."""
    named = _FILE.fullmatch(file.name)
    if named is None:
        raise InputError(f"{file.name}: expected a name in small letters; got another; call it e.g. 01-my-lesson.toml.")
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InputError(f"{file.name}: expected at most {MOST_BYTES:,} bytes; got more; make two lessons of it.")
        given = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file.name}: expected TOML; got: {error}; correct that.") from None
    where = file.name
    _only(where, given, ("title", "step", "language", *LANGUAGES))
    language = _typed(where, given, "language", str, "en")
    if language not in LANGUAGES:
        raise unknown_name(f"{where}, language", language, LANGUAGES)
    steps = _typed(where, given, "step", list)
    if not 0 < len(steps) <= MOST_STEPS:
        raise InputError(f"{where}: expected 1 to {MOST_STEPS} parts [[step]]; got {len(steps)}; change their number.")
    read: list[Step] = []
    query: dict[str, str] = {}
    for number, step in enumerate(steps, 1):
        read.append(_step(f"{where}, step {number}", step, query))
        query |= read[-1].query
    lesson = Lesson(named[1], _typed(where, given, "title", str), tuple(read), language)
    others = {code: _translated(where, given, lesson, code) for code in LANGUAGES}
    return replace(lesson, translations={code: each for code, each in others.items() if each is not None})


def paragraphs(text: str) -> str:
    """Return text as HTML: blank lines part paragraphs; **bold**, *italic* and `code`; all else stands as it is.

    Examples
    --------
    >>> paragraphs("So *many* units, a < b.")
    '<p>So <i>many</i> units, a &lt; b.</p>'
    """
    found = []
    for part in re.split(r"\n\s*\n", text.strip()):
        line = html.escape(" ".join(re.split(r"[ \t\r\n]+", part)), quote=False)  # other spaces, as in 1 000, stay
        for pattern, new in _MARKS:
            line = re.sub(pattern, new, line)
        found.append(f"<p>{line}</p>")
    return "".join(found)


def _step(where: str, given: Any, before: dict[str, str]) -> Step:
    if not isinstance(given, dict):
        raise InputError(f"{where}: expected a part [[step]]; got {shown(str(given))}; begin it with [[step]].")
    _only(where, given, ("text", "query", "highlight", "checks", "question", *LANGUAGES))
    text = _typed(where, given, "text", str)
    try:
        query = read_query(_typed(where, given, "query", str, ""))
        state_of(before | query)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    highlight = _typed(where, given, "highlight", str, "network")
    if highlight not in HIGHLIGHTS:
        raise unknown_name(f"{where}, highlight", highlight, HIGHLIGHTS)
    checks = tuple(map(str, _typed(where, given, "checks", list, [])))
    question = given.get("question")
    return Step(paragraphs(text), query, highlight, None if question is None else _question(where, question), checks)


def _question(where: str, given: Any) -> Question:
    where = f"{where}, question"
    if not isinstance(given, dict):
        raise InputError(f"{where}: expected a part [step.question]; got {shown(str(given))}; begin it so.")
    _only(where, given, ("text", "choices", "answer", "why", *LANGUAGES))
    choices = tuple(map(str, _typed(where, given, "choices", list)))
    answer = _typed(where, given, "answer", int)
    if not 2 <= len(choices) <= 9 or not 1 <= answer <= len(choices):
        raise InputError(
            f"{where}: expected 2 to 9 choices and the number of the right one; got {len(choices)} and {answer}; correct it."
        )
    return Question(_typed(where, given, "text", str), choices, answer - 1, _typed(where, given, "why", str, ""))


class _Translation:
    """Reads the texts of one language from the tables of its code, and notes those that are missing."""

    def __init__(self, code: str, lesson: Lesson) -> None:
        self.code, self.lesson = code, lesson
        self.found = 0
        self.missing: list[str] = []

    def text(self, where: str, given: dict[str, Any], name: str, own: Any) -> Any:
        """Return a text of the table in `given`; if there is none, the lesson's own."""
        table = _typed(where, given, self.code, dict, {})
        _only(f"{where}, {self.code}", table, ("title", "text", "choices", "why"))
        if name not in table:
            place = where.partition(", ")[2]
            self.missing += (
                [f"{self.lesson.id}{', ' if place else ''}{place}: no {name} in {self.code}."] if own else []
            )
            return own
        self.found += 1
        return _typed(f"{where}, {self.code}", table, name, list if isinstance(own, tuple) else str)

    def question(self, where: str, given: dict[str, Any], own: Question) -> Question:
        where = f"{where}, question"
        choices = tuple(map(str, self.text(where, given, "choices", own.choices)))
        if len(choices) != len(own.choices):
            raise InputError(
                f"{where}, {self.code}: expected {len(own.choices)} choices; got {len(choices)}; give one for each."
            )
        return replace(
            own,
            text=self.text(where, given, "text", own.text),
            choices=choices,
            why=self.text(where, given, "why", own.why),
        )


def _translated(where: str, given: dict[str, Any], lesson: Lesson, code: str) -> Lesson | None:
    """Return the lesson in a language; None if the file has nothing in it."""
    read = _Translation(code, lesson)
    title = read.text(where, given, "title", lesson.title)
    steps: list[Step] = []
    for number, (part, step) in enumerate(zip(given["step"], lesson.steps, strict=True), 1):
        place = f"{where}, step {number}"
        text = read.text(place, part, "text", step.text)
        question = step.question and read.question(place, part["question"], step.question)
        steps.append(replace(step, text=text if text is step.text else paragraphs(text), question=question))
    if not read.found:
        return None
    return replace(lesson, title=title, steps=tuple(steps), language=code, missing=tuple(read.missing))


def _typed(where: str, given: dict[str, Any], name: str, kind: type[Any], default: Any = None) -> Any:
    value = given.get(name, default)
    if not isinstance(value, kind):
        words = {str: "text in quotation marks", list: "a list", int: "a whole number", dict: "a table"}[kind]
        got = "nothing" if value is None else shown(str(value))
        raise InputError(f"{where}: expected {name} = {words}; got {got}; correct it.")
    return value


def _only(where: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise unknown_name(where, name, known)
