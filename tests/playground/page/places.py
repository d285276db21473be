"""The places at which the page's tests open it: by itself, behind a proxy's prefix, in another page's frame, in JupyterLab.

`GLASSNET_PLACE=prefix|frame|widget pytest -m browser tests/playground/page` runs them elsewhere than by itself.
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

PLACE = os.environ.get("GLASSNET_PLACE", "")
PREFIX = "/user/ada/proxy/8765"
SIZE = {"width": 1366, "height": 768}


# --- servers ----------------------------------------------------------------------------------------------------------


@contextmanager
def serving(handler: Any) -> Iterator[str]:
    """A small server in a thread; gives its address."""
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def proxy_to(address: str, strip: bool) -> Any:
    """A proxy that shows a server under PREFIX, and strips the prefix from its requests or keeps it."""

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.forward(None)

        def do_POST(self) -> None:
            self.forward(self.rfile.read(int(self.headers["content-length"])))

        def forward(self, body: bytes | None) -> None:
            if not self.path.startswith(PREFIX):
                self.send_error(404)
                return
            to = address + (self.path.removeprefix(PREFIX) if strip else self.path)
            kept = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            answer: Any
            try:
                answer = urllib.request.urlopen(urllib.request.Request(to, body, kept))
            except urllib.error.HTTPError as error:
                answer = error
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            with suppress(ConnectionError):  # the page no longer wants the answer
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    return Proxy


class Course(http.server.BaseHTTPRequestHandler):
    """A page of another origin with an empty frame."""

    def do_GET(self) -> None:
        content = (
            b'<!doctype html><title>course</title><style>body { margin: 0 }</style><iframe style="border: 0"></iframe>'
        )
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """A JupyterLab of its own on loopback with a notebook of one empty cell; gives the notebook's address."""
    cell = {"cell_type": "code", "id": "a", "execution_count": None, "metadata": {}, "outputs": [], "source": ""}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "one.ipynb").write_text(json.dumps(notebook))
    settings = folder / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    names = ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
    own = {name: str(folder / name.lower()) for name in names} | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += ["--expose-app-in-browser", f"--ServerApp.root_dir={folder}", "--LabApp.extension_manager=readonly"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **own, "OMP_NUM_THREADS": "1"}, cwd=folder
        )
    try:
        end = time.monotonic() + 120
        while not (info := _started(Path(own["JUPYTER_RUNTIME_DIR"]))):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, "JupyterLab did not start"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{info['port']}/doc/tree/one.ipynb?token={info['token']}"
    finally:
        process.terminate()
        process.wait(30)


def _started(folder: Path) -> dict[str, Any]:
    """What JupyterLab tells of itself in its folder; {} as long as the file is missing or being written."""
    for path in folder.glob("jpserver-*.json"):
        with suppress(json.JSONDecodeError):
            found: dict[str, Any] = json.loads(path.read_text())
            return found
    return {}


# --- a page in a frame ------------------------------------------------------------------------------------------------

OF_WINDOW = frozenset(
    {"mouse", "context", "on", "route", "unroute", "request", "screenshot", "emulate_media", "bring_to_front"}
)


class Framed:
    """Stands for the page in a test: the frame has its parts, the window around it mouse, keyboard and downloads."""

    def __init__(self, window: Any) -> None:
        self.window, self.frame = window, window.main_frame

    def __getattr__(self, name: str) -> Any:
        of_frame = name not in OF_WINDOW and hasattr(self.frame, name)
        return getattr(self.frame if of_frame else self.window, name)

    @property
    def keyboard(self) -> Any:
        """The keyboard, with the focus in the frame."""
        self.frame.evaluate("document.hasFocus() || (document.body.tabIndex = -1, window.focus())")
        return self.window.keyboard

    def set_viewport_size(self, size: dict[str, int]) -> None:
        """Give the frame a size."""
        self.window.set_viewport_size({"width": size["width"] + 20, "height": size["height"] + 20})
        element = self.frame.frame_element()
        element.evaluate(
            "(frame, {width, height}) => Object.assign(frame.style, {width: width + 'px', height: height + 'px'})", size
        )

    @property
    def corner(self) -> tuple[float, float]:
        """The place of the frame's corner in the window."""
        box = self.frame.frame_element().bounding_box()
        return box["x"], box["y"]


class InFrame(Framed):
    """The page in a frame of another origin."""

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self.frame = window.query_selector("iframe").content_frame()
        self.set_viewport_size(SIZE)

    def reload(self) -> None:
        """Reload the frame, not the page around it."""
        with self.window.expect_event("framenavigated", lambda frame: frame == self.frame):
            self.frame.evaluate("location.reload()")
        self.frame.wait_for_selector("time-line", state="attached")


RUN = """async (code) => {
  const { content } = jupyterapp.shell.currentWidget;
  content.activeCellIndex = 0;
  content.activeCell.model.sharedModel.setSource(code);
  content.activeCell.model.sharedModel.setOutputs([]);
  await jupyterapp.commands.execute('notebook:run-cell');
}"""


class InNotebook(Framed):
    """The page in the widget of a notebook's cell; `goto` runs the cell."""

    size = SIZE  # of the frame, also of the one that the next cell makes

    def start(self, address: str) -> None:
        """Open the notebook and wait for its kernel."""
        self.window.set_viewport_size({"width": 1440, "height": 1000})
        self.window.goto(address, timeout=120_000)
        idle = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        self.window.wait_for_function(idle, timeout=120_000)

    def run(self, code: str) -> None:
        """Run the cell, and wait for its end."""
        self.window.evaluate(RUN, code)

    def goto(self, address: str) -> None:
        if address == "about:blank":
            self.run("")
            return
        _, _, query = address.partition("?")
        self.show(f"gn.playground(query={query!r})")

    def show(self, call: str) -> None:
        """Show the widget that a call makes, and take its frame as the page."""
        self.run("")
        self.run(f"import glassnet as gn\nwidget = {call}\nwidget.fallback = False\nwidget")
        element = self.window.wait_for_selector("iframe[title='glassnet playground']", timeout=60_000)
        self.frame = element.content_frame()
        self.frame.wait_for_selector("time-line", state="attached")
        self.set_viewport_size(self.size)

    def set_viewport_size(self, size: dict[str, int]) -> None:
        self.size = size
        if self.frame is self.window.main_frame or self.frame.is_detached():
            return
        self.window.set_viewport_size({"width": size["width"] + 220, "height": size["height"] + 220})
        super().set_viewport_size(size)
        self.window.set_viewport_size({"width": size["width"] + 220, "height": size["height"] + 220})
        self.frame.frame_element().evaluate(
            "(frame, {height}) => (frame.parentNode.style.height = height + 'px')", size
        )
        self.frame.frame_element().scroll_into_view_if_needed()


# --- which tests make sense where -------------------------------------------------------------------------------------


def skips(item: pytest.Item) -> str:
    """Return why a test makes no sense at this place, or "" if it does."""
    for mark in item.iter_markers("place"):
        if PLACE and PLACE not in mark.args:
            return str(mark.kwargs["why"])
    return ""
