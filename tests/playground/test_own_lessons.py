"""Lessons of one's own: read from TOML files, and their claims checked."""

import subprocess
import sys

import pytest

from glassnet.errors import InputError
from glassnet.playground.lesson_checks import problems
from glassnet.playground.lesson_files import paragraphs, read_lessons
from glassnet.playground.playground import Playground
from glassnet.playground.server import create_app

LESSON = '''
title = "One line"

[[step]]
text = """
A *single* unit, `2-1`, with 3 parameters.
It stands on the next line.

After 200 steps the test accuracy is 0.988."""
query = "data=gaussians&hidden=&step=200"
highlight = "surface"
checks = ["parameters = 3", "test accuracy = 0.988", "test loss < test loss at step 0", "W1[0, 0] > 0", "training loss <= 0.1"]

[step.question]
text = "What does the bias do?"
choices = ["It moves the line", "It turns the line"]
answer = 1
why = "It is added whatever the inputs are."

[[step]]
text = "The bias is 3 < 4."
query = "edits=200:b1,0=3"
checks = ["b1[0] = 3"]
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "02-one-line.toml").write_text(LESSON, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def computed():
    return Playground()


def test_a_file_is_a_lesson(folder):
    (lesson,) = read_lessons(folder)
    assert (lesson.id, lesson.title, len(lesson.steps)) == ("one-line", "One line", 2)
    first, second = lesson.steps
    assert first.text == (
        "<p>A <i>single</i> unit, <code>2-1</code>, with 3 parameters. It stands on the next line.</p>"
        "<p>After 200 steps the test accuracy is 0.988.</p>"
    )
    assert first.query == {"data": "gaussians", "hidden": "", "step": "200"}
    assert (first.highlight, second.highlight) == ("surface", "network")
    assert (first.question.answer, first.question.choices[0]) == (0, "It moves the line")
    assert second.text == "<p>The bias is 3 &lt; 4.</p>"
    assert lesson.query(1) == "data=gaussians&hidden=&step=200&edits=200:b1,0=3"


def test_no_script_gets_into_the_page():
    text = paragraphs('<script>alert(1)</script> <img src=x onerror=alert(1)> **<b onclick="x">**')
    assert "<script" not in text
    assert "<img" not in text
    assert text.count("<b>") == 1
    assert "<b onclick" not in text


def test_a_lesson_whose_claims_hold_has_no_problem(folder, computed):
    assert list(problems(read_lessons(folder)[0], computed)) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("parameters = 3", "parameters = 4", "one-line, step 1: parameters = 4 does not hold: parameters is 3."),
        ("accuracy = 0.988", "accuracy = 0.987", "test accuracy = 0.987 does not hold: test accuracy is 0.9875"),  # halves round up
        ("accuracy = 0.988", "accuracy > 0.99", "the text says 0.988, and no check has that number"),
        ("< test loss at step 0", "> test loss at step 0", "does not hold: test loss is"),
        ("b1[0] = 3", "b1[0] = 3.01", "one-line, step 2: b1[0] = 3.01 does not hold: b1[0] is 3."),
        ("b1[0] = 3", "b1[7] = 3", "check: expected one of training loss, test loss"),
        ("b1[0] = 3", "b1 3", "check: expected a name, one of = < > <= >="),
        ("W1[0, 0] > 0", "colour > 0", "got 'colour'"),
        ("step=200", "step=99999999", "step: expected at most"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_told(folder, computed, old, new, told):
    (folder / "02-one-line.toml").write_text(LESSON.replace(old, new), encoding="utf-8")
    found = list(problems(read_lessons(folder)[0], computed))
    assert any(told in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("title =", "titel =", "02-one-line.toml: .*titel"),
        ("answer = 1", "answer = 3", "step 1, question: expected 2 to 9 choices"),
        ("answer = 1", 'answer = "1"', "expected answer = a whole number; got '1'"),
        ('highlight = "surface"', 'highlight = "sky"', "step 1, highlight: .*sky"),
        ("hidden=&", "hiden=&", "step 1: .*hiden"),
        ("step=200", "step=x", "step 1: step: expected a whole number"),
        ("[[step]]", "[step]", "expected TOML|expected step = a list"),
        ('title = "One line"', "title = 3", "expected title = text in quotation marks; got '3'"),
        ("[step.question]", "[step.question", "expected TOML"),
    ],
)
def test_a_file_that_is_no_lesson_is_refused_with_its_place(folder, old, new, told):
    (folder / "02-one-line.toml").write_text(LESSON.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_lessons(folder)


def test_folders_without_lessons_are_refused(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="expected 1 to 100"):
        read_lessons(tmp_path / "empty")
    (folder / "one-line.toml").write_text(LESSON, encoding="utf-8")
    with pytest.raises(InputError, match=r"expected one file called one-line.toml; got two"):
        read_lessons(folder)


def test_own_lessons_stand_before_the_built_in_ones_and_replace_those_of_their_name(folder):
    from starlette.testclient import TestClient

    (folder / "03-neuron.toml").write_text(LESSON.replace("One line", "Another neuron"), encoding="utf-8")
    play = Playground(lessons=read_lessons(folder))
    told = TestClient(create_app(play), base_url="http://localhost").get("/lessons").json()
    assert [lesson["title"] for lesson in told[:3]] == ["One line", "Another neuron", "Why hidden layers"]
    assert len({lesson["id"] for lesson in told}) == len(told)


def test_the_command_checks_lessons(folder):
    command = [sys.executable, "-m", "glassnet", "play", "--lessons", str(folder), "--check-lessons"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "one-line: 2 steps, 6 checks, 0 wrong\n")
    (folder / "02-one-line.toml").write_text(LESSON.replace("parameters = 3", "parameters = 4"), encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "parameters = 4 does not hold" in done.stdout
