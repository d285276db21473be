"""The term that a cause is looked for: which formulas give the learner's numbers of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.answers import Answers
from glassnet.explain.grading.rules import Formulas
from glassnet.explain.grading.sampling import sample_of
from glassnet.explain.grading.simulation import Simulation
from glassnet.explain.graph import Graph

Array = NDArray[Any]
Values = Mapping[str, Array]

SLACKS = (1.0, 3.0, 8.0)  # units of the last digit by which a number computed from rounded ones may be off
_FAR = 0.25  # of the largest number: rounded numbers that are further off are not looked at closely
_KEPT = 10_000  # numbers of a value that is kept, since it may be asked for again


class Target:
    """A wrong term with the simulation that computes it; of a large one, a sample is computed first.

    Attributes
    ----------
    given, right : array
        The learner's numbers and the right ones, as `value` returns them.
    """

    def __init__(self, answer: Answers, symbol: str) -> None:
        self.answer, self.symbol = answer, symbol
        graph: Graph = answer.graph
        self.simulation = Simulation(graph, (symbol,))
        self.given, self.right = np.squeeze(answer.given[symbol]), np.squeeze(graph.value(symbol))
        self._sample = sample_of(graph, symbol) if self.given.shape == self.right.shape else None
        if self._sample is not None:
            self._sampling = Simulation(self._sample.graph, (self._sample.symbol,), graph)
            shape = np.shape(graph.value(symbol))
            self.given, self.right = (
                self._sample.of_term(graph, symbol, np.reshape(values, shape)) for values in (self.given, self.right)
            )
        self._known: dict[frozenset[tuple[str, str]], Array | None] = {}
        self.slacks: Sequence[float] = SLACKS if answer.digits[symbol].rounded else SLACKS[:1]
        self._starts: list[Values] = [answer.own] if answer.own else []

    def leading(self, formulas: Formulas) -> Formulas:
        """Those of the formulas that lead to the term."""
        return {symbol: code for symbol, code in formulas.items() if symbol in self.simulation.needed}

    def value(self, formulas: Formulas, values: Values) -> Array | None:
        """What the formulas give, of a sample where there is one and they allow it; None if nothing comparable."""
        key = frozenset(formulas.items()) if not values else None
        if key is None or key not in self._known:
            value = self._value(formulas, {name: each for name, each in values.items() if name != self.symbol})
            value = None if value is None or not np.isfinite(value).all() else np.squeeze(value)
            if key is None or (value is not None and value.size > _KEPT):
                return value
            self._known[key] = value
        return self._known[key]

    def _value(self, formulas: Formulas, start: Values) -> Array | None:
        sample, graph = self._sample, self.answer.graph
        if sample is None:
            return self.simulation.run(formulas, start).get(self.symbol)
        if sample.holds(formulas) and sample.changed.isdisjoint(start):
            found = self._sampling.run(formulas, start).get(sample.symbol)
            return found if found is None or not np.isfinite(found).all() else sample.of_value(found)
        whole = self.simulation.run(formulas, start).get(self.symbol)
        if whole is None or whole.shape != np.shape(graph.value(self.symbol)):
            return None
        return sample.of_term(graph, self.symbol, whole)

    def slack(self, formulas: Formulas, values: Values, slacks: Sequence[float] = ()) -> float:
        """The least slack with which the formulas give the learner's numbers, or 0.

        They are computed from the right terms before, and from what the learner went on with, its own rounded terms.
        """
        slacks = slacks or self.slacks
        found = []
        for start in (values, *({**own, **values} for own in self._starts)):
            value = self.value(formulas, start)
            if value is None or not self._near(value):
                continue
            if self._sample is not None:
                whole = self.simulation.run(
                    formulas, {name: each for name, each in start.items() if name != self.symbol}
                )
                value = whole[self.symbol]
            if self.answer.matches(self.symbol, value, slacks[-1]):
                found.append(next(slack for slack in slacks if self.answer.matches(self.symbol, value, slack)))
            elif self._of_another_shape(value):
                found.append(slacks[-1])
        return min(found, default=0.0)

    def _of_another_shape(self, value: Array) -> bool:
        """True if rounded numbers of a wrong shape are these: by the largest, since rounding before is not counted there."""
        digits = self.answer.digits[self.symbol]
        if self.given.shape == self.right.shape or np.squeeze(value).shape != self.given.shape or not digits.rounded:
            return False
        off = np.abs(np.squeeze(value) - self.given).max(initial=0.0)
        return bool(self.given.size > 1 and off <= 2 * 10.0 ** (1 - digits.significant) * np.abs(self.given).max())

    def _near(self, value: Array) -> bool:
        """False if the numbers are so far off that a closer look is needless."""
        if value.shape != self.given.shape:
            return self._sample is None
        far = _FAR if len(self.slacks) > 1 else 1e-4
        return bool(np.abs(value - self.given).max(initial=0.0) <= far * np.abs(value).max(initial=0.0) + 1e-300)
