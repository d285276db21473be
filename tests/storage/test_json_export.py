"""JSON: from the numbers and names in it alone, plain Python computes the same predictions."""

import json
import math

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import glassnet as gn
from glassnet.tables.model import Member, TableModel
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


def inputs(model, row):
    """The features of one row, as docs/model-files.md describes it."""
    if "columns" not in model["inputs"]:
        return row
    x = []
    for column in model["inputs"]["columns"]:
        cell = row[column["name"]]
        (encoder,) = column["encoders"]
        if column["type"]["kind"] == "numeric":
            x.append(((column["median"] if cell is None else cell) - encoder["mean"]) / encoder["scale"])
        else:
            x.extend(float(cell == category) for category in column["categories"])
        if column["missing"]:
            x.append(float(cell is None))
    return x


def outputs(model, row):
    """The outputs of the network for one row."""
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


def test_the_fields_are_those_of_the_documentation(tmp_path):
    content = exported(gn.Network([2, 1], output="sigmoid"), tmp_path)
    assert list(content) == [
        *("format", "version", "glassnet", "kind", "task", "dtype", "inputs", "layers", "output", "loss"),
        *("settings", "training"),
    ]
    assert (content["format"], content["version"], content["kind"]) == ("glassnet JSON", 1, "Network")
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
