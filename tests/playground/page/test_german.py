"""The page in German: chosen by the address, the control or the browser; its parts, a lesson, an exercise, the glass."""

import re

import pytest

from glassnet.playground.lessons import LESSONS
from glassnet.playground.playground import Playground
from glassnet.playground.recording.recording import record_query

from .test_access import axe
from .test_recording import Recorded

ENGLISH = re.compile(
    r"\b(the|of|and|step|weights?|layers?|training points|seed|loss|units?|keys?|run|is|are|with)\b", re.IGNORECASE
)
# what a reader sees and hears, without what is marked as English, code and its symbols, and formulas
SEEN = """() => {
  const told = [];
  const walk = (part) => {
    if (part.nodeType === 3) told.push(part.data);
    if (part.nodeType !== 1 || part.matches('[lang=en], .symbol, .line b, .matrix caption, pre, code, math, script, style, .source, select[name=lang]')) return;
    for (const name of ['title', 'aria-label', 'aria-valuetext', 'alt']) if (part.hasAttribute(name)) told.push(part.getAttribute(name));
    part.childNodes.forEach(walk);
  };
  walk(document.body);
  return told.map((text) => text.trim()).filter(Boolean);
}"""


def english(play):
    """Texts of the page that look English."""
    return [text for text in play.page.evaluate(SEEN) if ENGLISH.search(text)]


@pytest.mark.place("prefix", "frame", why="a widget is shared as a line of code")
def test_the_whole_page_is_german_and_back_again_without_a_reload(play):
    page = play.open("?lang=de&step=20").page
    assert page.evaluate("document.documentElement.lang") == "de"
    assert page.get_by_role("button", name="Abspielen").is_visible()
    assert page.locator(".top .score").inner_text().startswith("Verlust")
    assert re.search(r"Training \d,\d+", page.locator(".top .score").inner_text())
    assert english(play) == []
    page.get_by_role("button", name="Tasten").click()
    page.get_by_role("button", name="Schließen").last.click()
    page.get_by_role("button", name="Teilen").click()
    assert "lang=de" in page.get_by_label("Adresse dieses Bildes").input_value()
    page.keyboard.press("Escape")
    before = play.header
    page.evaluate("window.here = true")
    page.get_by_label("Sprache").select_option("en")
    page.get_by_role("button", name="Play").wait_for()
    assert (page.evaluate("[document.documentElement.lang, window.here]"), play.step) == (["en", True], 20)
    assert play.header == before
    assert "lang=en" in play.store("store.address")
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Neu würfeln").click()
    play.settled()
    page.keyboard.press("Control+z")  # to a state, not to a language
    play.settled()
    assert play.store("[store.view.lang, store.run.query.seed]") == ["de", "42"]


@pytest.mark.place("prefix", why="opens the page in a window of its own")
@pytest.mark.parametrize(
    ("locale", "query", "spoken"), [("de-DE", "", "de"), ("de-DE", "?lang=en", "en"), ("fr-FR", "", "en")]
)
def test_without_a_language_in_the_address_the_browser_s_is_spoken_and_then_stands_there(
    browser, play, locale, query, spoken
):
    context = browser.new_context(locale=locale)
    page = context.new_page()
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(f"{play.server}/{query}")
    page.get_by_role("button", name="Abspielen" if spoken == "de" else "Play").wait_for()
    assert page.evaluate("document.documentElement.lang") == spoken
    assert [re.search(r"texts/(\w+)\.js", url)[1] for url in loaded if "/texts/" in url] == [
        spoken
    ]  # the other is not loaded
    if spoken == "de":
        page.wait_for_function("location.search.includes('lang=de')")
    context.close()


def test_a_lesson_is_walked_in_german(play):
    page = play.open("?lang=de&lesson=list").page
    lesson = LESSONS[0].told("de")
    page.get_by_role("button", name=lesson.title).click()
    play.settled()
    for at, step in enumerate(lesson.steps):
        assert page.locator(".lesson .where").inner_text() == f"{lesson.title} · {at + 1} von {len(lesson.steps)}"
        text = page.locator(".lesson .text").inner_text()
        assert " ".join(text.split()) == " ".join(re.sub("</?p>", " ", step.text).split())
        scores = page.locator(".top .score").inner_text()
        assert all(number in scores for number in re.findall(r"\d+,\d+", text))  # as the page writes it
        assert english(play) == []
        if at < len(lesson.steps) - 1:
            page.get_by_role("button", name="Weiter", exact=True).click()
            play.settled()
    page.get_by_label(lesson.steps[-1].question.choices[1]).check()
    assert page.locator(".question").inner_text().count("Richtig.") == 1
    page.get_by_label("Sprache").select_option("en")
    page.get_by_text("What a neuron does · 3 of 3").wait_for()
    assert play.query["edits"] == "200:b1,0=3"


def test_an_exercise_is_answered_and_the_glass_is_walked_in_german(play):
    page = play.open("?lang=de&lesson=exercise&step=20&activation=tanh&hidden=3&glass=1&sample=0").page
    page.get_by_text("Trainingspunkt 0 (").wait_for()
    play.until("store.worked")
    play.settled()
    page.keyboard.press("]")
    assert "die Aktivierungen der Schicht 1" in page.locator("the-glass .line").inner_text()
    number = page.locator("the-glass .formula mn").all_text_contents()
    assert any("," in each for each in number)
    assert not any("." in each for each in number)
    assert english(play) == []
    query = page.evaluate("document.querySelector('number-exercise').query")
    expected = play.asked(f"grade?{query}&answer=0")["expected"]
    page.get_by_label("Deine Zahl").fill(f"{expected:.5g}".replace(".", ","))
    page.get_by_role("button", name="Prüfen").click()
    page.get_by_text("✓ Richtig.").wait_for()


def test_findings_are_german_and_what_is_english_is_marked(play):
    page = play.open("?lang=de&rate=30&step=200&panel=diagnosis").page
    page.get_by_text("Lernrate zu groß").wait_for()
    assert "Was von der Bibliothek kommt, ist auf Englisch." in page.locator("diagnosis-list").inner_text()
    assert page.locator("diagnosis-list [lang=en]").count() >= 1
    assert english(play) == []


STATES = ("?lang=de&step=40", "?lang=de&step=40&glass=1&sample=3&entry=W1,0,1&stage=dW1", "?lang=de&data=blobs&compare=data%3Dblobs%26rate%3D1&step=9",
          "?lang=de&lesson=hidden:2")  # fmt: skip


@pytest.mark.parametrize("width", [1366, 320])
def test_axe_finds_nothing_and_long_words_have_room(play, width):
    play.page.set_viewport_size({"width": width, "height": 768})
    for query in STATES:
        play.open(query)
        play.page.evaluate(axe())
        found = play.page.evaluate("axe.run()")["violations"]
        assert [(query, each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert play.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.place(why="a recording is opened from a file, which is the same at every place")
def test_a_recording_speaks_german_and_english(browser, tmp_path):
    file = record_query(Playground(), "hidden=2&n=40&step=20&lang=de", frames=12).save(tmp_path / "run.html")
    context = browser.new_context(offline=True)
    recorded = Recorded(context.new_page(), file.as_uri())
    page = recorded.open().page
    assert page.get_by_role("button", name="Abspielen").is_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_label("Sprache").select_option("en")
    page.get_by_role("button", name="Play").wait_for()
    page.goto("about:blank")
    recorded.open("#lang=en")
    assert page.get_by_role("button", name="Play").is_visible()
    context.close()
    assert recorded.problems == []
