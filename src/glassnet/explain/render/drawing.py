"""A small drawing of the network with the part lit that a step works on: where it is, and which way it goes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from glassnet.explain.graph import Graph, Step

MOST, FEW = 5, 3  # units drawn of a layer, and of one in a network of over MANY layers: the first, dots, and the last
MANY = 7
WIDTH, HEIGHT, EDGE = 116.0, 62.0, 6.0  # of a drawing, in pixels, and of its margin
LOSS = 18.0  # what the letter of the loss takes on the right
RADIUS = 3.2
COLORS = {"forward": "0.04,0.43,0.46", "back": "0.72,0.29,0", "dull": "0.72,0.75,0.78"}  # in LaTeX
PREAMBLE = r"""\setlength{\unitlength}{0.7pt}
\newcommand{\edge}[4]{\put(#1,#2){\rotatebox{#3}{\rule{#4\unitlength}{0.3pt}}}}
\newcommand{\unit}[2]{\put(#1,#2){\circle*{6}}}
""" + "".join(f"\\definecolor{{{name}}}{{rgb}}{{{color}}}\n" for name, color in COLORS.items())


@dataclass(frozen=True)
class Lit:
    """The parts of a network that a step works on: layers of units, layers of weights (by the layer they lead to)."""

    units: frozenset[int] = frozenset()
    weights: frozenset[int] = frozenset()
    biases: frozenset[int] = frozenset()
    loss: bool = False
    words: str = ""


@dataclass(frozen=True)
class Drawing:
    """Places on a canvas of WIDTH × HEIGHT, y downwards: those of each layer's units, and of the dots of those left out."""

    units: tuple[tuple[tuple[float, float], ...], ...]
    dots: tuple[tuple[float, float], ...]
    lit: Lit
    backward: bool

    def lines(self, layer: int) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
        """Yield the ends of the weights that lead to `layer`."""
        for below in self.units[layer - 1]:
            for above in self.units[layer]:
                yield below, above


def lit_by(graph: Graph, step: Step) -> Lit:
    """Return the parts that a step works on, read off its symbol and layer."""
    layer, last, symbol = step.layer, graph.network.n_layers, step.symbol
    every = frozenset(range(1, last + 1))
    if step.stage == "update":
        return Lit(weights=every, biases=every, words="all weights and biases")
    if symbol == "penalty_sum":
        return Lit(weights=every, words="all weights")
    if step.stage == "loss" or layer is None:
        return Lit(frozenset({last}), loss=True, words="the output and the loss")
    below = "the inputs" if layer == 1 else f"layer {layer - 1}"
    if re.match(r"Z\d|dW\d", symbol):
        weights = frozenset() if symbol.endswith("_penalty") else frozenset({layer - 1, layer})
        return Lit(weights, frozenset({layer}), words=f"the weights from {below} to layer {layer}")
    if re.match(r"db\d", symbol):
        return Lit(biases=frozenset({layer}), words=f"the biases of layer {layer}")
    if re.match(r"dA\d", symbol) and layer < last and f"{symbol}_dropped" not in graph:
        name = "the inputs" if layer == 0 else f"layer {layer}"
        return Lit(
            frozenset({layer}), frozenset({layer + 1}), words=f"the weights from layer {layer + 1} back to {name}"
        )
    if layer == last:
        return Lit(frozenset({layer}), loss=step.stage == "backward", words="the output")
    return Lit(frozenset({layer}), words=f"the units of layer {layer}")


def draw(graph: Graph, step: Step) -> Drawing:
    """Lay a network out from left to right and light the part that a step works on."""
    sizes = graph.network.sizes
    gap = (WIDTH - LOSS - 2 * EDGE) / (len(sizes) - 1)
    most = MOST if len(sizes) <= MANY else FEW
    units, dots = [], []
    for layer, size in enumerate(sizes):
        shown = min(size, most)
        step_y = (HEIGHT - 2 * EDGE) / (most - 1)
        top = HEIGHT / 2 - step_y * (shown - 1) / 2
        places = [(EDGE + gap * layer, top + step_y * k) for k in range(shown)]
        if size > most:
            dots.append(places.pop(-2))
        units.append(tuple((round(x, 1), round(y, 1)) for x, y in places))
    return Drawing(tuple(units), tuple(dots), lit_by(graph, step), step.stage in ("backward", "update"))


def svg(drawing: Drawing) -> str:
    """Write a drawing as SVG; what is lit has the class `forward` or `back`."""
    lit, radius = drawing.lit, _radius(drawing)
    way = "back" if drawing.backward else "forward"
    dull: list[str] = []
    bright: list[str] = []
    for layer in range(1, len(drawing.units)):
        path = "".join(f"M{a:g} {b:g}L{c:g} {d:g}" for (a, b), (c, d) in drawing.lines(layer))
        (bright if layer in lit.weights else dull).append(path)
    parts = [f'<path class="{kind}" d="{"".join(paths)}"/>' for kind, paths in (("dull", dull), (way, bright)) if paths]
    for layer, places in enumerate(drawing.units):
        kind = f' class="{way}"' if layer in lit.units else ""
        parts += [f'<circle{kind} cx="{x:g}" cy="{y:g}" r="{radius:g}"/>' for x, y in places]
        if layer in lit.biases:
            parts += [f'<path class="{way} bias" d="M{x:g} {y - radius - 5:g}v5"/>' for x, y in places]
    kind = f' class="{way}"' if lit.loss else ""
    parts.append(f'<text{kind} x="{WIDTH - EDGE - 3:g}" y="{HEIGHT / 2 + 4:g}">L</text>')
    parts += [f'<text x="{x:g}" y="{y + 3:g}">⋮</text>' for x, y in drawing.dots]
    label = f"The network; lit: {lit.words}"
    return (
        f'<svg class="network" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" height="{HEIGHT:g}" role="img" '
        f'aria-label="{label}"><title>{label}</title>{"".join(parts)}</svg>'
    )


def picture(drawing: Drawing) -> str:
    """Write a drawing in LaTeX's own picture environment, with the commands and colours of PREAMBLE."""
    lit, way = drawing.lit, "back" if drawing.backward else "forward"
    parts = [rf"\begin{{picture}}({WIDTH:g},{HEIGHT:g})"]
    order = sorted(range(1, len(drawing.units)), key=lambda layer: layer in lit.weights)  # what is lit over the rest
    for layer in order:
        parts.append(rf"\color{{{way if layer in lit.weights else 'dull'}}}")
        for (a, b), (c, d) in drawing.lines(layer):
            angle, length = math.degrees(math.atan2(b - d, c - a)), math.hypot(c - a, d - b)
            parts.append(rf"\edge{{{a:g}}}{{{HEIGHT - b:g}}}{{{angle:.1f}}}{{{length:.1f}}}")
    for layer, places in enumerate(drawing.units):
        parts.append(rf"\color{{{way if layer in lit.units else 'dull'}}}")
        parts += [rf"\unit{{{x:g}}}{{{HEIGHT - y:g}}}" for x, y in places]
        if layer in lit.biases:
            parts.append(rf"\color{{{way}}}")
            parts += [rf"\put({x:g},{HEIGHT - y + 3:g}){{\rule{{1.2pt}}{{5\unitlength}}}}" for x, y in places]
    parts += [
        rf"\color{{dull}}\put({x:g},{HEIGHT - y - 5:g}){{\makebox(0,0)[b]{{\tiny$\vdots$}}}}" for x, y in drawing.dots
    ]
    color = way if lit.loss else "dull"
    parts.append(rf"\color{{{color}}}\put({WIDTH - EDGE - 3:g},{HEIGHT / 2:g}){{\makebox(0,0){{\small$L$}}}}")
    return "%\n".join([*parts, r"\end{picture}"])


def _radius(drawing: Drawing) -> float:
    """Return the radius of a unit: smaller in a network of many layers."""
    return round(min(RADIUS, (WIDTH - LOSS - 2 * EDGE) / (len(drawing.units) - 1) / 4), 1)
