"""Writes an equation as one expression: substitutes its arguments and its assignments."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from glassnet.errors import InputError
from glassnet.printers.expression import FUNCTIONS, read_equation
from glassnet.printers.source import functions_of_modules


def inline(function: Callable[..., Any], arguments: Sequence[ast.expr]) -> ast.expr:
    """Return the value of `function` at the expressions `arguments` as one expression.

    Examples
    --------
    >>> from glassnet.equations.activations import sigmoid
    >>> ast.unparse(inline(sigmoid, [ast.Name("Z1")]))
    'np.where(Z1 >= 0, 1, np.exp(np.minimum(Z1, -Z1))) / (1 + np.exp(np.minimum(Z1, -Z1)))'
    """
    equation = read_equation(function, elementwise=False)
    scope = dict(zip(equation.arguments, arguments, strict=True))
    for name, expression in equation.assignments:
        scope[name] = substitute(expression, scope)
    result = substitute(equation.returns[0], scope)
    return _with_constants(function, equation.name, result, scope)


def substitute(expression: ast.expr, scope: Mapping[str, ast.expr]) -> ast.expr:
    """Replace the names in `scope` by their expressions."""
    return _Substitute(scope).visit(copy.deepcopy(expression))


def functions_of(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Return the equations that an equation calls by name, and those that they call."""
    found: dict[str, Callable[..., Any]] = {}
    scope = _scope(function)
    equation = read_equation(function, elementwise=False)
    for expression in (*(value for _, value in equation.assignments), *equation.returns):
        for node in ast.walk(expression):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called = scope.get(node.func.id)
                if callable(called) and node.func.id not in found:
                    found[node.func.id] = called
                    if hasattr(called, "__code__"):
                        found.update(functions_of(called))
    return found


class _Substitute(ast.NodeTransformer):
    def __init__(self, scope: Mapping[str, ast.expr]) -> None:
        self.scope = scope

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.scope.get(node.id, node))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]  # the name of the called function is kept
        return node


def _with_constants(function: Callable[..., Any], name: str, expression: ast.expr, scope: Any) -> ast.expr:
    """Replace names of numbers in the function's module or closure by the numbers; refuse any other name from there."""
    own = {node.id for value in scope.values() for node in ast.walk(value) if isinstance(node, ast.Name)}
    surroundings, constants = _scope(function), {}
    called = {
        node.func.id for node in ast.walk(expression) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    for node in ast.walk(expression):
        if isinstance(node, ast.Name) and node.id not in own | called | {"np", "rng"}:
            value = surroundings.get(node.id)
            if not isinstance(value, int | float):
                raise InputError(
                    f"equation {name}: expected its own names and numbers; got {node.id!r}; pass it as a parameter."
                )
            constants[node.id] = ast.Constant(value)
    for callee in called - set(FUNCTIONS):
        if not callable(surroundings.get(callee)):
            raise InputError(f"equation {name}: expected functions it can call; got {callee!r}; import it.")
    return substitute(expression, constants)


def _scope(function: Callable[..., Any]) -> dict[str, Any]:
    closure = inspect.getclosurevars(function)
    of_modules = {name.rpartition(".")[2]: each for name, each in functions_of_modules(function).items()}
    return {**of_modules, **closure.builtins, **closure.globals, **closure.nonlocals}
