"""The command: `python -m benchmarks [--only W1,W3] [--quick] [--out DIR] [--no-peers] [--threads N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import chart, machine, many, report, runner
from benchmarks.glassnet_engine import described, engine
from benchmarks.peak import Peak
from benchmarks.peers import installed
from benchmarks.worker import Worker
from benchmarks.workloads import GROUPS, Workload, quick

SECTIONS = (*GROUPS, "W5", "threads")
DTYPES = ("float32", "float64")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure glassnet against its peers.")
    parser.add_argument("--only", default="", help=f"some of {','.join(SECTIONS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="less data, 3 rounds, fewer seeds, float32 only")
    parser.add_argument(
        "--out", type=Path, default=Path("benchmarks/results"), help="folder for the JSON and the charts"
    )
    parser.add_argument("--no-peers", action="store_true", help="glassnet alone")
    parser.add_argument("--threads", type=int, default=1, help="threads of every contender")
    parser.add_argument("--rounds", type=int, help="timed rounds: 5 by default, at most 3 in the sweeps")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="clock of tables and charts; cpu is right on a busy machine with one thread",
    )
    given = parser.parse_args()
    given.only = given.only.split(",") if given.only else list(SECTIONS)
    if wrong := set(given.only) - set(SECTIONS):
        parser.error(f"--only: expected some of {', '.join(SECTIONS)}; got {', '.join(sorted(wrong))}")
    given.rounds = given.rounds or (3 if given.quick else 5)
    return given


def main() -> int:
    given = parse()
    console = Console() if sys.stdout.isatty() else Console(width=100)
    contenders = ["glassnet", *([] if given.no_peers else installed())]
    outcome = runner.Outcome()
    record: dict[str, Any] = {"machine": machine.description(), "engine": engine()}
    subtitle = f"{machine.cpu_model()}, {given.threads} thread{'s' if given.threads > 1 else ''}"
    console.print(f"{subtitle}; {described()}; contenders: {', '.join(contenders)}")
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        pinned = machine.pinned_to(1)
        peak = Peak(Path(folder), None if pinned is None else min(pinned))
        if peak.missing:
            outcome.notes.append(peak.missing)
        if chosen := [name for name in GROUPS if name in given.only]:
            workers = [Worker(name, given.threads) for name in contenders]
            for workload, rounds in cases(chosen, given):
                outcome.results += runner.measure(workload, workers, peak, rounds, outcome, status.update)
            for worker in workers:
                worker.close()
        if "W5" in given.only:
            status.update("W5: many seeds")
            record["many"] = many.measure(50 if given.quick else 1_000, 2, 1 if given.quick else 2, contenders)
        one, two = threads(given, peak, outcome, status.update) if "threads" in given.only else ([], [])

    if outcome.results:
        report.tables(console, outcome, given.clock)
        for line in report.sweep_lines(outcome, given.clock):
            console.print(line)
    if one:
        report.thread_table(console, one, two)
    if "many" in record:
        console.print(report.many_line(record["many"]))
    for dtype in DTYPES:
        if (best := outcome.peak(dtype)) is not None:
            console.print(f"peak of one core, {dtype}: {best:.0f} GF/s")
    for note in outcome.notes:
        console.print(f"[bold]note[/bold] {note}")
    given.out.mkdir(parents=True, exist_ok=True)
    record |= {
        "peaks": outcome.peaks,
        "notes": outcome.notes,
        "results": [result.record() for result in outcome.results],
        "threads": [result.record() for result in (*one, *two)],
    }
    report.write_json(given.out / "results.json", record)
    if outcome.results:
        peaks = {dtype: best for dtype in DTYPES if (best := outcome.peak(dtype)) is not None}
        chart.draw(outcome.results, given.out, given.clock, subtitle, peaks)
    console.print(f"written to {given.out}")
    return 0


def cases(chosen: list[str], given: argparse.Namespace) -> list[tuple[Workload, int]]:
    """List every workload in every dtype with its number of rounds; the many sizes of a sweep get fewer."""
    found = []
    for name in chosen:
        for workload in GROUPS[name]:
            sweep = name in ("rows", "widths")
            for dtype in DTYPES[:1] if given.quick else DTYPES:
                case = (quick(workload) if given.quick and name != "rows" else workload).at(dtype=dtype)
                found.append((case, min(given.rounds, 3) if sweep else given.rounds))
    return found


def threads(
    given: argparse.Namespace, peak: Peak, outcome: runner.Outcome, say: Callable[[str], None]
) -> tuple[list[runner.Result], list[runner.Result]]:
    """Measure glassnet on one thread and on two, interleaved."""
    one, two = Worker("glassnet", 1), Worker("glassnet", 2)
    alone, together = [], []
    for workload, rounds in cases(["W1", "W3", "W4"], given):
        measured = runner.measure(workload, [one, two], peak, rounds, outcome, say)
        if len(measured) == 2:
            alone.append(measured[0])
            together.append(measured[1])
    one.close()
    two.close()
    return alone, together


if __name__ == "__main__":
    sys.exit(main())
