"""Times several contenders in interleaved rounds, and prints a table for each case."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine


@dataclass(frozen=True)
class Sample:
    """One timing: seconds of wall clock and of processor time, and further facts such as epochs and score."""

    wall: float
    cpu: float | None = None  # None where it is another process's
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Series:
    """The timings of one contender on one case; the first, which fills caches and compiles, is kept apart."""

    case: str
    contender: str
    first: Sample
    samples: list[Sample] = field(default_factory=list)

    def seconds(self, clock: str) -> list[float]:
        """Return the seconds of each round by the "wall" or the "cpu" clock."""
        return [of(sample, clock) for sample in self.samples]

    def record(self) -> dict[str, Any]:
        """Return everything as plain numbers."""
        return {
            "case": self.case,
            "contender": self.contender,
            "first": vars(self.first),
            "samples": [vars(sample) for sample in self.samples],
        }


def of(sample: Sample, clock: str) -> float:
    """Return the seconds by a clock; by the wall clock where processor time is not known."""
    return sample.wall if clock == "wall" or sample.cpu is None else sample.cpu


@dataclass
class Session:
    """A run of the benchmark: the contenders, the number of rounds, and where notes and progress go."""

    contenders: list[str]
    rounds: int
    quick: bool
    say: Callable[[str], None]
    notes: list[str] = field(default_factory=list)


def interleave(case: str, calls: Mapping[str, Callable[[], Sample]], session: Session) -> list[Series]:
    """Call everybody once, then in turn, round after round; what fails is noted and left out."""
    found: dict[str, Series] = {}
    for number in range(session.rounds + 1):
        for name, call in calls.items():
            if number and name not in found:
                continue
            session.say(f"{case}: {name}, {f'round {number} of {session.rounds}' if number else 'the first time'}")
            try:
                sample = call()
            except Exception as error:  # noqa: BLE001 - a contender that fails must not end the run
                why = f"{type(error).__name__}: {error}".splitlines()[0]
                session.notes.append(f"{case}: {name} failed: {why}")
                found.pop(name, None)
                continue
            if number:
                found[name].samples.append(sample)
            else:
                found[name] = Series(case, name, sample)
    return list(found.values())


def new_table(title: str) -> Table:
    """Return an empty table that names the processor."""
    return Table(
        title=title,
        caption=machine.caption(),
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )


def table(console: Console, series: list[Series], clock: str) -> None:
    """Print one case: the first, best and median time, and both as multiples of those of the first contender."""
    told = list(dict.fromkeys(name for each in series for name in each.first.told))
    shown = new_table(series[0].case)
    shown.add_column("", min_width=13, no_wrap=True)
    against = f"× {series[0].contender}"
    for heading in ("first ms", "best ms", "median ms", f"{against}, best", "median", *told):
        shown.add_column(heading, justify="right")
    reference = series[0].seconds(clock)
    for each in series:
        seconds = each.seconds(clock)
        best, median = min(seconds), statistics.median(seconds)
        times = [short(1e3 * value) for value in (of(each.first, clock), best, median)]
        ratios = ["", ""]
        if each is not series[0]:
            ratios = [f"{best / min(reference):.2f}", f"{median / statistics.median(reference):.2f}"]
        facts = [str(each.samples[-1].told.get(name, "")) for name in told]
        shown.add_row(each.contender, *times, *ratios, *facts)
    console.print(shown)


def short(value: float) -> str:
    """Return three significant digits, without an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
