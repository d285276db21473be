"""Progress of a training on a table: a live line where output is a terminal, some ten lines where it is not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console

    from glassnet.tables.fitting.plan import Plan
    from glassnet.tables.search.search import Standing
    from glassnet.training.train import Epoch

METRIC_EVERY = 0.2  # seconds between two measurements of the metric, which cost a prediction
LINE_EVERY = 5.0  # seconds between two lines of a slow training where output is no terminal
METRIC_ROWS = 10_000


class TableProgress:
    """A callback of train that shows epoch, loss, metric and the time left."""

    def __init__(self, console: Console, plan: Plan, quiet: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        from glassnet.network.scores import score_name

        self.console, self.plan, self.quiet = console, plan, quiet
        name = "validation" if "validation" in plan.parts else "train"
        self.X, self.y = (each[:METRIC_ROWS] for each in (plan.parts[name].X, plan.parts[name].y))
        self.classes = plan.model.task == "classification"
        self.label = f"{'validation' if name == 'validation' else 'training'} {score_name(classes=self.classes)}"
        epochs = plan.settings.epochs or 1
        self.every = max(1, epochs // 10)
        self.measured_at, self.line_at, self.score = 0.0, time.monotonic(), float("nan")
        columns = (
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[text]}"),
        )
        self.live = console.is_terminal and not quiet
        self.bar = Progress(*columns, TimeRemainingColumn(), TextColumn("left"), console=console, disable=not self.live)
        self.task = self.bar.add_task("", total=epochs, text="")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def __call__(self, now: Epoch) -> None:
        clock = time.monotonic()
        due = now.epoch == 1 or now.epoch % self.every == 0 or clock - self.line_at > LINE_EVERY
        line_due = due and not self.quiet and not self.live
        if line_due or (self.live and clock - self.measured_at > METRIC_EVERY):
            from glassnet.network.scores import score

            predicted = self.plan.model.network.predict(self.X)
            self.score, self.measured_at = score(predicted, self.y, classes=self.classes), clock
        text = f"loss {now.loss:.4f}"
        if now.validation_loss is not None:
            text += f"   validation loss {now.validation_loss:.4f}"
        text += f"   {self.label} {self.score:.4f}"
        if self.live:
            self.bar.update(self.task, completed=now.epoch, text=text)
        elif line_due:
            self.line_at = clock
            self.console.print(f"epoch {now.epoch:5d}   {text}", markup=False)


class SearchProgress:
    """Shows of a search the networks that are trained, the best loss so far and the time left."""

    def __init__(self, console: Console, quiet: bool) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self.console, self.quiet = console, quiet
        self.live = console.is_terminal and not quiet
        self.bar = Progress(
            BarColumn(bar_width=24), TextColumn("{task.fields[text]}"), console=console, disable=not self.live
        )
        self.task = self.bar.add_task("", total=1.0, text="")
        self.line_at = time.monotonic()

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def __call__(self, now: Standing) -> None:
        if self.live:
            self.bar.update(self.task, completed=now.share, text=str(now))
        elif not self.quiet and (time.monotonic() - self.line_at > LINE_EVERY or now.share >= 1):
            self.line_at = time.monotonic()
            self.console.print(str(now), markup=False)
