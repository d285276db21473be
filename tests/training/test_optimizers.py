"""Optimizers as `train` runs them: step number, learning-rate schedule and slots, against plain Python numbers."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from glassnet import (
    LBFGS,
    SGD,
    Adam,
    AdamEpsilonHat,
    AdamW,
    InputError,
    Momentum,
    Nesterov,
    Network,
    RMSprop,
    StepDecay,
    train,
)
from glassnet.training.optimizers import OPTIMIZERS, Optimizer, as_optimizer

# One sample x = 2, y = 1 and the model w·x + b, so r = 2w + b − 1, ∂/∂w = 2r, ∂/∂b = r.
# The schedule halves the learning rate after each epoch of one step: 0.1, 0.05, 0.025.
RATES = [0.1, 0.05, 0.025]


def trained(optimizer):
    net = Network([1, 1])
    net.theta = [0.3, -0.2]
    history = train(net, [[2.0]], [1.0], optimizer=optimizer, epochs=3, schedule=StepDecay(decay=0.5, every=1))
    assert_allclose(history.learning_rate, RATES, rtol=1e-15)
    return net.theta


def gradients(w, b):
    r = 2 * w + b - 1
    return 2 * r, r


def test_sgd():
    w, b = 0.3, -0.2
    for rate in RATES:
        dw, db = gradients(w, b)
        w, b = w - rate * dw, b - rate * db
    assert_allclose(trained(SGD(0.1)), [w, b], rtol=1e-14)


def test_momentum():
    w, b, vw, vb = 0.3, -0.2, 0.0, 0.0
    for rate in RATES:
        dw, db = gradients(w, b)
        vw, vb = 0.8 * vw - rate * dw, 0.8 * vb - rate * db
        w, b = w + vw, b + vb
    assert_allclose(trained(Momentum(0.1, momentum=0.8)), [w, b], rtol=1e-14)


def test_nesterov():
    w, b, vw, vb = 0.3, -0.2, 0.0, 0.0
    for rate in RATES:
        dw, db = gradients(w, b)
        vw, vb = 0.8 * vw - rate * dw, 0.8 * vb - rate * db
        w, b = w + 0.8 * vw - rate * dw, b + 0.8 * vb - rate * db
    assert_allclose(trained(Nesterov(0.1, momentum=0.8)), [w, b], rtol=1e-14)


def test_rmsprop():
    w, b, vw, vb = 0.3, -0.2, 0.0, 0.0
    for rate in RATES:
        dw, db = gradients(w, b)
        vw, vb = 0.7 * vw + 0.3 * dw * dw, 0.7 * vb + 0.3 * db * db
        w, b = w - rate * dw / (math.sqrt(vw) + 1e-4), b - rate * db / (math.sqrt(vb) + 1e-4)
    assert_allclose(trained(RMSprop(0.1, decay=0.7, epsilon=1e-4)), [w, b], rtol=1e-14)


@pytest.mark.parametrize("weight_decay", [None, 0.3])
def test_adam_and_adamw(weight_decay):
    w, b, mw, mb, vw, vb = 0.3, -0.2, 0.0, 0.0, 0.0, 0.0
    for t, rate in enumerate(RATES, start=1):
        dw, db = gradients(w, b)
        mw, mb = 0.8 * mw + 0.2 * dw, 0.8 * mb + 0.2 * db
        vw, vb = 0.9 * vw + 0.1 * dw * dw, 0.9 * vb + 0.1 * db * db
        step_w = mw / (1 - 0.8**t) / (math.sqrt(vw / (1 - 0.9**t)) + 1e-4)
        step_b = mb / (1 - 0.8**t) / (math.sqrt(vb / (1 - 0.9**t)) + 1e-4)
        w, b = w - rate * (step_w + (weight_decay or 0) * w), b - rate * (step_b + (weight_decay or 0) * b)
    constants = {"beta1": 0.8, "beta2": 0.9, "epsilon": 1e-4}
    optimizer = Adam(0.1, **constants) if weight_decay is None else AdamW(0.1, weight_decay=weight_decay, **constants)
    assert_allclose(trained(optimizer), [w, b], rtol=1e-14)


def test_sgd_contracts_a_quadratic_as_its_closed_form_says():
    net = Network([1, 1], init="zeros")
    train(net, [[0.0]], [1.0], optimizer=SGD(0.1), epochs=40)  # b alone moves: 1 − b shrinks by 1 − 0.1 a step
    assert_allclose(net.theta, [0.0, 1 - 0.9**40], rtol=1e-13)


def test_an_optimizer_of_ones_own():
    def sign_descent(theta, g, learning_rate):
        return (theta - learning_rate * np.sign(g),)

    @dataclass(frozen=True)
    class SignDescent(Optimizer):
        update = staticmethod(sign_descent)

    assert_allclose(trained(SignDescent(0.1)), [0.3 + 0.175, -0.2 + 0.175], rtol=1e-14)


def test_names_stand_for_the_defaults():
    kinds = {"sgd": SGD, "momentum": Momentum, "nesterov": Nesterov, "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW}
    assert {**kinds, "adamepsilonhat": AdamEpsilonHat, "lbfgs": LBFGS} == OPTIMIZERS
    for name, kind in OPTIMIZERS.items():
        assert as_optimizer(name) == as_optimizer(name.upper()) == kind()
    assert Adam() == Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8)


def test_only_the_adams_count_steps():
    counting = {name for name, kind in OPTIMIZERS.items() if kind is not LBFGS and kind().counts_steps}
    assert counting == {"adam", "adamepsilonhat", "adamw"}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (SGD, "learning_rate", 0),
        (SGD, "learning_rate", -0.1),
        (SGD, "learning_rate", float("nan")),
        (SGD, "learning_rate", float("inf")),
        (SGD, "learning_rate", "0.1"),
        (SGD, "learning_rate", None),
        (SGD, "learning_rate", True),
        (SGD, "learning_rate", 10**400),
        (SGD, "learning_rate", np.array([0.1, 0.2])),
        (SGD, "learning_rate", 0.1j),
        (Momentum, "momentum", 1.01),
        (Momentum, "momentum", -0.1),
        (Nesterov, "momentum", 1.5),
        (RMSprop, "decay", 1),
        (RMSprop, "epsilon", -1e-8),
        (Adam, "beta1", 1.0),
        (Adam, "beta2", 1.0),
        (Adam, "beta2", -0.5),
        (AdamEpsilonHat, "beta2", 1),
        (AdamW, "beta2", 1.0),
        (RMSprop, "decay", 1.0),
        (Adam, "epsilon", "small"),
        (AdamW, "weight_decay", -0.01),
        (LBFGS, "tolerance", -1),
        (LBFGS, "max_evaluations", 0),
        (LBFGS, "max_evaluations", 10.0),
    ],
)
def test_bad_constants_are_refused(refuses, kind, name, value):
    with refuses(name):
        kind(**{name: value})


@pytest.mark.parametrize("given", ["adaam", "", 3, None, Adam, np.ones((4, 40))])
def test_unknown_optimizers_are_refused(refuses, given):
    with refuses("optimizer"):
        as_optimizer(given)
    with pytest.raises(InputError, match="did you mean 'adam'"):
        as_optimizer("adaam")


@pytest.mark.parametrize(
    "update",
    [
        lambda theta, g, v, learning_rate: theta - learning_rate * g,
        lambda theta, g, v, learning_rate: (theta - learning_rate * g,),
        lambda theta, g, v, learning_rate: (theta, v, v),
        lambda theta, g, v, learning_rate: (theta[:1], v),
        lambda theta, g, v, learning_rate: (theta.sum(), v),
        lambda theta, g, v, learning_rate: None,
        lambda theta, g: (theta, g),
        lambda theta, g, v, learning_rate: (theta @ np.ones((2, 2)), v),
        3,
    ],
)
def test_an_optimizer_of_ones_own_that_cannot_work_is_refused(refuses, update):
    @dataclass(frozen=True)
    class Mine(Optimizer):
        slots = ("v",)

    Mine.update = staticmethod(update)
    net = Network([1, 1])
    before = net.theta.copy()
    with refuses("optimizer"):
        train(net, [[1.0]], [1.0], optimizer=Mine())
    assert_array_equal(net.theta, before)
