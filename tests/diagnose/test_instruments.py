"""Instruments are plain functions of arrays: their values by hand."""

import numpy as np
import pytest

from glassnet.diagnose.instruments.instruments import (
    alike_units,
    dead_share,
    depth_ratio,
    histogram,
    rms,
    saturated_share,
    update_ratio,
)


def test_rms_is_the_root_of_the_mean_square_and_inf_where_an_entry_is_not_finite():
    assert rms(np.array([1.0, -7.0])) == 5.0
    assert rms(np.array([1.0, np.nan])) == np.inf
    assert rms(np.array([1e200, 1e200])) == np.inf
    assert rms(np.zeros((0, 3))) == 0.0


def test_update_ratio_compares_the_change_with_the_weight():
    before = np.array([3.0, -3.0])
    assert update_ratio(before, before + 0.003) == pytest.approx(1e-3)
    assert update_ratio(before, before) == 0.0
    assert update_ratio(np.zeros(2), np.ones(2)) == np.inf
    assert update_ratio(np.zeros(2), np.zeros(2)) == 0.0


def test_a_unit_is_dead_if_its_slope_is_zero_on_every_row():
    slopes = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.2]])
    assert dead_share(slopes) == pytest.approx(1 / 3)


def test_saturated_share_is_relative_to_the_largest_slope():
    a = np.array([0.0, 0.9, 0.98, -0.99])
    assert saturated_share(1 - a**2, 1.0, 0.05) == 0.5


def test_depth_ratio_is_the_first_over_the_last():
    assert depth_ratio([1e-6, 1e-3, 1e-2]) == pytest.approx(1e-4)


def test_a_histogram_counts_every_finite_value_once():
    counted = histogram(np.array([0.0, 1.0, 2.0, np.inf, np.nan]), bins=4)
    assert counted.counts.tolist() == [1, 0, 1, 1]
    assert counted.edges.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert histogram(np.full(7, 3.0)).counts.sum() == 7
    assert histogram(np.array([np.nan])).counts.sum() == 1


def test_units_are_alike_only_if_weights_and_biases_are():
    W = np.array([[1.0, 1.0], [2.0, 2.0]])
    assert alike_units(W, np.zeros(2))
    assert alike_units(np.zeros((2, 2)), np.zeros(2))
    assert not alike_units(W, np.array([0.0, 0.1]))
    assert not alike_units(W + np.array([0.0, 1e-6]), np.zeros(2))
    assert not alike_units(W[:, :1], np.zeros(1))
