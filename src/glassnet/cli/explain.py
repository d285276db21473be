"""`glassnet explain`: the contributions to a prediction and its worked step, or the chain rule of one weight."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassnet.cli.options import option, spread, training_option
from glassnet.cli.screen import note, write_data
from glassnet.errors import InputError, shown

if TYPE_CHECKING:
    from glassnet.explain.contributions import Contributions
    from glassnet.explain.derivation import Derivation
    from glassnet.tables.reading.table import Table

FORMATS = ("text", "html", "md", "tex", "json", "pdf")


@dataclass(frozen=True)
class Rows:
    """The rows of the file that are worked through."""

    row: int = option("The row of FILE, from 0.", 0, min=0)
    rows: int = option("Number of rows, starting at --row, taken as one batch.", 1, min=1)
    target: str | None = option("The column of the target, for a model that names none. Default: the last.")
    separator: str | None = option("Separator of FILE (see glassnet train).")


@dataclass(frozen=True)
class Update:
    """The arguments of the function `explain`."""

    optimizer: str = option(
        "Optimizer of the update: sgd, adam, …, at its defaults; auto: that of an estimator, else sgd.", "auto"
    )
    learning_rate: float | None = option("Learning rate of the update.")
    l1: float = training_option("l1")
    l2: float = training_option("l2")
    digits: int = option("Significant digits of printed numbers.", 4, min=1, max=16)


@dataclass(frozen=True)
class View:
    """The part of the derivation that is shown, and its form."""

    weight: str | None = option("One number alone: W1,0,3 or b2,0; or Z1,0,2 for an entry.")
    form: str | None = option(
        "Output format. Default: that of the ending of --out, or text.", None, "--format", choices=FORMATS
    )
    out: Path | None = option("A file to write: .txt, .html, .md, .tex, .json or .pdf.")
    all_rows: bool = option("Print every row of a batch.", False, "--all-rows")
    member: int = option("The network that is worked through, of a model of several, from 0.", 0, min=0)
    figure: Path | None = option("A file for a figure of the contributions: .png or .svg.")


@spread
def explain(
    model: Annotated[Path, typer.Argument(help="A model file: of glassnet train, or of gn.save.", show_default=False)],
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV or Parquet with the columns of the model.", show_default=False)
    ],
    rows: Rows,
    view: View,
    update: Update,
) -> None:
    """Say what each column adds to a prediction, and work one training step out, every number of it.

    The contributions are those of a model of glassnet train. The step is forward, loss, backward, update.
    """
    from glassnet.cli.why import member_of, why
    from glassnet.explain.explain import explain as work_out
    from glassnet.tables.model import TableModel

    found, given, y = _model_and_rows(model, file, rows)
    network, heading = member_of(found, view.member)
    of_table = isinstance(found, TableModel) and view.weight is None
    if view.figure is not None and not of_table:
        raise InputError("--figure: expected a model of glassnet train, and no --weight; leave one of them out.")
    shares = why(found, given, view.figure) if of_table else None
    told = {name: value for name, value in vars(update).items() if value or name not in ("l1", "l2")}
    derivation = work_out(network, given, y, **told)
    if replace(view, member=0, figure=None) == View() and sys.stdout.isatty():
        from rich.console import Console

        console = Console(highlight=False, soft_wrap=True)
        if shares is not None:
            console.print("\n\n".join(filter(None, [shares.to_text(update.digits), heading])) + "\n", markup=False)
        console.print(derivation)
        return
    form = _format(view)
    content = _content(derivation, shares, view, "tex" if form == "pdf" else form, heading)
    if view.out is None:
        write_data(content.rstrip("\n") + "\n")
        return
    from glassnet.explain.render.pdf import pdf_of
    from glassnet.storage.atomic import write_atomically

    write_atomically(view.out, pdf_of(content) if form == "pdf" else content.encode())
    note(f"wrote {view.out}")


def _format(view: View) -> str:
    """The format asked for, or that of the file's ending."""
    from glassnet.explain.render.formats import format_of

    form = view.form or (format_of(view.out) if view.out is not None and view.out.suffix else "text")
    if form == "pdf" and view.out is None:
        raise InputError("--format pdf: expected a file to write; got none; add e.g. --out step.pdf.")
    return form


def _content(derivation: Derivation, shares: Contributions | None, view: View, form: str, heading: str) -> str:
    """The derivation, or one number of it, or both the contributions and the derivation."""
    from glassnet.explain.render.formats import METHODS

    rows: Any = {"rows": "all"} if view.all_rows else {}
    if shares is not None:
        from glassnet.explain.together import together

        return together(shares, derivation, form, heading, **rows)
    if view.weight is not None:
        return str(getattr(derivation.entry(*_place(view.weight)), METHODS[form])())
    whole: Any = {"full": view.all_rows} if form == "json" else rows
    return str(getattr(derivation, METHODS[form])(**whole))


def _model_and_rows(path: Path, file: Path, rows: Rows) -> tuple[Any, Any, Any]:
    """The model of the file, and the rows with their targets as it takes them."""
    from glassnet.cli.table_models import character, note_decisions, read_for
    from glassnet.storage.files import load
    from glassnet.tables.model import TableModel
    from glassnet.tables.reading.read import read_table

    found = load(path)
    if isinstance(found, TableModel):
        table = read_for(found, file, rows.separator)
        note_decisions(table, [*(column.name for column in found.preparation.columns), found.target])
        return found, _cut(table, rows), None
    found = found[0] if isinstance(found, tuple) else found  # a network with its history
    table = read_table(file, separator=character(rows.separator))
    note_decisions(table)
    table = _cut(table, rows)
    network = getattr(found, "network_", found)
    n_inputs = network.sizes[0]
    if rows.target is None and len(table.names) == n_inputs:  # no target: the forward pass alone
        return found, _matrix(table, table.names), None
    target = table.names[-1] if rows.target is None else rows.target
    if target not in table.names:
        raise table.no_column(target)
    inputs = [name for name in table.names if name != target]
    if len(inputs) != n_inputs:
        raise InputError(
            f"{file.name}: expected {n_inputs} columns besides the target {shown(target)}; got {len(inputs)}; "
            "leave the others out, or name --target."
        )
    return found, _matrix(table, inputs), _targets(found, table, target)


def _cut(table: Table, rows: Rows) -> Table:
    first, count = rows.row, rows.rows
    if first + count > len(table):
        raise InputError(f"--row: expected rows within 0 … {len(table) - 1}; got {first}; pass a smaller one.")
    return table.take(range(first, first + count))


def _matrix(table: Table, names: list[str]) -> Any:
    import numpy as np

    return np.column_stack([table.numbers(name) for name in names])


def _targets(model: Any, table: Table, target: str) -> Any:
    """The target column as the model takes it: an estimator's classes as they are, numbers otherwise."""
    import numpy as np

    classes = getattr(model, "classes_", None)
    if classes is None:
        return table.numbers(target)
    if np.asarray(classes).dtype.kind in "biuf":
        return table.numbers(target).astype(np.asarray(classes).dtype)
    return np.array(table.words(target).to_list())


def _place(text: str) -> tuple[Any, ...]:
    """ "W1,0,3" as ("W1", 0, 3)."""
    match = re.fullmatch(r"\s*(\w+)((?:\s*,\s*\d+)*)\s*", text)
    if match is None:
        raise InputError(f"--weight: expected a name and whole numbers; got {shown(text)}; pass e.g. --weight W1,0,3.")
    return match[1], *(int(k) for k in match[2].split(",")[1:])
