"""Progress of a training on a table: a live line where output is a terminal, some ten lines where it is not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from glassnet.cli.live_line import LiveLine
from glassnet.cli.screen import show

if TYPE_CHECKING:
    from glassnet.tables.fitting.plan import Plan
    from glassnet.tables.search.search import Standing
    from glassnet.training.train import Epoch

METRIC_EVERY = 0.2  # seconds between two measurements of the metric, which cost a prediction
LINE_EVERY = 5.0  # seconds between two lines of a slow training where output is no terminal
METRIC_ROWS = 10_000


class TableProgress(LiveLine):
    """A callback of train that shows epoch, loss, metric and the time left."""

    def __init__(self, plan: Plan, quiet: bool) -> None:
        from glassnet.network.scores import score_name

        self.epochs = plan.settings.epochs or 1
        super().__init__(self.epochs, counted="epoch", time_left=True, quiet=quiet)
        self.quiet, self.line_at = quiet, time.monotonic()
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
            self.tell(f"{self.part} loss {loss:.4f}, {self.metric} {self.score:.4f}", completed=now.epoch)
        elif line_due:
            self.line_at = clock
            validation = "" if now.validation_loss is None else f"   validation loss {now.validation_loss:.4f}"
            show(f"epoch {now.epoch:5d}   loss {now.loss:.4f}{validation}   {self.part} {self.metric} {self.score:.4f}")


class SearchProgress(LiveLine):
    """Shows of a search the networks that are trained, the best loss so far and the time left."""

    def __init__(self, quiet: bool) -> None:
        super().__init__(1.0, quiet=quiet)
        self.quiet, self.line_at = quiet, time.monotonic()

    def __call__(self, now: Standing) -> None:
        if self.live:
            self.tell(str(now), completed=now.share)
        elif not self.quiet and (time.monotonic() - self.line_at > LINE_EVERY or now.share >= 1):
            self.line_at = time.monotonic()
            show(str(now))
