"""Exercises: ask for one number of the next training step, grade the answer, name the mistake behind a wrong one."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.errors import InputError, unknown_name
from glassnet.explain.derivation import Derivation
from glassnet.explain.grading.answers import Answers
from glassnet.explain.grading.misconceptions import hypotheses
from glassnet.explain.grading.rules import Misconception
from glassnet.playground.checkpoints import Course
from glassnet.playground.state import State, number, whole
from glassnet.playground.texts.texts import Words, language_of
from glassnet.playground.worked import derive, one_at_a_time
from glassnet.training.optimizers import SGD

KINDS = ("forward", "loss", "gradient", "update")


@dataclass(frozen=True)
class Question:
    """A question about one entry of one step, with the entries of other steps that it is computed from."""

    symbol: str  # of the derivation: Z1, A2, dW1, W1_new
    index: tuple[int, ...]
    text: str  # the question
    needed: tuple[tuple[str, tuple[int, ...]], ...]  # symbols and indices of the numbers given to the reader

    @property
    def digits(self) -> str:
        """The name of the text on how many digits to give."""
        return "exercise.digits.new" if self.symbol.endswith("_new") else "exercise.digits"


@one_at_a_time
def exercise(course: Course, state: State, given: dict[str, str]) -> dict[str, Any]:
    """Return the question about a step, with the numbers needed to answer it, in the language `lang`."""
    words = Words(language_of(given.get("lang", "")))
    derivation, question, kind = _question(course, state, given)
    digits = _digits(derivation, question)
    numbers = "".join(
        f"<li><code>{html.escape(_named(symbol, index))}</code> = {words.decimal(f'{_entry(derivation, symbol, index):.{digits}g}')}</li>"
        for symbol, index in question.needed
    )
    text = f"<p>{_point(course, state, given, words)}</p><p>{question.text}</p><ul>{numbers}</ul><p>{words(question.digits)}</p>"
    return {"kind": kind, "symbol": question.symbol, "index": list(question.index), "text": text, "answers": 1}


def _point(course: Course, state: State, given: dict[str, str], words: Words) -> str:
    """Name the training point that the question is about, and the step."""
    data, row = course.setup.data, int(given.get("sample", "") or "0")
    (x, y), target = data.train[row].tolist(), np.asarray(data.y_train)[row].item()
    said = words.decimal(f"{target:.4g}") if data.classes is None else html.escape(data.classes[target])
    name = html.escape(data.names[2] if data.columns else words.named(data.names[2]))
    place = {"x": words.decimal(f"{x:.4g}"), "y": words.decimal(f"{y:.4g}")}
    return words("exercise.point", row=str(row), name=name, target=said, step=state.step, **place)


@one_at_a_time
def mark(course: Course, state: State, given: dict[str, str]) -> dict[str, Any]:
    """Grade an answer: right, or wrong with the usual mistake that gives the same number."""
    derivation, question, kind = _question(course, state, given)
    answer = number("answer", given.get("answer", ""), -1e12, 1e12)
    expected = _entry(derivation, question.symbol, question.index)
    tolerance = _tolerance(derivation, question)
    ok = abs(answer - expected) <= tolerance
    cause = None if ok else _cause(derivation, question, answer, tolerance)
    step = question.symbol if question.symbol in derivation else ""
    return {
        "ok": ok,
        "kind": kind,
        "expected": expected,
        "formula": derivation[step].code if step else _update(derivation),
        "misconception": None if cause is None else {"code": cause.code, "what": cause.what, "remedy": cause.remedy},
        "note": None if ok or cause else Words(language_of(given.get("lang", "")))("exercise.no_mistake"),
    }


def _update(derivation: Derivation) -> str:
    """Return the optimizer's lines: how a parameter theta changes by its gradient g."""
    lines = [step for step in derivation.steps if step.stage == "update" and step.symbol != "g"]
    return "\n".join(f"{step.symbol} = {step.code}" for step in lines)


def _question(course: Course, state: State, given: dict[str, str]) -> tuple[Derivation, Question, str]:
    turn = whole("turn", given.get("turn", "0"), 0, 10**6)
    kind = given.get("kind") or KINDS[turn % len(KINDS)]
    if kind not in KINDS:
        raise unknown_name("kind", kind, KINDS)
    sample = given.get("sample", "") or "0"
    if sample == "batch":
        raise InputError("sample: expected one sample for an exercise; got the batch; pass e.g. sample=0.")
    derivation, _ = derive(course, state, sample)
    words = Words(language_of(given.get("lang", "")))
    return derivation, _ask(derivation, kind, turn // len(KINDS), words), kind


def _ask(derivation: Derivation, kind: str, turn: int, words: Words) -> Question:
    """Make a question of a kind; `turn` counts through the layers and units."""
    net = derivation.network
    last = net.n_layers
    layer = 1 + turn % last
    # units with a gradient: one without would be no question
    live = np.flatnonzero(np.abs(derivation.value(f"dZ{layer}")[0]) > 0)
    unit = (
        int(live[turn // last % len(live)])
        if len(live) and kind in ("gradient", "update")
        else turn // last % net.sizes[layer]
    )
    inputs = range(net.sizes[layer - 1])
    into = f"A{layer - 1}_dropped" if f"A{layer - 1}_dropped" in derivation else f"A{layer - 1}"
    source = int(np.argmax(np.abs(derivation.value(into)[0])))
    name = net.activations[layer].name
    if kind == "forward" and turn % 2:
        text = words("exercise.output", unit=unit, layer=layer, name=name)
        needed: list[tuple[str, tuple[int, ...]]] = [(f"Z{layer}", (0, k)) for k in ([unit] if not net.activations[layer].rowwise else range(net.sizes[layer]))]  # fmt: skip
        return Question(f"A{layer}", (0, unit), text, tuple(needed))
    if kind == "forward":
        text = words("exercise.pre_activation", unit=unit, layer=layer)
        terms = [(s, at) for k in inputs for s, at in ((into, (0, k)), (f"W{layer}", (k, unit)))]
        return Question(f"Z{layer}", (0, unit), text, (*terms, (f"b{layer}", (unit,))))
    if kind == "loss":
        text = words("exercise.loss", name=words.named(net.loss_function.name))
        outputs = [(s, (0, k)) for s in (f"A{last}", "Y") for k in range(net.sizes[-1])]
        return Question("mean_loss" if "mean_loss" in derivation else "loss", (), text, tuple(outputs))
    backward = [(into, (0, source)), (f"dZ{layer}", (0, unit))]
    if kind == "gradient":
        text = words("exercise.gradient", weight=f"W{layer}[{source}, {unit}]", source=source, unit=unit)
        if derivation.job.l1 or derivation.job.l2:
            text += " " + words("exercise.penalties", l1=derivation.job.l1, l2=derivation.job.l2)
            backward.append((f"W{layer}", (source, unit)))
        return Question(f"dW{layer}", (source, unit), text, tuple(backward))
    optimizer = derivation.job.optimizer
    rule = words("exercise.sgd") if isinstance(optimizer, SGD) else type(optimizer).__name__
    text = words("exercise.update", rule=rule, weight=f"W{layer}[{source}, {unit}]")
    slots = [(f"{slot}_before_W{layer}", (source, unit)) for slot in optimizer.slots]
    parts = [(f"W{layer}", (source, unit)), (f"dW{layer}", (source, unit)), *slots, *_settings(derivation)]
    return Question(f"W{layer}_new", (source, unit), text, tuple(parts))


def _settings(derivation: Derivation) -> list[tuple[str, tuple[int, ...]]]:
    """Return the numbers of the optimizer that its update needs: the learning rate, beta1, t, …"""
    used = {symbol for step in derivation.steps if step.stage == "update" for symbol in step.inputs}
    return [(step.symbol, ()) for step in derivation.given if step.symbol in used and not step.shape]


def _digits(derivation: Derivation, question: Question) -> int:
    """Return how many significant digits of the given numbers show the change of an updated weight; else 6."""
    if not question.symbol.endswith("_new"):
        return 6
    before = _entry(derivation, question.symbol.removesuffix("_new"), question.index)
    change = abs(_entry(derivation, question.symbol, question.index) - before)
    return 6 if not change else min(17, max(6, 4 + math.ceil(math.log10(abs(before) / change + 1))))


def _entry(derivation: Derivation, symbol: str, index: tuple[int, ...]) -> float:
    return float(np.asarray(derivation.value(symbol))[index])


def _named(symbol: str, index: tuple[int, ...]) -> str:
    return f"{symbol}[{', '.join(map(str, index))}]" if index else symbol


def _tolerance(derivation: Derivation, question: Question) -> float:
    """Return the largest accepted error of an answer: 0.51 % of the number; for an updated weight 5 % of its change."""
    expected = _entry(derivation, question.symbol, question.index)
    if question.symbol.endswith("_new"):
        change = expected - _entry(derivation, question.symbol.removesuffix("_new"), question.index)
        return 0.05 * abs(change) + 1e-12
    return 0.0051 * abs(expected) + 1e-12


def _cause(derivation: Derivation, question: Question, answer: float, tolerance: float) -> Misconception | None:
    """Return the usual mistake that gives this answer; mistakes in this very step are tried first."""
    symbol = question.symbol
    own = symbol if symbol in derivation else "theta"
    answers = Answers(derivation, {symbol: derivation.value(symbol)})
    tried = sorted(hypotheses(derivation), key=lambda each: not any(name.startswith(own) for name in each.formulas))
    for hypothesis in tried:
        value = answers.simulate(hypothesis.formulas).get(symbol)
        if value is None or np.shape(value) != np.shape(derivation.value(symbol)):
            continue
        if abs(float(np.asarray(value)[question.index]) - answer) <= tolerance:
            return hypothesis.misconception
    return None
