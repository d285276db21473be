"""Photographs, times and records the playground's page: `python tools/page.py pictures`, `… sheets FOLDER [STATE …]`, `… speed`
or `… recordings`.

`pictures` writes the images of the documentation, `recordings` its recording of the default run and the example notebook with
another. `sheets` writes contact sheets of each main state of the page, at five widths, light, dark and in forced colours, to be
looked at. `speed` prints the time to the first picture, and the time between pictures while the default network trains. All but
the recordings need the test extra and Chromium on the PATH; the notebook needs nbclient and ipykernel.
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
NOTEBOOK = Path(__file__).parents[1] / "examples/recording.ipynb"
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
WIDTHS = {320: 640, 375: 812, 768: 1024, 1366: 768, 1920: 1080}  # and heights of the windows of the contact sheets
COLOURS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active", "color_scheme": "dark"},
}
STATES = {  # name: (query, the button to press)
    "start": ("", ""),
    "trained": ("?step=400", ""),
    "glass": ("?hidden=4,3&activation=tanh&rate=0.3&step=300&glass=1&sample=40&entry=W1,1,2&stage=dA1", ""),
    "compare": ("?hidden=6,4&activation=tanh&step=200&compare=hidden%3D6,4%26activation%3Dtanh%26optimizer%3Dadam", ""),
    "lesson": ("?lesson=neuron:2", ""),
    "diagnosis": ("?rate=30&step=200&panel=diagnosis", ""),
    "share": ("?step=40", "Share"),
    "classes": ("?data=blobs&classes=5&step=100&panel=confusion", ""),
}
COLUMN = 420  # pixels of a sheet for each width
SHOWN = """async () => {
  const { store } = await import('/static/app/page.js');
  const part = (name) => document.querySelector(name);
  const loading = () => !store.settled || (part('the-glass') && !store.worked) || (part('diagnosis-list') && !part('diagnosis-list').latest.fresh);
  for (const end = performance.now() + 60000; loading() && performance.now() < end; ) await new Promise((done) => setTimeout(done, 50));
}"""
FETCHED = """['transferSize', 'decodedBodySize'].map((name) => ['navigation', 'resource']
  .flatMap((kind) => performance.getEntriesByType(kind)).reduce((sum, each) => sum + each[name], 0))"""
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
    path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None)
    if path is None:
        raise SystemExit("chromium: expected on the PATH; found none; install it, e.g. apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def wait(page: Page) -> None:
    """Wait until the page shows everything that its address requests."""
    page.wait_for_load_state("networkidle")
    page.evaluate(SHOWN)
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


def sheets(browser: Browser, address: str, folder: Path, names: list[str]) -> None:
    """Write two contact sheets of each state: of the phones in all colours, and of the wider windows, a row for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or STATES:
        query, press = STATES[name]
        rows = []
        for colours in COLOURS.values():
            row = []
            for width, height in WIDTHS.items():
                page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce", **colours)
                page.goto(f"{address}/{query}")
                wait(page)
                if press:
                    page.get_by_role("button", name=press, exact=True).click()
                    page.wait_for_timeout(300)
                else:  # the picture is of the whole page, and the bar of time belongs to its end
                    page.evaluate("document.querySelector('time-line').style.position = 'static', scrollTo(0, 0)")
                row.append(Image.open(io.BytesIO(page.screenshot(full_page=not press))).convert("RGB"))
                page.close()
            rows.append(row)
        phones = [each for row in rows for each in row[:2]]
        for part, pictures in (("narrow", [phones]), ("wide", [row[2:] for row in rows])):
            path = folder / f"{name}-{part}.png"
            _sheet(pictures).save(path)
            print(path, f"{path.stat().st_size:,} bytes")


def _sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Put pictures below and beside one another, each as wide as COLUMN or as itself if it is narrower."""
    small = [[_fit(each) for each in row] for row in rows]
    heights = [max(each.height for each in row) for row in small]
    sheet = Image.new("RGB", (sum(each.width + 8 for each in small[0]), sum(heights) + 8 * len(rows)), "#888")
    for index, row in enumerate(small):
        left = 0
        for each in row:
            sheet.paste(each, (left, sum(heights[:index]) + 8 * index))
            left += each.width + 8
    return sheet


def _fit(picture: Image.Image) -> Image.Image:
    """Return a picture at most COLUMN wide, or twice that of a wide window."""
    most = COLUMN if picture.width < 1000 else 2 * COLUMN
    share = min(1.0, most / picture.width)
    return picture.resize((round(picture.width * share), round(picture.height * share)), Image.Resampling.LANCZOS)


def speed(browser: Browser, address: str) -> None:
    firsts = []
    for _ in range(5):  # each time in a new window with an empty cache
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.goto(address)
        wait(page)
        firsts.append(page.evaluate("performance.getEntriesByName('first picture')[0].startTime"))
        size, unpacked = page.evaluate(FETCHED)
        page.close()
    print(f"first picture after {', '.join(f'{first:.0f}' for first in firsts)} ms")
    print(f"a first visit fetches {size:,} bytes with their headers, {unpacked:,} unpacked")
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
    notebook()


def notebook() -> None:
    """Execute the example notebook, so that it holds its recording."""
    import nbformat
    from nbclient import NotebookClient

    read = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(read, kernel_name="python3", timeout=600).execute()
    for cell in read.cells:
        cell.metadata.pop("execution", None)  # when it ran
    read.metadata.language_info = {"name": "python"}  # not the version that ran it
    nbformat.write(read, NOTEBOOK)
    print(NOTEBOOK, f"{NOTEBOOK.stat().st_size:,} bytes")


def main() -> None:
    command, *rest = sys.argv[1:] or [""]
    what = {"pictures": pictures, "speed": speed}
    known = command == "sheets" and rest and set(rest[1:]) <= set(STATES)
    if not known and (rest or command not in ("recordings", *what)):
        names = ", ".join(STATES)
        raise SystemExit(
            f"page.py: expected recordings, pictures, speed, or sheets FOLDER and states ({names}); got {sys.argv[1:]}."
        )
    if command == "recordings":
        recordings()
        return
    with playground() as address, chromium() as browser:
        if command == "sheets":
            sheets(browser, address, Path(rest[0]), rest[1:])
        else:
            what[command](browser, address)


if __name__ == "__main__":
    main()
