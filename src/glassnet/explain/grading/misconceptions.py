"""All usual misconceptions, each as the formulas a learner who holds it would use in place of the right ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from glassnet.explain.grading.mistakes import (
    backward,
    batch,
    forward,
    gradients,
    loss,
    numbers,
    output,
    regularization,
    update,
)
from glassnet.explain.grading.mistakes.loss import value_of_output
from glassnet.explain.grading.rules import Formulas, Hypothesis, Misconception, hidden_layers, last_layer, loss_terms
from glassnet.explain.graph import Graph

_SUBJECTS = (output, loss, batch, backward, forward, gradients, regularization, update, numbers)
_RULES = [rule for subject in _SUBJECTS for rule in subject.RULES]

MISCONCEPTIONS: dict[str, Misconception] = {rule.misconception.code: rule.misconception for rule in _RULES}


def hypotheses(graph: Graph, codes: Collection[str] | None = None) -> Iterator[Hypothesis]:
    """Yield each misconception that can occur in this graph, at all its places at once and then place by place.

    `codes` names the misconceptions that are looked at; None means all.
    """
    for rule in _RULES:
        if codes is not None and rule.misconception.code not in codes:
            continue
        for formulas in rule.places(graph):
            if formulas:
                for carried in carried_on(graph, formulas):
                    yield Hypothesis(rule.misconception, carried)


def carried_on(graph: Graph, formulas: Formulas) -> Iterator[Formulas]:
    """Yield the formulas as a learner carries them on: along the long way where they are on it, and as they are.

    The engine takes dZ of the output and the loss from z. A learner who takes them from ŷ carries on a mistake
    in ŷ, in ∂L/∂ŷ, in the output's derivative or in its Jacobian. One who takes g'(z) from z does not carry on one in a.
    """
    last = last_layer(graph)
    way = (f"dA{last}", f"J{last}", f"g_prime{last}", f"dZ{last}_long")
    if f"dZ{last}_long" in graph and f"dZ{last}" not in formulas and any(symbol in formulas for symbol in way):
        yield {**formulas, f"dZ{last}": f"dZ{last}_long"}
    if f"A{last}" in formulas and "loss_of_output" in graph and loss_terms(graph) not in formulas:
        yield {**formulas, **value_of_output(graph, graph["loss_of_output"].code)}
    yield formulas
    hidden = [f"{layer}" for layer in hidden_layers(graph) if f"A{layer}" in formulas]
    slopes = {f"g_prime{la}": f"df{la}(Z{la}, g{la}(Z{la}))" for la in hidden if f"g_prime{la}" not in formulas}
    if slopes:
        yield {**formulas, **slopes}
