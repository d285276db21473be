"""The drawing of a network in a notebook."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import glassnet as gn
from glassnet.estimators.drawing import NEGATIVE, POSITIVE, Layer, draw

SVG = "{http://www.w3.org/2000/svg}"


def figure(estimator):
    html = estimator._repr_html_()
    return html, ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])


def test_a_fitted_network():
    model = gn.MLPClassifier((3,), activation=["tanh"]).initialize(np.eye(4)[:, :2], ["a", "b", "c", "a"])
    model.coefs_[1][...] = [[1, -1, 2], [0, -3, 1], [1, 1, -2]]
    html, svg = figure(model)
    assert len(svg.findall(f"{SVG}circle")) == 2 + 3 + 3
    texts = [text.text for text in svg.findall(f"{SVG}text")]
    assert texts == ["input", "2 features", "layer 1", "3 × tanh", "output", "3 × softmax"]
    last = svg.findall(f"{SVG}line")[-9:]
    assert [line.get("stroke") for line in last[:3]] == [POSITIVE, NEGATIVE, POSITIVE]
    strongest = max(last, key=lambda line: float(line.get("stroke-width")))
    assert strongest is last[4]  # of −3
    assert f"{model.network_.n_parameters} parameters" in html
    assert "MLPClassifier" in html
    # nothing is loaded
    assert not re.search(r"(src|href)=.http|url\(|@import", html[html.index("<figure") :])


def test_a_network_that_is_not_fitted():
    _, svg = figure(gn.MLPRegressor(hidden_layer_sizes=(2, 40)))
    assert len(svg.findall(f"{SVG}circle")) == 3 + 2 + 7 + 3
    assert [text.text for text in svg.findall(f"{SVG}text")].count("⋮") == 3


@pytest.mark.parametrize("width", range(1, 14))
def test_as_many_units_as_there_are_and_the_last_one(width):
    W = np.zeros((width, 1))
    W[-1] = 1  # the line of the last unit is the strong one
    svg = ElementTree.fromstring(draw([Layer("a", "", width), Layer("b", "", 1)], [W]))
    units = svg.findall(f"{SVG}circle")[:-1]
    assert len(units) == (width if width <= 8 else 7)
    lines = svg.findall(f"{SVG}line")
    assert max(lines, key=lambda line: float(line.get("stroke-width"))) is lines[-1]
    assert lines[-1].get("y1") == units[-1].get("cy")


def test_the_places_of_units_and_lines():
    _, svg = figure(gn.MLPClassifier((12, 2), random_state=0).initialize(np.eye(4)[:, :3], [0, 1, 1, 0]))
    # the widest column has 8 places of 24 px from 40 px on: 4 units, the gap, 3 units
    places = [[float(circle.get(name)) for name in ("cx", "cy")] for circle in svg.findall(f"{SVG}circle")]
    tall = [[220, 52 + 24 * row] for row in (0, 1, 2, 3, 5, 6, 7)]
    expected = [*([70, 112 + 24 * row] for row in range(3)), *tall, [370, 124], [370, 148], [520, 136]]
    assert places == expected
    (gap,) = (text for text in svg.findall(f"{SVG}text") if text.text == "⋮")
    assert (gap.get("x"), gap.get("y")) == ("220", str(52 + 24 * 4 + 5))
    assert (svg.get("width"), svg.get("height"), svg.get("viewBox")) == ("590", "278", "0 0 590 278")
    assert [(text.get("x"), text.get("y")) for text in svg.findall(f"{SVG}text") if text.text == "output"] == [
        ("520", "18")
    ]
    assert [text.get("y") for text in svg.findall(f"{SVG}text")[-1:]] == ["254"]
    first = svg.find(f"{SVG}line")
    assert [first.get(name) for name in ("x1", "y1", "x2", "y2")] == ["77", "112", "213", "52"]
    assert all(circle.get("r") == "7" for circle in svg.findall(f"{SVG}circle"))


def test_the_strength_of_a_line_is_the_root_of_its_weight_by_the_largest():
    model = gn.MLPClassifier((1,)).initialize(np.eye(4), [0, 1, 1, 0])
    model.coefs_[0][...] = [[4], [-1], [0], [2]]
    _, svg = figure(model)
    lines = svg.findall(f"{SVG}line")[:4]
    assert [line.get("stroke-width") for line in lines] == ["2.00", "1.25", "0.50", "1.56"]
    assert [line.get("stroke-opacity") for line in lines] == ["0.90", "0.50", "0.10", "0.67"]
    assert [line.get("stroke") for line in lines] == [POSITIVE, NEGATIVE, NEGATIVE, POSITIVE]
    model.coefs_[0][...] = 0
    assert {line.get("stroke-width") for line in figure(model)[1].findall(f"{SVG}line")[:4]} == {"0.50"}


def test_before_the_fit_lines_are_plain_and_ends_are_open():
    _, svg = figure(gn.MLPClassifier((2, 9), activation=["tanh", "relu"]))
    texts = [text.text for text in svg.findall(f"{SVG}text") if text.text != "⋮"]
    assert texts == ["input", "the features", "layer 1", "2 × tanh", "layer 2", "9 × relu", "output", "the targets"]
    lines = svg.findall(f"{SVG}line")
    assert len(lines) == 3 * 2 + 2 * 7 + 7 * 3
    assert {(line.get("stroke"), line.get("stroke-width")) for line in lines} == {("currentColor", "0.88")}
    assert "network: input the features to layer 1 2 × tanh" in svg.get("aria-label")


@pytest.mark.parametrize(("width", "units"), [(9, [0, 1, 2, 3, 6, 7, 8]), (40, [0, 1, 2, 3, 37, 38, 39])])
def test_the_units_of_a_wide_layer_that_are_drawn(width, units):
    W = np.zeros((width, 1))
    for unit in range(width):
        W[...] = 0
        W[unit] = 1
        svg = ElementTree.fromstring(draw([Layer("a", "", width), Layer("b", "", 1)], [W]))
        strong = [line.get("stroke-width") == "2.00" for line in svg.findall(f"{SVG}line")]
        assert (strong.index(True) if any(strong) else None) == (units.index(unit) if unit in units else None)
