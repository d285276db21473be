"""Work by hand: right methods are not accused, whatever the digits, the convention and the names; mistakes still are."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.explain.grading.conventions import Convention
from glassnet.explain.grading.rounding import digits_of, habit

_spec = importlib.util.spec_from_file_location("students", Path(__file__).parent / "students.py")
students = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(students)
sys.path.remove(str(Path(__file__).parent))


def accused(seed, how_many):
    rng = np.random.default_rng(seed)
    outcomes = []
    while len(outcomes) < how_many:
        outcome = students.graded(rng)
        if outcome is not None:
            outcomes.append(outcome)
    return [(grade, habit) for grade, habit, _ in outcomes if not grade.ok]


def test_students_with_right_methods_are_not_accused():
    assert not accused(3, 15)


@pytest.mark.long
def test_a_thousand_students_with_right_methods():
    assert len(accused(7, 1000)) <= 5


@pytest.mark.parametrize(
    ("numbers", "significant", "decimals"),
    [([0.1385, -0.02], 4, 4), ([12.34, 0.01], 4, 2), ([100.0, 20.0], 1, 0), ([1 / 3, 0.5], 17, 17), ([0.0], 1, 0)],
)
def test_digits_are_counted(numbers, significant, decimals):
    found = digits_of(np.array(numbers))
    assert (found.significant, found.decimals) == (significant, decimals)
    assert found.rounded is (significant < 17)


def test_the_habit_of_writing_is_so_many_digits_or_so_many_decimals():
    values = np.random.default_rng(0).lognormal(sigma=3, size=50)
    assert habit([np.round(values, 3)]).decimals == 3
    assert habit([np.array([float(f"{v:.3g}") for v in values])]).significant == 3


@pytest.fixture
def mazur():
    net = gn.Network([2, 2, 2], hidden="sigmoid", output="sigmoid", loss="squared_error")
    net.W[1][...], net.b[1][...] = [[0.15, 0.25], [0.20, 0.30]], 0.35
    net.W[2][...], net.b[2][...] = [[0.40, 0.50], [0.45, 0.55]], 0.6
    return gn.explain(net, [0.05, 0.10], [0.01, 0.99])


def by_hand(derivation, digits, slip=1.0):
    """The terms of a student who writes so many digits in each line, and dZ1 `slip` times too large."""
    q = students.rounder("digits", digits)
    x, y, W2 = derivation.value("A0"), derivation.value("Y"), derivation.value("W2")
    A1 = q(1 / (1 + np.exp(-q(x @ derivation.value("W1") + 0.35))))
    A2 = q(1 / (1 + np.exp(-q(A1 @ W2 + 0.6))))
    dA2 = q(A2 - y)
    dZ2 = q(dA2 * q(A2 * (1 - A2)))
    dA1 = q(dZ2 @ W2.T)
    dZ1 = q(slip * q(dA1 * q(A1 * (1 - A1))))
    return {
        "A1": A1,
        "A2": A2,
        "dA2": dA2,
        "dZ2": dZ2,
        "dW2": q(A1.T @ dZ2),
        "dA1": dA1,
        "dZ1": dZ1,
        "dW1": q(x.T @ dZ1),
    }


@pytest.mark.parametrize("digits", [2, 3, 4, 5])
def test_rounding_at_each_line_is_right_and_a_slip_is_not(mazur, digits):
    right = mazur.grade(by_hand(mazur, digits))
    assert right.ok
    assert {mark.verdict for mark in right.marks} <= {"right", "rounded"}
    slip = 1.0 + 4 * 10.0 ** (1 - digits)
    wrong = mazur.grade(by_hand(mazur, digits, slip))
    assert (wrong.first_wrong.symbol, wrong.marks[-1].verdict) == ("dZ1", "follows")


def test_yours_and_expected_are_printed_until_they_differ(mazur):
    dW1 = mazur.value("dW1").copy()
    dW1[1, 0] *= 1.00001
    lines = str(mazur.grade(dW1=dW1)).splitlines()
    assert lines[2].replace("yours   ", "expected") != lines[3]


@pytest.mark.parametrize(
    ("names", "symbols"),
    [
        (("δ2", "h1", "ŷ", "∂L/∂W1", "net_1"), ("dZ2", "A1", "A2", "dW1", "Z1")),
        (("delta_2", "a1", "y_pred", "grad_w1", "z1"), ("dZ2", "A1", "A2", "dW1", "Z1")),
        (("delta3", "a2", "a3", "dE_dw1", "z[2]"), ("dZ2", "A1", "A2", "dW1", "Z1")),  # the inputs are layer 1
        (("dW0", "b0", "dz1"), ("dW1", "b1", "dZ1")),  # layers from 0
        (("cost", "dJ/dW₂", "W1.grad"), ("loss", "dW2", "dW1")),
    ],
)
def test_names_and_indices_of_ones_own(mazur, names, symbols):
    grade = mazur.grade({name: mazur.value(symbol) for name, symbol in zip(names, symbols, strict=True)})
    assert grade.ok
    assert {mark.symbol for mark in grade.marks} == set(symbols)


def test_a_term_comes_once_and_conventions_have_names(mazur):
    with pytest.raises(gn.InputError, match="each term once"):
        mazur.grade(dZ2=[0.0, 0.0], delta2=[0.0, 0.0])
    with pytest.raises(gn.InputError, match="did you mean 'columns'"):
        mazur.grade(dZ2=[0.0, 0.0], convention="column")
    for wrong in ({"mean": "dW"}, {"momentum": "heavy"}, {"biases": "none"}, {"factor": 0.0}):
        with pytest.raises(gn.InputError, match=next(iter(wrong))):
            Convention(**wrong)
