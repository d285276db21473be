"""Figures of data, trainings and predictions: functions from arrays to a matplotlib Figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]

# safe for colour-blind eyes (Okabe & Ito 2008), blue and orange first
COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000", "#999999", "#7f3c8d"]
LIGHT = "#fefefe"  # on a dark colour, in every theme: a page may take pure white for its paper
MARKERS = ["o", "^", "s", "D", "v", "P", "X", "*", "<", ">"]

STYLE: dict[Any, Any] = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "svg.hashsalt": "glassnet",  # so that the same picture gives the same bytes
    "text.parse_math": False,  # a $ in a name is no mathematics
}


def _axes(columns: int = 1, width: float = 6.0, height: float = 4.2) -> tuple[Figure, list[Axes]]:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(width * columns, height), layout="constrained")
        axes = figure.subplots(1, columns, squeeze=False)[0]
    return figure, list(axes)


def scatter(ax: Axes, X: Array, y: Array, names: Sequence[str], size: float = 18) -> None:
    """Draw points of the plane, with one colour and one marker for each class."""
    for k, name in enumerate(names):
        chosen = y == k
        ax.scatter(
            X[chosen, 0],
            X[chosen, 1],
            s=size,
            c=COLOURS[k % len(COLOURS)],
            marker=MARKERS[k % len(MARKERS)],
            edgecolors="white",
            linewidths=0.5,
            label=f"class {name}" if name.isdigit() else name,
        )


def plot_classes(X: Array, y: Array, class_names: Sequence[str], title: str, axis_names: Sequence[str]) -> Figure:
    """Plot points of the plane, X (n, 2), coloured by class."""
    figure, (ax,) = _axes()
    scatter(ax, X, y, class_names)
    ax.set(title=title, xlabel=axis_names[0], ylabel=axis_names[1])
    ax.legend(loc="best")
    return figure


def plot_numbers(X: Array, y: Array, title: str, axis_names: Sequence[str], target_name: str) -> Figure:
    """Plot points of the plane, X (n, 2), coloured by a numeric target."""
    figure, (ax,) = _axes()
    points = ax.scatter(X[:, 0], X[:, 1], c=y, s=18, cmap="cividis")
    figure.colorbar(points, ax=ax, label=target_name)
    ax.set(title=title, xlabel=axis_names[0], ylabel=axis_names[1])
    return figure


def plot_images(images: Array, labels: Array, title: str, rows: int = 3, columns: int = 8) -> Figure:
    """Plot the first rows × columns of the images (n, height, width), with their labels."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(0.95 * columns, 1.15 * rows + 0.4), layout="constrained")
        for ax, image, label in zip(figure.subplots(rows, columns).ravel(), images, labels, strict=False):
            ax.imshow(image, cmap="gray_r", interpolation="nearest")
            ax.set_title(str(label), fontsize=10, pad=2)
            ax.set_axis_off()
        figure.suptitle(title)
    return figure


def plot_loss(losses: Mapping[str, Array | Sequence[Array | Sequence[float]]], title: str) -> Figure:
    """Plot loss curves by name, (epochs,) each, against the epoch from 1; on a log scale if all losses are positive.

    Several curves under a name, of the members of an ensemble, are thin, and their mean is thick; a curve that has ended
    counts on with its last value.
    """
    from matplotlib.ticker import MaxNLocator

    figure, (ax,) = _axes()
    every = []
    for k, (name, given) in enumerate(losses.items()):
        curves = [np.asarray(given)] if np.ndim(given[0]) == 0 else [np.asarray(curve) for curve in given]
        every += curves
        if len(curves) > 1:
            for curve in curves:
                ax.plot(np.arange(1, len(curve) + 1), curve, color=COLOURS[k], linewidth=0.6, alpha=0.4)
            name = f"{name}, mean of {len(curves)}"
        mean = _mean_curve(curves)
        marker = "o" if len(mean) == 1 else ""
        ax.plot(np.arange(1, len(mean) + 1), mean, color=COLOURS[k], linewidth=1.8, marker=marker, label=name)
    if all((curve > 0).all() for curve in every):
        ax.set_yscale("log")
        label_log_axis(ax)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.set(title=title, xlabel="epoch", ylabel="loss")
    ax.grid(axis="y", which="both", color="0.92", linewidth=0.8)
    if len(losses) > 1:
        ax.legend()
    return figure


def plot_boundary(
    probability: Callable[[Array], Array], parts: dict[str, tuple[Array, Array]], class_names: Sequence[str], title: str
) -> Figure:
    """Plot the probability of class 1 over the plane and its ½ line, in one panel for each part with its points.

    `probability` maps (n, 2) points to (n,) numbers; `parts` maps a caption to X (n, 2) and y (n,).
    """
    from sklearn.inspection import DecisionBoundaryDisplay

    points = np.vstack([X for X, _ in parts.values()])
    (left, bottom), (right, top) = points.min(axis=0) - 0.4, points.max(axis=0) + 0.4
    xx0, xx1 = np.meshgrid(np.linspace(left, right, 300), np.linspace(bottom, top, 300))
    response = probability(np.column_stack([xx0.ravel(), xx1.ravel()])).reshape(xx0.shape)

    figure, axes = _axes(len(parts), width=5.4, height=4.4)
    for ax, (caption, (X, y)) in zip(axes, parts.items(), strict=True):
        display = DecisionBoundaryDisplay(xx0=xx0, xx1=xx1, response=response, n_classes=2, xlabel="x₁", ylabel="x₂")
        display.plot(ax=ax, plot_method="contourf", levels=np.linspace(0, 1, 21), cmap=_blue_to_orange(), alpha=0.5)
        ax.contour(xx0, xx1, response, levels=[0.5], colors="0.15", linewidths=1.6)
        scatter(ax, X, y, class_names, size=20)
        ax.set_title(caption)
    axes[0].legend(loc="upper right", fontsize=9)
    bar = figure.colorbar(display.surface_, ax=axes, label="probability of class 1", ticks=[0, 0.25, 0.5, 0.75, 1])
    bar.outline.set_visible(False)
    figure.suptitle(title)
    return figure


def plot_confusion(parts: dict[str, tuple[Array, Array]], class_names: Sequence[str], title: str) -> Figure:
    """Plot confusion matrices; `parts` maps a caption to the actual and the predicted classes."""
    classes = len(class_names)
    longest = max(map(len, class_names))
    upright = sum(map(len, class_names)) > 5 * max(4.2, 0.5 * classes + 1.2)
    side = max(3.4, 0.5 * classes + 0.4)
    figure, axes = _axes(len(parts), width=side + 0.09 * longest + 0.6, height=side + 0.8 + 0.09 * longest * upright)
    for ax, (caption, (actual, predicted)) in zip(axes, parts.items(), strict=True):
        counts = np.bincount(np.asarray(actual) * classes + predicted, minlength=classes**2).reshape(classes, classes)
        ax.imshow(counts, cmap="Blues")
        if classes <= 30:
            for (row, column), count in np.ndenumerate(counts):
                dark = count > counts.max() / 2
                ax.text(column, row, f"{count}", ha="center", va="center", color=LIGHT if dark else "0.1")
        places = range(classes)
        ax.set_xticks(places, class_names, rotation=90 if upright else 0)
        ax.set_yticks(places, class_names)
        ax.tick_params(length=0)
        ax.set(title=caption, xlabel="predicted", ylabel="actual")
        ax.spines[:].set_visible(False)
    figure.suptitle(title)
    return figure


def plot_residuals(parts: dict[str, tuple[Array, Array]], title: str) -> Figure:
    """Plot residuals (actual − predicted) against predictions; `parts` maps a caption to actual and predicted."""
    figure, axes = _axes(len(parts), width=5.2)
    for ax, (caption, (actual, predicted)) in zip(axes, parts.items(), strict=True):
        ax.axhline(0, color="0.2", linestyle="--", alpha=0.7)
        ax.scatter(predicted, np.subtract(actual, predicted), s=16, color=COLOURS[0], alpha=0.6)
        ax.set(title=caption, xlabel="predicted", ylabel="actual − predicted")
    figure.suptitle(title)
    return figure


def plot_predictions(parts: dict[str, tuple[Array, Array]], title: str, target: str) -> Figure:
    """Plot actual against predicted numbers on equal axes; on the line they agree.

    `parts` maps a caption to actual and predicted.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = _axes(len(parts), width=4.6, height=4.8)
    for ax, (caption, (actual, predicted)) in zip(axes, parts.items(), strict=True):
        low, high = min(np.min(actual), np.min(predicted)), max(np.max(actual), np.max(predicted))
        margin = 0.04 * (high - low) or 0.5
        ax.plot([low, high], [low, high], color="0.2", linestyle="--", alpha=0.7)
        alpha = 0.6 if len(actual) < 2000 else 0.25
        ax.scatter(predicted, actual, s=16, color=COLOURS[0], alpha=alpha, edgecolors="none")
        ax.set(title=caption, xlabel=f"predicted {target}", ylabel=f"actual {target}", aspect="equal")
        ax.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(5))
    figure.suptitle(title)
    return figure


def plot_contributions(
    names: Sequence[str], values: Sequence[float], baseline: float, title: str, number: Callable[..., str]
) -> Figure:
    """Plot how contributions lead from the baseline to the prediction: a bar for each, where the one above it ends.

    `number(value, signed)` writes a number.
    """
    ends = baseline + np.cumsum(values)
    starts = np.concatenate([[baseline], ends[:-1]])
    figure, (ax,) = _axes(width=7.2, height=1.5 + 0.36 * len(values))
    for row, (start, end, value) in enumerate(zip(starts, ends, values, strict=True)):
        ax.barh(row, value, left=start, height=0.62, color=COLOURS[value < 0])
        ax.plot([end, end], [row, min(row + 1, len(values) - 1)], color="0.6", linewidth=0.8, zorder=0)
        ax.annotate(
            number(value, signed=True),
            (max(start, end), row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    for x, style in ((baseline, ":"), (ends[-1], "--")):
        ax.axvline(x, color="0.4", linewidth=1, linestyle=style, zorder=0)
    ax.set_yticks(range(len(values)), [name if len(name) <= 40 else f"{name[:39]}…" for name in names])
    ax.set_ylim(len(values) - 0.4, -0.6)
    ax.set_xlabel(f"dotted: the baseline, {number(baseline)}; dashed: the prediction, {number(ends[-1])}")
    ax.use_sticky_edges = False
    ax.margins(x=0.14)
    ax.set_title(title)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return figure


def render(figure: Figure, form: str = "png") -> bytes:
    """Return the figure as the bytes of a "png" or "svg" file; no text in it is read as mathematics."""
    from matplotlib import rc_context
    from matplotlib.text import Text

    content = BytesIO()
    for text in figure.findobj(Text):  # texts made outside the style
        text.set_parse_math(False)
    with rc_context(STYLE):  # texts that drawing makes, such as the numbers on axes
        equal = any(ax.get_aspect() == 1 and not ax.images for ax in figure.axes)
        if equal and (layout := figure.get_layout_engine()):
            layout.execute(figure)  # a second time in savefig: where axes are equal, one leaves labels outside
        figure.savefig(content, format=form, metadata={"Date": None} if form == "svg" else None)
    return content.getvalue()


def _mean_curve(curves: Sequence[Array]) -> Array:
    longest = max(map(len, curves))
    return np.mean([np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves], axis=0)


def _blue_to_orange() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("blue_to_orange", [COLOURS[0], "#f7f7f7", COLOURS[1]])


def label_log_axis(ax: Axes) -> None:
    """Label a log axis with plain numbers; with several for each decade if it spans few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = ax.get_ylim()
    subs = (1.0, 2.0, 3.0, 4.0, 5.0, 7.0) if high / low < 20 else (1.0, 2.0, 5.0) if high / low < 1e3 else (1.0,)
    ax.yaxis.set_major_locator(LogLocator(subs=subs))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
