"""The order of the rows and the dropout masks: frozen values, and functions of seed and place alone."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from glassnet.training.random import batch_order, dropout_mask


def test_order_is_frozen():
    assert batch_order(0, 0, 8).tolist() == [0, 2, 1, 5, 4, 3, 6, 7]
    assert batch_order(7, 3, 12).tolist() == [2, 8, 9, 4, 11, 10, 0, 6, 7, 5, 1, 3]


def test_mask_is_frozen():
    mask = dropout_mask(5, 2, 1, (3, 5), 0.5, np.float64)
    assert mask.tolist() == [[0.0, 2.0, 0.0, 0.0, 2.0], [2.0, 0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize("n", [1, 2, 17, 1000])
def test_order_is_a_permutation(n):
    assert sorted(batch_order(3, 1, n).tolist()) == list(range(n))


def test_order_depends_on_seed_and_epoch_alone():
    first = batch_order(3, 1, 50).tolist()
    batch_order(9, 9, 50)
    assert batch_order(3, 1, 50).tolist() == first
    assert batch_order(3, 2, 50).tolist() != first
    assert batch_order(4, 1, 50).tolist() != first


def test_every_row_is_equally_often_first():
    counts = np.bincount([batch_order(0, epoch, 4)[0] for epoch in range(2000)], minlength=4)
    assert np.abs(counts - 500).max() < 5 * np.sqrt(2000 * 0.25 * 0.75)


def test_mask_depends_on_seed_step_and_layer():
    first = dropout_mask(1, 2, 3, (20, 6), 0.5, np.float64)
    assert_array_equal(dropout_mask(1, 2, 3, (20, 6), 0.5, np.float64), first)
    for seed, step, layer in [(2, 2, 3), (1, 3, 3), (1, 2, 4)]:
        assert (dropout_mask(seed, step, layer, (20, 6), 0.5, np.float64) != first).any()


def test_mask_does_not_follow_the_order_of_the_rows():
    keys = batch_order(1, 2, 400)
    mask = dropout_mask(1, 2, 1, (400, 1), 0.5, np.float64)[:, 0]
    assert abs(np.corrcoef(keys, mask)[0, 1]) < 5 / np.sqrt(400)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_mask_keeps_the_expectation(rate):
    mask = dropout_mask(0, 0, 1, (1000, 100), rate, np.float64)
    assert set(np.unique(mask)) == {0.0, 1 / (1 - rate)}
    spread = np.sqrt(rate / (1 - rate) / mask.size)
    assert abs(mask.mean() - 1) < 5 * spread


def test_rate_0_keeps_everything_and_dtype_is_kept():
    assert_array_equal(dropout_mask(0, 0, 1, (9, 5), 0.0, np.float64), np.ones((9, 5)))
    assert dropout_mask(0, 0, 1, (9, 5), 0.3, np.float32).dtype == np.float32


def test_rows_of_a_mask_do_not_depend_on_how_many_there_are():
    short, tall = (dropout_mask(0, 4, 1, (n, 3), 0.5, np.float64) for n in (5, 9))
    assert_array_equal(tall[:5], short)
