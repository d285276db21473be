"""Finds the statement of the code that computed a number, and reads it as a formula over the symbols of a derivation."""

from __future__ import annotations

import ast
import copy
import linecache
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from glassnet.printers.source import read_definition

_PACKAGE = Path(__file__).parents[2]  # the folder that holds glassnet


@dataclass(frozen=True)
class Source:
    """Where a number was computed: file (from the package on), line, and the code that stands there."""

    file: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def source_of(function: Callable[..., Any], node: ast.AST | None = None) -> Source:
    """The source of a function, or of one node of its tree."""
    filename = function.__code__.co_filename
    found: Any = read_definition(function) if node is None else node
    lines = linecache.getlines(filename, function.__globals__)[found.lineno - 1 : found.end_lineno]
    return Source(_shown(filename), found.lineno, textwrap.dedent("".join(lines)).rstrip())


def last_statement(function: Callable[..., Any]) -> ast.AST:
    """The return of a def, or a lambda itself."""
    tree = read_definition(function)
    return tree.body[-1] if isinstance(tree, ast.FunctionDef) else tree


def statement(function: Callable[..., Any], start: str) -> tuple[ast.expr, Source]:
    """The right-hand side of the first statement of `function` that reads `start…`, and where it stands.

    Examples
    --------
    >>> from glassnet.network import passes
    >>> expression, source = statement(passes.forward, "trace.Z[layer] =")
    >>> ast.unparse(expression)
    'trace.into(layer) @ W[layer] + b[layer]'
    >>> source.file
    'glassnet/network/passes.py'
    """
    for node, text in _statements(function):
        if text.startswith(start):
            value: ast.expr = node.value  # type: ignore[attr-defined]
            return (value.body if isinstance(value, ast.IfExp) else value), source_of(function, node)  # its first case
    raise LookupError(f"{function.__qualname__} has no statement {start!r}")


@lru_cache(maxsize=64)
def _statements(function: Callable[..., Any]) -> list[tuple[ast.stmt, str]]:
    """The statements of a function that have a value, with their text."""
    found = [node for node in ast.walk(read_definition(function)) if isinstance(node, ast.stmt)]
    return [(node, ast.unparse(node)) for node in found if isinstance(getattr(node, "value", None), ast.expr)]


def names_in(expression: ast.AST) -> tuple[str, ...]:
    """The names that an expression reads, each once, from left to right."""
    if isinstance(expression, ast.Name):
        return (expression.id,)
    found = [name for child in ast.iter_child_nodes(expression) for name in names_in(child)]
    return tuple(dict.fromkeys(found))


def rename(expression: ast.expr, names: Mapping[str, str]) -> ast.expr:
    """The expression with each part that reads as a key of `names` replaced by the expression of its value."""
    return _Renamer(names).visit(copy.deepcopy(expression))


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = {ast.unparse(ast.parse(key, mode="eval")): value for key, value in names.items()}

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and (name := self.names.get(ast.unparse(node))) is not None:
            return ast.parse(name, mode="eval").body
        return super().visit(node)


def _shown(filename: str) -> str:
    """A file as a reader may know it: from the package on, or from the working directory, or its name."""
    path = Path(filename)
    for base in (_PACKAGE, Path.cwd()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name
