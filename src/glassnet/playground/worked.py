"""Works one training step out for the page: the derivation of `explain` with formulas in MathML and its checks."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from glassnet.errors import InputError, shown
from glassnet.explain.derivation import Derivation
from glassnet.explain.explain import explain
from glassnet.explain.graph import Step
from glassnet.explain.render.equations import entry_sides, line_sides
from glassnet.explain.render.html import SINCE
from glassnet.explain.render.shown import in_names, matrices_of
from glassnet.explain.scalar import Line
from glassnet.playground.checkpoints import Course, Position
from glassnet.playground.state import State, whole
from glassnet.printers.mathml import MathML, print_mathml

ROWS = 12  # rows shown of an array
CHECKED = 4  # entries checked of a step
MOST_PATHS = 100  # the chain rule of a weight is written out if no more paths lead from it to the outputs
MOST_NUMBERS = 1_000_000  # samples × parameters of the largest batch that is worked out
MOST_ENTRIES = 200  # entries shown of a vector; theta is shown whole
LARGE = 2_000  # from this number of parameters on, one entry of a step is checked


_parsing = threading.RLock()
P = ParamSpec("P")
T = TypeVar("T")
Place = tuple[str, tuple[int, ...]]


def one_at_a_time(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function that works steps out, which parses code: CPython 3.11 fails where two threads do so at once."""

    @functools.wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> T:
        with _parsing:
            return function(*args, **kwargs)

    return alone


@one_at_a_time
def worked_step(course: Course, state: State, sample: str, entry: str) -> dict[str, Any]:
    """Work out the next step of a run on its batch or on one training sample, and the chain rule of one parameter.

    The step that the run makes is the batch's. One that is too large to be worked out is replaced by training sample 0,
    unless the batch was asked for.
    """
    if not sample:
        sample = "0" if _too_large(course.at(state.step)) else "batch"
    derivation, position = derive(course, state, sample)
    point = None if sample == "batch" else int(sample)
    data = course.setup.data
    return {
        "sample": "batch" if point is None else point,
        "x": None if point is None else data.train[point].tolist(),
        "target": None if point is None else np.asarray(data.y_train)[point].item(),
        "rows": len(derivation.batch.X),
        "step": position.run.step,
        "given": [_step(derivation, step) for step in derivation.given],
        "steps": [_step(derivation, step) for step in derivation.steps],
        "entry": chain_rule(derivation, entry) if entry else None,
    }


@one_at_a_time
def derive(course: Course, state: State, sample: str) -> tuple[Derivation, Position]:
    """Return the derivation of a run's next step, on its batch or as if the batch were one training sample."""
    position = course.at(state.step)
    run = position.run
    if position.non_finite is not None:
        raise InputError(
            f"step: expected a finite loss; the run ended at step {position.non_finite.step}; choose an earlier step."
        )
    if sample == "batch":
        if _too_large(position):
            raise InputError("sample: expected one sample, for a batch this large; got the batch; pass e.g. sample=0.")
        return explain(run), position
    row = whole("sample", sample or "0", 0, len(run.job.X) - 1)
    derivation = explain(
        run.network,
        run.job.X[row],
        run.job.Y[row],
        optimizer=run.optimizer,
        step=run.step,
        memory=dict(zip(run.job.optimizer.slots, run.state.slots, strict=True)),
        l1=run.job.l1,
        l2=run.job.l2,
        dropout=run.job.dropout,
        seed=run.job.seed,
    )
    return derivation, position


def _too_large(position: Position) -> bool:
    return len(position.batch.rows) * position.run.network.n_parameters > MOST_NUMBERS


def place_of(derivation: Derivation, entry: str) -> tuple[str, tuple[int, ...]]:
    """Return the symbol and the index of a parameter called W1,0,3 or b2,0."""
    name, *index = entry.split(",", 3)
    shape = {**{f"W{layer}": W.shape for layer, W in derivation.network.W.items()},
             **{f"b{layer}": b.shape for layer, b in derivation.network.b.items()}}.get(name)  # fmt: skip
    numbers = [int(each) if each.isascii() and each.isdigit() and len(each) < 4 else 999 for each in index]
    if shape is None or len(numbers) != len(shape) or any(k >= size for k, size in zip(numbers, shape, strict=True)):
        raise InputError(f"entry: expected a parameter of this network; got {shown(entry)}; pass e.g. entry=W1,0,0.")
    return name, tuple(numbers)


def _step(derivation: Derivation, step: Step) -> dict[str, Any]:
    source = step.source
    checked = CHECKED if derivation.network.n_parameters < LARGE else 1
    check = None if step.stage in ("given", "update") else derivation.check(step.symbol, checked)
    value = np.asarray(step.value)
    rows = ROWS if value.ndim > 1 else value.size if step.symbol == "theta" else MOST_ENTRIES
    return {
        "symbol": step.symbol,
        "stage": step.stage,
        "what": step.what,
        "layer": step.layer,
        "aside": step.aside,
        "note": step.note or None,
        "shape": list(value.shape),
        "value": (value[:rows] if value.ndim else value).tolist(),
        "mathml": None if step.expression is None else _equation(derivation, step),
        "code": None if source is None else source.code,
        "file": None if source is None else source.file,
        "line": None if source is None else source.line,
        "inputs": list(step.inputs),
        "check": None
        if check is None
        else {"ok": check.ok, "checked": check.checked, "method": check.method, "error": float(check.error)},
    }


@one_at_a_time
def chain_rule(derivation: Derivation, given: str, told: dict[Place, dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the chain rule of a parameter, or only its last line if too many paths lead to the outputs.

    `told` keeps the lines that chain rules of one derivation share.
    """
    told = {} if told is None else told
    name, index = place_of(derivation, given)
    sizes = derivation.network.sizes
    found: dict[str, Any] = {
        "symbol": name,
        "index": list(index),
        "mathml": [],
        "paths": math.prod(sizes[int(name[1:]) + 1 :]),
    }
    if found["paths"] > MOST_PATHS:
        line = derivation.line(f"d{name}", *index)
        other = derivation.independent(f"d{name}", index)
        lines: tuple[Line, ...] = (line,)
        found["value"] = float(line.value)
    else:
        entry = derivation.entry(name, *index)
        left, forms = entry_sides(MathML(derivation.digits), entry)
        found["mathml"] = [_math(f"{left}<mo>{sign}</mo>{form}") for sign, form in forms]
        other, lines = entry.independent, entry.lines
        found["value"] = float(entry.value)
    for line in lines:
        if (line.symbol, line.index) not in told:
            told[line.symbol, line.index] = _line(derivation, line)
    found["lines"] = [told[line.symbol, line.index] for line in lines]
    found["independent"] = None if other is None else {"value": float(other[0]), "method": other[1]}
    return found


def _line(derivation: Derivation, line: Line) -> dict[str, Any]:
    source = line.step.source
    left, forms = line_sides(MathML(derivation.digits), line, derivation, SINCE)
    return {
        "symbol": line.symbol,
        "stage": line.step.stage,
        "mathml": _math(left + "".join(f"<mo>{sign}</mo>{form}" for sign, form in forms)),
        "file": None if source is None else source.file,
        "line": None if source is None else source.line,
    }


def _equation(derivation: Derivation, step: Step) -> str:
    """Return the formula of a step in names, as textbooks write it."""
    assert step.expression is not None
    formula = in_names(derivation, step.symbol, step.textbook or step.expression)
    expression = step.expression if formula.expression is None else formula.expression
    right = print_mathml(expression, matrices=matrices_of(derivation))
    return _math(f"{print_mathml(formula.left)}<mo>=</mo>{right}")


def _math(inside: str) -> str:
    return f"<math>{inside}</math>"
