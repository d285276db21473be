"""sheet.json: a sheet's topic, seed and version with a learner's answers, and no key, which is computed again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.errors import InputError, check_count, shown, unknown_name
from glassnet.version import __version__
from glassnet.worksheets.catalog import TOPICS, VERSION, draw_sheet
from glassnet.worksheets.sheet import CONVENTIONS, Item, Sheet

KIND = "glassnet worksheet"
LARGEST_FILE = 1_000_000  # bytes


@dataclass(frozen=True, eq=False)
class FilledSheet:
    """A sheet with a learner's answers: the learner's name, the sheet, and what was typed by item."""

    learner: str
    sheet: Sheet
    answers: Mapping[str, Any]


def blank_of(item: Item) -> Any:
    """Return an empty answer to an item, in the form of sheet.json."""
    if item.kind != "numbers" or item.shape == ():
        return ""
    return [[""] * item.shape[1] for _ in range(item.shape[0])]


def sheet_fields(sheet: Sheet) -> dict[str, Any]:
    """Return the fields of sheet.json, with empty answers."""
    return {
        "kind": KIND,
        "version": VERSION,
        "glassnet": __version__,
        "topic": sheet.topic,
        "seed": sheet.seed,
        "conventions": list(CONVENTIONS),
        "name": "",
        "answers": {item.name: blank_of(item) for item in sheet.items},
    }


def sheet_json(sheet: Sheet) -> str:
    """Return the text of sheet.json with empty answers."""
    return json.dumps(sheet_fields(sheet), ensure_ascii=False, indent=1) + "\n"


def read_sheet(path: Path) -> FilledSheet:
    """Read a learner's sheet.json and draw its sheet again.

    Raises
    ------
    InputError
        If the file is no filled-in sheet of this version.
    OSError
        If it cannot be read.
    """
    name = path.name
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{name}: expected a sheet.json; got a file of over 1 MB; name another.")
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{name}: expected JSON; got {type(error).__name__}: {shown(str(error))}; save the sheet again."
        ) from None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise InputError(
            f"{name}: expected a sheet.json of glassnet worksheet; got another file; save the sheet again."
        )
    if found.get("version") != VERSION:
        raise InputError(
            f"{name}: expected a sheet of version {VERSION}; got {shown(found.get('version'))}; grade it with the glassnet "
            f"it was made with, {shown(found.get('glassnet'))}."
        )
    if found.get("topic") not in TOPICS:
        raise unknown_name(f"{name}: topic", found.get("topic"), TOPICS)
    sheet = draw_sheet(found["topic"], check_count(f"{name}: seed", found.get("seed"), low=0))
    answers = found.get("answers")
    if not isinstance(answers, dict):
        raise InputError(f"{name}: expected answers; got {shown(answers)}; save the sheet again.")
    known = [item.name for item in sheet.items]
    for given in answers:
        if given not in known:
            raise unknown_name(f"{name}: answer", given, known)
    learner = found.get("name")
    return FilledSheet(learner.strip() if isinstance(learner, str) and learner.strip() else path.stem, sheet, answers)
