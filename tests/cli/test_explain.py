"""glassnet explain: a row of a file through a stored model, in every format."""

import json
import shutil

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


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("o.html", b"<!doctype"),
        ("o.HTM", b"<!doctype"),
        ("o.md", b"## One"),
        ("o.tex", b"\\documentclass"),
        ("o.json", b'{"format"'),
        ("o.txt", b"One"),
        ("o", b"One"),
        pytest.param("o.pdf", b"%PDF", marks=pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")),
    ],
)
def test_a_file_has_the_format_of_its_ending(glassnet, files, name, start):
    folder, _, _ = files
    done = glassnet("explain", folder / "net.safetensors", folder / "data.csv", "--out", folder / name)
    assert done.code == 0, done.err
    assert (folder / name).read_bytes().startswith(start)


def test_a_format_that_is_told_goes_before_the_ending(glassnet, files):
    folder, _, _ = files
    arguments = ("--format", "md", "--out", folder / "o.html")
    glassnet("explain", folder / "net.safetensors", folder / "data.csv", *arguments)
    assert (folder / "o.html").read_text(encoding="utf-8").startswith("## One")


def test_a_pdf_without_latex_is_one_line_that_says_what_to_install(glassnet, files, monkeypatch):
    folder, _, _ = files
    monkeypatch.setenv("PATH", str(folder))
    done = glassnet("explain", folder / "net.safetensors", folder / "data.csv", "--out", folder / "o.pdf")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "apt-get install texlive-latex-recommended" in done.err
    assert not (folder / "o.pdf").exists()


def test_all_rows_of_a_batch(glassnet, files):
    folder, _, _ = files
    arguments = ("explain", folder / "net.safetensors", folder / "data.csv", "--rows", 20)
    assert "(20 × 4, rows 4 to 18 left out)" in glassnet(*arguments).out
    assert "left out" not in glassnet(*arguments, "--all-rows").out


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
    assert "inputs: 0 x0, 1 x1, 2 x2; output: P(1); the target Y is 1 for 1, 0 for 0" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--row", 30), "--row: expected rows within 0 … 29; got 30"),
        (("--weight", "W1;0"), "--weight: expected"),
        (("--weight", "W1,9,9"), "entry: expected"),
        (("--target", "z"), "z"),
        (("--optimizer", "newton"), "optimizer: expected"),
        (("--out", "o.docx"), "file: expected a name that ends in one of .txt, .html"),
        (("--format", "pdf"), "--format pdf: expected a file to write"),
    ],
)
def test_wrong_arguments_are_one_line(glassnet, files, arguments, words):
    folder, _, _ = files
    done = glassnet("explain", folder / "net.safetensors", folder / "data.csv", *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1


@pytest.fixture
def ensemble(glassnet, files):
    folder, _, _ = files
    arguments = ("--target", "y", "--effort", "default", "--epochs", 2, "--hidden", "4", "--no-figures")
    trained = glassnet("train", folder / "data.csv", *arguments, "--out", folder / "m.safetensors")
    assert trained.code == 0, trained.err
    return folder / "m.safetensors", folder / "data.csv"


def test_it_opens_with_the_contributions_and_works_one_network_through(glassnet, ensemble):
    model, data = ensemble
    lines = glassnet("explain", model, data, "--row", 3).out.splitlines()
    assert lines[0].startswith("Why this prediction? probability of ")
    n = len(gn.load(model).members)
    assert f"Network 0 of 0 … {n - 1}, worked through:" in lines
    third = glassnet("explain", model, data, "--row", 3, "--member", 2, "--format", "json")
    found = json.loads(third.out)
    given = {step["symbol"]: step for step in found["given"]}
    assert given["b1"]["value"] == gn.load(model).members[2].network.b[1].tolist()
    row = found["contributions"]["rows"][0]
    assert {each["column"] for each in row["columns"]} == {"x0", "x1", "x2"}
    total = row["baseline"] + sum(each["contribution"] for each in row["columns"])
    assert total == pytest.approx(gn.load(model).predict_proba(data)[3].max(), abs=1e-6)


@pytest.mark.parametrize(("form", "start"), [("html", "<!doctype"), ("md", "## Why"), ("tex", "\\documentclass")])
def test_every_format_opens_with_the_contributions(glassnet, ensemble, form, start):
    model, data = ensemble
    out = glassnet("explain", model, data, "--rows", 2, "--format", form).out
    assert out.startswith(start)
    assert out.count("Why this prediction? probability") == 2
    assert out.index("Why this prediction? probability") < out.index("worked through") < out.index("One training step")


@pytest.mark.parametrize(("name", "head"), [("why.png", b"\x89PNG"), ("why.svg", b"<?xml")])
def test_the_contributions_as_a_figure(glassnet, ensemble, name, head):
    model, data = ensemble
    done = glassnet("explain", model, data, "--figure", data.parent / name, "--row", 1)
    assert done.code == 0, done.err
    assert (data.parent / name).read_bytes().startswith(head)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--figure", "why.pdf"), "--figure: expected a name that ends in .png or .svg; got 'why.pdf'"),
        (("--figure", "why.png", "--rows", 2), "--figure: expected one row; got 2"),
        (("--figure", "why.png", "--weight", "b1,0"), "--figure: expected a model of glassnet train, and no --weight"),
        (("--member", 99), "--member: expected one of 0 … "),
    ],
)
def test_wrong_arguments_of_the_contributions_are_one_line(glassnet, ensemble, arguments, words):
    done = glassnet("explain", *ensemble, *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1


def test_the_worked_step_of_a_regression_has_the_target_that_the_network_has(glassnet, files):
    folder, numbers, _ = files
    arguments = ("--target", "x2", "--epochs", 2, "--no-figures", "--out", folder / "m.safetensors")
    assert glassnet("train", folder / "data.csv", *arguments).code == 0
    found = json.loads(glassnet("explain", folder / "m.safetensors", folder / "data.csv", "--format", "json").out)
    (target,) = (step["value"][0][0] for step in found["given"] if step["symbol"] == "Y")
    model = gn.load(folder / "m.safetensors")
    assert target == pytest.approx((numbers[0, 2] - model.target_mean) / model.target_scale, rel=1e-5)
