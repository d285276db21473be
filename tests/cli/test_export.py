"""`glassnet export`, and the whole way: a CSV file, train, predict, export, and the same predictions elsewhere."""

import csv
import json

import numpy as np
import onnxruntime as ort
import pytest
from sklearn import datasets

import glassnet as gn

MISSING = {"", "na"}


def write(path, names, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bundled(name, folder):
    """A data set of scikit-learn as a CSV file."""
    bunch = getattr(datasets, f"load_{name}")()
    names = [*map(str, bunch.feature_names), "target"]
    write(folder / f"{name}.csv", names, np.column_stack([bunch.data, bunch.target]).tolist())
    return folder / f"{name}.csv"


def mixed(folder, n):
    """A table of three numeric and ten categorical columns, each with missing cells."""
    rng = np.random.default_rng(0)
    words = np.array(["red", "dark, red", '"q"', "Zürich", "", "NA", "7 of 9"], dtype=object)
    columns = {f"n{i}": [f"{x:.3f}" if gap > 0.1 else "" for x, gap in rng.normal([0, 1], 1, (n, 2))] for i in range(3)}
    columns |= {f"c{i}": words[rng.integers(0, 7, n)].tolist() for i in range(10)}
    signal = [(float(a) if a else 0) + (c == "red") > 0.3 for a, c in zip(columns["n0"], columns["c0"], strict=True)]
    columns["answer"] = ["yes" if one else "no" for one in signal]
    write(folder / "mixed.csv", list(columns), list(zip(*columns.values(), strict=True)))
    return folder / "mixed.csv"


def onnx_answers(path, rows):
    """ONNX Runtime's answers for the rows of a CSV file, by name."""
    session = ort.InferenceSession(path)
    feed = {}
    for given in session.get_inputs():
        cells = [row[given.name].strip() for row in rows]
        if given.type == "tensor(string)":
            feed[given.name] = np.array(cells, dtype=object)[:, None]
        else:
            feed[given.name] = np.array([np.nan if cell.lower() in MISSING else float(cell) for cell in cells])[:, None]
    return dict(zip([out.name for out in session.get_outputs()], session.run(None, feed), strict=True))


@pytest.mark.parametrize(
    ("name", "n"),
    [
        *(("breast_cancer", 0), ("wine", 0), ("diabetes", 0), ("digits", 0), ("mixed", 4_000)),
        pytest.param("mixed", 100_000, marks=pytest.mark.long),
    ],
)
def test_onnx_runtime_predicts_what_glassnet_predicts(name, n, glassnet, tmp_path):
    file = mixed(tmp_path, n) if name == "mixed" else bundled(name, tmp_path)
    model, onnx, predictions = (tmp_path / f"model{ending}" for ending in (".safetensors", ".onnx", ".csv"))
    target = "answer" if name == "mixed" else "target"
    epochs = {"mixed": 2, "digits": 4}.get(name, 20)
    assert (
        glassnet("train", file, "--target", target, "--out", model, "--epochs", epochs, "--no-figures", "-q").code == 0
    )
    done = glassnet("export", model, "--to", "onnx")
    assert (done.code, done.out) == (0, f"wrote {onnx}\n")
    assert glassnet("predict", model, file, "--out", predictions).code == 0

    rows = read(file)
    answers = onnx_answers(onnx, rows)
    predicted = [row["prediction"] for row in read(predictions)]
    if name == "diabetes":
        np.testing.assert_allclose(answers["prediction"], np.array(predicted, float), rtol=1e-5)
        return
    probabilities = gn.load(model).predict_proba(file)
    np.testing.assert_allclose(answers["probabilities"], probabilities, atol=1e-5)
    assert answers["label"].astype(str).tolist() == predicted


def test_the_other_forms_and_their_default_places(glassnet, tmp_path):
    model = tmp_path / "net.safetensors"
    gn.save(gn.Network([2, 3, 1], output="sigmoid"), model)
    before = model.read_bytes()
    assert glassnet("export", model, "--to", "json").out == f"wrote {tmp_path / 'net.json'}\n"
    assert json.loads((tmp_path / "net.json").read_text())["kind"] == "Network"
    assert glassnet("export", model, "--to", "torch").out == f"wrote {tmp_path / 'net.py'}, which loads {model}\n"
    assert glassnet("export", model, "--to", "torch", "--out", tmp_path / "other.py").code == 0
    assert 'parent / "net.safetensors"' in (tmp_path / "other.py").read_text()
    assert model.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.safetensors", "--to", "json"], "No such file"),
        (["text.csv", "--to", "json"], "expected a safetensors file"),
        (["net.safetensors", "--to", "xml"], "--to"),
        (["net.safetensors"], "--to"),
        (["net.safetensors", "--to", "json", "--out", "net.safetensors"], "--out"),
        (["net.safetensors", "--to", "json", "--out", "none/net.json"], "folder"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(arguments, says, glassnet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gn.save(gn.Network([2, 1]), "net.safetensors")
    (tmp_path / "text.csv").write_text("a,b\n1,2\n" * 10)
    done = glassnet("export", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert says in done.err
    assert done.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.safetensors", "text.csv"]
