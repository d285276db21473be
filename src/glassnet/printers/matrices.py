"""Chooses the numbers that are written of a matrix, and aligns the decimal points of its columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.printers.numbers import significant

ROWS, COLUMNS = (
    8,
    6,
)  # the largest matrix that is written whole; of a larger one the first rows and columns and the last
FIRST = 4  # rows or columns written before those left out, at most
WHOLE = 2_000  # numbers of a matrix of which all rows are asked for: one with more has its columns cut


def matrix_cells(value: Any, rows: int | None = ROWS) -> list[list[float | None]]:
    """Return the written numbers of a vector (one row) or a matrix; None stands for those left out.

    `rows` is the largest number of rows that is written whole; None means all rows.

    Examples
    --------
    >>> matrix_cells(np.arange(10.0))
    [[0.0, 1.0, 2.0, 3.0, None, 9.0]]
    """
    array = np.atleast_2d(value)
    kept = [_written_places(*both) for both in zip(array.shape, _most(array.shape, rows), strict=True)]
    return [[None if None in (i, j) else array[i, j].item() for j in kept[1]] for i in kept[0]]


def left_out(shape: tuple[int, ...], rows: int | None = ROWS) -> str:
    """Say which rows and columns of an array of this shape are not written; an empty text if all are.

    Examples
    --------
    >>> left_out((32, 10)), left_out((32, 10), None), left_out((8, 6))
    ('rows 4 to 30 and columns 4 to 8 left out', '', '')
    """
    if len(shape) > 2 or not shape:
        return ""
    whole = (1, *shape)[-2:]
    kinds = ("rows", "columns") if len(shape) == 2 else ("", "entries")
    cut = [
        f"{kind} {_first(most)} to {size - 2}"
        for kind, size, most in zip(kinds, whole, _most(whole, rows), strict=True)
        if size > most
    ]
    return f"{' and '.join(cut)} left out" if cut else ""


def _most(shape: tuple[int, ...], rows: int | None) -> tuple[int, int]:
    """Return the number of rows and of columns up to which a matrix of this shape is written whole."""
    if rows is not None:
        return rows, COLUMNS
    return shape[0], shape[1] if math.prod(shape) <= WHOLE else COLUMNS


def _written_places(size: int, most: int) -> list[int | None]:
    if size <= most:
        return list(range(size))
    return [*range(_first(most)), None, size - 1]


def _first(most: int) -> int:
    """Return how many rows or columns are written before those left out."""
    return min(FIRST, most - 2)


def common_power(cells: list[list[float | None]], digits: int) -> tuple[list[list[float | None]], int]:
    """Take a power of ten out of a matrix if fewer numbers are then written with one: the numbers, and the exponent.

    Examples
    --------
    >>> common_power([[1.5e-7, 2e-6], [-4e-8, 0.0]], 4)
    ([[0.15, 2.0], [-0.04, 0.0]], -6)
    >>> common_power([[0.5, 2e-6]], 4)
    ([[0.5, 2e-06]], 0)
    """
    numbers = [float(cell) for row in cells for cell in row if cell]
    largest = max((abs(number) for number in numbers if math.isfinite(number)), default=1.0)
    power = int(f"{largest:e}".partition("e")[2])
    scaled = [[cell if cell is None else _shifted(cell, power, digits) for cell in row] for row in cells]
    if -3 < power < max(digits, 6) or _with_power(scaled, digits) >= _with_power(cells, digits):
        return cells, 0
    return scaled, power


def _shifted(number: float, power: int, digits: int) -> float:
    """Divide by a power of ten without an error in the digits."""
    if not math.isfinite(number):
        return number
    mantissa, _, exponent = f"{number:.{min(digits, 17) - 1}e}".partition("e")
    return float(f"{mantissa}e{int(exponent) - power}")


def _with_power(cells: list[list[float | None]], digits: int) -> int:
    return sum(cell is not None and significant(cell, digits)[1] is not None for row in cells for cell in row)


def columns_around(cells: list[list[float | None]], digits: int) -> list[list[tuple[str, str]]]:
    """Return for each cell what it lacks on both sides for its column to align (see `around`)."""
    columns = [around(column, digits) for column in zip(*cells, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def around(column: Sequence[float | None], digits: int = 4) -> list[tuple[str, str]]:
    """Return what each number lacks on its left and on its right for the decimal points of a column to align.

    None stands for a number left out. A column with a power of ten is not aligned.

    Examples
    --------
    >>> around([-12.5, 0.25, 3, None])
    [('', '0'), ('−0', ''), ('−0', '.00'), ('', '')]
    """
    numbers = [None if value is None else significant(value, digits) for value in column]
    texts = ["" if number is None else number[0] for number in numbers]
    if any(number is not None and (number[1] is not None or not number[0][-1].isdigit()) for number in numbers):
        return [("", "")] * len(column)
    wholes, _, decimals = zip(*(text.partition(".") for text in texts), strict=True)
    signed, width = any(text.startswith("-") for text in texts), max(len(whole.lstrip("-")) for whole in wholes)
    longest = max(map(len, decimals))
    found = []
    for text, whole, decimal in zip(texts, wholes, decimals, strict=True):
        sign = "−" if signed and not text.startswith("-") else ""
        left = sign + "0" * (width - len(whole.lstrip("-")))
        right = ("." if longest and not decimal else "") + "0" * (longest - len(decimal))
        found.append((left, right) if text else ("", ""))
    return found
