"""Collects a class's answers in a CSV file: what was asked, answered, and the mistake behind a wrong answer; no accounts."""

from __future__ import annotations

import csv
import io
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glassnet.errors import InputError, shown
from glassnet.playground.lesson import Lesson
from glassnet.playground.playground import Playground
from glassnet.playground.state import number, read_query, whole

COLUMNS = ("time", "name", "question", "about", "answer", "right", "expected", "mistake", "run")
MOST_BYTES = 2_000  # of an answer
MOST_FILE = 50_000_000
MOST_NAME = 60


class Answers:
    """Appends answers to a file; the server grades them, whatever the page says.

    Raises
    ------
    InputError
        If the file cannot be written, or holds another table.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        line = _line(COLUMNS)
        try:
            with file.open("a+b") as opened:
                opened.seek(0)
                begins = opened.read(len(line) + 3)
                if not begins:
                    opened.write(line.encode("utf-8-sig"))  # the mark tells spreadsheets the encoding
        except OSError as error:
            raise InputError(
                f"--answers: expected a file to write; got {str(file)!r} ({error.strerror}); name another."
            ) from None
        if begins and not begins.decode("utf-8-sig", "replace").startswith(line):
            raise InputError(f"--answers: expected a file of answers or a new one; got {str(file)!r}; name another.")

    def add(self, play: Playground, query: str, content: bytes) -> bytes:
        """Grade the answer in `content` (JSON) to the question of a query, and append it."""
        try:
            told = json.loads(content)
            name, answer = str(told["name"]), str(told["answer"])
        except (ValueError, TypeError, KeyError):
            raise InputError('answers: expected {"name": …, "answer": …}; got something else; send both.') from None
        given = read_query(query)
        row = (
            _choice(play, given, answer)
            if given.get("lesson", "exercise") != "exercise"
            else _number(play, query, answer)
        )
        when = datetime.now(UTC).isoformat(timespec="seconds")
        run = "&".join(each for each in query.split("&") if not each.startswith(("v=", "free=", "sig=")))
        line = _line((when, _plain(name)[:MOST_NAME], *row, run))
        with self._lock, self.file.open("a", encoding="utf-8", newline="") as opened:
            if opened.tell() > MOST_FILE:
                raise InputError(
                    f"answers: expected at most {MOST_FILE:,} bytes in the file; got more; tell your teacher."
                )
            opened.write(line)
        return b"{}"


def _number(play: Playground, query: str, answer: str) -> tuple[Any, ...]:
    """Return question, about, answer, right, expected and mistake for a number that was asked for."""
    value = number("answer", answer, -1e12, 1e12)
    asked = json.loads(play.exercise(query))
    mark = json.loads(play.grade(f"{query}&answer={answer}"))
    index = ", ".join(map(str, asked["index"]))
    mistake = mark["misconception"]
    return (
        mark["kind"],
        f"{asked['symbol']}[{index}]" if index else asked["symbol"],
        value,
        "yes" if mark["ok"] else "no",
        mark["expected"],
        mistake["code"] if mistake else "",
    )


def _choice(play: Playground, given: dict[str, str], answer: str) -> tuple[Any, ...]:
    """Return the same for a choice of a lesson's question, counted from 1."""
    name, _, place = given["lesson"].partition(":")
    found: dict[str, Lesson] = {lesson.id: lesson for lesson in play.all_lessons}
    if name not in found:
        raise InputError(f"lesson: expected one of this server; got {shown(name)}; open the list of lessons.")
    steps = found[name].steps
    question = steps[whole("lesson", place or "0", 0, len(steps) - 1)].question
    if question is None:
        raise InputError(f"lesson: expected a step with a question; got {shown(given['lesson'])}; open another.")
    chosen = whole("answer", answer, 1, len(question.choices)) - 1
    right = chosen == question.answer
    words = [question.choices[at] for at in (chosen, question.answer)]
    return (
        f"lesson {given['lesson']}",
        _plain(question.text),
        _plain(words[0]),
        "yes" if right else "no",
        _plain(words[1]),
        "",
    )


def _plain(text: str) -> str:
    """Return text of one line that no spreadsheet takes for a formula."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def _line(cells: tuple[Any, ...]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(cells)
    return written.getvalue()
