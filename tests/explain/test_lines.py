"""Lines are true as they are printed: digits that agree, conditions that hold, textbook forms, algebra, step numbers."""

import ast
import re

import numpy as np
import pytest

import glassnet as gn
from glassnet.explain.agreement import digits_of_cells, digits_of_numbers, value_of
from glassnet.explain.render.indexed import Letters, has_no_matrix_form, letters_of
from glassnet.printers.text import print_text

ROWS = np.array([[0.5, -1.0, 0.8], [1.0, 0.2, 0.3]])


def derivation(**options):
    given = {"hidden": "relu", "output": "sigmoid"} | options
    return gn.explain(gn.Network([3, 4, 1], seed=1, **given), ROWS, [0, 1], optimizer="adam")


def every_format(worked, *symbols):
    return [getattr(worked, f"to_{kind}")(symbols) for kind in ("text", "html", "latex", "markdown")]


def test_a_small_difference_is_printed_with_the_digits_that_give_it():
    net = gn.Network([1, 1], output="sigmoid")
    net.W[1][...] = 8.6687
    line = gn.explain(net, [1.0], 1).line("dZ1", 0, 0)
    numbers, _, result = line.text().rpartition(" = ")[0].rpartition(" = ")[2], *line.text().rpartition(" = ")[1:]
    assert re.fullmatch(r"0\.\d{7,8} − 1", numbers)
    left, right = (float(each) for each in numbers.split(" − "))
    assert left - right == pytest.approx(float(result.replace("−", "-")), rel=1e-3)


@pytest.mark.parametrize(
    ("formula", "value", "digits"),
    [
        ("0.5 * 0.25", 0.125, (4, True)),
        ("0.9998281 - 1", -0.0001719, (7, True)),
        ("1 / 3", 1 / 3, (4, True)),
        ("1 / 0", np.inf, (4, False)),
        ("0.1 + 0.2", 0.4, (4, False)),
        ("0.99982811 - 1", -0.0001719, (7, True)),
        ("0.99982813 - 1", -0.0001715, (6, False)),
    ],
)
def test_digits_of_numbers(formula, value, digits):
    assert digits_of_numbers(ast.parse(formula, mode="eval").body, value, 4, {}) == digits


def test_digits_of_cells_are_those_with_which_all_come_out():
    first, second = (ast.parse(text, mode="eval").body for text in ("0.12345 - 0.12", "0.5 * 0.5"))
    assert digits_of_cells([(first, 0.00345), (second, 0.25)], 4) == (5, True)
    assert digits_of_cells([(first, 0.5), (second, 0.25)], 4) == (4, False)


def test_numbers_as_printed():
    numbers = ast.parse("0.123456 * x - 3", mode="eval").body
    assert value_of(numbers, {"x": 2.0}, 4) == 0.1235 * 2.0 - 3
    assert value_of(numbers, {"x": 2.0}) == 0.123456 * 2.0 - 3
    conditional = ast.parse("0.123456 if x > 0 else 1.0", mode="eval").body  # Python itself evaluates it
    assert value_of(conditional, {"x": 2.0}, 4) == 0.1235


def test_a_matrix_that_comes_out_nearly_has_another_sign():
    worked = derivation()
    for symbol, nearly in (("dW1", True), ("A1", False)):
        text, page, latex, markdown = every_format(worked, symbol)
        assert ("≈ [" in text, ">≈</mo>" in page) == (nearly, nearly)
        assert (r"&\approx " in latex, r"&\approx " in markdown) == (nearly, nearly)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_textbook_form_of_the_sigmoid_comes_first(sign):
    net = gn.Network([1, 1], output="sigmoid")
    net.W[1][...] = sign
    worked = gn.explain(net, [1.0], 1)
    line = worked.line("A1", 0, 0)
    assert f"= 1 / (1 + exp({'1' if sign < 0 else '−1'}))" in line.text()
    assert (line.as_computed is None) == (sign > 0)
    if sign < 0:
        assert line.conditions == ()
        assert line.as_computed.text().endswith("exp(−1) / (1 + exp(−1)) = 0.2689  (since −1 < 0)")
    text = worked.to_text(["A1"])
    assert text.index("where sigmoid(z) = 1 / (1 + exp(−z))") < text.index("in code: sigmoid(z) = (1 if z ≥ 0 else e)")


def test_where_the_textbook_form_overflows_the_code_s_is_shown_alone():
    net = gn.Network([1, 1], output="sigmoid")
    net.W[1][...] = 800
    line = gn.explain(net, [1.0], 0).line("loss")
    assert line.as_computed is None
    assert line.value == 800
    assert "max(Z1[0, 0], 0)" in line.text()


def test_the_whole_function_is_the_code_that_ran():
    for page in every_format(derivation(), "A2"):
        for part in ("def sigmoid", "np.minimum(z, -z)", "return np.where"):
            assert part in page
        assert "Examples" not in page


def test_matrices_are_multiplied_divided_and_raised_as_algebra_does():
    worked = derivation()
    text = worked.to_text(checks=False)
    for formula in (
        "dZ2 = diag(mean_weights) @ slope_Z2",
        "dA2 = diag(mean_weights) @ ((A2 − Y) ⊘ (A2 ⊙ (1 − A2)))",
        "v_W1 = beta2·v_before_W1 + (1 − beta2)·dW1^∘2",
        "W1_new = W1 − learning_rate·m_hat_W1 ⊘ (v_hat_W1^∘½ + epsilon)",
        "g_prime1[i, k] = 1 if A1[i, k] > 0 else 0",
        "db2[k] = Σ_i dZ2[i, k]",
        "mean_weights[i] = 1 / n",
    ):
        assert f"    {formula}\n" in text, formula
    latex = worked.to_latex(["v", "dA2"])
    assert r"\oslash" in latex
    assert r"^{ \circ 2}" in latex


def test_a_row_added_to_a_matrix_stands_in_each_row():
    worked = gn.explain(gn.Network([2, 2], seed=0), [[0.5, 1.0], [2.0, 3.0]], [[0.0, 1.0]] * 2)
    worked.network.b[1][...] = 0
    assert "+ [0 0; 0 0]" in worked.to_text(["Z1"])


def test_the_jacobian_of_several_samples_is_that_of_the_first():
    worked = gn.explain(gn.Network([3, 2], output="softmax", seed=0), ROWS, [0, 1])
    text = worked.to_text(["J1", "dZ1_long"])
    assert "J1[i, j, k] = A1[i, j]·(delta[j, k] − A1[i, k])" in text
    assert "    J1[0] = [" in text
    assert "dZ1_long[i, k] = Σ_j dA1[i, j]·J1[i, j, k]" in text


def test_an_aside_that_divides_by_0_is_undefined():
    net = gn.Network([2, 2], output="softmax")
    net.W[1][...] = [[900, -900], [0, 0]]
    worked = gn.explain(net, [1.0, 1.0], 1)
    assert worked.line("dA1", 0, 1).text() == "dA1[0, 1] = −Y[0, 1] / A1[0, 1] = −1 / 0 = undefined"
    for page in every_format(worked, "dA1", "loss_of_output", "J1", "dZ1_long"):
        assert not re.search(r"inf\b|∞|\\infty|nan\b", page)
        assert "DIFFERS" not in page
    assert worked["J1"].note == ""
    assert worked["dZ1_long"].note == "undefined where dA1 divides by 0"


def test_steps_count_from_0_everywhere():
    net = gn.Network([3, 4, 1], output="sigmoid", seed=0)
    history = gn.train(net, ROWS, [0, 1], epochs=3, batch_size=1, optimizer="adam", engine="numpy")
    worked = gn.explain(history.at(step=4))
    assert "step 4" in worked.to_text(()).splitlines()[1]
    assert "not take" not in worked.to_text(())
    assert worked["t"].value == 5
    after = gn.explain(history.at(step=6))
    assert after.ended
    assert "step 6, which the run did not take: it ended after 6 steps" in after.to_text(())


def test_an_output_of_two_classes_is_the_probability_of_the_second():
    model = gn.MLPClassifier((3,), tol=1.0, random_state=0).fit(ROWS[[0, 1] * 9], ["no", "yes"] * 9)
    for page in every_format(gn.explain(model, ROWS[0], "no")):
        assert "output: P(yes); the target Y is 1 for yes, 0 for no" in page


@pytest.mark.parametrize(
    ("formula", "shape", "entry"),
    [
        ("np.where(Z > 0, Z, 0.1 * Z)", (2, 3), "Z[i, k] if Z[i, k] > 0 else 0.1·Z[i, k]"),
        ("Z.sum(axis=0)", (3,), "Σ_i Z[i, k]"),
        ("np.sum(Z, axis=1)", (2,), "Σ_k Z[i, k]"),
        ("w / w.sum()", (2,), "w[i] / (Σ_j w[j])"),
        ("Z * w[:, None] * (Z > 0)", (2, 3), "Z[i, k]·w[i]·[Z[i, k] > 0]"),
        ("Z - np.sum(Z, axis=-1, keepdims=True)", (2, 3), "Z[i, k] − Σ_j Z[i, j]"),
        ("(Z @ Z.T) * (n > 1)", (2, 2), "(Σ_j Z[i, j]·Z[k, j])·[n > 1]"),
        ("1 / n", (2,), "1 / n"),
    ],
)
def test_what_has_no_matrix_form_is_written_for_an_entry(formula, shape, entry):
    environment = {"Z": np.ones((2, 3)), "w": np.ones(2), "n": 2, "np": np}
    expression = ast.parse(formula, mode="eval").body
    assert has_no_matrix_form(expression, shape, environment)
    assert print_text(Letters(environment).at(expression, letters_of(expression, shape))) == entry


@pytest.mark.parametrize("formula", ["Z @ Z.T", "Z - w", "0.5 * Z**2"])
def test_what_has_a_matrix_form_keeps_it(formula):
    environment = {"Z": np.ones((2, 3)), "w": np.ones(3), "np": np}
    assert not has_no_matrix_form(ast.parse(formula, mode="eval").body, (2, 3), environment)
