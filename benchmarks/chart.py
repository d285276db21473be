"""Draws the charts: µs a step on a log axis; a group of bars for each workload, a panel for each dtype."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.runner import Result
from benchmarks.series import short

# Okabe & Ito 2008: distinct for every kind of colour vision
COLOURS = {
    "glassnet": "#D55E00",
    "numpy": "#0072B2",
    "scikit-learn": "#E69F00",
    "torch": "#009E73",
    "torch.compile": "#56B4E9",
    "jax": "#CC79A7",
}
WIDTH = 7.0  # inches, the least that title and legend need


def draw(results: list[Result], folder: Path, clock: str, subtitle: str, peaks: dict[str, float]) -> None:
    """Write chart.png and chart.svg, and scaling.png and .svg if the sweeps were run."""
    swept = [result for result in results if result.workload.name.startswith(("rows", "width"))]
    plain = [result for result in results if result not in swept]
    with mpl.rc_context({"font.size": 9, "svg.hashsalt": "glassnet", "svg.fonttype": "none"}):
        if plain:
            save(bars(plain, clock, subtitle), folder, "chart")
        if swept:
            save(lines(swept, clock, subtitle, peaks), folder, "scaling")


def bars(results: list[Result], clock: str, subtitle: str) -> Figure:
    """Draw horizontal bars: one panel for each dtype, the contenders of a workload together in the order they ran."""
    dtypes = unique([result.workload.dtype for result in results])
    labels = unique([result.workload.label for result in results])
    contenders = unique([result.contender for result in results])
    height = 0.8 / len(contenders)
    rows = len(labels) * len(contenders)
    figure = Figure(figsize=(max(4.2 * len(dtypes) + 1.6, WIDTH), 0.19 * rows + 1.9), layout="constrained")
    panels = figure.subplots(1, len(dtypes), sharey=True, sharex=True, squeeze=False)[0]
    for panel, dtype in zip(panels, dtypes, strict=True):
        for place, name in enumerate(contenders):
            for at, label in enumerate(labels):
                found = [
                    r for r in results if (r.workload.dtype, r.contender, r.workload.label) == (dtype, name, label)
                ]
                if found:
                    value, y = 1e6 * found[0].best(clock), at + (place + 0.5) * height - 0.4
                    panel.barh(y, value, 0.92 * height, color=COLOURS[name], label=name if at == 0 else None)
                    weight = "bold" if name == "glassnet" else "normal"
                    panel.annotate(
                        short(value),
                        (value, y),
                        (3, 0),
                        textcoords="offset points",
                        va="center",
                        size=7.5,
                        weight=weight,
                    )
        finish(panel, dtype, "µs, logarithmic: shorter is faster")
    low = min(1e6 * result.best(clock) for result in results)
    high = max(1e6 * result.best(clock) for result in results)
    panels[0].set_xlim(low / 3, high * 4)
    panels[0].set_yticks(range(len(labels)), [label.replace("  ", "\n", 1).replace(", ", "\n", 1) for label in labels])
    panels[0].set_ylim(len(labels) - 0.5, -0.5)
    handles, names = panels[0].get_legend_handles_labels()
    figure.suptitle(f"Time of a step, best round\n{subtitle}", fontsize=11)
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    return figure


def lines(results: list[Result], clock: str, subtitle: str, peaks: dict[str, float]) -> Figure:
    """Draw GF/s over the size: one row for each sweep, one panel for each dtype."""
    dtypes = unique([result.workload.dtype for result in results])
    sweeps = unique([result.workload.name.split()[0] for result in results])
    figure = Figure(figsize=(max(4.6 * len(dtypes) + 0.6, WIDTH), 3.1 * len(sweeps) + 1.0), layout="constrained")
    panels = figure.subplots(len(sweeps), len(dtypes), sharey="row", sharex="row", squeeze=False)
    for row, sweep in zip(panels, sweeps, strict=True):
        for panel, dtype in zip(row, dtypes, strict=True):
            for name in unique([result.contender for result in results]):
                chosen = [r for r in results if (r.contender, r.workload.dtype) == (name, dtype)]
                chosen = [r for r in chosen if r.workload.name.startswith(sweep)]
                sizes = [r.workload.rows if sweep == "rows" else r.workload.sizes[1] for r in chosen]
                speeds = [r.workload.flops_per_step / r.best(clock) * 1e-9 for r in chosen]
                panel.plot(
                    sizes, speeds, "o-", color=COLOURS[name], label=name, lw=2 if name == "glassnet" else 1.2, ms=3.5
                )
            finish(
                panel, dtype, "rows of data, batch 200" if sweep == "rows" else "width of both hidden layers, batch 128"
            )
            panel.set_yscale("log")
            plain_numbers(panel.yaxis)
            if sweep == "width":
                panel.set_xscale("log", base=2)
            plain_numbers(panel.xaxis)
            if peaks.get(dtype):
                panel.axhline(peaks[dtype], color="0.3", lw=1, ls="--")
                panel.annotate(
                    "peak of one core",
                    (0.02, peaks[dtype]),
                    (0, 3),
                    xycoords=("axes fraction", "data"),
                    textcoords="offset points",
                    fontsize=7.5,
                )
            panel.grid(axis="y", which="major", color="0.9")
        row[0].set_ylabel("GF/s")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.suptitle(f"Speed of a training step: higher is faster\n{subtitle}", fontsize=11)
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    return figure


def finish(panel: Axes, title: str, x: str) -> None:
    panel.set_xscale("log")
    plain_numbers(panel.xaxis)
    panel.set_title(title, fontsize=10)
    panel.set_xlabel(x)
    panel.set_axisbelow(True)
    panel.grid(axis="x", which="major", color="0.9")
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(axis="y", length=0)


def plain_numbers(axis: Axis) -> None:
    """Write 0.1, 1 and 1,000 at the ticks, not powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axis.set_minor_formatter(NullFormatter())


def save(figure: Figure, folder: Path, name: str) -> None:
    figure.savefig(folder / f"{name}.png", dpi=150)
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def unique(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))
