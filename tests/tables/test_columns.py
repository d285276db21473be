"""The choice of columns: each rule at its edges, and the one line that refuses."""

import numpy as np
import polars as pl
import pytest

from glassnet import InputError
from glassnet.tables.columns.choose import choose_columns
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table

WORDS = ["red", "green", "blue"]


def text(**columns):
    """A table as it is read from text, beside a target that every one has."""
    return Table(pl.DataFrame({**columns, "y": [str(k) for k in range(len(next(iter(columns.values()))))]}), text=True)


def typed(**columns):
    return as_table({**columns, "y": list(range(len(next(iter(columns.values())))))})


def repeated(cells, n):
    return [cells[k % len(cells)] for k in range(n)]


def scattered(n, first=100):
    """n different whole numbers in no order."""
    return [first + 37 * k % 997 for k in range(n)]


KINDS = {
    "numbers": (text(x=["1.5", "2", "-3e2", "4"]), "numeric"),
    "numbers with gaps": (text(x=["1.5", "", "NA", "4"]), "numeric"),
    "words": (text(x=repeated(WORDS, 30)), "categorical"),
    "words with gaps": (text(x=repeated([*WORDS, ""], 30)), "categorical"),
    "booleans": (typed(x=repeated([True, False], 30)), "categorical"),
    "20 different words of 20": (text(x=[f"w{k}q" for k in range(20)]), "categorical"),
    "20 different words of 25": (text(x=[f"w{k % 20}q" for k in range(25)]), "categorical"),
    "half as many words as rows": (text(x=[f"w{k % 30}q" for k in range(60)]), "categorical"),
    "1,000 words": (text(x=[f"w{k % 1000}q" for k in range(2000)]), "categorical"),
    "zero itself": (text(x=["0", "1", "2", "0"]), "numeric"),
    "fractions with leading zeros": (text(x=["0.5", "01.5", "2", "7"]), "numeric"),
    "codes of a typed column": (typed(x=[1, 7, 5, 2]), "numeric"),
    "numbers named like an identifier that repeat": (text(user_id=repeated(["7", "3", "9"], 20)), "numeric"),
    "fractions named like an identifier": (text(user_id=[f"{k}.5" for k in scattered(30)]), "numeric"),
    "an identifier with a gap": (text(user_id=[*map(str, scattered(29)), ""]), "numeric"),
    "different numbers of another name": (text(height=[*map(str, scattered(30))]), "numeric"),
    "a count of 19 rows": (text(n=[*map(str, range(19))]), "numeric"),
    "a count by twos": (text(n=[*map(str, range(0, 60, 2))]), "numeric"),
    "two rows": (text(user_id=["1", "2"]), "numeric"),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds(case):
    table, kind = KINDS[case]
    assert choose_columns(table, "y", strict=True).kinds == {table.names[0]: kind}
    assert choose_columns(table, "y", strict=True).left_out == {}


REFUSED = {
    "21 different words of 25": (
        text(x=[f"w{k % 21}q" for k in range(25)]),
        "expected categories that repeat; got 21 different cells in 25 rows; pass --ignore x or --categorical x.",
    ),
    "more than half as many words as rows": (text(x=[f"w{k % 31}q" for k in range(60)]), "31 different cells in 60"),
    "1,001 words": (text(x=[f"w{k % 1001}q" for k in range(3003)]), "1,001 different cells in 3,003 rows"),
    "10,001 words": (
        text(x=[f"w{k % 10001}q" for k in range(20_002)]),
        "10,001 different cells in 20,002 rows; pass --ignore x.",
    ),
    "a count of 20 rows": (text(n=[*map(str, range(20))]), "got a count of the rows; pass --ignore n or --numeric n"),
    "a count from elsewhere": (text(n=[*map(str, range(500, 520))]), "a count of the rows"),
    "identifiers": (text(user_id=[*map(str, scattered(30))]), "got an identifier, different in every row"),
    "three identifiers": (text(id=["17", "3", "9"]), "an identifier, different in every row"),
    "identifiers in camel case": (typed(userId=scattered(5)), "an identifier"),
    "codes": (text(x=["0042", "1042", "7", "9"]), "column 'x': expected a number without leading zeros; got '0042'"),
    "codes further down": (text(x=["42", "1042", "-07", "9"]), "got '-07'"),
    "dates": (text(x=repeated(["a", "2024-01-31"], 20)), "row 2, column 'x': expected numbers or words, no dates"),
    "times": (text(x=repeated(["10:30", "9:15:00"], 20)), "got '10:30'; write e.g. the year, or pass --ignore x"),
    "units": (text(x=repeated(["a", "5 %"], 20)), "row 2, column 'x': expected a plain number; got '5 %'; write it"),
    "decimal commas": (text(x=repeated(["3,5", "4,25"], 20)), "got '3,5'; write 3.5 for 3,5 and 1000 for 1,000"),
    "a word among numbers": (
        text(x=["1", "2", "old", "4"]),
        "row 3, column 'x': expected a number, as most cells are; got 'old'; correct it, or pass --missing old.",
    ),
    "a unit among numbers": (text(x=["1", "2", "$5", "4"]), "expected a plain number; got '$5'"),
    "a number among words": (
        text(x=["red", "7", "blue", "red"]),
        "row 2, column 'x': expected a word, as most cells are; got '7'; correct it, or pass --categorical x.",
    ),
    "half words, half numbers": (text(x=["1", "red", "2", "blue"]), "row 2, column 'x': expected a number, as most"),
    "dates of a typed column": (typed(x=np.array(["2024-01-31", "2024-02-01"], "datetime64[D]")), "no dates"),
    "lists": (as_table({"x": pl.Series([[1], [2]]), "y": [1, 2]}), "expected numbers or words; got List(Int64)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    table, message = REFUSED[case]
    with pytest.raises(InputError) as caught:
        choose_columns(table, "y", strict=True)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 190


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (text(x=["5", "5", " 5"]), "every cell is 5"),
        (text(x=["red", "red"]), "every cell is red"),
        (text(x=["", "NA", "n/a", "null", "NaN"]), "no cell is known"),
        (typed(x=[2.5, 2.5]), "every cell is 2.5"),
        (typed(x=[None, None]), "no cell is known"),
        (
            text(x=["a very long name of a colour", "a very long name of a colour"]),
            "every cell is a very long name of…",
        ),
    ],
    ids=str,
)
def test_columns_that_teach_nothing_are_left_out(table, reason):
    wide = Table(table.frame.with_columns(pl.Series("other", [1.5, 2.25, 7, 3, 8][: len(table)])), text=table.text)
    choice = choose_columns(wide, "y", strict=True)
    assert (choice.kinds, choice.left_out) == ({"other": "numeric"}, {"x": reason})
    with pytest.raises(InputError, match=rf"expected columns beside the target; got none to learn from \({reason}\)"):
        choose_columns(table, "y", strict=True)


@pytest.mark.parametrize("table", [text(x=["5", "5", ""]), text(x=["red", "red", ""]), typed(x=[2.5, 2.5, None])])
def test_cells_alike_but_for_gaps_are_kept(table):
    assert list(choose_columns(table, "y", strict=True).kinds) == ["x"]


def test_the_user_decides():
    table = text(a=["1", "2", "1"], b=["007", "008", "007"], c=["x1", "x2", "x3"])
    choice = choose_columns(table, "y", categorical=["a", "b"], ignore=["c"])
    assert choice.kinds == {"a": "categorical", "b": "categorical"}
    assert choice.left_out == {"c": "ignored"}
    assert choose_columns(table, "y", numeric=["b"]).kinds == {"a": "numeric", "b": "numeric", "c": "categorical"}
    many = text(x=[f"w{k}q" for k in range(10_000)])
    assert choose_columns(many, "y", categorical=["x"]).kinds == {"x": "categorical"}
    with pytest.raises(InputError, match="10,001 different cells in 10,001 rows; pass --ignore x"):
        choose_columns(text(x=[f"w{k}q" for k in range(10_001)]), "y", categorical=["x"])
    for options in ({"numeric": ["a"], "ignore": ["a"]}, {"numeric": ["a"], "categorical": ["a"]}, {"ignore": ["y"]}):
        with pytest.raises(InputError, match=r"expected other columns; got '[ay]'; name it once"):
            choose_columns(table, "y", **options)
    for option in ("numeric", "categorical", "ignore"):
        with pytest.raises(InputError, match="column 'aa'; got a, b, c, …; did you mean 'a'"):
            choose_columns(table, "y", **{option: ["aa"]})
    with pytest.raises(InputError, match="expected a number; got 'x1'"):
        choose_columns(table, "y", numeric=["c"], categorical=["b"])
    with pytest.raises(InputError, match="the target alone"):
        choose_columns(Table(table.frame.select("y"), text=True), "y")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([2**53, 1, 5], None),
        ([2**53 + 2, 1, 5], "row 1, column 'x': expected a number of at most 15 digits; got '9007199254740994'"),
        ([1.0, 5.0, 1e300], None),
        ([1.0, float("inf"), 5], "row 2, column 'x': expected a finite number; got 'inf'"),
        ([1.0, -float("inf"), 5], "expected a finite number; got '-inf'"),
    ],
)
@pytest.mark.parametrize("make", [typed, text])
def test_numbers_too_large_to_be_exact(cells, message, make):
    table = make(x=cells if make is typed else [str(cell) for cell in cells])
    if message is None:
        assert table.numbers("x").tolist() == [float(cell) for cell in cells]
    else:
        with pytest.raises(InputError) as caught:
            table.numbers("x")
        assert message in str(caught.value)
