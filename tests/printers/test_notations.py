"""Printed formulas mean what they print: random expressions come back from text, LaTeX and MathML with their value."""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from glassnet import InputError
from glassnet.equations.activations import sigmoid
from glassnet.printers.element import fill, written
from glassnet.printers.latex import print_latex
from glassnet.printers.mathml import print_mathml
from glassnet.printers.numbers import format_number
from glassnet.printers.text import print_text

_spec = importlib.util.spec_from_file_location("reading", Path(__file__).parents[1] / "reading.py")
reading = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reading)

NOTATIONS = {
    "text": (print_text, reading.read_text),
    "latex": (print_latex, reading.read_latex),
    "mathml": (print_mathml, reading.read_mathml),
}


def random_expression(rng, depth):
    """An expression of numbers in everything an equation may contain, as Python source."""
    if depth == 0 or rng.random() < 0.15:
        return ast.unparse(written(float(np.round(rng.normal(0, 3), int(rng.integers(0, 4))))))
    parts = [f"({random_expression(rng, depth - 1)})" for _ in range(3)]
    a, b, c = parts
    d = f"(1 + {b}**2)"  # never 0
    forms = [f"{a} + {b}", f"{a} - {b}", f"{a} * {b}", f"{a} / {d}", f"{a}**2", f"{a}**3", f"-{a}", f"np.tanh({a})"]
    forms += [f"np.exp(np.tanh({a}))", f"np.log({d})", f"np.log1p({b}**2)", f"np.sqrt({d})", f"np.abs({a})"]
    forms += [f"np.maximum({a}, {b})", f"np.minimum({a}, {b})", f"np.where({a} > {b}, {b}, {c})", f"({a} < {b}) * {c}"]
    forms += [
        f"sigmoid({a})",
        f"np.sign({a})",
        f"np.expm1(np.tanh({a}))",
        f"sum_of({a}, {b}, {c})",
        f"({a} >= {b}) * 1.0",
    ]
    forms += [f"np.exp(-{d})**2", f"{a} - ({b} - {c})", f"{a} / {d} * {c}", f"{a} * ({b} / {d})", f"{d}**0.5"]
    return forms[rng.integers(len(forms))]


@pytest.mark.parametrize("name", NOTATIONS)
def test_random_expressions_come_back_with_their_value(name):
    prints, reads = NOTATIONS[name]
    rng = np.random.default_rng(7)
    functions = {"np": np, "sigmoid": sigmoid, "sum_of": lambda *terms: sum(terms)}
    for _ in range(500):
        source = random_expression(rng, int(rng.integers(1, 5)))
        expected = float(eval(source, dict(functions)))
        printed = prints(ast.parse(source, mode="eval").body, 16)
        assert reading.run(reads(printed), functions) == pytest.approx(expected, rel=1e-11, abs=1e-11), (
            source,
            printed,
        )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a - (b - c)", "a − (b − c)"),
        ("(a - b) - c", "a − b − c"),
        ("a + (b + c)", "a + b + c"),
        ("a * (b * c)", "a·b·c"),
        ("a * (b + c)", "a·(b + c)"),
        ("(a / b) * c", "(a / b)·c"),
        ("a / (b * c)", "a / (b·c)"),
        ("(-a)**2", "(−a)^2"),
        ("-(a**2)", "−a^2"),
        ("-(a + b)", "−(a + b)"),
        ("a * -b", "a·(−b)"),
        ("a + -2 * b", "a + (−2)·b"),
        ("-2 * b + a", "−2·b + a"),
        ("(a**2)**b", "(a^2)^b"),
        ("a**(b + 1)", "a^(b + 1)"),
        ("(z > y) * a", "[z > y]·a"),
        ("z > y", "1 if z > y else 0"),
        ("np.where(z > 0, z, slope * z) * a", "(z if z > 0 else slope·z)·a"),
        ("np.sum(a, axis=-1, keepdims=True) * b", "(Σ_j a)·b"),
        ("b * np.sum(a, axis=-1, keepdims=True)", "b·Σ_j a"),
        ("A1.T @ dZ2", "A1ᵀ @ dZ2"),
    ],
)
def test_brackets_stand_where_they_are_needed_and_nowhere_else(source, text):
    assert print_text(ast.parse(source, mode="eval").body) == text


@pytest.mark.parametrize(
    ("source", "latex"),
    [
        ("dZ2[0, 3] * W2[1, 3]", r"dz^{[2]}_{0,3} \cdot w^{[2]}_{1,3}"),
        (
            "learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)",
            r"\frac{\alpha \cdot \hat{m}}{\sqrt{\hat{v}} + \epsilon}",
        ),
        ("A1_dropped.T @ dZ2", r"{{}\tilde{A}^{[1]}}^{\top} \, dZ^{[2]}"),
        ("np.exp(-z)", "{e}^{-z}"),
        ("beta1**t", r"{{}\beta_{1}}^{t}"),
        ("0.00002 * x", r"2 \times 10^{-5} \cdot x"),
        ("x**-0.00002", r"{x}^{-2 \times 10^{-5}}"),
        ("(2e-9)**2", r"{(2 \times 10^{-9})}^{2}"),
    ],
)
def test_latex_is_what_one_would_write(source, latex):
    assert print_latex(ast.parse(source, mode="eval").body) == latex


@pytest.mark.parametrize("source", ["[x for x in y]", "x if y else {}", "x.real", "lambda: 0", "f(*x)", "'a'"])
@pytest.mark.parametrize("name", NOTATIONS)
def test_what_has_no_notation_is_refused(name, source, refuses):
    with refuses("equation"):
        NOTATIONS[name][0](ast.parse(source, mode="eval").body)


def test_numbers_are_printed_to_their_digits_and_come_back():
    rng = np.random.default_rng(0)
    for digits in (1, 3, 4, 9, 16):
        for value in rng.normal(size=200) * 10.0 ** rng.integers(-300, 300, 200):
            printed = format_number(float(value), digits)
            assert float(printed) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
            assert len(printed) <= digits + 8 or abs(value) < 1
    assert [format_number(x) for x in (0.0, -0.0, 1e-5, 100.0, -2.50, 3)] == ["0", "0", "1e-5", "100", "-2.5", "3"]
    assert [format_number(x) for x in (np.inf, -np.inf, np.nan)] == ["inf", "-inf", "nan"]


def test_a_choice_is_settled_by_the_numbers_and_says_by_which_condition():
    expression = ast.parse("(1 - q) * (z > y) - q * (z < y)", mode="eval").body
    number, conditions = fill(expression, {"q": 0.9, "z": 1.0, "y": 3.0})
    assert print_text(number) == "(1 − 0.9)·0 − 0.9·1"
    assert [print_text(condition, condition=True) for condition in conditions] == ["1 ≤ 3", "1 < 3"]
    assert eval(ast.unparse(number)) == -0.9


def test_a_function_of_no_notation_is_refused_with_its_own_text():
    with pytest.raises(InputError, match=r"x\.real"):
        print_text(ast.parse("1 + x.real", mode="eval").body)
