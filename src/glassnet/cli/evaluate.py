"""`glassnet evaluate`: measures a model on a table that has the target."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.screen import show
from glassnet.cli.table_models import UnseenOption, UnseenRule, load_table_model, name_unused, note_unseen, read_for


class Form(StrEnum):
    """The output formats of measures."""

    text = "text"
    json = "json"


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file that train wrote.", show_default=False)],
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV, Parquet, or IDX images, with the target.", show_default=False)
    ],
    form: Annotated[Form, typer.Option("--format", help="A table to read, or JSON.")] = Form.text,
    unseen: UnseenOption = UnseenRule.other,
    separator: Annotated[
        str | None, typer.Option(help="Separator of FILE (see glassnet train).", show_default=False)
    ] = None,
) -> None:
    """Measure a model on a table that has the target."""
    from glassnet.tables.report.text import confusion_text, measures_text

    found = load_table_model(model)
    table = read_for(found, file, separator)
    measures = found.evaluate(table, unseen=unseen.value)
    name_unused(found, table)
    note_unseen(found, table, unseen)
    if form is Form.json:
        import json

        classes = {} if found.classes is None else {"classes": found.classes}
        print(json.dumps({**classes, **measures}))
        return
    show(measures_text({file.name: measures}))
    if found.classes is not None and len(found.classes) <= 30:
        show("\n" + confusion_text(measures["confusion"], found.classes))
