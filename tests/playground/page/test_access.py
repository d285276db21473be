"""For everyone: axe-core finds nothing, the keyboard reaches everything, a phone is wide enough."""

from pathlib import Path

import pytest

from .conftest import missing

STATES = {
    "start": "?step=40",
    "glass": "?step=40&glass=1&sample=3&entry=W1,0,1&stage=dW1",
    "two runs": "?step=40&data=blobs&compare=data%3Dblobs%26rate%3D1",
    "lessons": "?lesson=list",
    "regression": "?data=sine&step=40&edits=10:W1,0,0=1",
}


def axe() -> str:
    try:
        import axe_playwright_python
    except ImportError:
        missing("axe-playwright-python is not installed")
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 375)])
def test_axe_finds_nothing(play, scheme, width):
    source = axe()
    play.page.emulate_media(color_scheme=scheme)
    play.page.set_viewport_size({"width": width, "height": 768})
    for name, query in STATES.items():
        play.open(query)
        if "glass=" in query:
            play.until("store.worked")
        play.page.evaluate(source)
        found = play.page.evaluate("axe.run()")["violations"]
        assert [(name, each["id"], each["nodes"][0]["html"]) for each in found] == []
        if name == "start":
            play.page.get_by_role("button", name="Share").click()
            found = play.page.evaluate("axe.run()")["violations"]
            assert [("share", each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_the_keyboard_reaches_everything(play):
    play.open("?step=10")
    page = play.page
    page.locator(".pictures button").nth(7).wait_for()  # the controls come with an answer of their own
    reached = []
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(document.activeElement.getAttribute('aria-label') || document.activeElement.name || document.activeElement.textContent).trim()"
            )
        )
        if reached[-1] == "New seed":
            break
    for name in (
        "Compare",
        "Share",
        "circles",
        "noise",
        "feature-xx",
        "Layer 1: units",
        "optimizer",
        "rate",
        "Play",
        "Step",
        "Loss",
    ):
        assert name in reached
    assert any("bias" in name or name.startswith("input") for name in reached)  # into the drawing


def test_arrow_keys_walk_the_drawing_and_enter_opens_the_glass(play):
    play.open("?step=10")
    page = play.page
    page.locator("network-drawing .units button[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert "neuron 2, bias" in page.evaluate("document.activeElement.ariaLabel")
    assert play.step == 10  # the arrows belonged to the drawing
    page.keyboard.press("ArrowRight")
    assert "output 0" in page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("Enter")
    play.settled()
    assert play.store("store.view.entry") == "b2,0"
    assert page.locator("the-glass").is_visible()


def test_usable_on_a_phone(play):
    play.page.set_viewport_size({"width": 375, "height": 812})
    for query in ("?step=40&hidden=8,8,8", "?step=40&glass=1&entry=W1,0,0", "?step=40&compare=rate%3D1"):
        play.open(query)
        if "glass" in query:
            play.until("store.worked")
        assert play.page.evaluate("document.documentElement.scrollWidth") <= 375
    play.page.get_by_role("button", name="One step on").click()
    play.settled()
    assert play.step == 41


def test_order_of_reading(play):
    play.open()
    tops = [play.page.evaluate("(name) => [...document.querySelectorAll('*')].indexOf(document.querySelector(name))", name)
            for name in ("set-up", "network-drawing", "decision-surface", "time-line")]  # fmt: skip
    assert tops == sorted(tops)


def test_a_screen_reader_is_told_each_step(play):
    play.open("?step=10")
    play.page.keyboard.press("ArrowRight")
    play.settled()
    status = play.page.locator("play-ground > [role=status]")
    assert status.inner_text().startswith("step 11, loss 0.")
    label = play.page.locator("decision-surface canvas").get_attribute("aria-label")
    assert "step 11" in label
    assert "320 training points" in label
    assert "step 11" in play.page.locator("loss-curves canvas").get_attribute("aria-label")
