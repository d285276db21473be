"""The command: `python -m benchmarks [--only W1,W3] [--quick] [--out DIR] [--no-peers] [--threads N] [--images DIR]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import chart, load, machine, many, report, runner, series, start
from benchmarks.fits import command
from benchmarks.fits import measure as fits
from benchmarks.fits.cases import CASES
from benchmarks.glassnet_engine import described, engine
from benchmarks.peak import DTYPES, Peak
from benchmarks.peers import installed
from benchmarks.worker import Worker
from benchmarks.workloads import GROUPS, Workload, quick

FITS = tuple(case.name for case in CASES)
SECTIONS = (*GROUPS, "threads", "W5", "pack", *FITS, "command", "load", "start")
ALIASES = {"steps": (*GROUPS, "threads"), "fits": (*FITS, "command")}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure glassnet against its peers.")
    names = f"{', '.join(SECTIONS)}; {' and '.join(ALIASES)} stand for theirs"
    parser.add_argument("--only", default="", help=f"some of {names}; all by default")
    parser.add_argument("--quick", action="store_true", help="less data, 3 rounds, fewer seeds, one dtype")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="where JSON and charts go")
    parser.add_argument("--no-peers", action="store_true", help="glassnet alone")
    parser.add_argument("--threads", type=int, default=1, help="for every contender in W1 to W6, rows and widths")
    parser.add_argument("--rounds", type=int, help="5 by default, at most 3 in the sweeps")
    parser.add_argument("--images", type=Path, help="a folder with the IDX files of MNIST, for the fit of that name")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="clock of tables and charts; cpu is right on a busy machine with one thread",
    )
    given = parser.parse_args()
    asked = given.only.split(",") if given.only else list(SECTIONS)
    given.only = [name for each in asked for name in ALIASES.get(each, (each,))]
    if wrong := set(given.only) - set(SECTIONS):
        parser.error(f"--only: expected some of {names}; got {', '.join(sorted(wrong))}")
    given.rounds = given.rounds or (3 if given.quick else 5)
    return given


def main() -> int:
    given = parse()
    console = Console() if sys.stdout.isatty() else Console(width=130)
    contenders = ["glassnet", *([] if given.no_peers else installed())]
    record: dict[str, Any] = {"machine": machine.description(), "engine": engine()}
    console.print(f"{machine.caption()}; {described()}; contenders: {', '.join(contenders)}")
    given.out.mkdir(parents=True, exist_ok=True)
    with console.status("") as status:
        outcome = runner.Outcome()
        if {*GROUPS, "threads"} & set(given.only):
            record |= steps(given, contenders, outcome, console, status.update)
        session = series.Session(contenders, given.rounds, given.quick, status.update, outcome.notes)
        record["whole"] = []
        for measured in filter(None, whole(given, session)):
            series.table(console, measured, given.clock)
            record["whole"] += [each.record() for each in measured]
            report.write_json(given.out / "results.json", record | {"notes": outcome.notes})  # a long run may be cut
    for note in outcome.notes:
        console.print(f"[bold]note[/bold] {note}")
    report.write_json(given.out / "results.json", record | {"notes": outcome.notes})
    console.print(f"written to {given.out}")
    return 0


def steps(
    given: argparse.Namespace,
    contenders: list[str],
    outcome: runner.Outcome,
    console: Console,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Measure, print and draw the steps; return them as plain numbers."""
    one: list[runner.Result] = []
    two: list[runner.Result] = []
    with tempfile.TemporaryDirectory() as folder:
        pinned = machine.pinned_to(1)
        peak = Peak(Path(folder), None if pinned is None else min(pinned))
        outcome.notes += [note for note in (peak.missing, peak.note) if note]
        if chosen := [name for name in GROUPS if name in given.only]:
            workers = [Worker(name, given.threads) for name in contenders]
            for workload, rounds in cases(chosen, given):
                outcome.results += runner.measure(workload, workers, peak, rounds, outcome, say)
            for worker in workers:
                worker.close()
        if "threads" in given.only:
            one, two = threads(given, peak, outcome, say)
    if outcome.results:
        report.tables(console, outcome, given.clock)
        for line in report.sweep_lines(outcome, given.clock):
            console.print(line)
        subtitle = f"{machine.cpu_model()}, {given.threads} thread{'s' if given.threads > 1 else ''}"
        peaks = {dtype: best for dtype in DTYPES if (best := outcome.peak(dtype)) is not None}
        chart.draw(outcome.results, given.out, given.clock, subtitle, peaks)
    if one:
        report.thread_table(console, one, two)
    if outcome.fastest is not None:
        console.print(f"peak of one core: {outcome.fastest}")
    return {
        "peaks": [vars(speed) for speed in outcome.peaks],
        "results": [result.record() for result in outcome.results],
        "threads": [result.record() for result in (*one, *two)],
    }


def whole(given: argparse.Namespace, session: series.Session) -> Iterator[list[series.Series]]:
    """Yield each case that is timed as a whole, from a thousand seeds to starting up, as soon as it is measured."""
    fit_cases = [
        (case.at(path=given.images) if case.data == "images" else case).at(dtype=dtype)
        for case in CASES
        for dtype in (case.dtypes[:1] if given.quick else case.dtypes)
        if case.name in given.only
    ]
    if "W5" in given.only:
        yield from many.seeds(session)
    if "pack" in given.only:
        yield from many.pack(len(machine.cores()) or 2, session)
    yield from fits.measure(fit_cases, session)
    if "command" in given.only:
        yield from command.measure(session)
    if "load" in given.only:
        yield from load.measure(session)
    if "start" in given.only:
        yield from start.measure(session)


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
