"""The TableModel: a preparation, a network and a target, which together predict one column of a table from others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, printable
from glassnet.network.network import Network
from glassnet.tables.columns.targets import encode_classes, encode_numbers
from glassnet.tables.preparation.preparation import Preparation, Unseen
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table
from glassnet.tables.report.measures import measure_classes, measure_numbers
from glassnet.tables.report.text import model_text, target_text

Array = NDArray[Any]
Task = Literal["classification", "regression"]


@dataclass(eq=False, repr=False)
class TableModel:
    """The model that `glassnet train` makes: it maps the rows of a table to predictions of its target.

    Parameters
    ----------
    preparation : Preparation
        From columns to the network's inputs.
    network : Network
    task : "classification" or "regression"
    target : str
        The column to predict.
    classes : list of str, int, float or bool, or None
        The classes in the order of the network's outputs; a single sigmoid has two. None for a regression.
    target_mean, target_scale : float
        A regression's prediction is the network's output · target_scale + target_mean.
    settings : dict
        Every setting of the run, as JSON values.
    training : dict
        The measures of the training, as JSON values.
    """

    preparation: Preparation
    network: Network
    task: Task
    target: str
    classes: list[Any] | None = None
    target_mean: float = 0.0
    target_scale: float = 1.0
    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)

    def table(self, given: Any) -> Table:
        """Read `given` (a path, data frame, mapping or Table) as a Table, with the options of the training data."""
        return as_table(given, tuple(self.settings.get("missing", ())), bool(self.settings.get("decimal_comma", False)))

    def predict(self, table: Any, *, unseen: Unseen = "error") -> Array:
        """Return the predicted class or number of each row, (n,); `table` is a path, data frame, mapping or Table."""
        X = self.preparation.inputs(self.table(table), unseen=unseen, dtype=self.network.dtype)
        return self.decode(self.network.predict(X))

    def predict_proba(self, table: Any, *, unseen: Unseen = "error") -> Array:
        """Return the probability of each class, (n, classes), in the order of `classes`."""
        if self.task == "regression":
            raise InputError("predict_proba: expected a classification; got a regression; use predict.")
        X = self.preparation.inputs(self.table(table), unseen=unseen, dtype=self.network.dtype)
        return self.network.predict_proba(X)

    def evaluate(self, table: Any, *, unseen: Unseen = "error") -> dict[str, Any]:
        """Measure the predictions for a table that has the target.

        For a classification rows, accuracy, balanced_accuracy, macro_f1, log_loss, for two classes roc_auc (of the
        second), and the confusion matrix (rows: actual). For a regression rows, r2, rmse, mae, in the target's units.
        """
        table = self.table(table)
        y = self.encode(table)
        X = self.preparation.inputs(table, unseen=unseen, dtype=self.network.dtype)
        return self.measure(X, y)

    def measure(self, X: Array, y: Array) -> dict[str, Any]:
        """Measure as `evaluate` does, from the network's inputs X and the encoded target y."""
        if self.classes is None:
            return measure_numbers(self.network, X, y, self.target_mean, self.target_scale)
        return measure_classes(self.network, X, y, len(self.classes))

    def encode(self, table: Table) -> Array:
        """Encode the target for the network: class indices (n,), or standardised numbers (n,)."""
        if self.classes is not None:
            return encode_classes(table, self.target, self.classes)
        return (encode_numbers(table, self.target) - self.target_mean) / self.target_scale

    def decode(self, predicted: Array) -> Array:
        """Turn class indices or standardised numbers of the network into classes or numbers of the target."""
        if self.classes is not None:
            return np.array(self.classes)[predicted.astype(np.intp)]
        return predicted * self.target_scale + self.target_mean

    def __repr__(self) -> str:
        if self.classes is None:
            what = f"a number, mean {self.target_mean:.4g}, scale {self.target_scale:.4g}"
        else:
            some = ", ".join(map(str, self.classes[:4])) + (", …" if len(self.classes) > 4 else "")
            what = f"{len(self.classes)} classes: {printable(some)}"
        network = repr(self.network).split("  #")[0]
        return f"TableModel({self.target!r}, {what}; from {self.preparation!r}; {network})"

    @property
    def target_text(self) -> str:
        """The classes, or the mean and standard deviation of a number, in one line."""
        return target_text(self.classes, self.target_mean, self.target_scale)

    def summary(self) -> str:
        """Describe columns, network, settings and measures as text."""
        columns, network = self.preparation.columns, self.network.summary()
        return model_text(self.target, self.target_text, columns, network, self.settings, self.training)
