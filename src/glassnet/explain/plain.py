"""Formulas in plain Python: floats, the math module and exactly rounded sums, one number at a time."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np

from glassnet.printers.element import written
from glassnet.printers.expression import called
from glassnet.printers.inline import inline

PLAIN: dict[str, Callable[..., Any]] = {
    "exp": lambda x: math.exp(x) if x < 709.7 else math.inf,
    "expm1": lambda x: math.expm1(x) if x < 709.7 else math.inf,
    "log": lambda x: math.log(x) if x > 0 else -math.inf,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "maximum": max,
    "minimum": min,
    "max": max,
    "min": min,
    "ones_like": lambda x: 1.0,
    "sum_of": lambda *terms: math.fsum(terms),
}
_OPERATIONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Plain:
    """Evaluates an entry's formula with Python's floats; sums are exactly rounded."""

    def __init__(self, environment: Mapping[str, Any]) -> None:
        self.environment = environment

    def run(self, node: ast.expr) -> float:
        """The value of the formula; nan where it divides by 0 or overflows."""
        try:
            return float(self.value(node))
        except (ZeroDivisionError, OverflowError, ValueError):
            return math.nan

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return float(self.environment[name])
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                return float(self.environment[name][ast.literal_eval(index)])
            case ast.UnaryOp(operand=operand):
                return -self.value(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATIONS[type(op)](self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return _OPERATIONS[type(op)](self.value(left), self.value(right))
            case ast.Call(args=arguments):
                return self.call(called(node), arguments)
        raise AssertionError(ast.unparse(node))

    def call(self, name: str, arguments: list[ast.expr]) -> Any:
        if name == "where":
            return self.value(arguments[1] if self.value(arguments[0]) else arguments[2])
        if name in PLAIN:
            return PLAIN[name](*(self.value(argument) for argument in arguments))
        numbers = [written(self.value(argument)) for argument in arguments]
        return self.value(inline(self.environment[name], numbers))


class Shaken(Plain):
    """Evaluates a formula with each operation moved at random by a few units in the last place (Vignes 1978)."""

    def __init__(self, environment: Mapping[str, Any], unit: float, seed: int) -> None:
        super().__init__(environment)
        self.unit, self.random = unit, Random(seed)

    def value(self, node: ast.expr) -> Any:
        found = super().value(node)
        return found * (1 + self.unit * self.random.uniform(-4, 4)) if _computed(node, found) else found


class Single(Plain):
    """Evaluates a formula with the result of each operation in float32; constants stay as they are."""

    def value(self, node: ast.expr) -> Any:
        found = super().value(node)
        if not _computed(node, found):
            return found
        with np.errstate(over="ignore", under="ignore"):
            return float(np.float32(found))


def _computed(node: ast.expr, found: Any) -> bool:
    """True for the result of an operation on the entries of arrays."""
    operation = isinstance(node, ast.BinOp | ast.Call) and isinstance(found, float)
    return operation and any(isinstance(part, ast.Subscript) for part in ast.walk(node))


def rounding(environment: Mapping[str, Any], node: ast.expr, unit: float) -> float:
    """Estimate how far rounding to `unit` may move the value of a formula."""
    exact = Plain(environment).run(node)
    return 4 * max(abs(Shaken(environment, unit, seed).run(node) - exact) for seed in range(4))
