"""Walks an expression and writes it in a notation (text, LaTeX or MathML), with no more brackets than it needs."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from glassnet.errors import InputError
from glassnet.printers.expression import called, is_numpy, is_reduction
from glassnet.printers.matrices import common_power, matrix_cells
from glassnet.printers.symbols import Symbol, symbol

# binding strengths: an operand that binds less strongly than its operator requires gets brackets
CHOICE, SUM, PRODUCT, POWER, ATOM = range(5)

RELATIONS = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠"}


@dataclass(frozen=True)
class Piece:
    """An expression in a notation, its binding strength, and two reasons for brackets.

    `minus`: it begins with a minus sign. `open`: it ends in a sum sign, which would take in a factor written after it.
    """

    text: str
    strength: int = ATOM
    minus: bool = False
    open: bool = False


class Notation(Protocol):
    """A notation: each method takes the parts of an expression, already written, and returns the whole."""

    digits: int  # significant digits of numbers
    rows: int | None  # the largest number of rows of a matrix that is written whole; None for all
    flat_fractions: bool  # True to write fractions with a slash, on one line

    def symbol(self, written: Symbol) -> str: ...
    def number(self, value: float) -> Piece: ...
    def row(self, *parts: str) -> str: ...
    def operator(self, sign: str) -> str: ...
    def negative(self, inside: str) -> str: ...
    def brackets(self, inside: str, left: str = "(", right: str = ")") -> str: ...
    def fraction(self, above: str, below: str) -> str: ...
    def power(self, base: str, exponent: str) -> str: ...
    def root(self, inside: str) -> str: ...
    def call(self, function: str, arguments: list[str]) -> str: ...
    def cases(self, choices: list[tuple[str, str]]) -> str: ...
    def reduce(self, operator: str, index: str, inside: str) -> str: ...
    def entry(self, whole: str, index: str) -> str: ...
    def matrix(self, cells: list[list[float | None]]) -> str: ...
    def display(self, cells: list[list[float | None]]) -> str: ...
    def table(self, rows: list[list[str]]) -> str: ...
    def words(self, text: str) -> str: ...
    def rest(self, count: int, value: str | None) -> str: ...


def typeset(
    node: ast.expr,
    notation: Notation,
    matrices: frozenset[str] = frozenset(),
    *,
    exp: bool = False,
    condition: bool = False,
    numbers: Mapping[str, Any] | None = None,
) -> str:
    """Write an expression in a notation.

    Parameters
    ----------
    matrices : names of matrices; their elementwise product is written ⊙
    exp : write exp(x) as a function instead of a power of e, because the equation has a name e of its own
    numbers : arrays and numbers to write in place of names
    condition : write a comparison such as z > 0 as it is; otherwise as the number it gives, 1 or 0

    Raises
    ------
    InputError
        If the expression contains anything but arithmetic, comparisons and known functions.
    """
    typesetter = _Typesetter(notation, matrices, exp, numbers or {})
    return typesetter.condition(node) if condition else typesetter.piece(node).text


def ten_to(to: Notation, power: int) -> str:
    """Write a power of ten."""
    if to.flat_fractions:
        return to.number(float(f"1e{power}")).text
    return to.power(to.number(10).text, to.number(power).text)


class _Typesetter:
    def __init__(self, notation: Notation, matrices: frozenset[str], exp: bool, numbers: Mapping[str, Any]) -> None:
        self.to, self.matrices, self.exp, self.numbers = notation, matrices, exp, numbers
        self.written: dict[tuple[ast.expr, bool, bool], Piece] = {}

    def piece(self, node: ast.expr, *, nested: bool = False, first: bool = True) -> Piece:
        """Write an expression; `nested`: as part of a larger one, `first`: with nothing written to its left.

        Results are cached, because the operators around an operand ask for its text, sign and strength at every depth.
        """
        key = (node, nested, first)
        if key not in self.written:
            self.written[key] = self.write(node, nested, first)
        return self.written[key]

    def write(self, node: ast.expr, nested: bool, first: bool) -> Piece:
        to = self.to
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return to.number(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return to.number(-value)
            case ast.Name(id=name) if name in self.numbers:
                value = self.numbers[name]
                return to.number(value) if np.ndim(value) == 0 else self.matrix(value)
            case ast.Name(id=name):
                return Piece(to.symbol(symbol(name)))
            case ast.Subscript(value=ast.Name(id=name), slice=index) if _is_entry(index):
                return Piece(to.symbol(symbol(name, _index(index), entry=True)))
            case ast.Subscript(value=ast.Name() as whole, slice=index) if not _is_entry(index):
                return self.piece(whole)  # x[:, None], x[:, 0]: the same numbers in another shape
            case ast.Subscript(value=ast.Call() as call, slice=ast.Name(id=index)):
                return Piece(to.entry(self.held(call, ATOM), index))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inside = self.held(operand, PRODUCT, first=False)
                return Piece(to.negative(inside), PRODUCT, minus=True)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self.sum(node)
            case ast.BinOp(op=ast.Mult() | ast.MatMult()):
                return self.product(node, first)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                if self.is_matrix(right):
                    return self.entrywise_quotient(left, right, first)
                if not to.flat_fractions:
                    return Piece(to.fraction(self.held(left, CHOICE), self.held(right, CHOICE)), PRODUCT + 1)
                above, below = self.held(left, PRODUCT), self.held(right, POWER, first=False)
                return Piece(to.row(above, to.operator("/"), below), PRODUCT, self.piece(left).minus)
            case ast.BinOp(left=left, op=ast.Pow(), right=right) if self.is_matrix(left):
                return self.entrywise_power(left, self.held(right, ATOM))
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=0.5)):
                return Piece(to.root(self.held(left, CHOICE)))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                exponent = self.held(right, ATOM if to.flat_fractions else CHOICE, first=not to.flat_fractions)
                return Piece(to.power(self.held(left, ATOM, first=False), exponent), POWER)
            case ast.Compare():
                if nested:
                    return Piece(to.brackets(self.condition(node), "[", "]"))
                return self.choice([(to.number(1).text, self.condition(node)), (to.number(0).text, "")])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.choice([(self.held(body, CHOICE), self.condition(test)), (self.held(orelse, CHOICE), "")])
            case ast.Attribute(value=ast.Name(id=name), attr="T") if name in self.numbers:
                return self.matrix(np.atleast_2d(self.numbers[name]).T)
            case ast.Attribute(value=matrix, attr="T"):
                return Piece(to.power(self.held(matrix, ATOM), to.operator("⊤")), POWER)
            case ast.Call():
                return self.call(node)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                parts = [part for e in elements for part in (self.held(e, CHOICE), to.operator(","))]
                return Piece(to.brackets(to.row(*parts[:-1])))
        raise _refused(node)

    def matrix(self, value: Any) -> Piece:
        """Write an array, with a power of ten before it if its numbers have one in common."""
        cells, power = common_power(matrix_cells(value, self.to.rows), self.to.digits)
        if not power:
            return Piece(self.to.matrix(cells))
        return Piece(self.to.row(ten_to(self.to, power), self.to.operator("·"), self.to.matrix(cells)), PRODUCT)

    def held(self, node: ast.expr, strength: int, *, first: bool = True) -> str:
        """Write an operand, in brackets if it binds less than `strength`, or begins with a minus and is not the first."""
        piece = self.piece(node, nested=True, first=first)
        loose = piece.strength < strength or (piece.minus and (not first or strength > PRODUCT))
        return self.to.brackets(piece.text) if loose else piece.text

    def sum(self, node: ast.BinOp) -> Piece:
        to, minus = self.to, isinstance(node.op, ast.Sub)
        right = self.held(node.right, PRODUCT if minus else SUM, first=False)
        sign = to.operator("−" if minus else "+")
        return Piece(to.row(self.held(node.left, SUM), sign, right), SUM, self.piece(node.left).minus)

    def product(self, node: ast.BinOp, first: bool) -> Piece:
        if isinstance(node.op, ast.Mult) and self.is_matrix(node.left) and _is_column(node.right):
            return self.rows_scaled(node.right, node.left)
        to, left = self.to, self.held(node.left, PRODUCT, first=first)
        slash = isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Div) and to.flat_fractions
        if slash or self.piece(node.left).open:  # because many read a / b · c as a / (b · c)
            left = to.brackets(left)
        sign = "@" if isinstance(node.op, ast.MatMult) else "·"
        if sign == "·" and self.is_matrix(node.left) and self.is_matrix(node.right):
            sign = "⊙"
        right = self.held(node.right, PRODUCT if sign == "·" else POWER, first=False)
        return Piece(
            to.row(left, to.operator(sign), right), PRODUCT, first and self.piece(node.left).minus and not slash
        )

    def entrywise_quotient(self, left: ast.expr, right: ast.expr, first: bool) -> Piece:
        """Write the quotient of matrices, entry by entry."""
        above, below = self.held(left, PRODUCT, first=first), self.held(right, PRODUCT + 1, first=False)
        return Piece(self.to.row(above, self.to.operator("⊘"), below), PRODUCT, first and self.piece(left).minus)

    def entrywise_power(self, matrix: ast.expr, exponent: str) -> Piece:
        """Write a matrix whose entries are raised to a power each."""
        to = self.to
        return Piece(to.power(self.held(matrix, ATOM, first=False), to.row(to.operator("∘"), exponent)), POWER)

    def rows_scaled(self, weights: ast.expr, matrix: ast.expr) -> Piece:
        """Write a matrix whose rows are multiplied by a number each: the product of a diagonal matrix with it."""
        to = self.to
        diagonal = to.call("diag", [self.held(weights, CHOICE)])
        return Piece(to.row(diagonal, to.operator("@"), self.held(matrix, POWER, first=False)), PRODUCT)

    def is_matrix(self, node: ast.AST) -> bool:
        """Return True for an expression of matrices whose value is no single number."""
        if not self.matrices:
            return False
        if isinstance(node, ast.Subscript):
            return not _is_entry(node.slice) and self.is_matrix(node.value)
        if isinstance(node, ast.Call) and not _keeps_shape(node):
            return False
        named = isinstance(node, ast.Name) and node.id in self.matrices
        return named or any(self.is_matrix(part) for part in ast.iter_child_nodes(node))

    def choice(self, choices: list[tuple[str, str]]) -> Piece:
        return Piece(self.to.cases(choices), CHOICE)

    def condition(self, node: ast.expr) -> str:
        to = self.to
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in RELATIONS:
                return to.row(self.held(left, SUM), to.operator(RELATIONS[type(op)]), self.held(right, SUM))
            case ast.BinOp(left=ast.Compare() as left, op=ast.Mult(), right=ast.Compare() as right):
                return to.row(self.condition(left), to.words(" and "), self.condition(right))
        return to.row(self.held(node, SUM), to.operator("≠"), to.number(0).text)

    def call(self, node: ast.Call) -> Piece:
        name, arguments = called(node), node.args
        if is_reduction(node):
            return self.reduction(name, arguments[0])
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("sum", "mean", "ravel") and not _of_numpy(node):
            return self.method(node, node.func)
        for kind in (self.derivation_call, self.exponential_call, self.elementwise_call, self.array_call):
            if (piece := kind(name, arguments)) is not None:
                return piece
        if (is_numpy(node) and not _of_numpy(node)) or node.keywords:
            raise _refused(node)
        return Piece(self.to.call(name, [self.held(x, CHOICE) for x in arguments]))

    def reduction(self, name: str, inside: ast.expr) -> Piece:
        """Write the sum or the maximum over the last axis."""
        index = next((i for i in ("j", "k", "i") if i in _indices(inside)), "j")
        operator = "Σ" if name == "sum" else "max"
        return Piece(self.to.reduce(operator, index, self.held(inside, PRODUCT, first=False)), PRODUCT, open=True)

    def derivation_call(self, name: str, arguments: list[ast.expr]) -> Piece | None:
        """Write a call that only the formulas of a derivation contain; None for any other."""
        to = self.to
        match name, arguments:
            case "sum_of", [first, *others]:
                parts = [self.held(first, SUM)]
                for term in others:
                    parts += [to.operator("+"), self.held(term, SUM, first=False)]
                return Piece(to.row(*parts), SUM if others else self.piece(first).strength, self.piece(first).minus)
            case "partial", [above, below]:
                parts = [to.row(to.operator("∂"), self.held(part, ATOM)) for part in (above, below)]
                return Piece("/".join(parts) if to.flat_fractions else to.fraction(*parts))
            case "sum_over", [inside, *letters]:
                index = ",".join(ast.unparse(letter) for letter in letters)
                return Piece(to.reduce("Σ", index, self.held(inside, PRODUCT)), PRODUCT, open=True)
            case "rest", [ast.Constant(value=int(count)), *value]:
                return Piece(to.rest(count, self.held(value[0], CHOICE) if value else None), SUM)
        return None

    def exponential_call(self, name: str, arguments: list[ast.expr]) -> Piece | None:
        """Write an exponential or a logarithm; None for any other call."""
        to = self.to
        as_power = not self.exp and not to.flat_fractions and not any(map(self.is_matrix, arguments))
        match name, arguments:
            case "exp", [x] if as_power:
                return Piece(to.power(to.symbol(Symbol("e", "e")), self.held(x, CHOICE)), POWER)
            case "expm1", [x] if as_power:
                euler = to.power(to.symbol(Symbol("e", "e")), self.held(x, CHOICE))
                return Piece(to.row(euler, to.operator("−"), to.number(1).text), SUM)
            case "expm1", [x]:
                return Piece(to.row(to.call("exp", [self.held(x, CHOICE)]), to.operator("−"), to.number(1).text), SUM)
            case "log", [x]:
                return Piece(to.call("ln", [self.held(x, CHOICE)]))
            case "log1p", [x]:
                plus = to.row(to.number(1).text, to.operator("+"), self.held(x, SUM, first=False))
                return Piece(to.call("ln", [plus]))
        return None

    def elementwise_call(self, name: str, arguments: list[ast.expr]) -> Piece | None:
        """Write a root, a size, a choice or an extreme; None for any other call."""
        to = self.to
        match name, arguments:
            case "sqrt", [x] if self.is_matrix(x):
                half = "½" if to.flat_fractions else to.fraction(to.number(1).text, to.number(2).text)
                return self.entrywise_power(x, half)
            case "sqrt", [x]:
                return Piece(to.root(self.held(x, CHOICE)))
            case "abs", [x]:
                size = self.held(x, CHOICE)
                bars_inside = self.is_matrix(x) or ("|" in size and to.flat_fractions)
                return Piece(to.call("abs", [size]) if bars_inside else to.brackets(size, "|", "|"))
            case "norm", [x]:
                return Piece(to.brackets(self.held(x, CHOICE), "‖", "‖"))
            case "where", [condition, first, second]:
                return self.choice(
                    [(self.held(first, CHOICE), self.condition(condition)), (self.held(second, CHOICE), "")]
                )
            case "maximum" | "max", [_, _]:
                return Piece(to.call("max", [self.held(x, CHOICE) for x in arguments]))
            case "minimum" | "min", [_, _]:
                return Piece(to.call("min", [self.held(x, CHOICE) for x in arguments]))
        return None

    def array_call(self, name: str, arguments: list[ast.expr]) -> Piece | None:
        """Write a call that makes, joins or sums arrays, or draws random numbers; None for any other."""
        to = self.to
        match name, arguments:
            case "ones_like", [_]:
                return to.number(1)
            case "eye", [_]:
                return Piece(to.symbol(Symbol("I", "I")))
            case "concatenate", [whole]:
                return self.piece(whole)
            case "sum", [x]:
                return Piece(to.reduce("Σ", "k", self.held(x, PRODUCT, first=False)), PRODUCT, open=True)
            case "standard_normal", _:
                return Piece(to.call("N", [to.number(0).text, to.number(1).text]))
            case "uniform", [low, high, _]:
                return Piece(to.call("U", [self.held(low, CHOICE), self.held(high, CHOICE)]))
            case "zeros", _:
                return to.number(0)
        return None

    def method(self, node: ast.Call, method: ast.Attribute) -> Piece:
        """Write x.sum(), x.sum(axis=0), x.mean() or x.ravel()."""
        inside = method.value
        if method.attr == "ravel":
            return self.piece(inside)
        rows = bool(node.keywords) or method.attr == "mean"
        total = self.to.reduce("Σ", "i" if rows else "", self.held(inside, PRODUCT, first=False))
        if method.attr == "mean":
            n = self.to.symbol(Symbol("n", "n"))
            if self.to.flat_fractions:
                return Piece(self.to.row(total, self.to.operator("/"), n), PRODUCT)
            return Piece(self.to.row(self.to.fraction(self.to.number(1).text, n), total), PRODUCT)
        return Piece(total, PRODUCT, open=True)


def _of_numpy(node: ast.Call) -> bool:
    function = node.func
    return isinstance(function, ast.Attribute) and ast.unparse(function.value) in ("np", "np.linalg", "rng")


def _keeps_shape(node: ast.Call) -> bool:
    """Return False for a call that makes one number of an array."""
    method = node.func.attr if isinstance(node.func, ast.Attribute) and not _of_numpy(node) else ""
    return not (called(node) == "norm" or (method in ("sum", "mean") and not node.keywords))


def _is_column(node: ast.AST) -> bool:
    """Return True for w[:, None], a number for each row."""
    return isinstance(node, ast.Subscript) and ast.unparse(node.slice) in ("(:, None)", ":, None")


def _index(node: ast.expr) -> tuple[str, ...]:
    elements = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(
        element.id if isinstance(element, ast.Name) else str(element.value)
        for element in elements
        if isinstance(element, ast.Name | ast.Constant) and (isinstance(element, ast.Name) or _is_number(element))
    )


def _is_entry(node: ast.expr) -> bool:
    elements = node.elts if isinstance(node, ast.Tuple) else [node]
    return all(isinstance(element, ast.Name) or _is_number(element) for element in elements)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _indices(node: ast.expr) -> set[str]:
    return {index for part in ast.walk(node) if isinstance(part, ast.Subscript) for index in _index(part.slice)}


def _refused(node: ast.expr) -> InputError:
    return InputError(
        f"equation: expected arithmetic, comparisons and NumPy's elementary functions; got {ast.unparse(node)!r}; "
        "rewrite it in those."
    )
