"""Writes the figures of a run into a column of docs/about/benchmarks.md: `python -m benchmarks.page results.json --column Xeon`.

A row of the page's tables is filled if its first cell is the name of a case; the column is the one whose heading
begins with the given word.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.series import short

PAGE = Path(__file__).parents[1] / "docs/about/benchmarks.md"


def step_cells(record: dict[str, Any], clock: str) -> dict[str, str]:
    """Return, for each workload and dtype, glassnet's time, its share of the peak, and the peers' times as multiples."""
    found: dict[str, str] = {}
    for ours in record.get("results", []):
        if ours["contender"] != "glassnet":
            continue
        name = f"{ours['workload']}, {ours['dtype']}"
        micros = ours[f"{clock}_us_per_step_best"]
        speed = ours["flops_per_step"] / micros * 1e-3
        peak = max((peak[ours["dtype"]] for peak in record["peaks"]), default=None)
        share = "" if peak is None else f", {speed / peak / ours['threads']:.0%} of the peak"
        others = [
            f"{other['contender']} × {short(other[f'{clock}_us_per_step_best'] / micros)}"
            for other in record["results"]
            if other is not ours and all(other[key] == ours[key] for key in ("workload", "dtype", "threads"))
        ]
        found[name] = "; ".join([f"{short(micros)} µs{share}", ", ".join(others)]).removesuffix("; ")
    return found


def whole_cells(record: dict[str, Any], clock: str) -> dict[str, str]:
    """Return, for each case, the first contender's best time, and the others' as multiples of best and median.

    The epochs of a contender that took others than the first are told, and who failed.
    """
    cases: dict[str, list[dict[str, Any]]] = {}
    for series in record.get("whole", []):
        cases.setdefault(series["case"], []).append(series)
    found = {}
    for case, (first, *others) in cases.items():
        ours = _seconds(first, clock)
        told = [f"{_shown(first['contender'])} {short(1e3 * min(ours))} ms"]
        for other in others:
            seconds, epochs = _seconds(other, clock), _epochs(other)
            ratios = f"× {short(min(seconds) / min(ours))} ({short(median(seconds) / median(ours))})"
            more = f" in {epochs} epochs" if epochs != _epochs(first) else ""
            told.append(f"{_shown(other['contender'])} {ratios}{more}")
        failed = [note.removeprefix(f"{case}: ") for note in record["notes"] if note.startswith(f"{case}: ")]
        told += [": ".join(note.split(": ")[:2]) for note in failed]
        found[case] = "; ".join([told[0], ", ".join(told[1:])]).removesuffix("; ")
    return found


def _shown(contender: str) -> str:
    """A contender's name; a command as code, since Markdown makes a dash of two hyphens."""
    return f"`{contender}`" if "--" in contender else contender


def _seconds(series: dict[str, Any], clock: str) -> list[float]:
    return [sample["wall"] if sample["cpu"] is None else sample[clock] for sample in series["samples"]]


def _epochs(series: dict[str, Any]) -> int | None:
    told: dict[str, int] = series["samples"][-1]["told"]
    return told.get("epochs")


def fill(text: str, column: str, cells: dict[str, str]) -> tuple[str, list[str]]:
    """Return the text with the cells in its tables, and the names for which it has no row."""
    left = {" ".join(name.split()): cell for name, cell in cells.items()}
    place, lines = None, []
    for line in text.split("\n"):
        parts = line.split("|")
        if not line.startswith("|"):
            place = None
        elif place is None:
            headings = [part.strip() for part in parts]
            place = next((k for k, heading in enumerate(headings) if column and heading.startswith(column)), 0)
        elif place and (cell := left.pop(" ".join(parts[1].split()), None)) is not None:
            line = "|".join([*parts[:place], f" {cell} ", *parts[place + 1 :]])
        lines.append(line)
    return "\n".join(lines), list(left)


def main() -> None:
    """Fill the page, and print what had no row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--column", required=True, help="the first word of a heading")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    given = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    for path in given.results:
        record = json.loads(path.read_text(encoding="utf-8"))
        cells = step_cells(record, given.clock) | whole_cells(record, given.clock)
        text, missing = fill(text, given.column, cells)
        for name in missing:
            print(f"{path}: no row for {name!r}: {cells.get(name)}")
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
