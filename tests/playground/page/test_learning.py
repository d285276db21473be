"""Diagnosis with its remedy, lessons, and exercises."""

import json
import re

import numpy as np
import pytest

from glassnet.playground.lessons import LESSONS

from ..test_own_lessons import LESSON as OWN
from .conftest import Play


def test_a_finding_with_its_evidence_and_its_remedy_beside_it(play):
    play.open("?rate=30&step=200")
    play.page.get_by_role("tab", name="Diagnosis").click()
    finding = play.page.locator(".findings li", has_text="Learning rate too high")
    finding.wait_for()
    assert "Set learning rate to 3." in finding.inner_text()
    assert "It shows in this, too: Dead units." in finding.inner_text()
    assert play.page.locator(".findings > li").count() == 1
    finding.get_by_role("button", name="Try the remedy").click()
    play.settled()
    assert play.page.locator("network-drawing").count() == 2
    assert [play.store(f"store.runs[{k}].query.rate") for k in (0, 1)] == ["30", "3.0"]
    losses = [play.store(f"store.runs[{k}].frame.header.loss.train") for k in (0, 1)]
    assert losses[1] < losses[0]


def test_a_finding_is_in_words_of_the_page(play):
    """Friction: "unexplained share", "nan → 0.0416", and arguments of functions in place of controls."""
    for query in (
        "?data=sine&noise=0&hidden=16,16,16&rate=300&step=300&panel=diagnosis",
        "?data=sine&step=20&panel=diagnosis",
    ):
        play.open(query)
        play.until("document.querySelector('diagnosis-list').latest.fresh")
        text = play.page.locator("diagnosis-list").inner_text()
        assert len(text) > 40
        assert not re.search(r"unexplained|\bnan\b|clip_norm|\w_\w|None", text), text


def test_a_run_that_has_not_begun_is_not_diagnosed(play):
    """Fault 3."""
    play.open()
    play.page.get_by_role("tab", name="Diagnosis").click()
    play.page.get_by_text("The run has not begun").wait_for()
    assert play.page.locator("diagnosis-list .bad, diagnosis-list .good").count() == 0


def test_the_remedy_of_overfitting_goes_back_to_its_step(play):
    """Fault 4: beside the lesson the diagnosis names the overfitting."""
    play.open("?lesson=overfitting:0")
    play.page.get_by_role("tab", name="Diagnosis").click()
    finding = play.page.locator(".findings li", has_text="Overfitting")
    finding.wait_for()
    assert "The test loss is 10.89, the training loss 0.0001884" in finding.inner_text()
    finding.get_by_role("button", name="Go to step 6").click()
    play.settled()
    assert play.step == 6
    assert "0.4280" in scores(play)["test loss"]


def test_a_healthy_run_is_called_so(play):
    play.open("?data=gaussians&hidden=4&activation=tanh&optimizer=adam&rate=0.03&step=100")
    play.page.get_by_role("tab", name="Diagnosis").click()
    play.page.locator("diagnosis-list .good, diagnosis-list .findings").wait_for()


LESSON = [
    {
        "id": "first",
        "title": "What a neuron does",
        "steps": [
            {"text": "<p>One <b>neuron</b>.</p>", "query": {"hidden": "1", "step": "0"}},
            {
                "text": "<p>Trained.</p>",
                "query": {"step": "200", "glass": "1"},
                "highlight": "surface",
                "question": {
                    "text": "A curve or a line?",
                    "choices": ["a curve", "a line"],
                    "answer": 1,
                    "why": "Its sum is linear.",
                },
            },
        ],
    }
]


@pytest.mark.place("prefix", "frame", why="the kernel answers by messages, there is no request to answer otherwise")
def test_a_lesson_step_by_step(play):
    play.page.route("**/lessons", lambda route: route.fulfill(body=json.dumps(LESSON), content_type="application/json"))
    play.open()
    page = play.page
    page.keyboard.press("l")
    page.get_by_role("button", name="What a neuron does").click()
    play.settled()
    assert play.query["hidden"] == "1"
    assert page.locator(".lesson .text b").inner_text() == "neuron"
    page.get_by_role("button", name="Next", exact=True).click()
    play.settled()
    assert (play.step, play.query["hidden"]) == (200, "1")
    assert page.locator("the-glass").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('decision-surface .square')).outlineWidth") == "2px"
    page.get_by_label("a curve").check()
    assert "Not quite" in page.locator(".question").inner_text()
    page.get_by_label("a line").check()
    assert "Right. Its sum is linear." in page.locator(".question").inner_text()
    address = play.store("store.address")
    play.open(address)
    assert "2 of 2" in page.locator(".lesson .where").inner_text()
    page.get_by_role("button", name="Back", exact=True).click()
    play.settled()
    assert play.step == 0
    page.get_by_role("button", name="Leave the lesson").click()
    assert page.locator(".lesson").count() == 0
    assert page.evaluate("document.documentElement.dataset.highlight") == ""


@pytest.mark.place(why="looks at a server of its own")
def test_lessons_of_ones_own_stand_before_the_others(browser, own_server, tmp_path):
    (tmp_path / "one-line.toml").write_text(OWN, encoding="utf-8")
    context = browser.new_context()
    play = Play(context.new_page(), own_server("--lessons", str(tmp_path)))
    play.open("?lesson=list")
    first = play.page.locator(".lessons li").first
    first.wait_for()
    assert play.page.locator(".lessons li").count() == len(LESSONS) + 1
    first.get_by_role("button", name="One line").click()
    play.settled()
    assert (play.step, play.query["data"]) == (200, "gaussians")
    assert "A single unit, 2-1, with 3 parameters." in play.page.locator(".lesson .text").inner_text()
    assert scores(play)["test accuracy"] in ("0.9875", "0.988")
    play.page.get_by_label("It moves the line").check()
    assert "Right. It is added whatever the inputs are." in play.page.locator(".question").inner_text()
    context.close()
    assert play.problems == []


def scores(play):
    """The numbers of the top line by their names, such as "test loss"."""
    rows = play.page.locator(".top .score div").all()
    found = {row.locator("dt").inner_text(): row.locator("dd").all_inner_texts() for row in rows}
    return {f"{text.split()[0]} {name}": text.split()[1] for name, texts in found.items() for text in texts}


OPEN = """([id, at]) => {
  const guide = document.querySelector('lesson-guide');
  guide.go(guide.lessons.find((each) => each.id === id), at);
}"""


def test_numbers_that_a_lesson_quotes_are_on_the_page_at_that_moment(play):
    """Fault 14: training accuracy and test loss have a place, and a loss says which it is."""
    play.open("?lesson=list")
    play.page.locator(".lessons li").first.wait_for()
    for lesson in LESSONS:
        for at in range(len(lesson.steps)):
            play.page.evaluate(OPEN, [lesson.id, at])
            play.settled()
            said = play.page.locator(".lesson .text").inner_text()
            settings = {value for each in lesson.steps[: at + 1] for value in each.query.values()} | {"0.1", "0.01"}
            quoted = set(re.findall(r"\d+\.\d+", said)) - settings
            shown = scores(play)
            assert set(shown) == {"training loss", "test loss", "training accuracy", "test accuracy"}
            assert quoted <= set(shown.values()), (lesson.id, at)
            for number in quoted:
                assert any(number == shown[name] and name in said for name in shown), (lesson.id, at, number)
    play.open("?data=gaussians&hidden=&step=200&edits=200:b1,0=3")
    assert scores(play)["test accuracy"] == "0.7875"
    play.page.get_by_role("button", name="Compare").click()
    play.settled()
    assert scores(play)["test run B: accuracy"] == "0.7875"  # of two runs the one that the controls change


def open_lesson(play, name, at):
    """Open a step of a lesson; return its text."""
    play.page.evaluate(OPEN, [name, at])
    play.settled()
    return " ".join(play.page.locator(".lesson .text").inner_text().split())


def test_units_that_a_lesson_calls_off_are_off_on_all_training_points_of_the_page(play):
    """Fault 1: all ten were called off on all training points where two were on."""
    play.open("?lesson=list")
    play.page.locator(".lessons li").first.wait_for()
    assert "all ten units are off on all training points" in open_lesson(play, "dead-units", 3)
    points = np.array(play.store("store.run.data.train.points"))
    W, b = (np.array(play.header[name][0]) for name in "Wb")
    assert len(b) == 10
    assert ((points @ W + b) < 0).all()
    assert not np.any(play.header["dW"][0])


def test_what_a_lesson_calls_best_is_best_of_its_steps(play):
    """Fault 5: more data were called the best remedy right after a penalty had given half the test loss."""
    play.open("?lesson=list")
    play.page.locator(".lessons li").first.wait_for()
    count = len(next(each for each in LESSONS if each.id == "overfitting").steps)
    texts, losses = [], []
    for at in range(count):
        texts.append(open_lesson(play, "overfitting", at))
        losses.append(float(scores(play)["test loss"]))
    (best,) = (at for at, text in enumerate(texts) if "best" in text)
    assert losses[best] == min(losses)
    data = next(at for at, text in enumerate(texts) if text.startswith("More data helps"))
    assert "not as good as with the penalty" in texts[data]
    assert losses[data] > losses[data - 1]


def test_exercises_are_graded_and_the_mistake_is_named(play):
    play.open("?lesson=exercise&step=20&activation=tanh&hidden=3&sample=5")
    page = play.page
    page.locator("select[name=kind]").select_option("gradient")
    page.locator(".exercise .text li").first.wait_for()
    play.until("document.querySelector('number-exercise').task?.kind === 'gradient'")
    task = page.evaluate("document.querySelector('number-exercise').task")
    query = page.evaluate("document.querySelector('number-exercise').query")
    found = play.asked(f"grade?{query}&answer=0")
    field = page.get_by_label("Your number")
    field.fill(f"{-found['expected']:.6g}")
    field.press("Enter")
    page.locator(".verdict .bad").wait_for()
    assert len(page.locator(".verdict").inner_text()) > 40  # what likely happened, in words
    field.fill(f"{found['expected']:.4g}".replace("-", "−"))
    field.press("Enter")
    page.locator(".verdict .good").wait_for()
    field.fill("a third")
    field.press("Enter")
    assert "A number, please" in page.locator(".exercise [role=alert]").inner_text()
    page.get_by_role("button", name="Another one").click()
    play.until("document.querySelector('number-exercise').turn === 2")
    page.get_by_role("button", name="Show me in the glass").click()
    play.until("store.worked")
    assert play.store("store.glass.symbol").startswith("dW")
    assert task["symbol"].startswith("dW")


def test_a_question_follows_the_run_the_step_and_the_point(play):
    """Fault 12: after New seed or a step the question is about the numbers that the page and the glass show."""
    play.open("?lesson=exercise&step=20&activation=tanh&hidden=3")
    page = play.page
    task = "document.querySelector('number-exercise').task"

    def asked(step, point):
        play.until(f"{task}?.text.includes('Training point {point} ') && {task}.text.includes('at step {step}:')")
        play.settled()
        given = dict(re.findall(r"(\w+\[[\d, ]+\]) = ([-.e\d]+)", page.locator(".exercise .text").inner_text()))
        assert float(given["W1[1, 0]"]) == float(f"{play.header['W'][0][1][0]:.6g}")

    asked(20, 0)
    page.locator("input[name=answer]").fill("5")
    page.get_by_role("button", name="Check").click()
    page.locator(".verdict .bad").wait_for()
    page.get_by_role("button", name="New seed").click()
    asked(20, 0)
    assert page.locator(".verdict .bad").count() == 0
    page.keyboard.press("ArrowRight")
    asked(21, 0)
    page.get_by_role("button", name="Show me in the glass").click()
    play.until("store.worked")
    page.get_by_role("button", name="Next sample").click()
    asked(21, 1)


@pytest.mark.parametrize(
    ("optimizer", "given", "rule"),
    [("momentum", ["momentum", "v_before_W1[0, 0]"], "momentum * v_before"),
     ("rmsprop", ["decay", "epsilon", "v_before_W1[0, 0]"], "np.sqrt(v)"),
     ("adam", ["t", "beta1", "beta2", "epsilon", "m_before_W1[0, 0]", "v_before_W1[0, 0]"], "m_hat")],
)  # fmt: skip
def test_an_update_gives_all_it_needs_and_after_an_answer_the_rule_of_the_optimizer(play, optimizer, given, rule):
    """Fault 19: the constants and the memory of the optimizer were missing, and the rule was that of gradient descent."""
    play.open(f"?lesson=exercise&step=20&activation=tanh&hidden=3&optimizer={optimizer}")
    page = play.page
    page.locator("select[name=kind]").select_option("update")
    play.until("document.querySelector('number-exercise').task?.kind === 'update'")
    text = page.locator(".exercise .text").inner_text()
    for name in given:
        assert f"{name} = " in text
    page.locator("input[name=answer]").fill("5")
    page.get_by_role("button", name="Check").click()
    page.locator(".verdict summary").click()
    assert rule in page.locator(".verdict pre").inner_text()
