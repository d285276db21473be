"""Small charts as inline SVG: lines over steps and histograms; the page's style sheet sets their colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.instruments.instruments import Histogram

WIDTH, HEIGHT = 344, 196
LEFT, RIGHT, TOP, BOTTOM = 52, 18, 12, 34
DECADES = 20.0
COLOURS = 6  # classes c0 … c5 of the style sheet


@dataclass(frozen=True)
class Line:
    """A named series of points."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def lines(
    series: Sequence[Line], x_label: str, *, log_y: bool = False, log_x: bool = False, mark: float | None = None
) -> str:
    """Draw a chart of lines and a dashed one at y = `mark`; points that are not finite are left out."""
    kept = [(line, _finite(line, log_y)) for line in series]
    kept = [(line, points) for line, points in kept if len(points)]
    if not kept:
        return ""
    every = np.concatenate([points for _, points in kept])
    values = every[:, 1] if mark is None else np.append(every[:, 1], mark)
    log_y = log_y and values.max() > DECADES * values.min()  # fewer would have no power of ten to mark
    x_axis = _Axis(float(every[:, 0].min()), float(every[:, 0].max()), LEFT, WIDTH - RIGHT, log_x, shift=log_x)
    y_axis = _Axis(float(values.min()), float(values.max()), HEIGHT - BOTTOM, TOP, log_y)
    parts = [_frame(x_axis, y_axis, x_label)]
    if mark is not None:
        y = y_axis(mark)
        parts.append(f'<line class="mark" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    for number, (line, points) in enumerate(kept):
        colour = f"c{number % COLOURS}"
        path = " ".join(f"{x_axis(x):.1f},{y_axis(y):.1f}" for x, y in points)
        if len(points) == 1:
            left, top = path.split(",")
            parts.append(f'<circle class="{colour} dot" cx="{left}" cy="{top}" r="3"/>')
        else:
            parts.append(f'<polyline class="{colour}" points="{path}"><title>{escape(line.name)}</title></polyline>')
    names = "".join(f'<span class="key c{n % COLOURS}">{escape(line.name)}</span>' for n, (line, _) in enumerate(kept))
    legend = f'<div class="legend">{names}</div>' if len(kept) > 1 else ""
    return _svg(parts) + legend


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
        parts.append(f'<text class="tick" x="{LEFT}" y="{base + 11}">{histogram.edges[0]:.3g}</text>')
        parts.append(
            f'<text class="tick" x="{WIDTH - RIGHT}" y="{base + 11}" text-anchor="end">{histogram.edges[-1]:.3g}</text>'
        )
    return _svg(parts, height)


class _Axis:
    """An axis: maps values to pixels and places the ticks."""

    def __init__(self, low: float, high: float, start: float, end: float, log: bool, shift: bool = False) -> None:
        self.log, self.shift, self.start, self.end = log, shift, start, end
        if not log:
            margin = 0.05 * (high - low) or 0.5 * abs(high) or 0.5
            low, high = (low, high + margin) if low == 0 else (low - margin, high + margin)
        self.low, self.high = self._scale(low), self._scale(high)
        if self.high - self.low < 1e-12:
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
            step *= next((factor for factor in (1, 2, 5) if (self.high - self.low) / (step * factor) <= 5), 5)
            first = math.ceil(self.low / step)
            return [k * step for k in range(first, math.floor(self.high / step) + 1)]
        powers = range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)
        every = max(1, -(-len(powers) // 5))
        found = [10.0**power for power in powers][::every]
        if self.shift:
            return [0.0, *(value for value in found if value > 1)]
        return found or [10**self.low, 10**self.high]


def _frame(x_axis: _Axis, y_axis: _Axis, x_label: str) -> str:
    parts = []
    for value in y_axis.ticks():
        y = y_axis(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 3:.1f}" text-anchor="end">{_short(value)}</text>')
    for value in x_axis.ticks():
        parts.append(
            f'<text class="tick" x="{x_axis(value):.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">'
            f"{_short(value)}</text>"
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="tick" x="{middle}" y="{HEIGHT - 4}" text-anchor="middle">{escape(x_label)}</text>')
    return "".join(parts)


def _short(value: float) -> str:
    value = round(value, 12)
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e5 or size < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
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


def _svg(parts: Sequence[str], height: int = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
