"""Deals the pages out evenly to the processes of a build: chapters, which take longest, are read side by side."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.parallel import make_chunks


def deal(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Reorder the pages, so that each chunk that a process reads at once has its share of each folder."""
    chunks = len(make_chunks(docnames, app.parallel)) if app.parallel > 1 else 1
    ordered = sorted(docnames)
    docnames[:] = [name for first in range(chunks) for name in ordered[first::chunks]]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-before-read-docs", deal)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
