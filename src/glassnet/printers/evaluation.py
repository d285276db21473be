"""Copies and evaluates expressions as printing and reading them again would, many times faster."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Expression = TypeVar("Expression", bound=ast.AST)

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
}


def copy_of(node: Expression) -> Expression:
    """Return a copy of an expression, free to be changed; a negative number becomes minus a positive one.

    Examples
    --------
    >>> ast.dump(copy_of(ast.Constant(-2)))
    'UnaryOp(op=USub(), operand=Constant(value=2))'
    """
    if isinstance(node, ast.Constant):
        return _number(node)
    made = type(node)()
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.expr | ast.keyword):
            value = copy_of(value)
        elif isinstance(value, list):
            value = [copy_of(each) if isinstance(each, ast.expr | ast.keyword) else each for each in value]
        setattr(made, name, value)
    return made


def _number(node: Any) -> Any:
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.copysign(1, value) < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


class _UnreadError(Exception):
    """The expression has a part that only Python itself evaluates."""


def evaluate(node: ast.expr, environment: Mapping[str, Any], rounded: Callable[[float], float] | None = None) -> Any:
    """Return the value of an expression, as `eval` would; its numbers are taken as `rounded` gives them.

    Examples
    --------
    >>> evaluate(ast.parse("-x[1] * 2", mode="eval").body, {"x": [3, 4]})
    -8
    >>> evaluate(ast.parse("2 * 0.97", mode="eval").body, {}, round)
    2
    """
    try:
        return _value(node, environment, rounded)
    except _UnreadError:
        return eval(ast.unparse(node if rounded is None else _Round(rounded).visit(copy_of(node))), dict(environment))


class _Round(ast.NodeTransformer):
    def __init__(self, rounded: Callable[[float], float]) -> None:
        self.rounded = rounded

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Constant(self.rounded(node.value)) if isinstance(node.value, float) else node


def _value(node: ast.expr, environment: Mapping[str, Any], rounded: Callable[[float], float] | None) -> Any:
    if isinstance(node, ast.Constant):
        return rounded(node.value) if rounded is not None and isinstance(node.value, float) else node.value
    match node:
        case ast.Name(id=name) if name in environment:
            return environment[name]
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int() as place)) if name in environment:
            return environment[name][place]
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Tuple(elts=parts)) if name in environment:
            if all(type(part) is ast.Constant for part in parts):
                return environment[name][tuple(part.value for part in parts)]  # type: ignore[attr-defined]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            first, second = _value(left, environment, rounded), _value(right, environment, rounded)
            return _OPERATORS[type(op)](first, second)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, environment, rounded)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if callable(environment.get(name)):
            if not any(isinstance(each, ast.Starred) for each in arguments):
                return environment[name](*(_value(each, environment, rounded) for each in arguments))
    raise _UnreadError
