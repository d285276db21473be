"""Each update recurrence against two steps written out in plain Python numbers."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassnet.equations import updates

THETA, G1, G2 = 1.5, 0.4, -0.3  # one parameter and its gradients at t = 1 and t = 2


def two_steps(recurrence, n_slots, **constants):
    """theta after steps 1 and 2 and the slots after step 2, from slots that start at 0."""
    theta, slots = np.array([THETA]), [np.zeros(1)] * n_slots
    thetas = []
    for t, g in enumerate((G1, G2), start=1):
        counted = {"t": t} if recurrence in (updates.adam, updates.adam_epsilon_hat, updates.adamw) else {}
        theta, *slots = recurrence(theta, np.array([g]), *slots, **counted, **constants)
        thetas.append(theta[0])
    return thetas, [slot[0] for slot in slots]


def test_sgd():
    thetas, slots = two_steps(updates.sgd, 0, learning_rate=0.1)
    assert_allclose(thetas, [1.5 - 0.1 * 0.4, 1.5 - 0.1 * 0.4 + 0.1 * 0.3], rtol=1e-15)
    assert slots == []


def test_momentum():
    thetas, slots = two_steps(updates.momentum, 1, learning_rate=0.1, momentum=0.9)
    v1 = -0.1 * 0.4
    v2 = 0.9 * v1 + 0.1 * 0.3
    assert_allclose(thetas, [1.5 + v1, 1.5 + v1 + v2], rtol=1e-15)
    assert_allclose(slots, [v2], rtol=1e-14)


def test_nesterov():
    thetas, slots = two_steps(updates.nesterov, 1, learning_rate=0.1, momentum=0.9)
    v1 = -0.1 * 0.4
    theta1 = 1.5 + 0.9 * v1 - 0.1 * 0.4
    v2 = 0.9 * v1 + 0.1 * 0.3
    theta2 = theta1 + 0.9 * v2 + 0.1 * 0.3
    assert_allclose(thetas, [theta1, theta2], rtol=1e-15)
    assert_allclose(slots, [v2], rtol=1e-14)


def test_nesterov_is_the_look_ahead_method_in_other_variables():
    """On f(x) = x²: x' = x + v', v' = μv − αf'(x + μv), where the recurrence's theta is the look-ahead x + μv."""
    x, v = 1.0, 0.0
    theta, slot = np.array([1.0]), np.zeros(1)
    for _ in range(20):
        v = 0.9 * v - 0.1 * 2 * (x + 0.9 * v)
        x = x + v
        theta, slot = updates.nesterov(theta, 2 * theta, slot, learning_rate=0.1, momentum=0.9)
        assert theta[0] == pytest.approx(x + 0.9 * v, rel=1e-12)


def test_rmsprop():
    thetas, slots = two_steps(updates.rmsprop, 1, learning_rate=0.01, decay=0.9, epsilon=1e-3)
    v1 = 0.1 * 0.16
    theta1 = 1.5 - 0.01 * 0.4 / (math.sqrt(v1) + 1e-3)
    v2 = 0.9 * v1 + 0.1 * 0.09
    theta2 = theta1 + 0.01 * 0.3 / (math.sqrt(v2) + 1e-3)
    assert_allclose(thetas, [theta1, theta2], rtol=1e-14)
    assert_allclose(slots, [v2], rtol=1e-14)


def adam_step_sizes():
    """m̂ / (√v̂ + ε) at t = 1 and 2, with β₁ = 0.9, β₂ = 0.99, ε = 1e-3."""
    m1, v1 = 0.1 * 0.4, 0.01 * 0.16
    first = (m1 / (1 - 0.9)) / (math.sqrt(v1 / (1 - 0.99)) + 1e-3)
    m2, v2 = 0.9 * m1 - 0.1 * 0.3, 0.99 * v1 + 0.01 * 0.09
    second = (m2 / (1 - 0.9**2)) / (math.sqrt(v2 / (1 - 0.99**2)) + 1e-3)
    return first, second, m2, v2


def test_adam():
    thetas, slots = two_steps(updates.adam, 2, learning_rate=0.01, beta1=0.9, beta2=0.99, epsilon=1e-3)
    first, second, m2, v2 = adam_step_sizes()
    assert_allclose(thetas, [1.5 - 0.01 * first, 1.5 - 0.01 * first - 0.01 * second], rtol=1e-14)
    assert_allclose(slots, [m2, v2], rtol=1e-14)


def test_adam_steps_by_the_learning_rate_at_first():
    theta, _, _ = updates.adam(
        np.zeros(2), np.array([1e-3, -1e3]), np.zeros(2), np.zeros(2), 1, 0.01, 0.9, 0.999, 1e-12
    )
    assert_allclose(theta, [-0.01, 0.01], rtol=1e-8)


def test_adamw():
    constants = {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-3, "weight_decay": 0.2}
    thetas, slots = two_steps(updates.adamw, 2, **constants)
    first, second, m2, v2 = adam_step_sizes()
    theta1 = 1.5 - 0.01 * (first + 0.2 * 1.5)
    theta2 = theta1 - 0.01 * (second + 0.2 * theta1)
    assert_allclose(thetas, [theta1, theta2], rtol=1e-14)
    assert_allclose(slots, [m2, v2], rtol=1e-14)  # the decay has no part in m and v


def test_adam_epsilon_hat():
    # with ε̂ = 0.5, which is anything but small beside √v: 0.4·√0.1 after step 1
    thetas, slots = two_steps(updates.adam_epsilon_hat, 2, learning_rate=0.01, beta1=0.8, beta2=0.9, epsilon=0.5)
    m1, v1 = 0.2 * 0.4, 0.1 * 0.4**2
    m2, v2 = 0.8 * m1 - 0.2 * 0.3, 0.9 * v1 + 0.1 * 0.3**2
    theta1 = 1.5 - 0.01 * math.sqrt(0.1) / 0.2 * m1 / (math.sqrt(v1) + 0.5)
    theta2 = theta1 - 0.01 * math.sqrt(0.19) / 0.36 * m2 / (math.sqrt(v2) + 0.5)
    assert_allclose(thetas, [theta1, theta2], rtol=1e-14)
    assert_allclose(slots, [m2, v2], rtol=1e-14)


@pytest.mark.parametrize(
    ("recurrence", "n_slots", "constants"),
    [
        (updates.sgd, 0, {}),
        (updates.momentum, 1, {"momentum": 0.9}),
        (updates.nesterov, 1, {"momentum": 0.9}),
        (updates.rmsprop, 1, {"decay": 0.9, "epsilon": 1e-8}),
        (updates.adam, 2, {"t": 1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
        (updates.adam_epsilon_hat, 2, {"t": 1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
        (updates.adamw, 2, {"t": 1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.1}),
    ],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_dtype_is_kept_and_arguments_are_not_written_to(recurrence, n_slots, constants):
    theta, g = np.ones(3, np.float32), np.full(3, 2, np.float32)
    slots = [np.full(3, 0.0625, np.float32) for _ in range(n_slots)]
    results = recurrence(theta, g, *slots, learning_rate=0.1, **constants)
    assert all(result.dtype == np.float32 for result in results)
    assert (results[0] < theta).all()  # downhill
    assert theta.tolist() == [1] * 3
    assert g.tolist() == [2] * 3
    assert all(slot.tolist() == [0.0625] * 3 for slot in slots)
