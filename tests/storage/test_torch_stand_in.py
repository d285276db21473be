"""The PyTorch script run whole, with NumPy standing in for torch: it predicts what the network predicts."""

import contextlib
import csv
import json
import math
import runpy
import sys
from types import ModuleType

import numpy as np
import pytest
from safetensors.numpy import load_file

import glassnet as gn
from glassnet.equations.activations import ACTIVATIONS
from glassnet.tables.model import Member, TableModel
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.encoding import Encoding
from glassnet.tables.preparation.preparation import Preparation


class Tensor(np.ndarray):
    """An array with the methods of a tensor that scripts use."""

    def to(self, dtype):
        return self.astype(dtype).view(Tensor)

    def int(self):
        return self.astype(np.int64)

    def copy_(self, values):
        assert self.shape == values.shape
        self[...] = values


def tensor(values, dtype=None):
    return np.array(values, dtype=dtype).view(Tensor)


class Module:
    def __call__(self, x):
        return self.forward(x)

    def eval(self):
        return self


class Linear(Module):
    def __init__(self, inputs, outputs, dtype):
        self.weight, self.bias = (np.full(shape, np.nan, dtype).view(Tensor) for shape in ((outputs, inputs), outputs))

    def forward(self, x):
        return x @ self.weight.T + self.bias


def gelu(z, approximate):
    assert approximate == "tanh"
    return z / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))


def softmax(z, dim):
    e = np.exp(z - z.max(axis=dim, keepdims=True))
    return e / e.sum(axis=dim, keepdims=True)


FUNCTIONAL = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z, slope: np.where(z > 0, z, slope * z).view(Tensor),
    "elu": lambda z, alpha: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))).view(Tensor),
    "gelu": gelu,
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.logaddexp(0, z),
}
TORCH = {
    "float32": np.float32,
    "float64": np.float64,
    "tanh": np.tanh,
    "exp": np.exp,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": softmax,
    "hstack": lambda parts: np.hstack(parts).view(Tensor),
    "tensor": tensor,
    "as_tensor": tensor,
}


class no_grad(contextlib.ContextDecorator):  # noqa: N801 - its name in torch
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


@pytest.fixture
def script(monkeypatch):
    """`script(path)` runs a script and gives its names."""
    names = ("torch", "torch.nn", "torch.nn.functional", "safetensors.torch")
    torch, nn, functional, tensors = modules = [ModuleType(name) for name in names]
    torch.__dict__.update(TORCH, no_grad=no_grad, nn=nn)
    nn.__dict__.update(Module=Module, Linear=Linear, functional=functional)
    functional.__dict__.update(FUNCTIONAL)
    tensors.load_file = lambda path: {name: array.view(Tensor) for name, array in load_file(path).items()}
    for name, module in zip(names, modules, strict=True):
        monkeypatch.setitem(sys.modules, name, module)
    return lambda path: runpy.run_path(str(path))


def answers(space, rows):
    return space["predict"](space["load"](), rows)


@pytest.mark.parametrize("hidden", [name for name in ACTIVATIONS if name != "softmax"])
def test_every_activation(hidden, script, tmp_path):
    rows = np.random.default_rng(0).normal(size=(6, 3))
    net = gn.Network([3, 4, 5, 2], [hidden, "tanh"], "identity", seed=2)
    gn.export(net, tmp_path / "net.py")
    assert np.array(answers(script(tmp_path / "net.py"), rows.tolist())) == pytest.approx(net.predict(rows), rel=1e-12)


@pytest.mark.parametrize("sizes", [[3, 1], [3, 4, 1], [3, 4, 4, 4, 3]])
@pytest.mark.parametrize("output", ["identity", "exponential", "sigmoid", "softmax"])
def test_every_output(output, sizes, script, tmp_path):
    if output == "softmax" and sizes[-1] == 1:
        sizes = [*sizes[:-1], 2]
    rows = np.random.default_rng(0).normal(size=(7, 3))
    net = gn.Network(sizes, gn.Network([1, 1, 1]).hidden, output, seed=5)
    net.b[1][...] = np.linspace(-1, 1, sizes[1])
    gn.export(net, tmp_path / "net.py")
    found = answers(script(tmp_path / "net.py"), rows.tolist())
    if output in ("identity", "exponential"):
        assert np.array(found) == pytest.approx(net.predict(rows), rel=1e-12)
        assert np.shape(found) == ((7,) if sizes[-1] == 1 else (7, sizes[-1]))
        return
    labels, shares = zip(*found, strict=True)
    assert np.array(labels).tolist() == net.predict(rows).tolist()
    assert np.array(shares) == pytest.approx(net.predict_proba(rows), rel=1e-12)


def test_float32(script, tmp_path):
    net = gn.Network([2, 3, 1], dtype="float32", seed=1)
    gn.export(net, tmp_path / "net.py")
    assert answers(script(tmp_path / "net.py"), [[1.0, 2.0]]) == pytest.approx(net.predict([[1.0, 2.0]]), rel=1e-6)


@pytest.mark.parametrize(
    ("classes", "output", "k", "mean", "scale"),
    [(["no", "yes"], "sigmoid", 1, 0, 1), (["a", "b", "c"], "softmax", 3, 0, 1), (None, "identity", 1, 3.5, 2.0)],
)
def test_a_table(classes, output, k, mean, scale, script, tmp_path):
    rows = {"size": [1.5, None, 2.5, 3.5], "city": ["Bern", "Chur", None, "Bern"], "open": [True, False, True, True]}
    kinds = dict(zip(rows, ("numeric", "categorical", "categorical"), strict=True))
    preparation = Preparation.fit(rows, kinds)
    net = gn.Network([preparation.n_features, 4, k], "tanh", output, seed=3)
    task = "regression" if classes is None else "classification"
    model = TableModel([Member(preparation, net, mean, scale)], task, "y", classes, settings={"missing": ["-"]})
    gn.export(model, tmp_path / "table.py")
    cells = {
        "size": ["1", "na", "-", " 7.25 "],
        "city": ["Chur", "Genf", "-", "Bern"],
        "open": ["true", "false", "", "x"],
    }
    known = {
        "size": [1.0, None, None, 7.25],
        "city": ["Chur", "Basel", None, "Bern"],
        "open": ["true", "false", None, "x"],
    }
    space = script(tmp_path / "table.py")
    given = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    X = space["prepare"](given)
    assert X.tolist() == preparation.matrix(known).tolist()
    found = answers(space, given)
    expected = net.forward(X).output
    if classes is None:
        assert found == pytest.approx((expected[:, 0] * scale + mean).tolist(), rel=1e-12)
        assert space["TARGET"] == "y"
    else:
        shares = np.hstack([1 - expected, expected]) if k == 1 else expected
        assert [label for label, _ in found] == [classes[c] for c in shares.argmax(axis=1)]
        assert np.array([share for _, share in found]) == pytest.approx(np.asarray(shares), rel=1e-12)


ROWS = {
    "size": ["1.5", "na", "-2.5", "1e3", "7", "7"],
    "rooms": ["1", "2", "3", "4", "4", " 2 "],
    "city": ["Bern", "Chur", "", "Basel", "Bern", "Zug"],
}
KNOWN = {
    "size": [1.5, None, -2.5, 1000.0, 7.0, 7.0],
    "rooms": [1, 2, 3, 4, 4, 2],
    "city": ["Bern", "Chur", None, "Basel", "Bern", "Zug"],
}
ENCODINGS = [
    Encoding(clip=1.0, rank=True, bins=4, few_values=5, frequencies=2, categories="both", least=9),
    Encoding(),
    Encoding(standard=False, bins=8, cuts="tree", categories="target"),
]


def ensemble(classes, several=True):
    """A model of networks of every encoding, whose preparations are fitted to a table that lacks Basel."""
    table = {name: [cell if cell != "Basel" else "Bern" for cell in cells] * 6 for name, cells in KNOWN.items()}
    kinds = {"size": "numeric", "rooms": "numeric", "city": "categorical"}
    y = np.sin(np.arange(36)) if classes is None else np.arange(36) % len(classes)
    k, output = (1, "identity") if classes is None else (1, "sigmoid") if len(classes) == 2 else (3, "softmax")
    members = []
    for encoding in ENCODINGS if several else ENCODINGS[:1]:
        preparation = Preparation.fit(table, kinds, encoding=encoding, y=y, classes=classes and len(classes))
        net = gn.Network([preparation.n_features, 4, k], "tanh", output, seed=len(members))
        members.append(Member(preparation, net, *((3.5, 2.0 + len(members)) if classes is None else ())))
    members.extend(members[:1] * several)
    return TableModel(members, "regression" if classes is None else "classification", "y", classes)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("classes", [None, ["no", "yes"], [1, 2, 3]])
def test_every_encoding(classes, several, script, tmp_path):
    model = ensemble(classes, several)
    gn.export(model, tmp_path / "table.py")
    space = script(tmp_path / "table.py")
    given = [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
    columns = space["COLUMNS"] if several else [space["COLUMNS"]]
    for member, of in zip(model.members, columns, strict=True):
        X = member.preparation.matrix(KNOWN)
        np.testing.assert_allclose(space["prepare"](given, of), X, rtol=1e-12, atol=1e-12)
    found = answers(space, given)
    if classes is None:
        np.testing.assert_allclose(found, model.predict(KNOWN, unseen="other"), rtol=1e-12)
        return
    assert [label for label, _ in found] == model.predict(KNOWN, unseen="other").tolist()
    np.testing.assert_allclose([each for _, each in found], model.predict_proba(KNOWN, unseen="other"), rtol=1e-12)


def test_networks_of_one_architecture_are_one_class(tmp_path):
    gn.export(ensemble(None), tmp_path / "table.py")
    text = (tmp_path / "table.py").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("class ")] == [
        f"class Network{k}(nn.Module):" for k in (1, 2, 3)
    ]
    assert text.count("fill(Network1(), tensors") == 2
    assert '"members.3.network."' in text


@pytest.mark.parametrize("classes", [["no", "yes"], [1, 2, 3]])
def test_at_a_shell_classes_are_csv(classes, script, tmp_path, monkeypatch, capsys):
    model = ensemble(classes)
    gn.export(model, tmp_path / "net.py")
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([list(ROWS), *zip(*ROWS.values(), strict=True)])
    script(tmp_path / "net.py")
    monkeypatch.setattr(sys, "argv", ["net.py", str(tmp_path / "rows.csv")])
    runpy.run_path(str(tmp_path / "net.py"), run_name="__main__")
    printed = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert list(printed[0]) == ["prediction", *(f"probability_{each}" for each in classes)]
    assert [row["prediction"] for row in printed] == [str(each) for each in model.predict(KNOWN, unseen="other")]
    shares = [[float(row[f"probability_{each}"]) for each in classes] for row in printed]
    np.testing.assert_allclose(shares, model.predict_proba(KNOWN, unseen="other"), rtol=1e-12)


@pytest.mark.parametrize("tabular", [False, True])
def test_at_a_shell_it_prints_the_predictions_of_a_file(tabular, script, tmp_path, monkeypatch, capsys):
    if tabular:
        preparation = Preparation.fit({"x": [1.0, 2.0, 4.0]}, {"x": "numeric"})
        model = TableModel([Member(preparation, gn.Network([1, 1], seed=1))], "regression", "y")
    else:
        model = gn.Network([1, 1], seed=1)
    gn.export(model, tmp_path / "net.py")
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["x"]] * tabular + [["1"], ["4"]])
    script(tmp_path / "net.py")  # is not run by an import
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(sys, "argv", ["net.py", str(tmp_path / "rows.csv")])
    space = runpy.run_path(str(tmp_path / "net.py"), run_name="__main__")
    header, *lines = capsys.readouterr().out.split()
    assert header == "prediction"
    printed = [json.loads(line) for line in lines]
    rows = [{"x": "1"}, {"x": "4"}] if tabular else [[1.0], [4.0]]
    assert printed == pytest.approx(answers(space, rows))
    monkeypatch.setattr(sys, "argv", ["net.py"])
    with pytest.raises(SystemExit, match="usage"):
        runpy.run_path(str(tmp_path / "net.py"), run_name="__main__")


def test_its_words_tell_what_it_is(tmp_path):
    gn.export(gn.Network([3, 40, 50, 1]), tmp_path / "net.py")
    text = (tmp_path / "net.py").read_text(encoding="utf-8")
    assert '"""3-40-50-1: 2,261 parameters."""' in text
    assert "(n, 3) -> (n, 1)" in text
    assert "At a shell:   python net.py rows.csv   (numbers, no header)" in text
    gn.export(gn.Network([3, 1]), tmp_path / "my net.py")
    assert "python this.py rows.csv" in (tmp_path / "my net.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("at_once", [True, False])
def test_images(at_once, script, tmp_path):
    rng = np.random.default_rng(0)
    columns = tuple(Column.numeric(f"r{i}c{j}", mean=3.0, scale=255.0) for i in range(3) for j in range(4))
    net = gn.Network([12, 5, 10], output="softmax", seed=1)
    gn.export(
        TableModel([Member(Preparation(columns), net)], "classification", "label", list("abcdefghij")),
        tmp_path / "net.py",
    )
    text = (tmp_path / "net.py").read_text(encoding="utf-8")
    assert "images of 3 x 4 pixels" in text
    assert "python net.py rows.csv" in text
    assert "COLUMNS" not in text
    images = rng.integers(0, 256, (6, 3, 4))
    found = answers(script(tmp_path / "net.py"), (images if at_once else images.reshape(6, 12)).tolist())
    expected = net.forward((images.reshape(6, 12) - 3) / 255).output
    assert np.array([shares for _, shares in found]) == pytest.approx(np.asarray(expected), rel=1e-12)
    assert [label for label, _ in found] == ["abcdefghij"[k] for k in expected.argmax(axis=1)]
