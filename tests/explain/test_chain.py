"""The chain rule of an entry, factor by factor: sums over samples and units, outputs of every kind, dropout."""

import re

import numpy as np
import pytest

import glassnet as gn
from glassnet.printers.text import print_text

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [-0.2, 0.8, 0.1]])


def chain(symbol, *index, output="softmax", n=3, **options):
    """The chain as "sums: nodes from the loss down", once it is sure that each factor starts where the last one ends."""
    k = 1 if output == "sigmoid" else 2
    network = gn.Network([3, 4, 3, k], hidden="tanh", output=output, seed=1)
    y = np.ones((n, k)) if output == "identity" else [0, 1, 1][:n]
    text = print_text(gn.explain(network, X[:n], y, optimizer="sgd", **options).entry(symbol, *index).chain)
    # a sum's letters are set before the product, whose names hold spaces as well
    match = re.match(r"(?:Σ_(\S+) )?(.*)", text)
    sums, product = match[1] or "", match[2]
    steps = [re.fullmatch(r"∂(.+)/∂(.+)", factor).groups() for factor in product.split("·")]
    assert [below for below, _ in steps[1:]] == [above for _, above in steps[:-1]]
    assert steps[0][0] == "loss"
    return f"{sums}: {' '.join(above.replace(' ', '') for _, above in steps)}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("W1", 0, 1), "i,k,m: Z3[i,m] A2[i,k] Z2[i,k] A1[i,1] Z1[i,1] W1[0,1]"),
        (("b2", 2), "i,k: Z3[i,k] A2[i,2] Z2[i,2] b2[2]"),
        (("W3", 1, 0), "i: Z3[i,0] W3[1,0]"),
        (("A0", 0, 1), "k,m,p: Z3[0,p] A2[0,m] Z2[0,m] A1[0,k] Z1[0,k] A0[0,1]"),
        (("A0", 2, 1), "k,m,p: Z3[2,p] A2[2,m] Z2[2,m] A1[2,k] Z1[2,k] A0[2,1]"),
        (("Z1", 2, 1), "k,m: Z3[2,m] A2[2,k] Z2[2,k] A1[2,1] Z1[2,1]"),
        (("A1", 1, 2), "k,m: Z3[1,m] A2[1,k] Z2[1,k] A1[1,2]"),
        (("Z3", 1, 0), ": Z3[1,0]"),
    ],
)
def test_three_rows_and_a_softmax(given, expected):
    symbol, *index = given
    assert chain(f"d{symbol}" if symbol[0] in "ZA" else symbol, *index) == expected


@pytest.mark.parametrize(
    ("output", "n", "given", "expected"),
    [
        ("sigmoid", 3, ("W1", 0, 1), "i,k: A3[i,0] Z3[i,0] A2[i,k] Z2[i,k] A1[i,1] Z1[i,1] W1[0,1]"),
        ("sigmoid", 3, ("b2", 2), "i: A3[i,0] Z3[i,0] A2[i,2] Z2[i,2] b2[2]"),
        ("identity", 1, ("W1", 0, 1), "k,m: A3[0,m] Z3[0,m] A2[0,k] Z2[0,k] A1[0,1] Z1[0,1] W1[0,1]"),
        ("identity", 1, ("W3", 1, 0), ": A3[0,0] Z3[0,0] W3[1,0]"),
    ],
)
def test_other_outputs_and_one_row(output, n, given, expected):
    assert chain(*given, output=output, n=n) == expected


def test_dropout_is_a_factor_of_its_own():
    expected = "i,k,m: Z3[i,m] A2_dropped[i,k] A2[i,k] Z2[i,k] A1_dropped[i,1] A1[i,1] Z1[i,1] W1[0,1]"
    assert chain("W1", 0, 1, dropout=0.5) == expected
    assert chain("dA1", 0, 1, dropout=0.5).endswith("Z2[0,k] A1_dropped[0,1] A1[0,1]")
    assert chain("dA1_dropped", 0, 1, dropout=0.5).endswith("Z2[0,k] A1_dropped[0,1]")
