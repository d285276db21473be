"""`glassnet predict`: a model's predictions for the rows of a table, as CSV or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.screen import note, write_data
from glassnet.cli.table_models import (
    UnseenOption,
    UnseenRule,
    load_table_model,
    name_unused,
    note_unseen,
    read_for,
    same_file,
)
from glassnet.errors import InputError, shown

if TYPE_CHECKING:
    import polars as pl

    from glassnet.tables.model import TableModel
    from glassnet.tables.reading.table import Table


def predict(
    model: Annotated[Path, typer.Argument(help="A model file that train wrote.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet, or IDX images.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="A .csv or .parquet file. Default: CSV to the screen.", show_default=False)
    ] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", "-p", help="Add a column for each class, its probability.")
    ] = False,
    with_input: Annotated[
        bool, typer.Option("--with-input", help="Keep the columns of FILE before the predictions.")
    ] = False,
    unseen: UnseenOption = UnseenRule.other,
    separator: Annotated[
        str | None, typer.Option(help="Separator of FILE (see glassnet train).", show_default=False)
    ] = None,
) -> None:
    """Predict the target for each row of a table."""
    if out is not None and (same_file(out, file) or same_file(out, model)):
        raise InputError(f"--out: expected another file than the input; got {shown(str(out))}; name another.")
    if out is not None and out.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"--out: expected a name that ends in .csv or .parquet; got {shown(out.name)}; change it.")
    found = load_table_model(model)
    if probabilities and found.classes is None:
        raise InputError("--probabilities: expected a classification; got a regression; leave it out.")
    table = read_for(found, file, separator)
    frame = _predictions(found, table, probabilities, with_input, unseen)
    name_unused(found, table)
    note_unseen(found, table, unseen)
    if out is None:
        write_data(frame.write_csv())
        return
    from io import BytesIO

    from glassnet.storage.atomic import write_atomically

    content = BytesIO()
    frame.write_parquet(content) if out.suffix.lower() == ".parquet" else frame.write_csv(content)
    write_atomically(out, content.getvalue())
    note(f"wrote {len(frame):,} predictions to {out}")


def _predictions(
    model: TableModel, table: Table, probabilities: bool, with_input: bool, unseen: UnseenRule
) -> pl.DataFrame:
    import polars as pl

    columns: dict[str, object] = {"prediction": model.predict(table, unseen=unseen.value).tolist()}
    if probabilities:
        shares = model.predict_proba(table, unseen=unseen.value)
        for k, each in enumerate(model.classes or ()):
            columns[f"probability_{str(each).lower() if isinstance(each, bool) else each}"] = shares[:, k]
    frame = pl.DataFrame(columns)
    if not with_input:
        return frame
    for name in columns:
        if name in table.names:
            raise table.error(name, "a free name for the predictions", "one in use", "rename it, or drop --with-input")
    return pl.concat([table.frame, frame], how="horizontal")
