"""`glassnet diagnose`: the options of train, the diagnosis on the terminal, as a page and as JSON."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import datasets

import glassnet as gn
from glassnet.cli.diagnose_command import TrainCommand
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import Setup
from glassnet.equations.activations import RELU
from glassnet.training.options import OPTIONS


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
    command = shlex.split(ran.out.splitlines()[0].removeprefix("Do this now: "))
    start = ["glassnet", "train", str(wine), "--target", "grape", "--plain", "--hidden", "8", "--optimizer", "sgd"]
    assert command[:5] == start[:5]
    rate = command.pop(command.index("--learning-rate") + 1)
    assert float(rate) > 1e-4
    assert sorted(command) == sorted([*start, "--learning-rate"])
    assert content["findings"][0]["remedy"]["code"] in ran.out.splitlines()[0]
    assert page.read_text().startswith("<!doctype html>")


def test_the_command_it_recommends_trains_a_good_model(glassnet, wine, tmp_path):
    ran = glassnet("diagnose", wine, "--target", "grape", "--init", "zeros", "--no-shuffle", "--epochs", "30")
    program, *command = shlex.split(ran.out.splitlines()[0].removeprefix("Do this now: "))
    assert program == "glassnet"
    assert sorted(command) == sorted(["train", str(wine), "--target", "grape", "--no-shuffle", "--epochs", "30"])
    trained = glassnet(*command, "--out", tmp_path / "model.safetensors", "--no-figures")
    assert trained.code == 0
    epochs = re.findall(r"validation accuracy ([\d.]+)", trained.out)
    assert float(epochs[-1]) > 0.9


def test_each_remedy_as_options_of_train(wine):
    network = gn.Network([13, 8, 8, 3], output="softmax")
    setup = Setup(network, np.zeros((9, 13)), np.arange(9) % 3, {"optimizer": gn.AdamW(0.1, weight_decay=3)})
    flags = {name: (f"--{name.replace('_', '-')}",) for name in ("target", *OPTIONS)} | {
        "shuffle": ("--shuffle", "--no-shuffle")
    }
    flags |= {
        name: (f"--{name.replace('_', '-')}",) for name in ("hidden", "activation", "init", "learning_rate", "clip")
    }
    flags |= {"class_weight": ("--class-weight",), "patience": ("--patience",)}
    given = {"target": "grape of wine", "init": "zeros", "shuffle": False}
    command = TrainCommand(Path("wine.csv"), given, flags, frozenset(), setup)
    start = "glassnet train wine.csv --target 'grape of wine' --init zeros --no-shuffle"
    for options, words in (
        ({"optimizer": gn.AdamW(0.01, weight_decay=3)}, "--learning-rate 0.01"),
        ({"optimizer": gn.AdamW(0.01, weight_decay=0.0)}, "--optimizer adamw:weight_decay=0 --learning-rate 0.01"),
        ({"optimizer": gn.SGD(0.5)}, "--optimizer sgd --learning-rate 0.5"),
        ({"epochs": 7, "l2": 0.5, "clip_norm": None}, "--epochs 7 --l2 0.5"),
        ({"schedule": "constant"}, "--schedule constant"),
        ({"early_stopping": gn.EarlyStopping(patience=4)}, "--patience 4"),
    ):
        assert command.code(Remedy("", options=options)) == f"{start} {words}"
    assert command.code(Remedy("", network={"sizes": [13, 64, 3], "hidden": "relu", "init": None})) == (
        "glassnet train wine.csv --target 'grape of wine' --no-shuffle --hidden 64 --activation relu"
    )
    assert command.code(Remedy("", at_most_layers=1)) == f"{start} --hidden 8"
    assert command.code(Remedy("", cut_off=True)) == f"{start} --clip 5"
    balanced = command.code(Remedy("", balanced=True))
    assert balanced == f"{start.replace('wine.csv', 'wine.csv --effort quick')} --class-weight balanced"
    for other in ({"standardise_inputs": True}, {"output_bias": np.ones(3)}, {"network": {"hidden": [RELU]}}):
        assert command.code(Remedy("", **other)) == ""
    configured = TrainCommand(Path("wine.csv"), {}, flags, frozenset({"init"}), setup)
    assert configured.code(Remedy("", network={"init": None})) == ""  # the file of settings would bring it back


def test_ctrl_c_prints_what_is_known_and_ends_with_130(glassnet, wine, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("glassnet.diagnose.diagnosing.second_opinion", interrupt)
    ran = glassnet("diagnose", wine, "--target", "grape", "--init", "zeros")
    assert ran.code == 130
    assert "The diagnosis was interrupted while training plain models" in ran.out
    assert "1. poor_initialisation" in ran.out


def test_what_it_costs_is_said_before_on_the_error_stream(glassnet, wine):
    ran = glassnet("diagnose", wine, "--target", "grape", "--plain", "--epochs", "5")
    said = re.fullmatch(
        r"the training took ([\d.e-]+) s; diagnosing it takes about (\d+) trainings, at most (\d+) s\n", ran.err
    )
    assert 10 <= int(said[2]) <= 20
    assert int(said[3]) >= 5


def test_settings_from_a_file_and_no_replay(glassnet, wine, tmp_path):
    config = tmp_path / "settings.toml"
    config.write_text('target = "grape"\ninit = "zeros"\nepochs = 20\n')
    ran = glassnet("diagnose", wine, "--config", config, "--no-replay")
    assert ran.code == 1
    assert ran.out.startswith("Try this first:")
    assert "1. poor_initialisation" in ran.out
    assert "not replayed" in ran.out


def test_what_train_writes_is_no_option_here_and_errors_are_one_line(glassnet, wine):
    for wrong in (("--out", "model.safetensors"), ("--no-figures",), ("--target", "no such column")):
        ran = glassnet("diagnose", wine, *(() if "--target" in wrong else ("--target", "grape")), *wrong)
        assert ran.code == 2
        assert ran.err.count("\n") == 1
