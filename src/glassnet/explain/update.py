"""The update of a training step: clipping, the learning rate, and the optimizer's recurrence statement by statement."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from glassnet.errors import InputError
from glassnet.explain.build import Builder
from glassnet.explain.statements import Source, rename, source_of, statement
from glassnet.printers.inline import functions_of, substitute
from glassnet.printers.source import read_definition
from glassnet.training import reference


def add_update(builder: Builder) -> None:
    """Write down the update; its quantities have theta's layout: W1, b1, W2, b2, …"""
    job, state = builder.job, builder.state
    theta = builder.net.theta.copy()
    builder.give("theta_before", "all parameters before the step, W1, b1, W2, b2, … in one vector", theta)
    parts = ", ".join(f"dW{layer}.ravel(), db{layer}" for layer in builder.net.W)
    gathered = ast.parse(f"np.concatenate([{parts}])", mode="eval").body
    g = builder.gradient.flat.copy()
    symbol = "g" if job.clip_norm is None else "gradient"
    source = source_of(type(builder.net.layout).views)
    what = "the gradient of all parameters in one vector, in the order of theta"
    builder.add(symbol, "update", what, g, (gathered, source))
    if job.clip_norm is not None:
        g = _add_clipping(builder)
    rate = _add_learning_rate(builder)

    optimizer = job.optimizer
    constants: dict[str, Any] = {**optimizer.constants(), "learning_rate": rate}
    for slot, value in zip(optimizer.slots, state.slots, strict=True):
        builder.give(f"{slot}_before", f"the optimizer's {slot} from the step before", value.copy())
    for name, constant in constants.items():
        if name != "learning_rate":
            builder.give(name, f"the optimizer's {name}", constant)
    if optimizer.counts_steps:
        constants["t"] = state.step + 1
        builder.give("t", "the number of this step, from 1", state.step + 1)
    after = optimizer.update(theta, g, *state.slots, **constants)
    results = dict(zip(("theta", *optimizer.slots), after, strict=True))
    _add_recurrence(builder, optimizer.update, results)


def _add_clipping(builder: Builder) -> Any:
    job, gradient = builder.job, builder.steps["gradient"].value
    builder.give("clip_norm", "the largest norm the gradient may have", job.clip_norm)
    whole, source = statement(reference.clip, "return gradient *")
    norm = "float(np.linalg.norm(gradient))"
    names = {norm: "norm", "job.clip_norm": "clip_norm"}
    norm_formula = ast.parse(norm.removeprefix("float(").removesuffix(")"), mode="eval").body
    builder.add("norm", "update", "the length of the gradient", float(np.linalg.norm(gradient)), (norm_formula, source))
    clipped = reference.clip(job, gradient)
    what = "the gradient, clipped" if builder.steps["norm"].value > job.clip_norm else "the gradient: short enough"
    builder.add("g", "update", what, clipped, (rename(whole, names), source))
    return clipped


def _add_learning_rate(builder: Builder) -> float:
    job, state = builder.job, builder.state
    rate = reference.learning_rate(job, state)
    if rate == job.optimizer.learning_rate:
        builder.give("learning_rate", "the learning rate", rate)
        return rate
    step = np.array([state.step])
    factor = float(job.schedule.factor(step, job.steps_per_epoch, job.epochs * job.steps_per_epoch)[0])
    builder.give("base_rate", "the optimizer's learning rate", job.optimizer.learning_rate)
    try:
        source: Source | None = source_of(type(job.schedule).factor)
    except (InputError, AttributeError):
        source = None
    what = f"the schedule {job.schedule!r} at step {state.step}"
    builder.add("schedule_factor", "update", what, factor, (None, source))
    builder.give("rate_factor", "what an adaptive schedule has come down to", state.rate_factor)
    names = {"job.optimizer.learning_rate": "base_rate", "float(factor)": "schedule_factor"}
    names["state.rate_factor"] = "rate_factor"
    computed = builder.read(reference.learning_rate, "return", names)
    builder.add("learning_rate", "update", "the learning rate of this step", rate, computed)
    return rate


def _add_recurrence(builder: Builder, function: Callable[..., Any], results: dict[str, Any]) -> None:
    """Each assignment of the recurrence is a step; its numbers come from running that statement."""
    scope = {name: f"{name}_before" for name in results}
    what = {"theta": "all parameters after the step"}
    statements = _statements(function)
    if statements is None:  # no straight-line code: the results alone
        for name, value in results.items():
            builder.add(
                name,
                "update",
                what.get(name, f"the optimizer's {name}"),
                value,
                (None, _source(function)),
                inputs=("g", *scope.values()),
            )
        return
    builder.environment.update(functions_of(function))
    last = {target: place for place, (target, _, _) in enumerate(statements)}
    for place, (target, expression, node) in enumerate(statements):
        formula = substitute(expression, {name: ast.Name(symbol) for name, symbol in scope.items()})
        value = eval(ast.unparse(formula), dict(builder.environment))
        symbol = target if last[target] == place else f"{target}_{place + 1}"
        text = what.get(target, f"the optimizer's {target}")
        builder.add(symbol, "update", text, value, (formula, source_of(function, node)))
        scope[target] = symbol


def _statements(function: Callable[..., Any]) -> list[tuple[str, ast.expr, ast.AST]] | None:
    """(name, expression, where) of each assignment; what is returned under another name is one as well."""
    try:
        tree = read_definition(function)
        functions_of(function)
    except (InputError, AttributeError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    found: list[tuple[str, ast.expr, ast.AST]] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.append((node.targets[0].id, node.value, node))
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            arguments = [argument.arg for argument in tree.args.args if argument.arg != "g"]
            for name, value in zip(arguments, node.value.elts, strict=False):
                if not (isinstance(value, ast.Name) and value.id == name):
                    found.append((name, value, node))
    return found


def _source(function: Callable[..., Any]) -> Source | None:
    try:
        return source_of(function)
    except (InputError, AttributeError):
        return None
