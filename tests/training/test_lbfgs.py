"""L-BFGS: how far it gets, when it ends, and what it refuses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassnet import LBFGS, EarlyStopping, Network, NonFiniteError, StepDecay, train

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
Y = np.column_stack([np.sin(X[:, 0]), X[:, 0] * X[:, 1]])


def network():
    return Network([2, 8, 2], "tanh", seed=1)


def test_it_gets_further_than_adam():
    history, adam = (train(network(), X, Y, optimizer=name, epochs=300) for name in ("lbfgs", "adam"))
    assert history.loss[-1] < 0.1 * adam.loss[-1]
    assert history.engine == "scipy"


def test_the_last_loss_is_that_of_the_parameters():
    net = network()
    history = train(net, X, Y, optimizer="lbfgs", epochs=25, l2=0.01)
    assert history.epochs == 25
    assert history.stopped == "all epochs done"
    assert history.loss[-1] == pytest.approx(net.loss(X, Y, l2=0.01), rel=1e-14)
    assert (np.diff(history.loss) < 0).all()
    assert history.steps >= 25  # evaluations of the loss


def test_it_ends_when_the_gradient_is_below_the_tolerance():
    largest = {}
    for tolerance in (1e-2, 1e-5):
        net = network()
        history = train(net, X, Y, optimizer=LBFGS(tolerance=tolerance), epochs=5000, l2=0.01)
        assert history.stopped == "converged"
        largest[tolerance] = np.abs(net.backward(net.forward(X), Y, l2=0.01).flat).max()
    assert 1e-5 < largest[1e-2] <= 1e-2
    assert largest[1e-5] <= 1e-5


def test_linear_regression_of_several_outputs_with_weights():
    weight = RNG.random(60)
    net = Network([2, 2])
    train(net, X, Y, optimizer=LBFGS(tolerance=1e-10), epochs=500, sample_weight=weight)
    root = np.sqrt(weight)[:, None]
    expected = np.linalg.lstsq(root * np.column_stack([X, np.ones(60)]), root * Y, rcond=None)[0]
    assert_allclose(np.vstack([net.W[1], net.b[1]]), expected, atol=1e-6)


def test_ridge_regression():
    net = Network([2, 2])
    train(net, X, Y, optimizer=LBFGS(tolerance=1e-10), epochs=500, l2=0.3)
    A = np.column_stack([X, np.ones(60)])
    expected = np.linalg.solve(A.T @ A / 60 + np.diag([0.3, 0.3, 0]), A.T @ Y / 60)
    assert_allclose(np.vstack([net.W[1], net.b[1]]), expected, atol=1e-6)


def test_evaluations_are_bounded():
    history = train(network(), X, Y, optimizer=LBFGS(max_evaluations=10), epochs=500)
    assert history.epochs < 20
    assert history.steps < 40
    assert history.stopped not in ("converged", "all epochs done")


def test_callbacks_and_early_stopping():
    told = []
    history = train(
        network(), X, Y, optimizer="lbfgs", epochs=50, callbacks=[told.append, lambda epoch: epoch.epoch == 7]
    )
    assert history.epochs == 7
    assert history.stopped == "a callback ended it"
    assert [epoch.loss for epoch in told] == history.loss.tolist()

    net, half = network(), 30
    data = {"validation": (X[half:], Y[half:]), "early_stopping": EarlyStopping(patience=5)}
    history = train(net, X[:half], Y[:half], optimizer="lbfgs", epochs=2000, **data)
    assert history.stopped == "no improvement for 5 epochs"
    assert history.validation_loss[history.best_epoch - 1] == history.validation_loss.min()
    assert net.loss(X[half:], Y[half:]) == history.validation_loss.min()


def test_float32():
    net = Network([2, 8, 2], "tanh", seed=1, dtype="float32")
    history = train(net, X, Y, optimizer="lbfgs", epochs=50)
    assert net.theta.dtype == np.float32
    assert history.loss[-1] < 0.2 * history.loss[0]


def test_overflow_at_the_start():
    net = Network([2, 2])
    net.theta = np.full(6, 1e200)
    with pytest.raises(NonFiniteError):
        train(net, X, Y, optimizer="lbfgs")
    assert net.theta.tolist() == [1e200] * 6


@pytest.mark.parametrize(
    ("name", "value"), [("batch_size", 7), ("dropout", 0.5), ("clip_norm", 1.0), ("schedule", StepDecay())]
)
def test_what_has_no_meaning_for_it_is_refused(refuses, name, value):
    net = network()
    before = net.theta.tobytes()
    with refuses(name):
        train(net, X, Y, optimizer="lbfgs", **{name: value})
    assert net.theta.tobytes() == before
