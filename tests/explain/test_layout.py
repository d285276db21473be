"""The layout of prints: broken lines hold the whole formula and fit, columns align, a batch is cut or whole and says so."""

import ast
import json
import re
import shutil
import subprocess
from html import escape
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.explain import setups

import glassnet as gn
from glassnet.explain.render.breaks import LATEX, TEXT, fits, lines_of, mathml_terms, terms_of
from glassnet.explain.render.drawing import draw, lit_by, svg
from glassnet.explain.render.text import WIDTH
from glassnet.explain.why_steps import STAGES as STAGE_SENTENCES
from glassnet.explain.why_steps import why
from glassnet.printers.latex import print_latex
from glassnet.printers.mathml import MathML, print_mathml
from glassnet.printers.text import Text, print_text
from glassnet.printers.typeset import typeset


def formulas(seeds=range(4)):
    """The largest entry of every step of some random derivations, as expressions."""
    for seed in seeds:
        derivation = gn.explain(setups.random_run(seed))
        for step in derivation.steps:
            index = np.unravel_index(int(np.argmax(np.abs(step.value))), np.shape(step.value))
            line = derivation.line(step.symbol, *map(int, index))
            yield from (part for part in (line.names, line.numbers) if part is not None)


def letters(text):
    return re.sub(r"\s", "", text)


def test_terms_together_are_the_formula():
    for formula in formulas():
        for signs, written in ((TEXT, print_text(formula)), (LATEX, print_latex(formula))):
            terms = terms_of(written, signs)
            assert "".join(piece for term in terms for piece in term) == written
            lines = lines_of(terms, 60)
            assert letters("".join(lines)) == letters(written)
            if all(len(piece) <= 60 for term in terms for piece in term):
                assert max(map(len, lines)) <= 60
        written = print_mathml(formula)
        pieces = [piece for term in mathml_terms(written) for piece in term]
        words = [
            "".join(ElementTree.fromstring(f"<math>{each}</math>").itertext()) for each in ("".join(pieces), written)
        ]
        assert words[0] == words[1]


def test_a_line_is_broken_between_terms_before_factors():
    terms = terms_of("aaaa·bbbb + cccc·dddd = eeee", TEXT)
    assert lines_of(terms, 40) == ["aaaa·bbbb + cccc·dddd = eeee"]
    assert lines_of(terms, 21) == ["aaaa·bbbb + cccc·dddd", "= eeee"]
    assert lines_of(terms, 12) == ["aaaa·bbbb", "+ cccc·dddd", "= eeee"]
    assert lines_of(terms, 8) == ["aaaa", "·bbbb", "+ cccc", "·dddd", "= eeee"]
    assert [fits(terms, width) for width in (8, 12)] == [False, True]


def test_matrices_and_fractions_stay_in_one_piece():
    assert terms_of("[1 −2; 3 4] @ [5 + 6]", TEXT) == [["[1 −2; 3 4]", " @ [5 + 6]"]]
    assert terms_of(r"\frac{a + b}{c} - d", LATEX) == [[r"\frac{a + b}{c}"], [" - d"]]
    assert len(mathml_terms("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>")) == 1


def test_text_lines_are_no_wider_than_a_screen():
    for seed in range(3):
        derivation = gn.explain(setups.random_run(seed))
        for line in derivation.to_text(checks=False).splitlines():
            if re.match(r"    (entry )?\S+(\[.*?\])? = | {6,}= ", line) and not line.endswith("]"):
                assert len(line) <= WIDTH + 8, line


def test_decimal_points_of_a_column_align():
    cells = [[-12.5, 0.25], [3, None], [0.0625, 7.5]]
    lines = Text().display(cells).split("\n")
    assert [line.index(".") for line in (lines[0], lines[2])] == [4, 4]
    assert lines[1].index("3") == 3
    root = ElementTree.fromstring(MathML().matrix(cells))
    widths = {len("".join(row[0].itertext())) for row in root.iter("mtr")}  # with invisible digits
    assert len(widths) == 1


def test_a_common_power_of_ten_stands_before_a_matrix():
    derivation = gn.explain(gn.Network([2, 3, 1], seed=0), [1e-3, 2e-3], 0.5, optimizer="adam")
    first = derivation.value("v_W1")[0, 0]
    mantissa, power = re.search(r"v_W1 = .*[=≈] 1e(-\d+)·\[ ?(\S+) ", derivation.to_text(["v"]), re.DOTALL).group(2, 1)
    assert float(mantissa) * 10.0 ** int(power) == pytest.approx(first, rel=1e-3)


def test_a_power_of_ten_in_a_product_of_matrices_stands_in_brackets():
    product = ast.parse("A @ B", mode="eval").body
    numbers = {"A": np.ones((2, 2)), "B": np.full((2, 2), 2e-8)}
    assert typeset(product, Text(), frozenset("AB"), numbers=numbers) == "[1 1; 1 1] @ (1e-8·[2 2; 2 2])"


def test_a_batch_is_cut_and_says_so_or_is_whole():
    X = np.arange(60.0).reshape(20, 3) / 60
    derivation = gn.explain(gn.Network([3, 2, 1], seed=0), X, np.zeros(20))
    for cut, whole in ((derivation.to_text(["Z1"]), derivation.to_text(["Z1"], rows="all")),):
        assert "rows 4 to 18 left out" in cut
        assert 'rows="all"' in cut
        assert "left out" not in whole
    numbers = {f"{value:.4g}".replace("-", "−") for value in derivation.value("Z1").ravel()}
    for write in (derivation.to_text, derivation.to_html, derivation.to_latex, derivation.to_markdown):
        page = write(["Z1"], rows="all").replace("-", "−")
        page = re.sub(r"<mphantom>.*?</mphantom>|<[^>]*>", "", page)
        assert all(number in page for number in numbers)


@pytest.mark.parametrize("rows", [2, 0, "some", 1.5, True])
def test_rows_is_a_count_or_all(rows, refuses):
    derivation = gn.explain(gn.Network([2, 1], seed=0), [1.0, 2.0], 0.5)
    with refuses("rows"):
        derivation.to_text(rows=rows)


def test_every_step_opens_with_a_sentence_of_its_kind():
    generic, kinds = set(STAGE_SENTENCES.values()), {}
    for seed in range(30):
        derivation = gn.explain(setups.random_run(seed))
        for step in derivation.steps:
            sentence = why(derivation, step)
            assert sentence.endswith("."), step
            assert "{" not in sentence
            assert sentence not in generic, step
            if derivation._outline([step.symbol], checks=False).stages:  # all but the gradient gathered in one vector
                kinds[step.symbol] = derivation, sentence
    for symbol, (derivation, sentence) in kinds.items():
        page = re.sub(r"\s+", " ", derivation.to_text([symbol], checks=False))
        assert sentence in page, symbol
        assert escape(sentence) in derivation.to_html([symbol], checks=False)


def lit(symbol, **options):
    net = gn.Network([3, 7, 4, 2], hidden="tanh", output="softmax", seed=0)
    X, y = np.ones((2, 3)), [0, 1]
    derivation = gn.explain(net, X, y, optimizer="adam", **options)
    return lit_by(derivation, derivation[symbol])


@pytest.mark.parametrize(
    ("symbol", "units", "weights", "biases"),
    [
        ("Z1", {0, 1}, {1}, set()),
        ("A2", {2}, set(), set()),
        ("loss", {3}, set(), set()),
        ("dZ3", {3}, set(), set()),
        ("dW3", {2, 3}, {3}, set()),
        ("db2", set(), set(), {2}),
        ("dA1", {1}, {2}, set()),
        ("dA0", {0}, {1}, set()),
        ("g_prime1", {1}, set(), set()),
        ("theta", set(), {1, 2, 3}, {1, 2, 3}),
    ],
)
def test_the_drawing_lights_the_part_a_step_works_on(symbol, units, weights, biases):
    found = lit(symbol)
    assert (found.units, found.weights, found.biases) == (units, weights, biases)


def test_a_drawing_has_a_circle_for_each_unit_and_a_line_for_each_weight_that_is_shown():
    net = gn.Network([3, 7, 2], seed=0)
    derivation = gn.explain(net, [1.0, 2.0, 3.0], [0.0, 1.0])
    root = ElementTree.fromstring(svg(draw(derivation, derivation["dW1"])))
    paths = {path.get("class"): path.get("d").count("M") for path in root.iter("path")}
    assert len(list(root.iter("circle"))) == 3 + 4 + 2  # of seven units four are shown, and dots
    assert paths == {"back": 3 * 4, "dull": 4 * 2}
    assert "the weights from the inputs to layer 1" in root.get("aria-label")


@pytest.mark.parametrize(
    "seeds", [range(4), *(pytest.param(range(k, k + 25), marks=pytest.mark.long) for k in range(4, 300, 25))], ids=str
)
def test_no_line_of_latex_is_too_long(seeds, tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("needs pdflatex: apt-get install texlive-latex-base texlive-latex-recommended")
    parts = []
    for seed in seeds:
        derivation = gn.explain(setups.random_run(seed))
        parts += [
            derivation.to_latex(checks=False, document=False),
            derivation.entry("W1", 0, 0).to_latex(document=False),
        ]
    head = "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{amsmath}\n\\begin{document}\n"
    (tmp_path / "all.tex").write_text(head + "\n\\clearpage\n".join(parts) + "\n\\end{document}\n", encoding="utf-8")
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-1500:]
    assert "Overfull" not in log, [line for line in log.splitlines() if "Overfull" in line]


def test_the_update_is_split_by_w_and_b():
    derivation = gn.explain(gn.Network([3, 4, 2], seed=0), [1.0, 2.0, 3.0], [0.0, 1.0])
    text = derivation.to_text(["theta"])
    assert "theta: all parameters after the step (W1_new 3 × 4, b1_new 4, W2_new 4 × 2, b2_new 2)" in text
    for name in ("W1_new", "b1_new", "W2_new", "b2_new"):
        assert re.search(rf"^    {name} = ", text, re.MULTILINE)
        assert re.search(rf"^    entry {name}\[", text, re.MULTILINE)
    (step,) = [each for each in json.loads(derivation.to_json())["steps"] if each["symbol"] == "theta"]
    found = {part["symbol"]: part["value"] for part in step["parts"]}
    assert found == {name: derivation.value(name).tolist() for name in ("W1_new", "b1_new", "W2_new", "b2_new")}
