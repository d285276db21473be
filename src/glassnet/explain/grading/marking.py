"""Marks each term of a learner: right, right within rounding, right given an earlier mistake, or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.answers import Answers, same_shape
from glassnet.explain.grading.rounding import Digits, Roundings, Spread, habit

Array = NDArray[Any]

DEVIATIONS = 4.5  # standard deviations of rounding within which a term is right
LARGEST_SHARE = 0.2  # of the term's largest number, which rounding is never taken to exceed
FEW = 4  # numbers that do not show in which digits someone writes


@dataclass(frozen=True, eq=False)
class Mark:
    """The verdict on one term.

    Attributes
    ----------
    symbol, name : str
        The term, and what the learner calls it.
    verdict : str
        "right": the exact number to the digits written. "rounded": right, computed from numbers that were rounded.
        "follows": computed rightly from a wrong term. "wrong".
    given, expected : array
        The learner's numbers and the right ones, in the learner's layout.
    note : str
        A remark, e.g. on the shape.
    """

    symbol: str
    verdict: str
    given: Array
    expected: Array
    note: str = ""
    name: str = ""

    @property
    def ok(self) -> bool:
        """True if the term is right, if only within rounding."""
        return self.verdict in ("right", "rounded")


class Marking:
    """Marks the terms of one learner in the order of computation."""

    def __init__(self, answer: Answers) -> None:
        self.answer = answer
        self.truth = {symbol: answer.graph.value(symbol) for symbol in answer.given}
        self.exact = {symbol for symbol in answer.given if answer.matches(symbol, self.truth[symbol])}
        self.rounded = {
            symbol
            for symbol, digits in answer.digits.items()
            if answer.by_hand and digits.rounded and not self._equal(symbol)
        }
        self._roundings: Roundings | None = None
        self._spreads: dict[Digits, dict[str, Spread]] = {}
        self._wrong: dict[str, Array] = {}
        self.contradictions = 0  # right terms that do not follow from the learner's own wrong ones

    def _equal(self, symbol: str) -> bool:
        """True if the number was not rounded: it has few digits by itself, like 0.5."""
        given, truth = self.answer.given[symbol], self.truth[symbol]
        return given.size == truth.size and np.allclose(given.ravel(), truth.ravel(), rtol=1e-9, atol=0)

    def marks(self) -> Iterator[tuple[str, str]]:
        """Yield each given symbol with its verdict."""
        for symbol in self.answer.given:
            verdict = self._verdict(symbol)
            if verdict == "rounded" or (verdict == "right" and symbol in self.rounded):
                self.answer.own[symbol] = self._shaped(symbol)
            elif verdict in ("follows", "wrong") and self.fits(symbol):
                self._wrong[symbol] = self._shaped(symbol)
            yield symbol, verdict

    def fits(self, symbol: str) -> bool:
        """True if the term has a shape that can be computed with."""
        return same_shape(symbol, self.answer.given[symbol], self.truth[symbol]) and symbol in self.answer.graph

    def _shaped(self, symbol: str) -> Array:
        return self.answer.given[symbol].reshape(self.truth[symbol].shape)

    def _verdict(self, symbol: str) -> str:
        if symbol in self.exact and not self._wrong:
            return "right"
        ancestors = self.answer.ancestors(symbol)
        from_wrong = not ancestors.isdisjoint(self._wrong)
        if symbol in self.exact:
            self.contradictions += from_wrong and not self._follows(symbol)
            return "right"
        if self._within_rounding(symbol, ancestors):
            return "follows" if from_wrong else "rounded"
        return "follows" if from_wrong and self._follows(symbol) else "wrong"

    def _follows(self, symbol: str) -> bool:
        """True if the learner's own earlier terms, right and wrong, give this one."""
        value = self.answer.simulate({}, self.answer.own | self._wrong).get(symbol)
        return value is not None and self.answer.matches(symbol, value, slack=3)  # from rounded numbers

    def _within_rounding(self, symbol: str, ancestors: Iterable[str]) -> bool:
        """True if the term is what its learner's own terms give, within what rounding leaves open.

        What it leaves open is set down as the answer's allowance, so that a mistake is looked for within it as well.
        """
        sources = [name for name in (symbol, *ancestors) if name in self.rounded]
        answer = self.answer
        if sum(answer.given[name].size for name in sources) < FEW:
            sources = [name for name in answer.given if name in self.rounded] if sources else []
        if not sources or not same_shape(symbol, answer.given[symbol], self.truth[symbol]):
            return False
        spread = self._spread(habit(answer.given[name] * answer.digits[name].scale for name in sources)).get(symbol)
        if spread is None:
            return False
        most = LARGEST_SHARE * float(np.max(np.abs(spread.value), initial=0.0))
        answer.allowance[symbol] = np.minimum(DEVIATIONS * spread.deviation, most)
        return answer.matches(symbol, spread.value)

    def _spread(self, digits: Digits) -> dict[str, Spread]:
        if digits not in self._spreads:
            if self._roundings is None:
                self._roundings = self.answer.roundings()
            self._spreads[digits] = self._roundings.spreads(digits)
        return self._spreads[digits]
