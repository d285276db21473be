"""Time goes both ways: play, pause, step, scrub, rewind; and every picture of a step is the same picture."""

import pytest


def test_play_and_pause(play):
    play.open()
    play.page.get_by_role("button", name="Play").click()
    play.until("store.step >= 20")
    play.page.get_by_role("button", name="Pause").click()
    play.settled()
    stopped = play.step
    play.page.wait_for_timeout(200)
    assert play.step == stopped
    assert play.header["loss"] == play.frame(f"step={stopped}")["loss"]
    assert f"step {stopped}, loss" in play.page.locator("[role=status].unseen").inner_text()


def test_a_step_back_is_the_picture_of_before(play):
    play.open("?step=40")
    before = play.pixels("decision-surface"), play.pixels("network-drawing"), play.header
    play.page.get_by_role("button", name="One step on").click()
    play.settled()
    assert play.step == 41
    assert play.header["W"] != before[2]["W"]
    play.page.get_by_role("button", name="One step back").click()
    play.settled()
    assert play.step == 40
    assert play.header == before[2]
    assert play.pixels("decision-surface") == before[0]


def test_keys(play):
    play.open("?step=40")
    page = play.page
    for key, step in [
        ("ArrowRight", 41),
        ("Shift+ArrowRight", 51),
        ("ArrowLeft", 50),
        ("Shift+ArrowLeft", 40),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        play.settled()
        assert play.step == step
    page.keyboard.press("ArrowLeft")
    play.settled()
    assert play.step == 0
    page.keyboard.press(" ")
    play.until("store.step > 5")
    page.keyboard.press(" ")
    assert play.store("store.playing") is False
    seed = play.query["seed"]
    page.keyboard.press("r")
    play.settled()
    assert play.query["seed"] != seed
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_scrubbing_to_any_step(play):
    play.open()
    for step in (700, 3, 512, 0, 999):
        play.set("time-line input[type=range]", step)
        assert play.step == step
        assert play.header["step"] == step
    assert play.header["loss"] == play.frame("step=999")["loss"]


def test_rewind_gives_the_initial_weights(play):
    first = play.open().header["W"]
    play.set("time-line input[type=range]", 300)
    assert play.header["W"] != first
    play.page.get_by_role("button", name="Rewind").click()
    play.settled()
    assert play.header["W"] == first


def test_new_seed(play):
    first = play.open().header["W"]
    play.page.get_by_role("button", name="New seed").click()
    play.settled()
    assert play.header["W"] != first


def test_playing_faster_shows_fewer_of_the_steps(play):
    play.open("?speed=1200")
    play.page.keyboard.press(" ")
    play.until("store.step >= 400")
    play.page.keyboard.press(" ")
    play.settled()
    assert play.step % 20 == 0


def test_a_loss_that_is_no_number_stops_the_run_and_says_so(play):
    play.open("?data=plane&rate=1000&step=200&hidden=8,8")
    assert play.header["non_finite"] is not None
    last = play.header["non_finite"]["last"]
    assert f"after step {last}, which is shown" in play.page.locator("network-drawing [role=alert]").inner_text()
    assert f"ended at {last}" in play.page.locator("time-line .step").inner_text()


@pytest.mark.place("prefix", "frame", why="the kernel answers by messages, there is no request to hold up")
def test_a_server_that_is_gone_is_told_in_words(play):
    play.open("?step=5")
    play.page.route("**/frame*", lambda route: route.abort())
    play.page.keyboard.press("ArrowRight")
    alert = play.page.locator("page-notice [role=alert]")
    alert.wait_for()
    assert "No answer from the server" in alert.inner_text()
    play.page.unroute("**/frame*")
    alert.get_by_role("button", name="Try now").click()
    play.settled()
    assert play.store("store.run.error") is None
    assert play.header["step"] == 6
    play.problems.clear()  # the requests that this test broke
