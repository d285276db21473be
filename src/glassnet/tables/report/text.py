"""Text for the columns, the target, the settings and the measures of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from glassnet.errors import printable
from glassnet.tables.preparation.column import Column
from glassnet.tables.reading.table import cut

SHOWN_COLUMNS = 40
PURPOSE = {"train": "to train", "validation": "to validate", "test": "to test"}
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


def model_text(
    target: str,
    target_line: str,
    columns: Sequence[Column],
    network: str,
    settings: Mapping[str, Any],
    training: Mapping[str, Any],
) -> str:
    """Join a model's target, columns, network, settings and measures into one text."""
    parts = [f"predicts {target!r}: {target_line}", columns_text(columns), network]
    if settings:
        chosen = [f"  {name} = {value!r}" for name, value in settings.items() if value not in (None, [], {})]
        parts.append("settings\n" + "\n".join(chosen))
    facts = [f"  {name.replace('_', ' ')}: {value}" for name, value in training.items() if isinstance(value, int | str)]
    if facts:
        parts.append("training\n" + "\n".join(facts))
    if measured := {part: training[part] for part in PURPOSE if training.get(part)}:
        parts.append(measures_text(measured))
    return printable("\n\n".join(parts), keep="\n")


def target_text(classes: Sequence[Any] | None, mean: float, scale: float) -> str:
    """Name the classes, or the mean and standard deviation of a number."""
    if classes is None:
        return f"a number, {mean:.6g} on average, with a standard deviation of {scale:.6g}"
    names = ", ".join(str(each) for each in classes[:10]) + (", …" if len(classes) > 10 else "")
    return f"{len(classes)} classes: {names}"


def columns_text(columns: Sequence[Column]) -> str:
    """Write one line for each column: name, kind, features."""
    rows = [(cut(column.name, 40), column.kind, _becomes(column)) for column in columns[:SHOWN_COLUMNS]]
    text = grid([("column", "kind", "becomes"), *rows])
    more = len(columns) - SHOWN_COLUMNS
    return text + (f"\n… and {more:,} more columns" if more > 0 else "")


def measures_text(measured: dict[str, dict[str, Any]]) -> str:
    """Write measures side by side, one column for each part: training, validation, test."""
    names = [name for name in NAMES if any(name in values for values in measured.values())]
    rows = [
        (NAMES[name], *(_number(values[name]) if name in values else "" for values in measured.values()))
        for name in names
    ]
    return grid([("", *measured), *rows], right=True)


def confusion_text(confusion: list[list[int]], classes: list[Any]) -> str:
    """Write a confusion matrix: one row for each actual class, one column for each predicted class."""
    names = [cut(str(each), 16) for each in classes]
    header = ("actual \\ predicted", *names)
    return grid([header, *((name, *map(str, row)) for name, row in zip(names, confusion, strict=True))], right=True)


def grid(rows: Iterable[Sequence[str]], right: bool = False) -> str:
    """Align cells in columns; with `right` all columns but the first are aligned to the right."""
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
    text = "; ".join(encoder.text(column.categories) for encoder in column.encoders)
    if column.kind == "categorical":
        return text + (", missing" if column.missing else "; all 0 if missing")
    return text + f"; {column.median:.5g} if missing" + (", and a feature that says so" if column.missing else "")


def some_of(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"
