"""All usual misconceptions, each as the formulas a learner who holds it would use in place of the right ones."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.explain.grading import gradient_rules, update_rules
from glassnet.explain.grading.rules import Hypothesis, Misconception
from glassnet.explain.graph import Graph

_RULES = [*gradient_rules.RULES, *update_rules.RULES]

MISCONCEPTIONS: dict[str, Misconception] = {rule.misconception.code: rule.misconception for rule in _RULES}


def hypotheses(graph: Graph) -> Iterator[Hypothesis]:
    """Yield each misconception that can occur in this graph, at all its places at once and then place by place."""
    for rule in _RULES:
        for formulas in rule.places(graph):
            if formulas:
                yield Hypothesis(rule.misconception, formulas)
