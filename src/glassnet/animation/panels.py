"""Draws the looks at a run as pictures of equal size: boundary, loss, activations and gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.animation.looks import GRID, POINTS, Look, Scene
from glassnet.network.network import Network
from glassnet.plots.figures import COLOURS, STYLE, label_log_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Array = NDArray[Any]

PANELS = ("boundary", "loss", "activations", "gradients")
BANDS = 8  # of colour on either side of the middle: few, so that a GIF stays small
STRENGTH = 0.55  # of the colours behind the points
DECADES = 20.0  # a ratio of losses from which on the axis is logarithmic
LEAST = 1e-5  # the smallest gradient on a logarithmic axis, as a share of the largest
INK = "#1d2329"


def draw(network: Network, scene: Scene, looks: Sequence[Look], shown: Sequence[str], width: int) -> Iterator[Array]:
    """Yield a picture, (height, width, 3) of 0 … 255, for each look; text and axes stay where they are."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with rc_context({**STYLE, "font.size": 8.5, "axes.titlesize": 9.5, "axes.titlelocation": "left"}):
        figure, axes = _layout(shown, width)
        canvas: Any = FigureCanvasAgg(figure)  # whose methods have no types
        panels = [PANEL_KINDS[name](ax, network, scene, looks) for name, ax in axes.items()]
        heading = figure.suptitle(_heading(scene, looks[-1]), fontsize=10.5, x=0.02, ha="left")
        canvas.draw()  # makes the layout, which then stays as it is
        figure.set_layout_engine("none")
        moving = [heading, *(artist for panel in panels for artist in panel.moving)]
        for artist in moving:
            artist.set_animated(True)
        canvas.draw()
        still = canvas.copy_from_bbox(figure.bbox)  # all that is drawn once
        for place, look in enumerate(looks):
            canvas.restore_region(still)
            heading.set_text(_heading(scene, look))
            heading.draw(canvas.get_renderer())
            for panel in panels:
                panel.show(place)
                for artist in panel.moving:
                    artist.draw(canvas.get_renderer())
            yield np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _heading(scene: Scene, look: Look) -> str:
    parts = [f"{scene.unit} {look.position:,}", f"loss {look.loss:.4g}"]
    if look.validation_loss is not None:
        parts.append(f"validation {look.validation_loss:.4g}")
    return "   ".join(parts)


def _layout(shown: Sequence[str], width: int) -> tuple[Figure, dict[str, Axes]]:
    """Make the figure: the boundary on the left, beside it the other panels one below the other; without it, curves there."""
    from matplotlib.figure import Figure

    dots = 100
    left, right = list(shown[:1]), list(shown[1:])
    height = 0.62 * width if right else 0.8 * width
    figure = Figure(figsize=(width / dots, round(height) / dots), dpi=dots, layout="constrained")
    if not right:
        return figure, {left[0]: figure.subplots()}
    grid = figure.add_gridspec(len(right), 2, width_ratios=[1.2, 1])
    axes = {left[0]: figure.add_subplot(grid[:, 0])}
    axes |= {name: figure.add_subplot(grid[row, 1]) for row, name in enumerate(right)}
    return figure, axes


class _Boundary:
    """The network's output over the plane of two inputs, or the line of one, with the points of the training data."""

    def __init__(self, ax: Axes, network: Network, scene: Scene, looks: Sequence[Look]) -> None:
        self.ax, self.looks, self.scene = ax, looks, scene
        self.output = network.activations[network.n_layers].builtin
        self.along = scene.X.shape[1] == 1
        self.borders: list[Any] = []
        (left, right), drawn = scene.edges[0], np.unique(np.linspace(0, len(scene.X) - 1, POINTS).astype(int))
        X, Y = scene.X[drawn], scene.Y[drawn]
        if self.along:
            ax.scatter(X[:, 0], Y[:, 0], s=9, color=COLOURS[0], alpha=0.5, linewidths=0)
            (self.line,) = ax.plot([], [], color=INK, linewidth=1.8)
            self.moving: list[Any] = [self.line]
            low, high = float(Y[:, 0].min()), float(Y[:, 0].max())
            margin = 0.15 * (high - low) or 1.0
            ax.set(xlim=(left, right), ylim=(low - margin, high + margin), xlabel="x", ylabel="ŷ")
            return
        self.extent = (left, right, *scene.edges[1])
        self.range = float(np.abs(scene.Y).max()) or 1.0
        self.image = ax.imshow(self._colours(looks[0]), extent=self.extent, origin="lower", aspect="auto")
        self.drawn = ax.scatter(X[:, 0], X[:, 1], s=13, c=self._of_points(Y), edgecolors="white", linewidths=0.4)
        ax.set(xlabel="x₁", ylabel="x₂", xlim=self.extent[:2], ylim=self.extent[2:])
        self.moving = [self.image, self.drawn]

    def show(self, place: int) -> None:
        look = self.looks[place]
        assert look.output is not None
        assert self.scene.points is not None
        if self.along:
            self.line.set_data(self.scene.points[:, 0], look.output[:, 0])
            return
        self.image.set_data(self._colours(look))
        for border in self.borders:
            border.remove()
        self.borders = self._borders(look.output)
        self.moving = [self.image, *self.borders, self.drawn]

    def _borders(self, output: Array) -> list[Any]:
        """Draw the lines where the two most probable classes are equally probable."""
        if self.output == "sigmoid" and output.shape[1] == 1:
            leads = [output[:, 0] - 0.5]
        elif self.output == "softmax":
            others = [np.delete(output, k, axis=1).max(axis=1) for k in range(output.shape[1])]
            leads = [output[:, k] - other for k, other in enumerate(others)][output.shape[1] == 2 :]
        else:
            return []
        drawn: dict[str, Any] = {"levels": [0.0], "extent": self.extent, "colors": INK, "linewidths": 1.5}
        return [self.ax.contour(lead.reshape(GRID, GRID), **drawn) for lead in leads if lead.min() < 0 < lead.max()]

    def _colours(self, look: Look) -> Array:
        """The output as colours, (GRID, GRID, 3) of 0 … 1, in a few bands."""
        assert look.output is not None
        output = np.nan_to_num(look.output, nan=0.0, posinf=1e300, neginf=-1e300)
        shares = self._shares(output)
        away = np.ceil(BANDS * shares - 1e-9) / BANDS  # of the paper's white
        return (1 - STRENGTH * (away @ (1 - _ends(shares.shape[1])))).clip(0, 1).reshape(GRID, GRID, 3)

    def _shares(self, output: Array) -> Array:
        """Say how far each colour is mixed in, (points, colours) of 0 … 1."""
        if self.output == "softmax":
            first = output.max(axis=1, keepdims=True)
            base = 1 / output.shape[1]
            return np.where(output == first, (output - base) / (1 - base), 0.0).clip(0, 1)
        middle, half = (0.5, 0.5) if self.output == "sigmoid" else (0.0, self.range)
        away = (output[:, :1] - middle) / half
        return np.hstack([-away, away]).clip(0, 1)

    def _of_points(self, Y: Array) -> Any:
        if self.output == "softmax":
            return _ends(Y.shape[1])[Y.argmax(axis=1)]
        if self.output == "sigmoid":
            return _ends(2)[(Y[:, 0] > 0.5).astype(int)]
        share = (Y[:, :1] / self.range).clip(-1, 1)
        blue, orange = _ends(2)
        return 0.75 + np.maximum(-share, 0) * (blue - 0.75) + np.maximum(share, 0) * (orange - 0.75)


def _ends(count: int) -> Array:
    """The colours of the classes, (count, 3) of 0 … 1."""
    from matplotlib.colors import to_rgb

    return np.array([to_rgb(COLOURS[k % len(COLOURS)]) for k in range(count)])


class _Loss:
    """The curve of the loss up to the position, and faintly what is still to come."""

    def __init__(self, ax: Axes, network: Network, scene: Scene, looks: Sequence[Look]) -> None:
        self.positions = np.array([look.position for look in looks])
        curves = {"training": [look.loss for look in looks]}
        if looks[0].validation_loss is not None:
            curves["validation"] = [look.validation_loss or np.nan for look in looks]
        self.curves = {name: np.where(np.isfinite(curve), curve, np.nan) for name, curve in curves.items()}
        self.lines = []
        for (name, curve), colour in zip(self.curves.items(), COLOURS, strict=False):
            ax.plot(self.positions, curve, color=colour, alpha=0.22, linewidth=1)
            self.lines.append(ax.plot([], [], color=colour, linewidth=1.7, label=name)[0])
            self.lines.append(ax.plot([], [], color=colour, marker="o", markersize=4)[0])
        self.moving = self.lines
        every = np.concatenate([curve[np.isfinite(curve)] for curve in self.curves.values()])
        if len(every) and every.min() > 0 and every.max() > DECADES * every.min():
            ax.set_yscale("log")
            label_log_axis(ax)
        ax.set_title("loss")
        ax.set_xlabel(scene.unit, labelpad=1)
        _few_ticks(ax.xaxis)
        _few_ticks(ax.yaxis)
        if len(self.curves) > 1:
            ax.legend(fontsize=7.5, loc="upper right")

    def show(self, place: int) -> None:
        for number, curve in enumerate(self.curves.values()):
            line, dot = self.lines[2 * number : 2 * number + 2]
            line.set_data(self.positions[: place + 1], curve[: place + 1])
            dot.set_data(self.positions[place : place + 1], curve[place : place + 1])


class _Spread:
    """The spread of some numbers of each layer: a thin bar for 90 % of them, a thick one for half, a dot for the middle."""

    def __init__(self, ax: Axes, title: str, spreads: Sequence[Mapping[int, Array]], log: bool) -> None:
        layers = list(spreads[0])
        table = np.array([[spread[layer] for layer in layers] for spread in spreads], dtype=float)
        table = np.where(np.isfinite(table), table, np.nan)  # (looks, layers, 5)
        if log:
            table = np.maximum(table, LEAST * (np.nanmax(table, initial=0.0) or 1.0))
            ax.set_xscale("log")
        self.table, self.colours = table, [COLOURS[k % len(COLOURS)] for k in range(len(layers))]
        self.bars = []
        for place, colour in enumerate(self.colours):
            thin = ax.plot([], [], color=colour, linewidth=1.4, alpha=0.75)[0]
            thick = ax.plot([], [], color=colour, linewidth=5.5, solid_capstyle="butt")[0]
            dot = ax.plot([], [], color="white", marker="o", markersize=3.4, markeredgecolor=INK, linewidth=0)[0]
            self.bars.append((place, thin, thick, dot))
        self.moving = [artist for _, *artists in self.bars for artist in artists]
        low, high = float(np.nanmin(table, initial=np.inf)), float(np.nanmax(table, initial=-np.inf))
        if not high > low:
            low, high = (low / 2, 2 * high) if log and high > 0 else (low - 1, high + 1)
        margin = 0.04 * (high - low)
        ax.set_xlim((low / 1.3, high * 1.3) if log else (low - margin, high + margin))
        ax.set_ylim(len(layers) - 0.4, -0.6)
        ax.set_yticks(range(len(layers)) if len(layers) <= 8 else [0, len(layers) - 1])
        ax.set_yticklabels([f"layer {layers[int(tick)]}" for tick in ax.get_yticks()])
        ax.tick_params(axis="y", length=0)
        ax.set_title(title)
        _few_ticks(ax.xaxis)

    def show(self, place: int) -> None:
        for row, thin, thick, dot in self.bars:
            low, quarter, middle, three_quarters, high = self.table[place, row]
            thin.set_data([low, high], [row, row])
            thick.set_data([quarter, three_quarters], [row, row])
            dot.set_data([middle], [row])


def _few_ticks(axis: Axis) -> None:
    """Put few numbers on a linear axis, and powers of ten on a logarithmic one that has no labels yet."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    if axis.get_scale() == "linear":
        axis.set_major_locator(MaxNLocator(4))
    elif axis is axis.axes.xaxis:
        axis.set_major_locator(LogLocator(numticks=5))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"10{power(round(np.log10(value)))}"))


def power(exponent: int) -> str:
    """Return a whole number as an exponent.

    Examples
    --------
    >>> "10" + power(-3)
    '10⁻³'
    """
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


PANEL_KINDS: dict[str, Any] = {
    "boundary": _Boundary,
    "loss": _Loss,
    "activations": lambda ax, network, scene, looks: _Spread(
        ax, "activations", [look.activations for look in looks], log=False
    ),
    "gradients": lambda ax, network, scene, looks: _Spread(
        ax, "|∂loss/∂W|", [look.gradients for look in looks], log=True
    ),
}
