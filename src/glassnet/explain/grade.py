"""Grading: compares a learner's numbers with a graph, finds the first wrong one and the misconception behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.explain.grading.answers import Answers, same_shape
from glassnet.explain.grading.causes import find_causes
from glassnet.explain.grading.rules import Formulas, Misconception
from glassnet.explain.graph import Graph

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Mark:
    """The verdict on one term: "right", "wrong", or "follows" if it was computed rightly from a wrong one."""

    symbol: str
    verdict: str
    given: Array
    expected: Array
    note: str = ""


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
    """

    marks: tuple[Mark, ...]
    first_wrong: Mark | None
    misconception: Misconception | None
    formula: str
    right_formula: str
    also_possible: tuple[Misconception, ...]
    note: str = ""

    @property
    def ok(self) -> bool:
        """True if every term is right."""
        return self.first_wrong is None

    def __str__(self) -> str:
        right = [mark.symbol for mark in self.marks if mark.verdict == "right"]
        lines = [f"{len(right)} of {len(self.marks)} right" + (f": {', '.join(right)}" if right else "")]
        if self.note:
            lines.append(self.note)
        if self.first_wrong is None:
            return "\n".join(lines)
        mark = self.first_wrong
        lines.append(f"first wrong: {mark.symbol}{f', {mark.note}' if mark.note else ''}")
        lines += [f"  yours     {_short(mark.given)}", f"  expected  {_short(mark.expected)}"]
        if self.misconception is None:
            lines.append("  none of the usual mistakes gives your numbers; look at its formula:")
            lines.append(f"  {mark.symbol} = {self.right_formula}")
        else:
            lines.append(f"  {self.misconception.what}")
            lines.append(f"  yours is what {self.formula} gives; right is {self.right_formula}")
            lines.append(f"  {self.misconception.remedy}")
        for verdict, words in (("follows", "follow rightly from the wrong ones"), ("wrong", "also wrong")):
            others = [m.symbol for m in self.marks if m.verdict == verdict and m is not mark]
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
            "formula": self.formula,
            "right_formula": self.right_formula,
            "note": self.note,
        }


def grade(graph: Graph, answers: Mapping[str, Any]) -> Grade:
    """Compare a learner's terms with those of the graph; see `Derivation.grade`."""
    if not answers:
        raise InputError("grade: expected at least one term; got none; pass e.g. grade(dZ2=[[0.3, -0.3]]).")
    answer = Answers(graph, answers)
    truth = {symbol: graph.value(symbol) for symbol in answer.given}
    if not all(answer.matches(symbol, truth[symbol]) for symbol in answer.given):
        later = answer.simulate(_mean_taken_later(graph))
        if later and all(answer.matches(symbol, later.get(symbol, truth[symbol])) for symbol in answer.given):
            marks = tuple(Mark(symbol, "right", answer.given[symbol], truth[symbol]) for symbol in answer.given)
            note = "your dZ and dA are those of single samples: the mean over the batch comes in dW and db, as well"
            return Grade(marks, None, None, "", "", (), note)
    marks = tuple(_marks(answer, truth))
    wrong = next((mark for mark in marks if mark.verdict == "wrong"), None)
    if wrong is None:
        return Grade(marks, None, None, "", "", ())
    found = find_causes(answer, truth, wrong.symbol)
    formula, causes = "", tuple(dict.fromkeys(hypothesis.misconception for hypothesis in found))
    if found:
        symbol = wrong.symbol if wrong.symbol in found[0].formulas else next(iter(found[0].formulas))
        formula = f"{symbol} = {found[0].formulas[symbol]}"
    else:
        symbol = wrong.symbol
    right = graph[symbol].code if symbol in graph else ""
    shown_right = f"{symbol} = {right}" if found else right
    return Grade(marks, wrong, causes[0] if causes else None, formula, shown_right, causes[1:])


def _marks(answer: Answers, truth: Mapping[str, Array]) -> Iterator[Mark]:
    """Mark each term; a wrong one whose numbers follow from earlier wrong ones is marked as following."""
    overrides: dict[str, Array] = {}
    for symbol, given in answer.given.items():
        if answer.matches(symbol, truth[symbol]):
            yield Mark(symbol, "right", given, truth[symbol])
            continue
        follows = False
        if overrides:
            value = answer.simulate({}, overrides).get(symbol)
            follows = value is not None and answer.matches(symbol, value, slack=3)  # from rounded numbers
        note = ""
        if not same_shape(symbol, given, truth[symbol]):
            note = f"whose shape is {given.shape} in place of {truth[symbol].shape}"
        elif symbol in answer.graph:
            overrides[symbol] = given.reshape(truth[symbol].shape)
        yield Mark(symbol, "follows" if follows else "wrong", given, truth[symbol], note)


def _mean_taken_later(graph: Graph) -> Formulas:
    """The formulas of another convention: dZ and dA of single samples, the mean taken in dW and db."""
    last = graph.network.n_layers
    if "mean_weights" not in graph or f"slope_Z{last}" not in graph:
        return {}
    weights, total = ("w[:, None] * ", "w.sum()") if "w" in graph else ("", "n")
    formulas = {f"dZ{last}": f"{weights}slope_Z{last}"}
    if f"dA{last}" in graph:
        formulas[f"dA{last}"] = f"({graph[f'dA{last}'].code}) * {total}"
    for layer in range(1, last + 1):
        data = f"dW{layer}_data" if f"dW{layer}_data" in graph else f"dW{layer}"
        formulas[data] = f"({graph[data].code}) / {total}"
        formulas[f"db{layer}"] = f"({graph[f'db{layer}'].code}) / {total}"
    return formulas


def _short(values: Array) -> str:
    text = np.array2string(np.asarray(values), precision=4, threshold=12, edgeitems=2)
    return " ".join(text.split())
