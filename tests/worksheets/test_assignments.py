"""Assignments: points for right terms, a notebook without answers for learners; the real tools in the long suite."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import glassnet as gn
from glassnet.worksheets.assignment import EXERCISES, FORMATS, is_right, points
from glassnet.worksheets.notebook import notebook


def solution(topic):
    """The function of the master notebook."""
    cells = json.loads(notebook(topic, "nbgrader"))["cells"]
    space = {}
    exec(next(cell["source"] for cell in cells if "### BEGIN SOLUTION" in cell["source"]), space)  # noqa: S102
    return space[EXERCISES[topic].function]


@pytest.mark.parametrize("topic", EXERCISES)
def test_the_solution_has_all_points(topic, capsys):
    assert points(topic, solution(topic), 8, seed=3) == 8
    assert all(is_right(topic, solution(topic), term) for term in EXERCISES[topic].returns)
    assert "right" in capsys.readouterr().out


def test_a_mistake_costs_its_terms_and_is_named(capsys):
    right = solution("chain-rule")

    def forgets(X, Y, W1, b1, W2, b2):
        found = dict(right(X, Y, W1, b1, W2, b2))
        found["dZ1"] = found["dA1"]
        found["dW1"], found["db1"] = X.T @ found["dZ1"], found["dZ1"].sum(axis=0)
        return found

    assert points("chain-rule", forgets, 7) in (4.0, 6.0)  # what follows rightly counts as explain's grading says
    assert "derivative is forgotten" in capsys.readouterr().out
    assert not is_right("chain-rule", forgets, "dZ1")
    assert is_right("chain-rule", forgets, "dW2")


def test_a_term_that_is_missing_and_a_function_that_fails(capsys):
    right = solution("neuron")
    assert points("neuron", lambda X, W1, b1: {"Z1": right(X, W1, b1)["Z1"]}) == 5
    assert "not returned: A1" in capsys.readouterr().out
    assert points("neuron", lambda X, W1, b1: 1 / 0) == 0
    assert "ZeroDivisionError" in capsys.readouterr().out
    with pytest.raises(gn.InputError, match="topic: expected one of"):
        points("nuron", right)


@pytest.mark.parametrize("form", FORMATS)
def test_the_tests_of_a_notebook_hold_no_answers(form):
    cells = json.loads(notebook("full-step-softmax", form))["cells"]
    tests = [cell["source"] for cell in cells if "glassnet.worksheets.assignment" in cell["source"]]
    assert len(tests) == (1 if form == "nbgrader" else 7)
    assert not any("np." in test or "@" in test for test in tests)
    if form == "nbgrader":
        assert cells[-1]["metadata"]["nbgrader"]["points"] == 10
        assert cells[-1]["source"].splitlines()[-1].startswith('points("full-step-softmax", gradients, 10')


def test_the_command_writes_the_notebook(tmp_path, glassnet):
    done = glassnet("assignment", "--topic", "neuron", "--format", "nbgrader", "--out", tmp_path / "course")
    assert done.code == 0, done.err
    assert (tmp_path / "course/source/neuron/neuron.ipynb").is_file()
    assert "nbgrader generate_assignment neuron" in done.err
    assert glassnet("assignment", "--topic", "neuron", "--format", "otter", "--out", tmp_path).code == 0
    for arguments, message in (
        (["--topic", "optimizer", "--format", "otter"], "topic: expected one of"),
        (["--topic", "neuron", "--format", "oter"], "did you mean 'otter'"),
    ):
        wrong = glassnet("assignment", *arguments, "--out", tmp_path)
        assert wrong.code == 2
        assert message in wrong.err


@pytest.mark.long
@pytest.mark.parametrize("form", FORMATS)
def test_the_real_tools_give_the_marks(form):
    """Needs a package index; makes an environment of its own, or takes that of ENVIRONMENT."""
    command = [sys.executable, str(Path(__file__).with_name("assignments.py")), form]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
