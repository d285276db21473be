"""The two kinds of exercise, numbers typed into the page and a file that `glassnet check` grades, and how numbers are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """What a learner with a certain mistake types, and what to tell them."""

    values: tuple[float, ...]
    message: str  # names the mistake, says what to do instead


@dataclass(frozen=True)
class Numbers:
    """A question whose answer is one number or a few, marked in the page."""

    name: str  # the chapter's number and a word: "01-parameters"
    question: str  # MyST, with the numbers already in it
    right: tuple[float, ...]
    wrong: tuple[Wrong, ...]
    solution: str  # MyST, shown on demand after an answer
    fields: tuple[str, ...] = ("",)  # the label of each number; may hold plain text only
    tolerance: float = 0.02  # of the largest entry of `right`

    def mark(self, values: Sequence[float]) -> str | Wrong:
        """Return "right", the Wrong whose values were given, or "unknown"; the page marks in the same way (exercise.js)."""
        if self.near(values, self.right):
            return "right"
        return next((each for each in self.wrong if self.near(values, each.values)), "unknown")

    @property
    def allowed(self) -> float:
        """The largest accepted distance from a value."""
        return self.tolerance * max(map(abs, self.right)) + 1e-12

    def near(self, values: Sequence[float], others: Sequence[float]) -> bool:
        """Return whether each value is as near to the other as is allowed."""
        return len(values) == len(others) and all(
            abs(a - b) <= self.allowed for a, b in zip(values, others, strict=True)
        )


@dataclass(frozen=True)
class Code:
    """A file to write, graded by `glassnet check`."""

    name: str
    question: str  # MyST
    command: str  # as the reader types it; the first argument that ends in .py is the file
    solution: str  # its source text, right
    wrong: tuple[tuple[str, str], ...]  # source text, and words or the code of the misconception that the verdict holds
