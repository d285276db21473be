"""In a class: locked settings, the link to hold up."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest


@pytest.fixture(scope="module")
def links():
    """The teacher's link and the class's of a server that locks all settings but seed and rate."""
    command = [sys.executable, "-m", "glassnet", "play", "--port", "0", "--no-browser", "--lock", "seed,rate"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield [next(word for word in process.stdout.readline().split() if word.startswith("http")) for _ in range(2)]
        process.terminate()


@pytest.mark.place(why="looks at a server of its own")
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
    play.until("store.worked")
    assert page.locator("[name=entry-value]").is_disabled()
    page.keyboard.press("l")
    page.get_by_role("button", name="Predict a number").wait_for()
    assert page.get_by_role("button", name="What a neuron does").count() == 0
    page.reload()
    play.settled()
    assert play.query["rate"] == "1"


@pytest.mark.place(why="looks at a server of its own")
def test_without_its_signature_the_page_says_what_to_open(play, links):
    play.page.goto(f"{links[0].split('?')[0]}?noise=0.3")
    play.page.get_by_text("expected the one that your teacher gave you").first.wait_for()
    play.problems.clear()  # the browser tells of the refusal
    play.server = links[0].split("/?")[0]


@pytest.mark.place(why="looks at a server of its own")
def test_a_teacher_makes_a_link_for_the_class(play, links, browser):
    play.server, query = links[0].split("/?")
    play.open(f"?{query}")
    page = play.page
    assert page.locator(".locks").count() == 0
    page.get_by_role("button", name="exclusive or", exact=True).click()
    play.settled()
    page.get_by_role("button", name="Share").click()
    assert page.get_by_label("Address of this picture").count() == 0  # it would unlock everything
    page.get_by_role("checkbox", name="seed", exact=True).uncheck()
    page.get_by_role("checkbox", name="layers").check()
    page.get_by_role("button", name="Make the link").click()
    page.get_by_label("Address for the class").wait_for()
    link = page.get_by_label("Address for the class").input_value()
    assert "free=*" not in link
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("dialog.share").get_by_role("button", name="Copy").click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == link
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


@pytest.mark.place("prefix", "frame", why="a widget is shared as a line of code")
def test_a_link_is_shown_as_a_qr_code(play):
    pytest.importorskip("segno")
    play.open("?step=5")
    play.page.get_by_role("button", name="Share").click()
    play.page.get_by_text("QR code").click()
    play.page.locator("img.qr").wait_for()
    play.page.wait_for_function("document.querySelector('img.qr').naturalWidth > 0")
    assert "this machine alone" in play.page.locator("class-link .note").inner_text()


@contextmanager
def serving(*options):
    """The address of a server of its own."""
    command = [sys.executable, "-m", "glassnet", "play", "--port", "0", "--no-browser", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield next(word for word in process.stdout.readline().split() if word.startswith("http")).rstrip("/")
        finally:
            process.terminate()


@pytest.mark.place(why="looks at a server of its own")
def test_answers_are_saved_as_a_file_and_collected_by_a_server_that_takes_them(play, tmp_path):
    """The file that a learner saves and the one that the server writes say the same."""
    collected = tmp_path / "collected.csv"
    with serving("--answers", str(collected)) as play.server:
        play.open("?lesson=exercise&step=20&activation=tanh&hidden=3&sample=5")
        page = play.page
        page.get_by_text("Your answers: 0 of 0 right").click()
        assert page.get_by_role("button", name="Save as a file").is_disabled()
        page.get_by_label("your name").fill("Ada")
        page.locator("select[name=kind]").select_option("gradient")
        page.locator(".exercise .text li").first.wait_for()
        query = page.evaluate("document.querySelector('number-exercise').query")
        found = page.evaluate("async (query) => (await fetch('grade?' + query + '&answer=0')).json()", query)
        field = page.get_by_label("Your number")
        for number, verdict in ((-found["expected"], "bad"), (found["expected"], "good")):
            field.fill(f"{number:.6g}")
            field.press("Enter")
            page.locator(f".verdict .{verdict}").wait_for()
        page.get_by_text("Your answers: 1 of 2 right").wait_for()
        play.open("?lesson=neuron:2")
        page.get_by_label("A change of one weight").check()
        page.keyboard.press("l")
        page.keyboard.press("l")
        page.get_by_text("Your answers: 1 of 1 right").click()
        page.get_by_label("your name").fill("Ada")
        with page.expect_download() as download:
            page.get_by_role("button", name="Save as a file").click()
        assert download.value.suggested_filename == "glassnet-answers-Ada.csv"
        download.value.save_as(tmp_path / "saved.csv")
        page.goto("about:blank")
    tables = []
    for name in ("collected.csv", "saved.csv"):
        with (tmp_path / name).open(encoding="utf-8-sig", newline="") as opened:
            tables.append(list(csv.DictReader(opened)))
    kept, saved = tables
    assert [row["right"] for row in kept] == ["no", "yes", "yes"]
    assert [row["name"] for row in kept] == ["Ada", "Ada", ""]
    assert kept[0]["mistake"]
    assert len(saved) == 1
    for column in ("question", "about", "answer", "right", "expected", "mistake", "run"):
        assert saved[0][column] == kept[2][column], column


def test_the_print_sheet_has_pictures_settings_and_numbers_and_no_controls(play):
    play.page.emulate_media(color_scheme="dark")
    play.open("?data=xor&hidden=3&activation=tanh&step=50")
    page = play.page
    assert page.locator("print-sheet section").count() == 0  # nothing is made of it until the page is printed
    dark = play.pixels("decision-surface")
    painted = """() => {
      const canvas = document.querySelector('decision-surface canvas');
      const before = canvas.toDataURL();
      dispatchEvent(new Event('beforeprint'));
      return canvas.toDataURL() !== before;
    }"""
    assert page.evaluate(painted)  # at once: the browser prints as soon as it has told the page so
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    sheet = page.locator("print-sheet")
    header = play.header
    text = sheet.inner_text()
    assert "exclusive or · 2-3-1 · tanh" in text
    assert f"{header['loss']['train']:.4g}"[:5] in text
    assert "data=xor" in text
    assert sheet.locator(".weights").count() == 2
    assert sheet.locator(".weights td").count() == sum(
        len(b) * (len(W) + 1) for W, b in zip(header["W"], header["b"], strict=True)
    )
    for part in ("network-drawing canvas", "decision-surface canvas", "loss-curves canvas"):
        assert page.locator(part).first.is_visible(), part
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen", color_scheme="dark")
    assert page.locator("print-sheet section").count() == 0
    assert play.pixels("decision-surface") == dark
