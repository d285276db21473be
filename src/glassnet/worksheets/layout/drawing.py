"""Draws a small network as SVG with its numbers on it: weights on the connections, biases below the units."""

from __future__ import annotations

from glassnet.network.network import Network
from glassnet.printers.numbers import format_number

LABELLED = 6  # weights of a layer that are written on their connections
ACROSS, DOWN, RADIUS = 150, 62, 17


def network_svg(network: Network) -> str:
    """Return the drawing; the weights of a larger layer stand in its matrix alone."""
    widths, tallest = network.sizes, max(network.sizes)
    width, height = ACROSS * (len(widths) - 1) + 90, DOWN * tallest + 18
    places = {
        (layer, unit): (45 + ACROSS * layer, 12 + DOWN * (unit + (tallest - count) / 2) + DOWN / 2)
        for layer, count in enumerate(widths)
        for unit in range(count)
    }
    lines, labels, units = [], [], []
    for layer, W in network.W.items():
        labelled = W.size <= LABELLED
        for (i, k), weight in ((index, float(W[index])) for index in _indices(W.shape)):
            (x0, y0), (x1, y1) = places[layer - 1, i], places[layer, k]
            dashed = ' stroke-dasharray="5 3"' if weight < 0 else ""
            lines.append(
                f'<line x1="{x0}" y1="{y0:.1f}" x2="{x1}" y2="{y1:.1f}" stroke="#555" '
                f'stroke-width="{0.8 + min(abs(weight), 3) * 0.45:.2f}"{dashed}/>'
            )
            if labelled:
                share = 0.27 if i % 2 == 0 else 0.71  # so that labels of crossing connections keep apart
                labels.append(
                    _text(x0 + share * (x1 - x0), y0 + share * (y1 - y0) + 4, format_number(weight), 11.5, True)
                )
    for (layer, unit), (x, y) in places.items():
        units.append(f'<circle cx="{x}" cy="{y:.1f}" r="{RADIUS}" fill="#fff" stroke="#1d2329" stroke-width="1.3"/>')
        name = "x" if layer == 0 else "ŷ" if layer == len(widths) - 1 else "a"
        index = "" if widths[layer] == 1 else "₀₁₂₃₄₅₆₇₈₉"[unit]
        units.append(_text(x, y + 4.5, name + index, 13))
        if layer:
            units.append(_text(x, y + RADIUS + 12, f"b {format_number(float(network.b[layer][unit]))}", 10.5))
    alt = f"A {'-'.join(map(str, widths))} network; dashed connections have negative weights"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{alt}"><g>{"".join(lines)}</g><g>{"".join(labels)}</g><g>{"".join(units)}</g></svg>'
    )


def _indices(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(i, k) for i in range(shape[0]) for k in range(shape[1])]


def _text(x: float, y: float, text: str, size: float, ground: bool = False) -> str:
    """Write a text in the middle of a place, on white ground if a line lies behind it."""
    text = text.replace("-", "−")
    half = 0.29 * size * len(text) + 1.5
    behind = f'<rect x="{x - half:.1f}" y="{y - size * 0.85:.1f}" width="{2 * half:.1f}" height="{size * 1.1:.1f}" fill="#fff"/>'
    return (
        f'{behind if ground else ""}<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="middle" '
        f'font-family="Libertinus Serif, Georgia, serif" fill="#1d2329">{text}</text>'
    )
