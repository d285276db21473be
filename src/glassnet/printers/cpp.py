"""Prints an equation's Python source as C++ over a vector type V, for the compiled engine."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection
from typing import Any

from glassnet.printers.expression import Equation, called, read_equation

_SYMBOLS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def print_function(function: Callable[..., Any]) -> str:
    """Print an elementwise equation as a C++ function template over V.

    Examples
    --------
    >>> from glassnet.equations.activations import d_tanh
    >>> print(print_function(d_tanh))
    template <class V> inline V d_tanh([[maybe_unused]] V z, [[maybe_unused]] V a) {
        return V(1) - a * a;
    }
    """
    equation = read_equation(function)
    arguments = ", ".join(f"[[maybe_unused]] V {name}" for name in equation.arguments)
    lines = [f"template <class V> inline V {equation.name}({arguments}) {{"]
    lines += _assignments(equation, declared=equation.arguments)
    lines += [f"    return {print_value(equation.returns[0])};", "}"]
    return "\n".join(lines)


def print_pull_back(function: Callable[..., Any], arguments: str) -> tuple[str, str]:
    """Print da · df(z, a) and sum + da · df(z, a) in C++; a df that is 1 or 0 becomes a choice."""
    equation = read_equation(function)
    returned = equation.returns[0]
    if isinstance(returned, ast.Compare):
        mask = _mask(returned)
        return f"where({mask}, da, V(0))", f"where({mask}, sum + da, sum)"
    product = f"da * equations::{equation.name}({arguments})"
    return product, f"sum + {product}"


def split_log1p(function: Callable[..., Any]) -> tuple[str, str] | None:
    """Print the parts rest and u of a loss `rest + log1p(u)` in C++; None for a loss of another form."""
    returned = read_equation(function).returns[0]
    match returned:
        case ast.BinOp(left=rest, op=ast.Add(), right=ast.Call(args=[u]) as call) if called(call) == "log1p":
            return print_value(rest), print_value(u)
    return None


def print_update(function: Callable[..., Any], struct: str, slots: Collection[str]) -> str:
    """Print an update recurrence as a C++ struct; its constructor computes the scalar subexpressions, in double.

    `theta`, `g` and the slots are vectors; all other arguments are scalars, the same for a whole step. Divisions and roots of vectors
    become fast_divide and fast_sqrt, which are right to about a unit in the last place.
    """
    equation = read_equation(function)
    vectors = {"theta", "g", *slots}
    scalars = [name for name in equation.arguments if name not in vectors]
    hoister = _Hoister(vectors | {name for name, _ in equation.assignments})
    body = []
    for name, expression in equation.assignments:
        text = print_value(hoister.visit(copy.deepcopy(expression)))
        body.append(f"        {name} = {text};" if name in vectors else f"        const V {name} = {text};")
    unused = ["V&" for _ in range(2 - len(slots))]
    parameters = ", ".join(["V& theta", "const V g", *(f"V& {slot}" for slot in slots), *unused])
    members = [f"    V {name};" for name in hoister.invariants.values()]
    inits = ",\n          ".join(f"{name}({text})" for text, name in hoister.invariants.items())
    arguments = ", ".join(f"double {name}" for name in scalars)
    return "\n".join(
        [
            f"template <class V> struct {struct} {{",
            "    using T = typename V::Scalar;",
            f"    static constexpr int slots = {len(slots)};",
            *members,
            f"    explicit {struct}({arguments})",
            f"        : {inits} {{}}",
            f"    inline void operator()({parameters}) const {{",
            *body,
            "    }",
            "};",
        ]
    )


class _Hoister(ast.NodeTransformer):
    """Moves each largest subexpression of scalars into a member of the struct; divides by a scalar by multiplying."""

    def __init__(self, vectors: Collection[str]) -> None:
        self.vectors = set(vectors)
        self.invariants: dict[str, str] = {}

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and not isinstance(node, ast.Constant) and self._is_scalar(node):
            return self._member(_scalar(node))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and self._is_scalar(node.right):
            reciprocal = self._member(f"1 / ({_scalar(node.right)})")
            return ast.BinOp(self.visit(node.left), ast.Mult(), reciprocal)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return ast.Call(ast.Name("fast_divide"), [self.visit(node.left), self.visit(node.right)], [])
        if isinstance(node, ast.Call):
            function = ast.Name("fast_sqrt") if called(node) == "sqrt" else node.func
            return ast.Call(function, [self.visit(argument) for argument in node.args], [])
        return super().generic_visit(node)

    def _is_scalar(self, node: ast.AST) -> bool:
        return not any(
            isinstance(n, ast.Call) or (isinstance(n, ast.Name) and n.id in self.vectors) for n in ast.walk(node)
        )

    def _member(self, text: str) -> ast.Name:
        return ast.Name(self.invariants.setdefault(f"V(T({text}))", f"c{len(self.invariants)}"))


def _assignments(equation: Equation, declared: Collection[str]) -> list[str]:
    lines, known = [], set(declared)
    for name, expression in equation.assignments:
        lines.append(f"    {'' if name in known else 'V '}{name} = {print_value(expression)};")
        known.add(name)
    return lines


def print_value(node: ast.expr, outer: int = 0) -> str:
    """Print an elementwise expression, in brackets if it binds less strongly than `outer`, the operator around it."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=number):
            return f"V({number!r})"
        case ast.Compare():
            return f"where({_mask(node)}, V(1), V(0))"
        case ast.UnaryOp(operand=operand):
            return _bracket(f"-{print_value(operand, 3)}", 2, outer)
        case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int(power))) if power in (2, 3, 4):
            return _bracket(" * ".join([print_value(base, 2)] * power), 2, outer)
        case ast.BinOp(left=left, op=op, right=right):
            strength = 1 if isinstance(op, ast.Add | ast.Sub) else 2
            # the brackets of c * (g * g) stay: it overflows exactly where NumPy's c * g**2 does
            both = print_value(left, strength), print_value(right, strength + 1)
            return _bracket(f"{both[0]} {_SYMBOLS[type(op)]} {both[1]}", strength, outer)
        case ast.Call(args=[condition, *branches]) if called(node) == "where":
            return f"where({_mask(condition)}, {', '.join(print_value(branch) for branch in branches)})"
        case ast.Call() if called(node) == "ones_like":
            return "V(1)"
        case ast.Call(args=arguments):
            return f"{called(node)}({', '.join(print_value(argument) for argument in arguments)})"
    raise AssertionError(ast.unparse(node))  # read_equation lets nothing else through


def _mask(node: ast.expr) -> str:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return f"{print_value(left, 1)} {_COMPARISONS[type(op)]} {print_value(right, 1)}"
    return f"{print_value(node, 1)} > V(0)"


def _scalar(node: ast.expr) -> str:
    """Print an expression of scalars, computed in double."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=number):
            return repr(number)
        case ast.UnaryOp(operand=operand):
            return f"-{_scalar(operand)}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"std::pow({_scalar(left)}, {_scalar(right)})"
        case ast.BinOp(left=left, op=op, right=right):
            return f"({_scalar(left)} {_SYMBOLS[type(op)]} {_scalar(right)})"
    raise AssertionError(ast.unparse(node))


def _bracket(text: str, strength: int, outer: int) -> str:
    return f"({text})" if strength < outer else text
