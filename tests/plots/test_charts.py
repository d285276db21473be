"""The charts of a page: what is drawn is what was given."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from glassnet.plots.charts import LEFT, RIGHT, SQUARE, TOP, WIDTH, Line, bands, lines, points, reliability, style


def ticks(svg, anchor):
    """The numbers at an axis with their places: of x in the middle, of y at the end."""
    found = re.findall(
        rf'<text class="tick" x="([\d.]+)" y="([\d.]+)" text-anchor="{anchor}">(-?[\d,.e-]+)</text>', svg
    )
    return {float(text.replace(",", "")): (float(x), float(y)) for x, y, text in found}


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 7, 12, 200])
def test_whole_numbers_at_the_axis(epochs):
    svg = lines([Line("loss", range(1, epochs + 1), np.linspace(2, 1, epochs))], "epoch", whole=True)
    ElementTree.fromstring(svg)
    assert ticks(svg, "middle")
    assert all(value == round(value) for value in ticks(svg, "middle"))


def test_thin_lines_have_the_colour_of_the_thick_one_before_and_no_name():
    series = [Line("mean", [1, 2], [1, 2]), Line("one", [1, 2], [0, 3], thin=True), Line("other", [1, 2], [2, 2])]
    page = lines(series, "epoch")
    assert re.findall('polyline class="(.*?)"', page) == ["c0", "c0 thin", "c1"]
    assert re.findall('class="key (c.)">(.*?)<', page) == [("c0", "mean"), ("c1", "other")]


def test_points_have_equal_axes():
    svg = points([0.0, 10.0], [4.0, 5.0], "predicted", "actual")
    ElementTree.fromstring(svg)
    x, y = ticks(svg, "middle"), ticks(svg, "end")
    assert list(x) == list(y)
    steps = np.diff([place for place, _ in x.values()])
    np.testing.assert_allclose(steps, -np.diff([place for _, place in y.values()]), atol=0.11)
    (dots,) = re.findall('class="c0 dots" d="(.*?)"', svg)
    (a, b), (c, d) = re.findall(r"M([\d.]+) ([\d.]+)h0", dots)
    assert float(a) == pytest.approx(x[0][0], abs=0.1)
    assert float(c) == pytest.approx(x[10][0], abs=0.1)
    assert (float(b) - float(d)) / (float(c) - float(a)) == pytest.approx(0.1, abs=0.01)


def test_reliability_and_bands():
    svg = reliability([(0.25, 0.5, 40), (0.75, 1.0, 40)], "probability", "share")
    ElementTree.fromstring(svg)
    assert svg.count("<circle") == 2
    heights = [
        float(bottom) - float(top) for top, bottom in re.findall(r'error" x1=.*? y1="([\d.]+)" y2="([\d.]+)"', svg)
    ]
    of_half = 2 * np.sqrt(0.25 / 42) * (SQUARE - TOP - 34) / 1.05
    assert heights[0] == pytest.approx(of_half, rel=0.02)
    assert 0 < heights[1] < heights[0]
    assert re.findall('r="3.5"><title>(.*?)</title>', svg)[0] == "0.250: 0.500 of 40 rows"
    svg = bands([1.0, 2.0], [[-2, -1, 0, 1, 2], [-4, -2, 0, 2, 4]], "predicted", "residual")
    ElementTree.fromstring(svg)
    assert svg.count("<polygon") == 2
    assert LEFT < min(x for x, _ in ticks(svg, "middle").values()) < WIDTH - RIGHT


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_not_drawn(wrong):
    assert points([wrong], [1.0], "a", "b") == ""
    assert reliability([(wrong, 1.0, 3)], "a", "b") == ""
    assert bands([1.0], [[0, 0, 0, 0, wrong]], "a", "b") == ""
    assert points([], [], "a", "b") == reliability([], "a", "b") == bands([], [], "a", "b") == ""


def test_large_ticks_keep_their_digits():
    svg = points([100_000.0, 200_000.0], [100_000.0, 200_000.0], "a", "b")
    assert set(ticks(svg, "middle")) >= {120_000, 140_000, 160_000}


def test_a_name_is_escaped():
    for svg in (points([1.0], [2.0], "<a>", "b & c"), lines([Line("<b>", [1, 2], [1, 2])], "<x>")):
        ElementTree.fromstring(svg)
    assert all(rule.startswith(".here ") for rule in style(".here").splitlines())


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (1e-17, 1e-3, ["1e-17", "1e-14", "1e-11", "1e-8", "1e-5"]),
        (2e-14, 3e-13, ["1e-13", "2e-13", "3e-13"]),  # linear, for less than 20-fold
        (0.02, 0.9, ["0.02", "0.05", "0.1", "0.2", "0.5"]),
        (2e-5, 1, ["1e-4", "0.001", "0.01", "0.1", "1"]),
        (3e-7, 8e9, ["1e-6", "0.01", "100", "1e6"]),
    ],
)
def test_a_logarithmic_axis_has_labels_that_differ(low, high, labels):
    svg = lines([Line("gradient", [0, 1], [low, high])], "step", log_y=True)
    assert re.findall(r'text-anchor="end">(.*?)</text>', svg) == labels
    places = [y for _, y in ticks(svg, "end").values()]
    assert places == sorted(places, reverse=True)
