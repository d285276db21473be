"""Asking a derivation: names as learners write them, and errors that say what was expected."""

import numpy as np
import pytest

import glassnet as gn

DERIVATION = gn.explain(gn.Network([2, 3, 1], output="sigmoid", seed=0), [1.0, 2.0], 1, optimizer="adam")


@pytest.mark.parametrize(
    ("name", "symbol", "index"),
    [
        ("dw1", "dW1", (0, 1)),
        ("w1", "W1", (0, 1)),
        ("DZ2", "dZ2", (0, 0)),
        ("delta2", "dZ2", (0, 0)),
        ("dx", "dA0", (0, 1)),
        ("w1_new", "W1_new", (0, 1)),
        ("m_b1", "m_b1", (2,)),
        ("yhat", "A2", (0, 0)),
        ("L", "loss", ()),
    ],
)
def test_names_are_understood_as_grade_understands_them(name, symbol, index):
    assert str(DERIVATION.entry(name, *index)) == str(DERIVATION.entry(symbol, *index))
    np.testing.assert_array_equal(DERIVATION.value(name), DERIVATION.value(symbol))
    if symbol in DERIVATION:
        assert DERIVATION[name] is DERIVATION[symbol]
        assert DERIVATION.check(name) == DERIVATION.check(symbol)


def test_an_unknown_name_is_refused_with_a_similar_one():
    with pytest.raises(gn.InputError, match=r"^symbol: expected one of A0, .*; got 'dw3'; did you mean 'dW2'\?$"):
        DERIVATION.entry("dw3", 0, 0)


@pytest.mark.parametrize("index", [(0.0, 1), ("a", 1), (True, 1), (0,), (0, 1, 2), (0, 3), (-1, 0), ()])
def test_an_entry_has_whole_numbers_within_its_shape(index):
    with pytest.raises(
        gn.InputError, match=r"^entry: expected 2 whole numbers within \(2, 3\) for W1; got \(.*entry\('W1', 0, 0\)\.$"
    ):
        DERIVATION.entry("W1", *index)
    assert DERIVATION.entry("W1", np.int64(0), np.int32(1)).value == DERIVATION.value("dW1")[0, 1]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mse", "'squared_error'"),
        ("MSE", "'squared_error'"),
        ("Squared_Error", "'squared_error'"),
        ("bce", "'binary_cross_entropy'"),
        ("cross_entropy", "'categorical_cross_entropy' or 'binary_cross_entropy'"),
        ("cross-entropy", "'categorical_cross_entropy' or 'binary_cross_entropy'"),
        ("mae", "'absolute_error'"),
        ("log_loss", "'binary_cross_entropy'"),
    ],
)
def test_what_a_loss_is_called_elsewhere_is_told(name, meant):
    with pytest.raises(gn.InputError, match=rf"^loss: expected one of .*; did you mean {meant}\?$"):
        gn.Network([2, 1], loss=name)
