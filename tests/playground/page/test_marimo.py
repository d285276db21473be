"""The playground below a cell of marimo: it plays, follows the notebook's theme, and tells its state to the kernel."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import glassnet as gn

from .conftest import missing

pytest.importorskip("anywidget")

NOTEBOOK = """
import marimo
app = marimo.App()

@app.cell
def _():
    import glassnet as gn, marimo as mo
    X, y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], [1, 1, 0, 0]
    net = gn.Network([2, 3, 1], hidden="tanh", output="sigmoid", seed=3)
    widget = gn.playground(net, X, y, optimizer="sgd")
    widget.fallback = False
    shown = mo.ui.anywidget(widget)
    shown
    return (mo, shown)

@app.cell
def _(mo, shown):
    mo.md("the page is at " + shown.value["query"])
"""


@pytest.fixture
def notebook(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The window of a notebook in a marimo of its own."""
    try:
        import marimo  # noqa: F401
    except ImportError:
        missing("marimo is not installed")
    (tmp_path / "notebook.py").write_text(NOTEBOOK)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "run", "notebook.py", "--headless", "--no-token"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)
    context = browser.new_context(viewport={"width": 1366, "height": 1000})
    context.set_default_timeout(30_000)
    page = context.new_page()
    try:
        for _ in range(120):
            try:
                page.goto(f"http://127.0.0.1:{port}")
                break
            except Exception:  # noqa: BLE001 the server does not listen yet
                assert process.poll() is None, (tmp_path / "log").read_text()
                page.wait_for_timeout(500)
        yield page
    finally:
        context.close()
        process.terminate()
        process.wait(30)


def step_of(frame: Any) -> int:
    return int(frame.locator("time-line").inner_text().split()[1].replace(",", ""))


def wait_for_step(frame: Any, first: int) -> None:
    for _ in range(300):
        if step_of(frame) >= first:
            return
        frame.wait_for_timeout(100)
    raise AssertionError(f"step {step_of(frame)}, not {first}")


def test_a_run_is_played_in_marimo(notebook: Any) -> None:
    frame = notebook.wait_for_selector("iframe[title='glassnet playground']", timeout=120_000).content_frame()
    frame.get_by_role("button", name="One step on").click()
    wait_for_step(frame, 1)
    frame.get_by_role("button", name="Play", exact=True).click()
    wait_for_step(frame, 20)
    frame.get_by_role("button", name="Pause").click()
    frame.wait_for_timeout(1000)
    at = step_of(frame)
    notebook.get_by_text(f"step={at}").wait_for()  # told to the cell that reads the widget's value
    X, y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], [1, 1, 0, 0]
    net = gn.Network([2, 3, 1], hidden="tanh", output="sigmoid", seed=3)
    gn.train(net, X, y, optimizer="sgd", epochs=at)
    assert f"{net.loss(X, y):.4f}" in frame.locator("top-line").inner_text()
    assert frame.evaluate("document.documentElement.dataset.theme") == "light"
