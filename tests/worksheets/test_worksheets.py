"""Worksheets: solved by their key they are right, planted mistakes are named, answers are read as people type them."""

import csv
import json
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.worksheets.suite import is_named, measure, planted, rounded

import glassnet as gn
from glassnet.worksheets.answers import read_choice, read_number, read_numbers, read_shape
from glassnet.worksheets.catalog import TOPICS, draw_sheet
from glassnet.worksheets.draw import LEAST_Z, MOST_Z
from glassnet.worksheets.files import FilledSheet, read_sheet, sheet_fields
from glassnet.worksheets.grading import grade_sheet, key_answers
from glassnet.worksheets.layout.html import key_html, sheet_html


def filled(topic, answers, seed=0, learner="Ada"):
    return FilledSheet(learner, draw_sheet(topic, seed), answers)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_key_is_right_and_a_planted_mistake_is_named(topic):
    sheet = draw_sheet(topic, 1)
    key = key_answers(sheet)
    for digits in (17, 3):
        result = grade_sheet(FilledSheet("key", sheet, rounded(key, digits)))
        assert result.right == len(result.marks), str(result)
        assert result.ok
        assert not result.mistakes
    code, answers = list(planted(sheet))[-1]
    result = grade_sheet(FilledSheet("learner", sheet, answers))
    assert not result.ok
    assert is_named(code, result), str(result)


@pytest.mark.long
@pytest.mark.parametrize("topic", TOPICS)
def test_two_hundred_seeds(topic):
    right, made, named, missed = measure(topic, range(200))
    assert right == 200
    assert named >= 0.99 * made, missed


@pytest.mark.parametrize("topic", TOPICS)
def test_a_seed_gives_the_same_sheet_and_another_seed_another(topic):
    first, again, other = draw_sheet(topic, 3), draw_sheet(topic, 3), draw_sheet(topic, 4)
    assert repr(key_answers(first)) == repr(key_answers(again))
    assert repr(key_answers(first)) != repr(key_answers(other))


def test_numbers_are_drawn_by_the_rules():
    for seed in range(5):
        (part,) = draw_sheet("full-step-softmax", seed).parts
        Z1, W2 = part.derivation.value("Z1"), part.derivation.value("W2")
        assert (np.abs(Z1) >= LEAST_Z).all()
        assert (np.abs(Z1) <= MOST_Z).all()
        assert (Z1 > 0).sum() in (2, 3)
        assert (np.abs(W2[:, 0] - W2[:, 1]) >= 0.5).all()
        p = part.derivation.value("A2").max()
        assert min(abs(p - two) for two in (0.69, 0.7006, 0.7503, 0.81, 0.8699, 0.9002, 0.9206)) < 1e-4
        (exact,) = draw_sheet("full-step-exact", seed).parts
        for symbol in exact.asked:  # every number ends
            assert np.array_equal(
                exact.derivation.value(symbol) * 4096, np.round(exact.derivation.value(symbol) * 4096)
            )


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.5", 0.5), (",5", 0.5), ("1/2", 0.5), ("−3", -3), ("–3", -3), (" + 2 ", 2), ("1,25", 1.25), ("−1/4", -0.25),
     ("2e-3", 2e-3), ("2·10^-3", 2e-3), ("3x10−4", 3e-4), (".5", 0.5), ("4.", 4), (0.25, 0.25), ("", None), ("  ", None), (None, None)],
)  # fmt: skip
def test_numbers_as_people_type_them(text, number):
    assert read_number(text, "a.Z1") == number


@pytest.mark.parametrize("text", ["abc", "1/0", "1;2", "nan", "inf", "1e999", True, [1], "0x10", "1.2.3", "9" * 70])
def test_anything_else_is_one_line(text):
    with pytest.raises(gn.InputError, match=r"^a\.Z1: expected a number; got ") as raised:
        read_number(text, "a.Z1")
    assert "\n" not in str(raised.value)


def test_shapes_choices_and_boxes():
    assert [read_shape(text, "s") for text in ("2×3", "(2,3)", "2 X 3", "2 by 3", [2, 3], "")] == ["2 × 3"] * 5 + [""]
    with pytest.raises(gn.InputError, match="expected a shape"):
        read_shape("two by three", "s")
    assert read_choice("CLASS 1", "c", ("class 0", "class 1")) == "class 1"
    with pytest.raises(gn.InputError, match="expected one of class 0, class 1; got '2'"):
        read_choice("2", "c", ("class 0", "class 1"))
    assert read_numbers([["1", ""]], "a", (1, 2)).tolist()[0][0] == 1
    assert read_numbers(["1", "2"], "a", (1, 2)).tolist() == [[1, 2]]
    assert read_numbers(["1", "2"], "a", (2, 1)).tolist() == [[1], [2]]
    with pytest.raises(gn.InputError, match="a: expected 2 rows of 2; got"):
        read_numbers([["1", "2"]], "a", (2, 2))
    with pytest.raises(gn.InputError, match=r"a\[0, 1\]: expected a number; got 'x'"):
        read_numbers([["1", "x"]], "a", (1, 2))


def test_empty_is_not_given_and_half_filled_is_incomplete():
    sheet = draw_sheet("neuron", 2)
    result = grade_sheet(FilledSheet("Ada", sheet, sheet_fields(sheet)["answers"]))
    assert {mark.verdict for mark in result.marks} == {"not given"}
    assert result.ok
    assert not result.mistakes
    some = grade_sheet(FilledSheet("Ada", sheet, {"a.Z1": [["99"], [""], [""]], "a.side0": "class 1"}))
    verdicts = {mark.item.name: mark.verdict for mark in some.marks}
    assert verdicts["a.Z1"] == "incomplete"
    assert verdicts["a.A1"] == "not given"


def test_a_side_that_follows_from_own_numbers_and_one_that_does_not():
    sheet = draw_sheet("neuron", 2)
    key = key_answers(sheet)
    turned = {
        **key,
        "a.Z1": [[-z for z in row] for row in key["a.Z1"]],
        "a.A1": [[1 - a for a in row] for row in key["a.A1"]],
    }
    other = {"class 0": "class 1", "class 1": "class 0"}
    follows = grade_sheet(FilledSheet("Ada", sheet, {**turned, "a.side0": other[key["a.side0"]]}))
    assert {mark.item.name: mark.verdict for mark in follows.marks}["a.side0"] == "follows"
    wrong = grade_sheet(FilledSheet("Ada", sheet, {**key, "a.side0": other[key["a.side0"]]}))
    assert {mark.item.name: mark.verdict for mark in wrong.marks}["a.side0"] == "wrong"
    assert [mistake.code for mistake in wrong.mistakes] == ["wrong_side"]


def test_two_percent_of_the_largest_entry_is_right():
    sheet = draw_sheet("full-step-softmax", 1)
    key = key_answers(sheet)
    near = [[value + 0.015 * np.abs(key["a.Z1"]).max() for value in row] for row in key["a.Z1"]]
    far = [[value + 0.03 * np.abs(key["a.Z1"]).max() for value in row] for row in key["a.Z1"]]
    marks = [grade_sheet(FilledSheet("Ada", sheet, {"a.Z1": rows})).marks[0].verdict for rows in (near, far)]
    assert marks == ["rounded", "wrong"]


def test_a_wrong_term_near_the_right_one_is_named_with_the_others():
    sheet = draw_sheet("full-step-softmax", 29)  # without the biases Z2 comes within 2 % of the right one
    answers = dict(planted(sheet))["bias_forgotten"]
    result = grade_sheet(FilledSheet("learner", sheet, answers))
    assert [mistake.code for mistake in result.mistakes] == ["bias_forgotten"]
    assert {mark.item.symbol: mark.verdict for mark in result.marks}["Z2"] == "wrong"


def test_the_second_step_of_adam_goes_on_from_own_numbers():
    sheet = draw_sheet("optimizer", 1)
    key = key_answers(sheet)
    first, second, _ = sheet.parts
    theta = np.array(key["a.theta"]) + 0.2 * np.sign(
        np.ravel(first.derivation.value("g"))
    )  # the wrong direction, then right
    carried = second.carried({**{s: np.array(key[f"a.{s}"]) for s in ("m", "v")}, "theta": theta})
    answers = {**key, "a.theta": theta.tolist(), "b.theta": carried.value("theta").reshape(1, -1).tolist()}
    result = grade_sheet(FilledSheet("Ada", sheet, rounded(answers, 5)))
    verdicts = {mark.item.name: mark.verdict for mark in result.marks}
    assert verdicts["a.theta"] == "wrong"
    assert verdicts["b.theta"] == "follows"
    assert verdicts["b.m"] == "right"


def test_shapes_that_are_turned_have_a_name():
    key = key_answers(draw_sheet("layer-and-batch", 0))
    result = grade_sheet(filled("layer-and-batch", {**key, "a.shape_W1": "3x2", "a.shape_Z1": "2x2"}))
    assert [mistake.code for mistake in result.mistakes] == ["shape_turned", "shape_wrong"]


class _Page(HTMLParser):
    """Collects the addresses that a page would load, and its input boxes."""

    def __init__(self):
        super().__init__()
        self.loaded, self.boxes = [], set()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.loaded += [value for name, value in given.items() if name in ("src", "href") and value]
        if "data-item" in given:
            self.boxes.add(given["data-item"])
        elif given.get("type") == "radio":
            self.boxes.add(given["name"])


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_has_a_box_for_each_item_and_no_key(topic):
    sheet = draw_sheet(topic, 5)
    html = sheet_html(sheet)
    page = _Page()
    page.feed(html)
    assert page.loaded == []
    assert page.boxes == {item.name for item in sheet.items}
    fields = json.loads(re.search(r'id="fields">(.*?)</script>', html)[1])
    assert set(fields["answers"]) == page.boxes
    assert fields["topic"] == topic
    assert not re.search(
        r"[1-9]", json.dumps(fields["answers"]["a.line" if topic == "find-the-mistake" else sheet.items[-1].name])
    )
    key = key_html(sheet)
    for part in sheet.parts:
        for code in part.listed:
            assert f"<code>{code}</code>" in key


@pytest.mark.parametrize("topic", ["neuron", "find-the-mistake", "batch-penalty-mask"])
def test_a_pdf_is_the_same_bytes_each_time(topic):
    from glassnet.worksheets.layout.pdf import key_pdf, sheet_pdf

    sheet = draw_sheet(topic, 5)
    first = sheet_pdf(sheet)
    assert first[:5] == b"%PDF-"
    assert first == sheet_pdf(sheet)
    assert key_pdf(sheet) != first


def test_without_typst_there_is_one_line(monkeypatch):
    from glassnet.worksheets.layout.pdf import sheet_pdf

    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(
        gn.InputError, match=r"expected the package typst; found none; pip install 'glassnet\[worksheets\]'"
    ):
        sheet_pdf(draw_sheet("neuron", 0))


BROKEN = {
    "not JSON": ("{", "expected JSON"),
    "another file": ("{}", "expected a sheet.json of glassnet worksheet"),
    "a list": ("[1]", "expected a sheet.json of glassnet worksheet"),
    "another version": ({"version": 99}, "expected a sheet of version 1; got 99"),
    "no topic": ({"topic": "nuron"}, "did you mean 'neuron'"),
    "no seed": ({"seed": "x"}, "seed: expected a whole number"),
    "no answers": ({"answers": []}, "expected answers"),
    "an unknown item": ({"answers": {"a.Z9": ""}}, "answer: expected one of"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_one_line(case, tmp_path):
    change, message = BROKEN[case]
    content = change if isinstance(change, str) else json.dumps({**sheet_fields(draw_sheet("neuron", 0)), **change})
    (tmp_path / "sheet.json").write_text(content)
    with pytest.raises(gn.InputError, match=message) as raised:
        read_sheet(tmp_path / "sheet.json")
    assert "\n" not in str(raised.value)


def hand_in(folder, name, answers, topic="layer-and-batch", seed=0):
    sheet = {**sheet_fields(draw_sheet(topic, seed)), "name": name}
    sheet["answers"].update(answers)
    (folder / f"{name}.json").write_text(json.dumps(sheet), encoding="utf-8")


def test_a_class_is_graded_into_one_table(tmp_path, glassnet):
    folder = tmp_path / "class"
    folder.mkdir()
    counts = {}
    for number in range(30):  # everyone has numbers of their own
        sheet = draw_sheet("layer-and-batch", number)
        key = key_answers(sheet)
        made = dict(planted(sheet))
        code = [None, None, "bias_forgotten", "activation_forgotten"][number % 4]
        hand_in(folder, f"learner{number:02}", key if code is None else made[code], seed=number)
        counts[code] = counts.get(code, 0) + 1
    (folder / "broken.json").write_text("{")
    done = glassnet("grade", folder, "--out", tmp_path / "table.csv")
    assert done.code == 0, done.err
    assert "broken.json is left out" in done.err
    assert "30 learners" in done.out
    assert re.search(rf"{counts['bias_forgotten']}  bias_forgotten: ", done.out)
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text(encoding="utf-8").splitlines()))
    learners = [row for row in rows if row["learner"].startswith("learner")]
    assert len(learners) == 30
    assert sum(row["a.Z1"] == "wrong" for row in learners) == counts["bias_forgotten"]
    assert sum("activation_forgotten" in row["misconceptions"] for row in learners) == counts["activation_forgotten"]
    per_item = next(row for row in rows if row["learner"] == "right per item")
    assert int(per_item["a.Z1"]) == 30 - counts["bias_forgotten"]
    assert int(per_item["a.shape_W1"]) == 30


def test_one_learner_at_the_command_line(tmp_path, glassnet):
    sheet = draw_sheet("layer-and-batch", 0)
    hand_in(tmp_path, "Ada", key_answers(sheet))
    assert glassnet("grade", tmp_path / "Ada.json").code == 0
    hand_in(tmp_path, "Bob", dict(planted(sheet))["bias_forgotten"])
    done = glassnet("grade", tmp_path / "Bob.json")
    assert done.code == 1
    assert "first wrong: Z1" in done.out
    assert "The bias is forgotten on the way forward." in done.out
    wrong = glassnet("grade", tmp_path / "none.json")
    assert wrong.code == 2
    assert len(wrong.err.strip().splitlines()) == 1


def test_the_command_writes_sheet_key_and_json(tmp_path, glassnet):
    done = glassnet(
        "worksheet", "--topic", "neuron", "--seed", "7", "--out", tmp_path / "s.json", "--key", tmp_path / "k.html"
    )
    assert done.code == 0, done.err
    assert read_sheet(tmp_path / "s.json").sheet.seed == 7
    assert "Typical wrong answers" in (tmp_path / "k.html").read_text(encoding="utf-8")
    for arguments, message in (
        (["--topic", "nuron", "--out", "s.pdf"], "did you mean 'neuron'"),
        (["--topic", "neuron"], "--out: expected a file to write"),
        (["--topic", "neuron", "--out", "s.docx"], "--out: expected a name that ends in .pdf, .html, .json"),
        (["--topic", "neuron", "--key", "k.json"], "--key: expected a name that ends in .pdf, .html"),
    ):
        wrong = glassnet("worksheet", *arguments)
        assert wrong.code == 2
        assert message in wrong.err
