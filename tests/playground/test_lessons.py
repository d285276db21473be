"""The lessons: every claim of every step is computed again from the frames that the reader sees."""

import json
import math
import re

import numpy as np
import pytest

from glassnet.playground.lessons import LESSONS
from glassnet.playground.playground import Playground

STEPS = {f"{lesson.id} {place}": (lesson, place) for lesson in LESSONS for place in range(len(lesson.steps))}


@pytest.fixture(scope="module")
def frames():
    return Playground()


def told(text, number, digits):
    """Whether the text gives this number, to so many decimals."""
    return f"{number:.{digits}f}" in text


def mean_slopes(head):
    return [float(np.abs(np.array(W)).mean()) for W in head["dW"]]


# by step: what a text says, from the header of its frame, the text, and a look at other steps of the lesson
CLAIMS = {
    "neuron 0": lambda head, text, at: len(head["W"]) == 1 and head["parameters"] == 3,
    "neuron 1": lambda head, text, at: told(text, head["metric"]["test"], 3),
    "neuron 2": lambda head, text, at: (
        head["b"] == [[3.0]] and head["W"] == at(1)["W"] and told(text, head["metric"]["test"], 3)
    ),
    "hidden 0": lambda head, text, at: told(text, head["metric"]["train"], 3),
    "hidden 1": lambda head, text, at: told(text, head["metric"]["train"], 3) and head["activations"][0] == "tanh",
    "hidden 2": lambda head, text, at: (
        told(text, head["metric"]["train"], 3)
        and told(text, head["loss"]["train"], 4)
        and head["loss"]["train"] == pytest.approx(at(0)["loss"]["train"], abs=1e-6)
    ),
    "rate 0": lambda head, text, at: told(text, head["loss"]["train"], 3),
    "rate 1": lambda head, text, at: told(text, head["loss"]["train"], 3),
    "rate 2": lambda head, text, at: (
        told(text, head["loss"]["train"], 3) and head["loss"]["train"] == min(at(k)["loss"]["train"] for k in range(4))
    ),
    "rate 3": lambda head, text, at: (
        told(text, head["loss"]["train"], 2) and told(text, head["curve"]["train"][0], 2) and max(head["curve"]["train"]) > 3
    ),
    "dead-units 0": lambda head, text, at: head["maps"]["scale"][1][:5] == [0] * 5 and min(head["maps"]["scale"][1][5:]) > 0,
    "dead-units 1": lambda head, text, at: (
        not np.array(head["dW"][0])[:, :5].any()
        and np.array_equal(np.array(head["W"][0])[:, :5], np.array(at(0)["W"][0])[:, :5])
        and np.array(head["dW"][0])[:, 5:].any(axis=0).sum() >= 4
    ),
    "dead-units 2": lambda head, text, at: (
        np.abs(np.array(head["dW"][0])[:, :5]).min() > 0
        and np.abs(np.array(head["dW"][0])[:, :5]).mean() < np.abs(np.array(head["dW"][0])[:, 5:]).mean()
        and not np.array_equal(np.array(head["W"][0])[:, :5], np.array(at(0)["W"][0])[:, :5])
    ),
    "dead-units 3": lambda head, text, at: not np.any(head["dW"][0]) and not np.any(head["db"][0]) and not np.any(head["dW"][1]),
    "vanishing 0": lambda head, text, at: 70_000 < mean_slopes(head)[-1] / mean_slopes(head)[0] < 140_000,
    "vanishing 1": lambda head, text, at: (
        told(text, head["loss"]["train"], 4) and head["loss"]["train"] == pytest.approx(math.log(2), abs=2e-4)
    ),
    "vanishing 2": lambda head, text, at: head["metric"]["train"] == 1,
    "initial-weights 0": lambda head, text, at: told(text, head["loss"]["train"], 4) and not np.any(head["W"][0]),
    "initial-weights 1": lambda head, text, at: told(text, head["loss"]["train"], 3),
    "initial-weights 2": lambda head, text, at: head["metric"]["train"] == 1 and head["init"] == "glorot_uniform",
    "optimizers 0": lambda head, text, at: told(text, head["loss"]["train"], 3) and told(text, head["metric"]["train"], 3),
    "optimizers 1": lambda head, text, at: (
        told(text, head["loss"]["train"], 3) and head["metric"]["train"] == 1 and head["learning_rate"] == at(0)["learning_rate"]
    ),
    "optimizers 2": lambda head, text, at: told(text, head["loss"]["train"], 4),
    "overfitting 0": lambda head, text, at: (
        told(text, head["loss"]["train"], 4) and told(text, head["loss"]["test"], 1) and head["parameters"] > 1000
    ),
    "overfitting 1": lambda head, text, at: head["loss"]["test"] > 1 and min(head["curve"]["test"]) < 0.44,
    "overfitting 2": lambda head, text, at: told(text, head["loss"]["train"], 2) and told(text, head["loss"]["test"], 2),
    "overfitting 3": lambda head, text, at: told(text, head["loss"]["test"], 2),
    "features 0": lambda head, text, at: told(text, head["metric"]["train"], 3),
    "features 1": lambda head, text, at: told(text, head["metric"]["train"], 3) and len(head["W"]) == 1,
}  # fmt: skip


def test_every_step_has_a_claim():
    assert set(CLAIMS) == set(STEPS)
    assert len(LESSONS) >= 8


@pytest.mark.parametrize("name", STEPS)
def test_what_a_step_says_is_true(name, frames, header):
    lesson, place = STEPS[name]

    def at(k):
        return header(frames.frame(lesson.query(k)))

    assert CLAIMS[name](at(place), lesson.steps[place].text, at)


def test_tanh_carries_a_quarter_of_the_gradient_to_the_first_layer(frames, header):
    lesson = next(lesson for lesson in LESSONS if lesson.id == "vanishing")
    slopes = mean_slopes(header(frames.frame(lesson.query(2).replace("step=1000", "step=0"))))
    assert slopes[0] / slopes[-1] == pytest.approx(0.25, abs=0.03)


def test_one_unit_solves_exclusive_or_with_the_product_of_the_inputs(frames, header):
    head = header(frames.frame("data=xor&hidden=&features=xy&step=500&rate=1"))
    assert head["metric"]["train"] > 0.97
    for other in ("xx", "sinx"):
        assert header(frames.frame(f"data=xor&hidden=&features={other}&step=500&rate=1"))["metric"]["train"] < 0.7


def test_the_page_gets_them_as_html_without_scripts(client):
    for lesson in json.loads(client.get("/lessons").content):
        assert re.fullmatch(r"[a-z-]+", lesson["id"])
        for step in lesson["steps"]:
            assert set(re.findall(r"</?(\w+)", step["text"])) <= {"p", "b", "i", "code", "sub", "sup"}
            assert step["text"].count("<p>") == step["text"].count("</p>") > 0
            question = step["question"]
            assert question is None or 0 <= question["answer"] < len(question["choices"])
