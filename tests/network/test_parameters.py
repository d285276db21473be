"""Where each parameter lives in theta, and that W and b are views of it."""

import numpy as np
import pytest

from glassnet.network.parameters import Layout

LAYOUT = Layout((2, 3, 1))


def test_size_and_offsets():
    assert LAYOUT.n_layers == 2
    assert LAYOUT.size == 2 * 3 + 3 + 3 * 1 + 1
    assert LAYOUT.offsets() == {1: (0, 6, 9), 2: (9, 12, 13)}


def test_views_write_into_theta():
    theta = np.arange(13.0)
    W, b = LAYOUT.views(theta)
    assert W[1].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert b[1].tolist() == [6, 7, 8]
    assert W[2].tolist() == [[9], [10], [11]]
    assert b[2].tolist() == [12]
    W[1][1, 0] = -1
    b[2][0] = -2
    assert theta[3] == -1
    assert theta[12] == -2


def test_is_weight():
    assert LAYOUT.is_weight().tolist() == [True] * 6 + [False] * 3 + [True] * 3 + [False]


@pytest.mark.parametrize(
    ("index", "name"), [(0, "W1[0, 0]"), (5, "W1[1, 2]"), (6, "b1[0]"), (8, "b1[2]"), (10, "W2[1, 0]"), (12, "b2[0]")]
)
def test_names(index, name):
    assert LAYOUT.name_of(index) == name
    assert LAYOUT.layer_of(index) == int(name[1])
