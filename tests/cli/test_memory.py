"""`glassnet train --memory`: a table larger than memory from the command line."""

import numpy as np
import polars as pl
import pytest

import glassnet as gn


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    a = rng.standard_normal(12_000).round(3)
    frame = pl.DataFrame({"a": a, "city": rng.choice(["Bern", "Chur"], 12_000), "price": (2 * a).round(3)})
    (tmp_path / "parts").mkdir()
    for k in range(3):
        frame[4000 * k : 4000 * (k + 1)].write_parquet(tmp_path / "parts" / f"{k}.parquet", row_group_size=250)
    frame.write_csv(tmp_path / "big.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("file", ["parts", "parts/*.parquet", "big.csv"])
def test_a_model_is_trained_in_windows(file, folder, glassnet):
    options = ["--target", "price", "--hidden", "8", "--epochs", "3", "--no-figures", "--out", "m.safetensors"]
    ended = glassnet("train", file, "--memory", "500kB", *options)
    assert ended.code == 0
    assert "one network, since the table does not fit in the memory" in ended.out
    model = gn.load("m.safetensors")
    assert model.training["rows"]["train"] > 11_000
    assert model.evaluate(folder / "big.csv")["r2"] > 0.9


def test_a_table_that_fits_is_trained_as_without_memory(folder, glassnet):
    options = ["--target", "price", "--hidden", "8", "--epochs", "3", "--no-figures"]
    assert glassnet("train", "big.csv", "--memory", "1GB", *options, "--out", "a.safetensors").code == 0
    assert glassnet("train", "big.csv", *options, "--out", "b.safetensors").code == 0
    thetas = [gn.load(f"{name}.safetensors").network.theta for name in "ab"]
    assert thetas[0].tobytes() == thetas[1].tobytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["big.csv", "--target", "price", "--memory", "lots"], "memory: expected bytes or a text such as '1 GB'"),
        (["-", "--target", "price", "--memory", "1GB"], "--memory: expected files, which can be read again"),
        (["big.csv", "--target", "price", "--memory", "500kB", "--effort", "best"], "--effort: expected quick"),
        (["parts", "--memory", "1GB"], "--target: expected the column to predict"),
        (["none*.csv", "--target", "price", "--memory", "1GB"], "expected files of rows; got none"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(arguments, message, folder, glassnet):
    ended = glassnet("train", *arguments, "--out", "m.safetensors")
    assert ended.code == 2
    assert message in ended.err
    assert len(ended.err.strip().splitlines()) == 1
