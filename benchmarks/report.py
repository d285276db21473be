"""Reports a run: tables for the terminal, and JSON for the record."""

from __future__ import annotations

import itertools
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.runner import Outcome, Result, difference
from benchmarks.series import new_table, short

HEADINGS = ("best µs", "median µs", "GF/s", "of peak", "× glassnet", "loss differs by")
WIDTHS = (9, 9, 6, 7, 10, 15)


def tables(console: Console, outcome: Outcome, clock: str) -> None:
    """Print a small table for each workload, dtype and number of threads."""
    console.print(f"\n[bold]Time of a step[/bold] by the {clock} clock; the ratio is of the best rounds\n")
    for first in [result for result in outcome.results if reference_of(result, outcome.results) is result]:
        threads = f", {first.threads} threads" if first.threads > 1 else ""
        title = f"{first.workload.label}, {first.workload.dtype}{threads}"
        table = new_table(title)
        table.add_column("", min_width=13, no_wrap=True)
        for heading, width in zip(HEADINGS, WIDTHS, strict=True):
            table.add_column(heading, justify="right", min_width=width, no_wrap=True)
        for result in [other for other in outcome.results if key(other) == key(first)]:
            table.add_row(result.contender, *figures(result, first, outcome, clock))
        console.print(table)


def figures(result: Result, reference: Result, outcome: Outcome, clock: str) -> list[str]:
    best, median = result.best(clock), statistics.median(result.seconds(clock))
    speed = result.workload.flops_per_step / best * 1e-9
    peak = outcome.peak(result.workload.dtype)
    differs = "" if result is reference or result.loss != result.loss else f"{difference(result, reference):.0e}"
    return [
        short(1e6 * best),
        short(1e6 * median),
        f"{speed:.1f}",
        "" if peak is None else f"{speed / (peak * result.threads):.1%}",
        "" if result is reference else f"{best / reference.best(clock):.2f}",
        differs,
    ]


def reference_of(result: Result, results: list[Result]) -> Result:
    """Return glassnet's result on the same workload, dtype and threads, or the first contender's if there is none."""
    alike = [other for other in results if key(other) == key(result)]
    return next((other for other in alike if other.contender == "glassnet"), alike[0])


def key(result: Result) -> tuple[str, str, int]:
    return result.workload.name, result.workload.dtype, result.threads


def thread_table(console: Console, one: list[Result], two: list[Result]) -> None:
    """The speed-up by the wall clock; processor time would count both cores."""
    table = new_table("glassnet on one thread and on more")
    for heading in ("workload", "dtype"):
        table.add_column(heading)
    for heading in ("threads", "µs on one", "µs on all", "speed-up"):
        table.add_column(heading, justify="right")
    for alone, together in zip(one, two, strict=True):
        before, after = alone.best("wall"), together.best("wall")
        cells = (str(together.threads), short(1e6 * before), short(1e6 * after), f"{before / after:.2f}")
        table.add_row(alone.workload.label, alone.workload.dtype, *cells)
    console.print(table)


def sweep_lines(outcome: Outcome, clock: str) -> list[str]:
    """Report how glassnet's time grows with the rows, and the width highest above a smooth curve through all."""
    lines = []
    for dtype in dict.fromkeys(result.workload.dtype for result in outcome.results):
        ours = [r for r in outcome.results if r.contender == "glassnet" and r.workload.dtype == dtype]
        rows = [result for result in ours if result.workload.name.startswith("rows")]
        for few, many in itertools.pairwise(rows):
            growth = many.best(clock) * many.workload.rows / (few.best(clock) * few.workload.rows)
            lines.append(f"{dtype}: {few.workload.rows:,} → {many.workload.rows:,} rows: an epoch takes × {growth:.2f}")
        widths = [result for result in ours if result.workload.name.startswith("width")]
        if len(widths) > 4:
            x = np.log([result.workload.sizes[1] for result in widths])
            y = np.log([result.best(clock) for result in widths])
            above = np.exp(y - np.polyval(np.polyfit(x, y, 3), x))
            worst = int(above.argmax())
            lines.append(
                f"{dtype}: {widths[worst].workload.name} lies highest above a cubic in log-log: × {above[worst]:.2f}"
            )
    return lines


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
