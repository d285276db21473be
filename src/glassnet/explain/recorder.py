"""The Recorder: writes steps down in order, with formulas read from the source and the values they are evaluated on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from glassnet.errors import InputError
from glassnet.explain.statements import Source, last_statement, names_in, rename, source_of, statement
from glassnet.explain.step import Step
from glassnet.printers.expression import read_equation
from glassnet.printers.inline import functions_of, inline


class Recorder:
    """Collects steps, and the environment their formulas are evaluated in."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.environment: dict[str, Any] = {"np": np}

    def give(self, symbol: str, what: str, value: Any, layer: int | None = None) -> None:
        """Write down a quantity that is there from the start."""
        self._keep(Step(symbol, "given", what, value, layer=layer))

    def add(
        self,
        symbol: str,
        stage: str,
        what: str,
        value: Any,
        computed: tuple[ast.expr | None, Source | None],
        *,
        layer: int | None = None,
        aside: bool = False,
        note: str = "",
        inputs: tuple[str, ...] = (),
    ) -> None:
        """Write down a computed quantity; its inputs are the symbols of its formula."""
        expression, source = computed
        if expression is not None:
            inputs = tuple(name for name in names_in(expression) if name in self.steps)
        self._keep(Step(symbol, stage, what, value, expression, source, inputs, layer, aside, note))

    def _keep(self, step: Step) -> None:
        self.steps[step.symbol] = step
        self.environment[step.symbol] = step.value

    def call(self, function: Callable[..., Any], arguments: str, constants: Mapping[str, float] | None = None) -> Any:
        """The formula of `function(arguments, constants)` and its source; no formula where it is no equation.

        An equation of one line is written out; a part of it that is a known symbol's formula becomes that symbol.
        """
        try:
            source = source_of(function)
            equation = read_equation(function, elementwise=False)
            passed = [ast.parse(text, mode="eval").body for text in arguments.split(", ")]
            passed += [ast.Constant(value) for value in (constants or {}).values()]
            whole = inline(function, passed)
        except (InputError, AttributeError, ValueError):
            try:
                return None, source_of(function)
            except (InputError, AttributeError):
                return None, None
        self.environment.update({function.__name__: function, **functions_of(function)})
        if equation.assignments:
            return ast.Call(ast.Name(function.__name__), passed, []), source
        source = source_of(function, last_statement(function))
        formulas = {step.code: name for name, step in self.steps.items() if isinstance(step.expression, ast.Call)}
        return rename(whole, formulas), source

    def read(self, function: Callable[..., Any], start: str, names: Mapping[str, str]) -> tuple[ast.expr, Source]:
        """The formula of a statement, in the symbols of this derivation, and its source."""
        expression, source = statement(function, start)
        return rename(expression, names), source
