"""PyTorch: writes a readable script that rebuilds the networks and loads their parameters from the model file."""

from __future__ import annotations

import json
import pprint
import textwrap
from typing import Any

from glassnet.equations.activations import Activation
from glassnet.network.network import Network
from glassnet.storage.portable import Part, Portable
from glassnet.storage.torch_prepare import prepare_text
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

_HEAD = '''"""{a_network} of glassnet {version} in PyTorch: needs torch and safetensors, and the model file beside it.

At a shell:   python {script} {rows}
In Python:    {networks} = load(); predict({networks}, {given})
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

class {name}(nn.Module):
    """{sizes}: {n_parameters:,} parameters."""

    depth = {depth}

    def __init__(self):
        super().__init__()
{layers}

    def forward(self, x):  # (n, {d}) -> (n, {k})
{calls}
        return x
'''

_LOAD = '''

def fill(network, tensors, prefix):
    """The network with the parameters of the model file, which holds W as (inputs, outputs); nn.Linear wants the transpose."""
    with torch.no_grad():
        for number in range(1, network.depth + 1):
            layer = getattr(network, f"layer{{number}}")
            layer.weight.copy_(tensors[f"{{prefix}}W{{number}}"].T)
            layer.bias.copy_(tensors[f"{{prefix}}b{{number}}"])
    return network.eval()


def load(path=MODEL_FILE):
    """{what}"""
    tensors = load_file(path)
    return {filled}
'''

_PREDICT = '''

@torch.no_grad()
def predict({networks}, rows):
    """{what}"""
{output}
{body}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(f"usage: python {{sys.argv[0]}} {rows}")
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        rows = {reader}
    writer = csv.writer(sys.stdout, lineterminator="\\n")
    writer.writerow({header})
    for answer in predict(load(), rows):
        writer.writerow({line})
'''


def torch_script(model: Portable, script: str, weights: str) -> str:
    """Return the text of the script; `weights` is the path of the model file relative to it."""
    several, tabular = len(model.parts) > 1, model.is_table and model.image_shape is None
    rows, networks = "table.csv" if tabular else "rows.csv", "networks" if several else "network"
    shown = (
        script
        if script.isascii() and script.replace(".", "").replace("_", "").replace("-", "").isalnum()
        else "this.py"
    )
    prepare = prepare_text(model)
    head = _HEAD.format(
        a_network="Networks" if several else "A network",
        networks=networks,
        version=__version__,
        script=shown,
        rows=f"{rows}   ({'with a header' if tabular else 'numbers, no header'}) prints the predictions",
        given="[{column: cell, ...}, ...]" if tabular else "[[number, ...], ...]",
        weights=json.dumps(weights),
        dtype=model.network.dtype.name,
        math="import math\n" if "math." in prepare else "",
    )
    if tabular:
        head += _columns_text(model)
    if model.classes is not None:
        head += f"CLASSES = {pprint.pformat(model.classes, width=118, compact=True)}\n"
    if model.target is not None:
        head += f"TARGET = {model.target!r}\n"
    what, body = _answers(model)
    header, line = _lines(model)
    predict = _PREDICT.format(
        networks=networks,
        what=what,
        output=_output(model, tabular),
        body=body,
        rows=rows,
        reader="list(csv.DictReader(file))"
        if tabular
        else "[[float(cell) for cell in row] for row in csv.reader(file)]",
        header=header,
        line=line,
    )
    return head + _networks_text(model) + prepare + predict


def _columns_text(model: Portable) -> str:
    """COLUMNS: the columns of the network, or a list for each network."""

    def written(part: Part, margin: str) -> str:
        columns = (
            pprint.pformat(column.to_dict(), width=112, sort_dicts=False, compact=True) for column in part.columns or ()
        )
        return "".join(f"{textwrap.indent(column, margin)},\n" for column in columns)

    if len(model.parts) == 1:
        return "COLUMNS = [\n" + written(model.parts[0], "    ") + "]\n"
    return "COLUMNS = [\n" + "".join(f"    [\n{written(part, ' ' * 8)}    ],\n" for part in model.parts) + "]\n"


def _networks_text(model: Portable) -> str:
    """One class for each architecture, and the functions that load their parameters."""
    classes: dict[str, str] = {}  # by text, without the name
    names = []
    for part in model.parts:
        text = _network_text(part.network)
        names.append(classes.setdefault(text, f"Network{len(classes) + 1}" if len(model.parts) > 1 else "Network"))
    texts = "".join(text.replace("class (", f"class {name}(", 1) for text, name in classes.items())
    filled = [f'fill({name}(), tensors, "{part.prefix}")' for name, part in zip(names, model.parts, strict=True)]
    if len(filled) == 1:
        return texts + _LOAD.format(what="The network of the model file.", filled=filled[0])
    listed = "[\n" + "".join(f"        {each},\n" for each in filled) + "    ]"
    return texts + _LOAD.format(what="The networks of the model file.", filled=listed)


def _network_text(net: Network) -> str:
    stop = net.n_layers + 1
    layers = [
        f"        self.layer{layer} = nn.Linear({net.sizes[layer - 1]}, {net.sizes[layer]}, dtype=DTYPE)"
        for layer in range(1, stop)
    ]
    calls = ["        x = " + _call(net.activations[layer], f"self.layer{layer}(x)") for layer in range(1, stop)]
    return _NETWORK.format(
        name="",
        sizes="-".join(map(str, net.sizes)),
        n_parameters=net.n_parameters,
        depth=net.n_layers,
        layers="\n".join(layers),
        calls="\n".join(calls),
        d=net.sizes[0],
        k=net.sizes[-1],
    )


def _call(activation: Activation, z: str) -> str:
    return _CALLS[activation.builtin].format(z=z, **{key: float(value) for key, value in activation.parameters.items()})


def _output(model: Portable, tabular: bool) -> str:
    """Return the lines of predict that compute the output, the mean of those of several networks."""
    if len(model.parts) == 1:
        mean, scale = model.parts[0].target_mean, model.parts[0].target_scale
        units = [f"    output = output * {scale!r} + {mean!r}"] if (mean, scale) != (0.0, 1.0) else []
        return "\n".join(["    output = network(prepare(rows))", *units])
    if tabular:
        lines = ["    outputs = [network(prepare(rows, columns)) for network, columns in zip(networks, COLUMNS)]"]
    else:
        lines = ["    x = prepare(rows)", "    outputs = [network(x) for network in networks]"]
    if model.task == "regression":
        units = [f"        ({part.target_mean!r}, {part.target_scale!r})," for part in model.parts]
        lines += ["    units = [  # mean and scale of the target", *units, "    ]"]
        lines += ["    outputs = [output * scale + mean for output, (mean, scale) in zip(outputs, units)]"]
    return "\n".join([*lines, "    output = sum(outputs) / len(outputs)"])


def _answers(model: Portable) -> tuple[str, str]:
    """Return the docstring of predict and the lines that turn the output into answers."""
    if model.task == "regression":
        answers = f"    return output{'[:, 0]' if model.width == 1 else ''}.tolist()\n"
        return "The number of each row.", answers
    if model.task == "labels":
        return "The 0/1 labels of each row, with their probabilities.", (
            "    return [((p > 0.5).int().tolist(), p.tolist()) for p in output]\n"
        )
    second = ["    output = torch.hstack([1 - output, output])  # of the first class, of the second"]
    lines = second if model.width == 1 else []
    lines += ["    return [(CLASSES[int(p.argmax())], p.tolist()) for p in output]\n"]
    return "The class of each row, with the probabilities of all.", "\n".join(lines)


def _lines(model: Portable) -> tuple[Any, str]:
    """Return the header of the predictions that a shell gets, and the cells of a line."""
    numbers = range(1, model.width + 1)
    if model.task == "regression":
        one = model.width == 1
        return ["prediction"] if one else [f"prediction_{k}" for k in numbers], "[answer]" if one else "answer"
    if model.task == "labels":
        return [f"{what}_{k}" for what in ("label", "probability") for k in numbers], "[*answer[0], *answer[1]]"
    header = '["prediction", *(f"probability_{name}" for name in CLASSES)]'
    return header, "[answer[0], *answer[1]]"
