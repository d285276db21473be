"""A TableModel as text: what it reads, how it was trained, how well it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from glassnet.errors import printable
from glassnet.tables.table import Table, cut

if TYPE_CHECKING:
    from glassnet.tables.fitting import Plan
    from glassnet.tables.model import TableModel
    from glassnet.tables.preparation import Column

SHOWN_COLUMNS = 40
_PURPOSE = {"train": "to train", "validation": "to validate", "test": "to test"}
NAMES = {
    "rows": "rows",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "log_loss": "log loss",
    "roc_auc": "ROC AUC",
    "r2": "R²",
    "rmse": "RMSE",
    "mae": "mean absolute error",
}


def model_report(model: TableModel) -> str:
    """Columns, network, settings and measures of a model."""
    parts = [
        f"predicts {model.target!r}: {target_text(model)}",
        columns_text(model.preparation.columns),
        model.network.summary(),
    ]
    if model.settings:
        parts.append(
            "settings\n"
            + "\n".join(
                f"  {name} = {value!r}" for name, value in model.settings.items() if value not in (None, [], {})
            )
        )
    measured = {part: model.training[part] for part in _PURPOSE if model.training.get(part)}
    facts = [
        f"  {name.replace('_', ' ')}: {value}" for name, value in model.training.items() if isinstance(value, int | str)
    ]
    if facts:
        parts.append("training\n" + "\n".join(facts))
    if measured:
        parts.append(measures_text(measured))
    return printable("\n\n".join(parts), keep="\n")


def plan_report(plan: Plan, table: Table) -> str:
    """What a training is about to do with a table: task, columns, missing cells, what is left out, rows, settings."""
    model, s = plan.model, plan.settings
    columns = model.preparation.columns
    numeric = sum(column.kind == "numeric" for column in columns)
    becomes = f"{model.preparation.n_features} features"
    lines = [
        f"{table.source}: {len(table):,} rows, {len(table.names):,} columns",
        f"target {model.target!r}: {model.task} ({plan.rule}), {target_text(model)}",
        f"inputs: {numeric} numeric and {len(columns) - numeric} categorical columns → {becomes}",
    ]
    for kind, rule in (
        ("numeric", "filled with the median, and a feature says so"),
        ("categorical", "a category of their own"),
    ):
        names = [cut(column.name, 30) for column in columns if column.kind == kind and column.missing]
        if names:
            lines.append(f"missing cells, {rule}: {_some(names)}")
    reasons: dict[str, list[str]] = {}
    for name, reason in plan.choice.left_out.items():
        reasons.setdefault(reason, []).append(cut(name, 30))
    lines += [f"left out, {reason}: {_some(names)}" for reason, names in reasons.items()]
    rows = [f"{len(part):,} {_PURPOSE[name]}" for name, part in plan.parts.items()]
    lines.append(f"rows: {', '.join(rows)}")
    lines.append(repr(model.network))
    batches = f"batches of {s.batch_size}" if s.batch_size else "all rows in each step"
    optimizer = plan.arguments()["optimizer"]
    stop = f", until {s.patience} epochs bring no better validation loss" if plan.arguments()["early_stopping"] else ""
    lines.append(f"{optimizer}, {batches}, l2={s.l2:g}, up to {s.epochs} epochs{stop}")
    return printable("\n".join(lines), keep="\n")


def target_text(model: TableModel) -> str:
    """The classes, or the mean and scale of a number."""
    if model.classes is None:
        return f"a number, {model.target_mean:.6g} on average, with a standard deviation of {model.target_scale:.6g}"
    names = ", ".join(str(each) for each in model.classes[:10]) + (", …" if len(model.classes) > 10 else "")
    return f"{len(model.classes)} classes: {names}"


def columns_text(columns: Sequence[Column]) -> str:
    """One line for each column: name, kind, what it becomes."""
    rows = [(cut(column.name, 40), column.kind, _becomes(column)) for column in columns[:SHOWN_COLUMNS]]
    text = grid([("column", "kind", "becomes"), *rows])
    more = len(columns) - SHOWN_COLUMNS
    return text + (f"\n… and {more:,} more columns" if more > 0 else "")


def measures_text(measured: dict[str, dict[str, Any]]) -> str:
    """Measures side by side, one column a part: training, validation, test."""
    names = [name for name in NAMES if any(name in values for values in measured.values())]
    rows = [
        (NAMES[name], *(_number(values[name]) if name in values else "" for values in measured.values()))
        for name in names
    ]
    return grid([("", *measured), *rows], right=True)


def confusion_text(confusion: list[list[int]], classes: list[Any]) -> str:
    """A confusion matrix: one row an actual class, one column a predicted one."""
    names = [cut(str(each), 16) for each in classes]
    header = ("actual \\ predicted", *names)
    return grid([header, *((name, *map(str, row)) for name, row in zip(names, confusion, strict=True))], right=True)


def grid(rows: Iterable[Sequence[str]], right: bool = False) -> str:
    """Cells in aligned columns; with `right` all but the first are set to the right."""
    rows = [tuple(row) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if right and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _becomes(column: Column) -> str:
    if column.kind == "categorical":
        some = ", ".join(cut(str(each), 16) for each in column.categories[:4])
        text = f"{len(column.categories)} features: {some}" + (", …" if len(column.categories) > 4 else "")
        return text + (", missing" if column.missing else "; all 0 if missing")
    mean = f"x − {column.mean:.5g}" if column.mean >= 0 else f"x + {-column.mean:.5g}"
    text = f"({mean}) / {column.scale:.5g}; {column.median:.5g} if missing"
    return text + (", and a feature that says so" if column.missing else "")


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"
