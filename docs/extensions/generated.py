"""Writes the pages of the reference that are made from the package itself, before Sphinx reads the others."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import api_pages
import command_pages
import finding_pages
import misconception_pages
from sphinx.application import Sphinx

FOLDERS = {
    "api": api_pages.pages,
    "findings": finding_pages.pages,
    "misconceptions": misconception_pages.pages,
}


def write(folder: Path, pages: Iterator[tuple[str, str]]) -> None:
    """Write the pages that changed, and remove those that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    old = {path.name for path in folder.glob("*.md")}
    for name, text in pages:
        old.discard(name)
        file = folder / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
    for name in old:
        (folder / name).unlink()


def write_all(app: Sphinx) -> None:
    """Write all pages below reference/, while the commands' examples run in processes of their own."""
    with ThreadPoolExecutor(max_workers=1) as aside:
        run = aside.submit(command_pages.examples)
        for folder, pages in FOLDERS.items():
            write(Path(app.srcdir) / "reference" / folder, pages())
        run.result()
    write(Path(app.srcdir) / "reference/commands", command_pages.pages())


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
