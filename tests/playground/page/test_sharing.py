"""The address is the state: reopened elsewhere it is the same picture; and everything can be taken away."""

import subprocess
import sys
from urllib.parse import unquote

import pytest

SETTINGS = "?data=xor&noise=0.1&hidden=5,3&activation=tanh&optimizer=adam&rate=0.03&batch=16&l2=0.001&seed=7&step=137"


@pytest.mark.place("prefix", "frame", why="a widget is shared as a line of code")
def test_a_link_reopened_in_a_second_window_is_the_same_picture(play, browser, server):
    play.page.emulate_media(reduced_motion="reduce")
    play.open("?data=moons&step=60")
    play.page.get_by_role("button", name="exclusive or", exact=True).click()
    play.page.locator("select[name=optimizer]").select_option("adam")
    play.set("input[name=rate]", 5)
    x, y = play.weight_at(0, 3)
    play.page.mouse.click(x, y)
    play.until("store.worked")
    play.set("one-weight input[type=range]", 2)
    play.set("time-line input[type=range]", 300)
    play.page.get_by_role("button", name="Share").click()
    link = play.page.get_by_label("Address of this picture").input_value()
    play.page.keyboard.press("Escape")
    play.until("store.worked")  # the drawing carries its numbers
    pictures = [play.pixels(part) for part in ("decision-surface", "network-drawing", "loss-curves")]
    context = browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    second = type(play)(context.new_page(), server)
    second.open(link.removeprefix(f"{server}/"))
    second.until("store.worked")
    assert second.header == play.header
    assert second.query == play.query
    assert second.query["edits"] == "60:W1,0,3=2"
    assert [second.pixels(part) for part in ("decision-surface", "network-drawing", "loss-curves")] == pictures
    context.close()


@pytest.mark.place("prefix", "frame", why="a widget has no address bar")
def test_the_address_follows_the_state(play):
    play.open(SETTINGS)
    assert play.header["step"] == 137
    play.page.keyboard.press("ArrowRight")
    play.page.wait_for_url("**step=138*")
    assert "optimizer=adam" in play.page.url
    assert "hidden=5,3" in unquote(play.page.url)


def test_parts_hidden_for_a_class(play):
    play.open("?hide=data,training,compare,share&step=5")
    page = play.page
    assert page.get_by_role("heading", name="Network").is_visible()
    assert page.get_by_role("heading", name="Data").count() == 0
    for name in ("Compare", "Share"):
        assert page.get_by_role("button", name=name, exact=True).count() == 0
    play.open("?hide=controls")
    assert page.locator("set-up").count() == 0
    assert page.get_by_role("button", name="Play").is_visible()


@pytest.mark.place("prefix", "frame", why="a widget is shared as a line of code")
def test_a_teacher_chooses_what_to_hide(play):
    play.open("?step=5")
    play.page.get_by_role("button", name="Share").click()
    play.page.get_by_text("For a class").click()
    play.page.get_by_role("checkbox", name="training").check()
    assert play.page.get_by_label("Address of this picture").input_value().endswith("hide=training")


def test_exports(play, tmp_path):
    play.open(SETTINGS)
    play.page.get_by_role("button", name="Share").click()
    starts = {
        "model.json": b"{",
        "figure.png": b"\x89PNG",
        "figure.svg": b"<?xml",
        "animation.gif": b"GIF8",
        "model.safetensors": b"",
        "script.py": b"",
        "recording.html": b"<!doctype html>",
    }
    links = play.page.locator("share-menu .files a")
    names = {link.get_attribute("download").removeprefix("glassnet-"): link for link in links.all()}
    assert set(names) == set(starts)
    for name in ("model.json", "figure.svg", "script.py", "recording.html"):
        with play.page.expect_download(timeout=90_000) as download:
            names[name].click()
        download.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(starts[name])


def test_the_exported_script_gives_the_page_s_own_loss(play, tmp_path):
    play.open(SETTINGS)
    play.page.get_by_role("button", name="Share").click()
    with play.page.expect_download() as download:
        play.page.get_by_text("Python script").click()
    download.value.save_as(tmp_path / "run.py")
    found = subprocess.run(
        [sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert repr(play.header["loss"]["train"]) in found.stdout
    assert repr(play.header["loss"]["test"]) in found.stdout


def test_two_runs_side_by_side(play):
    play.open("?step=80")
    page = play.page
    page.keyboard.press("c")
    play.settled()
    assert page.locator("network-drawing").count() == 2
    first, second = (play.store(f"store.runs[{k}].frame.header.W") for k in (0, 1))
    assert first == second
    page.locator("select[name=optimizer]").select_option("adam")
    play.settled()
    assert [play.store(f"store.runs[{k}].query.optimizer") for k in (0, 1)] == ["sgd", "adam"]
    page.keyboard.press("Home")
    play.settled()
    first, second = (play.store(f"store.runs[{k}].frame.header.W") for k in (0, 1))
    assert first == second  # from the same initial weights
    page.keyboard.press("ArrowRight")
    play.settled()
    assert play.store("store.runs[0].frame.header.W") != play.store("store.runs[1].frame.header.W")
    assert "optimizer gradient descent" in page.locator("run-title").first.inner_text()
    page.keyboard.press(" ")
    play.until("store.step > 10")
    page.keyboard.press(" ")
    play.settled()
    play.until("!store.playing")
    address = play.store("store.address")
    play.open(address)
    assert [play.store(f"store.runs[{k}].query.optimizer") for k in (0, 1)] == ["sgd", "adam"]
    page.get_by_role("button", name="Keep only run B").click()
    play.settled()
    assert page.locator("network-drawing").count() == 1
    assert play.query["optimizer"] == "adam"
