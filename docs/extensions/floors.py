"""Draws the floors of the packages, written in Mermaid by tools/house.py, as a picture that needs no script."""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

WIDTH, ROW, BOX, GAP, LEFT = 860, 84, 46, 14, 70


class Floors(SphinxPostTransform):
    """Puts a drawing in the place of each block of Mermaid."""

    default_priority = 200

    def run(self, **kwargs: Any) -> None:
        for block in list(self.document.findall(nodes.literal_block)):
            if block.get("language") == "mermaid":
                block.replace_self(nodes.raw("", drawing(block.astext()), format="html"))


def drawing(mermaid: str) -> str:
    """Return the drawing of subgraphs, one a floor and the highest first, and of the arrows from package to package."""
    floors: list[tuple[str, list[tuple[str, str]]]] = []
    arrows = []
    for line in mermaid.split("\n"):
        if floor := re.search(r'subgraph \w+\["(.*?)"\]', line):
            floors.append((floor[1], []))
        elif box := re.search(r'(\w+)\["<b>(\w+)</b>(?:<br/>(.*?))?"\]', line):
            floors[-1][1].append((box[1], box[3] or ""))
        elif arrow := re.search(r"(\w+) --> (\w+)", line):
            arrows.append((arrow[1], arrow[2]))
    places: dict[str, tuple[float, float, float]] = {}  # the middle, the top and the width of each box
    drawn = []
    for at, (label, boxes) in enumerate(floors):
        width = min(170, (WIDTH - LEFT - GAP * len(boxes)) / len(boxes))
        start = LEFT + (WIDTH - LEFT - len(boxes) * (width + GAP) + GAP) / 2
        drawn.append(f'<text x="4" y="{at * ROW + 28}" class="floor">{html.escape(label)}</text>')
        for k, (name, inside) in enumerate(boxes):
            x = start + k * (width + GAP)
            places[name] = (x + width / 2, at * ROW + 4, width)
            drawn.append(_box(name, inside, x, at * ROW + 4, width))
    lines = []
    for a, b in arrows:
        (x1, y1, _), (x2, y2, wide) = places[a], places[b]
        end = x2 + max(-wide / 2 + 8, min(wide / 2 - 8, (x1 - x2) * 0.3))
        bend = (y2 - y1 - BOX) / 2
        lines.append(
            f'<path d="M{x1:.0f} {y1 + BOX} C{x1:.0f} {y1 + BOX + bend:.0f} {end:.0f} {y2 - bend:.0f} {end:.0f} {y2 - 3}"/>'
        )
    said = "; ".join(f"{label}: {', '.join(name for name, _ in boxes)}" for label, boxes in floors)
    return (
        f'<div class="gn-figure gn-floors"><svg viewBox="0 0 {WIDTH} {len(floors) * ROW - 30}" role="img" aria-label="{said}">'
        '<defs><marker id="gn-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 8 4 0 8z"/></marker></defs><g class="arrows">{"".join(lines)}</g>{"".join(drawn)}</svg></div>'
    )


def _box(name: str, inside: str, x: float, y: float, width: float) -> str:
    """Draw a package, and below its name the packages in it, as many as fit."""
    fits = int(width / 5.6)
    words = inside if len(inside) <= fits else inside[: fits - 1].rsplit(",", 1)[0] + " …"
    middle = x + width / 2
    small = f'<text x="{middle:.0f}" y="{y + 36:.0f}" class="inside">{html.escape(words)}</text>' if inside else ""
    return (
        f"<g><title>{name}{': ' + html.escape(inside) if inside else ''}</title>"
        f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{BOX}" rx="6"/>'
        f'<text x="{middle:.0f}" y="{y + (20 if inside else 28):.0f}" class="name">{name}</text>{small}</g>'
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(Floors)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
