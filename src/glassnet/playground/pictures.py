"""Draws pictures of a run: a figure for print with matplotlib, and an animation of the surface as a GIF with Pillow."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.playground.checkpoints import Course, Position
from glassnet.playground.setup import Data, Setup
from glassnet.plots import figures
from glassnet.plots.movie import encode_gif

if TYPE_CHECKING:
    from PIL.Image import Image

Array = NDArray[Any]

# of up to five classes, then orange and blue for minus and plus, as on the page (app/palette.js)
CLASSES = ("#7a3ea4", "#08845c", "#b28600", "#c83468", "#686e76")
MINUS, PLUS = "#e26a0a", "#1668ba"
RUN = "#1b1f24"
LEVELS = 200  # points along a side of the surface in a figure
GIF_FRAMES, GIF_SIZE, GIF_LEVELS = 30, 360, 60
_drawing = threading.Lock()  # because matplotlib's settings and fonts are global


def surface(setup: Setup, position: Position, size: int) -> tuple[Array, Array]:
    """Return the network's output over the plane: as colours (size, size, 3) and as numbers or classes (size, size)."""
    data, network = setup.data, position.run.network
    with np.errstate(over="ignore", invalid="ignore"):
        output = network.forward(setup.grid(size)).output.reshape(size, size, -1)
    output = np.nan_to_num(output, posinf=1e300, neginf=-1e300)
    if data.output == "softmax":
        return np.tensordot(output, _ends(data), 1) * 0.5 + 0.5 * 255, output.argmax(axis=2)
    value = output[..., 0]
    if data.graph:
        return np.full((size, size, 3), 255.0), value
    low, high = limits(data)
    share = np.clip((value - low) / (high - low), 0, 1)
    first, second = _ends(data)
    middle = np.array([247.0, 247.0, 247.0])
    far = np.abs(2 * share - 1)[..., None]
    end = np.where(share[..., None] < 0.5, first, second)
    return middle + 0.55 * far * (end - middle), value


def limits(data: Data) -> tuple[float, float]:
    """Return the numbers at both ends of the colour scale: 0 and 1 for classes, else ± the largest |target|."""
    if data.classes is not None:
        return 0.0, 1.0
    most = float(np.abs(data.y_train).max()) or 1.0
    return -most, most


def _ends(data: Data) -> Array:
    """Return the colours of the classes, or those of −1 and 1 for numbers, as (k, 3) of 0 … 255."""
    names = (MINUS, PLUS) if data.classes is None else CLASSES[: len(data.classes)]
    return np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in names], dtype=float)


def _point_colours(data: Data, y: Array) -> Array:
    if data.classes is not None:
        return _ends(data)[y]
    if data.graph:
        return np.broadcast_to(np.array([90.0, 99.0, 109.0]), (len(y), 3))
    low, high = limits(data)
    share = np.clip((y - low) / (high - low), 0, 1)[:, None]
    minus, plus = _ends(data)
    return minus + share * (plus - minus)


def figure(course: Course, step: int, form: str) -> bytes:
    """Draw the surface with the points, and the loss curves, as "png" or "svg"; the same run gives the same bytes."""
    with _drawing:
        return _figure(course, step, form)


def _figure(course: Course, step: int, form: str) -> bytes:
    from matplotlib.figure import Figure

    position, setup = course.at(step), course.setup
    data = setup.data
    colours, value = surface(setup, position, LEVELS)
    drawn = Figure(figsize=(9.6, 4.4), layout="constrained", dpi=100)
    left, right = drawn.subplots(1, 2, width_ratios=[1.1, 1])
    (x0, x1), (y0, y1) = data.domain
    shape = "equal" if np.isclose(x1 - x0, y1 - y0) else "auto"
    left.imshow(colours / 255, extent=(x0, x1, y0, y1), interpolation="bilinear", aspect=shape)
    if data.graph:
        left.plot(np.linspace(x0, x1, 2 * LEVELS + 1)[1::2], value[0], color=RUN)
    if data.output == "sigmoid" and value.min() < 0.5 < value.max():
        left.contour(value[::-1], levels=[0.5], extent=(x0, x1, y0, y1), colors="0.15", linewidths=1.4)
    for points, y, kind, edge in (
        (data.train, data.y_train, "train", "white"),
        (data.test, data.y_test, "test", "black"),
    ):
        label = f"{kind} ({len(y)})"
        left.scatter(*points.T, s=20, c=_point_colours(data, y) / 255, edgecolors=edge, linewidths=0.7, label=label)
    left.legend(loc="upper right", fontsize=8, framealpha=0.8)
    names = setup.data.names
    left.set(title=data.title, xlabel=names[0], ylabel=names[1], xlim=(x0, x1), ylim=(y0, y1))
    steps, train, test = (np.array(each, dtype=float) for each in zip(*position.curve, strict=True))
    for losses, name, style in ((train, "train", "-"), (test, "test", "--")):
        right.plot(steps, losses, style, color=RUN, label=f"{name} {losses[-1]:.4f}")
    right.set(title=f"{setup.loss.replace('_', ' ')} to step {position.run.step:,}", xlabel="step", ylabel="loss")
    right.spines[["top", "right"]].set_visible(False)
    right.legend(frameon=False)
    drawn.suptitle(f"{'-'.join(map(str, setup.sizes))} · {', '.join(setup.state.activation)} · {setup.state.optimizer} "
                   f"{setup.state.learning_rate:g}", fontsize=11)  # fmt: skip
    return figures.render(drawn, form)


def warm() -> None:
    """Import the libraries that figures need, which takes a second or two, before the first request."""
    with _drawing:
        import matplotlib.figure
        import PIL.Image

        figures.render(matplotlib.figure.Figure())
        PIL.Image.init()


def animation(course: Course, step: int) -> bytes:
    """Draw the surface from the start to `step` in at most GIF_FRAMES pictures, as a GIF that repeats."""
    steps = sorted({round(step * k / (GIF_FRAMES - 1)) for k in range(GIF_FRAMES)})
    # the last step first: training to it once leaves checkpoints near all others
    positions = {each: course.at(each) for each in sorted(steps, reverse=True)}
    return encode_gif([np.asarray(_picture(course.setup, positions[each])) for each in steps], 100, colours=128)


def _picture(setup: Setup, position: Position) -> Image:
    from PIL import Image, ImageDraw, ImageFont

    data = setup.data
    colours, value = surface(setup, position, GIF_LEVELS)
    plane = Image.fromarray(np.rint(colours).astype(np.uint8)).resize((GIF_SIZE, GIF_SIZE), Image.Resampling.BICUBIC)
    image = Image.new("RGB", (GIF_SIZE, GIF_SIZE + 24), (255, 255, 255))
    image.paste(plane)
    draw = ImageDraw.Draw(image)
    (x0, x1), (y0, y1) = data.domain
    radius = 3.2
    if data.graph:
        heights = (y1 - value[0]) / (y1 - y0) * GIF_SIZE
        across = (np.arange(GIF_LEVELS) + 0.5) / GIF_LEVELS * GIF_SIZE
        draw.line([*zip(across.tolist(), np.clip(heights, -9, GIF_SIZE + 9).tolist(), strict=True)], RUN, 2)
    for points, y, edge in ((data.train, data.y_train, (255, 255, 255)), (data.test, data.y_test, (0, 0, 0))):
        places = np.column_stack([(points[:, 0] - x0) / (x1 - x0), (y1 - points[:, 1]) / (y1 - y0)]) * GIF_SIZE
        for (x, top), colour in zip(
            places.tolist(), np.rint(_point_colours(data, y)).astype(int).tolist(), strict=True
        ):
            draw.ellipse((x - radius, top - radius, x + radius, top + radius), fill=tuple(colour), outline=edge)
    last, train, _ = position.curve[-1]
    text = f"step {last:,}   loss {train:.4f}"
    draw.text((8, GIF_SIZE + 3), text, fill=(30, 30, 30), font=ImageFont.load_default(14))
    return image
