"""Tables larger than memory: the sample, the rows trained on, and the same plan as ever for a table that fits."""

import numpy as np
import polars as pl
import pytest

import glassnet as gn
from glassnet.tables.fitting.larger import OF_EACH_TARGET, _sample, learn_larger, open_table
from glassnet.tables.fitting.plan import plan
from glassnet.tables.reading.read import read_table
from glassnet.tables.reading.table import Table
from glassnet.tables.settings import Settings

N = 12_000
RNG = np.random.default_rng(0)
A = RNG.standard_normal(N).round(3)
CITY = RNG.choice(["Bern", "Chur", "Genf"], N)
PRICE = (2 * A + 3 * (CITY == "Bern") + 0.1 * RNG.standard_normal(N)).round(3)
KIND = np.where(A > 0, "high", "low").astype("U6")
KIND[[1234, 11_900]] = "rare"
FRAME = pl.DataFrame({"a": A, "city": CITY, "price": PRICE, "kind": KIND}).with_row_index("id").drop("id")
GAPS = FRAME.with_columns(
    a=pl.when(pl.Series(RNG.random(N) < 0.05)).then(None).otherwise(pl.col("a")),
    price=pl.when(pl.Series(RNG.random(N) < 0.01)).then(None).otherwise(pl.col("price")),
)
SETTINGS = Settings(hidden=(8,), epochs=2, optimizer="adam", learning_rate=0.01)
MEMORY = 600_000


@pytest.fixture
def files(tmp_path):
    (tmp_path / "pq").mkdir()
    GAPS[:7000].write_parquet(tmp_path / "pq" / "a.parquet", row_group_size=300)
    GAPS[7000:].write_parquet(tmp_path / "pq" / "b.parquet", row_group_size=300)
    GAPS.write_csv(tmp_path / "t.csv")
    return {"parquet": tmp_path / "pq", "csv": tmp_path / "t.csv"}


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_table_that_fits_is_read_whole(kind, files):
    table = learn_larger(files[kind], "price", "1 GB")
    assert isinstance(table, Table)
    assert len(table) == N
    if kind == "csv":
        expected = plan(read_table(files[kind]), "price", settings=SETTINGS).run()
        assert plan(table, "price", settings=SETTINGS).run().network.theta.tobytes() == expected.network.theta.tobytes()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_rows_are_prepared_and_weighed_as_in_memory(kind, files):
    ready = learn_larger(files[kind], "price", MEMORY, settings=SETTINGS, ignore=("kind",))
    source, member = ready.source, ready.model.members[0]
    parts = [source.read(block) for block in range(len(source.lengths))]
    X, y, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    whole = read_table(files["csv"])
    np.testing.assert_array_equal(X, member.preparation.matrix(whole, dtype=member.network.dtype))
    has_target = GAPS["price"].is_not_null().to_numpy()
    expected = (GAPS["price"].fill_null(0).to_numpy() - member.target_mean) / member.target_scale
    np.testing.assert_allclose(y[has_target], expected[has_target], rtol=1e-12)
    assert (weight[~has_target] == 0).all()
    held_out = np.flatnonzero(has_target & (weight == 0))
    validation = ready.parts["validation"]
    assert len(held_out) == len(validation) > 10
    np.testing.assert_allclose(np.sort(validation.actual), np.sort(GAPS["price"].to_numpy()[held_out]))
    assert (weight[has_target] <= 1).all()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_it_trains_on_all_rows_and_the_sample_is_a_share(kind, files):
    ready = learn_larger(files[kind], "price", MEMORY, settings=SETTINGS)
    assert ready.sampled < N / 2
    report = ready.report()
    assert "a sample: " in report
    assert "one network, since the table does not fit in the memory\n" in report
    model = ready.run()
    assert model.training["rows"]["train"] + model.training["rows"]["validation"] == N
    assert model.training["steps"] == 2 * -(-N // 512)
    measures = ready.measure()
    assert measures["validation"]["r2"] > 0.5
    again = learn_larger(files[kind], "price", MEMORY, settings=SETTINGS).run()
    assert again.network.theta.tobytes() == model.network.theta.tobytes()


def test_no_class_is_missing_from_the_sample(files):
    opened = open_table(files["csv"], 10_000)
    sample, numbers = _sample(opened, "kind", 0.001, 0)
    assert sorted(sample.frame["kind"].unique().to_list()) == ["high", "low", "rare"]
    np.testing.assert_array_equal(sample.frame["city"].to_numpy(), CITY[numbers])
    assert (KIND[numbers] == "rare").sum() == OF_EACH_TARGET
    drawn, places = _sample(opened, "price", 0.05, 0)  # so many targets are numbers: rows by their keys alone
    assert 450 < len(drawn) < 750
    assert abs(places.mean() / N - 0.5) < 0.05
    assert len(_sample(opened, "price", 0.05, 1)[0]) != len(drawn)


def test_classes_are_balanced_over_all_rows(files):
    ready = learn_larger(
        files["parquet"], "kind", MEMORY, settings=Settings(hidden=(4,), class_weight="balanced"), ignore=("a", "price")
    )
    weights = np.concatenate([ready.source.read(block)[2] for block in range(len(ready.source.lengths))])
    assert weights[KIND == "rare"].max() > 20 * weights[KIND == "low"].max()


def test_a_training_goes_on_from_its_checkpoint(files, tmp_path):
    def of(epochs, folder):
        settings = Settings(hidden=(8,), epochs=epochs, optimizer="adam", schedule="constant", patience=50)
        ready = learn_larger(files["parquet"], "price", MEMORY, settings=settings)
        ready.checkpoint = gn.Checkpoint(folder, resume=True)
        return ready.run()

    of(2, tmp_path / "a")
    assert of(4, tmp_path / "a").network.theta.tobytes() == of(4, tmp_path / "b").network.theta.tobytes()


def test_refusals(files, tmp_path):
    with pytest.raises(gn.InputError, match="nowhere: expected files of rows; got none"):
        learn_larger(tmp_path / "nowhere", "price", MEMORY)
    with pytest.raises(gn.InputError, match="prize"):
        learn_larger(files["csv"], "prize", MEMORY)
    FRAME.write_parquet(tmp_path / "one.parquet")
    with pytest.raises(
        gn.InputError, match=r"with 12,000 rows; .* give more memory, or write the file in smaller row groups"
    ):
        learn_larger(tmp_path / "one.parquet", "price", MEMORY, settings=SETTINGS)
    (tmp_path / "empty.csv").write_text("a,price\n")
    with pytest.raises(gn.InputError, match=r"empty.csv: expected at least one row; got none"):
        learn_larger(tmp_path / "empty.csv", "price", MEMORY)
