"""The forms in which `check` takes a learner's function: arguments, results, conventions, estimators."""

import math

import numpy as np
import pytest

import glassnet as gn

NET = gn.Network([3, 4, 2], hidden="relu", output="softmax")


def softmax(z, axis=1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def right(X, Y, W1, b1, W2, b2):
    A1 = np.maximum(X @ W1 + b1, 0)
    dZ2 = (softmax(A1 @ W2 + b2) - Y) / len(X)
    dZ1 = dZ2 @ W2.T * (A1 > 0)
    return X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)


def test_class_numbers_and_small_letters():
    def gradients(x, y, w1, b1, w2, b2):
        a1 = np.maximum(x @ w1 + b1, 0)
        P = softmax(a1 @ w2 + b2)
        P[range(len(x)), y] -= 1
        return {"dw2": a1.T @ P / len(x), "db2": P.mean(axis=0)}

    grade = gn.check(gradients, NET)
    assert grade.ok
    assert "class numbers as targets" in grade.assumed


def test_what_was_assumed_is_said():
    def gradients(X, Y, W1, b1, W2, b2):
        return dict(zip(("dW1", "db1", "dW2", "db2"), right(X, Y, W1, b1, W2, b2), strict=True))

    grade = gn.check(gradients, gn.Network([3, 4, 2], hidden="tanh", output="sigmoid"))
    assert not grade.ok
    words = "taken for a 3-4-2 network, hidden tanh, output sigmoid, loss binary_cross_entropy, mean over the samples"
    assert grade.assumed == words
    assert words in str(grade).splitlines()
    assert gn.check(gradients, NET).assumed.startswith("taken for a 3-4-2 network, hidden relu, output softmax")


@pytest.mark.parametrize(
    "form",
    [
        lambda W1, b1, W2, b2: (W1, b1, W2, b2),
        lambda W1, b1, W2, b2: [W1, W2, b1, b2],
        lambda W1, b1, W2, b2: ([W1, W2], [b1, b2]),
        lambda W1, b1, W2, b2: {"dW": [W1, W2], "db": {1: b1, 2: b2}},
        lambda W1, b1, W2, b2: {"W1": W1, "b1": b1, "W2": W2, "b2": b2},
        lambda W1, b1, W2, b2: {"∂L/∂W1": W1, "grad_b2": b2},
    ],
)
def test_results_in_each_form(form):
    def gradients(X, Y, W1, b1, W2, b2):
        return form(*right(X, Y, W1, b1, W2, b2))

    def doubled(X, Y, W1, b1, W2, b2):
        return form(*(2 * part for part in right(X, Y, W1, b1, W2, b2)))

    assert gn.check(gradients, NET).ok
    assert not gn.check(doubled, NET).ok


def test_the_loss_may_come_first():
    def with_loss(X, Y, W1, b1):
        error = X @ W1 + b1 - Y
        return (error**2).sum() / 2 / len(X), {"W1": X.T @ error / len(X), "b1": error.mean(axis=0)}

    def in_a_row(X, Y, W1, b1):
        loss, gradients = with_loss(X, Y, W1, b1)
        return loss, gradients["W1"], gradients["b1"]

    for function in (with_loss, in_a_row):
        grade = gn.check(function, gn.Network([3, 2]))
        assert grade.ok
        assert [mark.symbol for mark in grade.marks] == ["loss", "dW1", "db1"]


def test_columns_are_found_out_or_told():
    def gradients(X, Y, W1, b1, W2, b2):
        m = X.shape[1]
        A1 = np.maximum(W1 @ X + b1, 0)
        dZ2 = softmax(W2 @ A1 + b2, axis=0) - Y
        dZ1 = W2.T @ dZ2 * (A1 > 0)
        return {
            "dZ2": dZ2,
            "dW2": dZ2 @ A1.T / m,
            "db2": dZ2.sum(axis=1, keepdims=True) / m,
            "dZ1": dZ1,
            "dW1": dZ1 @ X.T / m,
        }

    for convention in (None, "columns", "columns, mean_in_gradients"):
        grade = gn.check(gradients, NET, convention=convention)
        assert grade.ok
        assert grade.convention.columns
        assert grade.convention.mean == "gradients"
        assert "samples are columns" in grade.note

    def summed(X, Y, W1, b1, W2, b2):
        terms = gradients(X, Y, W1, b1, W2, b2)
        return {**terms, "dW1": terms["dW1"] * X.shape[1]}

    grade = gn.check(summed, NET)
    assert (grade.first_wrong.symbol, grade.misconception.code) == ("dW1", "batch_mean_forgotten")


def test_loops_over_nested_lists():
    def gradients(X, Y, W1, b1):
        dW1 = [[0.0] * len(b1) for _ in X[0]]
        for x, y in zip(X, Y, strict=True):
            for j in range(len(b1)):
                z = sum(x[i] * W1[i][j] for i in range(len(x))) + b1[j]
                delta = (1 / (1 + math.exp(-z)) - y[j]) / len(X)
                for i in range(len(x)):
                    dW1[i][j] += x[i] * delta
        return {"dW1": dW1}

    def only_lists(X, Y, W1, b1):
        if not isinstance(X, list):
            raise TypeError
        return gradients(X, Y, W1, b1)

    net = gn.Network([3, 2], output="sigmoid")
    assert gn.check(gradients, net).assumed.endswith("mean over the samples")
    assert gn.check(only_lists, net).assumed.endswith("nested lists")


def test_one_sample_as_a_vector():
    def gradients(x, y, W1, b1):
        delta = x @ W1 + b1 - y
        return {"dW1": np.outer(x, delta), "db1": delta} if x.ndim == 1 else {}["one sample alone"]

    grade = gn.check(gradients, gn.Network([3, 2]))
    assert grade.ok
    assert "one sample as a vector" in grade.assumed


def test_an_estimator_stands_for_its_network_with_its_penalty():
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = gn.MLPRegressor(hidden_layer_sizes=(), alpha=2.0, max_iter=1, solver="sgd", random_state=0)
    with pytest.warns(Warning, match="Maximum"):
        model.fit(X, X[:, 0])

    def gradients(X, Y, W1, b1, l2):
        error = X @ W1 + b1 - Y
        return {"dW1": X.T @ error / len(X) + 2.0 / len(X) * W1, "db1": error.mean(axis=0)}

    assert gn.check(gradients, model).ok
    assert gn.check(gradients, model, X[:5], X[:5, 0]).ok
    assert not gn.check(gradients, model, l2=0.1).ok
    with pytest.raises(gn.InputError, match="network"):
        gn.check(gradients, "net")
