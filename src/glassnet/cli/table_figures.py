"""The figures of a training on a table: the loss curves, and how the predictions compare with what is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glassnet.plots import figures
from glassnet.storage.atomic import write_atomically
from glassnet.tables.fitting.plan import Plan
from glassnet.tables.reading.table import cut
from glassnet.tables.report.text import NAMES, short_names
from glassnet.tables.search.search import Search

MOST_POINTS = 5_000  # of a scatter plot
MOST_CLASSES = 60  # of a confusion matrix that can be read


def draw(plan: Plan | Search, loss: Path, result: Path) -> list[Path]:
    """Write the figure of the loss, and that of the result if it can be read; returns the paths that were written."""
    model = plan.model
    title = f"{cut(model.target, 30)}, {model.task}"
    penalty = " (with penalty)" if plan.settings.l1 or plan.settings.l2 else ""
    curves = {f"training{penalty}" if name == "training" else name: each for name, each in plan.curves.items()}
    made = {loss: figures.plot_loss(curves, f"{title}: loss")}
    measure = "accuracy" if model.classes is not None else "r2"
    pairs = {}
    answers = plan.answers()
    for name, (answer, actual) in answers.items():
        if name == "validation" and "test" in answers:
            continue
        caption = f"{name}: {NAMES[measure]} {model.training[name][measure]:.3f}"
        if model.classes is None:
            some = slice(None, None, -(-len(actual) // MOST_POINTS))
            pairs[caption] = (actual[some], answer[some])
        else:
            pairs[caption] = (actual, np.argmax(answer, axis=1))
    if model.classes is None:
        made[result] = figures.plot_predictions(pairs, title, cut(model.target, 30))
    elif len(model.classes) <= MOST_CLASSES:
        made[result] = figures.plot_confusion(pairs, short_names(model.classes), title)
    for path, figure in made.items():
        write_atomically(path, figures.render(figure))
    return list(made)
