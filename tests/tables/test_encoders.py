"""The encoders: their numbers worked by hand or by other libraries, their round trip, what they refuse."""

import json

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from glassnet.tables.preparation.category_encoders import FOLDS, OneHot, TargetMean
from glassnet.tables.preparation.encoder import MISSING, UNSEEN
from glassnet.tables.preparation.encoders import ENCODERS, encoder_from_dict
from glassnet.tables.preparation.equations import share
from glassnet.tables.preparation.number_encoders import RANK, Bins, Periodic, Rank, Standard, Values, quantiles
from glassnet.tables.preparation.tree_cuts import tree_cuts


def encode(encoder, values):
    """The features of some values, (width, n)."""
    out = np.zeros((encoder.width, len(values)))
    encoder.fill(np.array(values), out)
    return out


def test_standard_is_clipped_if_asked():
    assert encode(Standard(2.0, 4.0), [2.0, 6.0, 102.0]).tolist() == [[0, 1, 25]]
    assert encode(Standard(2.0, 4.0, clip=5.0), [2.0, 6.0, 102.0, -98.0]).tolist() == [[0, 1, 5, -5]]


def test_rank_is_linear_between_quantiles_and_flat_beyond():
    rank = Rank((0.0, 10.0, 20.0), (-1.0, 0.0, 4.0))
    assert encode(rank, [-5.0, 0.0, 5.0, 10.0, 15.0, 99.0]).tolist() == [[-1, -1, -0.5, 0, 2, 4]]
    x = np.linspace(-3, 25, 57)
    q, r = np.array(rank.quantiles), np.array(rank.ranks)
    np.testing.assert_allclose(r[0] + np.diff(r) @ share(x, q[:-1, None], q[1:, None]), encode(rank, x)[0], atol=1e-15)


def test_ranks_of_many_different_numbers_are_uniform_and_of_equal_ones_their_mean():
    many = Rank.fit(np.arange(1001.0))
    assert len(many.quantiles) == 201
    np.testing.assert_allclose(encode(many, [0.0, 250.0, 500.0, 1000.0]), [[-RANK, -RANK / 2, 0, RANK]], atol=1e-15)
    two = Rank.fit(np.repeat([0.0, 1.0], [751, 250]))  # 151 of the 201 quantiles are 0
    assert two.quantiles == (0.0, 1.0)
    np.testing.assert_allclose(two.ranks, [-RANK / 4, RANK * 151 / 200], rtol=1e-12)


def test_quantiles_are_those_of_numpy():
    ordered = np.sort(np.random.default_rng(0).normal(size=97))
    np.testing.assert_allclose(quantiles(ordered, 33), np.quantile(ordered, np.linspace(0, 1, 33)), rtol=1e-14)


def test_bins_are_shares_minus_a_half():
    bins = Bins((0.0, 1.0, 3.0, 4.0))
    expected = [[-0.5, -0.5, 0, 0.5, 0.5, 0.5], [-0.5, -0.5, -0.5, -0.5, 0, 0.5], [-0.5, -0.5, -0.5, -0.5, -0.5, 0.5]]
    assert encode(bins, [-9.0, 0.0, 0.5, 1.0, 2.0, 9.0]).tolist() == expected
    assert bins.names("x") == ["x 0 … 1", "x 1 … 3", "x 3 … 4"]


def test_values_tell_few_numbers_apart():
    assert encode(Values((1.0, 2.5, 4.0)), [2.5, 4.0, 3.0]).tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


def test_periodic_features():
    found = encode(Periodic(1.0, 2.0, (0.25, 1.0)), [1.0, 3.0])
    np.testing.assert_allclose(found, [[1, 0], [1, 1], [0, 1], [0, 0]], atol=1e-15)


def test_rare_categories_share_a_feature():
    some = OneHot.fit(np.array([5, 1, 9, 0, 5]), least=2, most=1000)
    assert some == OneHot((0, -1, 1, -1, 2), other=True)
    assert some.names("k", ["a", "b", "c", "d", "e"]) == ["k=a", "k=c", "k=e", "k is another"]
    expected = [[1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 0, 1, 0, 1]]
    assert encode(some, [0, 1, 2, 3, MISSING, UNSEEN]).tolist() == expected
    assert OneHot.fit(np.array([5, 1, 9, 0, 5]), least=1, most=2) == OneHot((0, -1, 1, -1, -1), other=True)
    assert OneHot.fit(np.array([1, 1]), least=1, most=2) == OneHot((0, 1), other=False)
    assert OneHot.fit(np.array([2, 2, 0]), least=2, most=2) == OneHot((0, 1, -1), other=False)  # it would never be 1
    assert OneHot.fit(np.array([1, 0]), least=1, most=9) == OneHot((0, 1), other=False)  # all rows are listed, as ever


def test_target_means_by_hand():
    codes, y = np.array([0, 0, 1, 1, 1, MISSING]), np.array([[4.0], [6.0], [1.0], [2.0], [3.0], [8.0]])
    means = TargetMean.fit(codes, 3, y, smoothing=2.0)
    assert means.prior == (4.0,)
    assert means.means == (((10 + 8) / 4, (6 + 8) / 5, 4.0),)
    sd = np.std([4.5, 2.8, 4.0])
    np.testing.assert_allclose(encode(means, [0, 1, 2, MISSING, UNSEEN]), [[0.5 / sd, -1.2 / sd, 0, 0, 0]], atol=1e-15)
    alone = TargetMean(((9.0, 0.0),), (0.0,), (1.0,), 1.0)
    assert encode(alone, [0]).tolist() == [[4.0]]


def test_target_means_of_classes_are_one_feature_each():
    codes, y = np.array([0, 0, 1]), np.eye(3)[[0, 1, 2]]
    means = TargetMean.fit(codes, 2, y, smoothing=0.0)
    assert means.means == ((0.5, 0.0), (0.5, 0.0), (0.0, 1.0))
    assert means.names("k") == ["k mean of class 1", "k mean of class 2", "k mean of class 3"]
    assert encode(means, [0]).shape == (3, 1)


@pytest.mark.parametrize("smoothing", [0.0, 3.0])
@pytest.mark.parametrize("m", [1, 3])
def test_out_of_fold_means_are_those_of_the_other_folds(m, smoothing):
    rng = np.random.default_rng(0)
    n, categories = 60, 7
    codes, y, folds = rng.integers(-1, categories, n), rng.normal(size=(n, m)), rng.permutation(n) % FOLDS
    means = TargetMean.fit(codes, categories, y, smoothing)
    out = np.zeros((m, n))
    means.out_of_fold(codes, y, folds, out)
    for row in range(n):
        others = y[(folds != folds[row]) & (codes == codes[row])]
        prior, expected = y.mean(axis=0), np.zeros(m)
        if codes[row] >= 0 and len(others) + smoothing > 0:
            mean = (others.sum(axis=0) + smoothing * prior) / (len(others) + smoothing)
            expected = np.clip((mean - prior) / means.scale, -4, 4)
        np.testing.assert_allclose(out[:, row], expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("classes", [0, 2, 4])
def test_a_tree_cuts_where_that_of_scikit_learn_does(seed, classes):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.normal(size=400).round(2))
    y = np.sin(3 * x) + 0.3 * rng.normal(size=400)
    if classes:
        y = np.searchsorted(np.quantile(y, np.linspace(0, 1, classes + 1)[1:-1]), y)
    targets = np.eye(4)[y] if classes == 4 else np.array(y, float)[:, None]
    tree = DecisionTreeRegressor(max_leaf_nodes=12, min_samples_leaf=5, random_state=0).fit(x[:, None], targets)
    theirs = np.sort(tree.tree_.threshold[tree.tree_.feature >= 0])
    ours = tree_cuts(x, targets, leaves=12, least=5)
    assert len(ours) == len(theirs) == 11

    def error(cuts):
        leaf = np.searchsorted(cuts, x)
        return sum(((targets[leaf == k] - targets[leaf == k].mean(axis=0)) ** 2).sum() for k in range(12))

    assert error(ours) == pytest.approx(error(theirs), rel=1e-3)  # ties between equal gains are broken in another order
    assert np.bincount(np.searchsorted(ours, x)).min() >= 5


def test_a_tree_stops_where_nothing_is_gained_or_leaves_would_be_too_small():
    x = np.arange(10.0)
    assert tree_cuts(x, np.ones((10, 1)), 8, 1).tolist() == []
    assert tree_cuts(x, (x[:, None] > 0).astype(float), 2, 1).tolist() == [0.5]
    assert tree_cuts(x, (x[:, None] > 0).astype(float), 2, 4).tolist() == [3.5]
    assert tree_cuts(np.ones(10), x[:, None], 8, 1).tolist() == []


EXAMPLES = [
    Standard(1.5, 2.0, 5.0),
    Rank((0.0, 1.0, 1.5), (-1.7, 0.0, 1.7)),
    Bins((0.0, 1.0, 3.0)),
    Values((1.0, 2.0)),
    Periodic(0.0, 1.0, (0.1, -0.2)),
    OneHot((0, -1, 1), other=True),
    TargetMean(((1.0, 2.0, 3.0), (3.0, 4.0, 5.0)), (2.0, 3.0), (1.0, 1.0), 20.0),
]


@pytest.mark.parametrize("encoder", EXAMPLES, ids=lambda encoder: encoder.kind)
def test_json_round_trip(encoder):
    assert encoder_from_dict(json.loads(json.dumps(encoder.to_dict()))) == encoder
    assert len(encoder.names("x", ["a", "b", "c"])) == encoder.width


def test_every_kind_has_an_example():
    assert {encoder.kind for encoder in EXAMPLES} == set(ENCODERS)


WRONG = [
    None,
    {},
    {"kind": 3},
    {"kind": ["standard"]},
    {"kind": "no such"},
    {"kind": "standard", "mean": 0.0, "scale": 0.0, "clip": 0.0},
    {"kind": "standard", "mean": float("nan"), "scale": 1.0, "clip": 0.0},
    {"kind": "standard", "mean": "0", "scale": 1.0, "clip": 0.0},
    {"kind": "standard", "mean": 0.0, "scale": 1.0, "clip": -1.0},
    {"kind": "standard", "mean": 0.0, "scale": 1.0},
    {"kind": "standard", "mean": 0.0, "scale": 1.0, "clip": 0.0, "more": 1},
    {"kind": "rank", "quantiles": [0.0, 0.0], "ranks": [0.0, 1.0]},
    {"kind": "rank", "quantiles": [0.0, 1.0], "ranks": [0.0]},
    {"kind": "rank", "quantiles": [0.0], "ranks": [0.0]},
    {"kind": "rank", "quantiles": 3, "ranks": [0.0]},
    {"kind": "bins", "cuts": [0.0]},
    {"kind": "bins", "cuts": [1.0, 0.0]},
    {"kind": "bins", "cuts": [0.0, True]},
    {"kind": "values", "values": []},
    {"kind": "values", "values": [2.0, 1.0]},
    {"kind": "periodic", "mean": 0.0, "scale": 1.0, "frequencies": []},
    {"kind": "periodic", "mean": 0.0, "scale": -1.0, "frequencies": [1.0]},
    {"kind": "onehot", "features": [0, 0], "other": False},
    {"kind": "onehot", "features": [1], "other": False},
    {"kind": "onehot", "features": [-2, 0], "other": False},
    {"kind": "onehot", "features": [0.0], "other": False},
    {"kind": "onehot", "features": [0], "other": 1},
    {"kind": "target mean", "means": [[1.0]], "prior": [1.0, 2.0], "scale": [1.0, 2.0], "smoothing": 1.0},
    {"kind": "target mean", "means": [1.0], "prior": [1.0], "scale": [1.0], "smoothing": 1.0},
    {"kind": "target mean", "means": [[1.0]], "prior": [1.0], "scale": [0.0], "smoothing": 1.0},
    {"kind": "target mean", "means": [[1.0]], "prior": [1.0], "scale": [1.0], "smoothing": -1.0},
    {"kind": "target mean", "means": [[1.0], [1.0, 2.0]], "prior": [1.0, 1.0], "scale": [1.0, 1.0], "smoothing": 1.0},
    {"kind": "target mean", "means": [], "prior": [], "scale": [], "smoothing": 1.0},
]


@pytest.mark.parametrize("given", WRONG, ids=repr)
def test_from_dict_refuses(given, refuses):
    with refuses("encoder"):
        encoder_from_dict(given)
