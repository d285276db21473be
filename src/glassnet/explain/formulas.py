"""Small tools for formulas of entries: symbol[0, 3], partial derivatives, the terms that are not shown."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from glassnet.printers.element import Index


def without_rest(node: ast.expr) -> ast.expr:
    """A formula of names, where the terms that are not shown have no number."""

    class Strip(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            node.args = node.args[:1] if is_rest(node) else [self.visit(argument) for argument in node.args]
            return node

    return Strip().visit(copied(node))


class Entries(ast.NodeTransformer):
    """Replaces each entry of an array."""

    def __init__(self, replaced: Callable[[ast.Subscript], ast.expr]) -> None:
        self.replaced = replaced

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return self.replaced(node)


def copied(node: ast.expr) -> ast.expr:
    """The expression again, to be changed."""
    return ast.parse(ast.unparse(node), mode="eval").body


def partial(above: ast.expr, below: ast.expr) -> ast.expr:
    """∂above/∂below."""
    return ast.Call(ast.Name("partial"), [above, below], [])


def is_rest(node: ast.expr) -> bool:
    """Whether a term stands for those that are not shown."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "rest"


def index_of(node: ast.Subscript) -> Index:
    """The place of an entry."""
    index: Any = ast.literal_eval(node.slice)
    return index if isinstance(index, tuple) else (index,)


def entry_of(symbol: str, index: Index) -> ast.expr:
    """symbol[index] as an expression."""
    text = f"{symbol}[{', '.join(map(str, index))}]" if index else symbol
    return ast.parse(text, mode="eval").body
