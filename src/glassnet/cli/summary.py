"""`glassnet summary`: prints the content of a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.screen import show


def summary(
    model: Annotated[Path, typer.Argument(help="A model file, as train or gn.save writes it.", show_default=False)],
) -> None:
    """Print a model's columns, network, settings and measures."""
    from glassnet.storage.files import load

    found = load(model)
    parts = found if isinstance(found, tuple) else (found,)
    for part in parts:
        show(part.summary() if hasattr(part, "summary") else repr(part))
