"""Grading: a learner's own numbers against a derivation: which are right, which is the first wrong one, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown, unknown_name
from glassnet.explain.misconceptions import Formulas, Hypothesis, Misconception, hypotheses
from glassnet.training.reference import masks

if TYPE_CHECKING:
    from glassnet.explain.derivation import Derivation

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Mark:
    """The verdict on one term: "right", "wrong", or "follows" where it was computed rightly from a wrong one."""

    symbol: str
    verdict: str
    given: Array
    expected: Array
    note: str = ""


@dataclass(frozen=True, eq=False)
class Grade:
    """What `Derivation.grade` returns.

    Attributes
    ----------
    marks : tuple of Mark
        One for each term that was given, in the order of the derivation.
    first_wrong : Mark or None
        The first wrong term along the chain.
    misconception : Misconception or None
        What most likely went wrong there: the usual mistake whose numbers are the learner's.
    formula : str
        The formula that gives the learner's numbers.
    also_possible : tuple of Misconception
        Others that give the same numbers.
    """

    marks: tuple[Mark, ...]
    first_wrong: Mark | None
    misconception: Misconception | None
    formula: str
    right_formula: str
    also_possible: tuple[Misconception, ...]
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether every term is right."""
        return self.first_wrong is None

    def __str__(self) -> str:
        right = [mark.symbol for mark in self.marks if mark.verdict == "right"]
        lines = [f"{len(right)} of {len(self.marks)} right" + (f": {', '.join(right)}" if right else "")]
        if self.note:
            lines.append(self.note)
        if self.first_wrong is None:
            return "\n".join(lines)
        mark = self.first_wrong
        lines.append(f"first wrong: {mark.symbol}{f', {mark.note}' if mark.note else ''}")
        lines += [f"  yours     {_short(mark.given)}", f"  expected  {_short(mark.expected)}"]
        if self.misconception is None:
            lines.append("  none of the usual mistakes gives your numbers; look at its formula:")
            lines.append(f"  {mark.symbol} = {self.right_formula}")
        else:
            lines.append(f"  {self.misconception.what}")
            lines.append(f"  yours is what {self.formula} gives; right is {self.right_formula}")
            lines.append(f"  {self.misconception.remedy}")
        for verdict, words in (("follows", "follow rightly from the wrong ones"), ("wrong", "also wrong")):
            others = [m.symbol for m in self.marks if m.verdict == verdict and m is not mark]
            if others:
                lines.append(f"{', '.join(others)}: {words}")
        return "\n".join(lines)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "ok": self.ok,
            "marks": [
                {"symbol": m.symbol, "verdict": m.verdict, "note": m.note, "expected": m.expected.tolist()}
                for m in self.marks
            ],
            "first_wrong": self.first_wrong.symbol if self.first_wrong else None,
            "misconception": None
            if self.misconception is None
            else {
                "code": self.misconception.code,
                "what": self.misconception.what,
                "remedy": self.misconception.remedy,
            },
            "formula": self.formula,
            "right_formula": self.right_formula,
            "note": self.note,
        }


def grade(derivation: Derivation, answers: Mapping[str, Any]) -> Grade:
    """Compare a learner's terms with the derivation's; see `Derivation.grade`."""
    if not answers:
        raise InputError("grade: expected at least one term; got none; pass e.g. grade(dZ2=[[0.3, -0.3]]).")
    answer = Answers(derivation, answers)
    truth = {symbol: derivation.value(symbol) for symbol in answer.given}
    if not all(answer.matches(symbol, truth[symbol]) for symbol in answer.given):
        later = answer.simulate(_mean_taken_later(derivation))
        if later and all(answer.matches(symbol, later.get(symbol, truth[symbol])) for symbol in answer.given):
            marks = tuple(Mark(symbol, "right", answer.given[symbol], truth[symbol]) for symbol in answer.given)
            note = "your dZ and dA are those of single samples: the mean over the batch comes in dW and db, as well"
            return Grade(marks, None, None, "", "", (), note)
    marks = tuple(_marks(answer, truth))
    wrong = next((mark for mark in marks if mark.verdict == "wrong"), None)
    if wrong is None:
        return Grade(marks, None, None, "", "", ())
    found = _causes(answer, truth, wrong)
    formula, causes = "", tuple(dict.fromkeys(hypothesis.misconception for hypothesis in found))
    if found:
        symbol = wrong.symbol if wrong.symbol in found[0].formulas else next(iter(found[0].formulas))
        formula = f"{symbol} = {found[0].formulas[symbol]}"
    else:
        symbol = wrong.symbol
    right = derivation[symbol].code if symbol in derivation else ""
    shown_right = f"{symbol} = {right}" if found else right
    return Grade(marks, wrong, causes[0] if causes else None, formula, shown_right, causes[1:])


class Answers:
    """The terms a learner gave, in the derivation's order, and what other formulas would have given."""

    def __init__(self, derivation: Derivation, answers: Mapping[str, Any]) -> None:
        self.derivation = derivation
        named = {_symbol(derivation, name): _numbers(name, value) for name, value in answers.items()}
        order = {step.symbol: place for place, step in enumerate(derivation.steps)}
        self.given = dict(sorted(named.items(), key=lambda item: order.get(_step_of(derivation, item[0]), -1)))
        self.tolerances = {symbol: _precision(values) for symbol, values in self.given.items()}
        self.scales = {symbol: float(np.max(np.abs(derivation.value(symbol)))) for symbol in self.given}
        self._needed = self._ancestors()
        self._compiled: dict[str, CodeType] = {}
        self._environment = dict(derivation.environment) | _helpers(derivation)

    def matches(self, symbol: str, value: Array, slack: float = 1.0) -> bool:
        """Whether the learner's numbers are these, to the digits they gave, times `slack`."""
        given, value = self.given[symbol], np.asarray(value, dtype=float)
        if not _same_shape(symbol, given, value):
            return False
        given, value = np.squeeze(given), np.squeeze(value)
        digits, decimals = self.tolerances[symbol]
        size = np.maximum(np.abs(given), np.abs(value))
        largest = float(np.max(np.abs(value), initial=0.0))
        if digits > 6:
            allowed = 1e-6 * size + 1e-6 * largest
        else:
            with np.errstate(divide="ignore"):
                unit = 10.0 ** (np.floor(np.log10(np.where(size > 0, size, 1))) - max(digits, 3) + 1)
            allowed = np.maximum(0.505 * unit, min(0.505 * 10.0**-decimals, 0.005 * largest)) * (size > 0)
        with np.errstate(invalid="ignore"):
            return bool(np.all(np.abs(given - value) <= slack * allowed + 1e-12 * self.scales[symbol]))

    def simulate(self, formulas: Formulas, values: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """The symbols that change, with their values, if these formulas or values stand in for the right ones."""
        environment, changed = dict(self._environment), dict(values or {})
        environment.update(changed)
        with np.errstate(all="ignore"):
            for step in self.derivation.steps:
                symbol = step.symbol
                if symbol not in self._needed or (values and symbol in values):
                    continue
                code = formulas.get(symbol, "")
                if not code and any(name in changed for name in step.inputs):
                    code = step.code or _opaque(step.symbol)
                if not code:
                    continue
                try:
                    environment[symbol] = changed[symbol] = np.asarray(eval(self._compile(code), environment))
                except (ValueError, TypeError, ZeroDivisionError, NameError, IndexError):
                    return {}  # the shapes do not allow it
        for symbol in self.given:
            if symbol not in self.derivation:
                flat, parameter = self.derivation.part(symbol)
                if flat in changed:
                    W, b = self.derivation.network.layout.views(changed[flat])
                    changed[symbol] = (W if parameter[0] == "W" else b)[int(parameter[1:])]
        return changed

    def _compile(self, code: str) -> CodeType:
        if code not in self._compiled:
            self._compiled[code] = compile(code, "<formula>", "eval")
        return self._compiled[code]

    def _ancestors(self) -> set[str]:
        """The steps on the way to what was given; the rest need not be computed."""
        needed = {_step_of(self.derivation, symbol) for symbol in self.given}
        last = self.derivation.network.n_layers
        for step in reversed(self.derivation.steps):
            if step.symbol in needed:
                needed.update(step.inputs)
                if step.symbol == f"dZ{last}":  # a learner may have come the long way
                    needed.update({f"dZ{last}_long", f"slope_Z{last}", f"dA{last}", f"J{last}"})
        return needed


def _marks(answer: Answers, truth: Mapping[str, Array]) -> Iterator[Mark]:
    """A mark for each term; a wrong one whose numbers follow from earlier wrong ones is no mistake of its own."""
    overrides: dict[str, Array] = {}
    for symbol, given in answer.given.items():
        if answer.matches(symbol, truth[symbol]):
            yield Mark(symbol, "right", given, truth[symbol])
            continue
        follows = False
        if overrides:
            value = answer.simulate({}, overrides).get(symbol)
            follows = value is not None and answer.matches(symbol, value, slack=3)  # from rounded numbers
        note = ""
        if not _same_shape(symbol, given, truth[symbol]):
            note = f"whose shape is {given.shape} in place of {truth[symbol].shape}"
        elif symbol in answer.derivation:
            overrides[symbol] = given.reshape(truth[symbol].shape)
        yield Mark(symbol, "follows" if follows else "wrong", given, truth[symbol], note)


def _causes(answer: Answers, truth: Mapping[str, Array], wrong: Mark) -> list[Hypothesis]:
    """The misconceptions that give the first wrong term; first the one that explains most of all terms."""
    scored: list[tuple[int, Hypothesis]] = []
    for hypothesis in hypotheses(answer.derivation):
        values = answer.simulate(hypothesis.formulas)
        if wrong.symbol in values and answer.matches(wrong.symbol, values[wrong.symbol]):
            scored.append((sum(answer.matches(s, values.get(s, truth[s])) for s in answer.given), hypothesis))
    best = max((score for score, _ in scored), default=0)
    return [hypothesis for score, hypothesis in scored if score == best]


def _mean_taken_later(derivation: Derivation) -> Formulas:
    """The other convention: dZ and dA of single samples, the mean in dW and db."""
    last = derivation.network.n_layers
    if "mean_weights" not in derivation or f"slope_Z{last}" not in derivation:
        return {}
    weights, total = ("w[:, None] * ", "w.sum()") if "w" in derivation else ("", "n")
    formulas = {f"dZ{last}": f"{weights}slope_Z{last}"}
    if f"dA{last}" in derivation:
        formulas[f"dA{last}"] = f"({derivation[f'dA{last}'].code}) * {total}"
    for layer in range(1, last + 1):
        data = f"dW{layer}_data" if f"dW{layer}_data" in derivation else f"dW{layer}"
        formulas[data] = f"({derivation[data].code}) / {total}"
        formulas[f"db{layer}"] = f"({derivation[f'db{layer}'].code}) / {total}"
    return formulas


def _helpers(derivation: Derivation) -> dict[str, Any]:
    """What wrong formulas may also use: g and g' of each layer, updated weights, the masks of other steps."""
    net, job, state = derivation.network, derivation.job, derivation.state
    helpers: dict[str, Any] = {}
    for layer, activation in net.activations.items():
        helpers[f"g{layer}"] = activation
        if not activation.rowwise:
            helpers[f"df{layer}"] = lambda z, a, g=activation: np.asarray(g.df(z, a, **g.parameters), dtype=float)
    if "theta" in derivation:
        for layer in net.W:
            helpers[f"W{layer}_new"] = derivation.value(f"W{layer}_new")
    if job.dropout:
        n = len(derivation.batch.X)
        early, stale = masks(job, state.step + 1, n), masks(job, max(state.step - 1, 0), n)
        for layer in derivation.batch.masks:
            helpers[f"D{layer}_early"], helpers[f"D{layer}_stale"] = early[layer], stale[layer]
    return helpers


def _opaque(symbol: str) -> str:
    """The formula of an activation that is no printed equation."""
    kind, layer = symbol.rstrip("0123456789"), symbol.lstrip("A")
    return f"g{layer}(Z{layer})" if kind == "A" else ""


def _symbol(derivation: Derivation, name: str) -> str:
    """The derivation's symbol for the name a learner used: dw2, dz1, yhat, L."""
    last = derivation.network.n_layers
    known = {step.symbol.lower(): step.symbol for step in (*derivation.given, *derivation.steps)}
    known |= {"x": "A0", "dx": "dA0", "yhat": f"A{last}", "y_hat": f"A{last}", "output": f"A{last}", "l": "loss"}
    known |= {"dyhat": f"dA{last}", "dy_hat": f"dA{last}"}
    found = known.get(name.lower())
    if found is not None and found in derivation:
        return found
    exact = re.sub(r"(?i)(^|_)(w|b)(\d+)", lambda m: m[1] + ("W" if m[2] in "wW" else "b") + m[3], name)
    try:
        derivation.part(exact)
    except InputError:
        raise unknown_name("term", name, [step.symbol for step in derivation.steps]) from None
    return exact


def _step_of(derivation: Derivation, symbol: str) -> str:
    return symbol if symbol in derivation else derivation.part(symbol)[0]


def _numbers(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected numbers; got {shown(value)}; pass a number or a list of them.") from None
    if array.size == 0:
        raise InputError(f"{name}: expected numbers; got none; pass a number or a list of them.")
    return array


def _same_shape(symbol: str, given: Array, value: Array) -> bool:
    """A single sample may be a row, a column or plain numbers; of a weight gradient a column is no row."""
    if symbol.startswith("dW") and given.ndim == value.ndim:
        return given.shape == value.shape
    return np.squeeze(given).shape == np.squeeze(value).shape


def _precision(values: Array) -> tuple[int, int]:
    """How many significant digits and how many decimals the numbers were given to; 17 for full precision."""
    digits = decimals = 1
    for value in values.ravel()[:2000].tolist():
        if not np.isfinite(value) or value == 0:
            continue
        needed = next((p for p in range(1, 8) if float(f"{value:.{p - 1}e}") == value), 17)
        if needed == 17:
            return 17, 17
        digits = max(digits, needed)
        decimals = max(decimals, needed - 1 - int(f"{value:e}".split("e")[1]))
    return digits, decimals


def _short(values: Array) -> str:
    text = np.array2string(np.asarray(values), precision=4, threshold=12, edgeitems=2)
    return " ".join(text.split())
