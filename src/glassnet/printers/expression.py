"""Reads the Python source of an equation into its parts, and refuses what is not an equation.

An equation is a function of straight-line assignments that ends in a return: arithmetic, comparisons, numbers, its own
names, calls of NumPy's elementary functions and of other equations. Nothing else: no branches, loops or attributes.
Row-wise equations may also reduce rows; initializers and encoders, which the C++ printers refuse, draw numbers, factor matrices
and take sines.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glassnet.errors import InputError
from glassnet.printers.source import read_definition, without_modules

FUNCTIONS = {  # NumPy functions that an equation may call, with their number of arguments
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "sqrt", "tanh", "abs", "sign", "ones_like"), 1),
    **dict.fromkeys(("maximum", "minimum"), 2),
    "where": 3,
}

REDUCTIONS = ("max", "sum")  # over rows, written with axis=-1, keepdims=True
FURTHER_FUNCTIONS = ("standard_normal", "uniform", "zeros", "qr", "diag", "sin", "cos")  # of initializers and encoders

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Equation:
    """The parts of an equation: its arguments, its assignments in order, and the expressions it returns."""

    name: str
    arguments: tuple[str, ...]
    assignments: tuple[tuple[str, ast.expr], ...]
    returns: tuple[ast.expr, ...]

    def names_used(self) -> set[str]:
        """Return every name that an expression of the equation reads."""
        expressions = [*(value for _, value in self.assignments), *self.returns]
        return {node.id for expression in expressions for node in ast.walk(expression) if isinstance(node, ast.Name)}


def read_equation(function: Callable[..., Any], *, elementwise: bool = True) -> Equation:
    """Parse a Python function as an equation; raise InputError if it is anything more.

    With `elementwise=False` the wider language of row-wise equations and initializers is read as well, lambdas, and
    calls of equations as `module.name`, which become `name`.

    Examples
    --------
    >>> from glassnet.equations.activations import d_tanh
    >>> read_equation(d_tanh).arguments
    ('z', 'a')
    """
    name = getattr(function, "__name__", repr(function))
    tree = read_definition(function)
    tree = tree if elementwise else without_modules(tree, function)
    if isinstance(tree, ast.Lambda):
        if elementwise:
            raise InputError(f"equation {name}: expected a def; got Lambda; give it a name and a return.")
        _check(name, tree.body, elementwise)
        return Equation(name, tuple(argument.arg for argument in tree.args.args), (), (tree.body,))
    body = tree.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):  # the docstring
        body = body[1:]
    assignments = []
    for statement in body[:-1]:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                _check(name, value, elementwise)
                assignments.append((target, value))
            case ast.Assign(targets=[ast.Tuple() as targets], value=value) if not elementwise:
                _check(name, value, elementwise)
                assignments.append((", ".join(ast.unparse(target) for target in targets.elts), value))
            case _:
                raise _refused(name, statement)
    last = body[-1] if body else tree.body[0]
    if not isinstance(last, ast.Return) or last.value is None:
        raise _refused(name, last)
    returns = tuple(last.value.elts) if isinstance(last.value, ast.Tuple) else (last.value,)
    for expression in returns:
        _check(name, expression, elementwise)
    return Equation(name, tuple(argument.arg for argument in tree.args.args), tuple(assignments), returns)


def called(node: ast.Call) -> str:
    """Return the name of the called function, without `np.`, `np.linalg.` or `rng.`."""
    function = node.func
    if isinstance(function, ast.Attribute) and ast.unparse(function.value) in ("np", "np.linalg", "rng"):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ast.unparse(function)


def is_numpy(node: ast.Call) -> bool:
    """Return True if a call is of a NumPy function rather than of another equation."""
    return isinstance(node.func, ast.Attribute)


def is_reduction(node: ast.AST) -> bool:
    """Return True if an expression is the maximum or the sum over the last axis, kept as a column."""
    return (
        isinstance(node, ast.Call)
        and is_numpy(node)
        and called(node) in REDUCTIONS
        and {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords} == {"axis": "-1", "keepdims": "True"}
    )


def check_elementwise(name: str, expression: ast.expr) -> None:
    """Raise InputError if the expression, a part of equation `name`, is not elementwise."""
    _check(name, expression, elementwise=True)


def _check(name: str, node: ast.expr, elementwise: bool) -> None:
    """Walk an expression and refuse any node that an equation may not contain."""
    children: list[ast.expr]
    match node:
        case ast.Constant(value=int() | float()) | ast.Name():
            children = []
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATORS):
            children = [left, right]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            children = [operand]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _COMPARISONS):
            children = [left, right]
        case ast.Call(args=arguments, keywords=[]) if not is_numpy(node) and isinstance(node.func, ast.Name):
            children = arguments
        case ast.Call(args=arguments, keywords=[]) if FUNCTIONS.get(called(node)) == len(arguments):
            children = arguments
        case ast.Call(args=[argument]) if not elementwise and is_reduction(node):
            children = [argument]
        case ast.Call(args=arguments, keywords=[]) if not elementwise and called(node) in FURTHER_FUNCTIONS:
            children = arguments
        case ast.Tuple(elts=elements) if not elementwise:
            children = elements
        case ast.Attribute(value=matrix, attr="T") if not elementwise:
            children = [matrix]
        case ast.IfExp(test=test, body=body, orelse=orelse) if not elementwise:
            children = [test, body, orelse]
        case _:
            raise _refused(name, node)
    for child in children:
        _check(name, child, elementwise)


def _refused(name: str, node: ast.AST) -> InputError:
    allowed = ", ".join(sorted(FUNCTIONS))
    return InputError(
        f"equation {name}: expected assignments and a return of arithmetic, comparisons and {allowed}; "
        f"got {ast.unparse(node)!r}; rewrite it in those, or use the numpy engine."
    )
