"""Prints row-wise equations, from their Python source, as C++ over rows that serves every kernel of the compiled engine.

The C++ takes each argument as a row: `z(j)` is its unit j, or the j-th vector of its units. The first argument has the
loops over a row, `z.max(f)` and `z.sum(f)`, and `z.keep(f)`, which overwrites it with another row. The kernel defines how
rows lie in memory. A row that is kept, or that one equation returns to another, is 0 in those lanes of its last vector
that lie past the row's end: `z.within(j, value)` sets them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from glassnet.errors import InputError
from glassnet.printers.cpp import print_value
from glassnet.printers.element import is_rowwise
from glassnet.printers.expression import called, check_elementwise, is_reduction, read_equation
from glassnet.printers.inline import functions_of, substitute


def print_rowwise(function: Callable[..., Any]) -> str:
    """Print a row-wise equation as a C++ function template over rows, which hands the result to `finish(j, value)`.

    Examples
    --------
    >>> from glassnet.equations.activations import d_softmax
    >>> print(print_rowwise(d_softmax))
    template <class Z, class A, class Da, class Finish>
    inline void d_softmax(Z z, A a, Da da, Finish finish) {
        const auto sum = z.sum([&](int j) { return da(j) * a(j); });
        for (int j = 0; j < z.size(); ++j) finish(j, a(j) * (da(j) - sum));
    }
    """
    steps = _Steps(function)
    return steps.print("void", row=steps.value_of(function))


def print_rowwise_loss(value: Callable[..., Any], slope: Callable[..., Any]) -> str:
    """Print a row-wise loss as one C++ function template, which returns the value and hands the slope to `finish(j, slope)`.

    The steps that the two share are computed once.
    """
    steps = _Steps(value)
    row = steps.value_of(slope)
    return steps.print("auto", row=row, number=steps.value_of(value))


@dataclass
class _Step:
    """A row that is kept, or a number of each row; `name` is that of expressions, `label` the one that is printed."""

    name: str
    kind: str  # "keep" for a row, "max" or "sum" of the expression over a row, "number" for the expression itself
    expression: ast.expr
    label: str = ""


class _Steps(ast.NodeTransformer):
    """Cuts row-wise equations of the same arguments into steps, and prints them; equal steps are computed once."""

    def __init__(self, function: Callable[..., Any]) -> None:
        equation = read_equation(function, elementwise=False)
        self.name, self.arguments = equation.name, equation.arguments
        self.steps: dict[str, _Step] = {}  # by kind and text
        self.rows = set(self.arguments)
        self.equations: dict[str, Callable[..., Any]] = {}

    def value_of(self, function: Callable[..., Any], arguments: Sequence[ast.expr] = ()) -> ast.expr:
        """Add the steps of an equation at these rows, its own arguments by default; return its value in terms of steps."""
        equation = read_equation(function, elementwise=False)
        self.equations |= {name: f for name, f in functions_of(function).items() if is_rowwise(f)}
        scope = dict(zip(equation.arguments, arguments or map(ast.Name, equation.arguments), strict=True))
        for name, expression in equation.assignments:
            scope[name] = self._labelled(self.visit(substitute(expression, scope)), name)
        value = self.visit(substitute(equation.returns[0], scope))
        check_elementwise(self.name, value)
        return value

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, ast.expr):
            return node
        node = self.generic_visit(node)
        match node:
            case ast.Call(args=[argument]) if is_reduction(node):
                return self._step(called(node), argument)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in self.equations:
                value = self.value_of(self.equations[name], arguments)
                within = ast.Name(f"{self.arguments[0]}.within")
                return ast.Call(within, [ast.Name("j"), value], []) if self._is_row(value) else value
            case ast.BinOp(left=left, op=ast.Div(), right=right) if self._is_row(left) and not self._is_row(right):
                return ast.BinOp(left, ast.Mult(), self._step("number", ast.BinOp(ast.Constant(1), ast.Div(), right)))
        kept = self.steps.get(f"keep {ast.unparse(node)}")
        return ast.Name(kept.name) if kept else node

    def print(self, returns: str, row: ast.expr, number: ast.expr | None = None) -> str:
        """Print the function: its steps in order, the row handed over, the number returned."""
        first = self.arguments[0]
        body = [self._print_step(step) for step in self._in_order(row)]
        body += [f"for (int j = 0; j < {first}.size(); ++j) finish(j, {self._print_row(row)});"]
        body += [f"return {self._print_number(number)};"] if number is not None else []
        if any("V(" in line for line in body):
            body.insert(0, f"using V = typename {first.capitalize()}::Number;")
        numbers = [step.expression for step in self.steps.values() if step.kind == "number"]
        numbers += [number] if number is not None else []
        calls = {called(node) for value in numbers for node in ast.walk(value) if isinstance(node, ast.Call)}
        body[:0] = [f"using std::{name};" for name in sorted(calls)]
        parameters = [(name.capitalize(), name) for name in (*self.arguments, "finish")]
        return "\n".join(
            [
                f"template <{', '.join(f'class {kind}' for kind, _ in parameters)}>",
                f"inline {returns} {self.name}({', '.join(f'{kind} {name}' for kind, name in parameters)}) {{",
                *(f"    {line}" for line in body),
                "}",
            ]
        )

    def _step(self, kind: str, expression: ast.expr) -> ast.Name:
        """Return the name of the step of this kind and text; add the step if there is none."""
        check_elementwise(self.name, expression)
        text = f"{kind} {ast.unparse(expression)}"
        if text not in self.steps:
            self.steps[text] = _Step(f"r{len(self.steps)}", kind, expression)
            if kind == "keep":
                self.rows.add(self.steps[text].name)
        return ast.Name(self.steps[text].name)

    def _labelled(self, value: ast.expr, label: str) -> ast.expr:
        """Make a value that has a name in Python a step of that name; return the name of expressions for it."""
        if not isinstance(value, ast.Name):
            value = self._step("keep" if self._is_row(value) else "number", value)
        for step in self.steps.values():
            if step.name == value.id:
                step.label = step.label or label
        return value

    def _in_order(self, row: ast.expr) -> list[_Step]:
        """Order the steps: those that need no kept row come first, because it overwrites the first argument."""
        kept = [step for step in self.steps.values() if step.kind == "keep"]
        early, late, depending = [], [], {step.name for step in kept}
        for step in self.steps.values():
            if step.kind != "keep" and _names(step.expression) & depending:
                depending.add(step.name)
                late.append(step)
            elif step.kind != "keep":
                early.append(step)
        read_late = set().union(_names(row), *(_names(step.expression) for step in late))
        if len(kept) > 1 or (kept and self.arguments[0] in read_late):
            raise InputError(
                f"equation {self.name}: expected at most one named row, and {self.arguments[0]!r} used before it alone; "
                f"got {', '.join(step.label for step in kept)}; write the rows out instead of naming them."
            )
        return [*early, *kept, *late]

    def _print_step(self, step: _Step) -> str:
        label, first = self._labels()[step.name], self.arguments[0]
        if step.kind == "number":
            return f"const auto {label} = {self._print_number(step.expression)};"
        return f"const auto {label} = {first}.{step.kind}([&](int j) {{ return {self._print_row(step.expression)}; }});"

    def _print_row(self, expression: ast.expr) -> str:
        labels, unit = self._labels(), ast.Name("j")
        entries = {row: ast.Call(ast.Name(labels.get(row, row)), [unit], []) for row in self.rows}
        return print_value(substitute(expression, {**self._numbers(), **entries}))

    def _print_number(self, expression: ast.expr) -> str:
        return print_value(substitute(expression, self._numbers()))

    def _numbers(self) -> dict[str, ast.expr]:
        return {name: ast.Name(label) for name, label in self._labels().items() if name not in self.rows}

    def _labels(self) -> dict[str, str]:
        """Name each step as in Python, or by its kind, or by its number where that is taken."""
        labels: dict[str, str] = {step.name: step.label for step in self.steps.values() if step.label}
        taken = {*labels.values(), *self.arguments}
        for step in self.steps.values():
            if not step.label:
                kind = "inverse" if step.kind == "number" else step.kind
                labels[step.name] = kind if kind not in taken else step.name
                taken.add(labels[step.name])
        return labels

    def _is_row(self, expression: ast.expr) -> bool:
        return bool(_names(expression) & self.rows)


def _names(expression: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
