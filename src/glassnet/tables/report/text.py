"""Text for the columns, the target, the settings and the measures of a model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from glassnet.errors import printable
from glassnet.tables.preparation.column import Column
from glassnet.tables.reading.table import cut, cut_left
from glassnet.tables.report.importance import importance_text

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
BASELINES = {"constant": "a constant's", "linear": "a linear model's"}
AHEAD_IN = {False: ("log loss", "log_loss"), True: ("RMSE", "rmse")}  # of a regression or not: what models compare by


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
        parts.append(measures_text(measured, training.get("baselines")))
    if ranking := importance_text(training):
        parts.append(ranking)
    return printable("\n\n".join(parts), keep="\n")


def target_text(classes: Sequence[Any] | None, mean: float, scale: float) -> str:
    """Name the classes, or the mean and standard deviation of a number."""
    if classes is None:
        return f"a number, {mean:.6g} on average, with a standard deviation of {scale:.6g}"
    names = ", ".join(str(each) for each in classes[:10]) + (", …" if len(classes) > 10 else "")
    return f"{len(classes)} classes: {names}"


def columns_text(columns: Sequence[Column]) -> str:
    """Write one line for each column: name, kind, features."""
    text = grid([("column", "kind", "becomes"), *column_rows(columns[:SHOWN_COLUMNS])])
    more = len(columns) - SHOWN_COLUMNS
    return text + (f"\n… and {more:,} more columns" if more > 0 else "")


def column_rows(columns: Sequence[Column]) -> list[tuple[str, str, str]]:
    """Return name, kind and features of each column."""
    return [(cut(column.name, 40), column.kind, _becomes(column)) for column in columns]


def measures_text(measured: Mapping[str, Mapping[str, Any]], baselines: Mapping[str, Any] | None = None) -> str:
    """Write measures with their uncertainty side by side: one column a part, then the baselines of the last part.

    `baselines` maps a part to the measures of "constant" and "linear", as `compare` gives them.
    """
    last = list(measured)[-1]
    beside = (baselines or {}).get(last, {})
    columns = {**measured, **{f"{last}: {name}": values for name, values in beside.items()}}
    names = [name for name in NAMES if any(name in values for values in columns.values())]
    rows = [(NAMES[name], *(with_uncertainty(values, name) for values in columns.values())) for name in names]
    text = grid([("", *columns), *rows], right=True)
    return f"{text}\n{ahead_text(beside)}".rstrip() if beside else text


def ahead_text(beside: Mapping[str, Any]) -> str:
    """Say by how much the model is better on the same rows than each of its baselines."""
    name, key = AHEAD_IN["rmse" in next(iter(beside.values()))]
    said = [
        f"{'better' if ahead >= 0 else 'worse'} than {BASELINES.get(other, other)} by {plus_minus(abs(ahead), deviation)}"
        for other, values in beside.items()
        for ahead, deviation in [values.get("ahead", {}).get(key, (math.nan, 0.0))]
        if math.isfinite(ahead)
    ]
    return f"The {name} is {' and '.join(said)}" if said else ""


def held_out_part(training: Mapping[str, Any]) -> str:
    """Name the part that tells best what to expect of other rows: test, else validation; "" if there is neither."""
    return next((part for part in ("test", "validation") if training.get(part)), "")


def with_uncertainty(measures: Mapping[str, Any], name: str) -> str:
    """Write the measure `name` with its standard deviation, if it has one: 0.853 ± 0.041; "" if it was not measured."""
    if name not in measures:
        return ""
    return plus_minus(measures[name], measures.get("uncertainty", {}).get(name, 0.0))


def plus_minus(value: float, deviation: float) -> str:
    """Write a value ± its standard deviation, both to two digits of the deviation; the value alone if that is 0."""
    if not 1e-9 * abs(value) < deviation < math.inf or isinstance(value, int):
        return _number(value)
    digits = min(max(1 - math.floor(math.log10(deviation)), 0), 6)
    return f"{value:,.{digits}f} ± {deviation:,.{digits}f}"


def confusion_text(confusion: list[list[int]], classes: list[Any]) -> str:
    """Write a confusion matrix: one row for each actual class, one column for each predicted class."""
    names = short_names(classes)
    header = ("actual \\ predicted", *names)
    return grid([header, *((name, *map(str, row)) for name, row in zip(names, confusion, strict=True))], right=True)


def short_names(classes: Sequence[Any], width: int = 16) -> list[str]:
    """Return names of at most `width` characters, cut so that they still differ: at the end, the start or in the middle."""
    names = [cut(str(each), 1_000) for each in classes]
    half = width // 2

    def numbered(name: str) -> str:
        return cut(f"{names.index(name) + 1}: {name}", width)

    for shorten in (cut, cut_left, lambda name, _: cut(name, half) + cut_left(name, width - half)[1:]):
        made = [name if len(name) <= width else shorten(name, width) for name in names]
        if len(set(made)) == len(names):
            return made
    return [numbered(name) for name in names]


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
