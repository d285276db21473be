"""A recording, opened from a file without a network: scrubbed, played, looked into, and equal to the live page."""

import json
import urllib.request
from pathlib import Path

import pytest

from glassnet.playground.playground import Playground
from glassnet.playground.recording.packing import keep, pack
from glassnet.playground.recording.recording import as_recording, record_query
from glassnet.playground.recording.site import record_lesson
from glassnet.playground.state import read_query, state_of

from .conftest import Play
from .test_access import axe

pytestmark = pytest.mark.place(why="a recording is opened from a file, which is the same at every place")

RUN = "hidden=3&n=60&noise=0.1"
END = 200
FRAME = """async ([query, step]) => {
  const { frame } = await import('glassnet/app/api.js');
  const { store } = await import('glassnet/app/page.js');
  const { header, bytes, planes } = await frame(store.runs[query].query, step);
  return { header, pictures: [...new Uint8Array(bytes), ...new Uint8Array(planes.buffer)] };
}"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The addresses of recordings: of one run, and of two."""
    folder = tmp_path_factory.mktemp("recordings")
    play = Playground()
    second = "hidden%3D3%26n%3D60%26noise%3D0.1%26optimizer%3Dadam"
    for name, query in {"one": f"{RUN}&step={END}", "two": f"{RUN}&step={END}&compare={second}"}.items():
        record_query(play, query, frames=40).save(folder / f"{name}.html")
    state = state_of(read_query(RUN))
    course = play.course(state)
    kept = keep(course, END, 12, ["", "0"], most_entries=10)  # as of a large network, most chain rules are left out
    as_recording([pack(course, state.query(), kept)], "few").save(folder / "few.html")
    return {path.stem: path.as_uri() for path in folder.iterdir()}


class Recorded(Play):
    def open(self, query=""):
        self.page.goto(self.server + query)
        return self.settled()

    def answer(self, server, path):
        with urllib.request.urlopen(f"{server}/{path}") as answer:
            return answer.read()


@pytest.fixture
def recorded(browser, files):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, offline=True)
    context.set_default_timeout(20_000)
    driven = Recorded(context.new_page(), files["one"])
    yield driven
    context.close()
    assert driven.problems == []  # no error, and no request to anywhere


@pytest.fixture
def play(recorded):
    """For the mark of tests with a browser."""
    return recorded


def test_scrubs_steps_and_plays(play):
    play.open()
    steps = play.page.evaluate("JSON.parse(document.getElementById('recording').textContent).runs[0].steps")
    assert steps[:10] == list(range(10))
    assert steps[-1] == END
    play.set("time-line input[type=range]", 120)
    assert play.step in steps
    assert abs(play.step - 120) < 5
    assert play.header["step"] == play.step
    here = steps.index(play.step)
    play.page.keyboard.press("ArrowRight")
    play.settled()
    assert play.step == steps[here + 1]
    play.page.keyboard.press("ArrowLeft")
    play.page.keyboard.press("ArrowLeft")
    play.settled()
    assert play.step == steps[here - 1]
    play.page.keyboard.press("Home")
    play.settled()
    assert play.step == 0
    play.store("store.look({ speed: '240' })")
    play.page.keyboard.press(" ")
    play.until(f"!store.playing && store.step === {END}")
    play.settled()
    play.page.get_by_role("button", name="One step on").click()
    play.settled()
    assert play.step == END


def test_every_number_is_that_of_the_live_page(play, server):
    play.open()
    steps = play.page.evaluate("JSON.parse(document.getElementById('recording').textContent).runs[0].steps")
    for step in (0, 1, steps[20], END):
        content = play.answer(server, f"frame?{RUN}&step={step}")
        length = int.from_bytes(content[:4], "little")
        live = json.loads(content[4 : 4 + length]) | {"max_step": END}
        shown = play.page.evaluate(FRAME, [0, step])
        assert shown["header"] == live
        assert bytes(shown["pictures"]) == content[4 + length :]
    points = play.page.evaluate(
        "import('glassnet/app/api.js').then(async ({data}) => data((await import('glassnet/app/page.js')).store.run.query))"
    )
    assert points == json.loads(play.answer(server, f"data?{RUN}"))


def test_the_glass_is_walked_at_the_steps_that_are_worked_out(play, server):
    play.open()
    run = play.page.evaluate("JSON.parse(document.getElementById('recording').textContent).runs[0]")
    play.set("time-line input[type=range]", END // 2)
    play.page.keyboard.press("g")
    play.until("store.worked")
    play.settled()
    assert play.step in run["worked"]
    assert "" in run["samples"]
    play.page.keyboard.press("]")
    play.page.keyboard.press("]")
    glass = play.page.locator("the-glass")
    assert glass.locator("[aria-current=step]").inner_text() == "Z₂"
    assert glass.locator("one-weight .formula math").count() > 1
    before = play.step
    play.page.keyboard.press("ArrowRight")
    play.settled()
    assert play.step == run["worked"][run["worked"].index(before) + 1]
    for sample in run["samples"]:
        path = f"explain?{RUN}&step={before}&sample={sample}&entry=W1,1,2"
        told = play.page.evaluate(
            "(path) => import('glassnet/app/source.js').then(({source}) => source.get(path))", path
        )
        assert told == json.loads(play.answer(server, path))


def test_a_weight_without_a_recorded_chain_rule_says_so(play, files):
    """It said "Pause to see the chain rule" of a run that did not play."""
    play.server = files["few"]
    play.open("#step=100&glass=1&entry=b1,0")
    glass = play.page.locator("one-weight")
    glass.get_by_text("The recording has no chain rule of this bias.").wait_for()
    assert "Pause" not in glass.inner_text()
    glass.get_by_role("button", name="Show that of").click()
    play.until("store.worked && store.view.entry === 'W1,0,0'")
    glass.locator(".formula math").first.wait_for()


def test_the_help_names_the_keys_that_do_something(play):
    play.open()
    play.page.keyboard.press("?")
    shown = play.page.locator("key-help kbd").all_inner_texts()
    assert {"space", "g", "home"} <= set(shown)
    assert not {"r", "c", "l", "ctrl z, ctrl shift z"} & set(shown)


def test_samples_are_those_of_the_recording(play):
    play.open("#glass=1")
    play.until("store.worked")
    run = play.page.evaluate("JSON.parse(document.getElementById('recording').textContent).runs[0]")
    box = play.page.locator("decision-surface canvas").bounding_box()
    for x in (0.2, 0.5, 0.8):
        play.page.mouse.click(box["x"] + x * box["width"], box["y"] + 0.5 * box["height"])
        play.until("store.glass && store.view.sample === String(store.glass.derivation.sample)")
        assert play.store("store.view.sample") in run["samples"]
    play.page.get_by_role("button", name="Next sample").click()
    play.until("store.glass && store.view.sample === String(store.glass.derivation.sample)")
    assert play.store("store.view.sample") in run["samples"]


def test_what_needs_a_server_is_absent(play):
    play.open()
    names = [*play.page.locator("button").all_inner_texts(), *play.page.locator("[role=tab]").all_inner_texts()]
    for absent in ("Share", "Compare", "Lessons", "New seed", "Diagnosis"):
        assert absent not in names
    assert play.page.locator("set-up").count() == 0
    for key in ("r", "c", "l"):
        play.page.keyboard.press(key)
    play.settled()
    assert play.store("[store.runs.length, store.view.lesson, store.run.query.seed]") == [1, "", "42"]
    assert play.page.locator("the-glass input:not([type=number])").count() == 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 375)])
def test_axe_finds_nothing(play, scheme, width):
    play.page.emulate_media(color_scheme=scheme)
    play.page.set_viewport_size({"width": width, "height": 768})
    for view in ("", "#glass=1&entry=W1,0,1&stage=dW1&step=100"):
        play.page.goto("about:blank")
        play.open(view)
        if view:
            play.until("store.worked")
        play.page.evaluate(axe())
        found = play.page.evaluate("axe.run()")["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert play.page.evaluate("document.documentElement.scrollWidth") <= width


def test_two_runs_side_by_side(play, files):
    play.server = files["two"]
    play.open("#step=150")
    assert play.store("store.runs.map((run) => run.frame.header.step)") == [play.step, play.step]
    assert play.store("store.runs.map((run) => run.query.optimizer)") == ["sgd", "adam"]
    play.page.keyboard.press("ArrowRight")
    play.settled()


def test_in_a_sandboxed_frame_that_tells_the_theme(play, files):
    page = play.page
    play.server = "about:blank"
    page.goto("about:blank")
    page.evaluate(
        """(text) => {
          const frame = document.createElement('iframe');
          frame.sandbox = 'allow-scripts';
          frame.srcdoc = text;
          frame.width = 1000;
          frame.height = 700;
          document.body.append(frame);
        }""",
        Path(files["one"].removeprefix("file://")).read_text(encoding="utf-8"),
    )
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Play").wait_for()
    frame.get_by_role("button", name="One step on").click()
    frame.get_by_text("step 1", exact=False).first.wait_for()
    for theme in ("dark", "light"):
        page.evaluate("(theme) => document.querySelector('iframe').contentWindow.postMessage({ theme }, '*')", theme)
        frame.locator(f"html[data-theme={theme}]").wait_for()


def test_the_recording_in_the_notebook_of_the_examples(play):
    notebook = json.loads((Path(__file__).parents[3] / "examples/recording.ipynb").read_text(encoding="utf-8"))
    page = play.page
    play.server = "about:blank"
    page.goto("about:blank")
    page.set_content("".join(notebook["cells"][-1]["outputs"][0]["data"]["text/html"]))
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="One step on").click()
    frame.get_by_text("step 1", exact=False).first.wait_for()
    frame.get_by_role("button", name="Glass").click()
    frame.locator("one-weight .formula math").first.wait_for()


def test_a_lesson_without_a_server_shows_its_steps(play, tmp_path):
    lesson = next(each for each in Playground().all_lessons if each.id == "neuron")
    play.server = record_lesson(Playground(), lesson).save(tmp_path / "neuron.html").as_uri()
    play.open()
    for place, step in enumerate(lesson.steps):
        state = read_query(lesson.query(place))
        assert play.step == int(state["step"])
        assert play.query["edits"] == state.get("edits", "")
        assert play.page.locator(".where").inner_text().endswith(f"{place + 1} of {len(lesson.steps)}")
        if step is not lesson.steps[-1]:
            play.page.get_by_role("button", name="Next").click()
            play.settled()
    assert play.page.get_by_role("link", name="All lessons").get_attribute("href") == "index.html"
