"""The causes of a wrong term: the misconceptions whose formulas give the learner's numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.answers import Answers, same_shape
from glassnet.explain.grading.misconceptions import hypotheses
from glassnet.explain.grading.narrowing import narrow
from glassnet.explain.grading.rules import Formulas, Hypothesis, Misconception
from glassnet.explain.grading.sampling import LARGE
from glassnet.explain.grading.simulation import Simulation
from glassnet.explain.grading.target import Target, Values
from glassnet.explain.graph import Graph
from glassnet.printers.statements import rename

Array = NDArray[Any]
_PAIRED = 70  # hypotheses that are tried in pairs
EVIDENCE = 4  # numbers that a wrong term must have to show two mistakes


@dataclass(frozen=True)
class Causes:
    """Names the mistake behind a wrong term, or narrows it down.

    Attributes
    ----------
    misconception, second : Misconception or None
        The likely cause, and where two mistakes were made, the other one.
    formula, right_formula : str
        The formula that gives the learner's numbers, and the right one of the same step.
    others : tuple of Misconception
        Those that explain the terms equally well.
    narrowed : str
        Without a cause, how the learner's numbers differ from the right ones.
    """

    misconception: Misconception | None
    second: Misconception | None
    formula: str
    right_formula: str
    others: tuple[Misconception, ...]
    narrowed: str


@dataclass(frozen=True)
class _Fit:
    """A hypothesis that explains a wrong term, and how well."""

    hypothesis: Hypothesis
    explained: int  # wrong terms that it gives
    slack: float
    left: tuple[str, ...]  # wrong terms that it does not give


def find_causes(answer: Answers, truth: Values, verdicts: Mapping[str, str]) -> Causes:
    """Find the misconceptions that give the first wrong term and contradict no term that is right.

    Of these the ones that explain the most terms count, and of those the one that is tried first, the simplest. If
    there are none, two mistakes at once are tried. A wrong term that the cause leaves unexplained gets a cause of its own.
    """
    search = _Search(answer, truth, verdicts)
    wrong = next(symbol for symbol, verdict in verdicts.items() if verdict == "wrong")
    fits = search.explain(wrong, {})
    second: Misconception | None = None
    if fits:
        first = fits[0].hypothesis
        if fits[0].left:
            own = search.own(before=fits[0].left[0])
            more = [fit.hypothesis.misconception for fit in search.explain(fits[0].left[0], own)]
            second = more[0] if more else search.on_top_of(first, wrong, fits[0].left[0])
            second = None if second == first.misconception else second
    elif pair := search.explain_by_two(wrong):
        first, second = pair
    else:
        code = answer.graph[wrong].code if wrong in answer.graph else ""
        return Causes(None, None, "", code, (), narrow(answer, wrong, truth[wrong]))
    symbol = _shown(answer.graph, first.formulas, wrong)
    formula = f"{symbol} = {first.formulas[symbol]}"
    right = f"{symbol} = {answer.graph[symbol].code}"
    others = dict.fromkeys(fit.hypothesis.misconception for fit in fits)
    rest = tuple(other for other in others if other not in (first.misconception, second))
    return Causes(first.misconception, second, formula, right, rest, "")


def _shown(graph: Graph, formulas: Formulas, wrong: str) -> str:
    """The symbol whose formula is shown: the last of those that lead to the wrong term."""
    needed = Simulation(graph, (wrong,)).needed
    return [step.symbol for step in graph.steps if step.symbol in needed and step.symbol in formulas][-1]


class _Search:
    """Looks for the hypotheses that explain a learner's terms."""

    def __init__(self, answer: Answers, truth: Values, verdicts: Mapping[str, str]) -> None:
        self.answer, self.truth, self.verdicts = answer, truth, verdicts
        self.graph = answer.graph
        self.all_terms = Simulation(self.graph, tuple(answer.given))
        self.hypotheses = list(hypotheses(self.graph))
        self._targets: dict[str, Target] = {}

    def target(self, symbol: str) -> Target:
        """A wrong term as a target, which keeps what it has computed."""
        if symbol not in self._targets:
            self._targets[symbol] = Target(self.answer, symbol)
        return self._targets[symbol]

    def own(self, before: str = "") -> dict[str, Array]:
        """The learner's terms, up to one of them, in the shapes of the graph."""
        found: dict[str, Array] = {}
        for symbol, given in self.answer.given.items():
            if symbol == before:
                break
            right = self.truth[symbol]
            if symbol in self.graph and same_shape(symbol, given, right):
                found[symbol] = given.reshape(np.shape(right))
        return found

    def explain(self, wrong: str, values: Values) -> list[_Fit]:
        """The best fits to a wrong term with `values` in place of the graph's, the simplest first."""
        target = self.target(wrong)
        given = [
            (slack, group)
            for formulas, group in self._grouped(target).values()
            if (slack := target.slack(formulas, values))
        ]
        for slack in target.slacks:
            candidates = [each for needed, group in given if needed == slack for each in group]
            fits = [fit for each in candidates if (fit := self._fit(each, wrong, values, slack))]
            if fits:
                most = max(fit.explained for fit in fits)
                order = {id(hypothesis): place for place, hypothesis in enumerate(self.hypotheses)}
                return sorted((fit for fit in fits if fit.explained == most), key=lambda fit: order[id(fit.hypothesis)])
        return []

    def _grouped(self, target: Target) -> dict[Any, tuple[Formulas, list[Hypothesis]]]:
        """The hypotheses that lead to the target, those together that make no difference to it."""
        grouped: dict[Any, tuple[Formulas, list[Hypothesis]]] = {}
        for hypothesis in self.hypotheses:
            if leading := target.leading(hypothesis.formulas):
                grouped.setdefault(frozenset(leading.items()), (leading, []))[1].append(hypothesis)
        return grouped

    def _fit(self, hypothesis: Hypothesis, wrong: str, values: Values, slack: float) -> _Fit | None:
        """How a hypothesis fits the terms from the wrong one on; None if it contradicts one that is right or follows."""
        explained, left, values = 0, [], dict(values)
        predicted = self.all_terms.run(hypothesis.formulas, values)
        after = list(self.answer.given)[list(self.answer.given).index(wrong) :] if values else list(self.answer.given)
        for symbol in after:
            verdict = self.verdicts[symbol]
            value = predicted.get(symbol, self.truth[symbol])
            agrees = symbol == wrong or self.answer.matches(symbol, value, slack)
            agrees = agrees or self._gives(hypothesis, symbol, {**self.answer.own, **values}, slack)
            if verdict == "wrong":
                explained += agrees
                if not agrees:
                    left.append(symbol)
                    if symbol in (own := self.own()):
                        values[symbol] = own[symbol]
                        predicted = self.all_terms.run(hypothesis.formulas, values)
            elif not agrees and not self._gives(hypothesis, symbol, {**values, **self.own(before=symbol)}, slack):
                return None
        return _Fit(hypothesis, explained, slack, tuple(left))

    def _gives(self, hypothesis: Hypothesis, symbol: str, values: Values, slack: float) -> bool:
        """True if a term is what the formulas give from the learner's own terms."""
        start = {name: each for name, each in values.items() if name != symbol}
        value = self.all_terms.run(hypothesis.formulas, start).get(symbol)
        return value is not None and self.answer.matches(symbol, value, max(slack, 3))

    # --- two mistakes at once -------------------------------------------------------------------------------------

    def explain_by_two(self, wrong: str) -> tuple[Hypothesis, Misconception] | None:
        """Two hypotheses that give a wrong term together: one that scales it and another one, or any two of the usual.

        The first one has the formulas of both.
        """
        target = self.target(wrong)
        slack = target.slacks[min(1, len(target.slacks) - 1)]
        found: list[tuple[_Fit, Misconception]] = []
        for one, other in self._pairs(target):
            for first, then in ((one, other), (other, one)):
                formulas = _composed(self.graph, first.formulas, then.formulas)
                if formulas and target.slack(formulas, {}, [slack]):
                    both = Hypothesis(one.misconception, formulas)
                    if fit := self._fit(both, wrong, {}, slack):
                        found.append((fit, other.misconception))
                    break
            if len(found) == 5:
                break
        if not found:
            return None
        fit, second = max(found, key=lambda each: each[0].explained)
        return fit.hypothesis, second

    def on_top_of(self, first: Hypothesis, wrong: str, symbol: str) -> Misconception | None:
        """The misconception that gives a later wrong term together with the first one."""
        target = self.target(symbol)
        fits = []
        for formulas, group in self._grouped(target).values():
            both = _composed(self.graph, first.formulas, formulas) or _composed(self.graph, formulas, first.formulas)
            if both and (slack := target.slack(both, {})):
                fit = self._fit(Hypothesis(group[0].misconception, both), wrong, {}, slack)
                fits += [fit] if fit and symbol not in fit.left else []
        return max(fits, key=lambda fit: fit.explained).hypothesis.misconception if fits else None

    def _pairs(self, target: Target) -> Iterator[tuple[Hypothesis, Hypothesis]]:
        """Yield the pairs to try, the likely ones first."""
        given, right = target.given, target.right
        scaling: list[tuple[float, Hypothesis]] = []
        scaled: list[tuple[float, Hypothesis]] = []
        usual: list[Hypothesis] = []
        off = 0.05 if len(target.slacks) > 1 else 1e-6
        for formulas, group in self._grouped(target).values():
            value = target.value(formulas, {})
            if value is None:
                continue
            hypothesis = Hypothesis(group[0].misconception, formulas)
            usual.append(hypothesis)
            factor = _multiple(value, right)
            multiple = factor and np.allclose(value, factor * right, rtol=1e-9, atol=1e-12)
            if multiple and abs(factor - 1) < 1e-6:  # it makes no difference to this term
                continue
            if multiple:
                scaling.append((factor, hypothesis))
            elif (factor := _multiple(given, value)) and np.abs(given - factor * value).max() <= off * np.abs(
                given
            ).max():
                scaled.append((factor, hypothesis))
        for factor, hypothesis in scaled if given.size >= EVIDENCE else ():
            for own, other in scaling:
                if abs(own - factor) < 0.02 * abs(factor):
                    yield hypothesis, other
        factor = _multiple(given, right)
        for (one, first), (two, then) in combinations(scaling, 2):
            if factor and first.misconception != then.misconception and abs(one * two - factor) < 0.02 * abs(factor):
                yield first, then
        if given.size >= EVIDENCE and sum(np.size(step.value) for step in self.graph.steps) <= LARGE:
            yield from combinations(sorted(usual, key=lambda each: self._variant(each, usual))[:_PAIRED], 2)

    @staticmethod
    def _variant(hypothesis: Hypothesis, among: list[Hypothesis]) -> int:
        """The place of a hypothesis among those of its misconception."""
        same = [each for each in among if each.misconception == hypothesis.misconception]
        return next(place for place, each in enumerate(same) if each is hypothesis)


def _multiple(values: Array, of: Array) -> float:
    """The number c with values = c·of in the least squares; 0 if there is none."""
    if np.shape(values) != np.shape(of) or not (squares := float(np.sum(np.square(of)))):
        return 0.0
    return float(np.sum(values * of)) / squares


def _composed(graph: Graph, first: Formulas, then: Formulas) -> Formulas:
    """Both formulas, the second on top of the first where they change the same step; empty if they cannot be composed."""
    composed = dict(first)
    for symbol, formula in then.items():
        if symbol not in first:
            composed[symbol] = formula
            continue
        changed = ast.unparse(rename(ast.parse(formula, mode="eval").body, {graph[symbol].code: f"({first[symbol]})"}))
        if changed == ast.unparse(ast.parse(formula, mode="eval")):
            return {}
        composed[symbol] = changed
    return composed
