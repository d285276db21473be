"""Printing text that may hold names and cells of a user's file: a terminal shows their control characters escaped."""

from __future__ import annotations

import sys

from glassnet.errors import printable


def show(text: str) -> None:
    """Print lines to the standard output."""
    print(printable(text, keep="\n"), flush=True)


def note(text: str) -> None:
    """Print lines to the error stream."""
    print(printable(text, keep="\n"), file=sys.stderr)


def write_data(text: str) -> None:
    """Write data to the standard output: unchanged to a file or a pipe, escaped to a terminal."""
    sys.stdout.write(printable(text, keep="\n") if sys.stdout.isatty() else text)
