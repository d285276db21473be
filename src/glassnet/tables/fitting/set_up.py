"""`set_up` makes an untrained member of a model, with the data and the options that train it."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class SetUp:
    """An untrained member, the rows that train it, and complete settings."""

    member: Member
    settings: Settings
    train: Part

    def part(self, table: Table, actual: Array) -> Part:
        """Prepare all rows of another table, whose targets are `actual`."""
        member = self.member
        return Part(member.inputs(table), self._targets(actual), actual)

    def options(self, validated: bool) -> dict[str, Any]:
        """Return the options of `train` apart from the data; without validation nothing stops early."""
        s = self.settings
        return {
            **{name: getattr(s, name) for name in OPTIONS if hasattr(s, name)},
            "optimizer": specs.build_optimizer(s.optimizer, s.learning_rate),
            "batch_size": s.batch_size or None,
            "schedule": specs.build_schedule(s.schedule),
            "early_stopping": EarlyStopping(s.patience, s.min_delta) if s.patience and validated else None,
            "n_threads": s.threads,
        }

    def _targets(self, actual: Array) -> Array:
        return standardised(actual, self.member)


def set_up(problem: Problem, settings: Settings, rows: Array) -> SetUp:
    """Prepare the rows `rows` of a problem, and make the network that settings describe.

    Settings that are None are chosen by the number of rows and columns.
    """
    table, classes = problem.table, problem.classes
    preparation = Preparation.fit(table, problem.choice.kinds, rows)
    settings = settings.complete(len(rows), preparation.n_features, problem.n_classes)
    member = Member(preparation, _network(preparation, settings, problem.n_classes))
    if classes is None and member.network.loss_function.targets == "numbers":
        member.target_mean, member.target_scale = _center(table, problem.target, problem.y[rows])
    X = preparation.inputs(table if len(rows) == len(table) else table.take(rows), dtype=settings.dtype)
    member.baseline = np.asarray(X.mean(axis=0), np.float64).reshape(-1)
    actual = problem.y[rows]
    weight = None if problem.weight is None else problem.weight[rows]
    return SetUp(member, settings, Part(X, standardised(actual, member), actual, weight))


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
