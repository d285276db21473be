"""`plan` decides and checks everything that a training on a table needs; `Plan.run` trains the TableModel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.initializers import default_initializer
from glassnet.errors import printable
from glassnet.network.network import Network
from glassnet.tables import specs
from glassnet.tables.columns.choose import Choice, choose_columns
from glassnet.tables.columns.targets import encode_classes, encode_numbers, find_classes, recognise_task
from glassnet.tables.fitting.splitting import split_rows
from glassnet.tables.model import TableModel, Task
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.table import Table, cut
from glassnet.tables.report.text import PURPOSE, some_of
from glassnet.tables.settings import Settings
from glassnet.training.history import History
from glassnet.training.job import EarlyStopping
from glassnet.training.options import OPTIONS
from glassnet.training.train import Callback, Epoch, train

Array = NDArray[Any]
SHARE = 0.15  # share of the rows that validate by default
MOST_CURVE_POINTS = 1_000  # points of a loss curve kept in the model


@dataclass(frozen=True, eq=False)
class Part:
    """The network's inputs, targets and sample weights of some rows."""

    X: Array
    y: Array
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.y)


@dataclass(eq=False)
class Watch:
    """A callback that records the losses, and the parameters of the best epoch in case the run is interrupted."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    best_loss: float = np.inf
    best_epoch: int = 0
    best_theta: Array | None = None

    def __call__(self, now: Epoch) -> None:
        self.loss.append(now.loss)
        better = True  # without validation the latest epoch is the best
        if now.validation_loss is not None:
            better = now.validation_loss < self.best_loss
            self.best_loss = min(self.best_loss, now.validation_loss)
            self.validation_loss.append(now.validation_loss)
        if better:
            self.best_epoch = now.epoch
            self.best_theta = now.network.theta.copy()


@dataclass(eq=False)
class Plan:
    """An untrained model with the data to train it."""

    model: TableModel
    choice: Choice
    settings: Settings
    parts: dict[str, Part]  # "train", and "validation" and "test" if there are any
    rule: str  # "as asked" or "recognised": the origin of the task
    watch: Watch = field(default_factory=Watch)

    def run(self, callbacks: Sequence[Callback] = ()) -> TableModel:
        """Train; returns the model. Raises KeyboardInterrupt only before the end of the first epoch.

        If the run is interrupted later, the model is that of the best epoch so far and `training["stopped"]` says so.
        """
        model, settings = self.model, self.settings
        train_part, validation = self.parts["train"], self.parts.get("validation")
        watch = self.watch
        history: History | None = None
        try:
            history = train(
                model.network,
                train_part.X,
                train_part.y,
                sample_weight=train_part.weight,
                validation=None if validation is None else (validation.X, validation.y),
                callbacks=[watch, *callbacks],
                **self.arguments(),
            )
        except KeyboardInterrupt:
            if watch.best_theta is None:
                raise
            model.network.theta = watch.best_theta
        model.training = {
            "rows": {name: len(part) for name, part in self.parts.items()},
            "epochs": len(watch.loss),
            "best_epoch": watch.best_epoch if history is None or history.best_epoch is None else history.best_epoch,
            "stopped": "interrupted" if history is None else history.stopped,
            "engine": settings.engine if history is None else history.engine,
            "loss": _thinned(watch.loss),
            "validation_loss": _thinned(watch.validation_loss),
        }
        if history is not None:
            model.training |= {"steps": history.steps, "seconds": round(history.seconds, 3)}
        return model

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of `train` apart from the data."""
        s = self.settings
        early = EarlyStopping(s.patience, s.min_delta) if s.patience and "validation" in self.parts else None
        return {
            **{name: getattr(s, name) for name in OPTIONS if hasattr(s, name)},
            "optimizer": specs.build_optimizer(s.optimizer, s.learning_rate),
            "batch_size": s.batch_size or None,
            "schedule": specs.build_schedule(s.schedule),
            "early_stopping": early,
            "n_threads": s.threads,
        }

    def measure(self) -> dict[str, dict[str, Any]]:
        """Measure each part; the measures are also kept in the model."""
        measures = {name: self.model.measure(part.X, part.y) for name, part in self.parts.items()}
        self.model.training |= measures
        return measures


def plan(
    table: Table,
    target: str,
    *,
    task: Task | None = None,
    settings: Settings | None = None,
    validation: float | Table = SHARE,
    test: float | Table = 0.0,
    numeric: Sequence[str] = (),
    categorical: Sequence[str] = (),
    ignore: Sequence[str] = (),
    weight: str | None = None,
) -> Plan:
    """Decide how `target` is learned from the other columns of `table`, and prepare the data.

    Parameters
    ----------
    task : "classification" or "regression"; None recognises it
    settings : hyper-parameters; those that are None follow from the size of the data
    validation, test : a share of the rows, stratified for a classification, or another Table
    numeric, categorical, ignore : columns whose kind the user decides
    weight : the column of sample weights

    Raises
    ------
    InputError
        Names the file, the line, the column and the cell that is wrong, or the setting.
    """
    settings = settings or Settings()
    if target not in table.names:
        raise table.no_column(target)
    if len(table) < 2:
        raise table.error(None, "at least 2 rows", str(len(table)), "add rows")
    chosen: Task = task or recognise_task(table, target)  # type: ignore[assignment]
    rule = "as asked" if task else "recognised"
    classes = find_classes(table, target) if chosen == "classification" else None
    settings.check(None if classes is None else len(classes))
    ignored = [*ignore] if weight is None else [*ignore, weight]
    choice = choose_columns(table, target, numeric=numeric, categorical=categorical, ignore=ignored)
    y = encode_classes(table, target, classes) if classes is not None else encode_numbers(table, target)
    if classes is None and (y == y[0]).all():
        raise table.error(target, "numbers that differ", f"{y[0]:g} in every row", "choose another --target")

    shares = {"validation": validation, "test": test}
    drawn = {name: share if not isinstance(share, Table) else 0.0 for name, share in shares.items()}
    rows = dict(zip(("train", *shares), split_rows(table, target, y, classes, drawn, settings.seed), strict=True))
    preparation = Preparation.fit(table, choice.kinds, rows["train"])
    settings = settings.complete(len(rows["train"]), preparation.n_features, None if classes is None else len(classes))

    model = TableModel(preparation, _network(preparation, settings, classes), chosen, target, classes)
    if classes is None and model.network.loss_function.targets == "numbers":
        model.target_mean, model.target_scale = _center(table, target, y[rows["train"]])
        y = (y - model.target_mean) / model.target_scale
    model.settings = _record(table, settings, model.network, choice, shares)
    X = preparation.inputs(table, dtype=settings.dtype)
    weights = _weights(table, weight, y if settings.class_weight else None, len(classes or ()))
    parts = {name: _take(X, y, weights, chosen_rows) for name, chosen_rows in rows.items() if len(chosen_rows)}
    parts |= {name: _whole(name, other, model) for name, other in shares.items() if isinstance(other, Table)}
    return Plan(model, choice, settings, parts, rule)


def plan_report(plan: Plan, table: Table) -> str:
    """Describe a training before it starts: task, columns, missing cells, columns left out, rows, settings."""
    model, s = plan.model, plan.settings
    columns = model.preparation.columns
    numeric = sum(column.kind == "numeric" for column in columns)
    becomes = f"{model.preparation.n_features} features"
    lines = [
        f"{table.source}: {len(table):,} rows, {len(table.names):,} columns",
        f"target {model.target!r}: {model.task} ({plan.rule}), {model.target_text}",
        f"inputs: {numeric} numeric and {len(columns) - numeric} categorical columns → {becomes}",
    ]
    for kind, rule in (
        ("numeric", "filled with the median, and a feature says so"),
        ("categorical", "a category of their own"),
    ):
        names = [cut(column.name, 30) for column in columns if column.kind == kind and column.missing]
        if names:
            lines.append(f"missing cells, {rule}: {some_of(names)}")
    reasons: dict[str, list[str]] = {}
    for name, reason in plan.choice.left_out.items():
        reasons.setdefault(reason, []).append(cut(name, 30))
    lines += [f"left out, {reason}: {some_of(names)}" for reason, names in reasons.items()]
    rows = [f"{len(part):,} {PURPOSE[name]}" for name, part in plan.parts.items()]
    lines.append(f"rows: {', '.join(rows)}")
    lines.append(repr(model.network))
    batches = f"batches of {s.batch_size}" if s.batch_size else "all rows in each step"
    optimizer = plan.arguments()["optimizer"]
    stop = f", until {s.patience} epochs bring no better validation loss" if plan.arguments()["early_stopping"] else ""
    lines.append(f"{optimizer}, {batches}, l2={s.l2:g}, up to {s.epochs} epochs{stop}")
    return printable("\n".join(lines), keep="\n")


def _network(preparation: Preparation, settings: Settings, classes: list[Any] | None) -> Network:
    outputs = len(classes) if classes is not None and settings.output == "softmax" else 1
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


def _record(
    table: Table, settings: Settings, network: Network, choice: Choice, shares: Mapping[str, float | Table]
) -> dict[str, Any]:
    """Return all settings of the run by name, with the values that follow from other settings where one is None."""
    optimizer = specs.build_optimizer(settings.optimizer, settings.learning_rate)
    hidden = [network.activations[layer].name for layer in range(1, network.n_layers)]
    return {
        **settings.to_dict(),
        "learning_rate": getattr(optimizer, "learning_rate", None),
        "loss": settings.loss or network.loss_function.name,
        "init": [*settings.init] if settings.init else [default_initializer(hidden)],
        **{name: given.source if isinstance(given, Table) else given for name, given in shares.items()},
        "missing": list(table.missing),
        "decimal_comma": table.decimal_comma,
        "left_out": choice.left_out,
    }


def _whole(name: str, table: Table, model: TableModel) -> Part:
    """Return all rows of a table that was passed as the part `name`."""
    if not len(table):
        raise table.error(None, "rows", "none", f"pass --{name} with a share or another file")
    return Part(model.preparation.inputs(table, dtype=model.network.dtype), model.encode(table))


def _center(table: Table, target: str, y: Array) -> tuple[float, float]:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = float(np.mean(y)), float(np.std(y))
    if not np.isfinite([mean, scale]).all():
        got = f"{np.max(np.abs(y)):g}"
        raise table.error(target, "numbers below 1e150", got, "use another unit")
    return mean, scale if scale > 0 else 1.0


def _weights(table: Table, name: str | None, y: Array | None, classes: int) -> Array | None:
    """Return sample weights: the cells of column `name`, times n/(k·n_class) if classes are balanced."""
    weights = None
    if name is not None:
        weights = table.numbers(name)
        wrong = ~(weights >= 0)
        if wrong.any():
            raise table.cell_error(int(np.argmax(wrong)), name, "a weight of at least 0", "correct it")
    if y is not None:
        balanced = (len(y) / (classes * np.bincount(y, minlength=classes)))[y]
        weights = balanced if weights is None else weights * balanced
    return weights


def _take(X: Array, y: Array, weights: Array | None, rows: Array) -> Part:
    if len(rows) == len(y):
        return Part(X, y, weights)
    return Part(X[rows], y[rows], None if weights is None else weights[rows])


def _thinned(curve: list[float]) -> list[float]:
    every = -(-len(curve) // MOST_CURVE_POINTS) or 1
    return curve[::every]
