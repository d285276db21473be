"""In a class: locked settings, the link to hold up."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def links():
    """The teacher's link and the class's of a server that locks all settings but seed and rate."""
    command = [sys.executable, "-m", "glassnet", "play", "--port", "0", "--no-browser", "--lock", "seed,rate"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield [next(word for word in process.stdout.readline().split() if word.startswith("http")) for _ in range(2)]
        process.terminate()


def test_a_class_changes_what_its_link_leaves_free_and_nothing_else(play, links):
    play.server, query = links[1].split("/?")
    play.open(f"?{query}")
    page = play.page
    assert page.locator(".locks").inner_text() == "Settings in grey are as your teacher left them."
    for name in ("rate", "seed"):
        assert page.locator(f"set-up [name={name}]").is_enabled(), name
    for name in ("noise", "test", "init", "optimizer", "loss", "batch", "l2", "dropout", "feature-xx"):
        assert page.locator(f"set-up [name={name}]").is_disabled(), name
    for name in ("exclusive or", "Layer 1: one unit more", "+ hidden layer", "Remove layer 1"):
        assert page.get_by_role("button", name=name, exact=True).is_disabled(), name
    play.set("input[name=rate]", 8)
    page.get_by_role("button", name="New seed").click()
    page.keyboard.press("ArrowRight")
    play.settled()
    assert (play.query["rate"], play.header["learning_rate"], play.step) == ("1", 1, 1)
    assert play.query["seed"] != "42"
    page.evaluate("import('./static/app/page.js').then(({store}) => store.change({hidden: '3', data: 'xor'}))")
    play.settled()
    assert (play.query["hidden"], play.query["data"]) == ("10", "moons")
    x, y = play.weight_at(0, 3)
    page.mouse.click(x, y)
    play.until("store.glass")
    assert page.locator("[name=entry-value]").is_disabled()
    page.keyboard.press("l")
    page.get_by_role("button", name="Predict a number").wait_for()
    assert page.get_by_role("button", name="What a neuron does").count() == 0
    page.reload()
    play.settled()
    assert play.query["rate"] == "1"


def test_without_its_signature_the_page_says_what_to_open(play, links):
    play.page.goto(f"{links[0].split('?')[0]}?noise=0.3")
    play.page.get_by_text("expected the one that your teacher gave you").first.wait_for()
    play.problems.clear()  # the browser tells of the refusal
    play.server = links[0].split("/?")[0]


def test_a_teacher_makes_a_link_for_the_class(play, links, browser):
    play.server, query = links[0].split("/?")
    play.open(f"?{query}")
    page = play.page
    assert page.locator(".locks").count() == 0
    page.get_by_role("button", name="exclusive or", exact=True).click()
    play.settled()
    page.get_by_role("button", name="Share").click()
    page.get_by_text("For a class: lock settings").click()
    page.get_by_role("checkbox", name="seed", exact=True).uncheck()
    page.get_by_role("checkbox", name="layers").check()
    page.get_by_role("button", name="Make the link").click()
    page.get_by_label("Address for the class").wait_for()
    link = page.get_by_label("Address for the class").input_value()
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    learner = type(play)(context.new_page(), play.server)
    learner.open("?" + link.split("/?")[1])
    assert learner.query["data"] == "xor"
    learner.page.get_by_role("button", name="Layer 1: one unit more").click()
    learner.settled()
    assert learner.query["hidden"] == "11"
    assert learner.page.locator("set-up [name=seed]").is_disabled()
    assert learner.problems == []
    context.close()


def test_a_link_is_shown_as_a_qr_code(play):
    pytest.importorskip("segno")
    play.open("?step=5")
    play.page.get_by_role("button", name="Share").click()
    play.page.get_by_text("QR code").click()
    play.page.locator("img.qr").wait_for()
    play.page.wait_for_function("document.querySelector('img.qr').naturalWidth > 0")
    assert "this machine alone" in play.page.locator("class-link .note").inner_text()
