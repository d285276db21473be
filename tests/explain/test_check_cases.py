"""What `check` hands to a learner's function, and what it says where that fails."""

import inspect

import numpy as np
import pytest

import glassnet as gn

NET = gn.Network([3, 2], seed=1)


def right(X, Y, W1, b1):
    error = X @ W1 + b1 - Y
    return X.T @ error / len(X), error.mean(axis=0)


def watched(**options):
    """What a right function was called with, one dict a call."""
    seen = []

    def function(X, Y, y, W1, b1, W, b, theta, n, sample_weight, l1, l2, A0):
        seen.append(dict(locals()))
        return right(X, Y, W1, b1)

    grade = gn.check(function, NET, **options)
    return seen, grade


def test_it_is_tried_on_one_sample_then_on_batches_of_new_numbers():
    seen, grade = watched()
    assert grade.ok
    assert grade.note == "tried on 3 random batches"
    assert [case["n"] for case in seen] == [1, 5, 7]
    for case in seen:
        assert case["X"].shape == (case["n"], 3)
        assert case["Y"].shape == (case["n"], 2)
        assert np.array_equal(case["X"], case["A0"])
        assert np.array_equal(case["Y"], case["y"])
        assert np.array_equal(case["W"][1], case["W1"])
        assert np.array_equal(case["theta"], np.concatenate([case["W1"].ravel(), case["b1"]]))
        assert np.abs(case["b1"]).min() > 0  # biases of 0 would hide mistakes
        assert (case["sample_weight"], case["l1"], case["l2"]) == (None, 0.0, 0.0)
        assert not np.array_equal(case["W1"], NET.W[1])
    assert len({case["W1"][0, 0] for case in seen}) == 3
    assert 0.1 < np.std([case["b1"] for case in seen]) < 1.5
    assert 0.2 < np.std(np.concatenate([case["W1"].ravel() for case in seen])) < 1.2  # 1/√3 is the usual size


def test_the_seed_decides_the_numbers():
    one, same, other = (watched(seed=seed)[0] for seed in (0, 0, 1))
    assert np.array_equal(one[2]["X"], same[2]["X"])
    assert not np.array_equal(one[2]["X"], other[2]["X"])


def test_the_first_wrong_batch_is_told():
    calls = []

    def summed(X, Y, W1, b1):
        calls.append(len(X))
        return tuple(len(X) * part for part in right(X, Y, W1, b1))

    grade = gn.check(summed, NET)
    assert calls == [1, 5, 7]  # a cause counts if all wrong batches have it
    assert not grade.ok
    assert grade.note == ""


def test_own_data_are_tried_once_as_they_are():
    X, Y = np.arange(6.0).reshape(2, 3), np.ones((2, 2))
    seen, grade = watched(X=X, y=Y, sample_weight=[1.0, 3.0], l1=0.25, l2=0.5)
    assert len(seen) == 1
    assert not grade.ok  # it knows nothing of weights and penalties
    assert np.array_equal(seen[0]["X"], X)
    assert np.array_equal(seen[0]["W1"], NET.W[1])
    assert seen[0]["sample_weight"].tolist() == [1, 3]
    assert (seen[0]["l1"], seen[0]["l2"]) == (0.25, 0.5)
    for given in ({"X": X}, {"y": Y}):
        with pytest.raises(gn.InputError, match="y: expected X and y together"):
            gn.check(right, NET, **given)


def test_parameters_with_a_default_and_all_others_are_left_alone():
    def function(X, Y, W1, b1, rate=0.5, **others):
        assert rate == 0.5
        assert others == {}
        return right(X, Y, W1, b1)

    assert gn.check(function, NET).ok


def test_masks_are_offered_with_dropout():
    net = gn.Network([3, 4, 1], "tanh", seed=0)
    seen = []

    def function(X, D1):
        seen.append(D1)
        return {"Z1": X @ np.zeros((3, 4))}

    gn.check(function, net, dropout=0.5)
    assert set(np.unique(seen[0])) <= {0.0, 2.0}
    with pytest.raises(gn.InputError, match="got 'D1'; rename it"):
        gn.check(function, net)


def test_an_error_names_the_learners_own_line():
    def broken(X):
        half = X / 2
        return half @ half

    line = inspect.getsourcelines(broken)[1] + 2
    with pytest.raises(gn.InputError, match=rf"broken: expected it to run; got ValueError: .* in line {line}\."):
        gn.check(broken, NET)


@pytest.mark.parametrize("kind", [tuple, list])
def test_gradients_in_a_row_or_as_one_vector(kind):
    assert gn.check(lambda X, Y, W1, b1: kind(right(X, Y, W1, b1)), NET).ok
    with pytest.raises(gn.InputError, match=r"expected a dict of terms, \(dW1, db1\) or 8 numbers"):
        gn.check(lambda X: kind([X]), NET)

    def flat(X, Y, W1, b1):
        return np.concatenate([part.ravel() for part in right(X, Y, W1, b1)])

    assert gn.check(flat, NET).ok
    assert gn.check(flat, NET, clip_norm=100.0).ok  # the gradient before it is clipped


@pytest.mark.parametrize(
    ("output", "loss", "allowed"),
    [
        ("softmax", None, lambda Y: set(np.unique(Y)) == {0, 1} and (Y.sum(axis=1) == 1).all()),
        ("sigmoid", None, lambda Y: set(np.unique(Y)) == {0, 1}),
        ("exponential", None, lambda Y: (Y >= 0).all() and (np.round(Y) == Y).all() and Y.max() > 1),
        ("identity", None, lambda Y: (Y < 0).any() and (np.round(Y) != Y).all()),
    ],
)
def test_random_targets_are_of_the_kind_of_the_loss(output, loss, allowed):
    seen = []

    def function(X, Y, W1, b1):
        seen.append(Y)
        return {"Z1": X @ W1 + b1}

    assert gn.check(function, gn.Network([3, 4], output=output, loss=loss)).ok
    assert allowed(np.concatenate(seen))
