"""`Portable`: the inputs, the networks and the meaning of the outputs of a model of any kind, which all exports read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from glassnet.equations.activations import ACTIVATIONS
from glassnet.errors import InputError, shown
from glassnet.network.network import Network
from glassnet.storage.kinds import as_model
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.encoder import MISSING
from glassnet.tables.preparation.number_encoders import Standard
from glassnet.tables.reading.table import MISSING as MISSING_WORDS
from glassnet.tables.reading.table import Table

Task = Literal["classification", "labels", "regression"]


@dataclass(frozen=True)
class Part:
    """One network of a model; the model's answer is the mean of those of its parts.

    Parameters
    ----------
    network : Network
    columns : tuple of Column, optional
        The columns of a table model; without them the input is a matrix X, (n, d).
    target_mean, target_scale : float
        A number predicted is the output · target_scale + target_mean.
    prefix : str
        What stands before W1 among the tensors of the model's file.
    """

    network: Network
    columns: tuple[Column, ...] | None = None
    target_mean: float = 0.0
    target_scale: float = 1.0
    prefix: str = ""


@dataclass(frozen=True)
class Portable:
    """A model described from its inputs to its answers.

    Parameters
    ----------
    kind : str
        "Network", "TableModel", "MLPClassifier" or "MLPRegressor".
    parts : tuple of Part
        One, or several of a table model.
    task : "classification", "labels" or "regression"
        One class a row; several 0/1 labels a row; numbers.
    classes : list, optional
        Of a classification, in the order of the probabilities.
    target : str, optional
        What a table model predicts.
    names : list of str, optional
        Of the inputs of a matrix, where they are known.
    settings, training : dict
        What was set and what was measured, where the model knows it.
    """

    kind: str
    parts: tuple[Part, ...]
    task: Task
    classes: list[Any] | None = None
    target: str | None = None
    names: list[str] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for activation in (each for part in self.parts for each in part.network.activations.values()):
            if not activation.builtin:
                raise InputError(
                    f"activation: expected a built-in one; got {activation.name!r} of your own, whose Python code cannot "
                    f"be exported; use one of {', '.join(ACTIVATIONS)}."
                )

    @property
    def network(self) -> Network:
        """The network of the first part."""
        return self.parts[0].network

    @property
    def columns(self) -> dict[str, Column]:
        """The columns that any part reads, by their label; empty if the input is a matrix."""
        return {column.label: column for part in self.parts for column in part.columns or ()}

    @property
    def is_table(self) -> bool:
        """True if the inputs are the columns of a table."""
        return self.parts[0].columns is not None

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """Height and width, if the columns are the pixels of images, row by row, on one scale; else None."""
        columns = self.parts[0].columns or ()
        grid = re.fullmatch(r"r(\d{1,6})c(\d{1,6})", columns[-1].name) if columns else None
        if grid is None or any(part.columns != columns for part in self.parts):
            return None
        height, width = int(grid[1]) + 1, int(grid[2]) + 1
        names = [f"r{i}c{j}" for i in range(height) for j in range(width)] if height * width == len(columns) else []
        (first, *more) = columns[0].encoders
        plain = isinstance(first, Standard) and not (first.clip or more or columns[0].missing)
        same = all(column == replace(columns[0], name=name) for column, name in zip(columns, names, strict=False))
        return (height, width) if plain and same and names else None

    @property
    def width(self) -> int:
        """The number of outputs of each network."""
        return self.network.sizes[-1]


def category_places(column: Column, missing: Sequence[str]) -> dict[str, int]:
    """Return the place of each word that a cell may hold: of a category in its list, MISSING of a word for no category.

    The column's type reads the usual spellings of the categories and of words for a missing cell, `missing` among them.
    """
    import polars as pl

    usual = [form(word) for word in MISSING_WORDS for form in (str, str.upper, str.title)]
    usual += ["NaN", *missing, *column.type.to_dict().get("missing", ())]
    own = {str(category): place for place, category in enumerate(column.categories)}
    spelled = [form(word) for word in own for form in (str.upper, str.title, lambda w: w[:1], lambda w: w[:1].upper())]
    words = list(dict.fromkeys([*usual, *spelled]))
    read = column.type.words(Table(pl.DataFrame({"": words}), missing=tuple(missing)), "")
    places = {word: MISSING if as_read is None else own.get(as_read) for word, as_read in zip(words, read, strict=True)}
    return {word: place for word, place in places.items() if place is not None} | own


def as_portable(model: Any) -> Portable:
    """Describe any model as a Portable; raise InputError if it cannot be exported."""
    model = as_model(model)
    kind = type(model).__name__
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], Network):
        return as_portable(model[0])  # the history stays behind
    if type(model) is Network:
        output, width = model.activations[model.n_layers].name, model.sizes[-1]
        if output == "softmax" or (output == "sigmoid" and width == 1):
            return Portable(kind, (Part(model),), "classification", classes=list(range(max(width, 2))))
        return Portable(kind, (Part(model),), "labels" if output == "sigmoid" else "regression")
    if kind == "TableModel":
        several = len(model.members) > 1
        parts = (
            Part(
                member.network,
                member.preparation.columns,
                member.target_mean,
                member.target_scale,
                f"members.{k}.network." if several else "network.",
            )
            for k, member in enumerate(model.members)
        )
        return Portable(
            kind,
            tuple(parts),
            model.task,
            classes=model.classes,
            target=model.target,
            settings=model.settings,
            training=model.training,
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
        (Part(network, prefix="network."),),
        task,  # type: ignore[arg-type]
        classes=classes,
        names=None if names is None else names.tolist(),
        settings=model.get_params(deep=False),
    )
