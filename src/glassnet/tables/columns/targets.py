"""The target column: recognises the task, finds the classes, and encodes the cells for the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.reading.table import Table, cut

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]

MOST_NUMBER_CLASSES = 20  # distinct whole numbers that still pass for classes
ROWS_A_NUMBER_CLASS = 5  # how often each must occur on average
MOST_CLASSES = 1_000


def recognise_task(table: Table, target: str) -> str:
    """Return "classification" or "regression", by a rule.

    Words, booleans and two distinct numbers are classes; so are up to 20 distinct whole numbers that occur five times
    each on average. Any other numbers make a regression.
    """
    values, wrong = table.as_numbers(target)
    if wrong is not None:
        if wrong.sum() < len(wrong) - table.words(target).null_count():
            _refuse_mixed(table, target, values, wrong)
        return "classification"
    distinct = values.drop_nulls().unique()
    if len(distinct) <= 2:
        return "classification"
    few = len(distinct) <= MOST_NUMBER_CLASSES and len(values) >= ROWS_A_NUMBER_CLASS * len(distinct)
    return "classification" if few and (distinct == distinct.floor()).all() else "regression"


def find_classes(table: Table, target: str) -> list[Any]:
    """Return the distinct cells of the target in order: as whole numbers if all are, else numbers, else booleans or words.

    Raises
    ------
    InputError
        If a cell is missing, there is one class only, or there are so many that they are no classes.
    """
    import polars as pl

    words = _complete(table, target)
    if table.column(target).dtype == pl.Boolean:
        classes: list[Any] = [word == "true" for word in sorted(words.unique())]
    else:
        found = words.unique()
        whole = found.cast(pl.Int64, strict=False)
        if not whole.null_count() and (whole.cast(pl.String) == found).all():
            classes = whole.sort().to_list()
        else:
            numbers, wrong = table.as_numbers(target)
            codes = found.str.contains(r"^[+-]?0\d").any()  # 007 stays a word, and 1.0 beside 1
            numeric = wrong is None and not codes and len(numbers.unique()) == len(found)
            classes = numbers.unique().sort().to_list() if numeric else found.sort().to_list()
    if len(classes) < 2:
        only = cut(str(classes[0]), 30)
        raise table.error(target, "at least two classes", f"{only!r} alone", "choose another --target")
    if len(classes) > MOST_CLASSES or 2 * len(classes) > max(len(words), 4):
        numeric = not isinstance(classes[0], str | bool)
        out = "pass --task regression" if numeric else "choose another --target"
        raise table.error(
            target, "classes that repeat", f"{len(classes):,} different cells in {len(words):,} rows", out
        )
    return classes


def encode_classes(table: Table, target: str, classes: list[Any]) -> Array:
    """Return the index of each cell's class, (n,)."""
    import polars as pl

    words = _complete(table, target)
    if isinstance(classes[0], float):
        values = table.numbers(target)
        index = np.searchsorted(classes, values).clip(0, len(classes) - 1)
        unknown = np.asarray(classes)[index] != values
    else:
        if isinstance(classes[0], bool):
            names = ["true" if each else "false" for each in classes]
            words = words.str.to_lowercase()
        else:
            names = [str(each) for each in classes]
        codes = words.cast(pl.Enum(names), strict=False).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        index, unknown = codes, codes < 0
    if unknown.any():
        some = ", ".join(map(str, classes[:4])) + (", …" if len(classes) > 4 else "")
        row = int(np.argmax(unknown))
        raise table.cell_error(row, target, f"a class of the training ({cut(some, 40)})", "correct it, or drop the row")
    return np.asarray(index, np.intp)


def encode_numbers(table: Table, target: str) -> Array:
    """Return the target of a regression, (n,); every cell must be a number."""
    values, wrong = table.as_numbers(target)
    if wrong is not None:
        row = int(wrong.arg_true()[0])
        raise table.cell_error(row, target, "a number to predict", "correct it, or pass --task classification")
    array: Array = values.to_numpy()
    if np.isnan(array).any():
        raise _gap(table, target, int(np.argmax(np.isnan(array))))
    return array


def _complete(table: Table, target: str) -> pl.Series:
    words = table.words(target)
    if words.null_count():
        raise _gap(table, target, int(words.is_null().arg_true()[0]))
    return words


def _gap(table: Table, target: str, row: int) -> Exception:
    return table.cell_error(row, target, "a target in every row", "fill it in, or delete the row")


def _refuse_mixed(table: Table, target: str, values: pl.Series, wrong: pl.Series) -> None:
    rare_words = wrong.sum() * 2 <= values.count() + wrong.sum()
    row = int((wrong if rare_words else values.is_not_null()).arg_true()[0])
    expected = "a number, as most cells are" if rare_words else "a word, as most cells are"
    raise table.cell_error(row, target, expected, "correct it, or pass --task classification")
