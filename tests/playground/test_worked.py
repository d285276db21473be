"""The worked step and the exercises: the numbers of `explain`, right answers right, and usual mistakes named."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import InputError
from glassnet.explain.grading.misconceptions import MISCONCEPTIONS
from glassnet.playground import state
from glassnet.playground.exercises import KINDS
from glassnet.playground.setup import load_data
from glassnet.playground.state import read_state
from glassnet.playground.uploads import Uploads

QUERY = "data=circles&hidden=5,3&activation=tanh,relu&optimizer=adam&l2=0.01&step=30"


def explained(play, query):
    told = json.loads(play.explain(query))
    return told, {step["symbol"]: step for step in (*told["given"], *told["steps"])}


def test_a_sample_is_worked_out_as_explain_does(play, header):
    told, steps = explained(play, f"{QUERY}&sample=7")
    data, head = load_data(read_state(QUERY), Uploads()), header(play.frame(QUERY))
    net = gn.Network([2, 5, 3, 1], ["tanh", "relu"], "sigmoid")
    for layer in net.W:
        net.W[layer][...], net.b[layer][...] = head["W"][layer - 1], head["b"][layer - 1]
    gradient = net.backward(net.forward(data.train[7:8]), data.y_train[7:8], l2=0.01)
    assert (told["sample"], told["rows"], told["x"], told["target"]) == (7, 1, data.train[7].tolist(), data.y_train[7])
    np.testing.assert_allclose(steps["dW1"]["value"], gradient.W[1], rtol=1e-12)
    np.testing.assert_allclose(steps["dZ2"]["value"], gradient.Z[2], rtol=1e-12)
    assert steps["dZ3"]["file"].startswith("glassnet/")
    assert steps["dW2"]["inputs"]
    checks = [step["check"] for step in told["steps"] if step["check"]]
    assert len(checks) > 10
    assert all(check["ok"] for check in checks)


def test_the_optimizers_memory_is_that_of_the_run(play, header):
    before, steps = explained(play, f"{QUERY}&sample=batch")
    after = header(play.frame(QUERY.replace("step=30", "step=31")))
    flat = np.concatenate([np.concatenate([np.ravel(W), b]) for W, b in zip(after["W"], after["b"], strict=True)])
    np.testing.assert_allclose(steps["theta"]["value"], flat, rtol=1e-12)  # the page's next step, from the formulas
    assert before["rows"] == 320
    assert len(steps["Z1"]["value"]) == 12
    assert steps["Z1"]["shape"] == [320, 5]


def test_the_batch_is_worked_out_if_nothing_else_is_asked_for_and_it_is_not_too_large(play):
    assert explained(play, QUERY)[0]["sample"] == "batch"
    large = "n=2000&test=0.1&hidden=32,32&step=1"
    assert explained(play, large)[0]["sample"] == 0
    with pytest.raises(InputError, match="batch this large"):
        explained(play, f"{large}&sample=batch")


def test_every_formula_is_mathml(play):
    told, _ = explained(play, f"{QUERY}&sample=0&entry=W1,0,3")
    formulas = [step["mathml"] for step in told["steps"] if step["mathml"]] + told["entry"]["mathml"]
    formulas += [line["mathml"] for line in told["entry"]["lines"]]
    assert len(formulas) > 25
    for formula in formulas:
        root = ElementTree.fromstring(formula.replace("&nbsp;", " "))
        assert root.tag == "math"
        assert any(each.text == "=" for each in root.iter("mo"))


@pytest.mark.parametrize(("entry", "index"), [("W1,0,3", [0, 3]), ("b2,1", [1]), ("W3,2,0", [2, 0])])
def test_the_chain_rule_of_an_entry_is_its_gradient_checked(play, entry, index):
    told, steps = explained(play, f"{QUERY.replace('relu', 'gelu')}&sample=3&entry={entry}")
    found = told["entry"]
    gradient = np.array(steps[f"d{found['symbol']}"]["value"])[tuple(index)]
    assert found["index"] == index
    assert found["value"] == pytest.approx(gradient, rel=1e-12)
    assert found["independent"]["value"] == pytest.approx(gradient, rel=1e-6)


def test_an_entry_with_very_many_paths_is_told_without_them(play):
    told, steps = explained(play, "hidden=16,16,16&sample=0&entry=W1,1,2&step=5")
    assert told["entry"]["paths"] == 256
    assert told["entry"]["mathml"] == []
    assert told["entry"]["value"] == steps["dW1"]["value"][1][2]


@pytest.mark.parametrize("more", ["sample=320", "sample=-1", "sample=x", "entry=W4,0,0", "entry=W1,0", "entry=b1,0,0", "entry=W1,2,0",
                                  "entry=", "entry=W1,0,9999", "entry=theta"])  # fmt: skip
def test_a_sample_or_an_entry_that_is_not_there_is_refused(client, more):
    answer = client.get(f"/explain?{QUERY}&{more}")
    assert answer.status_code == (200 if more == "entry=" else 422)
    if answer.status_code == 422:
        assert answer.json()["error"].startswith(more.split("=")[0])


def test_a_run_that_ended_has_no_next_step(client):
    error = client.get("/explain?data=sine&noise=0&hidden=16,16,16&rate=300&step=300").json()["error"]
    assert error.startswith("step: expected a finite loss")


@pytest.mark.parametrize("query", [QUERY, "data=blobs&classes=3&hidden=4&step=9", "data=sine&hidden=6&activation=tanh&step=20&optimizer=momentum",
                                   "hidden=&step=5", "activation=relu&step=40&loss=squared_error"])  # fmt: skip
def test_right_answers_are_right_and_a_turned_sign_is_not(play, query):
    asked = set()
    for turn in range(24):
        ask = f"{query}&sample=5&turn={turn}"
        task = json.loads(play.exercise(ask))
        asked.add((task["symbol"], *task["index"]))
        assert task["kind"] == KINDS[turn % 4]
        expected = json.loads(play.grade(f"{ask}&answer=0"))["expected"]
        digits = 9 if task["kind"] == "update" else 3
        assert json.loads(play.grade(f"{ask}&answer={expected:.{digits}g}"))["ok"]
        if abs(expected) > 1e-3:
            assert not json.loads(play.grade(f"{ask}&answer={-expected!r}"))["ok"]
    assert len(asked) >= 5


def test_the_numbers_given_are_enough_to_compute_the_answer(play):
    query = "data=circles&hidden=4&activation=tanh&step=25&sample=2"

    def task(kind, turn=0):
        told = json.loads(play.exercise(f"{query}&kind={kind}&turn={turn}"))
        numbers = dict(re.findall(r"<code>([^<]+)</code> = ([-.e\d]+)", told["text"]))
        return {name: float(value) for name, value in numbers.items()}, f"{query}&kind={kind}&turn={turn}"

    given, ask = task("forward")
    answer = given["A0[0, 0]"] * given["W1[0, 0]"] + given["A0[0, 1]"] * given["W1[1, 0]"] + given["b1[0]"]
    assert json.loads(play.grade(f"{ask}&answer={answer:.3g}"))["ok"]
    given, ask = task("loss")
    p, y = given["A2[0, 0]"], given["Y[0, 0]"]
    assert json.loads(play.grade(f"{ask}&answer={-np.log(p if y else 1 - p):.3g}"))["ok"]
    given, ask = task("gradient")
    assert json.loads(play.grade(f"{ask}&answer={np.prod(list(given.values())):.3g}"))["ok"]
    given, ask = task("update")
    weight, slope, rate = given.values()
    assert rate == 0.1
    assert json.loads(play.grade(f"{ask}&answer={weight - 0.1 * slope:.9g}"))["ok"]
    uphill = json.loads(play.grade(f"{ask}&answer={weight + 0.1 * slope:.9g}"))
    assert not uphill["ok"]
    assert uphill["misconception"]["code"] in MISCONCEPTIONS


@pytest.mark.parametrize("optimizer", state.RATES)
def test_an_update_is_computed_from_the_numbers_given_by_the_formula_of_its_optimizer(play, optimizer):
    """Fault 19: t, beta1, beta2, epsilon, m and v are given, and `formula` is not that of gradient descent."""
    for turn in (0, 4):
        ask = f"data=circles&hidden=4&activation=tanh&optimizer={optimizer}&l2=0.01&step=25&sample=2&kind=update&turn={turn}"
        text = json.loads(play.exercise(ask))["text"]
        found = dict(re.findall(r"<code>([^<]+)</code> = ([-.e\d]+)", text))
        given = {re.sub(r"_?W\d\[.*", "", name) or "theta_before": float(value) for name, value in found.items()}
        given["g"] = given.pop("d")
        formula = json.loads(play.grade(f"{ask}&answer=0"))["formula"]
        exec(formula, {"np": np}, given)  # noqa: S102 - the server's own lines
        assert json.loads(play.grade(f"{ask}&answer={given['theta']:.12g}"))["ok"], (formula, given)
        before = given["theta_before"]
        assert not json.loads(play.grade(f"{ask}&answer={before - 0.1 * given['learning_rate'] * given['g']:.12g}"))[
            "ok"
        ]


def test_with_dropout_the_numbers_given_are_those_that_went_in(play):
    for turn in range(4, 40, 8):  # layer 2
        ask = f"hidden=4&dropout=0.5&activation=tanh&step=25&sample=2&kind=gradient&turn={turn}"
        numbers = re.findall(r"</code> = ([-.e\d]+)", json.loads(play.exercise(ask))["text"])
        assert json.loads(play.grade(f"{ask}&answer={np.prod(np.array(numbers, float)):.6g}"))["ok"]


def test_a_question_names_its_point_and_step(play):
    text = json.loads(play.exercise("data=blobs&classes=3&step=25&sample=2&kind=loss"))["text"]
    points = load_data(read_state("data=blobs&classes=3"), Uploads())
    x, y = points.train[2]
    assert f"Training point 2 ({x:.4g}, {y:.4g}), class {points.y_train[2]}, at step 25:" in text


def test_usual_mistakes_are_named(play):
    query = "data=circles&hidden=4&activation=tanh&step=25&sample=2"
    named = set()
    for turn in range(16):
        _, steps = explained(play, query)
        task = json.loads(play.exercise(f"{query}&turn={turn}"))
        if task["kind"] == "forward" and task["symbol"].startswith("Z"):
            layer, (_, unit) = int(task["symbol"][1:]), task["index"]
            wrong = steps[task["symbol"]]["value"][0][unit] - steps[f"b{layer}"]["value"][unit]  # the bias forgotten
        elif task["kind"] == "gradient":
            wrong = -json.loads(play.grade(f"{query}&turn={turn}&answer=0"))["expected"]
        else:
            continue
        verdict = json.loads(play.grade(f"{query}&turn={turn}&answer={wrong!r}"))
        assert not verdict["ok"]
        if verdict["misconception"]:
            named.add(verdict["misconception"]["code"])
            assert verdict["misconception"]["remedy"]
    assert len(named) >= 2


@pytest.mark.parametrize("more", ["turn=x", "kind=other", "answer=abc", "sample=batch", "answer=", "answer=nan"])
def test_what_is_no_answer_is_refused(client, more):
    path = "/grade" if more.startswith("answer") else "/exercise"
    answer = client.get(f"{path}?{QUERY}&{more}")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(more.split("=")[0])
