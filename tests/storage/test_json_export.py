"""JSON: from the numbers and names in it alone, plain Python computes the same predictions."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import glassnet as gn
from glassnet.tables.model import Member, TableModel
from glassnet.tables.preparation.encoding import Encoding
from glassnet.tables.preparation.preparation import Preparation

G = {
    "identity": lambda z: z,
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z, slope: z if z > 0 else slope * z,
    "elu": lambda z, alpha: z if z > 0 else alpha * math.expm1(z),
    "gelu": lambda z: z / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "silu": lambda z: z / (1 + math.exp(-z)),
    "softplus": lambda z: math.log1p(math.exp(z)),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "exponential": math.exp,
}


def share(x, low, high):
    return min(max((x - low) / (high - low), 0), 1)


def encoded(x, kind, **e):
    """The features that an encoder makes of a number, or of the place of a category (-1: missing, -2: unseen)."""
    if kind == "standard":
        z = (x - e["mean"]) / e["scale"]
        return [max(-e["clip"], min(z, e["clip"])) if e["clip"] else z]
    if kind == "rank":
        q, r = e["quantiles"], e["ranks"]
        return [r[0] + sum((r[j + 1] - r[j]) * share(x, q[j], q[j + 1]) for j in range(len(q) - 1))]
    if kind == "bins":
        return [share(x, low, high) - 0.5 for low, high in pairwise(e["cuts"])]
    if kind == "values":
        return [float(x == value) for value in e["values"]]
    if kind == "periodic":
        angles = [2 * math.pi * f * (x - e["mean"]) / e["scale"] for f in e["frequencies"]]
        return [*map(math.cos, angles), *map(math.sin, angles)]
    if kind == "onehot":
        own = max([*e["features"], -1]) + 1
        feature = e["features"][x] if x >= 0 else -1
        return [float(feature == k) for k in range(own)] + [float(feature == -1 and x != -1)] * e["other"]
    assert kind == "target mean"
    means = [of_class[x] for of_class in e["means"]] if x >= 0 else e["prior"]
    return [max(-4, min((m - g) / s, 4)) for m, g, s in zip(means, e["prior"], e["scale"], strict=True)]


def inputs(model, row):
    """The features of one row, as docs/reference/model-files.md describes it."""
    if "columns" not in model["inputs"]:
        return row
    x = []
    for column in model["inputs"]["columns"]:
        cell = row[column["name"]]
        if "median" in column:
            value = column["median"] if cell is None else cell
        else:
            categories = column["categories"]
            value = -1 if cell is None else categories.index(cell) if cell in categories else -2
        for encoder in column["encoders"]:
            x.extend(encoded(value, **encoder))
        if column["missing"]:
            x.append(float(cell is None))
    return x


def outputs(model, row):
    """The outputs of the network for one row, or the mean of those of the members."""
    if "members" in model:
        every = [outputs({**member, "output": member}, row) for member in model["members"]]
        return [sum(values) / len(every) for values in zip(*every, strict=True)]
    a = inputs(model, row)
    for layer in model["layers"]:
        z = [
            b + sum(x * w for x, w in zip(a, column, strict=True))
            for b, column in zip(layer["b"], zip(*layer["W"], strict=True), strict=True)
        ]
        if layer["activation"] == "softmax":
            e = [math.exp(value - max(z)) for value in z]
            a = [value / sum(e) for value in e]
        else:
            a = [G[layer["activation"]](value, *layer["parameters"].values()) for value in z]
    output = model["output"]
    return [value * output.get("scale", 1.0) + output.get("mean", 0.0) for value in a]


def exported(model, tmp_path):
    gn.export(model, tmp_path / "model.json")
    return json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("output", ["identity", "softmax", "sigmoid", "exponential"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_networks(output, dtype, tmp_path):
    hidden = [name for name in G if name != "exponential"]
    hidden[2] = gn.activations.LEAKY_RELU.with_parameters(slope=0.2)
    net = gn.Network([3, *[4] * len(hidden), 2], hidden, output, seed=0, dtype=dtype, init="glorot_normal")
    content = exported(net, tmp_path)
    X = np.random.default_rng(0).normal(size=(5, 3)).astype(dtype)
    expected = net.forward(X).output
    np.testing.assert_allclose(
        [outputs(content, row) for row in X.tolist()], expected, rtol=1e-5 if dtype == "float32" else 1e-12
    )
    assert content["dtype"] == dtype
    np.testing.assert_array_equal(np.array(content["layers"][0]["W"], dtype), net.W[1])  # every bit


def test_table_models(tmp_path):
    rows = {"age": [20.0, None, 40.0], "city": ["Bern", "Chur", None], "zip": [3000, 7000, 3000]}
    preparation = Preparation.fit(rows, {"age": "numeric", "city": "categorical", "zip": "categorical"})
    net = gn.Network([preparation.n_features, 3, 1], "tanh", seed=0)
    model = TableModel([Member(preparation, net, 50.0, 9.0)], "regression", "price", training={"best": float("nan")})
    content = exported(model, tmp_path)
    listed = [dict(zip(rows, cells, strict=True)) for cells in zip(*rows.values(), strict=True)]
    np.testing.assert_allclose([outputs(content, row)[0] for row in listed], model.predict(rows), rtol=1e-12)
    assert content["output"] == {"n": 1, "mean": 50.0, "scale": 9.0, "target": "price"}
    assert content["training"] == {"best": None}  # JSON has no nan


ROWS = {
    "age": [20.0, None, 40.0, 31.0, 55.0, 61.0, 20.0, 44.0] * 4,
    "rooms": [1, 2, 3, 4] * 8,
    "city": ["Bern", "Chur", None, "Bern", "Zug", "Bern", "Chur", "Zug"] * 4,
    "zip": [3000, 7000, 3000, 6300] * 8,
}
FULL = {"clip": 1.0, "rank": True, "bins": 4, "few_values": 5, "frequencies": 2, "categories": "both", "least": 9}


@pytest.mark.parametrize("classes", [None, ["no", "yes"], [1, 2, 3]])
def test_ensembles_of_every_encoding(classes, tmp_path):
    kinds = {"age": "numeric", "rooms": "numeric", "city": "categorical", "zip": "categorical"}
    y = np.arange(32.0) if classes is None else np.arange(32) % len(classes)
    k, output = (1, "identity") if classes is None else (1, "sigmoid") if len(classes) == 2 else (3, "softmax")
    members = []
    for encoding, units in ((Encoding(**FULL), (5.0, 2.0)), (Encoding(), (0.0, 1.0)), (Encoding(bins=8), (1.0, 3.0))):
        preparation = Preparation.fit(ROWS, kinds, encoding=encoding, y=y, classes=classes and len(classes))
        net = gn.Network([preparation.n_features, 3, k], "tanh", output, seed=len(members))
        members.append(Member(preparation, net, *(units if classes is None else ())))
    model = TableModel(members, "regression" if classes is None else "classification", "y", classes)
    content = exported(model, tmp_path)
    rows = {name: cells[:8] for name, cells in ROWS.items()} | {"city": ["Basel", *ROWS["city"][1:8]]}
    listed = [dict(zip(rows, cells, strict=True)) for cells in zip(*rows.values(), strict=True)]
    found = np.array([outputs(content, row) for row in listed])
    if classes is not None and k == 1:
        found = np.hstack([1 - found, found])
    expected = (
        model.predict(rows, unseen="other")[:, None] if classes is None else model.predict_proba(rows, unseen="other")
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert [set(member) for member in content["members"]] == [
        {"inputs", "layers", "mean", "scale"} if classes is None else {"inputs", "layers"}
    ] * 3
    assert "inputs" not in content


def test_the_fields_are_those_of_the_documentation(tmp_path):
    content = exported(gn.Network([2, 1], output="sigmoid"), tmp_path)
    assert list(content) == [
        *("format", "version", "glassnet", "kind", "task", "dtype", "inputs", "layers", "output", "loss"),
        *("settings", "training"),
    ]
    assert (content["format"], content["version"], content["kind"]) == ("glassnet JSON", 2, "Network")
    assert content["output"] == {"n": 1, "classes": [0, 1]}
    assert content["loss"] == {"name": "binary_cross_entropy", "parameters": {}}


def test_a_fitted_estimator_names_its_inputs_and_classes(tmp_path):
    import polars as pl

    X = pl.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "size": [2.0, 1.0, 4.0, 3.0]})
    model = gn.MLPClassifier((3,), max_iter=2, random_state=0, solver="lbfgs")
    with pytest.warns(ConvergenceWarning):
        model.fit(X, ["no", "yes", "no", "yes"])
    content = exported(model, tmp_path)
    assert content["inputs"] == {"n": 2, "names": ["age", "size"]}
    assert content["output"] == {"n": 1, "classes": ["no", "yes"]}
    assert content["settings"]["solver"] == "lbfgs"
