"""The figures of a diagnosis as numbers: a point lies where the labels of the axes say, a bar is as high as its count."""

import math
import re
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.datasets import make_moons

import glassnet as gn

X, y = make_moons(300, noise=0.2, random_state=0)
LOSS = "Loss by epoch; dashed: a constant prediction"
LEFT, RIGHT, TOP, BOTTOM = 52, 326, 12, 162  # of the frame, in pixels


def diagnosed(sizes=(2, 8, 8, 1), epochs=20, hidden="relu", **options):
    network = gn.Network(list(sizes), hidden, "sigmoid", seed=1)
    options = {"optimizer": gn.Adam(learning_rate=0.01), "batch_size": 32, "replay": False, **options}
    return gn.diagnose(network, X, y, epochs=epochs, **options)


def figures_of(diagnosis):
    """(the SVG, the names of the legend) by title."""
    found = re.findall(r"<figure><h3>(.*?)</h3>(<svg.*?</svg>)(.*?)</figure>", diagnosis.to_html(), re.DOTALL)
    return {
        unescape(title): (ElementTree.fromstring(svg), re.findall(r'class="key (c\d)">(.*?)</span>', legend))
        for title, svg, legend in found
    }


def parts(svg, name, cls):
    return [part for part in svg.iter("{http://www.w3.org/2000/svg}" + name) if part.get("class").endswith(cls)]


def ticks(svg, across):
    """(value, pixel) of the labels of one axis."""
    texts = [part for part in parts(svg, "text", "tick") if re.match(r"^[\d.e,-]+$", part.text)]
    if across:
        return [(float(t.text.replace(",", "")), float(t.get("x"))) for t in texts if t.get("text-anchor") == "middle"]
    return [(float(t.text.replace(",", "")), float(t.get("y")) - 3) for t in texts if t.get("text-anchor") == "end"]


def pixels(ticks, values, scale=np.asarray):
    """Where the labels say that values lie."""
    (first, start), (last, end) = ticks[0], ticks[-1]
    share = (scale(np.asarray(values, dtype=float)) - scale(first)) / (scale(last) - scale(first))
    return start + share * (end - start)


def points(polyline):
    return np.array([[float(part) for part in pair.split(",")] for pair in polyline.get("points").split()]).T


def shifted_log(x):
    return np.log10(np.asarray(x) + 1)


def test_the_losses_lie_where_the_labels_say():
    diagnosis = diagnosed()
    svg, legend = figures_of(diagnosis)[LOSS]
    (line,) = parts(svg, "polyline", "c0")
    x, pixel = points(line)
    assert x == pytest.approx(pixels(ticks(svg, True), range(1, 21)), abs=0.2)
    assert pixel == pytest.approx(pixels(ticks(svg, False), diagnosis.history.loss), abs=0.2)
    assert legend == []  # of one line
    assert all(LEFT < at < RIGHT for at in x)
    assert all(TOP < at < BOTTOM for at in pixel)
    assert pixel[0] == min(pixel)  # the highest loss
    assert [round(at, 1) for _, at in ticks(svg, False)] == [float(g.get("y1")) for g in parts(svg, "line", "grid")]
    assert 3 <= len(ticks(svg, False)) <= 6
    (mark,) = parts(svg, "line", "mark")
    constant = float(mark.get("y1"))
    assert constant == pytest.approx(pixels(ticks(svg, False), [np.log(2)])[0], abs=0.3)
    drawn = [*pixel, constant]
    margin = 0.05 / 1.1 * 150  # is left free above and below
    assert (min(drawn) - TOP, BOTTOM - max(drawn)) == pytest.approx((margin, margin), abs=0.1)
    assert svg.get("viewBox") == "0 0 344 196"


def test_losses_on_validation_rows_are_a_second_line():
    diagnosis = diagnosed(validation=(X[::3] + 0.1, y[::3]))
    svg, legend = figures_of(diagnosis)[LOSS]
    assert legend == [("c0", "training"), ("c1", "validation")]
    for cls, values in (("c0", diagnosis.history.loss), ("c1", diagnosis.history.validation_loss)):
        (line,) = parts(svg, "polyline", cls)
        assert points(line)[1] == pytest.approx(pixels(ticks(svg, False), values), abs=0.2)


def test_steps_and_sizes_are_drawn_by_their_logarithms():
    diagnosis = diagnosed(sizes=(2, 10, 10, 10, 10, 10, 1), hidden="sigmoid")
    svg, legend = figures_of(diagnosis)["Gradient flow: size of ∂L/∂W by layer"]
    looks = diagnosis.looks
    assert legend == [(f"c{k}", f"layer {k + 1}") for k in range(6)]
    for k in range(6):
        (line,) = parts(svg, "polyline", f"c{k}")
        x, pixel = points(line)
        assert x == pytest.approx(pixels(ticks(svg, True), [look.step for look in looks], shifted_log), abs=0.3)
        assert pixel == pytest.approx(
            pixels(ticks(svg, False), [look.gradient[k] for look in looks], np.log10), abs=0.3
        )
    across = [value for value, _ in ticks(svg, True)]
    assert across == [0, 10, 100]  # 10 powers of ten at most, 0 first


def test_updates_have_a_line_where_they_are_healthy():
    diagnosis = diagnosed()
    svg, _ = figures_of(diagnosis)["Update ÷ weight by layer; about 1e-3 is healthy"]
    (mark,) = parts(svg, "line", "mark")
    assert (mark.get("x1"), mark.get("x2")) == (str(LEFT), str(RIGHT))
    assert mark.get("y1") == mark.get("y2")
    assert TOP - 0.1 <= float(mark.get("y1")) <= BOTTOM + 0.1
    if len(ticks(svg, False)) > 1:
        assert float(mark.get("y1")) == pytest.approx(pixels(ticks(svg, False), 1e-3, np.log10), abs=0.3)
    (line,) = parts(svg, "polyline", "c1")
    assert len(points(line)[0]) == len(diagnosis.looks) - 1  # the last look has no update after it


def test_the_distance_from_the_start_is_drawn():
    diagnosis = diagnosed()
    svg, _ = figures_of(diagnosis)["Distance of the parameters from their start"]
    (line,) = parts(svg, "polyline", "c0")
    x, pixel = points(line)
    assert pixel == pytest.approx(pixels(ticks(svg, False), [look.distance for look in diagnosis.looks]), abs=0.2)
    assert x == pytest.approx(pixels(ticks(svg, True), [look.step for look in diagnosis.looks], shifted_log), abs=0.3)
    assert pixel[0] == BOTTOM  # 0 lies on the axis, with no margin below


def test_bars_are_as_high_as_the_root_of_their_counts():
    diagnosis = diagnosed(hidden="tanh")
    histograms = next(look.detail for look in diagnosis.looks if look.detail is not None).activations
    svg, _ = figures_of(diagnosis)["Activations at the start"]
    bars = parts(svg, "rect", "bar")
    bases = [float(t.get("y")) for t in parts(svg, "text", "tick") if t.text.startswith("A")]
    assert len(bases) == len(histograms) == 3
    assert np.diff(bases).tolist() == [46] * (len(bases) - 1)
    width = (RIGHT - LEFT) / 24
    expected = [
        (LEFT + width * k, base - size, size, f"{edges[k]:.3g} … {edges[k + 1]:.3g}: {count}")
        for base, counts, edges in zip(
            bases, (h.counts for h in histograms.values()), (h.edges for h in histograms.values()), strict=True
        )
        for k, count in enumerate(counts)
        if count and (size := 28 * math.sqrt(count / counts.max()))
    ]
    assert [bar[0].text for bar in bars] == [text for *_, text in expected]
    drawn = [[float(bar.get(name)) for name in ("x", "y", "height")] for bar in bars]
    assert np.array(drawn) == pytest.approx(np.array([numbers for *numbers, _ in expected]), abs=0.06)
    assert {bar.get("width") for bar in bars} == {f"{width - 0.6:.1f}"}
    assert svg.get("viewBox") == f"0 0 344 {46 * len(bases) + 8}"


def test_of_many_layers_six_are_drawn_the_first_and_the_last_among_them():
    diagnosis = diagnosed(sizes=(2, *[4] * 10, 1))
    _, legend = figures_of(diagnosis)["Gradient flow: size of ∂L/∂W by layer"]
    assert [name for _, name in legend] == [f"layer {k}" for k in (1, 3, 5, 7, 9, 11)]


def test_what_has_no_data_has_no_figure():
    healthy = diagnosed(hidden="tanh")
    assert "Dead units: share with slope 0 on every row" not in figures_of(healthy)
    network = gn.Network([2, 8, 8, 1], "relu", "sigmoid", seed=1)
    network.b[1][:4] = -50
    dead = gn.diagnose(network, X, y, epochs=5, replay=False)
    svg, _ = figures_of(dead)["Dead units: share with slope 0 on every row"]
    (line,) = parts(svg, "polyline", "c0")
    assert points(line)[1][0] == pytest.approx(pixels(ticks(svg, False), 0.5), abs=0.2)


def test_long_runs_are_drawn_with_400_points_the_first_and_the_last_among_them():
    diagnosis = diagnosed(sizes=(2, 3, 1), epochs=900, batch_size=300)
    svg, _ = figures_of(diagnosis)[LOSS]
    x, _ = points(parts(svg, "polyline", "c0")[0])
    assert len(x) == 400
    assert x[[0, -1]] == pytest.approx(pixels(ticks(svg, True), [1, 900]), abs=0.3)
