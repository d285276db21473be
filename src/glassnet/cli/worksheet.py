"""`glassnet worksheet`: a sheet with fresh numbers for each seed, its key apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.screen import note
from glassnet.errors import InputError, shown

if TYPE_CHECKING:
    from glassnet.worksheets.sheet import Sheet

SHEETS, KEYS = (".pdf", ".html", ".json"), (".pdf", ".html")


def worksheet(
    topic: Annotated[
        str,
        typer.Option(
            help="neuron, layer-and-batch, loss, chain-rule, full-step-exact, full-step-softmax, optimizer, "
            "batch-penalty-mask or find-the-mistake.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The sheet: .pdf to print, .html to fill in, .json with empty answers.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The key, with typical wrong answers: .pdf or .html.")] = None,
    seed: Annotated[int, typer.Option(help="Each seed has numbers of its own.", min=0)] = 0,
) -> None:
    """Make a worksheet: a topic with numbers that are good to work with by hand, to print or to fill in.

    The same topic and seed give the same sheet. A sheet filled in as .html saves a sheet.json without a key, which
    `glassnet grade` marks. PDF needs the package typst: pip install 'glassnet[worksheets]'.
    """
    from glassnet.storage.atomic import write_atomically
    from glassnet.worksheets.catalog import draw_sheet

    if out is None and key is None:
        raise InputError("--out: expected a file to write; got none; add e.g. --out sheet.pdf.")
    for option, path, endings in (("--out", out, SHEETS), ("--key", key, KEYS)):
        if path is not None and path.suffix.lower() not in endings:
            raise InputError(
                f"{option}: expected a name that ends in {', '.join(endings)}; got {shown(path.name)}; rename it."
            )
    sheet = draw_sheet(topic, seed)
    contents = [
        (path, _content(sheet, path.suffix.lower(), is_key)) for path, is_key in ((out, False), (key, True)) if path
    ]
    for path, content in contents:
        write_atomically(path, content)
        note(f"wrote {path}")


def _content(sheet: Sheet, ending: str, is_key: bool) -> bytes:
    """Return the bytes of the file."""
    if ending == ".json":
        from glassnet.worksheets.files import sheet_json

        return sheet_json(sheet).encode()
    if ending == ".html":
        from glassnet.worksheets.layout.html import key_html, sheet_html

        return (key_html if is_key else sheet_html)(sheet).encode()
    from glassnet.worksheets.layout.pdf import key_pdf, sheet_pdf

    return (key_pdf if is_key else sheet_pdf)(sheet)
