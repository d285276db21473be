"""The reference: every public name, command, finding and misconception has its page, and pages say what the package says."""

import json
import re
import sys
from pathlib import Path

import pytest
import typer

pytest.importorskip("numpydoc", reason="needs the extra docs; `nox -s docs` runs it")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs/extensions"))

import api_pages
import command_examples
import command_pages
import finding_pages
import misconception_pages

import glassnet as gn
from glassnet.cli.main import app
from glassnet.diagnose.findings import RULES, Finding
from glassnet.explain.grading.misconceptions import MISCONCEPTIONS


@pytest.fixture(scope="module")
def api():
    return dict(api_pages.pages())


def test_every_public_name_is_on_one_page(api):
    placed = [name for group in api_pages.GROUPS for name in group.names]
    assert sorted(placed) == sorted(gn.__all__)
    for group in api_pages.GROUPS:
        heads = re.findall(r"^## (\w+)$", api[f"{group.file}.md"], re.MULTILINE)
        assert heads == list(group.names)


def test_a_page_holds_signature_parameters_examples_and_links(api):
    page = api["training.md"]
    assert ":::::{py:function} glassnet.train(network, X, y=None, *, optimizer='adam', epochs=200" in page
    assert "**`callbacks`**\n: functions of an Epoch" in page
    assert re.search(r"\*\*`stop`\*\*\n: a function of the list of Runs, .* returns the numbers of the networks", page)
    assert ">>> net.predict(X)\narray([0, 1, 1, 0])" in page
    assert "{py:obj}`History <glassnet.History>`" in page
    assert "::::::{py:class} glassnet.Run(" in page
    assert ":::::{py:method} glassnet.Run.advance(*, steps=None" in page
    assert "| `leaky_relu` |" in api["activations.md"]
    assert "`slope` = 0.01" in api["activations.md"]


def test_every_link_of_the_api_leads_to_an_entry(api):
    text = "\n".join(api.values())
    entries = set(re.findall(r"^:+\{py:\w+\} (glassnet[\w.]+)", text, re.MULTILINE))
    links = set(re.findall(r"\{py:obj\}`[^`<]*<(glassnet[\w.]+)>`", text))
    assert len(links) > 50
    assert links - entries == set()


def test_every_command_has_an_example():
    assert set(command_examples.EXAMPLES) == set(typer.main.get_command(app).commands)


def test_a_page_of_a_command_tells_what_each_option_takes():
    train = typer.main.get_command(app).commands["train"]
    page = command_pages._page("train", train, None)
    assert "`--numeric` *text*\n: A column of numbers" in page
    assert "`--report` *path*\n" in page
    assert "`--cuts` *quantile | tree*\n" in page
    assert "needs mpiexec `--with-ft` ulfm" in page
    tutorial = command_pages._page("tutorial", typer.main.get_command(app).commands["tutorial"], None)
    assert "*moons | circles | digits" in tutorial


def test_what_an_example_prints_does_not_depend_on_the_run():
    assert (
        command_examples._steady("trained in 1.25 s, 12 ms a step, 3 steps") == "trained in … s, … ms a step, 3 steps"
    )
    assert command_examples._steady("\n".join(map(str, range(100)))).split("\n")[-12:-10] == ["…", "89"]


def test_every_finding_and_misconception_has_its_words():
    assert list(finding_pages.FINDINGS) == list(RULES)
    subjects = misconception_pages._by_subject()
    assert {rule.misconception.code for _, _, rules in subjects for rule in rules} == set(MISCONCEPTIONS)


def test_the_addresses_of_pages():
    found = Finding("dead_units", "error", "", {}, "", "")
    assert found.page == "reference/findings/dead_units.html"
    assert MISCONCEPTIONS["softmax_elementwise"].page == "reference/misconceptions/softmax_elementwise.html"


def test_the_example_of_a_finding_shows_it():
    example = finding_pages._example("dead_units")
    assert (example.place, example.remedy[:16]) == (0, "draw the weights")
    page = finding_pages._page("dead_units", example)
    assert "net.b[1][...] = -20" in page
    assert "100% of the units have slope 0 on every row" in page
    assert "| share | 1 |" in page or "dead" in page


def test_the_example_of_a_misconception_shows_wrong_and_right_numbers():
    (rule,) = (r for _, _, rules in misconception_pages._by_subject() for r in rules if r.misconception.code == "sign")
    code = next(misconception_pages._codes())
    example = misconception_pages._example(rule, [(code, misconception_pages._derivation(code))])
    assert example.wrong != example.right
    assert example.angle == pytest.approx(180)
    assert "a step along it leads uphill" in misconception_pages._page(
        rule, misconception_pages.SUBJECTS["loss"], "loss", example
    )
    with pytest.raises(LookupError, match="sign: expected a network"):
        misconception_pages._example(rule, [])


def test_the_promises_name_tests_that_exist():
    text = (ROOT / "docs/about/promises.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w./]+)`", text)
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_charts_show_the_figures_of_the_tables():
    measured = json.loads((ROOT / "docs/about/measured.json").read_text(encoding="utf-8"))
    table = (ROOT / "docs/about/benchmarks.md").read_text(encoding="utf-8")
    for row in measured["steps"]["rows"]:
        (line,) = (line for line in table.split("\n") if line.startswith(f"| {row['name']}, float32"))
        cell = line.split("|")[2]
        assert f"{row['microseconds']:,g} µs" in cell.replace(",", "") or f"{row['microseconds']:,.0f} µs" in cell
        assert {name: float(x) for name, x in re.findall(r"([\w.-]+) × ([\d.]+)", cell)} == row["times"]
    ranks = (ROOT / "docs/about/quality.md").read_text(encoding="utf-8")
    for each in measured["quality"]["contenders"]:
        assert f"| {each['name']} | {each['mean rank']} | {each['seconds']:g} s |" in ranks


def test_a_notebook_has_no_statement_that_serves_the_page_alone():
    from notebooks import code

    source = """from course_tools import show, tell
x = 1
for k in (1, 2):
    tell(a=k)
for k in (1, 2):
    x += k
    tell(**{f"x_{k}": x})
assert x == 4
print(x)"""
    made = code(source)
    assert made.startswith("x = 1\nfor k in (1, 2):\n    x += k\nprint(x)")
    assert "tell" not in made
    assert "def show" in made
