"""The page at another place: behind a proxy with a prefix, and in a frame of another page."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from .places import PREFIX, proxy_to, serving

pytestmark = pytest.mark.place(why="puts the page at a place of its own")


@pytest.fixture(scope="module")
def start() -> Iterator:
    """`start("--root-path", …)` starts a server of its own and gives its address up to the port."""
    started = []

    def run(*options):
        command = [sys.executable, "-m", "glassnet", "play", "--port", "0", "--no-browser", *options]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        started.append(process)
        address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        return "/".join(address.split("/")[:3])

    yield run
    for process in started:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.mark.parametrize("strip", [True, False], ids=["stripped", "kept"])
def test_fault_17_behind_a_path_prefix_the_page_works(play, start, strip, tmp_path):
    server = start() if strip else start("--root-path", PREFIX)
    with serving(proxy_to(server, strip)) as proxy:
        play.server = proxy + PREFIX
        play.open("?data=xor&step=20")
        play.page.keyboard.press("ArrowRight")
        play.settled()
        assert play.header["step"] == 21
        play.page.wait_for_url(f"{proxy}{PREFIX}/?**step=21")
        play.page.keyboard.press("g")
        play.until("store.worked")
        play.page.get_by_role("tab", name="Diagnosis").click()
        play.page.locator("diagnosis-list .good, diagnosis-list .findings").wait_for()
        play.page.keyboard.press("l")
        play.page.get_by_role("button", name="Predict a number").click()
        play.page.locator(".exercise .text li").first.wait_for()
        file = tmp_path / "own.csv"
        file.write_text("x,y,kind\n" + "".join(f"{k},{k * k % 7},{'ab'[k % 2]}\n" for k in range(40)))
        play.page.locator(".file input").set_input_files(file)
        play.until("store.run.query.data.startsWith('csv:') && store.run.data?.classes?.[0] === 'a'")
        play.page.get_by_role("button", name="Share", exact=True).click()
        with play.page.expect_download() as download:
            play.page.get_by_role("link", name="Model (JSON)").click()
        assert download.value.url.startswith(f"{proxy}{PREFIX}/export/model.json")
        play.page.goto("about:blank")


def framing(address):
    """A page of another origin that shows the playground in a frame."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content = f'<!doctype html><title>course</title><iframe src="{address}/?step=5" width="1200" height="700"></iframe>'
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_):
            pass

    return Page


def test_fault_18_an_allowed_origin_shows_the_page_in_a_frame_and_no_other(play, start, browser):
    holder = {}

    class Late(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            framing(holder["address"]).do_GET(self)

        def log_message(self, *_):
            pass

    with serving(Late) as allowed, serving(Late) as refused:
        holder["address"] = start("--allow-embed", allowed)
        context = browser.new_context()
        page = context.new_page()
        page.goto(allowed)
        page.frame_locator("iframe").get_by_role("button", name="Play").wait_for()
        page.goto(refused)
        page.wait_for_timeout(1500)
        assert page.frame_locator("iframe").get_by_role("button", name="Play").count() == 0
        context.close()
