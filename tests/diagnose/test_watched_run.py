"""Recording changes no bit of a training, its cost is bounded by a schedule, and its numbers are right."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import glassnet as gn
from glassnet.diagnose.case.setup import Setup
from glassnet.diagnose.instruments.watched_run import FEWEST_LOOKS, LOOKS, largest_slope, record, schedule
from glassnet.diagnose.thresholds import Thresholds

rng = np.random.default_rng(5)
X = rng.normal(size=(150, 3))
y = (X[:, 0] * X[:, 1] > 0).astype(int)
OPTIONS = [
    {"optimizer": gn.Adam(learning_rate=0.01), "epochs": 30, "batch_size": 32},
    {"optimizer": gn.Momentum(), "epochs": 7, "dropout": 0.3, "batch_size": 16, "l2": 0.01},
    {"optimizer": gn.SGD(), "epochs": 40, "schedule": "one_cycle", "clip_norm": 0.5, "engine": "numpy"},
    {"optimizer": gn.LBFGS(), "epochs": 15},
    {
        "optimizer": gn.RMSprop(),
        "epochs": 60,
        "batch_size": 32,
        "validation": (X[:40], y[:40]),
        "early_stopping": gn.EarlyStopping(patience=3),
    },
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: type(options["optimizer"]).__name__)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_recording_everything_changes_no_bit(options, dtype):
    net = gn.Network([3, 12, 5, 1], hidden="tanh", output="sigmoid", seed=1, dtype=dtype)
    plain = net.copy()
    history = gn.train(plain, X, y, **options)
    recording = record(Setup(net, X.astype(dtype), y, options), Thresholds(), details=10, looks=50)
    assert_array_equal(recording.outcome.network.theta, plain.theta)
    assert_array_equal(recording.history.loss, history.loss)
    assert_array_equal(recording.history.validation_loss, history.validation_loss)
    assert recording.history.stopped == history.stopped
    assert_array_equal(net.theta, recording.start)  # the network that was passed is left alone


def test_a_look_shows_the_network_of_its_step():
    net = gn.Network([3, 6, 1], output="sigmoid", seed=2)
    options = {"optimizer": gn.SGD(learning_rate=0.2), "epochs": 20}
    recording = record(Setup(net, X[:30], y[:30], options), Thresholds(), looks=12)
    history = gn.train(net.copy(), X[:30], y[:30], **options)
    for look in recording.looks[:-1]:
        at = history.at(look.step)
        gradient = at.network.backward(at.network.forward(X[:30]), y[:30])
        after = history.at(look.step + 1).network
        for layer in (1, 2):
            W = at.network.W[layer]
            assert look.weight[layer - 1] == pytest.approx(np.sqrt(np.mean(W**2)))
            assert look.gradient[layer - 1] == pytest.approx(np.sqrt(np.mean(gradient.W[layer] ** 2)))
            change = np.sqrt(np.mean((after.W[layer] - W) ** 2))
            assert look.ratio[layer - 1] == pytest.approx(change / np.sqrt(np.mean(W**2)), rel=1e-9)
        assert look.distance == pytest.approx(np.linalg.norm(at.network.theta - net.theta))
        assert look.loss == pytest.approx(at.network.loss(X[:30], y[:30]))
    assert recording.looks[-1].step == history.steps


def test_details_count_dead_and_saturated_units_on_all_rows():
    net = gn.Network([3, 4, 4, 1], hidden=["relu", "tanh"], output="sigmoid", seed=0)
    net.b[1][:3] = -100
    net.b[2][0] = 50
    look = record(Setup(net, X, y, {"epochs": 1}), Thresholds()).looks[0]
    trace = net.forward(X)
    assert look.detail.dead == {1: 0.75}
    assert look.detail.saturated == {2: pytest.approx(np.mean(1 - trace.A[2] ** 2 < 0.05))}
    assert look.detail.activations[2].counts.sum() == 4 * len(X)
    gradient = net.backward(trace, y)
    assert_allclose(look.detail.signal[1], np.sqrt(np.mean(gradient.Z[1] ** 2)))


def test_the_schedule_is_dense_at_first_and_never_longer_than_asked():
    for total in (1, 2, 7, 100, 12345):
        for looks in (2, 8, 32):
            places = schedule(total, looks)
            assert places[0] == 0
            assert len(places) <= looks
            assert (np.diff(places) > 0).all()
            assert places[-1] < total
    places = schedule(10000, 32)
    assert np.sum(places < 1000) > 2 * np.sum(places > 8000)


def test_the_number_of_looks_follows_the_work_and_is_bounded():
    def looks(width, epochs):
        net = gn.Network([3, width, 1], output="sigmoid")
        return len(record(Setup(net, X, y, {"epochs": epochs, "batch_size": 16}), Thresholds(), details=0).looks) - 1

    assert looks(2, 5) <= FEWEST_LOOKS < looks(64, 2000) <= LOOKS


def test_a_run_that_overflows_keeps_the_looks_before_it():
    net = gn.Network([3, 6, 1], seed=0)
    options = {"optimizer": gn.SGD(learning_rate=50.0), "epochs": 50}
    recording = record(Setup(net, X, X[:, 0], options), Thresholds())
    assert recording.outcome.error is not None
    assert recording.outcome.unexplained == np.inf
    assert len(recording.looks) > 0
    assert recording.looks[-1].step <= recording.outcome.error.step


def test_only_activations_that_level_off_have_a_largest_slope():
    assert largest_slope(gn.activations.TANH) == pytest.approx(1.0)
    assert largest_slope(gn.activations.SIGMOID) == pytest.approx(0.25)
    for name in ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "identity", "exponential"):
        assert largest_slope(gn.activations.ACTIVATIONS[name]) is None, name
