"""Small charts as inline SVG: lines, points, bands and histograms; `style` is their style sheet, light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 344, 196
LEFT, RIGHT, TOP, BOTTOM = 52, 18, 12, 34
SQUARE = WIDTH - LEFT - RIGHT + TOP + BOTTOM  # height of a chart whose axes are equally long
DECADES = 20.0
FEWEST_TICKS = 3  # of a logarithmic axis
COLOURS = 6  # classes c0 … c5 of the style sheet
LIGHT = (
    "--ink:#1d2329;--soft:#5b6670;--paper:#fff;--line:#dfe4e8;--card:#f6f8f9;--good:#00694a;--bad:#b3261e;"
    "--warn:#8a5a00;--c0:#0072b2;--c1:#c4790a;--c2:#00875f;--c3:#b0559a;--c4:#3f93c4;--c5:#c94a00"
)
DARK = (
    "--ink:#e4e8eb;--soft:#9aa5ae;--paper:#14181b;--line:#343c43;--card:#1c2226;--good:#5fd0a5;--bad:#ff8a80;"
    "--warn:#f0b84d;--c0:#5db8ee;--c1:#f0a63a;--c2:#3ecf9f;--c3:#e58fce;--c4:#9ad4f5;--c5:#ff8f57"
)


def style(scope: str) -> str:
    """Return the style sheet of charts inside the elements that the selector `scope` finds."""
    rules = [
        "svg{max-width:100%;height:auto;display:block}",
        "polyline{fill:none;stroke-width:1.8;stroke:currentColor}",
        "polyline.thin{stroke-width:.8;opacity:.45}",
        ".dot{fill:currentColor}",
        ".dots{fill:none;stroke:currentColor;stroke-width:4;stroke-linecap:round;opacity:.5}",
        ".band{fill:currentColor;opacity:.16}",
        ".bar{fill:var(--c0)}",
        ".error{stroke:currentColor;stroke-width:1.4}",
        ".grid{stroke:var(--line);stroke-width:1}",
        ".mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}",
        ".tick{fill:var(--soft);font:10.5px system-ui,sans-serif}",
        ".legend{font-size:11.5px;max-width:350px}",
        '.key::before{content:"— ";font-weight:700}',
        ".legend .key{margin-right:10px;white-space:nowrap;color:var(--ink)}",
        *(f".key.c{number}::before{{color:var(--c{number})}}" for number in range(COLOURS)),
        *(f".c{number}{{color:var(--c{number})}}" for number in range(COLOURS)),
    ]
    return "\n".join(f"{scope} {rule}" for rule in rules)


@dataclass(frozen=True)
class Line:
    """A named series of points; a thin one is not in the legend, and has the colour of the last that was thick."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    thin: bool = False


class Histogram(Protocol):
    """Counts of values between edges, one more than counts."""

    @property
    def counts(self) -> NDArray[np.int64]: ...
    @property
    def edges(self) -> NDArray[np.float64]: ...


def lines(
    series: Sequence[Line],
    x_label: str,
    *,
    log_y: bool = False,
    log_x: bool = False,
    mark: float | None = None,
    whole: bool = False,
    least: Sequence[float] = (),
) -> str:
    """Draw a chart of lines and a dashed one at y = `mark`; points that are not finite are left out.

    With `whole` only whole numbers stand at the x axis. The y axis holds the values of `least` at least.
    """
    kept = [(line, _finite(line, log_y)) for line in series]
    kept = [(line, points) for line, points in kept if len(points)]
    if not kept:
        return ""
    every = np.concatenate([points for _, points in kept])
    values = np.concatenate([every[:, 1], [] if mark is None else [mark], least])
    log_y = log_y and values.max() > DECADES * values.min()  # fewer would have no power of ten to mark
    x_axis = _x_axis(every[:, 0], log_x, whole)
    y_axis = _Axis(float(values.min()), float(values.max()), HEIGHT - BOTTOM, TOP, log_y)
    parts = [_frame(x_axis, y_axis, x_label)]
    if mark is not None:
        y = y_axis(mark)
        parts.append(f'<line class="mark" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    number = -1
    for line, points in kept:
        number += not line.thin
        colour = f"c{max(number, 0) % COLOURS}" + " thin" * line.thin
        path = _path(x_axis, y_axis, points)
        if len(points) == 1:
            left, top = path.split(",")
            parts.append(f'<circle class="{colour} dot" cx="{left}" cy="{top}" r="3"/>')
        else:
            parts.append(f'<polyline class="{colour}" points="{path}"><title>{escape(line.name)}</title></polyline>')
    named = [line.name for line, _ in kept if not line.thin]
    names = "".join(f'<span class="key c{n % COLOURS}">{escape(name)}</span>' for n, name in enumerate(named))
    legend = f'<div class="legend">{names}</div>' if len(named) > 1 else ""
    return _svg(parts, HEIGHT, f"{', '.join(named)} by {x_label}") + legend


def points(x: Sequence[float], y: Sequence[float], x_label: str, y_label: str) -> str:
    """Draw points in a square whose axes are equal, with the line on which x = y."""
    both = np.concatenate([np.asarray(x, np.float64), np.asarray(y, np.float64)])
    if not (len(both) and np.isfinite(both).all()):
        return ""
    low, high = float(both.min()), float(both.max())
    x_axis, y_axis = _Axis(low, high, LEFT, WIDTH - RIGHT, False), _Axis(low, high, SQUARE - BOTTOM, TOP, False)
    dots = "".join(f"M{x_axis(a):.1f} {y_axis(b):.1f}h0" for a, b in zip(x, y, strict=True))
    parts = [_frame(x_axis, y_axis, x_label, SQUARE), _diagonal(x_axis, y_axis), f'<path class="c0 dots" d="{dots}"/>']
    return _svg(parts, SQUARE, f"{y_label} against {x_label}; on the dashed line they agree")


def reliability(bins: Sequence[Sequence[float]], x_label: str, y_label: str) -> str:
    """Draw shares against probabilities, each bin (probability, share, rows) with a standard deviation up and down."""
    if not (len(bins) and np.isfinite(np.asarray(bins, np.float64)).all()):
        return ""
    x_axis, y_axis = _Axis(0, 1, LEFT, WIDTH - RIGHT, False), _Axis(0, 1, SQUARE - BOTTOM, TOP, False)
    parts = [_frame(x_axis, y_axis, x_label, SQUARE), _diagonal(x_axis, y_axis)]
    parts.append(f'<polyline class="c0" points="{_path(x_axis, y_axis, [each[:2] for each in bins])}"/>')
    for p, share, rows in bins:
        deviation = math.sqrt(max((share * rows + 0.5) * ((1 - share) * rows + 0.5), 0) / (rows + 1) ** 2 / (rows + 2))
        x, top, bottom = x_axis(p), y_axis(min(share + deviation, 1)), y_axis(max(share - deviation, 0))
        parts.append(f'<line class="c0 error" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>')
        parts.append(
            f'<circle class="c0 dot" cx="{x:.1f}" cy="{y_axis(share):.1f}" r="3.5">'
            f"<title>{p:.3f}: {share:.3f} of {rows:,} rows</title></circle>"
        )
    return _svg(parts, SQUARE, f"{y_label} against {x_label}; on the dashed line they agree")


def bands(x: Sequence[float], quantiles: Sequence[Sequence[float]], x_label: str, y_label: str) -> str:
    """Draw the outer and the inner pair of each five quantiles as bands over x, the middle one as a line, and y = 0."""
    table, places = np.asarray(quantiles, np.float64), np.asarray(x, np.float64)
    if not (len(table) and np.isfinite(table).all() and np.isfinite(places).all()):
        return ""
    x_axis = _x_axis(places)
    low, high = min(float(table.min()), 0.0), max(float(table.max()), 0.0)
    y_axis = _Axis(low, high, HEIGHT - BOTTOM, TOP, False)
    parts = [_frame(x_axis, y_axis, x_label)]
    parts.append(f'<line class="mark" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y_axis(0):.1f}" y2="{y_axis(0):.1f}"/>')
    for lower, upper in ((0, 4), (1, 3)):
        there = [*zip(x, table[:, upper], strict=True)]
        back = [*zip(x, table[:, lower], strict=True)][::-1]
        parts.append(f'<polygon class="c0 band" points="{_path(x_axis, y_axis, [*there, *back])}"/>')
    middle = _path(x_axis, y_axis, [*zip(x, table[:, 2], strict=True)])
    parts.append(f'<polyline class="c0" points="{middle}"/>')
    return _svg(parts, HEIGHT, f"{y_label} by {x_label}")


def bars(histograms: Sequence[tuple[str, Histogram]]) -> str:
    """Draw histograms one above the other, each scaled to its own range and height."""
    row = 46
    height = row * len(histograms) + 8
    parts = []
    for number, (name, histogram) in enumerate(histograms):
        base = row * number + 32
        top = max(int(histogram.counts.max()), 1)
        step = (WIDTH - LEFT - RIGHT) / len(histogram.counts)
        for place, count in enumerate(histogram.counts):
            size = 28 * math.sqrt(count / top)  # the root shows what is rare
            if count:
                parts.append(
                    f'<rect class="bar" x="{LEFT + place * step:.1f}" y="{base - size:.1f}" width="{step - 0.6:.1f}" '
                    f'height="{size:.1f}"><title>{histogram.edges[place]:.3g} … {histogram.edges[place + 1]:.3g}: {count}'
                    "</title></rect>"
                )
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{base}" text-anchor="end">{escape(name)}</text>')
        low, high = float(histogram.edges[0]), float(histogram.edges[-1])
        if high - low <= 1e-9 * max(abs(low), abs(high), 1e-3):  # a single value
            middle, value = (LEFT + WIDTH - RIGHT) / 2, f"all {(low + high) / 2:.3g}"
            parts.append(f'<text class="tick" x="{middle:.0f}" y="{base + 11}" text-anchor="middle">{value}</text>')
            continue
        parts.append(f'<text class="tick" x="{LEFT}" y="{base + 11}">{low:.3g}</text>')
        parts.append(f'<text class="tick" x="{WIDTH - RIGHT}" y="{base + 11}" text-anchor="end">{high:.3g}</text>')
    return _svg(parts, height, "histograms of " + ", ".join(name for name, _ in histograms))


class _Axis:
    """An axis: maps values to pixels and places the ticks."""

    def __init__(
        self, low: float, high: float, start: float, end: float, log: bool, shift: bool = False, whole: bool = False
    ) -> None:
        self.log, self.shift, self.start, self.end, self.whole = log, shift, start, end, whole
        if not log:
            margin = 0.05 * (high - low) or 0.5 * abs(high) or 0.5
            low, high = (low, high + margin) if low == 0 else (low - margin, high + margin)
        self.low, self.high = self._scale(low), self._scale(high)
        if self.high - self.low <= 1e-12 * max(abs(self.low), abs(self.high)):
            self.low, self.high = self.low - 0.5, self.high + 0.5

    def _scale(self, value: float) -> float:
        if not self.log:
            return value
        return math.log10(value + 1 if self.shift else value)

    def __call__(self, value: float) -> float:
        share = (self._scale(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        if not self.log:
            step = 10 ** math.floor(math.log10((self.high - self.low) / 2))
            step *= next((factor for factor in (1, 2, 5) if (self.high - self.low) / (step * factor) <= 6), 5)
            step = max(step, 1) if self.whole else step
            first = math.ceil(self.low / step)
            return [k * step for k in range(first, math.floor(self.high / step) + 1)]
        powers = range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)
        every = max(1, -(-len(powers) // 5))
        found = [10.0**power for power in powers][::every]
        if self.shift:
            return [0.0, *(value for value in found if value > 1)]
        if len(found) < FEWEST_TICKS:  # less than three powers of ten: 1, 2 and 5 times each
            within = [
                factor * 10.0**power for power in range(math.floor(self.low), powers.stop) for factor in (1, 2, 5)
            ]
            found = [value for value in within if self.low - 1e-9 <= math.log10(value) <= self.high + 1e-9]
        return found if len(found) > 1 else [10**self.low, 10**self.high]


def _x_axis(values: NDArray[np.float64], log: bool = False, whole: bool = False) -> _Axis:
    return _Axis(float(values.min()), float(values.max()), LEFT, WIDTH - RIGHT, log, log, whole)


def _path(x_axis: _Axis, y_axis: _Axis, points: Iterable[Sequence[float]]) -> str:
    return " ".join(f"{x_axis(x):.1f},{y_axis(y):.1f}" for x, y in points)


def _diagonal(x_axis: _Axis, y_axis: _Axis) -> str:
    return f'<line class="mark" x1="{x_axis.start}" y1="{y_axis.start}" x2="{x_axis.end}" y2="{y_axis.end}"/>'


def _frame(x_axis: _Axis, y_axis: _Axis, x_label: str, height: int = HEIGHT) -> str:
    parts = []
    for value in y_axis.ticks():
        y = y_axis(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 3:.1f}" text-anchor="end">{_short(value)}</text>')
    for value in x_axis.ticks():
        parts.append(
            f'<text class="tick" x="{x_axis(value):.1f}" y="{height - BOTTOM + 14}" text-anchor="middle">'
            f"{_short(value)}</text>"
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="tick" x="{middle}" y="{height - 4}" text-anchor="middle">{escape(x_label)}</text>')
    return "".join(parts)


def _short(value: float) -> str:
    size = abs(value)
    if size >= 1e5 or 0 < size < 1e-3:
        mantissa, power = f"{value:.2e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    return f"{value:,.10g}"


def _finite(line: Line, positive: bool) -> NDArray[np.float64]:
    points = np.array([line.x, line.y], dtype=np.float64).T.reshape(-1, 2)
    keep = np.isfinite(points).all(axis=1)
    if positive:
        keep &= points[:, 1] > 0
    points = points[keep]
    if len(points) > 400:
        points = points[np.unique(np.linspace(0, len(points) - 1, 400).astype(int))]
    return points


def _svg(parts: Sequence[str], height: int, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
