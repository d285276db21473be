"""Grading: right answers are not accused, the first wrong term and its mistake are named."""

import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.explain.grading.misconceptions import MISCONCEPTIONS

_spec = importlib.util.spec_from_file_location("grading", Path(__file__).parent / "grading.py")
grading = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(grading)
sys.path.remove(str(Path(__file__).parent))

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [-0.2, 0.8, 0.1]])


@pytest.fixture
def derivation():
    net = gn.Network([3, 4, 2], hidden="tanh", output="softmax", seed=1)
    net.b[1][...] = [0.1, -0.2, 0.3, 0.4]
    return gn.explain(net, X, [0, 1, 1], optimizer="adam", l2=0.1)


@pytest.mark.parametrize("mistake", grading.SAMPLE)
def test_a_planted_mistake_is_found(mistake):
    found = grading.tally(np.random.default_rng(11), mistake, 3)
    assert (found["tried"], found["term"], found["cause"]) == (3, 3, 3)


@pytest.mark.long
@pytest.mark.parametrize(("mode", "named"), list(zip(grading.MODES, (0.97, 0.90, 0.90), strict=True)), ids=str)
def test_planted_mistakes_by_the_hundred(mode, named):
    total = Counter()
    for mistake in grading.MISTAKES:
        total += grading.tally(np.random.default_rng(12), mistake, 200, *mode[1:])
    assert total["tried"] > 180 * len(grading.MISTAKES)
    assert total["term"] >= 0.99 * total["tried"]
    assert total["cause"] >= named * total["tried"]
    assert total["other"] <= 0.01 * total["tried"]


def test_right_answers_to_three_digits_are_right():
    rng = np.random.default_rng(13)
    assert all(grading.right_answers(rng).ok for _ in range(60))


@pytest.mark.parametrize("decimals", [3, 4, 6])
def test_right_answers_to_fixed_decimals_are_right(derivation, decimals):
    given = {step.symbol: np.round(step.value, decimals) for step in derivation.steps if np.abs(step.value).max() > 0.1}
    assert len(given) > 15
    assert derivation.grade(**given).ok


def test_one_wrong_digit_is_wrong(derivation):
    values = np.round(derivation.value("dW2"), 4)
    assert derivation.grade(dW2=values).ok
    values[2, 1] += 0.001
    grade = derivation.grade(dW2=values)
    assert (grade.ok, grade.first_wrong.symbol, grade.misconception) == (False, "dW2", None)
    assert "none of the usual mistakes" in str(grade)


def test_what_follows_from_a_wrong_term_is_no_second_mistake(derivation):
    dZ1 = derivation.value("dA1")
    dW1 = X.T @ dZ1 + 0.1 * derivation.value("W1")
    grade = derivation.grade(dW1=dW1, dZ2=derivation.value("dZ2"), dZ1=dZ1, db1=dZ1.mean(axis=0) * 7)
    assert [(mark.symbol, mark.verdict) for mark in grade.marks] == [
        ("dZ2", "right"),
        ("dZ1", "wrong"),
        ("dW1", "follows"),
        ("db1", "wrong"),
    ]
    assert grade.misconception.code == "derivative_forgotten"
    assert grade.formula == "dZ1 = dA1"


@pytest.mark.parametrize(("units", "verdict"), [(1, "follows"), (5, "wrong")])
def test_what_follows_may_be_off_by_a_unit_of_its_last_digit_and_no_more(derivation, units, verdict):
    dZ1 = np.round(derivation.value("dA1"), 4)
    db1 = np.round(dZ1.sum(axis=0), 4)
    db1[0] += units * 1e-4
    assert [mark.verdict for mark in derivation.grade(dZ1=dZ1, db1=db1).marks] == ["wrong", verdict]


def test_only_the_mistakes_that_explain_most_terms_are_named():
    """Half the loss also comes of a mean over the two outputs."""
    derivation = gn.explain(gn.Network([3, 4, 2], seed=1), X, np.ones((3, 2)))
    half = {"loss": 0.5 * derivation.value("loss"), "dZ2": 0.5 * derivation.value("dZ2")}
    both = ["loss_factor", "outputs_averaged"]
    assert "0.5 times" in derivation.grade(**half).note  # may be meant so
    for given in (half, {"loss": half["loss"], "dZ2": derivation.value("dZ2")}):
        grade = derivation.grade(**given, convention="standard")
        assert grade.first_wrong.symbol == "loss"
        assert [grade.misconception.code, *(other.code for other in grade.also_possible)] == both
    sums = {"loss": derivation.value("loss") * 3, "dZ2": derivation.value("dZ2") * 3}
    assert derivation.grade(**sums, convention="standard").misconception.code == "batch_mean_forgotten"


def test_a_cause_contradicts_no_term_that_is_right(derivation):
    dW2, db2 = -derivation.value("dW2"), -derivation.value("db2")
    assert derivation.grade(db2=db2).misconception.code == "sign"
    grade = derivation.grade(dZ2=derivation.value("dZ2"), dW2=dW2, db2=db2)
    assert (grade.first_wrong.symbol, grade.misconception.code) == ("dW2", "descent_direction")
    assert grade.formula == "dW2 = -(dW2_data + dW2_penalty)"


def test_two_mistakes_at_once_are_named(derivation):
    dZ2 = -derivation.value("dZ2") * 3  # the sign, and the mean forgotten
    grade = derivation.grade(dZ2=dZ2)
    assert {grade.misconception.code, grade.second.code} == {"sign", "batch_mean_forgotten"}
    dZ1 = -derivation.value("dA1")  # the sign at the output, then the derivative of the hidden layer
    grade = derivation.grade(dZ2=dZ2 / 3, dA1=-derivation.value("dA1"), dZ1=dZ1)
    assert (grade.misconception.code, grade.second.code) == ("sign", "derivative_forgotten")
    assert "a second mistake" in str(grade)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda dW: 3.7 * dW, "yours is 3.7 × the expected"),
        (lambda dW: dW * [[1], [2], [3], [4]], "each row is off by a factor of its own: 1, 2, 3, 4"),
        (np.abs, "the sizes are right, 4 of 8 signs are wrong"),
        (lambda dW: dW + 0.3 * (np.arange(8) == 5).reshape(4, 2), r"only \[2, 1\] of 8 entries is wrong"),
        (lambda dW: dW[::-1], "rows of the expected in reverse"),
        (lambda dW: dW + 0.5, r"yours is the expected \+0.5 in every entry"),
        (lambda dW: dW[:, :1], ""),
    ],
)
def test_what_stays_unnamed_is_narrowed_down(derivation, change, words):
    grade = derivation.grade(dZ2=derivation.value("dZ2"), dW2=change(derivation.value("dW2")))
    assert grade.misconception is None
    assert re.search(words, grade.narrowed)
    assert grade.narrowed in str(grade)


def test_the_mean_may_come_in_the_weight_gradients(derivation):
    n, l2 = 3, 0.1
    dZ2, A1 = derivation.value("dZ2") * n, derivation.value("A1")
    dW2 = A1.T @ dZ2 / n + l2 * derivation.value("W2")
    grade = derivation.grade(dZ2=dZ2, dW2=dW2, db2=dZ2.mean(axis=0))
    assert grade.ok
    assert "single samples" in grade.note
    assert derivation.grade(dZ2=dZ2, dW2=n * dW2).misconception.code == "batch_mean_forgotten"


def test_names_are_read_as_learners_write_them(derivation):
    values = {"yhat": "A2", "dz1": "dZ1", "DW2": "dW2", "L": "loss", "w1_new": "W1_new", "m_hat": "m_hat"}
    assert derivation.grade(**{name: derivation.value(symbol) for name, symbol in values.items()}).ok


@pytest.mark.parametrize(
    ("given", "message"),
    [({}, "at least one term"), ({"dW7": 1.0}, "dW7"), ({"dW2": "three"}, "numbers"), ({"dW2": []}, "numbers")],
)
def test_what_cannot_be_graded_is_refused(derivation, given, message):
    with pytest.raises(gn.InputError, match=message):
        derivation.grade(**given)


def test_a_nan_is_wrong_and_a_grade_is_json(derivation):
    grade = derivation.grade(loss=float("nan"), dZ2=derivation.value("dZ2"))
    assert grade.first_wrong.symbol == "loss"
    assert grade.to_dict()["marks"][1] == {
        "symbol": "dZ2",
        "verdict": "right",
        "note": "",
        "expected": derivation.value("dZ2").tolist(),
    }


def test_every_misconception_says_what_and_what_instead():
    assert len(MISCONCEPTIONS) >= 60
    for misconception in MISCONCEPTIONS.values():
        assert misconception.what.endswith(".")
        assert misconception.remedy.endswith(".")
