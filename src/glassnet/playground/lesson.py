"""A lesson: a short sequence of steps, each a change of the query and something to observe.

A step's changes stay for the steps after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Question:
    """A question with choices, one of them right, and the reason."""

    text: str
    choices: tuple[str, ...]
    answer: int
    why: str


@dataclass(frozen=True)
class Step:
    """A step of a lesson: text to read (HTML), changes of the query, and the part of the page to highlight."""

    text: str
    query: dict[str, str]
    highlight: str  # network, surface, curves, title, time, controls or glass
    question: Question | None = None
    checks: tuple[str, ...] = ()  # claims of the text about the run (see lesson_checks.py)


@dataclass(frozen=True)
class Lesson:
    """A lesson: its title and its steps, and the same lesson in other languages."""

    id: str
    title: str
    steps: tuple[Step, ...] = field(default=())
    language: str = "en"
    translations: Mapping[str, Lesson] = field(default_factory=dict)
    missing: tuple[str, ...] = ()  # what a translation leaves out; it stands there in the lesson's own language

    def told(self, language: str) -> Lesson:
        """Return the lesson in a language, or in its own if it has no translation."""
        return self.translations.get(language, self)

    def query(self, place: int) -> str:
        """Return the query after the changes of all steps up to the one at `place`."""
        changes = {name: value for step in self.steps[: place + 1] for name, value in step.query.items()}
        return "&".join(f"{name}={value}" for name, value in changes.items())

    def to_dict(self) -> dict[str, Any]:
        """Return the lesson as the JSON object that the page reads."""
        steps = [
            {
                "text": step.text,
                "query": step.query,
                "highlight": step.highlight,
                "question": None if step.question is None else vars(step.question),
            }
            for step in self.steps
        ]
        return {"id": self.id, "title": self.title, "lang": self.language, "steps": steps}
