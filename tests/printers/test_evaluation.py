"""Copies and values of expressions are those that printing and reading them again would give."""

import ast

import numpy as np
import pytest

from glassnet.printers.evaluation import copy_of, evaluate

ENVIRONMENT = {
    "np": np,
    "x": np.array([[0.5, -2.0], [3.0, 4.0]]),
    "v": [1.5, -0.25],
    "k": 3,
    "twice": lambda a, b: 2 * a - b,
}
EXPRESSIONS = (
    "x[1, 0] * v[1] - k",
    "-x[0, 1] ** 2 / (k + 1)",
    "twice(v[0], -k) + twice(b=1, a=k)",
    "np.where(x[0, 1] > 0, x[0, 1], 0.5 * x[0, 1])",
    "(x @ x.T)[1, 0]",
    "v[-1] if k > 2 else 0.0",
    "max(v[0], 7.25)",
    "twice(*v)",
)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_values_are_those_of_python(text):
    node = ast.parse(text, mode="eval").body
    assert evaluate(node, ENVIRONMENT) == eval(text, dict(ENVIRONMENT))


@pytest.mark.parametrize("text", ["0.126 * k + 1.234 * k", "0.126 if k > 2 else 0.0", "max(0.126, 0.119)"])
def test_numbers_are_rounded_first_and_whole_ones_are_not(text):
    found = evaluate(ast.parse(text, mode="eval").body, ENVIRONMENT, lambda number: round(number, 1))
    assert found == eval(
        text.replace("0.126", "0.1").replace("1.234", "1.2").replace("0.119", "0.1"), dict(ENVIRONMENT)
    )


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_copy_reads_alike_and_is_free_to_be_changed(text):
    node = ast.parse(text, mode="eval").body
    copy = copy_of(node)
    assert ast.dump(copy) == ast.dump(node)
    for part in ast.walk(copy):
        if isinstance(part, ast.Name):
            part.id = "changed"
    assert ast.unparse(node) == ast.unparse(ast.parse(text, mode="eval"))


@pytest.mark.parametrize("number", [-2, -2.5, -0.0, 2.5, float("inf"), float("-inf"), True])
def test_a_negative_number_becomes_minus_a_positive_one(number):
    read = ast.parse(ast.unparse(ast.Constant(number)), mode="eval").body
    assert ast.dump(copy_of(ast.Constant(number))) == ast.dump(read)
