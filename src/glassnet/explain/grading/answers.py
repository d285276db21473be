"""Compares a learner's terms with numbers, to the digits they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.rounding import MOST, Digits, Roundings, digits_of
from glassnet.explain.grading.rules import Formulas
from glassnet.explain.grading.simulation import Simulation, step_of
from glassnet.explain.graph import Graph

Array = NDArray[Any]


class Answers:
    """A learner's terms in the order of the graph, and the numbers that other formulas would have given.

    Attributes
    ----------
    given : dict
        The learner's numbers by symbol.
    digits : dict
        The digits they are written with.
    written : dict
        The factor by which the learner wrote the numbers larger than these, where it is not 1.
    by_hand : bool
        True for numbers that a person wrote, who may have rounded every line; False for those of a program.
    own : dict
        The rounded terms that were found right: what the learner went on with. `simulate` does, too.
    allowance : dict
        How far a term may be from its number beyond its own last digit, because what it was computed from was rounded.
    """

    def __init__(
        self,
        graph: Graph,
        given: Mapping[str, Array],
        by_hand: bool = True,
        written: Mapping[str, float] | None = None,
    ) -> None:
        self.graph, self.written = graph, written or {}
        order = {step.symbol: place for place, step in enumerate(graph.steps)}
        self.given = dict(sorted(given.items(), key=lambda item: order.get(step_of(graph, item[0]), -1)))
        self.digits = {
            symbol: digits_of(values, self.written.get(symbol, 1.0)) for symbol, values in self.given.items()
        }
        decimals = max((each.decimals for each in self.digits.values() if each.decimals <= MOST), default=0)
        for symbol, values in self.given.items():
            if not values.any():  # 0.00, which says nothing of its own decimals
                self.digits[symbol] = Digits(1, decimals, self.digits[symbol].scale)
        self.by_hand = by_hand
        self.own: dict[str, Array] = {}
        self.allowance: dict[str, Array] = {}
        self.scales = {symbol: float(np.max(np.abs(graph.value(symbol)))) for symbol in self.given}
        self.simulation = Simulation(graph, tuple(self.given))

    def matches(self, symbol: str, value: Array, slack: float = 1.0) -> bool:
        """True if the learner's numbers are these, to the digits given times `slack`, and the allowance."""
        given, value = self.given[symbol], np.asarray(value, dtype=float)
        if not same_shape(symbol, given, value):
            return False
        given, value = np.squeeze(given), np.squeeze(value)
        allowed = slack * _last_digit(self.digits[symbol], given, value, 2 if self.by_hand else 3)
        if symbol in self.allowance:  # set down for the right number; a wrong one may be larger
            larger = max(1.0, float(np.max(np.abs(value), initial=0.0)) / (self.scales[symbol] or 1.0))
            allowed = allowed + larger * np.squeeze(self.allowance[symbol])
        with np.errstate(invalid="ignore"):
            return bool(np.all(np.abs(given - value) <= allowed + 1e-12 * self.scales[symbol]))

    def roundings(self) -> Roundings:
        """The graph's computations from the learner's own terms, rounded at each line."""
        fitting = {
            symbol: values
            for symbol, values in self.given.items()
            if same_shape(symbol, values, self.graph.value(symbol)) and np.isfinite(values).all()
        }
        shaped = {
            symbol: (values.reshape(self.graph.value(symbol).shape), self.digits[symbol])
            for symbol, values in fitting.items()
        }
        return Roundings(self.graph, shaped, self.written)

    def ancestors(self, symbol: str) -> set[str]:
        """The given terms that a term is computed from."""
        found = {step_of(self.graph, symbol)}
        for step in reversed(self.graph.steps):
            if step.symbol in found:
                found.update(step.inputs)
        found.discard(step_of(self.graph, symbol))
        return {other for other in self.given if step_of(self.graph, other) in found}

    def simulate(self, formulas: Formulas, values: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """Put these formulas or values in place of the right ones; return the symbols that change, with their values."""
        return self.simulation.run(formulas, self.own if values is None else values)


def same_shape(symbol: str, given: Array, value: Array) -> bool:
    """True for equal shapes; one sample may be a row, a column or plain numbers, but a column of dW is not a row."""
    if symbol.startswith("dW") and given.ndim == value.ndim:
        return given.shape == value.shape
    return np.squeeze(given).shape == np.squeeze(value).shape


def _last_digit(digits: Digits, given: Array, value: Array, least: int) -> Array:
    """Half a unit of the last digit written; for numbers that were not rounded, a millionth."""
    size = np.maximum(np.abs(given), np.abs(value))
    if not digits.rounded:
        return 1e-6 * size + 1e-6 * float(np.max(np.abs(value), initial=0.0))
    return 0.505 * digits.unit(size, least) * (size > 0)
