"""Writes a formula of arrays with the letters of an entry: dZ2.sum(axis=0) at k is Σ_i dZ2[i, k]."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from glassnet.printers.element import is_of_numpy, is_rowwise
from glassnet.printers.expression import called, is_reduction
from glassnet.printers.statements import names_in

LETTERS = {0: (), 1: ("i",), 2: ("i", "k"), 3: ("i", "j", "k")}


def letters_of(expression: ast.expr, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return the letters of an entry: k alone for a sum over samples, otherwise i alone, i and k, or i, j and k."""
    over_samples = isinstance(expression, ast.Call) and ast.unparse(expression).endswith(".sum(axis=0)")
    return ("k",) if over_samples and len(shape) == 1 else LETTERS[len(shape)]


def has_no_matrix_form(expression: ast.expr, shape: tuple[int, ...], environment: Mapping[str, Any]) -> bool:
    """Return True for a formula with choices, comparisons or sums over an axis, and for a number that fills an array."""
    if not shape:
        return False
    arrays = [environment[name] for name in names_in(expression) if isinstance(environment.get(name), np.ndarray)]
    return (
        not arrays
        or any(np.ndim(array) > 2 for array in arrays)
        or any(isinstance(node, ast.Compare) or _is_sum_or_choice(node) for node in ast.walk(expression))
    )


def _is_sum_or_choice(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    method = isinstance(node.func, ast.Attribute) and not is_of_numpy(node) and node.func.attr in ("sum", "mean")
    return method or called(node) in ("where", "sum", "eye", "ones_like") or is_reduction(node)


class Letters:
    """Writes the entry of array expressions in letters."""

    def __init__(self, environment: Mapping[str, Any]) -> None:
        self.environment = environment

    def at(self, node: ast.expr, index: tuple[str, ...]) -> ast.expr:
        """Return the entry at `index` of an array expression."""
        match node:
            case ast.Name(id=name):
                return _entry(name, index, np.shape(self.environment.get(name, ())))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                letter = _free(index)
                product = ast.BinOp(
                    self.at(left, (*index[:1], letter)), ast.Mult(), self.at(right, (letter, *index[1:]))
                )
                return _sum(product, letter)
            case ast.BinOp(left=left, op=op, right=right):
                return ast.BinOp(self.at(left, index), op, self.at(right, index))
            case ast.UnaryOp(op=op, operand=operand):
                return ast.UnaryOp(op, self.at(operand, index))
            case ast.Compare(left=left, ops=ops, comparators=[right]):
                return ast.Compare(self.at(left, index), ops, [self.at(right, index)])
            case ast.Attribute(value=matrix, attr="T"):
                return self.at(matrix, index[::-1])
            case ast.Subscript(value=array, slice=ast.Tuple(elts=parts)):
                kept = [k for part, k in zip(parts, index, strict=False) if isinstance(part, ast.Slice)]
                return self.at(array, tuple(kept))
            case ast.Call():
                return self.call(node, index)
        return node

    def call(self, node: ast.Call, index: tuple[str, ...]) -> ast.expr:
        name, arguments = called(node), node.args
        if is_reduction(node):
            inside = self.at(arguments[0], (*index[:-1], _free(index)))
            return ast.Call(node.func, [inside], node.keywords)
        if isinstance(node.func, ast.Attribute) and not is_of_numpy(node):
            letter = _free(index) if index else "i"
            return _sum(self.at(node.func.value, (letter, *index) if node.keywords else (letter,)), letter)
        if name == "sum":  # over axis 1
            inside, letter = arguments[0], "k" if len(index) == 1 else "j"
            return _sum(self.at(inside, (index[0], letter, *index[1:])), letter)
        if name == "eye":
            return _entry("delta", index[-2:], (2, 2))
        function: Any = self.environment.get(name)
        if hasattr(function, "__code__") and is_rowwise(function):
            return ast.Subscript(node, ast.Name(index[-1]), ast.Load())
        return ast.Call(node.func, [self.at(argument, index) for argument in arguments], [])


def _entry(name: str, index: tuple[str, ...], shape: tuple[int, ...]) -> ast.expr:
    if not shape:
        return ast.Name(name, ast.Load())
    return ast.parse(f"{name}[{', '.join(index[-len(shape) :])}]", mode="eval").body


def _sum(inside: ast.expr, letter: str) -> ast.expr:
    return ast.Call(ast.Name("sum_over"), [inside, ast.Name(letter)], [])


def _free(index: tuple[str, ...]) -> str:
    """Return a letter that the index does not use: i for the samples of a column, else j."""
    return "i" if "i" not in index else "j"
