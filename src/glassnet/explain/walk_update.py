"""The update of a training step: clipping, the learning rate, and the optimizer's recurrence statement by statement."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.errors import InputError
from glassnet.explain import formulas
from glassnet.explain.graph import Step
from glassnet.explain.walk import Walk
from glassnet.printers.inline import functions_of, substitute
from glassnet.printers.source import read_definition
from glassnet.printers.statements import Source, source_of
from glassnet.training import reference


def add_update(walk: Walk) -> None:
    """Write down the update; its vectors have theta's layout: W1, b1, W2, b2, …"""
    job, state = walk.job, walk.state
    theta = walk.net.theta.copy()
    walk.give("theta_before", "all parameters before the step, W1, b1, W2, b2, … in one vector", theta)
    parts = ", ".join(f"dW{layer}.ravel(), db{layer}" for layer in walk.net.W)
    gathered = ast.parse(f"np.concatenate([{parts}])", mode="eval").body
    g = walk.gradient.flat.copy()
    symbol = "g" if job.clip_norm is None else "gradient"
    source = source_of(type(walk.net.layout).views)
    what = "the gradient of all parameters in one vector, in the order of theta"
    walk.add(Step(symbol, "update", what, g), (gathered, source))
    if job.clip_norm is not None:
        g = _add_clipping(walk)
    rate = _add_learning_rate(walk)

    optimizer = job.optimizer
    constants: dict[str, Any] = {**optimizer.constants(), "learning_rate": rate}
    for slot, value in zip(optimizer.slots, state.slots, strict=True):
        walk.give(f"{slot}_before", f"the optimizer's {slot} from the step before", value.copy())
    for name, constant in constants.items():
        if name != "learning_rate":
            walk.give(name, f"the optimizer's {name}", constant)
    if optimizer.counts_steps:
        constants["t"] = state.step + 1
        walk.give("t", "the number of updates with this one, t = step + 1", state.step + 1)
    after = optimizer.update(theta, g, *state.slots, **constants)
    results = dict(zip(("theta", *optimizer.slots), after, strict=True))
    _add_recurrence(walk, optimizer.update, results)


def _add_clipping(walk: Walk) -> Any:
    job, gradient = walk.job, walk.steps["gradient"].value
    walk.give("clip_norm", "the largest norm the gradient may have", job.clip_norm)
    clipping, source = formulas.CLIPPED.read()
    norm_formula = ast.parse(formulas.NORM, mode="eval").body
    walk.add(
        Step("norm", "update", "the length of the gradient", float(np.linalg.norm(gradient))), (norm_formula, source)
    )
    clipped = reference.clip(job, gradient)
    what = "the gradient, clipped" if walk.steps["norm"].value > job.clip_norm else "the gradient: short enough"
    walk.add(Step("g", "update", what, clipped), (clipping, source))
    return clipped


def _add_learning_rate(walk: Walk) -> float:
    job, state = walk.job, walk.state
    rate = reference.learning_rate(job, state)
    if rate == job.optimizer.learning_rate:
        walk.give("learning_rate", "the learning rate", rate)
        return rate
    step = np.array([state.step])
    factor = float(job.schedule.factor(step, job.steps_per_epoch, job.epochs * job.steps_per_epoch)[0])
    walk.give("base_rate", "the optimizer's learning rate", job.optimizer.learning_rate)
    try:
        source: Source | None = source_of(type(job.schedule).factor)
    except (InputError, AttributeError):
        source = None
    what = f"the schedule {job.schedule!r} at step {state.step}"
    walk.add(Step("schedule_factor", "update", what, factor), (None, source))
    walk.give("rate_factor", "what an adaptive schedule has come down to", state.rate_factor)
    walk.add(Step("learning_rate", "update", "the learning rate of this step", rate), formulas.LEARNING_RATE.read())
    return rate


def _add_recurrence(walk: Walk, function: Callable[..., Any], results: dict[str, Any]) -> None:
    """Write down each assignment of the recurrence as a step; its numbers come from running that statement.

    The optimizer's arguments are known by their order (theta, g, then the slots), not by their names.
    """
    statements = _statements(function, tuple(results))
    if statements is None:  # not straight-line code: only the results can be shown
        inputs = ("g", *(f"{name}_before" for name in results))
        for name, value in results.items():
            walk.add(Step(name, "update", _description(name), value, inputs=inputs), (None, _source(function)))
        return
    walk.environment.update(functions_of(function))
    arguments = [argument.arg for argument in read_definition(function).args.args]
    scope = dict(
        zip(arguments, ("theta_before", "g", *(f"{name}_before" for name in results if name != "theta")), strict=False)
    )
    last = {written.variable: place for place, written in enumerate(statements)}
    for place, written in enumerate(statements):
        formula = substitute(written.expression, {name: ast.Name(symbol) for name, symbol in scope.items()})
        value = eval(ast.unparse(formula), dict(walk.environment))
        symbol = written.symbol if last[written.variable] == place else f"{written.symbol}_{place + 1}"
        computed = formula, source_of(function, written.node)
        walk.add(Step(symbol, "update", _description(written.symbol), value), computed)
        scope[written.variable] = symbol


def _description(symbol: str) -> str:
    return "all parameters after the step" if symbol == "theta" else f"the optimizer's {symbol}"


@dataclass(frozen=True)
class _Assignment:
    variable: str  # its name in the recurrence
    symbol: str  # its name in the derivation
    expression: ast.expr
    node: ast.AST


def _statements(function: Callable[..., Any], results: tuple[str, ...]) -> list[_Assignment] | None:
    """List the assignments of a recurrence, among them each result that is returned under a new name.

    Returns None if the function is not straight-line code.
    """
    try:
        tree = read_definition(function)
        functions_of(function)
    except (InputError, AttributeError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    arguments = [argument.arg for argument in tree.args.args]
    symbols = dict(zip(arguments[:1] + arguments[2:], results, strict=False))  # the arguments that come back changed
    found: list[_Assignment] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            found.append(_Assignment(name, symbols.get(name, name), node.value, node))
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            for (name, symbol), value in zip(symbols.items(), node.value.elts, strict=False):
                if not (isinstance(value, ast.Name) and value.id == name):
                    found.append(_Assignment(name, symbol, value, node))
    return found


def _source(function: Callable[..., Any]) -> Source | None:
    try:
        return source_of(function)
    except (InputError, AttributeError):
        return None
