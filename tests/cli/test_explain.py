"""glassnet explain: a row of a file through a stored model, in every format."""

import json

import numpy as np
import polars as pl
import pytest

import glassnet as gn


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(30, 3)).round(2)
    classes = (numbers[:, 0] > 0).astype(int)
    pl.DataFrame({**{f"x{j}": numbers[:, j] for j in range(3)}, "y": classes}).write_csv(tmp_path / "data.csv")
    gn.save(gn.Network([3, 4, 1], output="sigmoid", seed=0), tmp_path / "net.safetensors")
    return tmp_path, numbers, classes


def test_a_row_is_that_of_the_file(glassnet, files):
    folder, numbers, classes = files
    done = glassnet("explain", folder / "net.safetensors", folder / "data.csv", "--row", 7, "--format", "json")
    given = {step["symbol"]: step["value"] for step in json.loads(done.out)["given"]}
    assert given["A0"] == [numbers[7].tolist()]
    assert given["Y"] == [[classes[7]]]


def test_one_weight(glassnet, files):
    folder, numbers, classes = files
    net = gn.load(folder / "net.safetensors")
    expected = net.backward(net.forward(numbers[2:5]), classes[2:5]).W[1][0, 3]
    arguments = (
        "explain",
        folder / "net.safetensors",
        folder / "data.csv",
        "--row",
        2,
        "--rows",
        3,
        "--weight",
        "W1,0,3",
    )
    assert json.loads(glassnet(*arguments, "--format", "json").out)["value"] == expected
    assert glassnet(*arguments).out.startswith("∂loss/∂W1[0, 3] = Σ_i ")


@pytest.mark.parametrize(
    ("form", "start"), [("html", "<!doctype"), ("md", "## One"), ("tex", "\\documentclass"), ("text", "One")]
)
def test_every_format_goes_to_a_file(glassnet, files, form, start):
    folder, _, _ = files
    out = folder / f"out.{form}"
    done = glassnet("explain", folder / "net.safetensors", folder / "data.csv", "--format", form, "--out", out)
    assert done.out == ""
    assert out.read_text(encoding="utf-8").startswith(start)


def test_a_table_model_explains_itself(glassnet, files):
    folder, _, _ = files
    trained = glassnet(
        "train",
        folder / "data.csv",
        "--target",
        "y",
        "--epochs",
        2,
        "--plain",
        "--out",
        folder / "m.safetensors",
        "--no-figures",
    )
    assert trained.code == 0, trained.err
    done = glassnet("explain", folder / "m.safetensors", folder / "data.csv", "--row", 3)
    assert "inputs: 0 x0, 1 x1, 2 x2; outputs: 0 0, 1 1" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--row", 30), "--row: expected rows within 0 … 29; got 30"),
        (("--weight", "W1;0"), "--weight: expected"),
        (("--weight", "W1,9,9"), "entry: expected"),
        (("--target", "z"), "z"),
        (("--optimizer", "newton"), "optimizer: expected"),
    ],
)
def test_wrong_arguments_are_one_line(glassnet, files, arguments, words):
    folder, _, _ = files
    done = glassnet("explain", folder / "net.safetensors", folder / "data.csv", *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1
