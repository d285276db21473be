"""`glassnet explain`: one row of a table worked through a model with its numbers, or the chain rule of one weight."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassnet.cli.screen import note, write_data
from glassnet.errors import InputError, shown

if TYPE_CHECKING:
    from glassnet.tables.table import Table


class Form(StrEnum):
    """The output formats of a derivation."""

    text = "text"
    html = "html"
    md = "md"
    tex = "tex"
    json = "json"


def explain(
    model: Annotated[Path, typer.Argument(help="A model file: of glassnet train, or of gn.save.", show_default=False)],
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV or Parquet with the columns of the model.", show_default=False)
    ],
    row: Annotated[int, typer.Option(help="The row of FILE, from 0.", min=0)] = 0,
    rows: Annotated[int, typer.Option(help="Number of rows, starting at --row, taken as one batch.", min=1)] = 1,
    weight: Annotated[
        str | None,
        typer.Option(help="One number alone: W1,0,3 or b2,0; or Z1,0,2 for an entry.", show_default=False),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="Output format.")] = Form.text,
    out: Annotated[Path | None, typer.Option(help="A file to write.", show_default=False)] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="The column of the target, for a model that names none. Default: the last.", show_default=False
        ),
    ] = None,
    optimizer: Annotated[str, typer.Option(help="Optimizer of the update: sgd, adam, …, at its defaults.")] = "sgd",
    learning_rate: Annotated[
        float | None, typer.Option(help="Learning rate of the update.", show_default=False)
    ] = None,
    l1: Annotated[float, typer.Option(help="L1 penalty on the weights.")] = 0.0,
    l2: Annotated[float, typer.Option(help="L2 penalty on the weights.")] = 0.0,
    digits: Annotated[int, typer.Option(help="Significant digits of printed numbers.", min=1, max=16)] = 4,
    separator: Annotated[
        str | None, typer.Option(help="Separator of FILE (see glassnet train).", show_default=False)
    ] = None,
) -> None:
    """Work one training step out, every number of it: forward, loss, backward, update."""
    from glassnet.explain.explain import explain as work_out

    derivation = work_out(
        *_model_and_rows(model, file, row, rows, target, separator),
        optimizer=optimizer,
        learning_rate=learning_rate,
        l1=l1,
        l2=l2,
        digits=digits,
    )
    shown_part: Any = derivation if weight is None else derivation.entry(*_place(weight))
    if form is Form.text and out is None and weight is None and sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False, soft_wrap=True).print(derivation)
        return
    _write(shown_part, form, out)


def _write(part: Any, form: Form, out: Path | None) -> None:
    methods = {"text": "to_text", "html": "to_html", "md": "to_markdown", "tex": "to_latex", "json": "to_json"}
    content: str = getattr(part, methods[form.value])()
    if out is None:
        write_data(content.rstrip("\n") + "\n")
        return
    from glassnet.storage.atomic import write_atomically

    write_atomically(out, content.encode())
    note(f"wrote {out}")


def _model_and_rows(
    path: Path, file: Path, row: int, rows: int, target: str | None, separator: str | None
) -> tuple[Any, Any, Any]:
    """The model of the file, and the rows with their targets as it takes them."""
    from glassnet.cli.table_models import read_for
    from glassnet.storage.files import load
    from glassnet.tables.model import TableModel
    from glassnet.tables.reading import read_table

    found = load(path)
    if isinstance(found, TableModel):
        return found, _cut(read_for(found, file, separator), row, rows), None
    found = found[0] if isinstance(found, tuple) else found  # a network with its history
    table = _cut(read_table(file, separator="\t" if separator in ("\\t", "tab") else separator), row, rows)
    network = getattr(found, "network_", found)
    n_inputs = network.sizes[0]
    if target is None and len(table.names) == n_inputs:  # no target: the forward pass alone
        return found, _matrix(table, table.names), None
    target = table.names[-1] if target is None else target
    if target not in table.names:
        raise table.no_column(target)
    inputs = [name for name in table.names if name != target]
    if len(inputs) != n_inputs:
        raise InputError(
            f"{file.name}: expected {n_inputs} columns besides the target {shown(target)}; got {len(inputs)}; "
            "leave the others out, or name --target."
        )
    return found, _matrix(table, inputs), _targets(found, table, target)


def _cut(table: Table, row: int, rows: int) -> Table:
    from dataclasses import replace

    if row + rows > len(table):
        raise InputError(f"--row: expected rows within 0 … {len(table) - 1}; got {row}; pass a smaller one.")
    lines = None if table.lines is None else table.lines[row : row + rows]
    return replace(table, frame=table.frame.slice(row, rows), lines=lines, _numbers={})


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
