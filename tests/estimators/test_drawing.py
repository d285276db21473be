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
