"""`glassnet diagnose`: finds the faults of a training on the user's own table, and replays their remedies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from glassnet.cli.diagnose_command import train_command
from glassnet.cli.live_line import LiveLine
from glassnet.cli.options import option, spread
from glassnet.cli.screen import note, show
from glassnet.cli.train import Data, TableFile, prepare
from glassnet.storage.atomic import writable, write_atomically
from glassnet.tables.settings import Settings

if TYPE_CHECKING:
    from glassnet.diagnose.case.clock import Progress

_data = partial(option, panel="Data")


@dataclass(frozen=True)
class Report:
    """The forms of the diagnosis besides its text."""

    html: Path | None = _data("Write the diagnosis as a page.")
    json_file: Path | None = _data("Write the diagnosis as JSON.", None, "--json")
    replay: bool = _data("Try the remedies.", True)


class _Progress(LiveLine):
    """Shows on the error stream what a diagnosis does, and the time left; on a terminal as a live line."""

    def __init__(self) -> None:
        super().__init__(None, counted="training", errors=True)
        self.said = False

    def __call__(self, now: Progress) -> None:
        if now.at_most is not None and not self.said:
            self.said = True
            said = f"the training took {now.itself:.2g} s; diagnosing it takes about {now.expected} trainings, at most {now.at_most:.0f} s"
            if self.live:
                self.bar.console.print(said)
            else:
                note(said)
        left = "" if now.left is None else f", {now.left:.0f} s left"
        self.tell(f"{now.doing}{left}", completed=now.done, total=now.expected)


@spread
def diagnose(context: typer.Context, file: TableFile, data: Data, settings: Settings, report: Report) -> None:
    """Train on a table of your own under instruments and report faults; takes the options of train.

    Exit code 0: healthy; 1: something was found, or could not be found out; 130: stopped by Ctrl-C, with what is known by then.
    """
    from glassnet.diagnose.diagnosing import diagnose as examine
    from glassnet.diagnose.diagnosing import setup_of
    from glassnet.tables.fitting.plan import Plan

    for flag, path in (("--html", report.html), ("--json", report.json_file)):
        if path is not None:
            writable(path, flag)
    ready = prepare(file, data, settings, effort="quick")
    assert isinstance(ready, Plan)
    part, validation = ready.parts["train"], ready.parts.get("validation")
    options = {
        "sample_weight": part.weight,
        "validation": None if validation is None else (validation.X, validation.y),
        **ready.arguments(),
    }
    network = ready.model.network
    with _Progress() as progress:
        diagnosis = examine(network, part.X, part.y, replay=report.replay, progress=progress, **options)
    command = train_command(context, setup_of(network, part.X, part.y, options))
    diagnosis = replace(diagnosis, way_in=command)
    show(str(diagnosis))
    for path, content in ((report.html, diagnosis.to_html), (report.json_file, diagnosis.to_json)):
        if path is not None:
            write_atomically(path, f"{content().rstrip()}\n".encode())
            show(f"wrote {path}")
    if not diagnosis.healthy:
        raise typer.Exit(130 if diagnosis.ended.startswith("The diagnosis was interrupted") else 1)
