"""The server slow, gone or restarted: one message, and the page goes on where it was; what is not wanted is not asked."""

import pytest

from .conftest import Play

NO_REQUESTS = "the kernel answers by messages, there is no request to look at"
KINDS = ("/frame", "/frames", "/explain", "/diagnosis")


class Traffic:
    """Counts the page's requests by kind: all of them, and how many are under way at once, also of all kinds together."""

    def __init__(self, page):
        self.asked, self.most, self.under_way, self.most_together = {}, {}, {}, 0
        page.on("request", lambda request: self.count(request, +1))
        for name in ("requestfinished", "requestfailed"):
            page.on(name, lambda request: self.count(request, -1))

    def count(self, request, by):
        kind = "/" + request.url.split("?")[0].rsplit("/", 1)[1]
        if kind not in KINDS:
            return
        self.under_way[kind] = self.under_way.get(kind, 0) + by
        self.asked[kind] = self.asked.get(kind, 0) + max(0, by)
        self.most[kind] = max(self.most.get(kind, 0), self.under_way[kind])
        self.most_together = max(self.most_together, sum(self.under_way.values()))


@pytest.fixture
def mortal(browser, own_server):
    """The page of a server that the test may kill; the browser's own notes of lost requests are no problem."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(20_000)
    driven = Play(context.new_page(), own_server())
    yield driven
    context.close()
    assert [told for told in driven.problems if "ERR_" not in told] == []


NOTICE = "document.querySelector('page-notice p')"


@pytest.mark.place(why="looks at a server of its own")
def test_a_server_that_dies_while_playing_is_told_and_playing_goes_on_by_itself(mortal, own_server):
    """Fault 8: play stopped without a message, and Play did nothing."""
    mortal.open("?step=3")
    mortal.page.get_by_role("button", name="Play").click()
    mortal.until("store.step > 20")
    own_server.stop()
    mortal.until(NOTICE)
    assert "No answer from the server" in mortal.page.locator("page-notice").inner_text()
    assert mortal.page.get_by_role("alert").filter(has_text="No answer").count() == 1
    stood = mortal.step
    assert mortal.store("store.playing")
    own_server()
    mortal.until(f"!{NOTICE} && store.step > {stood + 20}")
    mortal.page.get_by_role("button", name="Pause").click()
    mortal.settled()
    assert mortal.header["W"] == mortal.frame(f"step={mortal.step}")["W"]


@pytest.mark.place(why="looks at a server of its own")
def test_glass_and_diagnosis_go_on_when_the_server_is_back(mortal, own_server):
    """Fault 9: nothing tried again; glass and diagnosis kept the message until the step changed."""
    mortal.open("?step=30&glass=1&sample=3")
    mortal.page.get_by_role("tab", name="Diagnosis").click()
    mortal.until("store.worked")
    mortal.page.locator(".findings, diagnosis-list .good").first.wait_for()
    own_server.stop()
    mortal.page.get_by_role("button", name="One step on").click()
    mortal.until(NOTICE)
    own_server()
    mortal.page.get_by_role("button", name="Try now").click()
    mortal.until(
        f"!{NOTICE} && store.step === 31 && store.worked && document.querySelector('diagnosis-list').latest.fresh"
    )
    assert mortal.header["step"] == 31


@pytest.mark.place(why="looks at a server of its own")
def test_lessons_come_when_the_server_is_back(mortal, own_server):
    mortal.open("?step=30")
    own_server.stop()
    mortal.page.keyboard.press("l")
    mortal.until(NOTICE)
    own_server()
    mortal.page.locator(".lessons li").first.wait_for()


@pytest.mark.place("prefix", "frame", why=NO_REQUESTS)
def test_a_drag_with_glass_and_diagnosis_open_makes_no_queue(play):
    """Fault 13: 60 requests in two seconds, none cancelled, and the verdict after 20 seconds."""
    play.open("?step=30&glass=1&sample=3&rate=30")
    play.page.get_by_role("tab", name="Diagnosis").click()
    play.until("store.worked && document.querySelector('diagnosis-list').latest.fresh")
    traffic = Traffic(play.page)
    ruler = play.page.locator("time-line input[type=range]").bounding_box()
    y = ruler["y"] + ruler["height"] / 2
    for _ in range(20):
        play.page.mouse.move(ruler["x"] + 0.2 * ruler["width"], y)
        play.page.mouse.down()
        for part in range(2, 9):
            play.page.mouse.move(ruler["x"] + 0.1 * part * ruler["width"], y)
        play.page.mouse.up()
    play.settled()
    play.until("store.worked && document.querySelector('diagnosis-list').latest.fresh")
    assert {kind: most for kind, most in traffic.most.items() if most > 1} == {}
    assert traffic.asked["/explain"] <= 40  # of 140 moves; a slow machine rests between them
    assert traffic.asked["/diagnosis"] <= 40
    step = play.step
    assert play.header["W"] == play.frame(f"rate=30&step={step}")["W"]
    worked = play.store(
        "store.worked.derivation.given.concat(store.worked.derivation.steps).find((each) => each.symbol === 'W1').value"
    )
    assert worked == play.header["W"][0]


RATE = """async (milliseconds) => {
  const { store } = await import(new URL('static/app/page.js', document.baseURI).href);
  const from = store.step;
  await new Promise((done) => setTimeout(done, milliseconds));
  return (store.step - from) * 1000 / milliseconds;
}"""


@pytest.mark.place("prefix", "frame", why=NO_REQUESTS)
def test_training_runs_at_full_speed_600_ms_away(play):
    """Friction: 60 steps a second became 2, with four requests of one step each."""
    play.open()
    traffic = Traffic(play.page)
    play.page.keyboard.press(" ")
    play.until("store.step > 60")
    near = play.page.evaluate(RATE, 2000)
    away = {"offline": False, "latency": 600, "downloadThroughput": -1, "uploadThroughput": -1}
    window = getattr(play.page, "window", play.page)
    window.context.new_cdp_session(window).send("Network.emulateNetworkConditions", away)
    play.page.wait_for_timeout(3000)
    traffic.asked.clear()
    far = play.page.evaluate(RATE, 3000)
    requests = traffic.asked["/frames"]
    play.page.keyboard.press(" ")
    assert far > 0.75 * near
    assert traffic.most_together <= 2
    assert 3 * far > 10 * requests  # several frames in one answer
    play.settled()
    assert play.header["loss"] == play.frame(f"step={play.step}")["loss"]


@pytest.mark.place("prefix", "frame", why=NO_REQUESTS)
def test_a_first_visit_takes_less_than_350_kb(play):
    """All that comes over the wire until nothing is under way any more, headers included."""
    play.open()
    play.page.wait_for_load_state("networkidle")
    sizes = """['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))
      .map(({ name, transferSize }) => [new URL(name).pathname.split('/').pop(), transferSize])"""
    visit = play.page.evaluate(sizes)
    assert all(size > 0 for _, size in visit)  # nothing of it was there before
    assert {"store.js", "lit-html.js", "theme.css", "en.js", "frame", "data"} <= {name for name, _ in visit}
    assert sum(size for _, size in visit) <= 350_000


@pytest.mark.place("prefix", "frame", why=NO_REQUESTS)
def test_a_request_for_a_run_that_has_changed_is_cancelled(play):
    play.open("?step=30")
    play.page.route("**/frame?*hidden=9*", lambda route: None)  # it never comes
    play.page.get_by_role("button", name="Layer 1: one unit less").click()
    play.page.get_by_role("button", name="Layer 1: one unit less").click()
    play.settled()
    assert [len(row) for row in play.header["b"]] == [8, 1]
    play.problems.clear()


def test_a_tip_follows_the_run_while_it_plays(play):
    """Fault 7: a bias was shown as 0.000 long after it was another."""
    play.open("?step=0")
    box = play.page.locator("network-drawing .units button[data-place='1,2']").bounding_box()
    play.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = play.page.locator(".tip")
    tip.wait_for()
    play.page.keyboard.press(" ")
    play.until("store.step > 60")
    value = "Number(document.querySelector('.tip tr:has(th) .full').textContent.replace('−', '-'))"
    play.until(f"{value} === store.run.frame.header.b[0][2] && store.step > 60")
    play.page.keyboard.press(" ")
