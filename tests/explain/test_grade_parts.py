"""Grading of parts of the flat vectors, such as W1_new, alone."""

import numpy as np
import pytest

import glassnet as gn

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [-0.2, 0.8, 0.1]])


@pytest.mark.parametrize("symbol", ["W1", "b1", "W2", "b2"])
def test_a_part_alone_tells_the_mistake(symbol):
    network = gn.Network([3, 4, 2], hidden="tanh", output="softmax", seed=1)
    derivation = gn.explain(network, X, [0, 1, 1], optimizer="sgd", learning_rate=0.5)
    gradient = np.concatenate([derivation.value(f"d{name}").ravel() for name in ("W1", "b1", "W2", "b2")])
    layer = int(symbol[1])
    for way, code in ((-0.5, None), (0.5, "sign"), (-0.5 * len(X), "batch_mean_forgotten")):
        W, b = network.layout.views(network.theta + way * gradient)
        given = (W if symbol[0] == "W" else b)[layer]
        grade = derivation.grade(**{f"{symbol}_new": given})
        assert grade.ok is (code is None)
        if code is not None:
            assert grade.first_wrong.symbol == f"{symbol}_new"
            assert code in [grade.misconception.code, *(other.code for other in grade.also_possible)]
