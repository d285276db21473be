"""A remedy is carried out on a copy of the set-up, and its code says what was done."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

import glassnet as gn
from glassnet.diagnose.case.remedy import Remedy, balanced_weights, rebuilt
from glassnet.diagnose.case.setup import Setup, folds

rng = np.random.default_rng(0)
X = rng.normal(5, 3, size=(60, 2))
y = np.repeat([0, 1], [45, 15])


def setup(**options):
    return Setup(gn.Network([2, 4, 1], output="sigmoid", seed=3), X, y, options)


def test_standardising_takes_mean_and_scale_from_the_training_rows_alone():
    changed = Remedy("", standardise_inputs=True).apply(setup(validation=(X[:5] + 100, y[:5])))
    assert_allclose(changed.X.mean(axis=0), 0, atol=1e-12)
    assert_allclose(changed.X.std(axis=0), 1)
    assert_allclose(changed.validation[0], (X[:5] + 100 - X.mean(axis=0)) / X.std(axis=0))


def test_cutting_off_bounds_what_lies_far_out_and_keeps_the_middle():
    wild = X.copy()
    wild[0, 0] = -9999
    given = Setup(gn.Network([2, 4, 1], output="sigmoid"), wild, y, {})
    changed = Remedy("", cut_off=True).apply(given)
    assert changed.X.min() == -5
    low, middle, high = np.quantile(wild[:, 1], (0.25, 0.5, 0.75))
    assert_allclose(changed.X[:, 1], np.clip(1.349 * (wild[:, 1] - middle) / (high - low), -5, 5))


def test_the_given_set_up_stays_as_it_is():
    before = setup(epochs=3)
    theta = before.network.theta.copy()
    every = Remedy("", {"epochs": 9}, {"hidden": "tanh"}, True, False, False, np.array([2.0]), None, None, True)
    after = every.apply(before)
    assert_array_equal(before.network.theta, theta)
    assert before.options == {"epochs": 3}
    assert after.options["epochs"] == 9
    assert after.network.hidden == "tanh"
    assert after.network.b[2].tolist() == [2.0]
    assert_allclose(after.options["sample_weight"][[0, -1]], [60 / 90, 60 / 30])


def test_rows_that_are_left_out_take_their_weights_along():
    keep = np.arange(60) % 2 == 0
    changed = Remedy("", keep=keep).apply(setup(sample_weight=np.arange(60.0)))
    assert len(changed.X) == 30
    assert_array_equal(changed.options["sample_weight"], np.arange(0, 60, 2))


def test_a_rebuilt_network_differs_in_what_was_asked_alone():
    net = gn.Network([2, 6, 6, 3], hidden=["tanh", "relu"], output="softmax", seed=9, dtype="float32")
    same = rebuilt(net)
    assert_array_equal(same.theta, net.theta)
    assert same.dtype == np.float32
    wider = rebuilt(net, sizes=[2, 8, 3], init=None)
    assert wider.sizes == (2, 8, 3)
    assert rebuilt(net, output="identity", loss="squared_error").loss_function.name == "squared_error"


def test_the_code_can_be_run():
    remedy = Remedy("", {"optimizer": gn.Adam(learning_rate=0.01), "clip_norm": None}, standardise_inputs=True)
    scaled, trained = remedy.code.splitlines()
    space = {"X": X.copy(), "np": np}
    exec(scaled, space)  # noqa: S102 - what a user would run
    assert_allclose(space["X"], Remedy("", standardise_inputs=True).apply(setup()).X)
    assert trained == "train(…, optimizer=Adam(learning_rate=0.01), clip_norm=None)"
    weight = Remedy("", balanced=True).code.splitlines()[0]
    space = {"np": np, "y": y}
    exec(weight, space)  # noqa: S102
    assert_allclose(space["weight"], balanced_weights(y))


def test_folds_share_out_classes_and_numbers_alike():
    fold = folds(setup(), 4, seed=0)
    assert_array_equal(np.bincount(fold), [15, 15, 15, 15])
    for k in range(4):
        assert abs(np.sum(y[fold == k]) - 15 / 4) < 1
    numbers = Setup(gn.Network([2, 1]), X, X[:, 0], {})
    means = [X[folds(numbers, 4, seed=1) == k, 0].mean() for k in range(4)]
    assert np.ptp(means) < 0.5 * X[:, 0].std()
