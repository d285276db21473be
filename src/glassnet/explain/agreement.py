"""Chooses how many digits to print, so that the numbers of a line give its result as printed and its conditions hold."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from glassnet.printers.element import HELPERS
from glassnet.printers.evaluation import evaluate
from glassnet.printers.numbers import EXACT, format_number

MORE = 4  # digits added at most to the numbers of a formula of matrices
NEAR = 0.005  # relative error of an entry up to which ≈ is enough

Environment = Mapping[str, Any]


def digits_of_numbers(numbers: ast.expr, value: float, digits: int, environment: Environment) -> tuple[int, bool]:
    """Return the fewest digits, at least `digits`, with which the printed numbers give the printed value, and True.

    If no digits do, as after roundings in float32, return the fewest that give it nearly, and False.

    Examples
    --------
    >>> digits_of_numbers(ast.parse("0.9998281 - 1", mode="eval").body, -0.0001719, 4, {})
    (7, True)
    """
    wanted = format_number(value, digits)
    nearly: list[int] = []
    for more in range(digits, max(digits, EXACT) + 1):
        found = value_of(numbers, environment, more)
        if format_number(found, digits) == wanted:
            return more, True
        nearly += [more] if math.isclose(found, value, rel_tol=NEAR) else []
    return (nearly or [digits])[0], False


def digits_of_condition(condition: ast.expr, digits: int, environment: Environment) -> int:
    """Return the fewest digits, at least `digits`, with which a condition on numbers holds as it is printed.

    Examples
    --------
    >>> digits_of_condition(ast.parse("0.99999 < 1", mode="eval").body, 4, {})
    5
    """
    return next((more for more in range(digits, EXACT) if value_of(condition, environment, more)), EXACT)


def digits_of_cells(cells: list[tuple[ast.expr, float]], digits: int) -> tuple[int, bool]:
    """Return the digits for the formulas of a matrix's entries, and True if all give their values as printed."""
    for more in range(digits, digits + MORE + 1):
        if all(
            format_number(value_of(cell, {}, more), digits) == format_number(value, digits) for cell, value in cells
        ):
            return more, True
    return digits, False


def digits_of_matrices(
    evaluate: Callable[[Mapping[str, Any]], Any], numbers: Mapping[str, Any], value: Any, digits: int
) -> tuple[int, bool]:
    """Return the digits for the matrices of a formula, and True if they give its value as printed, False if nearly so.

    `evaluate` runs the formula over arrays in place of its names.
    """
    wanted = printed_array(value, digits)
    for more in range(digits, digits + MORE + 1):
        with np.errstate(all="ignore"):
            found = evaluate({name: printed_array(array, more) for name, array in numbers.items()})
        found = np.broadcast_to(np.squeeze(found), np.squeeze(wanted).shape)
        if np.array_equal(printed_array(found, digits), np.squeeze(wanted), equal_nan=True):
            return more, True
        if np.allclose(found, np.squeeze(value), rtol=NEAR, atol=0, equal_nan=True):
            return more, False
    return digits + MORE, False


def printed_array(value: Any, digits: int) -> Any:
    """Return the numbers of an array as they are printed."""
    array = np.asarray(value)
    return np.array([_printed(each, digits) for each in array.ravel().tolist()]).reshape(array.shape)


def _printed(number: float, digits: int) -> float:
    return number if isinstance(number, int) else float(format_number(number, digits))


def value_of(node: ast.expr, environment: Environment, digits: int | None = None) -> float:
    """Return the value of an expression, of its numbers as printed with `digits`; nan where it divides by 0 or overflows."""
    rounded = None if digits is None else partial(_printed, digits=digits)
    try:
        with np.errstate(all="ignore"):
            return float(evaluate(node, {"np": np, **environment, **HELPERS, "inf": np.inf}, rounded))
    except (ZeroDivisionError, OverflowError):
        return float("nan")
