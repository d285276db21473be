"""Finds a statement in the source of a function by its target and its parts, and reads it as a formula."""

from __future__ import annotations

import ast
import builtins
import copy
import linecache
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from glassnet.printers.source import read_definition

_PACKAGE = Path(__file__).parents[2]  # the folder that holds glassnet


@dataclass(frozen=True)
class Source:
    """The code that computes a number: file (from the package on), line and text."""

    file: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def source_of(function: Callable[..., Any], node: ast.AST | None = None) -> Source:
    """Return the source of a function, or of one node of its tree."""
    filename = function.__code__.co_filename
    found: Any = read_definition(function) if node is None else node
    lines = linecache.getlines(filename, function.__globals__)[found.lineno - 1 : found.end_lineno]
    return Source(_shown(filename), found.lineno, textwrap.dedent("".join(lines)).rstrip())


def last_statement(function: Callable[..., Any]) -> ast.AST:
    """Return the last statement of a def, its return, or a lambda itself."""
    tree = read_definition(function)
    return tree.body[-1] if isinstance(tree, ast.FunctionDef) else tree


def statement(function: Callable[..., Any], target: str, parts: Iterable[str]) -> tuple[ast.expr, Source]:
    """Find the one statement of `function` that computes `target` from `parts`; return its right-hand side and source.

    `target` is the left-hand side of an assignment, or "return". `parts` are expressions that together hold all names
    that the right-hand side reads. The value of `a if … else b` is a; that of `x += a` is x + a.

    Raises
    ------
    LookupError
        If no statement or more than one fits; the message names the function's line and the statements with the target.

    Examples
    --------
    >>> from glassnet.network import passes
    >>> expression, source = statement(passes.forward, "trace.Z[layer]", ["trace.into(layer)", "W[layer]", "b[layer]"])
    >>> ast.unparse(expression)
    'trace.into(layer) @ W[layer] + b[layer]'
    >>> source.file
    'glassnet/network/passes.py'
    """
    parts = tuple(parts)
    with_target = [(node, value) for node, name, value in _statements(function) if name == target]
    found = [(node, value) for node, value in with_target if _consists_of(value, parts)]
    if len(found) != 1:
        where = source_of(function)
        have = [f"line {node.lineno}: {ast.unparse(node)}" for node, _ in with_target] or [
            "no statement with this target"
        ]
        raise LookupError(
            f"{where} {function.__qualname__}: expected one statement that computes {target!r} from "
            f"{', '.join(parts) or 'constants'}; got {len(found)} ({'; '.join(have)})."
        )
    node, value = found[0]
    return value, source_of(function, node)


@lru_cache(maxsize=64)
def _statements(function: Callable[..., Any]) -> list[tuple[ast.stmt, str, ast.expr]]:
    """Return the assignments and returns of a function: the node, its target and its value."""
    found: list[tuple[ast.stmt, str, ast.expr]] = []
    for node in ast.walk(read_definition(function)):
        match node:
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target) if node.value is not None:
                found.append((node, ast.unparse(target), _first_case(node.value)))
            case ast.AugAssign(target=target, op=op, value=value):
                found.append((node, ast.unparse(target), ast.BinOp(target, op, value)))
            case ast.Return(value=ast.expr() as value):
                found.append((node, "return", _first_case(value)))
    return found


def _first_case(value: ast.expr) -> ast.expr:
    return value.body if isinstance(value, ast.IfExp) else value


def _consists_of(value: ast.expr, parts: tuple[str, ...]) -> bool:
    """True if each part occurs in the expression and no name but np and built-in functions is left without them."""
    rest = value
    for part in sorted(parts, key=len, reverse=True):  # a long part may contain a short one
        without = rename(rest, {part: "0"})
        if ast.unparse(without) == ast.unparse(rest):
            return False
        rest = without
    return set(names_in(rest)) <= {"np", *dir(builtins)}


def names_in(expression: ast.AST) -> tuple[str, ...]:
    """Return the names that an expression reads, each once, from left to right."""
    if isinstance(expression, ast.Name):
        return (expression.id,)
    found = [name for child in ast.iter_child_nodes(expression) for name in names_in(child)]
    return tuple(dict.fromkeys(found))


def rename(expression: ast.expr, names: Mapping[str, str]) -> ast.expr:
    """Replace each part of the expression that reads as a key of `names` by the expression of its value."""
    return _Renamer(names).visit(copy.deepcopy(expression))


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = {ast.unparse(ast.parse(key, mode="eval")): value for key, value in names.items()}

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and (name := self.names.get(ast.unparse(node))) is not None:
            return ast.parse(name, mode="eval").body
        return super().visit(node)


def _shown(filename: str) -> str:
    """Return a file's path for a reader: from the package on, or from the working directory, or its name."""
    path = Path(filename)
    for base in (_PACKAGE, Path.cwd()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name
