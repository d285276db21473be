"""From an equation's Python source to nodes of ONNX, as plain tuples: operator, inputs and attributes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from glassnet.printers.expression import called, is_reduction, read_equation
from glassnet.printers.inline import functions_of

Operand = str | float | tuple[int, ...]  # the name of an argument or a result, a number, or axes
Operator = tuple[str, Mapping[str, Any]]  # the name of an operator, and its attributes

_OPERATORS = {ast.Add: "Add", ast.Sub: "Sub", ast.Mult: "Mul", ast.Div: "Div", ast.Pow: "Pow"}
_COMPARISONS = {ast.Lt: "Less", ast.LtE: "LessOrEqual", ast.Gt: "Greater", ast.GtE: "GreaterOrEqual"}
_FUNCTIONS = {
    **{name: name.capitalize() for name in ("exp", "log", "sqrt", "tanh", "sin", "cos", "abs", "sign")},
    "maximum": "Max",
    "minimum": "Min",
}


class Node(NamedTuple):
    """One operator: its inputs, the name of its result, and its attributes."""

    op: str
    inputs: tuple[Operand, ...]
    result: str
    attributes: Mapping[str, Any]


def print_nodes(
    function: Callable[..., Any],
    arguments: Mapping[str, str | float],
    operators: Mapping[Any, Operator] | None = None,
) -> tuple[list[Node], Operand]:
    """Print an equation, elementwise or row-wise, as nodes in the order of computation, and the name of its value.

    `arguments` are the names and numbers that the equation is called with. A call of an equation in `operators` becomes
    the one operator that stands there with its attributes, which the runtime computes in its own way. Equal
    subexpressions become one node. All numbers are of the dtype of the arguments.

    Raises
    ------
    InputError
        If the function is no equation.

    Examples
    --------
    >>> from glassnet.equations.activations import leaky_relu
    >>> nodes, value = print_nodes(leaky_relu, {"z": "z", "slope": 0.01})
    >>> for node in nodes:
    ...     print(node.result, "=", node.op, *node.inputs)
    v0 = Greater z 0.0
    v1 = Mul 0.01 z
    v2 = Where v0 z v1
    >>> value
    'v2'
    """
    printer = _Printer(operators or {})
    scope: dict[str, Operand] = {
        name: given if isinstance(given, str) else float(given) for name, given in arguments.items()
    }
    value = printer.function(function, scope)
    return printer.nodes, value


class _Printer:
    def __init__(self, operators: Mapping[Any, Operator]) -> None:
        self.operators = operators
        self.nodes: list[Node] = []

    def node(self, op: str, *inputs: Operand, **attributes: Any) -> str:
        """Return the name of an operator's result; an equal node is used again."""
        known = (node for node in self.nodes if (node.op, node.inputs, node.attributes) == (op, inputs, attributes))
        if (found := next(known, None)) is None:
            found = Node(op, inputs, f"v{len(self.nodes)}", attributes)
            self.nodes.append(found)
        return found.result

    def function(self, function: Callable[..., Any], scope: dict[str, Operand]) -> Operand:
        """Return the value of an equation whose arguments are in `scope`."""
        if function in self.operators:
            op, attributes = self.operators[function]
            return self.node(op, *scope.values(), **attributes)
        equation, callees = read_equation(function, elementwise=False), functions_of(function)
        for name, expression in equation.assignments:
            scope[name] = self.value(expression, scope, callees)
        return self.value(equation.returns[0], scope, callees)

    def value(self, node: ast.expr, scope: Mapping[str, Operand], callees: Mapping[str, Any]) -> Operand:
        def value(part: ast.expr) -> Operand:
            return self.value(part, scope, callees)

        match node:
            case ast.Name(id=name):
                return scope[name]
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.UnaryOp(operand=ast.Constant(value=int() | float() as number)):
                return -float(number)
            case ast.UnaryOp(operand=operand):
                return self.node("Neg", value(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return self.node(_OPERATORS[type(op)], value(left), value(right))
            case ast.Compare():
                return self.node("Where", self.condition(node, value), 1.0, 0.0)
            case ast.Call(args=[argument]) if is_reduction(node) and called(node) == "max":
                return self.node("ReduceMax", value(argument), axes=[-1], keepdims=1)
            case ast.Call(args=[argument]) if is_reduction(node):
                return self.node("ReduceSum", value(argument), (-1,), keepdims=1)
            case ast.Call(args=[condition, *branches]) if called(node) == "where":
                return self.node("Where", self.condition(condition, value), *map(value, branches))
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in callees:
                names = read_equation(callees[name], elementwise=False).arguments
                return self.function(callees[name], dict(zip(names, map(value, arguments), strict=True)))
            case ast.Call(args=arguments):
                return self.call(called(node), *map(value, arguments))
        raise AssertionError(ast.unparse(node))  # read_equation lets nothing else of row-wise equations through

    def condition(self, node: ast.expr, value: Callable[[ast.expr], Operand]) -> str:
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.node(_COMPARISONS[type(op)], value(left), value(right))
        return self.node("Not", self.node("Equal", value(node), 0.0))

    def call(self, name: str, x: Operand, *others: Operand) -> str:
        """Print a NumPy function; expm1 and log1p, which ONNX lacks, are composed without loss of digits near 0."""
        match name:
            case "expm1":  # (eˣ + 1)·tanh(x/2)
                half = self.node("Mul", 0.5, x)
                return self.node("Mul", self.node("Add", self.node("Exp", x), 1.0), self.node("Tanh", half))
            case "log1p":  # ln(w)·x/(w − 1) with w = 1 + x as rounded, x where w is 1 (Kahan)
                w = self.node("Add", 1.0, x)
                slope = self.node("Div", x, self.node("Sub", w, 1.0))
                return self.node("Where", self.node("Equal", w, 1.0), x, self.node("Mul", self.node("Log", w), slope))
            case "ones_like":
                return self.node("Pow", x, 0.0)  # 1 for any x, in its shape
        return self.node(_FUNCTIONS[name], x, *others)
