"""Writes formulas as a convention does: with matrices in its layout, and the mean where it takes it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from glassnet.explain.grading.conventions import Convention
from glassnet.explain.graph import Graph
from glassnet.printers.statements import names_in


def in_convention(convention: Convention, graph: Graph, symbol: str, code: str) -> str:
    """The formula of a symbol as the convention writes it.

    Examples
    --------
    >>> from glassnet import Network, explain
    >>> derivation = explain(Network([3, 4, 2], seed=0), [[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    >>> in_convention(Convention(columns=True, mean="gradients"), derivation, "dW2", "A1.T @ dZ2")
    'dZ2 @ A1.T / n'
    """
    if (
        not code
        or "concatenate" in code
        or not (convention.columns or convention.out_in or convention.mean == "gradients")
    ):
        return code
    expression = ast.parse(code, mode="eval").body
    if convention.mean == "gradients" and "mean_weights" in graph:
        expression = _mean_later(convention, graph, symbol, expression)
    if convention.columns or convention.out_in:
        layout = _Layout(graph, convention.turned)
        expression = layout.turned(expression) if convention.turned(symbol) else layout.plain(expression)
    return ast.unparse(ast.fix_missing_locations(expression))


def _mean_later(convention: Convention, graph: Graph, symbol: str, expression: ast.expr) -> ast.expr:
    """The formula where dZ and dA are those of single samples, so that sums over them are divided by n."""
    single = convention.written(graph)
    total = ast.parse("w.sum()" if "w" in graph else "n", mode="eval").body
    from_single = any(name in single for name in names_in(expression))
    if (symbol in single) == from_single:
        return expression
    inverse = ast.Mult if from_single else ast.Div  # what is cancelled before anything is added
    match expression:
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, inverse) and ast.dump(right) == ast.dump(total):
            return left
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Subscript(value=ast.Name(id="mean_weights"))) if (
            not from_single
        ):
            return left if "w" not in graph else ast.BinOp(left, ast.Mult(), ast.parse("w[:, None]", mode="eval").body)
    return ast.BinOp(expression, ast.Div() if from_single else ast.Mult(), total)


class _Layout:
    """Rewrites formulas over samples as rows for matrices that are transposed."""

    def __init__(self, graph: Graph, is_turned: Callable[[str], bool]) -> None:
        self.graph, self.is_turned = graph, is_turned

    def plain(self, node: ast.expr) -> ast.expr:
        """An expression that gives the same numbers as before."""
        return self._rewritten(node, transpose=False)

    def turned(self, node: ast.expr) -> ast.expr:
        """An expression that gives the transpose of the numbers before."""
        return self._rewritten(node, transpose=True)

    def _rewritten(self, node: ast.expr, transpose: bool) -> ast.expr:
        match node:
            case ast.Name(id=name):
                matrix = name in self.graph and len(self.graph[name].shape) == 2
                return ast.Attribute(node, "T") if matrix and transpose != self.is_turned(name) else node
            case ast.Attribute(value=value, attr="T"):
                return self._rewritten(value, not transpose)
            case ast.BinOp(left=left, op=ast.MatMult() as op, right=right):
                first, second = (right, left) if transpose else (left, right)
                return ast.BinOp(self._rewritten(first, transpose), op, self._rewritten(second, transpose))
            case ast.BinOp(left=left, op=op, right=right):
                return ast.BinOp(self._rewritten(left, transpose), op, self._rewritten(right, transpose))
            case ast.UnaryOp(op=op, operand=operand):
                return ast.UnaryOp(op, self._rewritten(operand, transpose))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return ast.Compare(
                    self._rewritten(left, transpose), ops, [self._rewritten(o, transpose) for o in others]
                )
            case ast.Call(func=ast.Attribute(value=value, attr="sum" | "mean" as name), args=[], keywords=keywords):
                inner = self._rewritten(value, transpose=self._has_turned(value))
                swapped = _swapped(keywords) if self._has_turned(value) else keywords
                return ast.Call(ast.Attribute(inner, name), [], swapped)
            case ast.Call(func=func, args=args, keywords=keywords):
                return ast.Call(func, [self._rewritten(each, transpose) for each in args], keywords)
            case ast.Subscript(value=value, slice=ast.Tuple(elts=[first, second])) if transpose:
                return ast.Subscript(value, ast.Tuple([second, first]))
        return node

    def _has_turned(self, node: ast.expr) -> bool:
        return any(self.is_turned(name) for name in names_in(node))


def _swapped(keywords: list[ast.keyword]) -> list[ast.keyword]:
    """The arguments of a sum along the other axis."""
    other = {0: 1, 1: 0}
    return [
        ast.keyword(each.arg, ast.Constant(other.get(each.value.value, each.value.value)))
        if each.arg == "axis" and isinstance(each.value, ast.Constant) and isinstance(each.value.value, int)
        else each
        for each in keywords
    ]
