"""A server and a real browser for the tests of the page; without a browser they are skipped, except where CI must have one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .places import PLACE, PREFIX, SIZE, Course, Framed, InFrame, InNotebook, jupyterlab, proxy_to, serving, skips

# the first is the same browser without its windows, for half the work
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
# the page may stand under a prefix; in one file its modules have names
MODULE = """import(document.querySelector('script[type=importmap]') ? 'glassnet/app/page.js'
  : new URL('static/app/page.js', document.baseURI).href)"""
STORE = MODULE + ".then(({store, player}) => {%s})"
UNTIL = """async () => {
  const { store, player } = await MODULE;
  const end = performance.now() + 20000;
  while (!(%s)) {
    if (performance.now() > end) throw new Error("it did not come about");
    await new Promise((done) => setTimeout(done, 15));
  }
}""".replace("MODULE", MODULE)

# a part that has got another size, or a caption of another length, is painted again some turns later
RESTING = """async (canvas) => {
  const end = performance.now() + 20000;
  for (let [last, same] = ["", 0]; performance.now() < end; ) {
    await new Promise((done) => requestAnimationFrame(done));
    const picture = canvas.toDataURL();
    same = picture === last ? same + 1 : 1;
    if (same === 4) return picture;
    last = picture;
  }
  throw new Error("the picture does not come to rest");
}"""


def missing(reason: str) -> None:
    """Skip; on CI, where everything is installed, fail: a skip there would hide a page that nobody looked at."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI must have it")
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a browser is marked so; it takes a minute or two in all."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) and Path(__file__).parent in item.path.parents:
            # JupyterLab and marimo are large, and are opened by a command of their own
            item.add_marker(
                pytest.mark.notebook
                if item.path.name in ("test_notebook.py", "test_marimo.py")
                else pytest.mark.browser
            )
            if reason := skips(item):
                item.add_marker(pytest.mark.skip(f"at this place: {reason}"))


@pytest.fixture(scope="session")
def course() -> Iterator[str]:
    """The address of a page with an empty frame, where the tests open the playground in one; else ""."""
    if PLACE != "frame":
        yield ""
        return
    with serving(Course) as address:
        yield address


@pytest.fixture(scope="session")
def server(course: str) -> Iterator[str]:
    """The address of a playground of its own, or of the one that GLASSNET_PLAYGROUND names; behind a prefix at that place."""
    embedding = ["--allow-embed", course] if course else []
    if running := os.environ.get("GLASSNET_PLAYGROUND"):
        yield running.rstrip("/")
        return
    command = [sys.executable, "-m", "glassnet", "play", "--port", "0", "--no-browser", *embedding]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = next((word for word in line.split() if word.startswith("http")), None)
        assert address, f"no address in {line!r}"
        if PLACE == "prefix":
            with serving(proxy_to(address.rstrip("/"), strip=True)) as proxy:
                yield proxy + PREFIX
        else:
            yield address.rstrip("/")
        process.terminate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, found on this machine."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    path = os.environ.get("GLASSNET_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        missing(f"no browser found: {', '.join(BROWSERS)}")
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


class Play:
    """The page as a test drives it."""

    def __init__(self, page: Any, server: str) -> None:
        self.page, self.server = page, server
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("console", self._told)
        page.on("request", self._check)

    def _told(self, told: Any) -> None:
        elsewhere = isinstance(self.page, InNotebook) and told.location["url"].startswith(
            "http"
        )  # JupyterLab speaks of itself
        if told.type == "error" and not elsewhere:
            self.problems.append(told.text)

    def _check(self, request: Any) -> None:
        if isinstance(self.page, InNotebook) and request.frame in (self.page.window.main_frame, None):
            return  # JupyterLab's own
        if not request.url.startswith((self.server, "data:", "blob:", "about:")):
            self.problems.append(request.url)

    def open(self, query: str = "") -> Play:
        """Open the page and wait for its first picture."""
        self.page.goto(f"{self.server}/{query}")
        self.settled()
        return self

    def until(self, condition: str) -> None:
        """Wait until an expression over the page's state is true."""
        # the loop runs inside one evaluation: the page's policy forbids evaluating text from within it
        self.page.evaluate(UNTIL % condition)

    def settled(self) -> Play:
        """Wait until the numbers shown are those of the state."""
        self.until("!store._busy && store.runs.every((run) => run.error || run.frame?.header.step === store.step)")
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert self.store("store.runs.map((run) => run.error)") in ([None], [None, None])
        return self

    def store(self, expression: str) -> Any:
        """A value of the page's state, such as "store.step"."""
        return self.page.evaluate(STORE % f"return {expression}")

    @property
    def step(self) -> int:
        return int(self.store("store.step"))

    @property
    def query(self) -> dict[str, str]:
        """The run that the controls change."""
        found: dict[str, str] = self.store("store.run.query")
        return found

    @property
    def header(self) -> dict[str, Any]:
        """The numbers that are shown."""
        found: dict[str, Any] = self.store("store.run.frame.header")
        return found

    def pixels(self, selector: str) -> str:
        """Return a digest of what a canvas shows once it rests."""
        self.settled()
        return hashlib.sha256(self.page.eval_on_selector(f"{selector} canvas", RESTING).encode()).hexdigest()

    def weight_at(self, from_unit: int, to_unit: int, layer: int = 1, run: int = 0) -> tuple[float, float]:
        """A place on the line of a weight, in the window."""
        x, y = self.page.evaluate(
            """async ([run, layer, from, to]) => {
              const { along, curve } = await import(document.querySelector('script[type=importmap]') ? 'glassnet/app/layout.js'
                : new URL('static/app/layout.js', document.baseURI).href);
              const part = document.querySelectorAll('network-drawing')[run];
              const { drawing } = part;
              const { nodes } = drawing;
              const point = along(curve(drawing, nodes[layer - 1][from], nodes[layer][to]), 0.75);
              const box = part.getBoundingClientRect();
              return [box.left + point.x, box.top + point.y];
            }""",
            [run, layer, from_unit, to_unit],
        )
        left, top = self.page.corner if isinstance(self.page, Framed) else (0, 0)
        return x + left, y + top

    def set(self, selector: str, value: str | float) -> None:
        """Move a slider, as a hand does."""
        self.page.locator(selector).evaluate(
            """(field, value) => {
              field.value = value;
              for (const told of ['input', 'change']) field.dispatchEvent(new Event(told, {bubbles: true}));
            }""",
            str(value),
        )
        self.settled()

    def asked(self, path: str) -> Any:
        """The answer to a question of the page's, from the server or the kernel."""
        source = MODULE.replace("page.js", "source.js")
        return self.page.evaluate(f"(path) => {source}.then(({{source}}) => source.get(path))", path)

    def frame(self, query: str) -> dict[str, Any]:
        """The header of a frame, asked for without the page."""
        with urllib.request.urlopen(f"{self.server}/frame?{query}") as answer:
            content = answer.read()
        found: dict[str, Any] = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
        return found


@pytest.fixture(scope="session")
def notebook(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InNotebook]:
    """A notebook in a JupyterLab of its own, of one cell."""
    try:
        import anywidget  # noqa: F401
        import jupyterlab as _  # noqa: F401
    except ImportError:
        missing("jupyterlab and anywidget are not installed")
    with jupyterlab(tmp_path_factory.mktemp("notebook")) as address:
        context = browser.new_context(accept_downloads=True)
        context.set_default_timeout(20_000)
        opened = InNotebook(context.new_page())
        opened.start(address)
        yield opened
        context.close()


@pytest.fixture
def play(browser: Any, server: str, course: str, request: pytest.FixtureRequest) -> Iterator[Play]:
    """A fresh window on a laptop, at the place of GLASSNET_PLACE; whatever goes wrong in it fails the test."""
    if PLACE == "widget":
        notebook = request.getfixturevalue("notebook")
        notebook.window.emulate_media(
            color_scheme="light", media="screen", forced_colors="none", reduced_motion="no-preference"
        )
        notebook.size = SIZE
        driven = Play(notebook, server)
        yield driven
        for name, listener in (("console", driven._told), ("request", driven._check)):
            notebook.window.remove_listener(name, listener)
        assert driven.problems == []
        return
    context = browser.new_context(viewport=SIZE, accept_downloads=True)
    context.set_default_timeout(20_000)
    page: Any = context.new_page()
    if course:
        page.goto(course)
        page = InFrame(page)
    driven = Play(page, server)
    yield driven
    context.close()
    assert driven.problems == []


@pytest.fixture
def own_server() -> Iterator[Any]:
    """`own_server(…)` starts a server, perhaps with options, on a port of its own; `own_server.stop()` kills it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    class Server:
        address = f"http://localhost:{port}"
        process: Any = None

        def __call__(self, *options: str) -> str:
            command = [sys.executable, "-m", "glassnet", "play", "--port", str(port), "--no-browser", *options]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            assert self.address in self.process.stdout.readline()
            return self.address

        def stop(self) -> None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    server = Server()
    yield server
    if server.process and server.process.poll() is None:
        server.stop()
