"""Draws the scores: each contender's loss above the best one's on each table, and mean rank over processor time."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from benchmarks.chart import finish, save
from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.scores import Scores

# Okabe & Ito 2008; what belongs together has one colour, its lesser variants are hollow
STYLES: dict[str, dict[str, Any]] = {
    "default": {"color": "#D55E00", "marker": "D", "ms": 8},
    "quick": {"color": "#D55E00", "marker": "D", "ms": 7, "mfc": "white"},
    "before": {"color": "0.45", "marker": "x", "ms": 6, "mew": 1.6},
    "catboost": {"color": "#0072B2", "marker": "o", "ms": 7},
    "realmlp": {"color": "#009E73", "marker": "s", "ms": 7},
    "realmlp-ce": {"color": "#009E73", "marker": "s", "ms": 6, "mfc": "white"},
    "histgb": {"color": "#56B4E9", "marker": "^", "ms": 7},
    "mlp": {"color": "#E69F00", "marker": "v", "ms": 7},
}
TICKS = (0, 2, 10, 25, 50, 100, 200)


def draw(scores: Scores, folder: Path) -> None:
    """Write quality.png and quality.svg."""
    with mpl.rc_context({"font.size": 9, "svg.hashsalt": "glassnet", "svg.fonttype": "none"}):
        figure = Figure(figsize=(10.4, 0.36 * len(scores.cases) + 2.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        losses(left, scores)
        cost(right, scores)
        handles = [Line2D([], [], ls="", label=CONTENDERS[name].label, **STYLES[name]) for name in scores.contenders]
        figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
        save(figure, folder, "quality")


def losses(panel: Axes, scores: Scores) -> None:
    """Draw a line a table: how far each contender's mean test loss is above the lowest."""
    cases = [case for case in scores.cases if scores.shown(case)[1]]
    far = 0.0
    for row, case in enumerate(cases):
        names, splits = scores.shown(case)
        means = {name: fmean(scores.values(case, name, splits)) for name in names}
        lowest = min(means.values())
        for name, mean in means.items():
            above = 100 * (mean / lowest - 1)
            same = case.task == "regression" and CONTENDERS[name].for_numbers is not None  # drawn as the other
            if np.isfinite(above) and not same:
                panel.plot(above, row, ls="", clip_on=False, **STYLES[name])
                far = max(far, above)
    panel.set_xscale("function", functions=(lambda x: np.sqrt(np.clip(x, 0, None)), np.square))
    ticks = [tick for tick in TICKS if tick <= 1.1 * far]
    panel.set_xticks(ticks, ["best", *(f"+{tick} %" for tick in ticks[1:])])
    panel.set_xlim(0, 1.15 * far)
    panel.set_yticks(range(len(cases)), [case.name for case in cases])
    panel.set_ylim(len(cases) - 0.5, -0.5)
    for row in range(len(cases)):
        panel.axhline(row, color="0.9", lw=1, zorder=0)
    kinds = [case.task for case in cases]
    if "regression" in kinds and "classification" in kinds:
        panel.axhline(kinds.index("classification") - 0.5, color="0.6", lw=0.8, ls=":")
    panel.set_title("Test loss above the best (RMSE; below the line log loss)", fontsize=10, loc="left")
    panel.grid(axis="x", color="0.92")
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.tick_params(axis="y", length=0, pad=8)


def cost(panel: Axes, scores: Scores) -> None:
    """Draw the mean rank over the processor time: further up and to the left is better."""
    points = {
        name: (seconds, rank)
        for name, rank in scores.ranks().items()
        if (seconds := scores.typical_seconds(name)) is not None
    }
    for name, (seconds, rank) in points.items():
        panel.plot(seconds, rank, ls="", **STYLES[name])
        near = [(time, other) for time, other in points.values() if abs(np.log10(time / seconds)) < 0.7]
        below = any(0 < rank - other < 0.5 or (rank == other and time < seconds) for time, other in near)
        panel.annotate(
            CONTENDERS[name].label,
            (seconds, rank),
            (0, -8 if below else 8),
            textcoords="offset points",
            ha="center",
            va="top" if below else "bottom",
            size=8,
        )
    finish(panel, "", "processor seconds of a fit, logarithmic")
    panel.set_title(f"Mean rank on {len(scores.complete)} tables: the higher up, the better", fontsize=10, loc="left")
    times = [seconds for seconds, _ in points.values()]
    panel.set_xlim(min(times, default=1) / 6, max(times, default=1) * 4)
    panel.margins(y=0.15)
    panel.yaxis.set_major_locator(MultipleLocator(0.5))
    panel.invert_yaxis()
