"""`Portable`: the inputs, the network and the meaning of the outputs of a model of any kind, which all exports read."""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from glassnet.equations.activations import ACTIVATIONS
from glassnet.errors import InputError, shown
from glassnet.network.network import Network
from glassnet.tables.reading.table import MISSING

Task = Literal["classification", "labels", "regression"]


@dataclass(frozen=True)
class Portable:
    """A model described from its inputs to its answers.

    Parameters
    ----------
    kind : str
        "Network", "TableModel", "MLPClassifier" or "MLPRegressor".
    network : Network
    task : "classification", "labels" or "regression"
        One class a row; several 0/1 labels a row; numbers.
    columns : tuple of glassnet.tables.preparation.column.Column, optional
        The columns of a table model; without them the input is a matrix X, (n, d).
    classes : list, optional
        Of a classification, in the order of the probabilities.
    target : str, optional
        What a table model predicts.
    target_mean, target_scale : float
        A number predicted is the output · target_scale + target_mean.
    names : list of str, optional
        Of the inputs of a matrix, where they are known.
    settings, training : dict
        What was set and what was measured, where the model knows it.
    prefix : str
        What stands before W1 among the tensors of the model's file.
    """

    kind: str
    network: Network
    task: Task
    columns: tuple[Any, ...] | None = None
    classes: list[Any] | None = None
    target: str | None = None
    target_mean: float = 0.0
    target_scale: float = 1.0
    names: list[str] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    prefix: str = ""

    def __post_init__(self) -> None:
        for activation in self.network.activations.values():
            if not activation.builtin:
                raise InputError(
                    f"activation: expected a built-in one; got {activation.name!r} of your own, whose Python code cannot "
                    f"be exported; use one of {', '.join(ACTIVATIONS)}."
                )

    @property
    def output(self) -> str:
        """The name of the output activation."""
        return self.network.activations[self.network.n_layers].builtin

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """Height and width, if the columns are the pixels of images, row by row, on one scale; else None."""
        columns = self.columns or ()
        grid = re.fullmatch(r"r(\d{1,6})c(\d{1,6})", columns[-1].name) if columns else None
        if grid is None:
            return None
        height, width = int(grid[1]) + 1, int(grid[2]) + 1
        pixels = (dataclasses.replace(columns[0], name=f"r{i}c{j}") for i in range(height) for j in range(width))
        same = columns[0].kind == "numeric" and not columns[0].missing and height * width == len(columns)
        return (height, width) if same and all(map(operator.eq, columns, pixels)) else None

    @property
    def width(self) -> int:
        """The number of outputs of the network."""
        return self.network.sizes[-1]


def missing_words(more: Sequence[str]) -> list[str]:
    """Return the usual spellings of the words that mean a missing cell, and those that a table has besides."""
    usual = [form(word) for word in MISSING for form in (str, str.upper, str.title)]
    return list(dict.fromkeys([*usual, "NaN", *more]))


def as_portable(model: Any) -> Portable:
    """Describe any model as a Portable; raise InputError if it cannot be exported."""
    kind = type(model).__name__
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], Network):
        return as_portable(model[0])  # the history stays behind
    if type(model) is Network:
        output, width = model.activations[model.n_layers].name, model.sizes[-1]
        if output == "softmax" or (output == "sigmoid" and width == 1):
            return Portable(kind, model, "classification", classes=list(range(max(width, 2))))
        return Portable(kind, model, "labels" if output == "sigmoid" else "regression")
    if kind == "TableModel":
        return Portable(
            kind,
            model.network,
            model.task,
            columns=model.preparation.columns,
            classes=model.classes,
            target=model.target,
            target_mean=model.target_mean,
            target_scale=model.target_scale,
            settings=model.settings,
            training=model.training,
            prefix="network.",
        )
    if kind in ("MLPClassifier", "MLPRegressor") and hasattr(model, "coefs_"):
        return _estimator(kind, model)
    raise InputError(
        f"model: expected a Network, a fitted estimator or a TableModel; got {shown(model)}; pass one of these."
    )


def _estimator(kind: str, model: Any) -> Portable:
    network, names = model._read_parameters(), getattr(model, "feature_names_in_", None)
    classes, task = None, "regression"
    if kind == "MLPClassifier":
        several = model._label_binarizer.y_type_ == "multilabel-indicator"
        task = "labels" if several else "classification"
        classes = model.classes_.tolist()
        if len(classes) == 1:  # a single class is predicted whatever the output says
            classes *= 2
    return Portable(
        kind,
        network,
        task,  # type: ignore[arg-type]
        classes=classes,
        names=None if names is None else names.tolist(),
        settings=model.get_params(deep=False),
        prefix="network.",
    )
