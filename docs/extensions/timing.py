"""Prints the seconds that each page took to read and execute, the slowest first, and reads all again after a change of the source."""

from __future__ import annotations

import time
from typing import Any

from docutils import nodes
from source_hash import SOURCE
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

MOST_SHOWN = 25
_log = logging.getLogger(__name__)
_started: dict[str, float] = {}


def begin(app: Sphinx, docname: str, source: list[str]) -> None:
    _started[docname] = time.perf_counter()


def end(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    if docname in _started:
        app.env.metadata[docname]["seconds"] = time.perf_counter() - _started.pop(docname)


def report(app: Sphinx, env: BuildEnvironment) -> None:
    """Print the seconds of the pages that this build read."""
    read = sorted(
        ((each.pop("seconds"), name) for name, each in env.metadata.items() if "seconds" in each), reverse=True
    )
    slow = [f"{seconds:6.1f} s  {name}" for seconds, name in read[:MOST_SHOWN] if seconds >= 0.5]
    if slow:
        _log.info("\nread %d pages in %.0f s:\n%s", len(read), sum(seconds for seconds, _ in read), "\n".join(slow))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("source_hash", SOURCE, "env")  # another value, and each page is read and executed again
    app.connect("source-read", begin)
    app.connect("doctree-read", end)
    app.connect("env-updated", report)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
