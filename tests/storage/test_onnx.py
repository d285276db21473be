"""ONNX: ONNX Runtime gives the same labels, probabilities and numbers from the same rows."""

import inspect
import sys
import warnings

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper

import glassnet as gn
from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.losses import LOSSES
from glassnet.printers.onnx import print_nodes
from glassnet.storage.onnx_graph import IR_VERSION, OPERATORS, OPSET, _Graph, _value, onnx_bytes
from glassnet.storage.portable import as_portable
from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.model import Member, TableModel
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.encoding import Encoding
from glassnet.tables.preparation.number_encoders import Bins, Standard
from glassnet.tables.preparation.preparation import Preparation

HIDDEN = sorted(set(ACTIVATIONS) - {"softmax"})
TOLERANCE = 1e-5


def run(model, feed):
    """What ONNX Runtime answers, by name of the output."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(onnx_bytes(as_portable(model)), options)
    assert {given.name for given in session.get_inputs()} == set(feed)
    return dict(zip([out.name for out in session.get_outputs()], session.run(None, feed), strict=True))


def check(answers, model, X):
    """The answers are those of the model: probabilities and numbers to 1e-5, labels wherever they are not a near tie."""
    if "prediction" in answers:
        expected = model.predict(X)
        assert answers["prediction"].shape == expected.shape
        np.testing.assert_allclose(answers["prediction"], expected, rtol=TOLERANCE, atol=TOLERANCE)
        return
    expected, labels = model.predict_proba(X), model.predict(X)
    np.testing.assert_allclose(answers["probabilities"], expected, atol=TOLERANCE)
    assert answers["label"].shape == labels.shape
    if labels.ndim == 2:
        clear = np.abs(expected - 0.5) > TOLERANCE
    else:
        top = np.sort(expected, axis=1)
        clear = top[:, -1] - top[:, -2] > TOLERANCE
    assert (answers["label"] == labels)[clear].all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ACTIVATIONS)
def test_all_activations_and_outputs(output, dtype):
    for number, hidden in enumerate(HIDDEN):
        rng = np.random.default_rng(number)
        for k in (1, 3) if output != "softmax" else (2, 3):
            net = gn.Network([4, 6, k], hidden, output, seed=number, dtype=dtype, init="glorot_normal")
            net.theta = net.theta + rng.normal(size=net.n_parameters) / 10
            X = (rng.normal(size=(40, 4)) * rng.choice([0.1, 1, 3], (40, 1))).astype(dtype)
            X *= 0.2 if "exponential" in (hidden, output) else 1  # e**50 has few right digits in float32
            check(run(net, {"X": X}), net, X)


def test_random_networks_of_any_depth_and_parameters(random_model):
    done = 0
    for number in range(120):
        net = random_model(np.random.default_rng(number))
        if type(net) is gn.Network:
            net.initialize(number)
            X = np.random.default_rng(number).uniform(-1, 1, (20, net.sizes[0])).astype(net.dtype)
            check(run(net, {"X": X}), net, X)
            done += 1
    assert done > 20


def test_far_inputs_stay_finite():
    for output in ("sigmoid", "softplus", "tanh", "elu", "gelu", "silu"):
        net = gn.Network([1, 1], output=output)
        net.theta = [1.0, 0.0]
        X = np.array([[-1e30], [-800.0], [-1e-300], [0.0], [800.0], [1e30]])
        check(run(net, {"X": X}), net, X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("labels", ["words", "objects", "whole", "numbers", "booleans", "three", "many", "one"])
def test_classifiers(labels, dtype):
    rng = np.random.default_rng(0)
    X, index = rng.normal(size=(60, 3)).astype(dtype), np.arange(60) % 2
    words = np.array(["no", "Zürich"])
    y = {
        "words": words[index],
        "objects": words.astype(object)[index],
        "whole": index * 7,
        "numbers": index * 4.0,
        "booleans": index == 1,
        "three": np.arange(60) % 3,
        "many": np.eye(3, dtype=int)[np.arange(60) % 3],
        "one": np.full(60, 5),
    }[labels]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = gn.MLPClassifier((5,), activation="logistic", max_iter=3, random_state=0).fit(X, y)
    check(run(model, {"X": X}), model, X)


def test_regressors():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.poisson(3, (60, 2)).astype(float)
    for loss, targets in (("squared_error", y), ("poisson", y), ("huber", y[:, 0])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = gn.MLPRegressor(loss=loss, max_iter=3, random_state=0).fit(X, targets)
        check(run(model, {"X": X}), model, X)


COLUMNS = {  # names that the graph itself would use, and cells that are hard
    "label": [1.5, None, -2e9, 2e9 + 1, 3.0, None],
    "W1": ["Bern", "Zürich", None, "Bern", 'a "b", c', "NA"],
    "probabilities": [3000, 8000, 3000, 1200, 8000, 3000],
    "": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    "constant": ["a"] * 6,
    "empty": [None, "?", None, "?", None, "?"],
}
KINDS = ["numeric", "categorical", "categorical", "numeric", "categorical", "categorical"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [["no", "yes"], [3, 5], [0.5, 2.5], [False, True], ["a", "b", "c"], None])
def test_table_models_from_raw_columns(classes, dtype):
    preparation = Preparation.fit(COLUMNS, dict(zip(COLUMNS, KINDS, strict=True)))
    k, output = (1, "identity") if classes is None else (1, "sigmoid") if len(classes) == 2 else (3, "softmax")
    net = gn.Network([preparation.n_features, 4, k], "tanh", output, seed=0, dtype=dtype)
    task, scaling = ("regression", (100.0, 7.0)) if classes is None else ("classification", (0.0, 1.0))
    model = TableModel([Member(preparation, net, *scaling)], task, "y", classes)
    feed = {
        name or "column": np.array([np.nan if cell is None else cell for cell in cells])[:, None]
        if kind == "numeric"
        else np.array(["" if cell is None else str(cell) for cell in cells], dtype=object)[:, None]
        for (name, cells), kind in zip(COLUMNS.items(), KINDS, strict=True)
    }
    answers = run(model, feed)
    if classes is not None:
        assert set(answers) == {"label_", "probabilities_"}  # the columns have their own names
        answers = {name.rstrip("_"): values for name, values in answers.items()}
    check(answers, model, COLUMNS)


def test_an_unseen_category_is_another_one_and_a_usual_word_a_missing_cell():
    preparation = Preparation.fit({"city": ["Bern", "Chur", None]}, {"city": "categorical"})
    model = TableModel(
        [Member(preparation, gn.Network([3, 1], output="sigmoid", seed=1))], "classification", "y", ["a", "b"]
    )
    answers = run(model, {"city": np.array([["Basel"], ["Bern"], ["NA"], ["n/a"], [""]], dtype=object)})
    expected = model.predict_proba({"city": ["Basel", "Bern", None, None, None]}, unseen="other")
    assert len(np.unique(expected)) == 5
    np.testing.assert_allclose(answers["probabilities"], expected, atol=1e-12)


def ensemble(seed, task, dtype):
    """A model of some networks with a random encoding each, and a table of hard cells."""
    rng, n = np.random.default_rng(seed), 60
    table = {
        "size": [
            None if gap else x for x, gap in zip((rng.normal(size=n) * 1e3).tolist(), rng.random(n) < 0.2, strict=True)
        ],
        "rooms": rng.integers(1, 5, n).tolist(),
        "W1": [
            None if gap else x
            for x, gap in zip(rng.choice(["Bern", "", "Zürich", "n"], n).tolist(), rng.random(n) < 0.1, strict=True)
        ],
        "code": rng.integers(1, 9, n).tolist(),
    }
    kinds = dict(zip(table, ("numeric", "numeric", "categorical", "categorical"), strict=True))
    classes = {"two": ["no", "yes"], "three": [1, 2, 3], "number": None}[task]
    y = rng.normal(size=n) if classes is None else rng.integers(0, len(classes), n)
    members = []
    for _ in range(int(rng.integers(2, 5))):
        encoding = Encoding(
            standard=bool(rng.random() < 0.7),
            clip=float(rng.choice([0.0, 1.0])),
            rank=bool(rng.random() < 0.5),
            bins=int(rng.choice([0, 4, 16])),
            cuts=str(rng.choice(["quantile", "tree"])),
            few_values=int(rng.choice([0, 6])),
            frequencies=int(rng.choice([0, 3])),
            categories=str(rng.choice(["onehot", "target", "both"])),
            least=int(rng.choice([1, 8])),
        )
        rows = np.sort(rng.permutation(n)[:50])
        of_classes = None if classes is None else len(classes)
        preparation = Preparation.fit(table, kinds, rows, encoding=encoding, y=y, classes=of_classes, seed=seed)
        k, output = {"two": (1, "sigmoid"), "three": (3, "softmax"), "number": (1, "identity")}[task]
        sizes = [preparation.n_features, int(rng.integers(2, 9)), k]
        net = gn.Network(sizes, pick_hidden(rng), output, seed=int(rng.integers(99)), dtype=dtype)
        units = (float(rng.normal()), float(rng.uniform(0.5, 9))) if classes is None else (0.0, 1.0)
        members.append(Member(preparation, net, *units))
    members.append(Member(members[0].preparation, members[0].network, *((1.0, 2.0) if classes is None else ())))
    kind = "regression" if classes is None else "classification"
    return TableModel(members, kind, "y", classes, settings={"missing": ["?"]}), table


def pick_hidden(rng):
    return str(rng.choice(["relu", "silu", "tanh"]))


def feed_of(table):
    """The cells of a table as ONNX takes them."""
    return {
        name: np.array(["" if cell is None else str(cell) for cell in cells], dtype=object)[:, None]
        if name in ("W1", "code")
        else np.array([np.nan if cell is None else cell for cell in cells], dtype=float)[:, None]
        for name, cells in table.items()
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("task", ["two", "three", "number"])
@pytest.mark.parametrize("seed", range(8))
def test_ensembles_of_every_encoding(seed, task, dtype):
    model, table = ensemble(seed, task, dtype)
    table["size"][:3], table["W1"][:2], table["code"][:2] = [1e6, -1e6, None], ["Basel", None], [77, 3]
    X = model.table(table)

    class Other:
        """The model at the rule that exports follow: an unseen category is another one."""

        predict = staticmethod(lambda X: model.predict(X, unseen="other"))
        predict_proba = staticmethod(lambda X: model.predict_proba(X, unseen="other"))

    check(run(model, feed_of(table)), Other, X)


def test_networks_that_share_columns_share_their_nodes():
    model, _ = ensemble(0, "two", "float32")
    ops = [node.op_type for node in onnx.load_from_string(onnx_bytes(as_portable(model))).graph.node]
    assert ops.count("IsNaN") == 2  # one a numeric column
    assert ops.count("LabelEncoder") == 2  # one a categorical column
    assert ops.count("Sum") == 1


def test_the_parts_of_a_date_are_inputs_of_their_own():
    days = Column("when", "day", ColumnType("numeric"), True, 3.0, (Standard(4.0, 2.0),))
    months = Column("when", "month", ColumnType("numeric"), False, 6.0, (Bins((1.0, 6.0, 12.0)),))
    net = gn.Network([4, 1], seed=1)
    given = {"when day": np.array([[6.0], [np.nan]]), "when month": np.array([[1.0], [9.0]])}
    answers = run(TableModel([Member(Preparation((days, months)), net)], "regression", "y"), given)
    expected = net.predict([[1.0, 0.0, -0.5, -0.5], [-0.5, 1.0, 0.5, 0.0]])
    np.testing.assert_allclose(answers["prediction"], expected, rtol=1e-12)


def image_model():
    rng = np.random.default_rng(0)
    columns = tuple(Column.numeric(f"r{i}c{j}", scale=255.0) for i in range(3) for j in range(4))
    net = gn.Network([12, 5, 10], output="softmax", seed=1, dtype="float32")
    images = rng.integers(0, 256, (20, 3, 4), dtype=np.uint8)
    table = {column.name: images.reshape(20, 12)[:, place] for place, column in enumerate(columns)}
    return TableModel([Member(Preparation(columns), net)], "classification", "label", list(range(10))), images, table


def test_pixels_are_one_input_of_images():
    model, images, table = image_model()
    check(run(model, {"images": images}), model, table)
    columns = model.preparation.columns
    for other in (columns[:-1], columns[::-1], (*columns[:-1], Column.numeric("r2c3", scale=1.0)), columns[:1]):
        mixed = TableModel([Member(Preparation(other), gn.Network([len(other), 1]))], "regression", "y")
        assert as_portable(mixed).image_shape == ((1, 1) if other == columns[:1] else None)


def test_own_activations_are_refused(refuses, tmp_path):
    own = gn.Activation("cube", lambda z: z**3, lambda z, a: 3 * z**2)
    for ending in ("onnx", "py", "json"):
        with refuses("activation"):
            gn.export(gn.Network([2, 3, 1], hidden=own), tmp_path / f"net.{ending}")
    assert list(tmp_path.iterdir()) == []


def test_without_the_onnx_package_one_line_says_so(refuses, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with refuses("onnx"):
        gn.export(gn.Network([2, 1]), tmp_path / "net.onnx")


@pytest.mark.parametrize("to", ["xml", "", "ONNX", 3])
def test_unknown_forms_are_refused(to, refuses, tmp_path):
    with refuses("to"):
        gn.export(gn.Network([2, 1]), tmp_path / "net.onnx", to)
    with refuses("to"):
        gn.export(gn.Network([2, 1]), tmp_path / "net")


def test_what_is_no_model_is_refused(refuses, tmp_path):
    for model in (gn.MLPClassifier(), None, [gn.Network([2, 1])]):
        with refuses("model"):
            gn.export(model, tmp_path / "net.json")


@pytest.mark.parametrize(("mean", "scale"), [(5.0, 1.0), (0.0, 3.0), (-0.5, 1.0)])
def test_a_number_is_given_in_the_units_of_the_target(mean, scale):
    net = gn.Network([1, 1], dtype="float64")
    net.theta = [2.0, 0.0]
    model = TableModel([Member(Preparation((Column.numeric("x"),)), net, mean, scale)], "regression", "y")
    (predicted,) = run(model, {"x": np.array([[1.5], [-4.0]])}).values()
    assert predicted.tolist() == [3 * scale + mean, -8 * scale + mean]


def test_a_built_in_function_under_another_name_is_exported_as_the_built_in_one(tmp_path):
    logistic = gn.Activation("logistic", gn.activations.sigmoid, gn.activations.d_sigmoid)
    gn.export(gn.Network([3, 4, 1], output=logistic, seed=1), tmp_path / "model.onnx")
    assert b"Sigmoid" in (tmp_path / "model.onnx").read_bytes()


# --- equations as nodes -------------------------------------------------------------------------------------------

EQUATIONS = {
    **{f.__name__: (f, a.parameters) for a in ACTIVATIONS.values() for f in (a.f, a.df)},
    **{
        f.__name__: (f, loss.parameters)
        for loss in LOSSES.values()
        for f in (loss.value, loss.slope, loss.value_of_output, loss.slope_of_output)
        if f is not None
    },
}


def run_equation(function, arrays, constants, operators):
    """What ONNX Runtime computes from the nodes of an equation."""
    dtype = next(iter(arrays.values())).dtype
    graph = _Graph(dtype, [])
    graph("Identity", graph.equation(function, {**{name: name for name in arrays}, **constants}, operators), to="out")
    given = [_value(name, dtype, "n", "k") for name in arrays]
    whole = helper.make_graph(graph.nodes, "equation", given, [_value("out", dtype, "n", "m")], graph.initializers)
    proto = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return ort.InferenceSession(proto.SerializeToString()).run(None, arrays)[0]


def numbers(dtype):
    """Rows of small, middling and large numbers of both signs, 0 and 1 among them."""
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=300) * size for size in (1e-6, 1e-2, 1, 8, 80)])
    z[:3] = 0, 1, -1
    return rng.permutation(z).reshape(-1, 3).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EQUATIONS)
def test_the_nodes_of_each_equation_compute_what_its_line_says(name, dtype):
    """As exactly as the rounding of the inputs and of the line itself allows, for tiny values too."""
    function, constants = EQUATIONS[name]
    z, eps = numbers(dtype), np.finfo(dtype).eps
    arrays = {"z": z, "a": np.abs(z) % 1, "y": np.where(z > 1, 1, np.abs(np.roll(z, 1, axis=0)) % 1), "da": z[::-1]}
    arrays = {key: arrays[key].astype(dtype) for key in inspect.signature(function).parameters if key in arrays}
    got = run_equation(function, arrays, {key: float(value) for key, value in constants.items()}, {})
    wide = {key: value.astype(np.float64) for key, value in arrays.items()}
    with np.errstate(all="ignore"):
        expected = np.asarray(function(*arrays.values(), **constants), dtype=dtype)
        exact = function(**wide, **constants) + 0.0
        moved = [function(**wide | {key: wide[key] * (1 + eps)}, **constants) + 0.0 for key in wide]
        rounding = eps * np.abs(exact) + sum(np.abs(each - exact) for each in [expected, *moved])
        tolerance = 8 * rounding + np.finfo(dtype).tiny
    finite = np.isfinite(expected) & np.isfinite(tolerance)
    assert finite.mean() > 0.9
    assert (np.abs(got[finite] - exact[finite]) <= tolerance[finite]).all()
    infinite = ~np.isfinite(expected)
    assert np.array_equal(got[infinite], expected[infinite], equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", OPERATORS, ids=lambda function: function.__name__)
def test_an_operator_in_place_of_nodes_computes_what_the_line_says(function, dtype):
    """To the last digits of 1: ONNX Runtime's Sigmoid has no right digit left below 1e-7."""
    z = numbers(dtype)
    got = run_equation(function, {"z": z}, {}, OPERATORS)
    assert np.abs(got - function(z.astype(np.float64))).max() <= 4 * np.finfo(dtype).eps
    assert len(print_nodes(function, {"z": "z"}, OPERATORS)[0]) == 1
