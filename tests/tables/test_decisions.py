"""The default decides and tells: what each kind of column, row and file becomes, and the line that says so."""

import numpy as np
import polars as pl
import pytest

from glassnet import InputError
from glassnet.tables.columns.choose import choose_columns
from glassnet.tables.columns.column_type import ColumnType, unread_cells
from glassnet.tables.columns.rows import usable_rows
from glassnet.tables.columns.targets import encode_classes, encode_numbers, find_classes
from glassnet.tables.reading.decision import Decision, decision_lines, refuse
from glassnet.tables.reading.delimited import read_delimited
from glassnet.tables.reading.read import as_table


def read(data, **options):
    data = data if isinstance(data, bytes) else data.encode()
    return read_delimited(data, "t.csv", None, options.get("missing", ()), options.get("decimal_comma", False))


def column(cells, name="x", separator=",", n=40, y=("a", "b")):
    """A table of the column `name`, whose cells are `cells` over and over, a number z and the target y."""
    cells, y = list(cells), list(y)
    rows = [separator.join([cells[k % len(cells)], str(k * 37 % 101), y[k % len(y)]]) for k in range(n)]
    return "\n".join([separator.join([name, "z", "y"]), *rows, ""])


def spread(n, low=0.25):
    return [str(k * 7 % 37 + low) for k in range(n)]


def kept(choice):
    return {name: (each.kind, each.form) for name, each in choice.types.items() if name != "z"}


ASSUMED = "which is assumed since no cell shows it (see --day-first)"
# the cells, how they are read (None: left out), the line that is told
COLUMNS = {
    "percent": (["3%", "12 %"], ("numeric", "1234.5%"), "x: numbers, written like 1234.5%: '12 %' is 12"),
    "currency": (["$3.50", '"$1,200"'], ("numeric", "$1,234.5"), "x: numbers, written like $1,234.5: '$1,200' is 1200"),
    "francs": (
        ["CHF 1'234.50", "CHF 12"],
        ("numeric", "CHF 1'234.5"),
        "x: numbers, written like CHF 1'234.5: \"CHF 1'234.50\" is 1234.5",
    ),
    "unit": (["5 kg", "12.5kg"], ("numeric", "1234.5 kg"), "x: numbers, written like 1234.5 kg: '12.5kg' is 12.5"),
    "thousands": (['"1,234"', '"5,678"'], ("numeric", "1,234.5"), "x: numbers, written like 1,234.5: '1,234' is 1234"),
    "spaces": (
        ["1 234", "12\u00a0345 678"],
        ("numeric", "1 234.5"),
        "x: numbers, written like 1 234.5: '12 345 678' is 12345678",
    ),
    "minus of print": (["−5", "3", "4.5"], ("numeric", "1234.5"), "x: numbers, written like 1234.5: '4.5' is 4.5"),
    "brackets of accounts": (
        ['"$1,234.50"', "($12)"],
        ("numeric", "$1,234.5"),
        "x: numbers, written like $1,234.5: '$1,234.50' is 1234.5",
    ),
    "a currency before brackets": (
        ["$(12.50)", "$3"],
        ("numeric", "$1234.5"),
        "x: numbers, written like $1234.5: '$(12.50)' is -12.5",
    ),
    "a minus behind": (["12.50-", "3"], ("numeric", "1234.5"), "x: numbers, written like 1234.5: '12.50-' is -12.5"),
    "words in brackets": (["(old)", "(new)"], ("categorical", ""), ""),
    "units that differ": (["5 kg", "7 lb"], ("categorical", ""), ""),
    "a rare word": ([*spread(39), "old"], ("numeric", ""), "x: numbers; 1 cell such as 'old' taken as missing"),
    "a unit once": (["5", "6"] * 20 + ["5%"], ("numeric", ""), None),
    "words for missing": (["1", "2", "?"], ("numeric", ""), "x: numbers; 13 cells such as '?' taken as missing"),
    "quoted NA": (['"NA"', "1", "2"], ("numeric", ""), "x: numbers; 14 cells such as 'NA' taken as missing"),
    "half words": (["1", "x"], ("categorical", ""), "x: categories, since it mixes numbers and words"),
    "codes": (
        ["0042", "1042"],
        ("categorical", ""),
        "x: categories, since '0042' has a leading zero and so is a code",
    ),
    "inf": (["1", "2", "inf", "4"], ("numeric", ""), "x: numbers; 10 cells such as 'inf' taken as missing"),
    "huge": (["1", "2", "1e300", "4"], ("numeric", ""), "x: numbers; 10 cells such as '1e300' taken as missing"),
    "many digits": (
        ["12345678901234567", "2", "3"],
        ("numeric", ""),
        "x: numbers of more than 15 digits are rounded to those",
    ),
    "long identifiers": (
        [f"1234567890123{k:04}" for k in range(40)],
        None,
        "x: left out, a different word in every row",
    ),
    "text": ([f"note {k}" for k in range(40)], None, "x: left out, a different word in every row"),
    "text that repeats a bit": ([f"note {k}" for k in range(25)], None, "x: left out, 25 different words in 40 rows"),
    "a count": ([str(k) for k in range(40)], None, "x: left out, a count of the rows"),
    "one value": (["5"], None, "x: left out, every cell is 5"),
    "nothing": (["", "NA"], None, "x: left out, no cell is known"),
    "ISO": (["2024-01-31", "2023-12-01"], ("date", "date"), "x: dates, such as '2024-01-31'"),
    "month names": (["Jan 1 2000", "Feb 28 2001"], ("date", "date"), "x: dates, such as 'Jan 1 2000'"),
    "long month names": (
        ["1 January 2000", "28 February 2001"],
        ("date", "date"),
        "x: dates, such as '1 January 2000'",
    ),
    "day first": (
        ["31/1/2024", "1/2/2024"],
        ("date", "date, day first"),
        "x: dates, such as '31/1/2024' for 2024-01-31, the day first",
    ),
    "month first": (
        ["1/31/2024", "1/2/2024"],
        ("date", "date, month first"),
        "x: dates, such as '1/31/2024' for 2024-01-31, the month first",
    ),
    "slashes": (
        ["1/2/2024", "3/4/2024"],
        ("date", "date, month first"),
        f"x: dates, such as '1/2/2024' for 2024-01-02, the month first, {ASSUMED}",
    ),
    "dots": (
        ["1.2.2024", "3.4.2024"],
        ("date", "date, day first"),
        f"x: dates, such as '1.2.2024' for 2024-02-01, the day first, {ASSUMED}",
    ),
    "two digits of a year": (
        ["31.01.99", "01.02.05"],
        ("date", "date, day first"),
        "x: dates, such as '31.01.99' for 1999-01-31, the day first",
    ),
    "time stamps": (
        ["2024-01-31T10:00:00Z", "2024-02-01 11:30:00+01:00"],
        ("date", "date and time"),
        "x: dates and times, such as '2024-01-31T10:00:00Z'",
    ),
    "digits alone": ([f"202401{k:02}" for k in (31, 1, 17, 9, 28)], ("date", "date"), "x: dates, such as '20240131'"),
    "digits that are days of no calendar": ([f"202402{k}" for k in (31, 10, 17, 19, 28)], ("numeric", ""), ""),
    "digits of few days": (["20240131", "20240201"], ("numeric", ""), ""),
    "digits with a time": (
        ["20240131T103000", "20240201T1130Z"],
        ("date", "date and time"),
        "x: dates and times, such as '20240131T103000'",
    ),
    "C's ctime": (
        ["Wed Jan 31 10:30:00 2024", "Thu Feb  1 11:30:00 +0000 2024"],
        ("date", "date and time"),
        "x: dates and times, such as 'Wed Jan 31 10:30:00 2024'",
    ),
    "the log of a server": (
        ["31/Jan/2024:10:30:00 +0100", "01/Feb/2024:10:30:00 +0100"],
        ("date", "date and time"),
        "x: dates and times, such as '31/Jan/2024:10:30:00 +0100'",
    ),
    "a time zone by its name": (
        ["2024-01-31 10:30 CET", "2024-07-01 10:30 CEST"],
        ("date", "date and time"),
        "x: dates and times, such as '2024-01-31 10:30 CET'",
    ),
    "times": (["10:30", "9:15"], ("date", "time"), "x: times, such as '10:30'"),
    "dates and others": (
        ["2024-01-31"] * 38 + ["soon", "2024-02-30"],
        ("date", "date"),
        "x: dates, such as '2024-01-31'; 2 cells such as 'soon' taken as missing",
    ),
    "booleans": (
        ["True", "true", "TRUE", "t", "False"],
        ("categorical", "boolean"),
        "x: TRUE, True, t, true are one category",
    ),
    "letters": (["F", "M"], ("categorical", ""), ""),
    "NA as a word": (
        ['"NA"', '"ZA"'],
        ("categorical", ""),
        'x: "NA" in quotes is a category, not a missing cell',
    ),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_columns(case):
    cells, expected, line = COLUMNS[case]
    choice = choose_columns(read(column(cells, n=max(40, len(cells)))), "y")
    assert kept(choice) == ({} if expected is None else {"x": expected})
    if line is not None:
        assert decision_lines(choice.decisions) == ([line] if line else [])
    assert list(choice.left_out) == ([] if expected else ["x"])


NAMED = {
    "an identifier": (
        "user_id",
        [str(k * 37 % 900 + 100) for k in range(40)],
        "an identifier, with 40 different cells in",
    ),
    "an identifier that recurs": (
        "id",
        [str(k // 2) for k in range(40)],
        "an identifier, with 20 different cells in 40",
    ),
    "years": ("year", [str(k + 1960) for k in range(40)], "kept, though it counts the rows, since its name is one of"),
    "no name": ("", [str(k * 37 % 900) for k in range(40)], "column 1: left out, has no name and numbers the rows"),
    "pandas": ("Unnamed: 0", [str(k * 2) for k in range(40)], "left out, numbers the rows"),
    "R": ("X", [str(k * 2) for k in range(40)], "left out, numbers the rows"),
    "R's other name": ("rownames", [str(k * 2) for k in range(40)], "left out, numbers the rows"),
    "row names": ("", [f"Mazda {k}" for k in range(40)], "column 1: left out, has no name and a different word in"),
    "no name, but numbers": ("", ["1.5", "2", "7"], "column 1: has no name in the file, so it is named by its place"),
}


@pytest.mark.parametrize("case", NAMED)
def test_columns_by_their_name(case):
    name, cells, line = NAMED[case]
    (told,) = decision_lines(choose_columns(read(column(cells, name)), "y").decisions)
    assert line in told


def test_a_second_column_may_number_the_rows_after_one_without_a_name():
    rows = "".join(f"{k},{3 * k},{k % 7},{'ab'[k % 2]}\n" for k in range(40))
    lines = decision_lines(choose_columns(read(f",rownames,x,y\n{rows}"), "y").decisions)
    assert lines == [
        "column 1: left out, has no name and numbers the rows",
        "rownames: left out, numbers the rows",
    ]
    assert not decision_lines(choose_columns(read(f"z,rownames,x,y\n{rows.replace(',', '.5,', 1)}"), "y").decisions)


@pytest.mark.parametrize(
    ("separator", "cells", "form", "value"),
    [
        (";", ["3,5", "4,25"], "1234,5", 3.5),
        (";", ["1,234", "5,678"], "1234,5", 1.234),
        (";", ["1.234,50", "12,00"], "1.234,5", 1234.5),
        (";", ["1.234.567", "12"], "1.234,5", 1234567),
        ("\t", ["3,5", "4,25"], "1234,5", 3.5),
        ("\t", ["1,234", "5,678"], "1,234.5", 1234),
        ("\t", ["0,234", "5,678"], "1234,5", 0.234),
        ("\t", ["1.234,50 €", "12,00 €"], "1.234,5 €", 1234.5),
        ("\t", ["-$1,234.50", "$12"], "$1,234.5", -1234.5),
        ("\t", ["1,234e2", "2,5"], "1234,5", 123.4),
    ],
)
def test_commas_and_points(separator, cells, form, value):
    table = read(column(cells, separator=separator))
    made = choose_columns(table, "y").types["x"]
    assert made == ColumnType("numeric", form)
    assert made.numbers(table, "x")[""][0] == value
    assert ColumnType.from_dict(made.to_dict()) == made


def test_points_separate_thousands_where_other_columns_have_decimal_commas():
    rows = [f"{k % 7},5;{k % 5 + 1}.{k * 37 % 900 + 100};{k % 9}.25;{'ab'[k % 2]}" for k in range(40)]
    table = read("price;count;ratio;y\n" + "\n".join(rows))
    choice = choose_columns(table, "y")
    assert {name: each.form for name, each in choice.types.items()} == {
        "price": "1234,5",
        "count": "1.234,5",
        "ratio": "",
    }
    assert choice.types["count"].numbers(table, "count")[""][:2].tolist() == [1100, 2137]
    assert decision_lines(choice.decisions)[1] == (
        "count: numbers, written like 1.234,5, as other columns are: '1.100' is 1100"
    )
    plain = read("\n".join(["price;count;ratio;y", *rows]).replace(",", "."))
    assert {each.form for each in choose_columns(plain, "y").types.values()} == {""}


def test_dates_become_calendar_numbers():
    cells = [
        "2024-02-29T06:00:00+02:00",
        "31 Dec 1999 18:30",
        "Sat Jan 01 2000 00:00:00 GMT+0100 (CET)",
        "",
        "1/2/2000 1:05 PM",
    ]
    table = read(column(cells, n=100))
    parts = choose_columns(table, "y", day_first=True).types["x"].numbers(table, "x")
    first = {name: values[:5].tolist() for name, values in parts.items()}
    nan = np.nan
    np.testing.assert_array_equal(first["year"], [2024, 1999, 2000, nan, 2000])
    np.testing.assert_array_equal(first["month"], [2, 12, 1, nan, 2])
    np.testing.assert_array_equal(first["day"], [29, 31, 1, nan, 1])
    np.testing.assert_array_equal(first["weekday"], [3, 4, 5, nan, 1])
    np.testing.assert_allclose(first["hour"], [6, 18.5, 0, nan, 13 + 5 / 60])
    np.testing.assert_allclose(
        first["time"], [19782 + 4 / 24, 10956 + 18.5 / 24, 10957 - 1 / 24, nan, 10988 + (13 + 5 / 60) / 24]
    )


def test_dates_of_a_frame():
    when = pl.Series(["2024-02-29 06:00", "1999-12-31 18:30", None]).str.to_datetime("%Y-%m-%d %H:%M")
    frame = {
        "stamp": when.dt.replace_time_zone("Europe/Zurich"),
        "day": when.cast(pl.Date),
        "clock": when.dt.time(),
        "length": when - when[1],
        "text": ["29.2.2024", "31.12.1999", None],
        "y": [1.5, 2.5, 3.5],
    }
    table = as_table(frame)
    choice = choose_columns(table, "y")
    assert {name: (each.kind, each.form) for name, each in choice.types.items()} == {
        "stamp": ("date", "date and time"),
        "day": ("date", "date"),
        "clock": ("date", "time"),
        "length": ("numeric", ""),
    }
    assert choice.left_out == {"text": "same cells as 'day'"}
    values = {name: each.numbers(table, name) for name, each in choice.types.items()}
    np.testing.assert_allclose(values["stamp"]["time"], [19782 + 5 / 24, 10956 + 17.5 / 24, np.nan])
    np.testing.assert_allclose(values["stamp"]["hour"], [6, 18.5, np.nan])
    np.testing.assert_allclose(values["day"]["time"], [19782, 10956, np.nan])
    np.testing.assert_allclose(values["clock"]["hour"], [6, 18.5, np.nan])
    np.testing.assert_allclose(values["length"][""], [8825 + 11.5 / 24, 0, np.nan])


def test_columns_of_lists_are_left_out():
    frame = {"a": pl.Series([[1], [2], [3]]), "b": [b"1", b"2", b"3"], "x": [1.5, 2.5, 4.0], "y": [1.5, 2.5, 3.0]}
    choice = choose_columns(as_table(frame), "y")
    assert choice.left_out == {
        "a": "holds List(Int64), neither numbers nor words",
        "b": "holds Binary, neither numbers nor words",
    }


def test_frames_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "when": pandas.to_datetime(["2024-02-29 06:00", None, "1999-12-31 00:00"]),
            "there": pandas.to_datetime(["2024-02-29 06:00", None, "1999-12-31 00:00"]).tz_localize("Europe/Zurich"),
            "count": pandas.array([1, None, 3], "Int64"),
            "kind": pandas.Categorical(["a", None, "b"]),
            "flag": pandas.array([True, None, False], "boolean"),
            "mixed": ["x", None, float("nan")],
        }
    )
    table = as_table(frame)
    types = dict(zip(table.names, map(str, table.frame.dtypes), strict=True))
    assert [types[name].split("(")[0] for name in ("when", "there", "count", "kind", "flag", "mixed")] == [
        *("Datetime", "Datetime", "Int64", "String", "Boolean", "String"),
    ]
    assert table.frame.null_count().row(0) == (1, 1, 1, 1, 1, 2)
    assert str(table.frame["there"][0]) == "2024-02-29 06:00:00+01:00"


# --- rows and target ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "task", "form", "rows", "line"),
    [
        (["a", "b", ""], "classification", "", 27, "y: 13 rows without a target left out"),
        (
            ["a", "b", "NA"],
            "classification",
            "",
            27,
            'y: 13 rows without a target left out: NA means a missing cell, and "NA" in quotes a word',
        ),
        (
            ["1.5", "2.5", "3.5", "n.a."],
            "regression",
            "",
            30,
            "y: 10 rows without a target left out, e.g. 'n.a.' in line 5",
        ),
        ([*spread(39), "old"], "regression", "", 39, "y: 1 row without a target left out, e.g. 'old' in line 41"),
        (["0", "1", "?"], "classification", "", 27, "y: 13 rows without a target left out, e.g. '?' in line 4"),
        (
            [f'"$1,{k * 7 % 37:03}"' for k in range(39)],
            "regression",
            "$1,234.5",
            40,
            "y: numbers, written like $1,234.5: '$1,000' is 1000",
        ),
        (
            ["a", "b"] * 19 + ["c"],
            "classification",
            "",
            39,
            "y: 1 row left out, whose class no other row has, such as 'c'",
        ),
        (["old", "new", "young", "7"], "classification", "", 40, "y: classes, of which some are numbers"),
    ],
)
def test_targets(cells, task, form, rows, line):
    table = read(column(spread(31), y=cells))
    choice = choose_columns(table, "y")
    assert (choice.task, choice.target.form, len(choice.rows)) == (task, form, rows)
    assert decision_lines(choice.decisions) == [line]
    used = table.take(choice.rows)
    if task == "regression":
        assert np.isfinite(encode_numbers(used, "y", choice.target)).all()
    else:
        assert len(encode_classes(used, "y", find_classes(used, "y"))) == rows


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1", "a", "2", "b"], "line 3, column 'y': expected a number, as most cells are; got 'a'"),
        (["1.5", "2.5", "inf"], "line 4, column 'y': expected a finite number; got 'inf'"),
        ([""], "column 'y': expected a target in some rows; got empty cells alone"),
    ],
)
def test_targets_that_stay_refused(cells, message):
    with pytest.raises(InputError) as caught:
        choose_columns(read(column(spread(31), y=cells)), "y")
    assert message in str(caught.value)


def test_spellings_of_true_are_one_class():
    table = read(column(spread(31), y=["True", "True", "TRUE", "false", "False", "False"]))
    classes = find_classes(table, "y")
    assert classes == ["False", "True"]
    assert encode_classes(table, "y", classes)[:6].tolist() == [1, 1, 1, 0, 0, 0]
    assert encode_classes(read("y,x\nt,1\nF,1\n"), "y", classes).tolist() == [1, 0]


def test_rows_without_a_weight_are_left_out():
    table = read("x,w,y\n1,1,a\n2,,b\n3,2,a\n4,0,\n5,1,b\n")
    rows, told = usable_rows(table, "y", ColumnType("categorical"), "w")
    assert rows.tolist() == [0, 2, 4]
    assert decision_lines(told) == ["y: 1 row without a target left out", "w: 1 row without a weight left out"]
    choice = choose_columns(table, "y", weight="w")
    assert (choice.rows.tolist(), choice.left_out) == ([0, 2, 4], {"w": "the weights of the rows"})


def test_rows_keep_their_lines():
    table = read('x,y\n1,a\n"2\n",b\n3,a\n').take([2, 0])
    assert (table.place(0), table.place(1)) == ("line 5", "line 2")
    assert table.numbers("x").tolist() == [3, 1]
    typed = as_table({"x": [1, 2, 3]}).take([1, 2]).take([1])
    assert typed.place(0) == "row 3"
    assert read('x,y\n"NA",a\nb,a\nNA,b\n').take([1, 0, 2]).words("x").to_list() == ["b", "NA", None]


# --- the file -----------------------------------------------------------------------------------------------------------

FILES = {
    "empty lines": ("x,y\n\n1,a\n\n2,b\n4,a\n", ["2 empty lines left out"]),
    "separators at the end": ("x,y,\n1,a,\n2,b,\n4,a,\n", ["column 3: left out, has no name and no cell is known"]),
    "separators at the end of rows": ("x,y\n1,a\n2,b,,\n4,a,\n", ["empty cells after the last column left out, in 2 rows"]),
    "separators at the end of the header": ("x,y,,\n1,a\n2,b\n4,a\n", ["the header ends in separators of no column"]),
    "R's write.table": (
        '"x" "y"\n"1" 1 "a"\n"2" 2 "b"\n"3" 4 "a"\n',
        [
            "the rows have one cell more than the header: the first is the name of the row",
            "column 1: left out, has no name and numbers the rows",
        ],
    ),
    "a name twice": (
        "x,x,y\n1,0,a\n2,7,b\n4,3,a\n",
        ["x (2): another column has its name, so it got a number"],
    ),
    "names in single quotes": ("'x'\t'y'\n1\ta\n2\tb\n4\ta\n", ["names of the columns: read without their single quotes"]),
    "Windows-1252": ("x,z,y\n1,Zürich,a\n2,Bern,b\n4,Zürich,a\n".encode("cp1252"), ["not UTF-8: read as Windows-1252, e.g. 'Zürich' in line 2"]),
    "Latin-1": (b"x,z,y\n1,\x81,a\n2,Bern,b\n4,\x81,a\n", [r"not UTF-8: read as Latin-1, e.g. '\\x81' in line 2"]),
    "UTF-16": ("x,y\n1,a\n2,b\n4,a\n".encode("utf-16"), ["read as UTF-16"]),
    "UTF-16, big end first": (b"\xfe\xff" + "x,y\n1,a\n2,b\n4,a\n".encode("utf-16-be"), ["read as UTF-16"]),
    "UTF-8 with a mark": (b"\xef\xbb\xbfx,y\n1,a\n2,b\n4,a\n", []),
    "CR": ("x,y\r1,a\r2,b\r4,a\r", ["lines end in CR alone"]),
    "comments": ("# a, b\n% c\n\nx,y\n1,a\n2,b\n4,a\n", ["2 comment lines before the header left out"]),
    "a comment that is the header": ("#,y,x\n1,a,1\n5,b,2\n1,a,4\n", []),
    "a title": ("Sales\n\nx,y\n1,a\n2,b\n4,a\n", ["2 lines before the header left out, beginning 'Sales'"]),
    "a title of a spreadsheet": (
        '"Sales, all",,\nx,z,y\n1,2,a\n2,4,b\n4,1,a\n',
        ["1 line before the header left out, beginning 'Sales, all'"],
    ),
    "Excel's line": ("sep=;\nx;y\n1;a\n2;b\n4;a\n", ["the line sep=; names the separator"]),
    "Excel's line with a tab": ("sep=\t\nx\ty\n1\ta\n2\tb\n4\ta\n", ["the line sep=tab names the separator"]),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_files(case):
    data, lines = FILES[case]
    table = read(data)
    choice = choose_columns(table, "y")
    assert decision_lines(choice.decisions) == lines
    assert table.numbers("x").tolist() == [1, 2, 4]
    assert table.words("y").to_list() == ["a", "b", "a"]
    begins = [
        text.split("\n").index(line) + 1 for text in [read_lines(data)] for line in text.split("\n") if "a" in line[-4:]
    ]
    assert table.lines[-1] == max(begins)


def read_lines(data):
    data = data if isinstance(data, bytes) else data.encode()
    text = data.decode("utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data.decode("latin-1")
    return text.replace("\r", "\n").rstrip("\n").rstrip(",")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('[{"x": 1}]', "expected text; got JSON; save it as CSV in UTF-8"),
        ('{\n "x": [1]}', "got JSON"),
        ("<!DOCTYPE html><html>", "got an HTML page; fetch the file that it shows"),
        (b"\xd0\xcf\x11\xe0....", "got an Excel file"),
        ("x,y\n1,a\n2\n", "line 3: expected 2 cells as in the header; got 1"),
        ("x,y\n1,a,b\n2,b\n", "line 2: expected 2 cells as in the header; got 3"),
        (
            "x,y\n1,a\n2,Zürich\n3,Genève\n".encode() + b"4,\xfc\n",
            "line 5: expected UTF-8; got byte 0xfc in column 'y'",
        ),
        ("1,2\n3,4\n", "expected the names of the columns; got numbers (1, 2); add a header line"),
    ],
)
def test_files_that_stay_refused(data, message):
    with pytest.raises(InputError) as caught:
        read(data)
    assert message in str(caught.value)


# --- strict, and the model ----------------------------------------------------------------------------------------------


def test_strict_names_all_problems_at_once():
    table = read(
        "x,,day,n,y\n"
        + "".join(f"{k}%,{k % 7},2024-01-{k + 1:02},{k},{'ab'[k % 2]}\n" for k in range(30))
        + "\n\x1b[2J,1,2024-02-01,30,\n"
    )
    with pytest.raises(InputError) as caught:
        choose_columns(table, "y", strict=True)
    first, *problems = str(caught.value).split("\n")
    assert first == "the table has 6 problems:"
    for problem, words in zip(
        problems,
        (
            "t.csv, line 32: expected 5 cells as in the header; got an empty line; remove it.",
            "t.csv, line 1: expected a name for every column; got none for column 2 of 5",
            "t.csv, line 33, column 'y': expected a target in every row; got an empty cell",
            "t.csv, line 2, column 'x': expected a plain number; got '0%'",
            "t.csv, line 2, column 'day': expected numbers or words, no dates; got '2024-01-01'",
            "t.csv, column 'n': expected a column to learn from; got a count of the rows",
        ),
        strict=True,
    ):
        assert words in problem
    assert all(line.isprintable() for line in (first, *problems))


def test_decisions_share_lines_and_obey_no_control_characters():
    told = [Decision(f"c{k}", "left out") for k in range(10)] + [
        Decision("\x1b[2J", "x"),
        Decision("", "all"),
        Decision("a", ""),
    ]
    assert decision_lines(told) == ["c0, c1, c2, c3, c4, c5, c6, c7 and 2 more: left out", "\\x1b[2J: x", "all"]
    refuse(told)


@pytest.mark.parametrize(
    ("made", "cells", "message"),
    [
        (ColumnType("numeric"), ["1", "old"], "line 3, column 'x': expected a number; got 'old'"),
        (ColumnType("numeric"), ["1", "-inf"], "expected a finite number; got '-inf'"),
        (ColumnType("numeric"), ["1e200", "1"], "expected numbers below 1e150; got '1e200'"),
        (ColumnType("numeric", "1234,5"), ["3.5", "1"], "expected a number written like 1234,5; got '3.5'"),
        (ColumnType("numeric", "$1,234.5"), ["$3.5", "7"], "expected a number written like $1,234.5; got '7'"),
        (ColumnType("date", "date"), ["2024-01-01", "soon"], "expected a date; got 'soon'"),
        (ColumnType("date", "time"), ["12:00", "noon"], "expected a time; got 'noon'"),
    ],
)
def test_new_cells_that_cannot_be_read_are_refused_unless_they_are_few(made, cells, message):
    with pytest.raises(InputError) as caught:
        made.numbers(read("x,y\n" + "".join(f'"{cell}",1\n' for cell in cells)), "x")
    assert message in str(caught.value)
    good, bad = (cells[1], cells[0]) if cells[0] in ("1e200", "3.5") else cells
    few = read("x,y\n" + f'"{good}",1\n' * 40 + f'"{bad}",1\n')
    assert np.isnan(next(iter(made.numbers(few, "x").values()))).tolist() == [False] * 40 + [True]
    assert [each.text for each in unread_cells(few, {"x": made})] == [f"1 cell such as {bad!r} taken as missing"]


def test_words_that_were_missing_in_training_are_missing():
    table = read("x,y\nold,1\n?,1\n")
    assert np.isnan(ColumnType("numeric", missing=("old",)).numbers(table, "x")[""]).all()
    assert ColumnType("categorical", missing=("old",)).words(table, "x").to_list() == [None, "?"]


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"kind": "number"},
        {"kind": "numeric", "form": "12"},
        {"kind": "numeric", "form": "1.234.5"},
        {"kind": "date", "form": ""},
        {"kind": "date", "form": "date, year first"},
        {"kind": "categorical", "form": "bool"},
        {"kind": "numeric", "missing": "x"},
        {"kind": "numeric", "missing": [1]},
        {"kind": "numeric", "more": 1},
    ],
)
def test_types_that_no_column_has(given):
    with pytest.raises(InputError, match=r"column type: expected what ColumnType\.to_dict gives"):
        ColumnType.from_dict(given)


def test_the_user_decides_about_dates_and_numbers():
    table = read(column([*spread(30), *["old"] * 10], name="x"))
    with pytest.raises(InputError, match=r"column 'x': expected a date; got '0\.25'; correct it, or leave --dates out"):
        choose_columns(table, "y", dates=["x"])
    assert choose_columns(read(column(["1/2/2024", "3/4/2024"])), "y", dates=["x"], day_first=True).types["x"].form == (
        "date, day first"
    )
    with pytest.raises(InputError, match="dates: expected other columns; got 'x'; name it once"):
        choose_columns(table, "y", dates=["x"], numeric=["x"])
    assert choose_columns(read(column(["3%", "12 %"])), "y", numeric=["x"]).types["x"].form == "1234.5%"
    assert choose_columns(read(column(["3%", "12 %"])), "y", categorical=["x"]).types["x"] == ColumnType("categorical")


@pytest.mark.parametrize("head", [",city", "city,"])
def test_a_header_that_lacks_a_name_is_no_title(head):
    table = read(f"{head}\nann,Rome\nbob,Bern\n")
    assert set(table.names) & {"city"}
    assert len(table) == 2
