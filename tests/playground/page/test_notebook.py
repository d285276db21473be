"""The playground below a cell of JupyterLab: a run of the notebook's, looked at and changed, and a recording's output."""

from __future__ import annotations

import pytest

from .conftest import Play

pytest.importorskip("anywidget")

SETUP = """
import glassnet as gn, numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2)); y = (X[:, 0] * X[:, 1] > 0).astype(int)
net = gn.Network([2, 4, 1], hidden="tanh", output="sigmoid", seed=3)
"""
RESULT = """async (code) => {
  const { sessionContext } = jupyterapp.shell.currentWidget;
  let told = '';
  const request = sessionContext.session.kernel.requestExecute({ code });
  request.onIOPub = ({ content }) => (told += content.text ?? '');
  await request.done;
  return told;
}"""


@pytest.fixture
def play(notebook):
    """The page in the widget, whatever GLASSNET_PLACE says."""
    driven = Play(notebook, "no server")
    driven.asks = lambda code: notebook.window.evaluate(RESULT, f"print({code})").strip()
    yield driven
    for name, listener in (("console", driven._told), ("request", driven._check)):
        notebook.window.remove_listener(name, listener)
    assert [each for each in driven.problems if "jupyter" not in each.lower()] == []


def told(play, condition):
    """Wait until the kernel knows of a change in the page, which tells it soon."""
    for _ in range(100):
        if condition():
            return
        play.page.window.wait_for_timeout(100)
    raise AssertionError(play.asks("widget.query"))


def test_a_run_of_the_notebook_is_played_changed_and_looked_into(play, notebook):
    page = play.page
    notebook.run(SETUP)
    notebook.show("gn.playground(net, X, y, optimizer=gn.Adam(0.02), batch_size=16, seed=9, title='crossed')")
    play.settled()
    assert "crossed · 2-4-1 · tanh · adam 0.02" in page.locator("top-line").inner_text()
    # without test points loss and accuracy are two rows all the same
    names = page.locator(".top .score dt").evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().left)")
    assert len(names) == 2
    assert names[0] == names[1]
    weight = "float(widget.network.W[1][0, 1])"
    assert float(play.asks("float(net.W[1][0, 1])")) == play.header["W"][0][0][1]
    page.get_by_role("button", name="Play", exact=True).click()
    play.until("store.step > 5")
    page.get_by_role("button", name="Pause").click()
    play.settled()
    page.get_by_role("button", name="One step on").click()
    play.settled()
    step = play.step
    told(play, lambda: play.asks("widget.query").endswith(f"step={step}"))
    trained = (
        f"gn.train(net.copy(), X, y, optimizer=gn.Adam(0.02), batch_size=16, seed=9, epochs=200).at({step}).network"
    )
    assert float(play.asks(f"float({trained}.W[1][0, 1])")) == play.header["W"][0][0][1] == float(play.asks(weight))
    play.store("store.edit('W1,0,1', 1.5)")
    play.settled()
    assert play.header["W"][0][0][1] == 1.5
    page.keyboard.press("g")
    play.until("store.worked")
    assert page.locator("the-glass one-weight").count() == 1
    page.get_by_role("tab", name="Diagnosis").click()
    page.locator("diagnosis-list .good, diagnosis-list .findings").wait_for()
    page.keyboard.press("c")
    play.until("store.runs.length === 2 && store.runs[1].frame")
    page.keyboard.press("c")
    page.keyboard.press("l")
    page.get_by_role("button", name="Predict a number").click()
    page.locator(".exercise .text li").first.wait_for()
    page.keyboard.press("l")
    page.get_by_role("button", name="Layer 1: one unit more").click()
    play.settled()
    assert [len(b) for b in play.header["b"]] == [5, 1]
    page.get_by_text("The initial weights that you gave fit the network before").wait_for()
    page.get_by_role("button", name="Undo", exact=True).first.click()
    play.settled()
    assert play.header["init"] == "given"


def test_files_are_saved_and_the_cell_of_the_picture_is_shown(play, notebook):
    notebook.run(SETUP)
    notebook.show("gn.playground(net, X, y, optimizer='sgd', query='step=7')")
    play.settled()
    page = play.page
    page.get_by_role("button", name="Share", exact=True).click()
    line = page.get_by_label("Line of this picture").input_value()
    assert line == 'gn.playground(net, X, y, …, query="step=7")'
    with notebook.window.expect_download() as download:
        page.get_by_role("link", name="Model (JSON)").click()
    assert download.value.suggested_filename == "glassnet-model.json"
    page.locator("dialog.share").get_by_role("button", name="Close").click()
    page.locator("dialog.share").wait_for(state="hidden")
    assert page.locator("class-link").count() == 0


def test_the_colours_follow_the_notebook_s(play, notebook):
    play.open("?data=xor")
    theme = "document.documentElement.dataset.theme"
    assert play.page.evaluate(theme) == "light"
    for name, dark in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.window.evaluate("(name) => jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        play.until(f"{theme} === '{dark}'")


def test_a_kernel_that_does_not_hear_is_told_and_the_page_goes_on(play):
    play.open("?data=xor&hidden=3")
    play.asks("setattr(widget._exchange, 'receive', lambda *_: None)")
    play.page.get_by_role("button", name="One step on").click()
    told = play.page.get_by_text("it is busy with a cell")
    told.wait_for()
    play.asks("delattr(widget._exchange, 'receive')")
    play.settled()
    assert play.header["step"] == 1
    told.wait_for(state="detached")


def test_a_recording_is_shown_below_its_cell(play, notebook):
    line = "gn.record(gn.train(gn.Network([2, 1, 1], output='sigmoid'), X, y, epochs=20), frames=12, samples=[])"
    notebook.run(SETUP + line)
    frame = notebook.window.frame_locator(".jp-OutputArea iframe")
    frame.get_by_role("button", name="Play", exact=True).wait_for()
    frame.get_by_role("button", name="One step on").click()
    frame.get_by_text("step 1", exact=False).first.wait_for()
    frame.get_by_role("button", name="Keys").click()
    frame.get_by_role("button", name="Close", exact=True).click()
    frame.locator("key-help dialog").wait_for(state="hidden")
