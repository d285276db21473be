"""ONNX: a model as a graph of standard operators, from the raw columns or the matrix X to labels and probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np

from glassnet.equations import activations
from glassnet.errors import InputError
from glassnet.printers.onnx import Operand, Operator, print_nodes
from glassnet.storage.portable import Part, Portable, category_places
from glassnet.tables.preparation.category_encoders import OneHot, TargetMean
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.encoder import MISSING, UNSEEN, Encoder
from glassnet.tables.preparation.equations import binned, clipped, cosine, equals, share, sine, standardised
from glassnet.tables.preparation.number_encoders import Bins, Periodic, Rank, Standard, Values

OPSET, OPSET_ML, IR_VERSION = 17, 3, 8  # of 2022: every runtime since then reads them

# equations that are operators of ONNX by definition, and stay one node for readers and runtimes
OPERATORS: dict[Any, Operator] = {
    activations.relu: ("Relu", {}),
    activations.sigmoid: ("Sigmoid", {}),
    activations.softmax: ("Softmax", {"axis": -1}),
}


def onnx_bytes(model: Portable) -> bytes:
    """The ONNX model as bytes, checked by the onnx package."""
    try:
        import onnx
    except ImportError:
        raise InputError(
            "onnx: expected the onnx package; got none installed; run `pip install glassnet[onnx]`."
        ) from None
    graph = _Graph(model.network.dtype, list(model.columns))
    inputs = _inputs(graph, model)
    answers = [_answer(graph, model, part, _layers(graph, part, _matrix(graph, model, part))) for part in model.parts]
    several = len(answers) > 1  # runtimes lack Mean of float64
    outputs = _outputs(
        graph, model, graph("Div", graph("Sum", *answers), float(len(answers))) if several else answers[0]
    )
    helper = onnx.helper
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "glassnet", inputs, outputs, graph.initializers),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_ML)],
        ir_version=IR_VERSION,
        producer_name="glassnet",
        doc_string=f"{model.kind}, {model.task}" + (f" of {model.target}" if model.target is not None else ""),
    )
    onnx.checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString()
    return content


class _Graph:
    """The nodes of a graph under way; every operator returns the name of its result."""

    def __init__(self, dtype: Any, columns: list[str]) -> None:
        self.dtype = dtype
        self.taken = {"", *columns}  # a column may be called W1, or label
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.inputs: dict[str, str] = {}  # the name of each column's input
        self.matrices: dict[tuple[Column, ...], str] = {}  # the name of the features of columns
        self._known: dict[tuple[Any, ...], str] = {}

    def __call__(self, op: str, *inputs: Any, to: str = "", domain: str = "", **attributes: Any) -> str:
        """The node `op` of named results and constants (numbers or arrays, in the network's dtype if plain floats)."""
        from onnx import helper

        names = [given if isinstance(given, str) else self.constant(given) for given in inputs]
        result = to or self.unique(f"{op}_{len(self.nodes)}")
        self.nodes.append(helper.make_node(op, names, [result], name=result, domain=domain, **attributes))
        return result

    def equation(
        self,
        function: Callable[..., Any],
        arguments: Mapping[str, str | float],
        operators: Mapping[Any, Operator] | None = None,
        dtype: Any = None,
    ) -> str:
        """Add the nodes printed from an equation at these named results and constants, in the network's dtype or another."""
        nodes, value = print_nodes(function, arguments, operators)
        results: dict[Operand, str] = {}
        for node in nodes:
            inputs = [
                results.get(given, given)
                if isinstance(given, str)
                else np.array(given, dtype or self.dtype if isinstance(given, float) else None)
                for given in node.inputs
            ]
            results[node.result] = self(node.op, *inputs, **node.attributes)
        return results.get(value, str(value))

    def once(self, key: tuple[Any, ...], make: Callable[[], str]) -> str:
        """The name of a result that several networks use, which is made at its first use."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def cast(self, name: str, dtype: Any, to: str = "") -> str:
        """The result called `name` in another dtype."""
        from onnx import helper

        result = to or self.unique(f"Cast_{len(self.nodes)}")
        code = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.nodes.append(helper.make_node("Cast", [name], [result], name=result, to=code))
        return result

    def unique(self, name: str) -> str:
        """`name`, or if that is taken, the same with _ after it."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def constant(self, value: Any, name: str = "") -> str:
        """The name of a constant of the graph."""
        from onnx import numpy_helper

        array = np.asarray(value, self.dtype if type(value) is float else None)
        if array.dtype.kind == "U":
            array = array.astype(object)
        name = self.unique(name or f"constant_{len(self.initializers)}")
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        return name


def _value(name: str, dtype: Any, *shape: Any) -> Any:
    from onnx import TensorProto, helper

    code = TensorProto.STRING if dtype is str else helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, code, list(shape))


# --- inputs ---------------------------------------------------------------------------------------------------


def _inputs(graph: _Graph, model: Portable) -> list[Any]:
    """The declared inputs: the matrix X, the images, or one for each column."""
    if not model.is_table:
        return [_value("X", model.network.dtype, "n", model.network.sizes[0])]
    if model.image_shape is not None:
        return [_value("images", np.uint8, "n", *model.image_shape)]
    for label in model.columns:
        graph.inputs[label] = label or graph.unique("column")  # ONNX has no empty names
    return [
        _value(graph.inputs[label], str if column.kind == "categorical" else np.float64, "n", 1)
        for label, column in model.columns.items()
    ]


def _matrix(graph: _Graph, model: Portable, part: Part) -> str:
    """The name of the matrix (n, d) that the first layer of a network takes; equal preparations share one."""
    if part.columns is None:
        return "X"
    if part.columns not in graph.matrices:
        if model.image_shape is not None:
            (standard,) = part.columns[0].encoders
            pixels = graph("Reshape", graph.cast("images", np.float64), np.array([-1, part.network.sizes[0]]))
            features = [_encoded(graph, pixels, standard)]
        else:
            missing = model.settings.get("missing", ())
            features = [each for column in part.columns for each in _features(graph, column, missing)]
        X = graph("Concat", *features, axis=1) if len(features) > 1 else features[0]
        graph.matrices[part.columns] = X
    return graph.cast(graph.matrices[part.columns], part.network.dtype)


def _features(graph: _Graph, column: Column, missing: Sequence[str]) -> list[str]:
    """The features of each encoder, and whether the cell is missing, in float64."""
    name = graph.inputs[column.label]
    if column.kind == "categorical":
        return _category(graph, name, column, missing)
    gap = graph.once(("gap", name), lambda: graph("IsNaN", name))
    x = graph("Where", gap, np.float64(column.median), name)
    features = [_encoded(graph, x, encoder) for encoder in column.encoders]
    return [*features, graph.cast(gap, np.float64)] if column.missing else features


def _encoded(graph: _Graph, x: str, encoder: Encoder) -> str:
    """The features (n, width) of numbers x (n, 1), from the equations of the encoders."""

    def equation(function: Callable[..., Any], x: str = x, **constants: Any) -> str:
        rows = {name: graph.constant(np.array(value, np.float64)[None, :]) for name, value in constants.items()}
        return graph.equation(function, {next(iter(signature(function).parameters)): x, **rows}, dtype=np.float64)

    match encoder:
        case Standard(mean, scale, clip):
            z = equation(standardised, mean=[mean], scale=[scale])
            return equation(clipped, z, most=[clip]) if clip else z
        case Rank(quantiles, ranks):
            shares = equation(share, low=quantiles[:-1], high=quantiles[1:])
            return graph("Add", graph("MatMul", shares, np.diff(ranks)[:, None]), np.float64(ranks[0]))
        case Bins(cuts):
            return equation(binned, low=cuts[:-1], high=cuts[1:])
        case Values(values):
            return equation(equals, value=values)
        case Periodic(mean, scale, frequencies):
            waves = (equation(f, mean=[mean], scale=[scale], frequency=frequencies) for f in (cosine, sine))
            return graph("Concat", *waves, axis=1)
    raise AssertionError(encoder)


def _category(graph: _Graph, name: str, column: Column, missing: Sequence[str]) -> list[str]:
    """The features of each encoder, and whether the cell is missing."""
    places = category_places(column, missing)
    code = graph.once(
        ("code", name, *places.items()),
        lambda: graph(
            "LabelEncoder",
            name,
            domain="ai.onnx.ml",
            keys_strings=list(places),
            values_int64s=list(places.values()),
            default_int64=UNSEEN,
        ),
    )
    features = []  # arrays by category end with those of UNSEEN, -2, and MISSING, -1, where Gather finds them
    for encoder in column.encoders:
        if isinstance(encoder, OneHot) and encoder.width:
            feature = graph("Gather", encoder.by_category(), code)
            features.append(graph.cast(graph("Equal", feature, np.arange(encoder.width)[None, :]), np.float64))
        elif isinstance(encoder, TargetMean):
            features.append(graph("Gather", encoder.by_category(), graph("Reshape", code, np.array([-1]))))
    return [*features, graph.cast(graph("Equal", code, np.int64(MISSING)), np.float64)] if column.missing else features


# --- layers ---------------------------------------------------------------------------------------------------


def _layers(graph: _Graph, part: Part, X: str) -> str:
    """Z[l] = A[l-1] W[l] + b[l], A[l] = g(Z[l])."""
    net, A = part.network, X
    for layer in net.W:
        W, b = graph.constant(net.W[layer], f"W{layer}"), graph.constant(net.b[layer], f"b{layer}")
        g = net.activations[layer]
        A = graph.equation(g.f, {"z": graph("Gemm", A, W, b), **g.parameters}, OPERATORS, net.dtype)
    return A


# --- outputs --------------------------------------------------------------------------------------------------


def _answer(graph: _Graph, model: Portable, part: Part, A: str) -> str:
    """The probabilities (n, classes) or the numbers (n, k) of one network, in the dtype of the first."""
    A = A if part.network.dtype == graph.dtype else graph.cast(A, graph.dtype)
    if model.task == "regression":
        if (part.target_mean, part.target_scale) != (0.0, 1.0):
            A = graph("Add", graph("Mul", A, float(part.target_scale)), float(part.target_mean))
    elif model.task == "classification" and part.network.sizes[-1] == 1:
        A = graph("Concat", graph("Sub", 1.0, A), A, axis=1)  # one sigmoid stands for two classes
    return A


def _outputs(graph: _Graph, model: Portable, answer: str) -> list[Any]:
    """label and probabilities of a classification; prediction of a regression."""
    dtype, width = model.network.dtype, model.width
    if model.task == "regression":
        prediction = graph.unique("prediction")
        if width == 1:
            graph("Reshape", answer, np.array([-1]), to=prediction)
        else:
            graph("Identity", answer, to=prediction)
        return [_value(prediction, dtype, "n", *[width] * (width > 1))]
    label, probabilities = graph.unique("label"), graph.unique("probabilities")
    graph("Identity", answer, to=probabilities)
    if model.task == "labels":
        graph.cast(graph("Greater", answer, 0.5), np.int64, to=label)
        return [_value(label, np.int64, "n", width), _value(probabilities, dtype, "n", width)]
    classes = np.array(model.classes)
    graph("Gather", classes, graph("ArgMax", answer, axis=1, keepdims=0), axis=0, to=label)
    kind = str if classes.dtype.kind in "UO" else classes.dtype
    return [_value(label, kind, "n"), _value(probabilities, dtype, "n", len(classes))]
