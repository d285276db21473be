"""The built site: static files that ask no other host, for everyone, at a desk, on a phone and on paper."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from .conftest import DOCS, SITE

pytestmark = pytest.mark.docs
CHAPTERS = sorted(path.stem for path in (DOCS / "course").glob("[0-9][0-9]-*.md"))
PAGES = ["index", "course/index", "how-to/index", "reference/index", *(f"course/{name}" for name in CHAPTERS)]
MORE_PAGES = ["search", "about/architecture", "about/gallery", "about/scaling", "reference/diagnosis"]
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}  # rules of axe that look at colours
LAYOUT = {"rules": {name: {"enabled": False} for name in COLOURS["runOnly"]}}
FETCHING = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "video": "src"}


class Parts(HTMLParser):
    """The ids of a page, where its links lead, and what it fetches."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.fetched, self.missing_alt = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if given.get(FETCHING.get(tag, "")):
            self.fetched.append(given[FETCHING[tag]])
        if tag == "img" and "alt" not in given:
            self.missing_alt.append(given.get("src"))


@pytest.fixture(scope="module")
def parts(site):
    pages = [path for path in site.rglob("*.html") if path.parent.name not in ("recordings", "_static")]
    return {path: Parts(path.read_text(encoding="utf-8")) for path in pages if "_static" not in path.parts}


def test_pages_fetch_from_their_own_host_alone(site, parts):
    elsewhere = {
        (path.name, address)
        for path, page in parts.items()
        for address in page.fetched
        if re.match(r"(https?:)?//", address)
    }
    assert elsewhere == set()
    for path in site.rglob("*.css"):
        assert re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*\)", path.read_text(encoding="utf-8")) == [], path


def test_links_lead_somewhere(site, parts):
    broken = set()
    for path, page in parts.items():
        for link in page.links:
            if re.match(r"[a-z]+:|//", link):
                continue
            target, anchor = urldefrag(link)
            there = (path.parent / unquote(target).split("?")[0]).resolve() if target else path
            there = there / "index.html" if there.is_dir() else there
            known = parts.get(there)
            if not there.exists() or (anchor and known and unquote(anchor) not in known.ids):
                broken.add((path.relative_to(site).as_posix(), link))
    assert broken == set()


def test_no_table_was_left_as_text(parts):
    rule = re.compile(r"\|\s*:?(-{3,}|—):?\s*\|")
    assert [
        path.name
        for path in parts
        if rule.search(re.sub(r"<pre.*?</pre>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL))
    ] == []


def test_pictures_have_a_text(parts):
    assert {path.name: page.missing_alt for path, page in parts.items() if page.missing_alt} == {}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_an_error_or_another_host(reader, name):
    opened = reader()
    opened.open(name)
    assert opened.problems == []


@pytest.fixture(scope="module")
def axe():
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("width", "theme", "rules"),
    [
        (1366, "light", {}),
        pytest.param(1366, "dark", COLOURS, marks=pytest.mark.long),
        pytest.param(360, "light", LAYOUT, marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("name", [*PAGES, *MORE_PAGES])
def test_axe_finds_nothing(reader, axe, name, width, theme, rules):
    """A theme changes colours alone, and a width all but colours."""
    page = reader(width, theme).open(name)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    page.add_style_tag(
        content="*, ::before, ::after { transition: none !important }"
    )  # or colours are between two themes
    page.evaluate(axe)
    found = page.evaluate("asked => axe.run(document, asked)", {"iframes": False, **rules})["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:300]) for each in found] == []


def test_a_phone_is_wide_enough(reader):
    opened = reader(360)
    wide = {name: opened.open(name).evaluate("document.documentElement.scrollWidth") for name in PAGES}
    assert {name: width for name, width in wide.items() if width > 360} == {}


def test_search_finds_the_chapters_on_the_transpose(reader):
    page = reader()
    page.page.goto(f"{page.server}search.html?q=transpose")
    page.page.wait_for_selector("#search-results li a", timeout=20_000)
    found = page.page.eval_on_selector_all("#search-results li a", "all => all.map(each => each.getAttribute('href'))")
    assert any("course/08" in address for address in found), found


def exercises_of(chapter):
    from exercises import of_chapter
    from exercises.kinds import Numbers

    return [each for each in of_chapter(chapter) if isinstance(each, Numbers)]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_page_marks_exercises_as_they_are_marked_in_python(reader, name):
    page = reader().open(f"course/{name}")
    shown = page.eval_on_selector_all(".gn-exercise", "all => all.map(each => each.id)")
    assert len(shown) >= 3
    for asked in exercises_of(name[:2]):
        if f"exercise-{asked.name}" not in shown:
            continue
        box = page.locator(f"#exercise-{asked.name}")
        verdict, fields = box.locator(".gn-verdict"), box.locator("input")
        assert not box.locator(".gn-solution").is_visible()

        def answer(values, fields=fields, box=box):
            for at, value in enumerate(values):
                fields.nth(at).fill(repr(float(value)))
            fields.last.press("Enter")
            return box.locator(".gn-verdict").inner_text()

        for wrong in asked.wrong:
            assert answer(wrong.values) == f"Not yet. {wrong.message}", asked.name
        assert answer([value + 977 for value in asked.right]).startswith("Not yet, and none"), asked.name
        assert answer(asked.right) == "Right.", asked.name
        assert verdict.get_attribute("aria-live") == "polite"
        assert box.locator(".gn-solution").is_visible()


def test_numbers_are_read_as_people_write_them(reader):
    page = reader().open(f"course/{CHAPTERS[0]}")
    for text, value in {
        "0.5": 0.5,
        ",5": 0.5,
        "1/2": 0.5,
        "−3": -3,
        "-1,25": -1.25,
        "2e-3": 0.002,
        "50 %": 0.5,
    }.items():
        assert page.evaluate("text => readNumber(text)", text) == value, text
    for text in ("", "half", "1/2/3", "1..2"):
        assert page.evaluate("text => Number.isNaN(readNumber(text))", text), text


def with_recording(site):
    return [name for name in CHAPTERS if "gn-recording" in (site / f"course/{name}.html").read_text(encoding="utf-8")]


def test_a_recording_runs_in_the_page_and_follows_its_theme(reader, site):
    opened = reader(theme="dark")
    page = opened.open(f"course/{with_recording(site)[0]}")
    frame = page.locator(".gn-recording iframe").first
    frame.scroll_into_view_if_needed()
    inside = page.frame_locator(".gn-recording iframe").first
    inside.locator("[data-theme=dark]").first.wait_for(state="attached", timeout=30_000)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    inside.locator("[data-theme=light]").first.wait_for(state="attached", timeout=10_000)
    assert opened.problems == []


@pytest.mark.firefox
def test_firefox_marks_exercises_and_plays_a_recording(server, site):
    node, browser = shutil.which("node"), shutil.which("firefox-esr") or shutil.which("firefox")
    modules = Path(__file__).parents[1] / "playground/page/package.json"
    if not node or not browser or not (modules.parent / "node_modules/puppeteer-core").exists():
        pytest.skip("needs node, firefox, and npm ci in tests/playground/page")
    name = with_recording(site)[0]
    asked = [
        {
            "name": each.name,
            "right": each.right,
            "wrong": [[wrong.values, f"Not yet. {wrong.message}"] for wrong in each.wrong],
        }
        for each in exercises_of(name[:2])
    ]
    told = {
        "GLASSNET_TOLD": json.dumps({"address": f"{server}course/{name}.html", "exercises": asked}, default=float),
        "GLASSNET_NODE_MODULES": str(modules),
        "GLASSNET_BROWSER_PATH": browser,
    }
    command = [node, "--test", "--test-reporter=spec", str(Path(__file__).with_name("firefox.js"))]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env={**os.environ, **told})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass 1" in done.stdout, done.stdout


def test_paper_and_readers_without_scripts_get_a_still_picture_and_an_empty_box(reader, site):
    name = f"course/{with_recording(site)[0]}"
    printed = reader().open(name)
    printed.emulate_media(media="print")
    plain = reader(java_script_enabled=False).open(name)
    scrolls = "e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowY)"
    parts = "[...document.querySelectorAll('html, body, .bd-main, .bd-content, pre')]"
    assert printed.evaluate(f"{parts}.filter({scrolls}).map(e => e.tagName)") == []  # or paper would lack what follows
    for page in (printed, plain):
        assert page.locator(".gn-still").first.is_visible()
        assert not page.locator(".gn-recording iframe").first.is_visible()
        assert page.locator(".gn-field input").first.is_visible()
        assert not page.locator(".gn-button").first.is_visible()


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_as_a_notebook_has_no_word_of_the_build(site, name):
    text = (site / f"notebooks/{name}.ipynb").read_text(encoding="utf-8")
    assert [word for word in ("{glue", "course_tools", "```{", ":::{", "tell(") if word in text] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_as_a_notebook_runs_in_an_empty_folder(site, name, tmp_path):
    import nbclient
    import nbformat

    path = site / f"notebooks/{name}.ipynb"
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "%pip install" in notebook.cells[0].source
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert json.loads(text)["nbformat"] == 4
    assert f"../notebooks/{name}.ipynb" in (SITE / f"course/{name}.html").read_text(encoding="utf-8")
