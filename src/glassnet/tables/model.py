"""The TableModel: a preparation, a network and a target, which together predict one column of a table from others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, printable
from glassnet.network.network import Network
from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.columns.rows import usable_rows
from glassnet.tables.columns.targets import encode_classes, encode_numbers
from glassnet.tables.preparation.cells import Cells
from glassnet.tables.preparation.column import Unseen
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table
from glassnet.tables.report.measures import measure_classes, measure_numbers
from glassnet.tables.report.text import model_text, target_text
from glassnet.tables.specs import build_optimizer

Array = NDArray[Any]
Task = Literal["classification", "regression"]


@dataclass(eq=False, repr=False)
class Member:
    """One network of a model, with its own preparation of the table.

    Parameters
    ----------
    preparation : Preparation
        From columns to the network's inputs.
    network : Network
    target_mean, target_scale : float
        A regression's prediction is the network's output · target_scale + target_mean.
    baseline : (d,) array, optional
        The mean of the network's inputs over the rows it was trained on.
    """

    preparation: Preparation
    network: Network
    target_mean: float = 0.0
    target_scale: float = 1.0
    baseline: Array | None = None

    def inputs(self, table: Table | Cells, unseen: Unseen = "other") -> Any:
        """Return the network's inputs for the rows of `table`, (n, d)."""
        return self.preparation.inputs(table, unseen=unseen, dtype=self.network.dtype)

    def answer(self, X: Any) -> Array:
        """Return the probabilities (n, classes), or the numbers (n,) in the target's units, in float64."""
        network = self.network
        if network.activations[network.n_layers].builtin in ("sigmoid", "softmax"):
            return network.predict_proba(X).astype(np.float64)
        with np.errstate(over="ignore"):
            return network.predict(X).astype(np.float64) * self.target_scale + self.target_mean


@dataclass(eq=False, repr=False)
class TableModel:
    """The model that `glassnet train` makes: it maps the rows of a table to predictions of its target.

    Its prediction is the mean of those of its members: of their probabilities, or of their numbers.

    Parameters
    ----------
    members : sequence of Member
        At least one network with its preparation.
    task : "classification" or "regression"
    target : str
        The column to predict.
    classes : list of str, int, float or bool, or None
        The classes in the order of the network's outputs; a single sigmoid has two. None for a regression.
    settings : dict
        Every setting of the run, as JSON values.
    training : dict
        The measures of the training, as JSON values.
    target_type : ColumnType, optional
        How the cells of the target are read; plain numbers, or words, without it.
    """

    members: Sequence[Member]
    task: Task
    target: str
    classes: list[Any] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    target_type: ColumnType | None = None

    def __post_init__(self) -> None:
        self.target_type = self.target_type or ColumnType("numeric" if self.classes is None else "categorical")

    @property
    def preparation(self) -> Preparation:
        """The preparation of the first member."""
        return self.members[0].preparation

    @property
    def network(self) -> Network:
        """The network of the first member."""
        return self.members[0].network

    @property
    def target_mean(self) -> float:
        """What the first member adds to its network's output."""
        return self.members[0].target_mean

    @property
    def target_scale(self) -> float:
        """What the first member multiplies its network's output by."""
        return self.members[0].target_scale

    def step_options(self) -> dict[str, Any]:
        """Return the optimizer, the penalties and the limit of the gradient of its training, as `explain` takes them."""
        known = {name: self.settings[name] for name in ("l1", "l2", "clip_norm") if self.settings.get(name)}
        if not self.settings.get("optimizer"):
            return known
        return {**known, "optimizer": build_optimizer(self.settings["optimizer"], self.settings.get("learning_rate"))}

    def table(self, given: Any) -> Table:
        """Read `given` (a path, data frame, mapping or Table) as a Table, with the options of the training data."""
        return as_table(given, tuple(self.settings.get("missing", ())), bool(self.settings.get("decimal_comma", False)))

    def predict(self, table: Any, *, unseen: Unseen = "other") -> Array:
        """Return the predicted class or number of each row, (n,); `table` is a path, data frame, mapping or Table."""
        return self.decide(self.answer(table, unseen=unseen))

    def predict_proba(self, table: Any, *, unseen: Unseen = "other") -> Array:
        """Return the probability of each class, (n, classes), in the order of `classes`."""
        if self.task == "regression":
            raise InputError("predict_proba: expected a classification; got a regression; use predict.")
        return self.answer(table, unseen=unseen)

    def answer(self, table: Any, *, unseen: Unseen = "other") -> Array:
        """Return the mean answer of the members: probabilities (n, classes), or numbers (n,) in the target's units."""
        table = self.table(table)
        cells = Cells(table)  # read once for all members
        return mean_answer(member.answer(member.inputs(cells, unseen)) for member in self.members)

    def evaluate(self, table: Any, *, unseen: Unseen = "other") -> dict[str, Any]:
        """Measure the predictions for a table that has the target.

        Rows without a target are left out. For a classification rows, accuracy, balanced_accuracy, macro_f1, log_loss, for
        two classes roc_auc (of the second), the calibration, and the confusion matrix (rows: actual). For a regression rows, r2, rmse, mae, in the
        target's units, and the residuals. "uncertainty" holds the standard deviation of each measure.
        """
        return self.measure(*self.answer_and_target(self.with_target(self.table(table)), unseen))

    def with_target(self, table: Table) -> Table:
        """Return the rows that have a target; raise InputError if none has."""
        assert self.target_type is not None
        rows, _ = usable_rows(table, self.target, self.target_type)
        return table if len(rows) == len(table) else table.take(rows)

    def answer_and_target(self, table: Table, unseen: Unseen = "other") -> tuple[Array, Array]:
        """Return the answer and the encoded target of each row of a table that has the target."""
        return self.answer(table, unseen=unseen), self.encode(table)

    def measure(self, answer: Array, y: Array) -> dict[str, Any]:
        """Measure as `evaluate` does, from the answers of `answer` and the target of `encode`."""
        if self.classes is None:
            return measure_numbers(answer, y)
        return measure_classes(answer, y)

    def encode(self, table: Table) -> Array:
        """Return the target: class indices (n,), or numbers (n,) in its own units."""
        if self.classes is not None:
            return encode_classes(table, self.target, self.classes)
        return encode_numbers(table, self.target, self.target_type)

    def decide(self, answer: Array) -> Array:
        """Return the likeliest class of each row, (n,), or the numbers as they are."""
        return answer if self.classes is None else np.array(self.classes)[np.argmax(answer, axis=1)]

    def __repr__(self) -> str:
        if self.classes is None:
            what = f"a number, mean {self.target_mean:.4g}, scale {self.target_scale:.4g}"
        else:
            some = ", ".join(map(str, self.classes[:4])) + (", …" if len(self.classes) > 4 else "")
            what = f"{len(self.classes)} classes: {printable(some)}"
        network = repr(self.network).split("  #")[0]
        networks = network if len(self.members) == 1 else f"{len(self.members)} networks, the first {network}"
        return f"TableModel({self.target!r}, {what}; from {self.preparation!r}; {networks})"

    @property
    def target_text(self) -> str:
        """The classes, or the mean and standard deviation of a number, in one line."""
        return target_text(self.classes, self.target_mean, self.target_scale)

    def summary(self) -> str:
        """Describe columns, network, settings and measures as text."""
        network = self.network.summary()
        if len(self.members) > 1:
            network = f"{len(self.members)} networks, whose predictions are averaged; the first:\n{network}"
        columns = self.preparation.columns
        return model_text(self.target, self.target_text, columns, network, self.settings, self.training)


def mean_answer(answers: Iterable[Array]) -> Array:
    """Return the mean of the members' answers, added up in their order."""
    first, *others = answers
    total = first if not others else sum(others, first)
    return np.asarray(total) / (1 + len(others))
