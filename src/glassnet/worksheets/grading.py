"""Grades a filled-in sheet: by explain's grading, which forgives rounding and follows a learner's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.explain.grade import Grade
from glassnet.worksheets.answers import read_choice, read_number, read_numbers, read_shape
from glassnet.worksheets.files import FilledSheet
from glassnet.worksheets.sheet import Item, Mistake, Part, Sheet

Array = NDArray[Any]

TOLERANCE = 0.02  # of a term's largest entry, within which its numbers are right however they were rounded
RIGHT = ("right", "rounded")
VERDICTS = (*RIGHT, "follows", "wrong", "not given", "incomplete")


@dataclass(frozen=True)
class Marked:
    """An item with its verdict (one of VERDICTS) and, if it is wrong, what to say."""

    item: Item
    verdict: str
    said: str = ""


@dataclass(frozen=True, eq=False)
class Result:
    """A graded sheet.

    Attributes
    ----------
    learner : str
        The name on the sheet, or that of the file.
    sheet : Sheet
        The sheet.
    marks : tuple of Marked
        One for each item, in order.
    mistakes : tuple of Mistake
        The misconceptions that were found, by their codes; those of numbers are explain's.
    grades : {letter: Grade}
        The grade of each part's numbers.
    """

    learner: str
    sheet: Sheet
    marks: tuple[Marked, ...]
    mistakes: tuple[Mistake, ...]
    grades: Mapping[str, Grade]

    @property
    def right(self) -> int:
        """The number of right items."""
        return sum(mark.verdict in RIGHT for mark in self.marks)

    @property
    def ok(self) -> bool:
        """True if all that was given is right."""
        return all(mark.verdict in (*RIGHT, "not given", "incomplete") for mark in self.marks)

    def __str__(self) -> str:
        head = f"{self.learner}: {self.sheet.title}, seed {self.sheet.seed}: {self.right} of {len(self.marks)} right"
        lines = [head]
        for mark in self.marks:
            if mark.verdict not in RIGHT:
                lines.append(f"  {mark.item.name}: {mark.verdict}{f'; {mark.said}' if mark.said else ''}")
        for letter, grade in self.grades.items():
            if not grade.ok:
                lines.append(f"  part {letter}: " + "\n  ".join(str(grade).splitlines()[1:]).strip())
        return "\n".join(lines)


def grade_sheet(filled: FilledSheet) -> Result:
    """Grade a learner's answers.

    Raises
    ------
    InputError
        If an answer is no number, shape or option.
    """
    marks: dict[str, Marked] = {}
    mistakes: list[Mistake] = []
    grades: dict[str, Grade] = {}
    before: dict[str, Array] = {}
    for part in filled.sheet.parts:
        own = _numbers(part, filled.answers, marks)
        if own:
            grade, verdicts = _grade(part, own, before)
            grades[part.letter] = grade
            for symbol, verdict in verdicts.items():
                marks[part.item(symbol).name] = Marked(part.item(symbol), verdict)
            mistakes += [Mistake(found.code, found.what) for found in (grade.misconception, grade.second) if found]
            if not grade.ok and grade.misconception is None:
                mistakes.append(Mistake("unexplained", "None of the usual mistakes gives these numbers."))
        before = own
        for item in part.items:
            if item.kind != "numbers":
                mark, mistake = _of_one(item, filled.answers.get(item.name), own)
                marks[item.name] = mark
                mistakes += [mistake] if mistake else []
    ordered = tuple(marks[item.name] for item in filled.sheet.items)
    return Result(filled.learner, filled.sheet, ordered, tuple(dict.fromkeys(mistakes)), grades)


def _numbers(part: Part, answers: Mapping[str, Any], marks: dict[str, Marked]) -> dict[str, Array]:
    """Read the numbers of a part by symbol; mark those that are not, or not all, given."""
    own: dict[str, Array] = {}
    for item in part.items:
        if item.kind != "numbers":
            continue
        values = read_numbers(answers.get(item.name), item.name, item.shape)
        empty = np.isnan(values)
        if empty.any():
            verdict = "not given" if empty.all() else "incomplete"
            said = "" if empty.all() else f"{int((~empty).sum())} of {empty.size} boxes filled in"
            marks[item.name] = Marked(item, verdict, said)
        else:
            own[item.symbol] = values.reshape(np.shape(part.derivation.value(item.symbol)))
    return own


def _grade(part: Part, own: Mapping[str, Array], before: Mapping[str, Array]) -> tuple[Grade, dict[str, str]]:
    """Grade the numbers of a part: by the key, or, if that fits more of them, going on from the part before."""
    grade, verdicts = _forgiving(part.derivation, own)
    if not grade.ok and part.carried is not None and before:
        carried, others = _forgiving(part.carried(before), own)
        if list(others.values()).count("wrong") < list(verdicts.values()).count("wrong"):
            others = {symbol: "follows" if verdict in RIGHT else verdict for symbol, verdict in others.items()}
            return carried, {s: "right" if verdicts[s] in RIGHT else verdict for s, verdict in others.items()}
    return grade, verdicts


def _forgiving(derivation: Any, own: Mapping[str, Array]) -> tuple[Grade, dict[str, str]]:
    """Grade numbers; those within TOLERANCE of the right ones count as rounded, and are taken to be the right ones.

    They do not where a usual mistake gives them as they stand, and none gives the others once they are taken for right.
    """
    grade = derivation.grade(own, convention="standard")
    near = {mark.symbol for mark in grade.marks if mark.verdict == "wrong" and _is_near(mark.given, mark.expected)}
    if near:
        taken = {symbol: derivation.value(symbol) if symbol in near else values for symbol, values in own.items()}
        forgiven = derivation.grade(taken, convention="standard")
        if forgiven.ok or forgiven.misconception or not grade.misconception:
            return forgiven, {m.symbol: "rounded" if m.symbol in near else m.verdict for m in forgiven.marks}
    return grade, {mark.symbol: mark.verdict for mark in grade.marks}


def _is_near(given: Array, right: Array) -> bool:
    largest = float(np.max(np.abs(right), initial=0.0))
    return given.size == right.size and bool(np.all(np.abs(given.ravel() - right.ravel()) <= TOLERANCE * largest))


def _of_one(item: Item, given: Any, own: Mapping[str, Array]) -> tuple[Marked, Mistake | None]:
    """Mark a shape, a choice or a single number."""
    if item.kind == "number":
        number = read_number(given, item.name)
        if number is None:
            return Marked(item, "not given"), None
        near = abs(number - item.right) <= max(TOLERANCE * abs(item.right), 1e-9)
        return Marked(item, "right" if near else "wrong"), None
    read = read_shape(given, item.name) if item.kind == "shape" else read_choice(given, item.name, item.options)
    if not read:
        return Marked(item, "not given"), None
    if read == item.right:
        return Marked(item, "right"), None
    if item.own is not None and item.own(own) == read:
        return Marked(item, "follows", "it follows from your own numbers"), None
    mistake = item.mistakes.get(read) or item.mistakes.get("")
    return Marked(item, "wrong", mistake.what if mistake else ""), mistake


def key_answers(sheet: Sheet) -> dict[str, Any]:
    """Return the right answer to each item, in the form of sheet.json."""
    found: dict[str, Any] = {}
    for part in sheet.parts:
        for item in part.items:
            if item.kind == "numbers":
                value = np.asarray(part.derivation.value(item.symbol), dtype=float).reshape(item.shape)
                found[item.name] = value.tolist()
            else:
                found[item.name] = item.right
    return found


def check_same_sheet(sheets: list[Sheet]) -> None:
    """Raise InputError unless all sheets are of one topic, whose items can be counted together."""
    topics = sorted({sheet.topic for sheet in sheets})
    if len(topics) > 1:
        raise InputError(
            f"folder: expected sheets of one topic; got {', '.join(topics)}; grade each topic's folder alone."
        )
