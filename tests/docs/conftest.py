"""The built site, a server for it and a browser; and docs/exercises as the build imports it."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = DOCS / "_build/html"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
sys.path[:0] = [str(DOCS), str(DOCS / "extensions"), str(DOCS / "course")]


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    assert (SITE / "index.html").exists(), "no site in docs/_build/html: build it with `nox -s docs`"
    return SITE


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *told: Any) -> None:
        """Write no log."""


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[str]:
    """The address of the site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_address[1]}/"
        served.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium, found on this machine; on CI it must be there."""
    path = os.environ.get("GLASSNET_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no browser found: {', '.join(BROWSERS)}")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


class Reader:
    """A page of the site in the browser; `problems` collects errors and requests to other hosts."""

    def __init__(self, page: Any, server: str) -> None:
        self.page, self.server = page, server
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._check)

    def _check(self, request: Any) -> None:
        if not request.url.startswith((self.server, "data:", "blob:", "about:")):
            self.problems.append(request.url)

    def open(self, name: str) -> Any:
        """Open a page by its name, such as course/index, and wait until its scripts ran."""
        assert self.page.goto(f"{self.server}{name}.html", wait_until="load").ok, name
        self.page.wait_for_timeout(300)  # the theme makes what scrolls reachable by keyboard a moment after the load
        return self.page


@pytest.fixture
def reader(chromium: Any, server: str) -> Iterator[Any]:
    """Makes a reader with a width, a theme, and perhaps no scripts."""
    contexts = []

    def made(width: int = 1366, theme: str = "light", **options: Any) -> Reader:
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=theme, **options)
        contexts.append(context)
        return Reader(context.new_page(), server)

    yield made
    for context in contexts:
        context.close()
