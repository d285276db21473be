"""Writes a run of the playground as a Python script that gives the same numbers without the playground."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from glassnet.playground.checkpoints import Course
from glassnet.playground.datasets import DATASETS
from glassnet.playground.features import FEATURES
from glassnet.playground.given import given_arrays, written
from glassnet.playground.setup import Setup
from glassnet.playground.state import COLUMNS, GIVEN, State
from glassnet.training.optimizers import OPTIMIZERS

_START = '''\
"""{title} with glassnet: a run of the playground, to step {step}.

/?{query}
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one thread adds in one order: the last digit is that of any machine

{imports}

{data}
{scaling}

def inputs(points):
    """Return the network's inputs for points (n, 2)."""
    x, y = points[:, 0], points[:, 1]
    return np.column_stack([{features}])


net = gn.Network({network})
{weights}run = gn.Run(
    net,
    inputs(X_train),
    y_train,
{options})
{steps}
print(f"step {{run.step}}")
print(f"training loss {{net.loss(inputs(X_train), y_train)!r}}")
{test}'''
_TEST = 'print(f"test loss {net.loss(inputs(X_test), y_test)!r}")\n'


def script(course: Course, state: State) -> str:
    """Return the script of a run up to a step; it prints the losses that the page shows, to the last digit."""
    setup = course.setup
    position = course.at(state.step)
    arrays = given_arrays(setup)
    imports, data, scaling = _data(setup, arrays)
    steps = _steps(state, position.run.step)
    if position.non_finite is not None:
        steps += f"# the step after this one ends it: {position.non_finite}\n"
    return _START.format(
        title=setup.data.title.capitalize(),
        step=position.run.step,
        query=state.query(),
        imports="\n".join(imports),
        data=written(arrays) + data,
        scaling=scaling,
        features=", ".join(FEATURES[name][1] for name in setup.features),
        network=", ".join(_network(setup)),
        weights="" if setup.weights is None else 'net.theta = given["theta"]\n',
        options="".join(f"    {line},\n" for line in _options(setup)),
        steps=steps,
        test=_TEST if len(setup.data.test) else "",
    )


def _data(setup: Setup, arrays: Mapping[str, Any]) -> tuple[list[str], str, str]:
    """Return the imports of the script, and its lines that make the points and scale them."""
    state = setup.state
    imports = ["import numpy as np", "", "import glassnet as gn"]
    if arrays:
        imports = ["import base64", "import io", "", *imports]
    if state.data.startswith(GIVEN):
        names = ("X_train", "y_train", "X_test", "y_test")
        return imports, "\n".join(f'{name} = given["{name}"]' for name in names), ""
    if state.drawn:
        return [*imports, "from glassnet.playground.drawn import read_drawn"], _drawn_data(setup), ""
    imports.insert(imports.index("import numpy as np") + 1, "from sklearn.model_selection import train_test_split")
    if state.data.startswith("csv:"):
        imports = ["import sys", "from pathlib import Path", "", *imports]
        imports.append("from glassnet.playground.uploads import read_upload")
        return imports, _own_data(setup) + _split(state), _scaling(setup)
    return imports, _made_data(state) + _split(state), ""


def _split(state: State) -> str:
    return (
        "\nX_train, X_test, y_train, y_test = "
        f"train_test_split(X, y, test_size={state.test!r}, random_state={state.data_seed})"
    )


def _drawn_data(setup: Setup) -> str:
    """Return the lines that read the points of the address, split as they were drawn."""
    lines = [f'X, y, test = read_drawn("{setup.state.data}")']
    if setup.data.graph:
        lines.append("y = X[:, 1]")
    return "\n".join([*lines, "X_train, y_train, X_test, y_test = X[~test], y[~test], X[test], y[test]"])


def _made_data(state: State) -> str:
    """Return the source of the function that makes the data set, and its call."""
    made = DATASETS[state.data]
    source = inspect.getsource(made.make).replace(") -> Points:", "):")
    for kind in (": int", ": float"):
        source = source.replace(kind, "", source.count(kind))
    classes = f", {state.classes}" if made.classes == 0 else ""
    return f"\n{source}\n\nX, y = {made.make.__name__}({state.n}, {state.noise!r}, {state.data_seed}{classes})"


def _own_data(setup: Setup) -> str:
    state = setup.state
    digest = state.data.removeprefix("csv:")
    chosen = ", ".join(f"{name}={value!r}" for name in COLUMNS if (value := getattr(state, name)))
    return (
        f'FILE = sys.argv[1] if len(sys.argv) > 1 else "data.csv"  # your own; its SHA-256 begins {digest[:16]}\n'
        f"own = read_upload(Path(FILE).read_bytes())\n"
        f'assert own.id == "csv:{digest}", f"{{FILE}}: not the file of this run"\n'
        f"own = own.choose({chosen})\n"
        f"X, y = own.X, own.y"
    )


def _scaling(setup: Setup) -> str:
    lines = [
        "",
        "# mean 0 and scale 1, by the training part",
        "mean, scale = X_train.mean(axis=0), X_train.std(axis=0)",
        "X_train, X_test = (X_train - mean) / scale, (X_test - mean) / scale",
    ]
    if setup.data.classes is None:
        lines += [
            "mean, scale = y_train.mean(), y_train.std()",
            "y_train, y_test = (y_train - mean) / scale, (y_test - mean) / scale",
        ]
    return "\n".join(lines) + "\n"


def _network(setup: Setup) -> list[str]:
    state = setup.state
    parts = [str(setup.sizes)]
    if state.hidden:
        parts.append(
            f"hidden={state.activation[0]!r}" if len(state.activation) == 1 else f"hidden={[*state.activation]}"
        )
    parts.append(f"output={setup.data.output!r}")
    if setup.loss != setup.losses[0]:
        parts.append(f"loss={setup.loss!r}")
    if setup.weights is not None:
        return [*parts, *([f"dtype={setup.weights.dtype.name!r}"] if setup.weights.dtype != "float64" else [])]
    if state.init:
        parts.append(f"init={state.init!r}")
    return [*parts, f"seed={state.seed}"]


def _options(setup: Setup) -> list[str]:
    state, options, given = setup.state, setup.options(), setup.data.options
    optimizer = f"gn.{OPTIMIZERS[state.optimizer].__name__}(learning_rate={state.learning_rate!r})"
    if type(given.get("optimizer")) is type(options["optimizer"]):
        optimizer = f"gn.{options['optimizer']!r}"
    lines = [f"optimizer={optimizer}", f"epochs={options['epochs']}"]
    lines += [f"{name}={given[name]!r}" for name in ("clip_norm", "shuffle", "engine") if name in given]
    lines += [f"schedule=gn.{given['schedule']!r}"] if "schedule" in given else []
    lines += ['sample_weight=given["sample_weight"]'] if "sample_weight" in given else []
    lines += [f"batch_size={setup.batch_size}"] if setup.batch_size else []
    lines += [f"{name}={getattr(state, name)!r}" for name in ("l1", "l2", "dropout") if getattr(state, name)]
    return [*lines, f"seed={state.seed}"]


def _steps(state: State, last: int) -> str:
    """Return the calls that train, with the parameters set by hand between them."""
    lines, done = [], 0
    for step, edits in groupby((edit for edit in state.edits if edit.step <= last), key=lambda edit: edit.step):
        if step > done:
            lines.append(f"run.advance(steps={step - done})")
        for edit in edits:
            place = f"b[{edit.layer}][{edit.column}]"
            place = place if edit.row < 0 else f"W[{edit.layer}][{edit.row}, {edit.column}]"
            lines.append(f"net.{place} = {edit.value!r}  # by hand")
        done = step
    if last > done:
        lines.append(f"run.advance(steps={last - done})")
    return "".join(f"{line}\n" for line in lines)
