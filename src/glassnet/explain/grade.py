"""Grading: compares a learner's numbers with a graph, finds the first wrong one and the misconception behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.explain.grading.answers import Answers, same_shape
from glassnet.explain.grading.causes import find_causes
from glassnet.explain.grading.conventions import Convention, candidates
from glassnet.explain.grading.marking import Mark, Marking
from glassnet.explain.grading.names import Term, read_terms
from glassnet.explain.grading.notation import in_convention
from glassnet.explain.grading.rules import Misconception
from glassnet.explain.graph import Graph

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Grade:
    """The result of grading a learner's terms, as `Derivation.grade` returns it.

    Attributes
    ----------
    marks : tuple of Mark
        One for each given term, in the order of computation.
    first_wrong : Mark or None
        The first wrong term along the chain.
    misconception : Misconception or None
        The most likely cause: the usual mistake that gives the learner's numbers.
    formula, right_formula : str
        The formula that gives the learner's numbers, and the right one.
    also_possible : tuple of Misconception
        Others that give the same numbers.
    note : str
        What was assumed: the convention of the learner, or what `check` tried.
    convention : Convention
        The convention by which the terms were read and judged.
    assumed : str
        Of a function that `check` graded: the network, loss and form of arguments.
    second : Misconception or None
        Another mistake that was made as well.
    narrowed : str
        Without a cause, how the first wrong term differs from the right one.

    Examples
    --------
    >>> from glassnet import Network, explain
    >>> derivation = explain(Network([2, 2, 1], seed=0), [[1.0, 2.0], [0.5, 0.0]], [1.0, 0.0])
    >>> grade = derivation.grade(dZ2=derivation.value("dZ2"), dW2=2 * derivation.value("dW2"))
    >>> grade.ok, grade.first_wrong.symbol, grade.misconception.code
    (False, 'dW2', 'batch_mean_forgotten')
    """

    marks: tuple[Mark, ...]
    first_wrong: Mark | None
    misconception: Misconception | None
    formula: str
    right_formula: str
    also_possible: tuple[Misconception, ...]
    note: str = ""
    convention: Convention = field(default_factory=Convention)
    second: Misconception | None = None
    narrowed: str = ""
    assumed: str = ""

    @property
    def ok(self) -> bool:
        """True if every term is right."""
        return self.first_wrong is None

    def __str__(self) -> str:
        right = [_called(mark) for mark in self.marks if mark.ok]
        lines = [f"{len(right)} of {len(self.marks)} right" + (f": {', '.join(right)}" if right else "")]
        lines += [part for part in (self.assumed, self.note) if part]
        if self.first_wrong is None:
            return "\n".join(lines)
        mark = self.first_wrong
        lines.append(f"first wrong: {_called(mark)}{f', {mark.note}' if mark.note else ''}")
        yours, expected = _side_by_side(mark.given, mark.expected)
        lines += [f"  yours     {yours}", f"  expected  {expected}"]
        if self.misconception is None:
            narrowed = f"; {self.narrowed}" if self.narrowed else ""
            lines.append(f"  none of the usual mistakes gives your numbers{narrowed}; look at its formula:")
            lines.append(f"  {mark.symbol} = {self.right_formula}")
        else:
            lines.append(f"  {self.misconception.what}")
            lines.append(f"  yours is what {self.formula} gives; right is {self.right_formula}")
            lines.append(f"  {self.misconception.remedy}")
        if self.also_possible:
            lines.append("  the same numbers also come of: " + " ".join(other.what for other in self.also_possible[:3]))
        if self.second is not None:
            lines.append(f"  and a second mistake: {self.second.what} {self.second.remedy}")
        for verdict, words in (("follows", "follow rightly from the wrong ones"), ("wrong", "also wrong")):
            others = [_called(m) for m in self.marks if m.verdict == verdict and m is not mark]
            if others:
                lines.append(f"{', '.join(others)}: {words}")
        return "\n".join(lines)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The grade as plain values, for JSON."""
        return {
            "ok": self.ok,
            "marks": [
                {"symbol": m.symbol, "verdict": m.verdict, "note": m.note, "expected": m.expected.tolist()}
                for m in self.marks
            ],
            "first_wrong": self.first_wrong.symbol if self.first_wrong else None,
            "misconception": None
            if self.misconception is None
            else {
                "code": self.misconception.code,
                "what": self.misconception.what,
                "remedy": self.misconception.remedy,
            },
            "second": None if self.second is None else self.second.code,
            "narrowed": self.narrowed,
            "formula": self.formula,
            "right_formula": self.right_formula,
            "note": self.note,
            "convention": str(self.convention),
            "assumed": self.assumed,
        }


def grade(
    graph: Graph, answers: Mapping[str, Any], convention: Convention | str | None = None, by_hand: bool = True
) -> Grade:
    """Compare a learner's terms with those of the graph; see `Derivation.grade`."""
    if not answers:
        raise InputError("grade: expected at least one term; got none; pass e.g. grade(dZ2=[[0.3, -0.3]]).")
    terms = read_terms(graph, answers)
    attempt = _best_attempt(graph, terms, convention, by_hand)
    marks = tuple(attempt.mark(symbol, verdict) for symbol, verdict in attempt.verdicts.items())
    note = f"your convention: {attempt.convention}" if attempt.convention.changes() else ""
    wrong = next((mark for mark in marks if mark.verdict == "wrong"), None)
    if wrong is None:
        return Grade(marks, None, None, "", "", (), note, attempt.convention)
    found = find_causes(attempt.answer, attempt.truth, attempt.verdicts)
    return Grade(
        marks,
        wrong,
        found.misconception,
        _as_written(attempt, wrong.symbol, found.formula),
        _as_written(attempt, wrong.symbol, found.right_formula),
        found.others,
        note,
        attempt.convention,
        found.second,
        found.narrowed,
    )


def _as_written(attempt: _Attempt, symbol: str, formula: str) -> str:
    """A formula, with the symbol it is of or without, in the learner's convention."""
    if " = " not in formula:
        return in_convention(attempt.convention, attempt.graph, symbol, formula)
    of, _, code = formula.partition(" = ")
    return f"{of} = {in_convention(attempt.convention, attempt.graph, of, code)}"


def wrong_terms(graph: Graph, answers: Mapping[str, Any], convention: Convention | str | None = None) -> int:
    """Count the terms of a program that are wrong."""
    attempt = _best_attempt(graph, read_terms(graph, answers), convention, by_hand=False)
    return sum(verdict not in ("right", "rounded") for verdict in attempt.verdicts.values())


class _Attempt:
    """A learner's terms read and marked in one convention."""

    def __init__(self, graph: Graph, terms: Mapping[str, Term], convention: Convention, by_hand: bool) -> None:
        self.convention, self.terms = convention, terms
        self.graph = convention.graph(graph)
        given = {symbol: convention.read(graph, symbol, term.value) for symbol, term in terms.items()}
        self.answer = Answers(self.graph, given, by_hand, convention.written(graph))
        marking = Marking(self.answer)
        self.truth = marking.truth
        self.verdicts = dict(marking.marks())
        self.contradictions = marking.contradictions

    def mark(self, symbol: str, verdict: str) -> Mark:
        """The mark of one term, in the learner's own layout."""
        term = self.terms[symbol]
        expected = self.convention.show(self.graph, symbol, self.truth[symbol])
        note = ""
        if not same_shape(symbol, term.value, expected):
            note = f"whose shape is {term.value.shape} in place of {expected.shape}"
        return Mark(symbol, verdict, term.value, expected, note, term.name)

    @property
    def rank(self) -> tuple[int, int]:
        """Less is better: the number of terms that fit none before them, and of those that are not right."""
        verdicts = list(self.verdicts.values())
        wrong, follows = verdicts.count("wrong"), verdicts.count("follows")
        return wrong + self.contradictions, wrong + follows


def _best_attempt(graph: Graph, terms: Mapping[str, Term], told: Convention | str | None, by_hand: bool) -> _Attempt:
    """Mark the terms in the conventions they may follow; of equally good ones the first."""
    given = {symbol: term.value for symbol, term in terms.items()}
    conventions = candidates(graph, given, told)
    standard = best = _Attempt(graph, terms, next(conventions), by_hand)
    for convention in conventions:
        if best.rank == (0, 0):
            break
        attempt = _Attempt(graph, terms, convention, by_hand)
        if attempt.rank < best.rank and _shows(attempt, standard):
            best = attempt
    return best


def _shows(attempt: _Attempt, standard: _Attempt) -> bool:
    """True if the learner's terms show the convention: a mistake that looks like one is none.

    A loss of another scale must be right in it, and a gradient as well. Where the mean comes later, some weight or bias
    gradient must fit, and no dZ or dA be right as it stands.
    """
    fits = {symbol for symbol, verdict in attempt.verdicts.items() if verdict != "wrong"}
    convention, told = attempt.convention, standard.convention
    if (convention.mean == "none" != told.mean) or convention.factor != told.factor:
        return "loss" in fits and any(symbol.startswith(("d", "g", "theta")) for symbol in fits)
    if convention.mean != "gradients" or told.mean == "gradients":
        return True
    gradients = {symbol for symbol in attempt.verdicts if symbol.startswith(("dW", "db"))}
    as_it_stands = any(
        symbol.startswith(("dZ", "dA")) and verdict in ("right", "rounded")
        for symbol, verdict in standard.verdicts.items()
    )
    return not as_it_stands and (not gradients or not gradients.isdisjoint(fits))


def _called(mark: Mark) -> str:
    """The term by its symbol, with the learner's own name where that is another."""
    name = "" if mark.name.lower() in ("", mark.symbol.lower()) else f" ({mark.name})"
    return f"{mark.symbol}{name}{' (rounded)' if mark.verdict == 'rounded' else ''}"


def _side_by_side(given: Array, expected: Array) -> tuple[str, str]:
    """Both arrays with as many digits as it takes to see them differ, and of large ones the entry that differs most."""
    place = ""
    if given.shape == expected.shape and given.size > _SHOWN and np.isfinite(given).all():
        index = np.unravel_index(np.argmax(np.abs(given - expected)), given.shape)
        place = f"; [{', '.join(map(str, index))}] is "
    for digits in range(4, 18):
        yours, right = (_short(values, digits) for values in (given, expected))
        if place:
            entries = tuple(f"{values[index]:.{digits}g}" for values in (given, expected))
            if entries[0] != entries[1]:
                return yours + place + entries[0], right + place + entries[1]
        elif yours != right:
            break
    return yours, right


_SHOWN = 12  # numbers of an array that is printed whole


def _short(values: Array, digits: int) -> str:
    text = np.array2string(np.asarray(values) + 0.0, precision=digits, threshold=_SHOWN, edgeitems=2)  # −0. + 0. is 0
    return " ".join(text.split())
