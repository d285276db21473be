"""The short ways for plain arrays give what scikit-learn's functions give, and leave all else to them."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.preprocessing import LabelBinarizer

import glassnet as gn
from glassnet.estimators import labels, rows

LABELS = {
    "binary": [0, 1, 1, 0],
    "gaps": [7, -3, 7, 40, 2],
    "one class": [5, 5],
    "unsigned": np.array([3, 250, 3], np.uint8),
    "truth": [True, False, True],
    "floats": [1.0, 3.0, 2.0],
    "two floats": [1.0, -1.0],
    "text": ["b", "a", "c", "b"],
    "two words": ["no", "yes", "no"],
    "objects": np.array(["b", "a", "b"], object),
    "several a row": np.array([[0, 1], [1, 1], [1, 0]]),
    "sparse": scipy.sparse.csr_matrix([[0, 1], [1, 1], [1, 0]]),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_are_encoded_and_decoded_as_scikit_learn_does(name):
    y = LABELS[name] if name == "sparse" else np.asarray(LABELS[name])
    theirs, ours = LabelBinarizer().fit(y), labels.fit_binarizer(y)
    assert vars(ours).keys() == vars(theirs).keys()
    assert (ours.y_type_, ours.sparse_input_) == (theirs.y_type_, theirs.sparse_input_)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    assert ours.classes_.dtype == theirs.classes_.dtype
    encoded = theirs.transform(y)
    encoded = encoded.toarray() if scipy.sparse.issparse(encoded) else encoded
    np.testing.assert_array_equal(labels.encode(ours, y), encoded)
    assert labels.encode(ours, y).shape == encoded.shape
    output = np.random.default_rng(0).uniform(size=encoded.shape)
    decoded, expected = labels.decode(ours, output), theirs.inverse_transform(output)
    assert type(decoded) is type(expected)
    assert decoded.dtype == expected.dtype
    np.testing.assert_array_equal(*(each.toarray() if name == "sparse" else each for each in (decoded, expected)))


@pytest.mark.parametrize("y", [[0, 2], [0.0, 1.0], [0.5, np.nan], ["a"], [[0], [1]], [-1], [3]], ids=str)
def test_labels_that_are_not_plainly_known_are_left_to_scikit_learn(y):
    assert labels.places_among(np.array([0, 1]), np.asarray(y)) is None
    assert not labels.are_the_classes(np.array([0, 1]), y)
    assert not labels.are_the_classes(np.array([0, 1]), [[0, 1], [0]])
    assert labels.are_the_classes(np.array([0, 1]), [0, 1])


def test_partial_fit_refuses_as_before():
    X = np.zeros((2, 3))
    model = gn.MLPClassifier(random_state=0).partial_fit(X, np.array([0, 1]), classes=[0, 1])
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(X, np.array([0, 1]), classes=[0, 2])
    with pytest.raises(ValueError, match=r"^y: expected classes among \[0 1\]; got \[0 2\]"):
        model.partial_fit(X, np.array([0, 2]))
    with pytest.raises(ValueError, match="Unknown label type"):
        model.partial_fit(X, np.array([0.5, 1.0]))
    with pytest.raises(ValueError, match="not fitted with multilabel"):
        model.partial_fit(X, np.array([[0, 1], [1, 0]]))


@pytest.mark.parametrize("kind", [gn.MLPClassifier, gn.MLPRegressor])
def test_rows_that_are_not_plainly_right_are_refused_as_before(kind):
    X, y = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 0, 1])
    model = kind(random_state=0).initialize(X, y)
    theta = model.network_.theta.copy()
    for bad, message in (
        (np.where(X[1, 1] == X, np.nan, X), "contains NaN"),
        (np.where(X[1, 1] == X, np.inf, X), "contains infinity"),
        (X[:, :2], "X has 2 features, but MLP.* is expecting 3"),
        (X[0], "Expected 2D array, got 1D"),
        (X[:0], "0 sample"),
    ):
        with pytest.raises(ValueError, match=message):
            model.predict(bad)
        with pytest.raises(ValueError, match=message):
            model.partial_fit(bad, y[: len(bad)])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.partial_fit(X, y[:3])
    with pytest.raises(ValueError, match="Input y contains NaN"):
        model.partial_fit(X, np.array([0, 1, 0, np.nan]))
    np.testing.assert_array_equal(model.network_.theta, theta)


def test_rows_whose_sum_overflows_are_looked_at_one_by_one():
    X = np.full((4, 3), 1e308)
    model = gn.MLPRegressor(random_state=0).initialize(X / 1e308, np.arange(4.0))
    assert not rows._finite(X)
    assert rows.check_X(model, X) is X


def test_names_of_features_are_still_compared():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(np.eye(3), columns=list("abc"))
    model = gn.MLPRegressor(random_state=0).initialize(table, np.arange(3.0))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(np.eye(3))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(table[["b", "a", "c"]])
