"""Progress of a training on a table: a live line where output is a terminal, some ten lines where it is not."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from glassnet.cli.screen import show

if TYPE_CHECKING:
    from glassnet.tables.fitting.plan import Plan
    from glassnet.tables.search.search import Standing
    from glassnet.training.train import Epoch

METRIC_EVERY = 0.2  # seconds between two measurements of the metric, which cost a prediction
LINE_EVERY = 5.0  # seconds between two lines of a slow training where output is no terminal
METRIC_ROWS = 10_000


class _LiveLine:
    """A bar with a text and the time left, on a terminal alone: elsewhere rich is not imported."""

    def __init__(self, total: float, quiet: bool, *, counted: str = "") -> None:
        self.quiet, self.live = quiet, sys.stdout.isatty() and not quiet
        self.line_at = time.monotonic()
        if not self.live:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        count = (TextColumn(counted), MofNCompleteColumn()) if counted else ()
        left = (TimeRemainingColumn(), TextColumn("left")) if counted else ()
        console = Console(highlight=False, emoji=False)
        self.bar = Progress(*count, BarColumn(bar_width=12), TextColumn("{task.fields[text]}"), *left, console=console)
        self.task = self.bar.add_task("", total=total, text="")

    def __enter__(self) -> Self:
        if self.live:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.bar.stop()


class TableProgress(_LiveLine):
    """A callback of train that shows epoch, loss, metric and the time left."""

    def __init__(self, plan: Plan, quiet: bool) -> None:
        from glassnet.network.scores import score_name

        self.epochs = plan.settings.epochs or 1
        super().__init__(self.epochs, quiet, counted="epoch")
        self.plan = plan
        name = "validation" if "validation" in plan.parts else "train"
        self.X, self.y = (each[:METRIC_ROWS] for each in (plan.parts[name].X, plan.parts[name].y))
        self.classes = plan.model.task == "classification"
        self.part, self.metric = "validation" if name == "validation" else "training", score_name(classes=self.classes)
        self.every = max(1, self.epochs // 10)
        self.measured_at, self.score = 0.0, float("nan")

    def __call__(self, now: Epoch) -> None:
        clock = time.monotonic()
        due = now.epoch == 1 or now.epoch % self.every == 0 or clock - self.line_at > LINE_EVERY
        line_due = due and not self.quiet and not self.live
        if line_due or (self.live and (clock - self.measured_at > METRIC_EVERY or now.epoch == self.epochs)):
            from glassnet.network.scores import score

            predicted = self.plan.model.network.predict(self.X)
            self.score, self.measured_at = score(predicted, self.y, classes=self.classes), clock
        if self.live:  # in 80 columns
            loss = now.loss if now.validation_loss is None else now.validation_loss
            self.bar.update(
                self.task, completed=now.epoch, text=f"{self.part} loss {loss:.4f}, {self.metric} {self.score:.4f}"
            )
        elif line_due:
            self.line_at = clock
            validation = "" if now.validation_loss is None else f"   validation loss {now.validation_loss:.4f}"
            show(f"epoch {now.epoch:5d}   loss {now.loss:.4f}{validation}   {self.part} {self.metric} {self.score:.4f}")


class SearchProgress(_LiveLine):
    """Shows of a search the networks that are trained, the best loss so far and the time left."""

    def __init__(self, quiet: bool) -> None:
        super().__init__(1.0, quiet)

    def __call__(self, now: Standing) -> None:
        if self.live:
            self.bar.update(self.task, completed=now.share, text=str(now))
        elif not self.quiet and (time.monotonic() - self.line_at > LINE_EVERY or now.share >= 1):
            self.line_at = time.monotonic()
            show(str(now))
