"""What the pages import: `tell` puts numbers into the prose, `show` a figure, `play` an animation, `Thumbnails` a gallery's."""

from __future__ import annotations

import base64
import html
import io
import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from glassnet.animation.animate import Animation

INK, PAPER = "#000000", "#ffffff"
PASSES = {"#00785a": "forward", "#b85000": "backward"}  # the inks of the two passes, as site.css names them
MOST_BYTES = 120_000  # of a figure in a page
THUMBNAIL = (420, 280)  # twice the size at which it is shown

if hasattr(sys.stdout, "flush_interval"):
    sys.stdout.flush_interval = 600.0  # one output for each cell, however slow the machine: merged ones get blank lines

plt.rcParams.update(
    {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "glassnet",
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 11,
        "figure.figsize": (6.4, 4.0),
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": mpl.cycler(color=["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"]),
        "legend.frameon": False,
    }
)


def tell(**numbers: Any) -> None:
    """Make numbers, or words, for the prose below: {glue:text}`name:.3f` shows the one called `name` with three decimals.

    The cell that calls it has the tag `remove-cell`.
    """
    from myst_nb import glue

    for name, value in numbers.items():
        glue(name, np.asarray(value).item() if isinstance(value, np.generic | np.ndarray) else value, display=False)


class Picture:
    """A figure as SVG in the page: its text is text, its ink and paper follow the theme, `alt` is read aloud."""

    def __init__(self, svg: str, alt: str) -> None:
        self.svg, self.alt = svg, alt

    def _repr_html_(self) -> str:
        return f'<div class="gn-figure">{self.svg}</div>'

    def __repr__(self) -> str:
        return self.alt


class Moving:
    """An animation that can be paused, and that stands still for readers who want no motion, and on paper."""

    def __init__(self, animation: Animation) -> None:
        self.animation = animation

    def _repr_html_(self) -> str:
        height, width = self.animation.pictures[0].shape[:2]
        size = f'width="{width}" height="{height}" alt="{html.escape(self.animation.alt)}"'
        last = io.BytesIO()
        Image.fromarray(self.animation.pictures[-1]).save(last, "PNG", optimize=True)
        return (
            f'<div class="gn-moving"><img class="gn-gif" {size} src="{_data("gif", self.animation.gif)}">'
            f'<img class="gn-last" {size} src="{_data("png", last.getvalue())}">'
            '<button type="button" class="gn-pause" aria-pressed="false">Pause</button></div>'
        )

    def __repr__(self) -> str:
        return self.animation.alt


def play(animation: Animation) -> Moving:
    """Return what `gn.animate` made as a moving picture for the page."""
    return Moving(animation)


class Thumbnails:
    """Small pictures side by side, each a link to its place in the page."""

    def __init__(self, pictures: dict[str, Figure | Path]) -> None:
        self.pictures = {title: _small(picture) for title, picture in pictures.items()}

    def _repr_html_(self) -> str:
        width, height = (side // 2 for side in THUMBNAIL)
        links = [
            f'<a href="#{re.sub("[^a-z]+", "-", title.lower())}"><img src="{_data("png", content)}" width="{width}" '
            f'height="{height}" alt=""><span>{html.escape(title)}</span></a>'
            for title, content in self.pictures.items()
        ]
        return f'<div class="gn-thumbnails">{"".join(links)}</div>'

    def __repr__(self) -> str:
        return ", ".join(self.pictures)


def _small(picture: Figure | Path) -> bytes:
    """Return a figure, or the upper part of a file's picture, as a PNG of the size of thumbnails."""
    if isinstance(picture, Path):
        image = ImageOps.fit(Image.open(picture).convert("RGB"), THUMBNAIL, centering=(0.5, 0.0))
    else:
        drawn = io.BytesIO()
        picture.savefig(drawn, format="png", dpi=120, facecolor=PAPER)
        image = ImageOps.pad(Image.open(drawn).convert("RGB"), THUMBNAIL, color=PAPER)
    small = io.BytesIO()
    image.quantize(64).save(small, "PNG", optimize=True)
    return small.getvalue()


def _data(form: str, content: bytes) -> str:
    return f"data:image/{form};base64,{base64.b64encode(content).decode()}"


def show(figure: Figure, alt: str) -> Picture:
    """Return a matplotlib figure as a picture for the page, and close it.

    Parameters
    ----------
    figure : Figure
        What `plt.subplots` returned first.
    alt : str
        What the picture says, with its numbers, for those who do not see it.
    """
    if len(alt.split()) < 4:
        raise ValueError(f"show: expected an alt text that says what is seen; got {alt!r}; write a sentence.")
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = _for_a_page(written.getvalue(), alt)
    if len(svg) > MOST_BYTES:
        raise ValueError(
            f"show: expected a figure of at most {MOST_BYTES:,} bytes; got {len(svg):,}; "
            "draw fewer points, or rasterize the crowded artist (rasterized=True)."
        )
    return Picture(svg, alt)


def _for_a_page(svg: str, alt: str) -> str:
    """Return matplotlib's SVG fit for a page: without a prologue, fluid, named, in the theme's ink, ids of its own."""
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    width, height = (float(re.search(rf'{side}="([\d.]+)pt"', svg)[1]) for side in ("width", "height"))
    head = (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}" role="img" '
        f'aria-label="{html.escape(alt)}" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    svg = re.sub(r"<svg.*?>", lambda _: head, svg, count=1, flags=re.DOTALL)
    svg = re.sub(INK, "currentColor", svg, flags=re.IGNORECASE)
    svg = re.sub(PAPER, "var(--gn-paper, #ffffff)", svg, flags=re.IGNORECASE)
    for ink, name in PASSES.items():
        svg = re.sub(ink, f"var(--gn-{name}, {ink})", svg, flags=re.IGNORECASE)
    # only ids that are referred to stay, and those differ from those of the page's other figures
    used = set(re.findall(r"(?:url\(#|href=\"#)([^\")]+)", svg))
    own = sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r' id="([^"]*)"', lambda found: f' id="{own}-{found[1]}"' if found[1] in used else "", svg)
    svg = re.sub(r"(url\(#|href=\"#)", rf"\g<1>{own}-", svg)
    return re.sub(r">\s+<", "><", svg)
