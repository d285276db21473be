"""The 3-4-2 network of chapters 3 to 9: drawn from a seed so that every number is easy on paper, and its drawing."""

import numpy as np

import glassnet as gn

HALVES = np.array([-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0])
GAPS = (0.85, 1.1, 1.45)  # between the two logits: the probabilities are then 0.70, 0.75 and 0.81
FORWARD, BACKWARD = "#00785a", "#b85000"  # inks of the two passes: green and vermilion, dark enough for text


def paper_network(seed):
    """Draw a 3-4-2 network, ReLU and softmax, with a sample x (3,) and its class y; nearly all numbers are halves.

    Drawn again until two or three of the four hidden units are on, no sum lies near the kink of the ReLU,
    and no two weights that a learner may confuse are equal.
    """
    rng = np.random.RandomState(seed)
    net = gn.Network([3, 4, 2], hidden="relu", output="softmax")
    while True:
        x = rng.choice(HALVES, 3, replace=False)
        net.W[1][...] = rng.choice(HALVES, (3, 4))
        net.b[1][...] = rng.choice(HALVES[2:6], 4)
        net.W[2][...] = rng.choice(HALVES[1:7], (4, 2))
        net.b[2][...] = 0
        trace = net.forward([x])
        z, gaps = trace.Z[1][0], net.W[2][:, 0] - net.W[2][:, 1]
        on = z > 0
        if on.sum() not in (2, 3) or abs(z).min() < 0.5 or abs(z).max() > 5 or abs(gaps).min() < 0.5:
            continue
        if len(set(gaps)) < 3 or len(set(abs(x))) < 3 or len(set(z)) < 4:
            continue
        y, gap = int(rng.randint(2)), rng.choice(GAPS) * rng.choice([-1, 1])
        net.b[2][0] = round(gap - float(trace.Z[2][0, 0] - trace.Z[2][0, 1]), 2)
        if abs(net.b[2][0]) <= 2 and x.min() < 0 < x.max():
            return net, x, y


def number(value, digits=3):
    """Write a number as on paper: no zeros that say nothing, a real minus sign."""
    return f"{value + 0:.{digits}g}".replace("-", "−")


def draw_network(net, notes=None, below=None, weights=(), lit=(), title=""):
    """Draw the units of a network, with `notes` {(layer, unit): text} above and `below` them, and chosen weights.

    `weights` holds (layer, from, to, text) to write on a line; `lit` holds (layer, from, to) to draw bold.
    """
    import matplotlib.pyplot as plt

    widest = max(net.sizes)
    figure, ax = plt.subplots(figsize=(5.2, 0.98 * widest + 0.2))
    places = {
        (layer, unit): (2.1 * layer, 1.15 * ((width - 1) / 2 - unit))
        for layer, width in enumerate(net.sizes)
        for unit in range(width)
    }
    for layer, W in net.W.items():
        for (i, j), w in np.ndenumerate(W):
            (x0, y0), (x1, y1) = places[layer - 1, i], places[layer, j]
            bold = (layer, i, j) in lit
            ax.plot(
                [x0, x1],
                [y0, y1],
                color="black",
                alpha=0.85 if bold else 0.3,
                linewidth=(0.5 + 0.9 * min(abs(w), 2)) * (1.6 if bold else 1),
                linestyle="-" if w > 0 else (0, (4, 2)),
                zorder=1,
            )
    for layer, i, j, text in weights:
        (x0, y0), (x1, y1) = places[layer - 1, i], places[layer, j]
        at = 0.36
        ax.text(
            x0 + at * (x1 - x0),
            y0 + at * (y1 - y0),
            text,
            fontsize=11,
            ha="center",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
            zorder=4,
        )
    for (layer, unit), (x, y) in places.items():
        ax.add_patch(plt.Circle((x, y), 0.2, facecolor="white", edgecolor="black", linewidth=1.5, zorder=2))
        name = f"x{unit}" if layer == 0 else str(unit)
        ax.text(x, y, name, fontsize=11, ha="center", va="center", zorder=3)
        if notes and (layer, unit) in notes:
            ax.text(x, y + 0.25, notes[layer, unit], fontsize=11, ha="center", va="bottom", color=FORWARD, zorder=3)
        if below and (layer, unit) in below:
            ax.text(x, y - 0.25, below[layer, unit], fontsize=11, ha="center", va="top", color=BACKWARD, zorder=3)
    top, middle = 1.15 * (widest - 1) / 2, 2.1 * net.n_layers / 2
    ax.set(xlim=(middle - 2.9, middle + 2.9), ylim=(-top - 0.6, top + 0.65), aspect="equal")
    ax.set_axis_off()
    if title:
        ax.set_title(title, fontsize=12)
    return figure
