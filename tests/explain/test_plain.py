"""Formulas evaluated with Python's floats: every operation, also where it overflows or has no value."""

import ast
import math

import numpy as np
import pytest

from glassnet.explain.plain import PLAIN, Plain

ENVIRONMENT = {"x": 2.0, "A": np.array([[1.0, 2.0], [3.0, 4.0]]), "slope": 0.5}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("exp(1)", math.e),
        ("exp(709)", math.exp(709)),
        ("exp(800)", math.inf),
        ("expm1(1)", math.e - 1),
        ("expm1(1e-10)", 1.00000000005e-10),
        ("expm1(800)", math.inf),
        ("expm1(-800)", -1.0),
        ("log(2)", math.log(2)),
        ("log(0)", -math.inf),
        ("log(-1)", -math.inf),
        ("log1p(1e-10)", 9.9999999995e-11),
        ("sqrt(2)", math.sqrt(2)),
        ("tanh(0.5)", math.tanh(0.5)),
        ("abs(-3)", 3.0),
        ("sign(-3)", -1.0),
        ("sign(0)", 0.0),
        ("sign(5)", 1.0),
        ("maximum(2, 3)", 3.0),
        ("minimum(2, 3)", 2.0),
        ("max(2, 3)", 3.0),
        ("min(2, 3)", 2.0),
        ("ones_like(7)", 1.0),
        ("sum_of(0.1, 0.2, 0.3, -0.3, -0.2, -0.1)", 0.0),
        ("where(1 > 2, 5, 7)", 7.0),
        ("where(1 < 2, 5, 1 / 0)", 5.0),
        ("where(2 >= 2, 5, 7)", 5.0),
        ("where(2 <= 2, 5, 7)", 5.0),
        ("where(2 < 2, 5, 7)", 7.0),
        ("where(2 > 2, 5, 7)", 7.0),
        ("7 + 2", 9.0),
        ("7 - 2", 5.0),
        ("7 * 2", 14.0),
        ("7 / 2", 3.5),
        ("7 ** 2", 49.0),
        ("-x", -2.0),
        ("A[1, 0] * x", 6.0),
    ],
)
def test_operations(formula, value):
    found = Plain(ENVIRONMENT).run(ast.parse(formula, mode="eval").body)
    assert found == pytest.approx(value, rel=1e-14, abs=0)


@pytest.mark.parametrize("formula", ["1 / 0", "sqrt(-1)", "log1p(-2)", "1e300 ** 2"])
def test_what_has_no_value_is_nan(formula):
    assert math.isnan(Plain(ENVIRONMENT).run(ast.parse(formula, mode="eval").body))


def test_a_sum_is_rounded_once():
    assert PLAIN["sum_of"](1e100, 1.0, -1e100) == 1.0
