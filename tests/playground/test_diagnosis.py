"""The diagnosis beside a run: what it finds, and remedies whose query does what they say."""

import json
import re

import numpy as np
import pytest

from glassnet.diagnose.case.remedy import Remedy
from glassnet.playground.lessons import LESSONS
from glassnet.playground.playground import Playground
from glassnet.playground.remedies import changed
from glassnet.playground.state import read_state
from glassnet.training.optimizers import SGD, Adam, Momentum

SICK = {
    "rate=1000&step=50": "learning_rate_too_high",
    "activation=sigmoid&hidden=8,8,8,8,8&data=circles&step=300": "vanishing_gradient",
    "init=zeros&step=200": "poor_initialisation",
}


@pytest.mark.parametrize("query", SICK)
def test_a_sick_run_is_found_and_its_remedy_is_a_run_that_does_better(query, play, header):
    told = json.loads(play.diagnosis(query))
    found = next(each for each in told["findings"] if each["code"] == SICK[query])
    assert not told["healthy"]
    assert found["replay"]["confirmed"]
    assert found["message"]
    assert found["source"]
    given = dict(pair.split("=") for pair in query.split("&")) | found["query"]
    again = "&".join(f"{name}={value}" for name, value in given.items())
    before, after = header(play.frame(query)), header(play.frame(again))
    assert after["loss"]["test"] < before["loss"]["test"]


def test_a_good_run_is_healthy_and_all_servers_say_so(play):
    query = "data=gaussians&noise=0.3&optimizer=adam&rate=0.02&hidden=8&activation=tanh&step=600"
    told = play.diagnosis(query)
    assert json.loads(told)["healthy"]
    sick = "rate=1000&step=50"
    assert play.diagnosis(sick) == Playground().diagnosis(sick)


def test_large_runs_are_looked_at_in_part_or_not_at_all(play, client):
    told = json.loads(play.diagnosis("hidden=24,24&n=1500&step=400"))
    assert told["epochs"] < 400
    assert f"its way to step {told['epochs']} is diagnosed" in told["note"]
    error = client.get("/diagnosis?hidden=32,32,32,32,32,32&n=2000&step=20").json()["error"]
    assert error.startswith("diagnosis: expected a smaller run")


def test_a_run_that_has_not_begun_has_no_findings(play):
    """Fault 3: one epoch was diagnosed where none had been made."""
    for query in ("", "hidden=6,6,6,6,6,6&activation=sigmoid&data=circles", "edits=0:b1,0=-20"):
        told = json.loads(play.diagnosis(query))
        assert (told["begun"], told["findings"], told["epochs"]) == (False, [], 0)
        assert "has not begun" in told["note"]
    assert json.loads(play.diagnosis("step=1"))["begun"]


def test_the_overfitting_lesson_is_called_overfitting_with_the_losses_of_the_page(play, header):
    """Fault 4."""
    lesson = next(lesson for lesson in LESSONS if lesson.id == "overfitting")
    told = json.loads(play.diagnosis(lesson.query(0)))
    (found,) = told["findings"]
    loss = header(play.frame(lesson.query(0)))["loss"]
    assert (found["code"], found["go_to"]) == ("overfitting", 6)
    assert f"{loss['test']:.4g}" in found["message"]
    assert f"{loss['train']:.4g}" in found["message"]
    lowest = header(play.frame(f"{lesson.query(0)}&step=6".replace("step=1000&", "")))["loss"]["test"]
    assert f"lowest, {lowest:#.4g}, at step 6" in found["message"]
    assert f"→ {lowest:#.4g}" in found["replay"]["text"]
    assert found["others"][0] == {"text": "Set L2 to 0.03.", "query": {"l2": "0.03"}}
    for place in (1, 2, 4):  # the remedies of the lesson
        assert json.loads(play.diagnosis(lesson.query(place)))["healthy"]


def test_a_rise_of_the_test_loss_that_few_points_cannot_prove_is_told(play, header):
    """The same lesson says to drag time forward: at step 60 the test loss is above 1, and 30 points are few."""
    lesson = next(lesson for lesson in LESSONS if lesson.id == "overfitting")
    for step, rose in ((8, False), (60, True)):
        query = lesson.query(0).replace("step=1000", f"step={step}")
        told = json.loads(play.diagnosis(query))
        assert told["healthy"]
        loss = header(play.frame(query))["loss"]["test"]
        said = f"lowest, 0.4280, at step 6, and is {loss:#.4g} now; with 30 test points that may be chance"
        assert (said in told["note"]) is rose
    assert "may be chance" not in json.loads(play.diagnosis("step=500"))["note"]


SAID = {
    "step=5": "Train on to step 500.",
    "rate=0.001&step=500": "Set learning rate to 1.",
    "l2=3&step=300&optimizer=adam": "Set L2 to 0, and set learning rate to 0.1.",
    "data=circles&hidden=&step=500": "Add a hidden layer of 32 units (tried with 64; the page has at most 32).",
    "activation=sigmoid&hidden=8,8,8,8,8&data=circles&step=300": "Choose relu for the hidden layers.",
    "init=zeros&activation=tanh&step=500": "Set initial weights to automatic.",
    "data=sine&noise=0&hidden=16,16,16&rate=300&step=300": "Set learning rate to 0.3.",
}
LIBRARY = (
    r"unexplained|epochs?\b|\brows?\b|validation|held.out|\w_\w|=|\bnan\b|\binf\b|None|constant prediction|\bcode\b"
)


@pytest.mark.parametrize("query", SAID)
def test_findings_speak_in_words_of_the_page(query, play):
    """The friction of diagnosis: no "unexplained share", no "nan → 0.0416", no Python arguments."""
    findings = json.loads(play.diagnosis(query))["findings"]
    assert findings[0]["remedy"] == SAID[query]
    for found in findings:
        texts = (found["title"], found["message"], found["remedy"], found["replay"]["text"], found["rule"])
        for text in texts:
            assert not re.search(LIBRARY, text), text
            assert "  " not in text


def test_a_loss_that_is_said_is_one_of_the_page(play, header):
    told = json.loads(play.diagnosis("step=500"))["findings"][0]
    assert (told["title"], told["severity"], told["go_to"]) == ("Not trained for long enough yet", "warning", 2500)
    now, later = (header(play.frame(f"step={step}"))["loss"]["test"] for step in (500, 2500))
    assert f"{now:.4g} → {later:.4g}" in told["replay"]["text"]  # both are the lowest of their runs


def test_a_remedy_that_was_tried_on_top_of_another_takes_it_along(play, header):
    query = "init=zeros&activation=tanh&step=500"
    first, second = json.loads(play.diagnosis(query))["findings"][:2]
    assert first["query"] == {"init": ""}
    assert second["query"] == {"init": "", "optimizer": "sgd", "rate": "1.0"}
    assert second["message"].startswith("With the remedy above: the lowest test loss of the run is 0.4115;")
    assert second["remedy"] == "Then also: set learning rate to 1."
    again = header(play.frame("activation=tanh&step=500&rate=1"))["loss"]["test"]
    assert f"{again:.4g}" in second["replay"]["text"]


def test_where_little_can_be_known_the_run_is_not_called_healthy(play):
    told = json.loads(play.diagnosis("n=20&test=0.1&step=100"))
    assert not told["healthy"]
    assert told["findings"] == []
    assert "The set of test points cannot judge, being 2 points." in told["unknown"]


def test_hand_made_changes_on_the_way_are_left_out_and_said_to_be(play):
    assert "by hand" in json.loads(play.diagnosis("step=50&edits=20:b1,0=1"))["note"]


@pytest.mark.parametrize(
    ("remedy", "query"),
    [
        (Remedy("", options={"optimizer": Adam(learning_rate=0.02)}), {"optimizer": "adam", "rate": "0.02"}),
        (Remedy("", options={"optimizer": Momentum(momentum=0.5)}), None),
        (Remedy("", options={"optimizer": SGD(0.5), "l2": 0.03}), {"optimizer": "sgd", "rate": "0.5", "l2": "0.03"}),
        (Remedy("", options={"batch_size": None}), {"batch": "0"}),
        (Remedy("", options={"clip_norm": 1.0}), None),
        (Remedy("", network={"hidden": "relu", "init": None}), {"activation": "relu", "init": ""}),
        (Remedy("", network={"sizes": [2, 12, 12, 1]}), {"hidden": "12,12", "activation": "tanh"}),
        (Remedy("", network={"sizes": [2, 64, 1], "hidden": "relu"}), None),
        (Remedy("", network={"hidden": "relu", "init": None}, at_most_layers=2), {"activation": "relu", "init": "", "hidden": "4,3"}),
        (Remedy("", output_bias=np.array([0.5])), {"edits": "0:b4,0=0.5;9:b1,0=1"}),
        (Remedy("", standardise_inputs=True), None),
        (Remedy("", balanced=True), None),
        (Remedy("", keep=np.array([True])), None),
    ],
)  # fmt: skip
def test_a_remedy_as_the_change_of_a_query(remedy, query):
    state = read_state("hidden=4,3,2&activation=tanh,relu,relu&edits=9:b1,0=1")
    assert changed(remedy, state) == query
