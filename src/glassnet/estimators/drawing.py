"""A drawing of a network as one inline SVG, for a notebook: layers as columns, weights as lines by sign and size."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.estimators.options import hidden_activations, hidden_sizes

Array = NDArray[Any]

SHOWN = 8  # units of a wider layer that are drawn, around a gap
COLUMN, ROW, RADIUS, MARGIN = 150, 24, 7, 70  # px
# a blue and an orange that stand out on white and on black alike
POSITIVE, NEGATIVE = "#2f81d6", "#d9722e"


@dataclass(frozen=True)
class Layer:
    """A column: its heading, what stands under it, and its width, or None where it is not known yet."""

    title: str
    note: str
    width: int | None


def draw(layers: list[Layer], weights: list[Array] | None) -> str:
    """Draw layers as SVG; `weights`, if given, are the matrices between them."""
    shown = [_shown_units(layer.width) for layer in layers]
    height = ROW * max(len(units) for units in shown)
    points = [_points(column, units, height) for column, units in enumerate(shown)]
    width = 2 * MARGIN + COLUMN * (len(layers) - 1)
    parts = [_lines(points, shown, weights)]
    for layer, places in zip(layers, points, strict=True):
        parts.append(_column(layer, places, height))
    what = escape(" to ".join(f"{layer.title} {layer.note}" for layer in layers))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 86}" width="{width}" '
        f'height="{height + 86}" role="img" aria-label="network: {what}" '
        f'style="max-width:100%;height:auto;font:12px sans-serif;fill:currentColor">{"".join(parts)}</svg>'
    )


def _shown_units(width: int | None) -> list[int | None]:
    """Return the units to draw, with None for the gap between the first and the last ones."""
    if width is not None and width <= SHOWN:
        return list(range(width))
    count = SHOWN if width is not None else 4
    last = (width or count) - 1
    upper = list(range(count // 2))
    return [*upper, None, *range(last - count + len(upper) + 2, last + 1)]


def _points(column: int, units: list[int | None], height: int) -> list[tuple[float, float]]:
    top = 40 + (height - ROW * len(units)) / 2 + ROW / 2
    return [(MARGIN + COLUMN * column, top + ROW * row) for row in range(len(units))]


def _lines(points: list[list[tuple[float, float]]], shown: list[list[int | None]], weights: list[Array] | None) -> str:
    lines = []
    for column in range(len(points) - 1):
        W = None if weights is None else weights[column]
        largest = 1.0 if W is None else float(np.abs(W).max()) or 1.0
        for (x1, y1), i in zip(points[column], shown[column], strict=True):
            for (x2, y2), j in zip(points[column + 1], shown[column + 1], strict=True):
                if i is None or j is None:
                    continue
                size = 0.25 if W is None else (abs(float(W[i, j])) / largest) ** 0.5
                colour = "currentColor" if W is None else POSITIVE if W[i, j] > 0 else NEGATIVE
                lines.append(
                    f'<line x1="{x1 + RADIUS:g}" y1="{y1:g}" x2="{x2 - RADIUS:g}" y2="{y2:g}" stroke="{colour}" '
                    f'stroke-opacity="{0.1 + 0.8 * size:.2f}" stroke-width="{0.5 + 1.5 * size:.2f}"/>'
                )
    return "".join(lines)


def _column(layer: Layer, places: list[tuple[float, float]], height: int) -> str:
    units, x = _shown_units(layer.width), places[0][0]
    marks = "".join(
        f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" font-size="16">⋮</text>'
        if unit is None
        else f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="none" stroke="currentColor" stroke-width="1.3"/>'
        for unit, (_, y) in zip(units, places, strict=True)
    )
    heading = f'<text x="{x:g}" y="18" text-anchor="middle" font-weight="bold">{escape(layer.title)}</text>'
    note = f'<text x="{x:g}" y="{height + 62}" text-anchor="middle" opacity="0.75">{escape(layer.note)}</text>'
    return heading + marks + note


def draw_estimator(estimator: Any) -> str:
    """Draw the estimator's network, as far as its sizes are known, with a caption."""
    network = getattr(estimator, "network_", None)
    if network is None:
        hidden = hidden_sizes(estimator.hidden_layer_sizes)
        names = [activation.name for activation in hidden_activations(estimator.activation, len(hidden))]
        layers = [Layer("input", "the features", None)]
        layers += [
            Layer(f"layer {i}", f"{size} × {name}", size)
            for i, (size, name) in enumerate(zip(hidden, names, strict=True), 1)
        ]
        layers.append(Layer("output", "the targets", None))
        return _figure(draw(layers, None), "Not fitted yet.")
    estimator._read_parameters()
    layers = [Layer("input", f"{network.sizes[0]} features", network.sizes[0])]
    for layer, size in enumerate(network.sizes[1:], start=1):
        title = "output" if layer == network.n_layers else f"layer {layer}"
        layers.append(Layer(title, f"{size} × {network.activations[layer].name}", size))
    caption = f"{network.n_parameters:,} parameters. Weights: blue positive, orange negative; the stronger, the larger."
    return _figure(draw(layers, list(network.W.values())), caption)


def _figure(svg: str, caption: str) -> str:
    return (
        '<figure style="margin:0.5em 0;overflow-x:auto">'
        f'{svg}<figcaption style="font:12px sans-serif;opacity:0.75">{escape(caption)}</figcaption></figure>'
    )
