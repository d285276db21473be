"""A worksheet as plain data: parts with given numbers and items to fill in, each part with its derivation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.derivation import Derivation

Array = NDArray[Any]

CONVENTIONS = (
    "A sample is a row: Z = A W + b. W has a row for each unit that it comes from and a column for each that it goes to.",
    "Rows, columns and layers of units count from 0 inside a matrix, as in the code; layer 0 are the inputs.",
    "z stands before the activation, a after it. dW is short for ∂L/∂W, the slope of the loss along W; it has W's shape.",
    "The loss of a batch is the mean over its samples; the squared error carries a ½.",
)


@dataclass(frozen=True)
class Mistake:
    """An answer that is wrong in a way with a name: its code and what it says to the learner."""

    code: str
    what: str


@dataclass(frozen=True, eq=False)
class Item:
    """Something to fill in.

    Attributes
    ----------
    name : str
        Its key in sheet.json, with the part's letter: a.Z1.
    words : str
        What is asked.
    kind : str
        "numbers" (of the derivation's `symbol`), "number" (one, `right`), "shape" or "choice" (of `options`).
    shape : tuple of int
        That of the boxes; () for one box.
    right : str or float
        The right shape, choice or number; None for numbers of the derivation.
    mistakes : {answer: Mistake}
        Wrong shapes or choices with a name; "" stands for any other.
    own : function or None
        Returns the choice that follows from the learner's own numbers of the part, by symbol; "" if they do not say.
    """

    name: str
    words: str
    kind: str = "numbers"
    symbol: str = ""
    shape: tuple[int, ...] = ()
    options: tuple[str, ...] = ()
    right: Any = None
    mistakes: Mapping[str, Mistake] = field(default_factory=dict)
    own: Callable[[Mapping[str, Array]], str] | None = None


@dataclass(frozen=True)
class Given:
    """A given number or matrix: its symbol in the code, its values, and what it is."""

    symbol: str
    value: Any
    words: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a sheet, with one step worked out.

    Attributes
    ----------
    letter, title, text : str
        Its name (a, b, …), its heading, and what to do.
    given : tuple of Given
        What the learner starts from.
    items : tuple of Item
        What is asked, in the order of computation.
    derivation : Derivation
        The right numbers.
    listed : tuple of str
        Codes of the misconceptions that must show in what is asked.
    drawn : bool
        True for a drawing of the network above the numbers.
    lines : tuple of (symbol, value)
        Lines that are filled in already, with a mistake to find.
    carried : function or None
        Makes the derivation that goes on from the learner's own numbers of the part before.
    """

    letter: str
    title: str
    text: str
    given: tuple[Given, ...]
    items: tuple[Item, ...]
    derivation: Derivation
    listed: tuple[str, ...] = ()
    drawn: bool = True
    lines: tuple[tuple[str, Array], ...] = ()
    carried: Callable[[Mapping[str, Array]], Derivation] | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The symbols of the derivation that are asked."""
        return tuple(item.symbol for item in self.items if item.kind == "numbers")

    def item(self, symbol: str) -> Item:
        """The item of a symbol."""
        return next(item for item in self.items if item.symbol == symbol)


@dataclass(frozen=True, eq=False)
class Sheet:
    """A worksheet: its topic and seed, a title, where to read about it, and its parts."""

    topic: str
    seed: int
    title: str
    chapter: str
    parts: tuple[Part, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, in order."""
        return tuple(item for part in self.parts for item in part.items)


_WORDS = {
    "loss": "the loss L",
    "dZ2": "∂L/∂Z of the output",
    "dW2": "∂L/∂W of the output",
    "db2": "∂L/∂b of the output",
    "dA1": "∂L/∂A of the hidden layer",
    "dZ1": "∂L/∂Z of the hidden layer",
    "dW1": "∂L/∂W of the hidden layer",
    "db1": "∂L/∂b of the hidden layer",
}


def numbers(letter: str, derivation: Derivation, *symbols: str, **words: str) -> tuple[Item, ...]:
    """Make an item of each symbol of a derivation; `words` say what some of them are."""
    items = []
    for symbol in symbols:
        value = derivation.value(symbol)
        shape = tuple(np.shape(value)) if np.size(value) > 1 else ()
        if len(shape) == 1:
            shape = (1, *shape)
        words_for = words.get(symbol) or _WORDS.get(symbol) or derivation[symbol].what
        items.append(Item(f"{letter}.{symbol}", words_for, symbol=symbol, shape=shape))
    return tuple(items)


def given_of(derivation: Derivation, *symbols: str) -> tuple[Given, ...]:
    """Take given quantities from a derivation."""
    return tuple(Given(symbol, derivation.value(symbol), derivation[symbol].what) for symbol in symbols)
