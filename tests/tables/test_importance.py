"""Permutation importance: ranks what is known to matter, on held-out rows, within its share of the work."""

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_array

from glassnet.network.network import Network
from glassnet.tables import importance
from glassnet.tables.importance import HeldOut, permutation_importance, rows_within
from glassnet.tables.model import Member
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.read import as_table
from glassnet.tables.report.importance import importance_text, most_read_text
from glassnet.tables.search.learn import learn
from glassnet.tables.settings import Settings


def houses(n=240, seed=0):
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "size": rng.normal(100, 20, n).round(1),
            "city": rng.choice(["Bern", "Chur", "Basel"], n),
            "noise": rng.normal(size=n),
        }
    )
    price = 3 * frame["size"].to_numpy() + 20 * (frame["city"] == "Bern").to_numpy() + rng.normal(size=n)
    return frame.with_columns(price=price)


def linear(columns, weights, n=400, **more):
    """A linear model of standardised columns, its inputs and the numbers it predicts without error."""
    X = np.random.default_rng(1).normal(size=(n, columns))
    table = {f"c{j}": X[:, j] for j in range(columns)}
    preparation = Preparation.fit(table, dict.fromkeys(table, "numeric"))
    network = Network([columns, 1])
    network.theta = [*weights, 0.0]
    member = Member(preparation, network, **more)
    inputs = preparation.matrix(table)
    return member, inputs, member.answer(inputs)


def test_the_increase_of_a_linear_model_is_known():
    member, X, y = linear(3, [2.0, 1.0, 0.0])
    found = permutation_importance([HeldOut([member], [X], y)])
    assert [*found] == ["c0", "c1", "c2"]
    assert found["c0"][0] == pytest.approx(2 * 2**0.5, rel=0.1)  # a column and its shuffle differ by √2 deviations
    assert found["c1"][0] == pytest.approx(2**0.5, rel=0.1)
    assert found["c2"] == [0.0, 0.0]
    assert 0 < found["c0"][1] < 0.2


def test_members_are_averaged_and_parts_are_one_measure():
    member, X, y = linear(2, [1.0, 0.0])
    other = linear(2, [0.0, 1.0])[0]
    whole = permutation_importance([HeldOut([member], [X], y)])
    both = permutation_importance([HeldOut([member, other], [X, X], (y + other.answer(X)) / 2)])
    assert both["c0"][0] == pytest.approx(whole["c0"][0] / 2, rel=1e-6)
    halves = permutation_importance([HeldOut([member], [X[:200]], y[:200]), HeldOut([member], [X[200:]], y[200:])])
    assert halves["c0"][0] == pytest.approx(whole["c0"][0], rel=0.1)


def test_sparse_inputs_have_the_importance_of_dense_ones():
    member, X, y = linear(3, [2.0, 1.0, 0.5])
    dense = permutation_importance([HeldOut([member], [X], y)], seed=3)
    sparse = permutation_importance([HeldOut([member], [csr_array(X)], y)], seed=3)
    assert sparse.keys() == dense.keys()
    np.testing.assert_allclose([*sparse.values()], [*dense.values()], rtol=1e-9)


def test_of_many_columns_those_that_contribute_most_are_shuffled(monkeypatch):
    monkeypatch.setattr(importance, "MOST_COLUMNS", 2)
    member, X, y = linear(6, [0.1, 3.0, 0.2, 0.0, -2.0, 0.3])
    assert [*permutation_importance([HeldOut([member], [X], y)])] == ["c1", "c4"]


def test_the_work_is_a_share_of_the_trainings():
    assert rows_within(10**9, 10, 15) == importance.MOST_ROWS
    assert rows_within(0, 10, 15) == importance.FEWEST_ROWS
    rows = rows_within(1_000_000, 10, 15)
    assert 0.02 < rows * 10 * importance.REPEATS * 15 / (3 * 1_000_000) <= 0.03


@pytest.mark.parametrize("effort", ["quick", "default"])
def test_a_known_signal_comes_first_and_is_told(effort):
    settings = Settings(epochs=12, hidden=(16,), batch_size=32)
    ready = learn(as_table(houses()), "price", effort=effort, settings=settings)
    model = ready.run()
    ready.measure()
    found = model.training["importance"]
    assert [*found] == sorted(found, key=lambda name: -found[name][0])
    assert next(iter(found)) == "size"
    assert found.keys() == {"size", "city", "noise"}
    assert found["size"][0] > 5 * abs(found["noise"][0])
    text = model.summary()
    assert "importance: increase of the RMSE on held-out rows" in text
    assert text.index("size  ", text.index("importance:")) < text.index("noise", text.index("importance:"))
    assert most_read_text(model.training).startswith("what it reads most: size (+")
    again = learn(as_table(houses()), "price", effort=effort, settings=settings)
    assert again.run().training["importance"] == found


def test_without_validation_rows_the_text_says_so():
    ready = learn(as_table(houses()), "city", effort="quick", validation=0, settings=Settings(epochs=8))
    training = ready.run().training
    assert "log loss on rows trained on" in importance_text(training)


def test_no_importance_no_text():
    assert importance_text({}) == most_read_text({}) == ""


def test_images_have_no_importance():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({**{f"pixel{j}": rng.integers(0, 255, 60) for j in range(4)}, "label": rng.integers(0, 2, 60)})
    table = as_table(frame)
    table = type(table)(table.frame, table.source, image_shape=(2, 2))
    ready = learn(table, "label", effort="quick", settings=Settings(epochs=2))
    assert "importance" not in ready.run().training
