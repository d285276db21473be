"""Writes one entry of an array expression as scalar arithmetic: (A1 @ W2 + b2)[0, 3] is a sum of products and a bias.

`element` spells the entry out in the names of entries, `fill` puts numbers in their place and settles the choices
(where, maximum, minimum, comparisons) that the numbers decide. Both give Python expressions that can be printed or run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.printers.evaluation import copy_of, evaluate
from glassnet.printers.expression import called, is_numpy, is_reduction, read_equation
from glassnet.printers.inline import inline

Array = NDArray[Any]
Index = tuple[int, ...]

TOTAL = 3  # number of terms shown of a sum over a whole matrix

NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}

HELPERS: dict[str, Any] = {
    "nan": np.nan,
    "sum_of": lambda *terms: sum(terms),
    "rest": lambda count, value: value,
}


class Elements:
    """Spells out entries of expressions over named arrays and functions; long sums show `at_most` terms, largest first."""

    def __init__(self, environment: Mapping[str, Any], at_most: int | None = 6) -> None:
        self.environment = {**environment, **HELPERS}
        self.at_most = at_most
        self._values: dict[str, Any] = {}

    def value(self, node: ast.expr) -> Any:
        """Evaluate an array expression."""
        text = ast.unparse(node)
        if text not in self._values:
            with np.errstate(all="ignore"):
                self._values[text] = np.asarray(eval(text, self.environment))
        return self._values[text]

    def element(self, node: ast.expr, index: Index) -> ast.expr:
        """Return the entry at `index` of an array expression, broadcast as NumPy does."""
        match node:
            case ast.Constant():
                return node
            case ast.Name(id=name):
                return _entry(name, _place(np.shape(self.environment[name]), index))
            case ast.UnaryOp(op=op, operand=operand):
                return ast.UnaryOp(op, self.element(operand, index))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.dot(left, right, index)
            case ast.BinOp(left=left, op=op, right=right):
                return ast.BinOp(self.element(left, index), op, self.element(right, index))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return ast.Compare(self.element(left, index), [op], [self.element(right, index)])
            case ast.Attribute(value=matrix, attr="T"):
                return self.element(matrix, index[::-1])
            case ast.Subscript(value=array, slice=ast.Tuple(elts=parts)):
                picked = [part for part in zip(parts, _padded(parts, index), strict=True) if not _is_none(part[0])]
                return self.element(array, tuple(at if isinstance(p, ast.Slice) else _number(p) for p, at in picked))
            case ast.Call():
                return self.call(node, index)
        raise AssertionError(ast.unparse(node))  # formulas of a derivation contain no other node

    def call(self, node: ast.Call, index: Index) -> ast.expr:
        name, arguments = called(node), node.args
        if is_reduction(node):
            [inside] = arguments
            row = _place(self.value(inside).shape, (*index[:-1], 0))[:-1]
            values = self.value(inside)[row]
            if name == "max":
                return self.element(inside, (*row, int(np.argmax(values))))
            return self.sum(inside, [(*row, k) for k in range(len(values))])
        if isinstance(node.func, ast.Attribute) and not is_of_numpy(node):
            return self.method(node.func, node, index)
        if name == "sum" and is_numpy(node):  # over axis 1
            [inside] = arguments
            shape, index = self.value(inside).shape, _place(self.value(node).shape, index)
            return self.sum(inside, [(index[0], k, *index[1:]) for k in range(shape[1])])
        if name == "eye":
            return ast.Constant(int(index[-1] == index[-2]))
        if name == "ones_like":
            return ast.Constant(1)
        if name == "norm":
            [inside] = arguments
            square = ast.BinOp(inside, ast.Pow(), ast.Constant(2))
            return ast.Call(
                ast.parse("np.sqrt", mode="eval").body,
                [self.sum(square, list(np.ndindex(self.value(inside).shape)))],
                [],
            )
        if name == "concatenate" and isinstance(arguments[0], ast.List):
            place = index[0]
            for part in arguments[0].elts:
                size = self.value(part).size
                if place < size:
                    return self.element(part, (place,))
                place -= size
        function = self.environment.get(name)
        if callable(function) and hasattr(function, "__code__") and is_rowwise(function):
            return self.element(inline(function, arguments), index)
        return ast.Call(node.func, [self.element(argument, index) for argument in arguments], [])

    def method(self, method: ast.Attribute, node: ast.Call, index: Index) -> ast.expr:
        """Return an entry of x.ravel(), x.sum(), x.sum(axis=0) or x.mean()."""
        inside = method.value
        shape = self.value(inside).shape
        if method.attr == "ravel":
            return self.element(inside, tuple(int(i) for i in np.unravel_index(index[0], shape)))
        if node.keywords:
            index = _place(self.value(node).shape, index)
            return self.sum(inside, [(i, *index) for i in range(shape[0])])
        total = self.sum(inside, list(np.ndindex(shape)), at_most=TOTAL if len(shape) > 1 else None)
        return total if method.attr == "sum" else ast.BinOp(total, ast.Div(), ast.Constant(int(np.prod(shape))))

    def dot(self, left: ast.expr, right: ast.expr, index: Index) -> ast.expr:
        """Return an entry of a matrix product: the sum of the products of a row and a column."""
        L, R = self.value(left), self.value(right)
        row, column = (index[:1] if L.ndim > 1 else ()), (index[-1:] if R.ndim > 1 else ())

        def term(k: int) -> ast.expr:
            return ast.BinOp(self.element(left, (*row, k)), ast.Mult(), self.element(right, (k, *column)))

        return self._total(term, L[row] * (R[:, column[0]] if column else R))

    def sum(self, inside: ast.expr, places: list[Index], at_most: int | None = None) -> ast.expr:
        """Return the sum of the entries of an expression at `places`."""
        values = self.value(inside)
        return self._total(
            lambda k: self.element(inside, places[k]), np.array([values[place] for place in places]), at_most
        )

    def _total(self, term: Callable[[int], ast.expr], values: Array, at_most: int | None = None) -> ast.expr:
        """Return the sum of terms; of more than `at_most`, the largest are written out and the others added up as one."""
        at_most = self.at_most if at_most is None or self.at_most is None else min(at_most, self.at_most)
        if at_most is None or len(values) <= at_most:
            terms = [term(k) for k in range(len(values))]
            return terms[0] if len(terms) == 1 else ast.Call(ast.Name("sum_of"), terms, [])
        order = np.argsort(-np.abs(values), kind="stable").tolist()
        shown = [term(k) for k in order[: at_most - 1] if values[k] != 0] or [term(order[0])]
        others = np.asarray(values, dtype=np.float64)[order[at_most - 1 :]]
        count, value = int(np.count_nonzero(others)), float(others.sum())
        rest = ast.Call(ast.Name("rest"), [ast.Constant(count), written(value)], [])
        return ast.Call(ast.Name("sum_of"), [*shown, *([rest] if count else [])], [])


def fill(node: ast.expr, environment: Mapping[str, Any]) -> tuple[ast.expr, list[ast.expr]]:
    """Put numbers for names and keep the chosen branches; return that and the conditions that decided, which hold.

    Examples
    --------
    >>> import numpy as np
    >>> expression = ast.parse("np.where(z[0] > 0, z[0], slope * z[0])", mode="eval").body
    >>> number, conditions = fill(expression, {"np": np, "z": np.array([-2.0]), "slope": 0.5})
    >>> ast.unparse(number), [ast.unparse(condition) for condition in conditions]
    ('0.5 * -2.0', ['-2.0 <= 0'])
    """
    filler = _Filler({**environment, **HELPERS})
    whole = copy_of(node)
    if isinstance(whole, ast.Call) and called(whole) in ("maximum", "minimum"):  # max(1.2, 0) says more than 1.2
        whole.args = [filler.visit(argument) for argument in whole.args]
        return whole, filler.conditions
    return filler.visit(whole), filler.conditions


class _Filler(ast.NodeTransformer):
    def __init__(self, environment: dict[str, Any]) -> None:
        self.environment = environment
        self.conditions: list[ast.expr] = []

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.number(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return self.number(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand)
        if isinstance(operand, ast.Constant | ast.UnaryOp):
            return written(-self.run(operand))
        return ast.UnaryOp(node.op, operand)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        holds = bool(self.run(node))
        self.note(ast.Compare(self.visit(node.left), node.ops, [self.visit(node.comparators[0])]), holds)
        return written(int(holds))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name, arguments = called(node), node.args
        if name == "where":
            condition, holds = arguments[0], bool(self.run(arguments[0]))
            if not any(isinstance(part, ast.Compare) for part in ast.walk(condition)):
                condition = ast.Compare(condition, [ast.NotEq()], [ast.Constant(0)])
            self.visit(condition)
            return self.visit(arguments[1] if holds else arguments[2])
        node.args = [self.visit(argument) for argument in arguments]
        if name in ("maximum", "minimum", "max", "min") and len(arguments) == 2:
            first, second = (self.run(argument) for argument in node.args)
            return node.args[0 if (first >= second) == name.startswith("max") else 1]
        return node

    def note(self, condition: ast.Compare, holds: bool) -> None:
        """Keep a comparison that decided a choice, or its negation if it is false; nan has none."""
        if not holds:
            condition = ast.Compare(condition.left, [NEGATED[type(condition.ops[0])]()], condition.comparators)
        known = ast.unparse(condition) in [ast.unparse(each) for each in self.conditions]
        if not known and self.run(condition):
            self.conditions.append(condition)

    def number(self, node: ast.expr) -> ast.expr:
        return written(self.run(node))

    def run(self, node: Any) -> Any:
        return evaluate(node, self.environment)


def written(value: Any) -> ast.expr:
    """Return a number as an expression: a negative one as minus a positive one, and 0 without a sign."""
    number = int(value) if isinstance(value, int | np.integer | np.bool_) else float(value)
    if number < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-number))
    return ast.Constant(number if number else abs(number))


def is_rowwise(function: Callable[..., Any]) -> bool:
    """Return True if an equation takes a sum or maximum over rows."""
    equation = read_equation(function, elementwise=False)
    values = [*(value for _, value in equation.assignments), *equation.returns]
    return any(is_reduction(node) for value in values for node in ast.walk(value))


def is_of_numpy(node: ast.Call) -> bool:
    """Return True if a call is np.f(…) or np.linalg.f(…)."""
    function = node.func
    return isinstance(function, ast.Attribute) and ast.unparse(function.value) in ("np", "np.linalg")


def _entry(name: str, place: Index) -> ast.expr:
    if not place:
        return ast.Name(name, ast.Load())
    numbers: list[ast.expr] = [ast.Constant(k) for k in place]
    return ast.Subscript(
        ast.Name(name, ast.Load()), ast.Tuple(numbers, ast.Load()) if len(numbers) > 1 else numbers[0], ast.Load()
    )


def _place(shape: Index, index: Index) -> Index:
    """Return the index into an array of this shape for an index into the array it is broadcast to."""
    index = (0,) * (len(shape) - len(index)) + index[len(index) - len(shape) :] if shape else ()
    return tuple(0 if size == 1 else int(k) for size, k in zip(shape, index, strict=True))


def _padded(parts: list[ast.expr], index: Index) -> list[int]:
    """Spread `index` over the parts of a subscript; a part that is a fixed number consumes none of it."""
    left, found = list(index), []
    for part in parts:
        found.append(left.pop(0) if isinstance(part, ast.Slice) or _is_none(part) else 0)
    return found


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _number(node: ast.expr) -> int:
    return int(ast.unparse(node))
