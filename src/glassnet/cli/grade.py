"""`glassnet grade`: marks the filled-in sheet of one learner, or a folder of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.screen import note, show
from glassnet.errors import GlassnetError, InputError

if TYPE_CHECKING:
    from glassnet.worksheets.grading import Result


def grade(
    sheets: Annotated[
        Path, typer.Argument(help="A sheet.json, or a folder of them, one for each learner.", show_default=False)
    ],
    out: Annotated[Path | None, typer.Option(help="A .csv for the table of the class.")] = None,
) -> None:
    """Mark filled-in worksheets: which answers are right, which is the first wrong one, and the likely mistake.

    The key is computed again from the sheet's topic and seed. Work may be rounded, and what follows rightly from an earlier
    mistake counts as that. A folder gives a table: right answers per item, and how many learners have each misconception.
    Exit code 0: all right, or a folder was graded; 1: something is wrong.
    """
    from glassnet.storage.atomic import write_atomically
    from glassnet.worksheets.class_table import to_csv, to_text
    from glassnet.worksheets.grading import check_same_sheet

    if out is not None and out.suffix.lower() != ".csv":
        raise InputError(f"--out: expected a name that ends in .csv; got {out.name!r}; rename it.")
    if not sheets.exists():
        raise InputError(f"{sheets}: expected a sheet.json or a folder; got none; name another.")
    results = _folder(sheets) if sheets.is_dir() else [_one(sheets)]
    check_same_sheet([result.sheet for result in results])
    show(to_text(results) if sheets.is_dir() else str(results[0]))
    if out is not None:
        write_atomically(out, to_csv(results).encode())
        note(f"wrote {out}")
    if not sheets.is_dir() and not results[0].ok:
        raise typer.Exit(1)


def _one(path: Path) -> Result:
    from glassnet.worksheets.files import read_sheet
    from glassnet.worksheets.grading import grade_sheet

    return grade_sheet(read_sheet(path))


def _folder(folder: Path) -> list[Result]:
    """Grade every sheet of a folder; one that cannot be read is told and left out."""
    results = []
    for path in sorted(folder.glob("*.json")):
        try:
            results.append(_one(path))
        except (GlassnetError, OSError) as error:
            note(f"{path.name} is left out: {error}")
    if not results:
        raise InputError(f"{folder}: expected sheets (.json) that can be read; got none; save them there.")
    return results
