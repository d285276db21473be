"""The Verdict: what one column becomes, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from glassnet.tables.columns.column_type import ColumnType


@dataclass(frozen=True)
class Verdict:
    """Says what a column becomes: its type, or None to leave it out; the reason to tell; the message of a refusal."""

    type: ColumnType | None
    text: str = ""
    refusal: str = ""


def cells(n: int) -> str:
    """Return "1 cell" or "2 cells"."""
    return f"{n:,} cell{'s' * (n > 1)}"
