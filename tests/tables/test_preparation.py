"""The preparation: its numbers worked by hand, its round trip, what it refuses."""

import json

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from glassnet.errors import InputError
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.number_encoders import Standard
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table

TABLE = {
    "size": [1.0, 2.0, None, 9.0, 4.0],
    "kind": ["b", "a", "b", None, "c"],
    "code": [3, 1, 3, 2, 1],
}
KINDS = {"size": "numeric", "kind": "categorical", "code": "categorical"}


def test_worked_by_hand():
    preparation = Preparation.fit(TABLE, KINDS)
    size, kind, code = preparation.columns
    filled = np.array([1, 2, 3, 9, 4])  # the median of 1 2 4 9 is 3
    (standard,) = size.encoders
    assert (size.median, standard.mean, size.missing) == (3, filled.mean(), True)
    assert standard.scale == pytest.approx(filled.std())
    assert kind == Column.categorical("kind", True, categories=("a", "b", "c"))
    assert code == Column.categorical("code", False, categories=(1, 2, 3))
    names = ["size", "size is missing", *(f"kind={k}" for k in "abc"), "kind is missing", "code=1", "code=2", "code=3"]
    assert preparation.feature_names == names
    assert preparation.n_features == 9
    X = preparation.matrix(TABLE)
    np.testing.assert_allclose(X[:, 0], (filled - filled.mean()) / filled.std())
    expected = [
        [0, 0, 1, 0, 0, 0, 0, 1],
        [0, 1, 0, 0, 0, 1, 0, 0],
        [1, 0, 1, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 1, 0, 1, 0],
        [0, 0, 0, 1, 0, 1, 0, 0],
    ]
    np.testing.assert_array_equal(X[:, 1:], expected)
    assert preparation.matrix(TABLE, dtype="float32").dtype == np.float32


def test_numbers_come_from_the_given_rows_alone_and_categories_from_all():
    preparation = Preparation.fit(TABLE, KINDS, rows=np.array([0, 1]))
    size, kind, _ = preparation.columns
    assert (size.median, size.missing, size.encoders) == (1.5, True, (Standard(1.5, 0.5),))
    assert kind.categories == ("a", "b", "c")


def test_a_missing_cell_where_training_had_none():
    preparation = Preparation.fit({"x": [1.0, 3.0], "k": ["a", "b"]}, {"x": "numeric", "k": "categorical"})
    np.testing.assert_array_equal(preparation.matrix({"x": [None], "k": [None]}), [[0, 0, 0]])  # median = mean = 2


def test_unseen_categories(refuses):
    preparation = Preparation.fit(TABLE, KINDS)
    new = {"size": [1.0], "kind": ["d"], "code": [1]}
    with refuses("table, row 1, column 'kind'"):
        preparation.matrix(new, unseen="error")
    assert preparation.unseen(new) == {"kind": 1}
    np.testing.assert_array_equal(preparation.matrix(new)[0, 2:6], [0, 0, 0, 0])
    X = preparation.matrix(new, unseen="missing")
    np.testing.assert_array_equal(X, preparation.matrix({**new, "kind": [None]}))


def test_numbers_as_categories_in_every_guise():
    preparation = Preparation.fit(TABLE, {"code": "categorical"})
    expected = preparation.matrix(TABLE)
    text = Table(pl.DataFrame({"code": ["3", "1", "3", "2", " 1"]}), text=True)
    for given in (text, {"code": [3.0, 1.0, 3.0, 2.0, 1.0]}, {"code": np.array([3, 1, 3, 2, 1], np.int8)}):
        np.testing.assert_array_equal(preparation.matrix(given), expected)


def test_json_round_trip():
    preparation = Preparation.fit(TABLE, KINDS)
    assert Preparation.from_dict(json.loads(json.dumps(preparation.to_dict()))) == preparation


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"columns": 3},
        {"columns": [3]},
        {"columns": [{"name": "a", "kind": "numeric", "missing": False, "median": 0, "mean": 0}]},
        {"columns": [{"name": "a", "kind": "numeric", "missing": False, "median": 0, "mean": 0, "scale": 0}]},
        {
            "columns": [
                {"name": "a", "kind": "numeric", "missing": False, "median": 0, "mean": float("nan"), "scale": 1}
            ]
        },
        {"columns": [{"name": "a", "kind": "numeric", "missing": 1, "median": 0, "mean": 0, "scale": 1}]},
        {"columns": [{"name": 1, "kind": "categorical", "missing": False, "categories": []}]},
        {"columns": [{"name": "a", "kind": "categorical", "missing": False, "categories": ["a", "a"]}]},
        {"columns": [{"name": "a", "kind": "categorical", "missing": False, "categories": ["a", 1]}]},
        {"columns": [{"name": "a", "kind": "categorical", "missing": False, "categories": [True, 2]}]},
        {"columns": [{"name": "a", "kind": "categorical", "missing": False, "categories": ["a"]}] * 2},
    ],
)
def test_from_dict_refuses(given, refuses):
    with refuses(""):
        Preparation.from_dict(given)


def test_a_column_that_is_not_there(refuses):
    with refuses("table"):
        Preparation.fit(TABLE, KINDS).matrix({"size": [1.0]})


def test_data_frames(tmp_path):
    frame = pl.DataFrame(TABLE)
    expected = Preparation.fit(TABLE, KINDS).matrix(TABLE)
    frame.write_parquet(tmp_path / "t.parquet")
    for given in (frame, tmp_path / "t.parquet", str(tmp_path / "t.parquet"), as_table(frame)):
        np.testing.assert_array_equal(Preparation.fit(given, KINDS).matrix(given), expected)


@pytest.mark.parametrize("given", [3, [1, 2], {"a": [1], "b": [1, 2]}, None])
def test_as_table_refuses(given, refuses):
    with refuses("table"):
        as_table(given)


def wide(categories, rows=400):
    rng = np.random.default_rng(0)
    place, size = rng.integers(0, categories, rows).astype(str).tolist(), rng.standard_normal(rows).tolist()
    place[3], size[5] = None, None
    return {"size": size, "place": place, "kind": rng.choice(["a", "b"], rows).tolist()}


def test_many_categories_become_sparse_rows():
    table = wide(300)
    preparation = Preparation.fit(table, {"size": "numeric", "place": "categorical", "kind": "categorical"})
    X = preparation.inputs(table, dtype=np.float32)
    assert sparse.issparse(X)
    assert X.has_canonical_format
    assert X.dtype == np.float32
    assert X.nnz == 3 * 400 + 1  # a missing size has a feature beside its number, a missing place instead
    np.testing.assert_array_equal(X.toarray(), preparation.matrix(table, dtype=np.float32))
    new = {**table, "place": ["elsewhere"] * 400}
    np.testing.assert_array_equal(
        preparation.inputs(new, unseen="missing").toarray(), preparation.matrix(new, unseen="missing")
    )
    with pytest.raises(InputError, match="place"):
        preparation.inputs(new, unseen="error")


@pytest.mark.parametrize(("categories", "numbers"), [(60, 1), (150, 30)], ids=["few features", "few zeros"])
def test_other_rows_stay_dense(categories, numbers):
    table = {**wide(categories), **{f"x{i}": np.arange(400.0) for i in range(numbers)}}
    kinds = {name: "categorical" if name in ("place", "kind") else "numeric" for name in table}
    preparation = Preparation.fit(table, kinds)
    np.testing.assert_array_equal(preparation.inputs(table), preparation.matrix(table))
