"""Finds the syntax tree of a function in its source file: of a def, or of one lambda among several on a line."""

from __future__ import annotations

import ast
import copy
import inspect
import linecache
from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from glassnet.errors import InputError

Definition = ast.FunctionDef | ast.Lambda


def read_definition(function: Callable[..., Any]) -> Definition:
    """Return the syntax tree of a function with the file's line numbers; InputError if there is no source.

    The tree is cached: copy it before changing it.

    Examples
    --------
    >>> from glassnet.equations.activations import d_tanh
    >>> ast.unparse(read_definition(d_tanh).body[-1])
    'return 1 - a ** 2'
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    found = None if code is None else _find(code)
    if found is None:
        name = getattr(function, "__name__", repr(function))
        raise InputError(f"equation {name}: expected a function with source; got none; define it with def.")
    return found


def functions_of_modules(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Return the Python functions that a function calls as `module.name`, by "module.name"; none whose name means another."""
    closure = inspect.getclosurevars(function)
    around = {**closure.builtins, **closure.globals, **closure.nonlocals}
    names = inspect.unwrap(function).__code__.co_names
    modules = {module: each for module, each in around.items() if inspect.ismodule(each) and each is not np}
    found: dict[tuple[str, str], Any] = {
        (module, name): getattr(each, name)
        for module, each in modules.items()
        for name in names
        if inspect.isfunction(getattr(each, name, None))
    }
    meanings = [(name, each) for (_, name), each in found.items()] + list(around.items())
    return {
        f"{module}.{name}": each
        for (module, name), each in found.items()
        if all(meant is each for known, meant in meanings if known == name)
    }


def without_modules(tree: Definition, function: Callable[..., Any]) -> Definition:
    """Return a definition that calls the Python functions of modules by their names alone."""
    functions = functions_of_modules(function)
    if not functions:
        return tree

    class Shorten(ast.NodeTransformer):
        def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
            return ast.Name(node.attr, ast.Load()) if ast.unparse(node) in functions else node

    shortened: Definition = Shorten().visit(copy.deepcopy(tree))
    return shortened


@lru_cache(maxsize=1024)
def _find(code: CodeType) -> Definition | None:
    linecache.checkcache(code.co_filename)
    return _at(_definitions(code.co_filename, "".join(linecache.getlines(code.co_filename))), code)


def _at(candidates: tuple[Definition, ...], code: CodeType) -> Definition | None:
    """Return the definition that `code` was compiled from, found by its line, and by its columns if several share it."""
    name = code.co_name
    same = [
        d
        for d in candidates
        if isinstance(d, ast.FunctionDef)
        and d.name == name
        and code.co_firstlineno in (d.lineno, *(decorator.lineno for decorator in d.decorator_list))
    ]
    if same:
        return same[0]
    starts = {(line, column) for line, _, column, _ in code.co_positions() if line and column}
    lambdas = [d for d in candidates if isinstance(d, ast.Lambda) and d.lineno == code.co_firstlineno]
    for d in lambdas if name == "<lambda>" else []:
        inside = {(node.lineno, node.col_offset) for node in ast.walk(d.body) if isinstance(node, ast.expr)}
        if starts and starts <= inside:
            return d
    return None


@lru_cache(maxsize=64)
def _definitions(filename: str, text: str) -> tuple[Definition, ...]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda))
