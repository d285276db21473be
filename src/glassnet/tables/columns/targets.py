"""The target column: how it is read, the task, the classes, and the cells encoded for the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.tables.columns.column_type import MISSING_AMONG_NUMBERS, RARE, TRUTH, ColumnType, Kind
from glassnet.tables.columns.number_form import find_form
from glassnet.tables.reading.decision import Decision
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


def choose_target(
    table: Table, target: str, task: str | None = None, *, strict: bool = False
) -> tuple[str, ColumnType, list[Decision]]:
    """Return the task, how the target's cells are read, and what was decided about it.

    The target may hold numbers written as those of a column may be. A few words among numbers count as missing, and
    a few numbers among words are classes. With `strict` all of that is a problem.

    Raises
    ------
    InputError
        If it is unclear whether the target holds numbers or classes.
    """
    words = table.words(target)  # refuses lists and bytes
    problem = ""
    try:
        chosen = task or recognise_task(table, target)
        if strict and task == "regression":
            encode_numbers(table, target)
    except InputError as error:
        chosen, problem = task or "", str(error)
    plain = table.parse(target)[1] is None and not problem
    if plain or strict or task == "classification":
        kind: Kind = "numeric" if chosen == "regression" else "categorical"
        return chosen or "classification", ColumnType(kind), [Decision(target, "", problem)] if problem else []
    found = _numbers(table, target, words)
    if found is not None and (task == "regression" or _are_numbers(found[0].numbers(table, target)[""])):
        return "regression", found[0], [Decision(target, found[1], problem)]
    if task == "regression":
        encode_numbers(table, target)  # refuses the first cell that is no number
    if chosen:
        return chosen, ColumnType("numeric" if chosen == "regression" else "categorical"), []
    if found is not None:
        return (
            "classification",
            ColumnType("categorical", missing=_odd(words)),
            [Decision(target, "", problem)],
        )
    values, wrong = table.parse(target)
    if wrong is None or 2 * int(wrong.sum()) <= values.count() + int(wrong.sum()):
        raise InputError(problem)
    return (
        "classification",
        ColumnType("categorical"),
        [Decision(target, "classes, of which some are numbers", problem)],
    )


def _numbers(table: Table, target: str, words: pl.Series) -> tuple[ColumnType, str] | None:
    """Return how the words are read as numbers, and what is told of it; None if they are no numbers."""
    known = words.drop_nulls()
    rest = known.filter(~known.str.to_lowercase().is_in(MISSING_AMONG_NUMBERS))
    values, _ = table.parse(target)
    form = find_form(rest, table.decimal_comma, table.separator)
    if form is not None and form[1].count() > values.count():
        read = form[1]
        odd = tuple(sorted({*rest.filter(read.is_null()).to_list()}))
        example = cut(rest.filter(read.is_not_null())[0], 20)
        text = f"numbers, written like {form[0]}: {example!r} is {read.drop_nulls()[0]:.12g}"
        return ColumnType("numeric", str(form[0]), odd), text
    unread = words.is_not_null() & (values.is_null() | values.is_infinite())
    odd = tuple(sorted({*words.filter(unread).to_list()}))
    strange = unread & ~words.str.to_lowercase().is_in(MISSING_AMONG_NUMBERS)
    if not values.count() or strange.sum() > RARE * len(known):
        return None
    return ColumnType("numeric", missing=odd), ""


def _odd(words: pl.Series) -> tuple[str, ...]:
    """Return the words that are no numbers."""
    return tuple(sorted({*words.filter(words.is_not_null() & words.cast(float, strict=False).is_null()).to_list()}))


def _are_numbers(values: Array) -> bool:
    """True if numbers make a regression and no classes."""
    distinct = np.unique(values[~np.isnan(values)])
    few = len(distinct) <= MOST_NUMBER_CLASSES and len(values) >= ROWS_A_NUMBER_CLASS * len(distinct)
    return len(distinct) > 2 and not (few and bool((distinct == np.floor(distinct)).all()))


def find_classes(table: Table, target: str) -> list[Any]:
    """Return the distinct cells of the target in order: as whole numbers if all are, else numbers, else booleans or words.

    Spellings of true and false, such as TRUE and t, are one class each, by the most frequent one.

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
        if len(found) > 2 and _are_truths(found.to_list()):
            often = words.value_counts(sort=True).to_series(0).to_list()
            found = found.filter(found.is_in(list({TRUTH[word.lower()]: word for word in reversed(often)}.values())))
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
            if _are_truths(names) and len({TRUTH[each.lower()] for each in names}) == len(names):
                names = [TRUTH[each.lower()] for each in names]
                words = words.str.to_lowercase().replace_strict(TRUTH, default=words)
        codes = words.cast(pl.Enum(names), strict=False).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        index, unknown = codes, codes < 0
    if unknown.any():
        some = ", ".join(map(str, classes[:4])) + (", …" if len(classes) > 4 else "")
        row = int(np.argmax(unknown))
        raise table.cell_error(row, target, f"a class of the training ({cut(some, 40)})", "correct it, or drop the row")
    return np.asarray(index, np.intp)


def encode_numbers(table: Table, target: str, type: ColumnType | None = None) -> Array:
    """Return the target of a regression, (n,), read as `type` says; every cell must be a number, a plain one if it is None."""
    if type is not None:
        (array,) = type.numbers(table, target).values()
        if np.isnan(array).any():
            raise _gap(table, target, int(np.argmax(np.isnan(array))))
        return array
    values, wrong = table.as_numbers(target)
    if wrong is not None:
        row = int(wrong.arg_true()[0])
        raise table.cell_error(row, target, "a number to predict", "correct it, or pass --task classification")
    array = values.to_numpy()
    if np.isnan(array).any():
        raise _gap(table, target, int(np.argmax(np.isnan(array))))
    return array


def _are_truths(words: list[str]) -> bool:
    return all(word.lower() in TRUTH for word in words)


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
