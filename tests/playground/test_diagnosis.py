"""The diagnosis beside a run: what it finds, and remedies whose query does what they say."""

import json

import numpy as np
import pytest

from glassnet.diagnose.case.remedy import Remedy
from glassnet.playground.diagnosis import changed
from glassnet.playground.playground import Playground
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
    assert f"first {told['epochs']} epochs" in told["note"]
    error = client.get("/diagnosis?hidden=32,32,32,32,32,32&n=2000&step=20").json()["error"]
    assert error.startswith("diagnosis: expected a smaller run")


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
