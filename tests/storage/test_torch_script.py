"""The PyTorch script: readable, of torch and safetensors alone, and equal in what it predicts."""

import ast
import csv
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import glassnet as gn
from glassnet.equations.activations import ACTIVATIONS
from glassnet.tables.model import Member, TableModel
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.preparation import Preparation


def table_model(settings=None):
    """A model of hard names and cells, and the text of its table, as csv writes it."""
    rows = {
        'the "age"': [20.0, None, 40.0, 31.5],
        "stadt\n": ["Zürich", "a, b", None, "Zürich"],
        "zip": [3000, 7000, 3000, 7000],
    }
    preparation = Preparation.fit(rows, dict(zip(rows, ("numeric", "categorical", "categorical"), strict=True)))
    net = gn.Network([preparation.n_features, 5, 3], "gelu", "softmax", seed=0)
    classes = ["it's", '"""', "\\"]
    return TableModel(
        [Member(preparation, net)], "classification", '""" + 1/0 #', classes, settings=settings or {}
    ), rows


def imports(text):
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    return names


def test_the_script_is_python_of_torch_and_safetensors_alone(tmp_path):
    for number, model in enumerate((gn.Network([2, 3, 1]), table_model({"missing": ["?"], "decimal_comma": True})[0])):
        gn.export(model, tmp_path / f"net{number}.py")
        text = (tmp_path / f"net{number}.py").read_text(encoding="utf-8")
        assert imports(text) == {"csv", "sys", "pathlib", "torch", "safetensors"}
        assert max(map(len, text.splitlines())) <= 140
        assert (tmp_path / f"net{number}.safetensors").exists()


def test_the_script_finds_a_model_file_elsewhere(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "scripts").mkdir()
    net, weights = gn.Network([2, 1]), tmp_path / "models" / "net.safetensors"
    gn.save(net, weights)
    before = weights.stat().st_mtime_ns
    gn.export(net, tmp_path / "scripts" / "net.py", weights=weights)
    assert (
        'MODEL_FILE = Path(__file__).parent / "../models/net.safetensors"' in (tmp_path / "scripts/net.py").read_text()
    )
    assert weights.stat().st_mtime_ns == before
    assert [path.name for path in (tmp_path / "scripts").iterdir()] == ["net.py"]


class Rows(np.ndarray):
    """An array that stands for a tensor of torch."""

    def to(self, dtype):
        return self


def without_torch(text, *functions):
    """Functions of a script, run on arrays."""
    kept = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.Assign)]
    kept = [node for node in kept if not isinstance(node, ast.Assign) or node.targets[0].id in ("COLUMNS", "CLASSES")]
    torch = SimpleNamespace(
        tensor=lambda values, dtype: np.array(values).view(Rows),
        as_tensor=lambda values, dtype: np.array(values).view(Rows),
        no_grad=lambda: lambda function: function,
        float64="float64",
    )
    space = {"torch": torch, "DTYPE": "float64", "MODEL_FILE": None}
    exec(compile(ast.Module(kept, []), "script", "exec"), space)  # noqa: S102
    return [space[name] for name in functions]


def test_an_unseen_category_is_told_from_a_missing_one(tmp_path):
    rows = {"city": ["Bern", "Chur", None, "Bern"], "size": [1.5, None, 2.5, 3.5]}
    preparation = Preparation.fit(rows, {"city": "categorical", "size": "numeric"})
    model = TableModel([Member(preparation, gn.Network([5, 1], output="sigmoid"))], "classification", "y", ["a", "b"])
    gn.export(model, tmp_path / "table.py")
    (prepare,) = without_torch((tmp_path / "table.py").read_text(encoding="utf-8"), "prepare")
    cells = {"city": ["Chur", "Genf", "", "Bern"], "size": ["2", "na", "3", ""]}
    prepared = prepare([dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)])
    expected = {"city": ["Chur", "Basel", None, "Bern"], "size": [2.0, None, 3.0, None]}
    assert prepared.tolist() == preparation.matrix(expected).tolist()
    assert prepared[:, :3].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(("mean", "scale"), [(5.0, 1.0), (0.0, 3.0), (5.0, 3.0), (-0.5, 1.0), (0.0, 1.0)])
def test_a_number_is_given_in_the_units_of_the_target(mean, scale, tmp_path):
    columns = Preparation((Column.numeric("x"),))
    model = TableModel([Member(columns, gn.Network([1, 1]), mean, scale)], "regression", "y")
    gn.export(model, tmp_path / "number.py")
    (predict, _) = without_torch((tmp_path / "number.py").read_text(encoding="utf-8"), "predict", "prepare")
    predicted = predict(lambda X: X * 2.0, [{"x": "1.5"}, {"x": "-4"}])
    assert predicted == [3 * scale + mean, -8 * scale + mean]


# --- with torch: `nox -s long`, or `pip install -e ".[test,bench]"` and `pytest -m long tests/storage` ----------


def run(folder, name, program):
    """What a program prints that has imported the script `name` in a process of its own, without glassnet."""
    head = f"import sys, json; sys.path.insert(0, {str(folder)!r}); import {name} as script\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", head + program + "\nassert 'glassnet' not in sys.modules"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ACTIVATIONS)
def test_networks_give_the_same_outputs(output, dtype, tmp_path):
    hidden = [name for name in ACTIVATIONS if name not in ("softmax", "exponential")]
    hidden[2] = gn.activations.LEAKY_RELU.with_parameters(slope=0.2)
    net = gn.Network([3, *[5] * len(hidden), 2], hidden, output, seed=1, dtype=dtype, init="glorot_normal")
    gn.export(net, tmp_path / "net.py")
    X = np.random.default_rng(0).normal(size=(20, 3)).astype(dtype)
    program = f"print(json.dumps(script.load()(script.prepare({X.tolist()})).tolist()))"
    outputs = run(tmp_path, "net", program)
    np.testing.assert_allclose(outputs, net.forward(X).output, rtol=1e-5, atol=1e-5 if dtype == "float32" else 1e-8)
    answers = run(tmp_path, "net", f"print(json.dumps(script.predict(script.load(), {X.tolist()})))")
    labels = [answer[0] for answer in answers] if output in ("softmax", "sigmoid") else answers
    np.testing.assert_allclose(labels, net.predict(X), rtol=1e-5, atol=1e-5)


@pytest.mark.long
def test_estimators_give_the_same_classes_and_numbers(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    model = gn.MLPClassifier((5,), solver="lbfgs", max_iter=500, random_state=0).fit(X, np.array(["no", "yes"])[y])
    gn.export(model, tmp_path / "one.py")
    answers = run(tmp_path, "one", f"print(json.dumps(script.predict(script.load(), {X.tolist()})))")
    assert [answer[0] for answer in answers] == model.predict(X).tolist()
    np.testing.assert_allclose([answer[1] for answer in answers], model.predict_proba(X), atol=1e-8)


@pytest.mark.long
def test_tables_are_prepared_the_same_way(tmp_path):
    model, rows = table_model({"missing": ["?"]})
    gn.export(model, tmp_path / "table.py")
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(rows)
        writer.writerows(
            zip(*(["?" if cell is None else f" {cell} " for cell in cells] for cells in rows.values()), strict=True)
        )
    done = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "table.py"), str(tmp_path / "rows.csv")],
        capture_output=True,
        text=True,
        check=True,
    )
    _, *answers = csv.reader(done.stdout.splitlines())
    assert [answer[0] for answer in answers] == model.predict(rows).tolist()
    probabilities = [[float(cell) for cell in answer[1:]] for answer in answers]
    np.testing.assert_allclose(probabilities, model.predict_proba(rows), atol=1e-8)


@pytest.mark.long
def test_images_are_scaled_the_same_way(tmp_path):
    columns = tuple(Column.numeric(f"r{i}c{j}", scale=255.0) for i in range(2) for j in range(3))
    net = gn.Network([6, 4, 3], output="softmax", seed=1, dtype="float32")
    model = TableModel([Member(Preparation(columns), net)], "classification", "label", [0, 1, 2])
    gn.export(model, tmp_path / "images.py")
    images = np.random.default_rng(0).integers(0, 256, (5, 2, 3))
    answers = run(tmp_path, "images", f"print(json.dumps(script.predict(script.load(), {images.tolist()})))")
    table = {column.name: images.reshape(5, 6)[:, place] for place, column in enumerate(columns)}
    np.testing.assert_allclose([answer[1] for answer in answers], model.predict_proba(table), atol=1e-5)
