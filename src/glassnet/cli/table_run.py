"""Runs a training on a table and prints the plan, the progress, the measures and the files written."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from glassnet.cli.screen import show
from glassnet.cli.table_models import same_file
from glassnet.errors import InputError, shown
from glassnet.storage.atomic import file_name, writable

if TYPE_CHECKING:
    from glassnet.tables.fitting.plan import Plan
    from glassnet.tables.model import TableModel
    from glassnet.tables.search.search import Search


_GO_ON = "the training is saved in {}; go on with the same command and --resume"


@dataclass(frozen=True)
class Places:
    """The files that a training writes: the model, and if asked for figures, into a folder, and a report."""

    out: Path
    folder: Path | None = None
    report: Path | None = None


def run(ready: Plan | Search, places: Places, quiet: bool) -> None:
    """Train, write the model and the figures, and say what happens; exit code 130 after Ctrl-C."""
    with _told_of_sigterm(ready.checkpoint):
        _run(ready, places, quiet)


def _run(ready: Plan | Search, places: Places, quiet: bool) -> None:
    from glassnet.storage.files import save
    from glassnet.tables.report.importance import most_read_text
    from glassnet.tables.report.notes import notes
    from glassnet.tables.report.text import confusion_text, measures_text

    out, folder = places.out, places.folder

    if ready.communicator is not None and ready.communicator.rank > 0:
        _train(ready, quiet=True)  # rank 0 tells and writes
        return
    if not quiet:
        show(ready.report() + _ranks_of(ready) + "\n\ntraining starts")
    model = _train(ready, quiet)
    save(model, out)  # before the measuring, which a second Ctrl-C may end
    interrupted = model.training["stopped"] == "interrupted"
    if interrupted:
        show(f"stopped: the best model so far{_of_epoch(model)} is in {out}")
        if ready.checkpoint is not None:
            show(_GO_ON.format(ready.checkpoint.directory))
    measures = ready.measure()
    save(model, out)
    if not quiet and not interrupted:
        show(f"\n{ready.outcome()}\n")
    show(measures_text(measures, model.training.get("baselines")))
    last = list(measures)[-1]
    if model.classes is not None and len(model.classes) <= 12 and not quiet:
        show(f"\n{last}\n" + confusion_text(measures[last]["confusion"], model.classes))
    for note in notes(model.training, model.classes, model.target) if not quiet else ():
        show(f"\nnote: {note}")
    if not quiet and (most_read := most_read_text(model.training)):
        show(f"\n{most_read}")
    written = [out]
    if folder is not None and not interrupted:
        from glassnet.cli.table_figures import draw

        folder.mkdir(parents=True, exist_ok=True)
        written += draw(ready, *figure_paths(folder, out.stem))
    if places.report is not None:
        from glassnet.storage.atomic import write_atomically
        from glassnet.tables.report.html import report_html

        write_atomically(places.report, report_html(model, ready.answers(), ready.problem.table.source).encode())
        written.append(places.report)
    if not quiet:
        show(f"\nwrote {', '.join(map(str, written))}")
    if interrupted:
        raise typer.Exit(130)


def _ranks_of(ready: Plan | Search) -> str:
    """Return a line on the ranks, if there are several."""
    ranks = ready.communicator
    return "" if ranks is None else f"\nranks         {ranks.size}, {type(ranks).__name__}"


def _train(ready: Plan | Search, quiet: bool) -> TableModel:
    from glassnet.cli.table_progress import SearchProgress, TableProgress
    from glassnet.storage.files import to_bytes
    from glassnet.tables.fitting.plan import Plan

    if isinstance(ready, Plan):
        to_bytes(ready.model)  # a model that no file can hold is refused now, not after the training
        with TableProgress(ready, quiet) as progress:
            return ready.run([progress])
    with SearchProgress(quiet) as standing:
        return ready.run(standing)


@contextmanager
def _told_of_sigterm(checkpoint: Any) -> Iterator[None]:
    """At SIGTERM say how to go on, and end with exit code 143; without a checkpoint the signal ends the process at once."""
    if checkpoint is None:
        yield
        return

    def leave(number: int, frame: Any) -> None:
        print(f"glassnet: SIGTERM; {_GO_ON.format(checkpoint.directory)}", file=sys.stderr)
        raise SystemExit(128 + number)

    usual = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)


def _of_epoch(model: TableModel) -> str:
    epoch = model.training.get("best_epoch")
    return "" if epoch is None else f", of epoch {epoch},"


def check_places(file: Path, places: Places) -> None:
    """Refuse paths that cannot be written, before the work rather than after it."""
    out, folder, report = places.out, places.folder, places.report
    if same_file(out, file) or out.is_dir():
        raise InputError(
            f"--out: expected a model file to write; got {shown(str(out))}; name another, e.g. model.safetensors."
        )
    target = writable(out, "--out")
    if not os.access(target.parent, os.W_OK):
        raise InputError(f"--out: expected a folder that can be written; got {shown(str(out.parent))}; name another.")
    if report is not None:
        if any(same_file(report, other) for other in (file, out)):
            raise InputError(
                f"--report: expected a page to write; got {shown(str(report))}; name another, e.g. report.html."
            )
        writable(report, "--report")
    if folder is None or not os.path.lexists(folder):
        return
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise InputError(f"--figures: expected a folder that can be written; got {shown(str(folder))}; name another.")
    for path in figure_paths(folder, out.stem):
        writable(path, "--figures")


def figure_paths(folder: Path, stem: str) -> tuple[Path, Path]:
    """Name the figures of the loss and of the result."""
    return folder / file_name(stem, "-loss.png"), folder / file_name(stem, "-result.png")


def table_part(name: str, text: str, reading: dict[str, Any]) -> Any:
    """A share of the rows, or the table of a file."""
    from glassnet.tables.reading.read import read_table

    try:
        return float(text)
    except ValueError:
        pass
    if not Path(text).exists():
        raise InputError(
            f"--{name}: expected a share such as 0.2, or a file; got {shown(text)}; name a file that exists."
        )
    return read_table(text, **reading)
