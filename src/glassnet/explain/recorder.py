"""The Recorder: writes steps down in order, with their formulas and the values of the names in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet.equations import activations, jacobian, losses
from glassnet.equations.textbook import TEXTBOOK
from glassnet.errors import InputError
from glassnet.explain.graph import Step
from glassnet.printers.expression import read_equation
from glassnet.printers.inline import functions_of, inline
from glassnet.printers.statements import Source, last_statement, names_in, rename, source_of

# names that steps may have: Z1, dW2_data, loss_terms, mean_weights, theta, m_hat, learning_rate, …
_SYMBOL = re.compile(
    r"[A-Za-z]{1,2}|\w*\d\w*|\w+_(before|hat|rate|norm|factor|decay)|(loss|mean|penalty|theta|gradient)\w*"
    r"|np|norm|momentum|decay|epsilon"
)


class Recorder:
    """Collects steps, and the environment their formulas are evaluated in."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.environment: dict[str, Any] = {"np": np}

    def give(self, symbol: str, what: str, value: Any, layer: int | None = None) -> None:
        """Write down a quantity known from the start."""
        self._keep(Step(symbol, "given", what, value, layer=layer))

    def add(self, step: Step, computed: tuple[ast.expr | None, Source | None]) -> None:
        """Write down a computed quantity with its formula and source.

        Its inputs are the symbols of the formula; those of `step` count if there is no formula.
        """
        expression, source = computed
        inputs = step.inputs
        if expression is not None:
            inputs = tuple(name for name in names_in(expression) if name in self.steps)
        self._keep(replace(step, expression=expression, source=source, inputs=inputs))

    def _keep(self, step: Step) -> None:
        self.steps[step.symbol] = step
        self.environment[step.symbol] = step.value

    def call(self, function: Callable[..., Any], arguments: str, constants: Mapping[str, float] | None = None) -> Any:
        """The formula of `function(arguments, constants)` and its source; None for a formula if it is not an equation.

        An equation of one line is written out; a part of it equal to the formula of an earlier step becomes its symbol.
        """
        try:
            source = source_of(function)
            equation = read_equation(function, elementwise=False)
            passed = [ast.parse(text, mode="eval").body for text in arguments.split(", ")]
            passed += [ast.Constant(value) for value in (constants or {}).values()]
            whole = inline(function, passed)
            called = functions_of(function)
        except (InputError, AttributeError, ValueError):
            try:
                return None, source_of(function)
            except (InputError, AttributeError):
                return None, None
        if not all(self._may_call(name, each) for name, each in called.items()):
            return None, source
        self.environment.update(called)
        if self._may_call(function.__name__, function):
            self.environment[function.__name__] = function
        elif equation.assignments:  # its name means something else here: write it out
            return whole, source
        if equation.assignments:
            return ast.Call(ast.Name(function.__name__), passed, []), source
        source = source_of(function, last_statement(function))
        formulas = {step.code: name for name, step in self.steps.items() if isinstance(step.expression, ast.Call)}
        return rename(whole, formulas), source

    def textbook(
        self, function: Callable[..., Any], arguments: str, constants: Mapping[str, float] | None = None
    ) -> ast.expr | None:
        """The textbook form of `function(arguments, constants)`, if its code is another one that never overflows."""
        if function not in TEXTBOOK or self.call(function, arguments, constants)[0] is None:
            return None
        passed = [ast.parse(text, mode="eval").body for text in arguments.split(", ")]
        return inline(TEXTBOOK[function], [*passed, *map(ast.Constant, (constants or {}).values())])

    def _may_call(self, name: str, function: Callable[..., Any]) -> bool:
        """True if formulas may call this function by its name: no symbol and no other function has it."""
        if name in self.environment:
            return self.environment[name] is function
        if str(getattr(function, "__module__", "")).startswith("glassnet."):
            return True
        return not _SYMBOL.fullmatch(name) and not any(
            hasattr(module, name) for module in (activations, jacobian, losses)
        )
