"""Photographs, times and records the playground's page: `python tools/page.py pictures`, `… speed` or `… recordings`.

`pictures` writes the images of the documentation, `recordings` its recording of the default run; `speed` prints the time to the first picture, and the time between
pictures while the default network trains. Pictures and speed need the test extra and Chromium on the PATH.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs/images"
RECORDINGS = Path(__file__).parents[1] / "docs/recordings"
SCALE = 1.5  # image pixels for each pixel of the page
PICTURES = {  # name: (query, colours, width, height)
    "playground": (
        "?data=spirals&noise=0&hidden=8,6&activation=tanh&optimizer=adam&rate=0.03&step=900",
        "light",
        1366,
        768,
    ),
    "playground-glass": (
        "?hidden=4,3&activation=tanh&rate=0.3&step=300&glass=1&sample=40&entry=W1,1,2&stage=dA1",
        "dark",
        1366,
        768,
    ),
    "playground-compare": (
        (
            "?hidden=6,4&activation=tanh&step=200&log=1"
            "&compare=hidden%3D6,4%26activation%3Dtanh%26optimizer%3Dadam%26rate%3D0.03"
        ),
        "light",
        1366,
        768,
    ),
}
MEASURE = """async (milliseconds) => {
  const { store, player } = await import('/static/app/page.js');
  player.play();
  await new Promise((done) => setTimeout(done, 500));
  let shown = 0;
  store.addEventListener('frame', () => shown++);
  const from = store.step;
  const times = [];
  const end = performance.now() + milliseconds;
  await new Promise((done) => {
    const turn = (now) => { times.push(now); now < end ? requestAnimationFrame(turn) : done(); };
    requestAnimationFrame(turn);
  });
  player.pause();
  const gaps = times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b);
  const part = (share) => gaps[Math.floor(share * (gaps.length - 1))];
  return { p50: part(0.5), p95: part(0.95), shown: (shown * 1000) / milliseconds, steps: store.step - from };
}"""


@contextmanager
def playground() -> Iterator[str]:
    """Start a server and yield its address."""
    command = [sys.executable, "-m", "glassnet", "play", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield next(word for word in process.stdout.readline().split() if word.startswith("http")).rstrip("/")
        process.terminate()


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("chromium: expected on the PATH; found none; install it, e.g. apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def wait(page: Page) -> None:
    """Wait until the page shows everything that its address requests."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(600)


def pictures(browser: Browser, address: str) -> None:
    for name, (query, colours, width, height) in PICTURES.items():
        scheme: Any = colours
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            device_scale_factor=SCALE,
            reduced_motion="reduce",
        )
        page.goto(f"{address}/{query}")
        wait(page)
        path = IMAGES / f"{name}.png"
        with Image.open(io.BytesIO(page.screenshot())) as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        print(path, f"{path.stat().st_size:,} bytes")
        page.close()


def speed(browser: Browser, address: str) -> None:
    firsts = []
    for _ in range(5):  # each time in a new window with an empty cache
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.goto(address)
        wait(page)
        firsts.append(page.evaluate("performance.getEntriesByName('first picture')[0].startTime"))
        size = page.evaluate(
            "performance.getEntriesByType('resource').reduce((sum, each) => sum + each.encodedBodySize, 0)"
        )
        page.close()
    print(f"first picture after {', '.join(f'{first:.0f}' for first in firsts)} ms; fetched {size:,} bytes in all")
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(address)
    wait(page)
    found = page.evaluate(MEASURE, 10_000)
    print(
        f"while training: {found['p50']:.1f} ms from picture to picture (median), {found['p95']:.1f} ms (95th percentile);"
    )
    print(f"{found['shown']:.1f} frames of the run shown a second, {found['steps']} steps in 10 s")


def recordings() -> None:
    from glassnet.playground.playground import Playground
    from glassnet.playground.recording.recording import record_query

    RECORDINGS.mkdir(exist_ok=True)
    path = record_query(Playground(), "").save(RECORDINGS / "two-moons.html")
    print(path, f"{path.stat().st_size:,} bytes")


def main() -> None:
    if sys.argv[1:] == ["recordings"]:
        recordings()
        return
    what = {"pictures": pictures, "speed": speed}
    if len(sys.argv) != 2 or sys.argv[1] not in what:
        raise SystemExit(f"page.py: expected recordings, {' or '.join(what)}; got {sys.argv[1:]}; pass one.")
    with playground() as address, chromium() as browser:
        what[sys.argv[1]](browser, address)


if __name__ == "__main__":
    main()
