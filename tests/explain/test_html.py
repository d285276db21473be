"""The HTML of a derivation: every step once, no empty matrix, checks and stages told."""

import re

import numpy as np

import glassnet as gn

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])


def html(**options):
    network = gn.Network([3, 4, 2], hidden="tanh", output="softmax", seed=1)
    derivation = gn.explain(network, X, [0, 1], optimizer="adam", **options)
    return derivation, derivation.to_html()


def test_every_step_stands_once_and_in_order():
    derivation, page = html(l2=0.1, dropout=0.5)
    shown = re.findall(r'id="step-(\w+)"', page)
    assert len(shown) == len(set(shown)) >= 0.9 * len(derivation.steps)
    assert set(shown) <= {step.symbol for step in derivation.steps}
    stages = re.findall(r'<section id="(\w+)"', page)
    assert stages == list(dict.fromkeys(stages))
    assert {"forward", "backward", "update"} <= set(stages)


def test_matrices_are_never_empty():
    _, page = html()
    assert "<mtable></mtable>" not in page
    assert "<mtr></mtr>" not in page


def test_all_checks_are_good():
    derivation, page = html()
    assert page.count('class="quiet good"') >= len(derivation.steps) // 2
    assert 'class="quiet bad"' not in page
