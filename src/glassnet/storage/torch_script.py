"""PyTorch: writes a readable script that rebuilds the network and loads its parameters from the model file."""

from __future__ import annotations

import ast
import json
import pprint
import textwrap
from collections.abc import Callable
from typing import Any

from glassnet.equations.activations import Activation
from glassnet.printers.source import read_definition
from glassnet.storage.portable import Portable
from glassnet.tables.preparation.category_encoders import FARTHEST
from glassnet.tables.preparation.equations import binned, clipped, cosine, equals, share, sine, standardised
from glassnet.version import __version__

_CALLS = {
    "identity": "{z}",
    "relu": "functional.relu({z})",
    "leaky_relu": "functional.leaky_relu({z}, {slope!r})",
    "elu": "functional.elu({z}, {alpha!r})",
    "gelu": 'functional.gelu({z}, approximate="tanh")',
    "silu": "functional.silu({z})",
    "softplus": "functional.softplus({z})",
    "sigmoid": "torch.sigmoid({z})",
    "tanh": "torch.tanh({z})",
    "exponential": "torch.exp({z})",
    "softmax": "torch.softmax({z}, dim=1)",
}

_HEAD = '''"""A network of glassnet {version} in PyTorch: needs torch and safetensors, and the model file beside it.

At a shell:   python {script} {rows}
In Python:    network = load(); predict(network, {given})
"""

import csv
{math}import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

MODEL_FILE = Path(__file__).parent / {weights}
DTYPE = torch.{dtype}
'''

_NETWORK = '''

class Network(nn.Module):
    """{sizes}: {n_parameters:,} parameters."""

    def __init__(self):
        super().__init__()
{layers}

    def forward(self, x):  # (n, {d}) -> (n, {k})
{calls}
        return x


def load(path=MODEL_FILE):
    """The network with the parameters of the model file, which holds W as (inputs, outputs); nn.Linear wants the transpose."""
    tensors = load_file(path)
    network = Network()
    with torch.no_grad():
        for number in range(1, {stop}):
            layer = getattr(network, f"layer{{number}}")
            layer.weight.copy_(tensors[f"{prefix}W{{number}}"].T)
            layer.bias.copy_(tensors[f"{prefix}b{{number}}"])
    return network.eval()
'''

_PREPARE_COLUMNS = '''

{equations}

def one_hot(place, features, other):
    """0/1 for each category that has a feature, and with `other` one for all others; place: -1 missing, -2 unseen."""
    width = max(features, default=-1) + 1
    chosen = features[place] if place >= 0 else -1
    chosen = width if other and chosen < 0 and place != -1 else chosen
    return [float(feature == chosen) for feature in range(width + other)]


def target_mean(place, means, prior, scale):
    """The mean of the target in each category, standardised; 0 for an unseen or missing one."""
    means = means[place] if place >= 0 else prior
    return [clipped(standardised(m, g, s), {farthest!r}) for m, g, s in zip(means, prior, scale)]


def encode(x, encoder):
    """The features of a number, or of the place of a category."""
    e = encoder
    if e["kind"] == "standard":
        z = standardised(x, e["mean"], e["scale"])
        return [clipped(z, e["clip"]) if e["clip"] else z]
    if e["kind"] == "rank":
        q, r = e["quantiles"], e["ranks"]
        return [r[0] + sum((r[j + 1] - r[j]) * share(x, q[j], q[j + 1]) for j in range(len(q) - 1))]
    if e["kind"] == "bins":
        return [binned(x, low, high) for low, high in zip(e["cuts"], e["cuts"][1:])]
    if e["kind"] == "values":
        return [equals(x, value) for value in e["values"]]
    if e["kind"] == "periodic":
        return [wave(x, e["mean"], e["scale"], f) for wave in (cosine, sine) for f in e["frequencies"]]
    if e["kind"] == "onehot":
        return one_hot(x, e["features"], e["other"])
    return target_mean(x, e["means"], e["prior"], e["scale"])


def prepare(rows):
    """The network's inputs, (n, {d}), from rows {{column: cell}}.

    A column of numbers has a median, which stands in place of a missing cell; of a category its place is encoded. Where
    the column has "missing", one more 0/1 says whether the cell is missing.
    """
    features = []
    for row in rows:
        x = []
        for column in COLUMNS:
            cell = row[column["name"]]
            word = "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell).strip()
            gap = word.lower() in {missing!r} or word in {words!r}
            if "categories" in column:
                words = [str(category) for category in column["categories"]]
                value = -1 if gap else words.index(word) if word in words else -2
            else:
                value = column["median"] if gap else float({number})
            for encoder in column["encoders"]:
                x.extend(encode(value, encoder))
            if column["missing"]:
                x.append(float(gap))
        features.append(x)
    return torch.tensor(features, dtype=torch.float64).to(DTYPE)
'''

_PREPARE_IMAGES = '''

def prepare(images):
    """The network's inputs, (n, {d}), from images of {height} x {width} pixels from 0 to 255, row by row."""
    pixels = torch.as_tensor(images).to(torch.float64).reshape(-1, {d})
    return ((pixels - {mean!r}) / {scale!r}).to(DTYPE)
'''

_PREPARE_MATRIX = '''

def prepare(rows):
    """The network's inputs, (n, {d}), from rows of numbers."""
    return torch.as_tensor(rows, dtype=torch.float64).to(DTYPE)
'''

_PREDICT = '''

@torch.no_grad()
def predict(network, rows):
    """{what}"""
    output = network(prepare(rows))
{body}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(f"usage: python {{sys.argv[0]}} {rows}")
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        rows = {reader}
    for answer in predict(load(), rows):
        print(answer)
'''


def torch_script(model: Portable, script: str, weights: str) -> str:
    """Return the text of the script; `weights` is the path of the model file relative to it."""
    net, tabular = model.network, model.columns is not None and model.image_shape is None
    rows = "table.csv" if tabular else "rows.csv"
    shown = (
        script
        if script.isascii() and script.replace(".", "").replace("_", "").replace("-", "").isalnum()
        else "this.py"
    )
    head = _HEAD.format(
        version=__version__,
        script=shown,
        rows=f"{rows}   ({'with a header' if tabular else 'numbers, no header'}) prints the predictions",
        given="[{column: cell, ...}, ...]" if tabular else "[[number, ...], ...]",
        weights=json.dumps(weights),
        dtype=net.dtype.name,
        math="import math\n" if tabular else "",
    )
    if tabular:
        columns = (pprint.pformat(column.to_dict(), width=112, sort_dicts=False) for column in model.columns or ())
        head += "COLUMNS = [\n" + "".join(f"{textwrap.indent(column, '    ')},\n" for column in columns) + "]\n"
    if model.classes is not None:
        head += f"CLASSES = {pprint.pformat(model.classes, width=118, compact=True)}\n"
    if model.target is not None:
        head += f"TARGET = {model.target!r}\n"
    last = net.n_layers
    layers = [
        f"        self.layer{layer} = nn.Linear({net.sizes[layer - 1]}, {net.sizes[layer]}, dtype=DTYPE)"
        for layer in range(1, last + 1)
    ]
    calls = ["        x = " + _call(net.activations[layer], f"self.layer{layer}(x)") for layer in range(1, last + 1)]
    body = _NETWORK.format(
        sizes="-".join(map(str, net.sizes)),
        n_parameters=net.n_parameters,
        layers="\n".join(layers),
        calls="\n".join(calls),
        d=net.sizes[0],
        k=model.width,
        stop=last + 1,
        prefix=model.prefix,
    )
    what, answers = _answers(model)
    return (
        head
        + body
        + _prepare(model)
        + _PREDICT.format(
            what=what,
            body=answers,
            rows=rows,
            reader="list(csv.DictReader(file))"
            if tabular
            else "[[float(cell) for cell in row] for row in csv.reader(file)]",
        )
    )


def _call(activation: Activation, z: str) -> str:
    return _CALLS[activation.builtin].format(z=z, **{key: float(value) for key, value in activation.parameters.items()})


def _prepare(model: Portable) -> str:
    d = model.network.sizes[0]
    if model.columns is None:
        return _PREPARE_MATRIX.format(d=d)
    if model.image_shape is not None:
        height, width = model.image_shape
        (pixel,) = model.columns[0].encoders
        return _PREPARE_IMAGES.format(d=d, height=height, width=width, mean=pixel.mean, scale=pixel.scale)
    from glassnet.tables.reading.table import MISSING

    number = 'word.replace(",", ".")' if model.settings.get("decimal_comma") else "word"
    words = tuple(model.settings.get("missing", ()))
    equations: tuple[Callable[..., Any], ...] = (standardised, clipped, share, binned, equals, cosine, sine)
    printed = "\n\n\n".join(map(_scalar_python, equations))
    return _PREPARE_COLUMNS.format(
        d=d, missing=MISSING, words=words, number=number, equations=printed, farthest=FARTHEST
    )


def _scalar_python(equation: Callable[..., Any]) -> str:
    """Print an equation for plain numbers: its arguments and lines, with Python's functions in place of NumPy's."""
    definition = read_definition(equation)
    assert isinstance(definition, ast.FunctionDef)
    arguments = ", ".join(argument.arg for argument in definition.args.args)
    lines = [ast.unparse(_Scalar().visit(line)) for line in definition.body[1:]]  # after the docstring
    return f"def {definition.name}({arguments}):\n" + textwrap.indent("\n".join(lines), "    ")


class _Scalar(ast.NodeTransformer):
    """Replaces np.minimum by min, np.cos by math.cos, np.where(a, b, c) by b if a else c."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute):
            return node
        if node.func.attr == "where":
            test, body, orelse = node.args
            return ast.IfExp(test, body, orelse)
        name = {"minimum": "min", "maximum": "max", "abs": "abs"}.get(node.func.attr, f"math.{node.func.attr}")
        return ast.Call(ast.Name(name), node.args, [])


def _answers(model: Portable) -> tuple[str, str]:
    """Return the docstring of predict and the lines that turn the output into answers."""
    if model.task == "regression":
        scaled = (model.target_mean, model.target_scale) != (0.0, 1.0)
        lines = [f"    output = output * {model.target_scale!r} + {model.target_mean!r}"] if scaled else []
        return "The number of each row.", "\n".join(
            [*lines, f"    return output{'[:, 0]' if model.width == 1 else ''}.tolist()\n"]
        )
    if model.task == "labels":
        return "The 0/1 labels of each row, with their probabilities.", (
            "    return [((p > 0.5).int().tolist(), p.tolist()) for p in output]\n"
        )
    second = ["    output = torch.hstack([1 - output, output])  # of the first class, of the second"]
    lines = second if model.width == 1 else []
    lines += ["    return [(CLASSES[int(p.argmax())], p.tolist()) for p in output]\n"]
    return "The class of each row, with the probabilities of all.", "\n".join(lines)
