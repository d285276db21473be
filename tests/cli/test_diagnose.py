"""`glassnet diagnose`: the options of train, the diagnosis on the terminal, as a page and as JSON."""

import json

import polars as pl
import pytest
from sklearn import datasets


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    bunch = datasets.load_wine()
    columns = {f"x{j}": bunch.data[:, j] for j in range(bunch.data.shape[1])}
    file = tmp_path_factory.mktemp("tables") / "wine.csv"
    pl.DataFrame({**columns, "grape": [f"grape {k}" for k in bunch.target]}).write_csv(file)
    return file


def test_a_healthy_training_ends_with_code_0(glassnet, wine):
    ran = glassnet("diagnose", wine, "--target", "grape", "--plain")
    assert ran.code == 0
    assert "healthy: nothing found" in ran.out
    assert "Network([13, " in ran.out


def test_options_of_train_reach_the_diagnosis(glassnet, wine, tmp_path):
    page, data = tmp_path / "d.html", tmp_path / "d.json"
    ran = glassnet(
        *("diagnose", wine, "--target", "grape", "--plain", "--hidden", "8", "--optimizer", "sgd"),
        *("--learning-rate", "1e-6", "--html", page, "--json", data),
    )
    assert ran.code == 1
    assert "1. learning_rate_too_low" in ran.out
    assert f"wrote {page}" in ran.out
    content = json.loads(data.read_text())
    assert content["network"].startswith("Network([13, 8, 3]")
    assert content["findings"][0]["remedy"]["code"].startswith("train(…, optimizer=SGD(learning_rate=")
    assert page.read_text().startswith("<!doctype html>")


def test_settings_from_a_file_and_no_replay(glassnet, wine, tmp_path):
    config = tmp_path / "settings.toml"
    config.write_text('target = "grape"\ninit = "zeros"\nepochs = 20\n')
    ran = glassnet("diagnose", wine, "--config", config, "--no-replay")
    assert ran.code == 1
    assert "1. poor_initialisation" in ran.out
    assert "not replayed" in ran.out


def test_what_train_writes_is_no_option_here_and_errors_are_one_line(glassnet, wine):
    for wrong in (("--out", "model.safetensors"), ("--no-figures",), ("--target", "no such column")):
        ran = glassnet("diagnose", wine, *(() if "--target" in wrong else ("--target", "grape")), *wrong)
        assert ran.code == 2
        assert ran.err.count("\n") == 1
