"""Grading functions that compute gradients by hand: `check`."""

import numpy as np
import pytest

import glassnet as gn


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


NET = gn.Network([3, 4, 1], hidden="tanh", output="sigmoid")


def right(X, Y, W1, b1, W2, b2):
    A1 = np.tanh(X @ W1 + b1)
    dZ2 = (sigmoid(A1 @ W2 + b2) - Y) / len(X)
    dZ1 = dZ2 @ W2.T * (1 - A1**2)
    return X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)


def test_a_right_function_is_right_in_each_form_of_answer():
    def as_dict(X, Y, W, b):
        return dict(zip(("dW1", "db1", "dW2", "db2"), right(X, Y, W[1], b[1], W[2], b[2]), strict=True))

    def flat(X, Y, W, b, theta, n, sample_weight, **others):
        assert (len(theta), n, sample_weight, others) == (21, len(X), None, {})
        return np.concatenate([np.ravel(part) for part in right(X, Y, W[1], b[1], W[2], b[2])])

    for function in (right, as_dict, flat):
        grade = gn.check(function, NET)
        assert grade.ok
        assert grade.note == "tried on 3 random batches"


def test_a_mistake_that_a_single_sample_does_not_show_is_found_on_a_batch():
    def summed(X, Y, W1, b1, W2, b2):
        return tuple(len(X) * part for part in right(X, Y, W1, b1, W2, b2))

    assert gn.check(summed, NET, X[:1], [1]).ok
    assert gn.check(summed, NET).misconception.code == "batch_mean_forgotten"


X = np.random.default_rng(0).normal(size=(6, 3))


def test_own_data_options_and_a_bug_in_place():
    def penalised(X, Y, W1, b1, W2, b2, l2):
        _dW1, _db1, dW2, db2 = right(X, Y, W1, b1, W2, b2)
        W1 *= 0  # the function's own copy
        return {"dW2": dW2 + l2 * W2, "db2": db2 + l2 * b2}

    y = [0, 1, 1, 0, 1, 0]
    net = NET.copy()
    net.b[2][...] = 2.0
    before = net.theta.copy()
    grade = gn.check(penalised, net, X, y, l2=0.3)
    assert (grade.first_wrong.symbol, grade.misconception.code) == ("db2", "penalty_on_biases")
    assert np.array_equal(net.theta, before)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda X, weights: {}, "got 'weights'"),
        (lambda X: {"dW1": X @ X}, "ValueError"),
        (lambda X: 3.0, "a dict of terms"),
        (lambda X: {"dQ1": 1.0}, "dQ1"),
        ("gradients", "expected a function"),
    ],
)
def test_what_is_no_gradient_function_is_refused(function, message):
    with pytest.raises(gn.InputError, match=message):
        gn.check(function, NET)


@pytest.mark.parametrize(
    ("output", "loss"), [("softmax", None), ("exponential", None), ("identity", "huber"), ("sigmoid", "squared_error")]
)
def test_random_batches_fit_the_loss(output, loss):
    net = gn.Network([3, 4, 2], hidden="tanh", output=output, loss=loss)

    def forward(X, W1, b1, W2, b2):
        return {"Z2": np.tanh(X @ W1 + b1) @ W2 + b2}

    assert gn.check(forward, net).ok
