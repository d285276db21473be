"""`set_up` makes an untrained member of a model, with the data and the options that train it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network.network import Network
from glassnet.tables import specs
from glassnet.tables.fitting.problem import Problem
from glassnet.tables.model import Member
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.table import Table
from glassnet.tables.settings import Settings
from glassnet.training.job import EarlyStopping
from glassnet.training.options import OPTIONS

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows as a member takes them.

    Parameters
    ----------
    X : (n, d) array or CSR array
        The network's inputs.
    y : (n,) array
        The network's targets: class numbers, or standardised numbers.
    actual : (n,) array
        Class numbers, or numbers in the target's units.
    weight : (n,) array, optional
    """

    X: Any
    y: Array
    actual: Array
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def as_validation(self) -> tuple[Any, ...]:
        """The part as `train` takes what validates."""
        weighted = self.weight is not None and self.weight.any()
        return (self.X, self.y, self.weight) if weighted else (self.X, self.y)


@dataclass(frozen=True, eq=False)
class Inputs:
    """The preparation measured on some rows of a problem, and their inputs X (n, d)."""

    preparation: Preparation
    X: Any


@dataclass(frozen=True, eq=False)
class SetUp:
    """An untrained member, the rows that train it, and complete settings."""

    member: Member
    settings: Settings
    train: Part

    def part(self, table: Table, actual: Array) -> Part:
        """Prepare all rows of another table, whose targets are `actual`."""
        return Part(self.member.inputs(table), standardised(actual, self.member), actual)

    def held_out(self, problem: Problem, rows: Array, X: Any = None) -> Part:
        """Prepare other rows of the problem; X are their inputs, where they are known."""
        if X is None:
            X = self.member.preparation.inputs(problem.cells, rows=rows, dtype=self.settings.dtype)
        weight = None if problem.weight is None else problem.weight[rows]
        return Part(X, standardised(problem.y[rows], self.member), problem.y[rows], weight)

    def options(self, validated: bool) -> dict[str, Any]:
        """Return the options of `train` apart from the data; without validation nothing stops early."""
        s = self.settings
        patience = s.patience or s.epochs or 1  # with patience 0 it never stops, and still keeps the best epoch
        return {
            **{name: getattr(s, name) for name in OPTIONS if hasattr(s, name)},
            "optimizer": specs.build_optimizer(s.optimizer or "adam", s.learning_rate),
            "batch_size": s.batch_size or None,
            "schedule": specs.build_schedule(s.schedule or "constant"),
            "early_stopping": EarlyStopping(patience, s.min_delta) if validated else None,
            "n_threads": s.threads,
        }


def complete(problem: Problem, settings: Settings, rows: int, quick: bool = False) -> Settings:
    """Return the settings with every None chosen for a problem of which `rows` rows are trained on."""
    numeric = sum(kind != "categorical" for kind in problem.choice.kinds.values())
    images = problem.table.image_shape is not None
    return settings.complete(rows, numeric, problem.n_classes, images, quick)


def measure_inputs(problem: Problem, settings: Settings, rows: Array) -> Inputs:
    """Measure the columns of a problem on some rows, and prepare these; `settings` are complete."""
    cells, classes, encoding = problem.cells, problem.n_classes, settings.encoding
    preparation = Preparation.fit(
        cells, problem.choice.types, rows, encoding=encoding, y=problem.y, classes=classes, seed=settings.seed
    )
    if encoding.categories == "onehot":
        return Inputs(preparation, preparation.inputs(cells, rows=rows, dtype=settings.dtype))
    seed, dtype = settings.seed, settings.dtype
    return Inputs(
        preparation, preparation.training_matrix(cells, rows, problem.y, classes=classes, seed=seed, dtype=dtype)
    )


def set_up(
    problem: Problem, settings: Settings, rows: Array, seed: int | None = None, inputs: Inputs | None = None
) -> SetUp:
    """Make the network that complete settings describe, and the data to train it on the rows `rows`.

    `seed` is that of the weights, the order and dropout, in place of the settings' own; `inputs` those of
    `measure_inputs`, where they are known.
    """
    settings = settings if seed is None else replace(settings, seed=seed)
    inputs = measure_inputs(problem, settings, rows) if inputs is None else inputs
    member = Member(inputs.preparation, _network(inputs.preparation, settings, problem.n_classes))
    if problem.classes is None and member.network.loss_function.targets == "numbers":
        member.target_mean, member.target_scale = _center(problem.table, problem.target, problem.y[rows])
    member.baseline = np.asarray(inputs.X.mean(axis=0), np.float64).reshape(-1)
    actual = problem.y[rows]
    weight = None if problem.weight is None else problem.weight[rows]
    return SetUp(member, settings, Part(inputs.X, standardised(actual, member), actual, weight))


def standardised(actual: Array, member: Member) -> Array:
    """Return the member's targets: (y − mean)/scale of numbers, class numbers as they are."""
    return actual if actual.dtype.kind in "iu" else (actual - member.target_mean) / member.target_scale


def _center(table: Table, target: str, y: Array) -> tuple[float, float]:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = float(np.mean(y)), float(np.std(y))
    if not np.isfinite([mean, scale]).all():
        got = f"{np.max(np.abs(y)):g}"
        raise table.error(target, "numbers below 1e150", got, "use another unit")
    return mean, scale if scale > 0 else 1.0


def _network(preparation: Preparation, settings: Settings, classes: int | None) -> Network:
    outputs = classes if classes is not None and settings.output == "softmax" else 1
    assert settings.hidden is not None
    assert settings.output is not None
    assert settings.activation is not None
    activations = [specs.build_activation(text) for text in settings.activation]
    return Network(
        [preparation.n_features, *settings.hidden, outputs],
        hidden=[
            each.name if each.name == text else each
            for each, text in zip(activations, settings.activation, strict=True)
        ]
        if len(activations) > 1
        else settings.activation[0]
        if ":" not in settings.activation[0]
        else activations[0],
        output=settings.output,
        loss=None if settings.loss is None else specs.build_loss(settings.loss),
        init=None if settings.init is None else settings.init[0] if len(settings.init) == 1 else list(settings.init),
        seed=settings.seed,
        dtype=settings.dtype,
    )
