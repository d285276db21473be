"""The formats of prints: the method that writes each, and the one that a file's ending names."""

from __future__ import annotations

from pathlib import Path

from glassnet.errors import InputError, shown

METHODS = {
    "text": "to_text",
    "html": "to_html",
    "md": "to_markdown",
    "tex": "to_latex",
    "json": "to_json",
    "pdf": "to_pdf",
}
ENDINGS = {".txt": "text", ".html": "html", ".htm": "html", ".md": "md", ".tex": "tex", ".json": "json", ".pdf": "pdf"}


def format_of(path: Path) -> str:
    """Return the format that the ending of a file's name stands for.

    Raises
    ------
    InputError
        If it is none of ENDINGS.
    """
    found = ENDINGS.get(path.suffix.lower())
    if found is None:
        known = ", ".join(ENDINGS)
        raise InputError(f"file: expected a name that ends in one of {known}; got {shown(path.name)}; rename it.")
    return found
