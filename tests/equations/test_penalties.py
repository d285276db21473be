"""The L1 and L2 penalties and their slope."""

import numpy as np
from numpy.testing import assert_allclose

from glassnet.equations.penalties import d_penalty, penalty

W = np.array([-2.0, -0.5, 0.25, 3.0])


def test_value():
    assert penalty(W, 0.1, 0.0).tolist() == [0.1 * 2, 0.1 * 0.5, 0.1 * 0.25, 0.1 * 3]
    assert penalty(W, 0.0, 0.5).tolist() == [0.25 * 4, 0.25 * 0.25, 0.25 * 0.0625, 0.25 * 9]


def test_slope_is_the_derivative_of_the_value():
    stepped = np.imag(penalty(W + 1e-30j, 0.3, 0.7)) / 1e-30
    assert_allclose(d_penalty(W, 0.3, 0.7), stepped, rtol=1e-15)
    assert_allclose(stepped, [-0.3 - 1.4, -0.3 - 0.35, 0.3 + 0.175, 0.3 + 2.1], rtol=1e-15)


def test_slope_is_0_at_weight_0():
    assert d_penalty(np.zeros(1), 0.3, 0.7).tolist() == [0.0]


def test_dtype_is_kept():
    assert penalty(W.astype(np.float32), 0.1, 0.1).dtype == np.float32
    assert d_penalty(W.astype(np.float32), 0.1, 0.1).dtype == np.float32
