"""What is accepted as X, y and sample_weight, how targets are encoded, and what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from glassnet import InputError, Network, train
from glassnet.native.engine import load_module

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, -1.0]])
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def net():
    return Network([2, 3, 1], "tanh", "sigmoid", seed=0)


@pytest.fixture
def regression():
    return Network([2, 3, 2], "tanh", seed=0)


@pytest.fixture
def classes():
    return Network([2, 3, 3], "tanh", "softmax", seed=0)


@pytest.fixture
def counts():
    return Network([2, 3, 1], "tanh", "exponential", seed=0)


BAD_X = {
    "nan": [[0, NAN]],
    "inf": [[0, -INF]],
    "too large for a float": [[0, 10**400]],
    "None": [[0, None]],
    "one sample as a row": [0, 1],
    "three columns": [[0, 1, 2]],
    "three axes": np.zeros((1, 2, 2)),
    "no axes": 3.0,
    "no rows": np.zeros((0, 2)),
    "empty": [],
    "ragged": [[0, 1], [2]],
    "strings": [["a", "b"]],
    "digits as strings": [["1", "2"]],
    "complex": [[0j, 1j]],
    "nothing": None,
    "a dict": {"a": 1},
}


@pytest.mark.parametrize("bad", BAD_X.values(), ids=BAD_X)
def test_bad_X_is_refused(refuses, net, bad):
    before = net.theta.copy()
    for call in (net.forward, net.predict, net.predict_proba, lambda X: net.loss(X, [0])):
        with refuses("X"):
            call(bad)
    assert_array_equal(net.theta, before)


def test_place_of_a_nan_is_named(refuses, net):
    with refuses("X: expected finite numbers; got nan in row 1, column 0"):
        net.forward([[0, 1], [NAN, 1]])


def test_infinite_sums_of_finite_numbers_are_accepted(net):
    assert np.isfinite(net.forward([[1.7e308, 1.7e308]]).output).all()


def test_numbers_too_large_for_float32_are_refused(refuses):
    with refuses("X"):
        Network([2, 1], dtype="float32").forward([[1e300, 0]])


BAD_BINARY = {
    "nan": [0, 1, NAN],
    "inf": [0, 1, INF],
    "two": [0, 1, 2],
    "minus one": [-1, 1, 1],
    "too few": [0, 1],
    "too many": [0, 1, 0, 1],
    "two columns": [[0, 1], [1, 0], [0, 1]],
    "a scalar": 1,
    "strings": ["cat", "dog", "cat"],
    "ragged": [[0], [1, 2], [1]],
    "empty": [],
    "nothing": None,
}


@pytest.mark.parametrize("bad", BAD_BINARY.values(), ids=BAD_BINARY)
def test_bad_y_of_two_classes_is_refused(refuses, net, bad):
    trace = net.forward(X)
    for call in (lambda: net.loss(X, bad), lambda: net.backward(trace, bad), lambda: net.encode(bad, 3)):
        with refuses("y"):
            call()


BAD_CLASSES = {
    "a class too many": [0, 1, 3],
    "negative": [0, 1, -1],
    "halves": [0, 1, 0.5],
    "one-hot of two": np.eye(3)[:, :2],
    "sums of 2": np.eye(3) * 2,
    "negative probabilities": [[1, 1, -1]] * 3,
    "a column": [[0], [1], [2]],
    "strings": ["a", "b", "c"],
}


@pytest.mark.parametrize("bad", BAD_CLASSES.values(), ids=BAD_CLASSES)
def test_bad_y_of_several_classes_is_refused(refuses, classes, bad):
    with refuses("y"):
        classes.loss(X, bad)


def test_bad_y_of_counts_and_of_numbers_is_refused(refuses, counts, regression):
    with refuses("y"):
        counts.loss(X, [1, 2, -1])
    with refuses("y"):
        regression.loss(X, [1, 2, 3])
    with refuses("y"):
        regression.loss(X, np.zeros((3, 3)))


BAD_WEIGHT = {
    "negative": [1, 1, -1],
    "all zero": [0, 0, 0],
    "nan": [1, 1, NAN],
    "inf": [1, 1, INF],
    "too few": [1, 1],
    "a column": [[1], [1], [1]],
    "a scalar": 1.0,
    "strings": ["a", "b", "c"],
}


@pytest.mark.parametrize("bad", BAD_WEIGHT.values(), ids=BAD_WEIGHT)
def test_bad_sample_weight_is_refused(refuses, net, bad):
    trace = net.forward(X)
    for call in (lambda: net.loss(X, [0, 1, 1], bad), lambda: net.backward(trace, [0, 1, 1], bad)):
        with refuses("sample_weight"):
            call()


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize("value", [-0.1, NAN, "0.1", None])
def test_bad_penalties_are_refused(refuses, net, name, value):
    with refuses(name):
        net.loss(X, [0, 1, 1], **{name: value})
    with refuses(name):
        net.backward(net.forward(X), [0, 1, 1], **{name: value})


def test_class_numbers_become_one_hot_rows(classes):
    assert classes.encode([2, 0, 1], 3).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert classes.encode([2.0, 0.0, 1.0], 3).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    rows = [[0.2, 0.3, 0.5], [1, 0, 0], [0, 0.5, 0.5]]
    assert classes.encode(rows, 3).tolist() == rows


def test_flat_targets_become_a_column(net, counts):
    assert net.encode([True, False, True], 3).tolist() == [[1], [0], [1]]
    assert net.encode([[0.25], [1], [0]], 3).tolist() == [[0.25], [1], [0]]
    assert counts.encode([3, 0, 2], 3).tolist() == [[3], [0], [2]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everything_gets_the_dtype_of_the_network(dtype):
    net = Network([2, 3, 3], "relu", "softmax", dtype=dtype)
    trace = net.forward(np.array([[1, 2]], dtype=np.int8))
    gradient = net.backward(trace, [1], [2])
    for array in (net.theta, trace.A[0], trace.Z[1], trace.output, net.encode([1], 1), gradient.flat, gradient.X):
        assert array.dtype == dtype


def test_lists_frames_and_objects_of_numbers_are_accepted(net):
    expected = net.forward(X).output
    assert_array_equal(net.forward(X.tolist()).output, expected)
    assert_array_equal(net.forward(np.asfortranarray(X)).output, expected)
    assert_array_equal(net.forward(X.astype(object)).output, expected)


@pytest.mark.parametrize("bad", [1 + 2e-5, 1 - 2e-5, 1.01])
def test_the_rows_of_a_distribution_sum_to_1(refuses, classes, bad):
    row = np.array([0.2, 0.3, 0.5])
    assert_array_equal(classes.encode([row * (1 + 5e-6)], 1), [row * (1 + 5e-6)])  # rounding of float32 is no mistake
    with refuses("y"):
        classes.encode([row * bad], 1)


# --- weights of extreme size ------------------------------------------------------------------------------------

ROWS = np.random.default_rng(0).normal(size=(50, 3))
LABELS = (ROWS[:, 0] > 0).astype(int)


def trained(dtype, engine, weight, batch_size):
    net = Network([3, 4, 1], output="sigmoid", dtype=dtype)
    history = train(net, ROWS, LABELS, sample_weight=weight, epochs=3, engine=engine, batch_size=batch_size)
    return history.loss, net.theta


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_engines_agree_on_weights_of_any_size_they_take(dtype, batch_size):
    """Among others whole batches of weights too small to count: both skip them."""
    kind = np.finfo(dtype)
    limit, smallest = float(kind.max) ** 0.5, float(kind.smallest_normal)
    halves = np.r_[np.full(25, 1.0), np.full(25, smallest)]
    ranging = smallest / float(kind.eps) * np.random.default_rng(1).permutation(np.geomspace(1e-5, 1e5, 50))
    ranging[:10] = 1
    for weight in (np.full(50, 1.01 / limit), np.full(50, 0.99 * limit), halves, halves / 1000, ranging):
        (loss, theta), (loss_2, theta_2) = (trained(dtype, e, weight, batch_size) for e in ("numpy", ENGINES[-1]))
        rounding = 1e-5 if dtype == "float32" else 1e-12
        assert np.isfinite(loss).all()
        np.testing.assert_allclose(loss, loss_2, rtol=rounding)
        np.testing.assert_allclose(theta, theta_2, rtol=rounding, atol=rounding)


@pytest.mark.parametrize(
    ("dtype", "weight"),
    [
        ("float32", 1e-40),
        ("float32", 1e-50),
        ("float32", 1e-30),
        ("float32", 1e30),
        ("float64", 1e-310),
        ("float64", 1e200),
    ],
)
def test_weights_whose_products_would_overflow_or_vanish_are_refused(refuses, dtype, weight):
    for engine in ENGINES:
        with refuses("sample_weight") as caught:
            trained(dtype, engine, np.full(50, weight), None)
        assert f"got {weight:.3g}" in str(caught.value)


def test_a_weight_too_small_to_count_is_0(net):
    assert net.loss(X, [0, 1, 1], [1, 1e-300, 1]) == net.loss(X, [0, 1, 1], [1, 0, 1])
    assert net.loss(X, [0, 1, 1], [1, 1e-290, 1]) != net.loss(X[:2], [0, 1], [1, 0])


FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]
S = np.array([[0, 1.5], [0, 0], [2, -1]])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [sparse.coo_array, sparse.coo_matrix])
@pytest.mark.parametrize("format", FORMATS)
def test_sparse_rows_of_every_format_count_as_dense_ones(net, format, kind, engine):
    given = kind(S).asformat(format)
    assert_allclose(net.predict_proba(given, engine=engine), net.predict_proba(S, engine=engine), rtol=1e-14)
    assert net.loss(given, [0, 1, 1]) == pytest.approx(net.loss(S, [0, 1, 1]), rel=1e-14)
    gradients = [net.backward(net.forward(X), [0, 1, 1]).flat for X in (given, S)]
    assert_allclose(*gradients, rtol=0, atol=1e-15)
    assert_array_equal(given.toarray(), S)


@pytest.mark.parametrize("engine", ENGINES)
def test_entries_in_any_order_are_sorted_and_summed_in_a_copy(net, engine):
    data, columns, starts = np.array([3.0, 1, 2, 4]), np.array([1, 0, 1, 0]), np.array([0, 3, 3, 4])
    given = sparse.csr_array((data, columns, starts), shape=(3, 2))
    expected = net.predict_proba(np.array([[1.0, 5], [0, 0], [4, 0]]), engine=engine)
    assert_allclose(net.predict_proba(given, engine=engine), expected, rtol=1e-14)
    assert_array_equal(net.forward(given).A[0].indices, [0, 1, 0])
    assert_array_equal(given.indices, [1, 0, 1, 0])


def test_numbers_of_columns_may_have_64_bits(net):
    columns, starts = np.array([0, 1], dtype=np.int64), np.array([0, 1, 2], dtype=np.int64)
    given = sparse.csr_array((np.array([1.0, 2]), columns, starts), shape=(2, 2))
    for engine in ENGINES:
        assert_allclose(net.predict_proba(given, engine=engine), net.predict_proba([[1, 0], [0, 2]]), rtol=1e-14)


def does_not_fit_together():
    broken = sparse.csr_array(S)
    broken.indices = np.array([7, 0, 1])
    return broken


BAD_SPARSE = {
    "nan": (sparse.csr_array([[0, 1.0], [NAN, 0]]), "got nan in row 1, column 0"),
    "inf": (sparse.csc_array([[0, 0], [1.0, 0], [0, -INF]]), "got -inf in row 2, column 1"),
    "too large": (sparse.csr_array([[0, 1e39]]), "got inf in row 0, column 1"),
    "three columns": (sparse.csr_array((2, 3)), r"expected shape \(n, 2\); got \(2, 3\)"),
    "one sample": (sparse.coo_array([0, 1.0]), r"pass X\[None, :\]"),
    "no rows": (sparse.csr_array((0, 2)), "at least one row"),
    "complex": (sparse.csr_array([[0, 1j]]), "expected numbers; got complex128"),
    "a column that is not there": (does_not_fit_together(), "fits together"),
}


@pytest.mark.parametrize(("bad", "why"), BAD_SPARSE.values(), ids=BAD_SPARSE)
def test_bad_sparse_X_is_refused(bad, why):
    net = Network([2, 3, 1], output="sigmoid", dtype="float32", seed=0)
    for call in (net.forward, net.predict, lambda X: train(net, X, [0, 1])):
        with pytest.raises(InputError, match=why):
            call(bad)


def test_sparse_targets_are_refused(refuses, regression):
    with refuses("y"):
        regression.loss(X, sparse.csr_array(S))


def test_the_gradient_of_a_sparse_X_is_not_made(net):
    gradient = net.backward(net.forward(sparse.csr_array(S)), [0, 1, 1])
    assert 0 not in gradient.A
    with pytest.raises(InputError, match=r"X.toarray\(\)"):
        gradient.X  # noqa: B018
