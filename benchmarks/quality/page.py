"""Writes a report between the marks of docs/about/quality.md, and its chart into docs/images."""

from __future__ import annotations

import shutil
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- written by benchmarks.quality -->", "<!-- end of what it wrote -->"


def fill(report: str, folder: Path) -> None:
    """Put `report` into the page, and the pictures of `folder` beside those of the other pages."""
    page = DOCS / "about/quality.md"
    page.write_text(replaced(page.read_text(encoding="utf-8"), report), encoding="utf-8")
    for name in ("quality.png", "quality.svg"):
        shutil.copy(folder / name, DOCS / "images" / name)


def replaced(text: str, report: str) -> str:
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{report.strip()}\n\n{END}{rest.split(END)[1]}"
