"""`glassnet diagnose`: finds the faults of a training on the user's own table, and replays their remedies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from glassnet.cli.options import option, spread
from glassnet.cli.screen import show
from glassnet.cli.train import Data, TableFile, prepare
from glassnet.storage.atomic import writable, write_atomically
from glassnet.tables.settings import Settings

_data = partial(option, panel="Data")


@dataclass(frozen=True)
class Report:
    """The forms of the diagnosis besides its text."""

    html: Path | None = _data("Write the diagnosis as a page.")
    json_file: Path | None = _data("Write the diagnosis as JSON.", None, "--json")
    replay: bool = _data("Try the remedies.", True)


@spread
def diagnose(file: TableFile, data: Data, settings: Settings, report: Report) -> None:
    """Train on a table of your own under instruments and report faults; takes the options of train.

    Exit code 0: healthy; 1: something was found.
    """
    from glassnet.diagnose.diagnosing import diagnose as examine
    from glassnet.tables.fitting.plan import Plan

    for flag, path in (("--html", report.html), ("--json", report.json_file)):
        if path is not None:
            writable(path, flag)
    ready = prepare(file, data, settings, effort="quick")
    assert isinstance(ready, Plan)
    part, validation = ready.parts["train"], ready.parts.get("validation")
    diagnosis = examine(
        ready.model.network,
        part.X,
        part.y,
        replay=report.replay,
        sample_weight=part.weight,
        validation=None if validation is None else (validation.X, validation.y),
        **ready.arguments(),
    )
    show(str(diagnosis))
    for path, content in ((report.html, diagnosis.to_html), (report.json_file, diagnosis.to_json)):
        if path is not None:
            write_atomically(path, f"{content().rstrip()}\n".encode())
            show(f"wrote {path}")
    if not diagnosis.healthy:
        raise typer.Exit(1)
