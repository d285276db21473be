"""Decisions about a table: glassnet tells them as one list; under `strict` they refuse the table instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from glassnet.errors import InputError, printable

UNNAMED = "has no name in the file, so it is named by its place"


@dataclass(frozen=True)
class Decision:
    """One thing that was decided about a table.

    Parameters
    ----------
    column : str
        The column it is about; "" for the whole table.
    text : str
        What was decided and why, e.g. "left out, counts the rows"; "" if another decision says it.
    refusal : str
        The message that refuses the table instead under `strict`; "" if nothing is wrong with it.
    """

    column: str
    text: str
    refusal: str = ""


class TableError(InputError):
    """All problems of a table, one a line: the lines after the first are those of errors of their own."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__()
        self.args = ("\n".join(printable(problem) for problem in problems),)


def refuse(decisions: Iterable[Decision]) -> None:
    """Raise one InputError that names every problem behind the decisions, one a line; do nothing if there is none."""
    problems = list(dict.fromkeys(decision.refusal for decision in decisions if decision.refusal))
    if len(problems) == 1:
        raise InputError(problems[0])
    if problems:
        raise TableError([f"the table has {len(problems)} problems:", *problems])


def decision_lines(decisions: Iterable[Decision], most: int = 8) -> list[str]:
    """Return one line for each decision, "column: what it became"; columns of which the same was decided share a line."""
    columns: dict[str, list[str]] = {}
    for decision in decisions:
        if not decision.text:
            continue
        names = columns.setdefault(decision.text, [])
        if decision.column and decision.column not in names:
            names.append(decision.column)
    lines = []
    for text, names in columns.items():
        some = ", ".join(_short(name) for name in names[:most])
        more = f" and {len(names) - most} more" if len(names) > most else ""
        lines.append(f"{some}{more}: {text}" if names else text)
    return lines


def _short(name: str) -> str:
    name = printable(" ".join(name.split()))
    return name if len(name) <= 30 else name[:29] + "…"
