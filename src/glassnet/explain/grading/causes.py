"""The causes of a wrong term: the misconceptions whose formulas give the learner's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from glassnet.explain.grading.answers import Answers
from glassnet.explain.grading.misconceptions import hypotheses
from glassnet.explain.grading.rules import Hypothesis

Array = NDArray[Any]


def find_causes(answer: Answers, truth: Mapping[str, Array], wrong: str) -> list[Hypothesis]:
    """Return the misconceptions that give the first wrong term; of these, the ones that explain the most terms."""
    scored: list[tuple[int, Hypothesis]] = []
    for hypothesis in hypotheses(answer.graph):
        values = answer.simulate(hypothesis.formulas, {})
        if answer.own and not (wrong in values and answer.matches(wrong, values[wrong])):
            values = answer.simulate(hypothesis.formulas)  # from what the learner had rounded
        if wrong in values and answer.matches(wrong, values[wrong]):
            scored.append((sum(answer.matches(s, values.get(s, truth[s])) for s in answer.given), hypothesis))
    best = max((score for score, _ in scored), default=0)
    return [hypothesis for score, hypothesis in scored if score == best]
