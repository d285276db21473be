"""A live line on a terminal: what is counted, a bar, a text and the time left; where output is no terminal, nothing."""

from __future__ import annotations

import sys
from typing import Any, Self


class LiveLine:
    """A bar with a text, on a terminal alone: elsewhere rich is not imported.

    `counted` names what is counted, if it is to be shown; `time_left`: whether the time left is; `quiet`: True for no line;
    `errors`: True for the error stream.
    """

    def __init__(
        self,
        total: float | None,
        *,
        counted: str = "",
        time_left: bool = False,
        quiet: bool = False,
        errors: bool = False,
    ) -> None:
        self.live = (sys.stderr if errors else sys.stdout).isatty() and not quiet
        if not self.live:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        count = (TextColumn(counted), MofNCompleteColumn()) if counted else ()
        left = (TimeRemainingColumn(), TextColumn("left")) if time_left else ()
        console = Console(stderr=errors, highlight=False, emoji=False)
        columns = (*count, BarColumn(bar_width=12), TextColumn("{task.fields[text]}"), *left)
        self.bar = Progress(*columns, console=console, transient=errors)
        self.task = self.bar.add_task("", total=total, text="")

    def tell(self, text: str, **fields: Any) -> None:
        """Show a text on the line; `completed` and `total` move the bar."""
        if self.live:
            self.bar.update(self.task, text=text, **fields)

    def __enter__(self) -> Self:
        if self.live:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.bar.stop()
