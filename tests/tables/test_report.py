"""The text of a table model, line by line."""

import numpy as np
import polars as pl
import pytest

import glassnet as gn
from glassnet.tables.fitting.plan import SHARE, plan
from glassnet.tables.model import Member, TableModel
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table
from glassnet.tables.report.text import columns_text, confusion_text, grid, measures_text, plus_minus, short_names
from glassnet.tables.settings import Settings

COLUMNS = [
    Column.numeric("age", False, 31.5, 31.25, 2.0),
    Column.numeric("a name of more than forty characters, which is cut", True, -1.5, -0.25, 100.0),
    Column.categorical("city", False, categories=("Bern", "Chur")),
    Column.categorical("code", True, categories=(1, 2, 3, 4, 5)),
]


def test_columns():
    assert columns_text(COLUMNS).splitlines() == [
        "column                                    kind         becomes",
        "age                                       numeric      (x − 31.25) / 2; 31.5 if missing",
        "a name of more than forty characters, w…  numeric      (x + 0.25) / 100; -1.5 if missing, and a feature that says so",
        "city                                      categorical  2 features: Bern, Chur; all 0 if missing",
        "code                                      categorical  5 features: 1, 2, 3, 4, …, missing",
    ]
    forty = [Column.numeric(f"c{k}") for k in range(40)]
    assert len(columns_text(forty).splitlines()) == 41
    assert columns_text([*forty, *forty]).splitlines()[-1] == "… and 40 more columns"
    assert len(columns_text([*forty, *forty]).splitlines()) == 42


def test_measures_and_confusion():
    measured = {
        "train": {"rows": 1200, "r2": 0.5, "rmse": 999.5, "mae": 12345.67},
        "test": {"rows": 7, "accuracy": 0.25, "r2": -0.5},
    }
    assert measures_text(measured).splitlines() == [
        "                        train     test",
        "rows                    1,200        7",
        "accuracy                        0.2500",
        "R²                     0.5000  -0.5000",
        "RMSE                 999.5000",
        "mean absolute error  12,345.7",
    ]
    assert confusion_text([[3, 1], [0, 22]], ["a", "a name of seventeen"]).splitlines() == [
        "actual \\ predicted  a  a name of seven…",
        "a                   3                 1",
        "a name of seven…    0                22",
    ]
    assert grid([("a", "bbb"), ("cc", "d")]) == "a   bbb\ncc  d"
    assert grid([("a", "bbb"), ("cc", "d")], right=True) == "a   bbb\ncc    d"


def test_measures_with_uncertainty_beside_baselines():
    test = {"rows": 100, "r2": 0.9, "rmse": 1.23456, "uncertainty": {"r2": 0.0123, "rmse": 0.2}}
    beside = {
        "constant": {"rows": 100, "rmse": 4.5, "ahead": {"rmse": [3.26544, 0.3]}},
        "linear": {"rows": 100, "rmse": 1.1, "uncertainty": {"rmse": 0.0}, "ahead": {"rmse": [-0.13456, 0.05]}},
    }
    assert measures_text({"train": {"rows": 300, "rmse": 1.0}, "test": test}, {"test": beside}).splitlines() == [
        "       train           test  test: constant  test: linear",
        "rows     300            100             100           100",
        "R²            0.900 ± 0.012",
        "RMSE  1.0000    1.23 ± 0.20          4.5000        1.1000",
        "The RMSE is better than a constant's by 3.27 ± 0.30 and worse than a linear model's by 0.135 ± 0.050",
    ]


@pytest.mark.parametrize(
    ("value", "deviation", "text"),
    [
        (1234567.8, 4321.0, "1,234,568 ± 4,321"),
        (0.5, 1e-12, "0.5000"),
        (0.123456789, 0.0000123456, "0.123457 ± 0.000012"),
        (2.0, float("nan"), "2.0000"),
        (7, 0.5, "7"),
    ],
)
def test_digits_follow_the_deviation(value, deviation, text):
    assert plus_minus(value, deviation) == text


def test_names_stay_different_when_they_are_cut():
    assert short_names(["a", 3, True]) == ["a", "3", "True"]
    assert short_names(["a name of seventeen", "b name of seventeen"]) == ["a name of seven…", "b name of seven…"]
    same = ["iris of the kind setosa", "iris of the kind virginica"]
    assert short_names(same) == ["…the kind setosa", "… kind virginica"]
    assert short_names(["beginning 1 of the same", "beginning 2 of the same"], 14) == [
        "beginning 1 o…",
        "beginning 2 o…",
    ]
    made = short_names([f"the same words {k} and the same words again" for k in range(12)])
    assert len(set(made)) == 12
    assert max(map(len, made)) == 16
    assert made[10] == "11: the same wo…"


def model(classes=None):
    network = gn.Network([1, 1]) if classes is None else gn.Network([1, len(classes)], output="softmax")
    task = "regression" if classes is None else "classification"
    return TableModel([Member(Preparation((COLUMNS[0],)), network, 10.5, 2.25)], task, "y", classes)


def test_a_model():
    made = model()
    text = made.summary()
    assert text.startswith("predicts 'y': a number, 10.5 on average, with a standard deviation of 2.25\n\ncolumn")
    assert "settings" not in text
    assert "training" not in text
    made.settings = {"epochs": 7, "l1": None, "missing": [], "left_out": {}, "schedule": "cosine"}
    made.training = {"epochs": 5, "stopped": "interrupted", "loss": [1.0], "rows": {"train": 7}, "seconds": 0.5}
    assert made.summary().endswith(
        "\n\nsettings\n  epochs = 7\n  schedule = 'cosine'\n\ntraining\n  epochs: 5\n  stopped: interrupted"
    )
    made.training["train"] = {"rows": 7, "r2": 0.5}
    assert made.summary().endswith("\n\n       train\nrows       7\nR²    0.5000")
    assert model([*range(10)]).summary().startswith("predicts 'y': 10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n")
    assert model([*range(11)]).summary().startswith("predicts 'y': 11 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …\n")


def table(n=100):
    rng = np.random.default_rng(0)
    return as_table(
        {
            "a": [None, *rng.standard_normal(n - 1)],
            "b": rng.standard_normal(n),
            "c": [None, *(f"w{k % 3}" for k in range(n - 1))],
            "d": [1.0] * n,
            "e": [1.0] * n,
            "f": rng.standard_normal(n),
            "y": [("no", "yes")[k % 2] for k in range(n)],
        }
    )


def test_a_plan():
    text = plan(table(), "y", settings=Settings(plain=True), ignore=["f"], test=0.2).report().splitlines()
    assert text[:8] == [
        "table: 100 rows, 7 columns",
        "target 'y': classification (recognised), 2 classes: no, yes",
        "inputs: 2 numeric and 1 categorical columns → 7 features",
        "d, e: left out, every cell is 1.0",
        "f: left out, ignored",
        "missing cells, filled with the median, and a feature says so: a",
        "missing cells, a category of their own: c",
        f"rows: {100 - 20 - 2 * round(50 * SHARE)} to train, {2 * round(50 * SHARE)} to validate, 20 to test",
    ]
    assert text[-2].startswith("Network([7, 64, 64, 1]")
    assert text[-1].startswith("AdamW(")
    assert text[-1].endswith("batches of 32, up to 64 epochs, until 16 epochs bring no better validation loss")
    settings = Settings(batch_size=0, epochs=3, patience=0, l2=0.125)
    text = plan(table(), "y", settings=settings, task="classification").report().splitlines()
    assert "classification (as asked)" in text[1]
    assert text[-1].endswith("all rows in each step, l2=0.125, up to 3 epochs")


def test_many_names_are_counted():
    wide = as_table({**{f"c{k}": [None, 1.0, 2.0, 3.0, 5.0 + k] * 8 for k in range(9)}, "y": [0, 1] * 20})
    (line,) = (line for line in plan(wide, "y").report().splitlines() if line.startswith("missing"))
    assert line.endswith(": c0, c1, c2, c3, c4, c5, c6, c7 and 1 more")


@pytest.mark.parametrize(("row", "lines", "place"), [(2, None, "row 3"), (2, np.array([2, 4, 7]), "line 7")])
def test_the_place_of_a_cell(row, lines, place):
    made = Table(pl.DataFrame({"x": ["1", "2", "old"]}), "data.csv", text=True, lines=lines)
    message = str(made.cell_error(row, "x", "a number", "correct it"))
    assert message == f"data.csv, {place}, column 'x': expected a number; got 'old'; correct it."
    assert "got an empty cell;" in str(Table(pl.DataFrame({"x": [None]})).cell_error(0, "x", "a number", "fill it in"))


def test_long_names_are_cut_until_the_line_is_short_enough():
    made = Table(pl.DataFrame({"x" * 300: ["y" * 300]}), "/folder/" * 30 + "data.csv", text=True)
    message = str(made.cell_error(0, "x" * 300, "a number", "pass --ignore COLUMN or --categorical COLUMN"))
    assert 150 < len(message) <= 185
    assert message.startswith("…")
    assert "data.csv, row 1, column 'xxx" in message
