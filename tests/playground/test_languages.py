"""What the server says, in the languages of the page: lessons, exercises and their verdicts, findings and their remedies."""

import json
import re
import string
import subprocess
import sys

import pytest

from glassnet.diagnose.findings import RULES
from glassnet.errors import InputError
from glassnet.playground.lesson_checks import problems, quoted
from glassnet.playground.lesson_files import read_lessons
from glassnet.playground.lessons import LESSONS
from glassnet.playground.playground import Playground
from glassnet.playground.recording.recording import record_query
from glassnet.playground.texts import english, german
from glassnet.playground.texts.texts import LANGUAGES, Words, language_of

SPOKEN = {"training loss": "Trainingsverlust", "test loss": "Testverlust", "training accuracy": "Trainingsgenauigkeit",
          "test accuracy": "Testgenauigkeit"}  # fmt: skip


def fields(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_every_text_is_there_in_every_language_with_the_same_values():
    assert german.TEXTS.keys() == english.TEXTS.keys()
    assert {name: fields(text) for name, text in german.TEXTS.items()} == {
        name: fields(text) for name, text in english.TEXTS.items()
    }
    assert english.NAMES.keys() <= german.NAMES.keys()
    assert RULES.keys() <= german.NAMES.keys()  # each finding has its title


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_lesson_says_the_same_in_every_language(lesson):
    for code in set(LANGUAGES) - {lesson.language}:
        told = lesson.told(code)
        assert (told.language, told.missing) == (code, ())
        assert told.title != lesson.title
        for own, other in zip(lesson.steps, told.steps, strict=True):
            assert (own.query, own.highlight) == (other.query, other.highlight)
            assert quoted(own.text, lesson.language) == quoted(other.text, code)
            for name, german_name in SPOKEN.items():
                assert (name in own.text) == (german_name in other.text), other.text
            assert own.text.count("<p>") == other.text.count("<p>")
            assert (own.question is None) == (other.question is None)
            if own.question:
                assert own.question.answer == other.question.answer
                assert len(own.question.choices) == len(other.question.choices)


def test_lessons_are_asked_for_in_a_language(client):
    for query, title in (
        ("", "What a neuron does"),
        ("?lang=de", "Was ein Neuron tut"),
        ("?lang=fr", "What a neuron does"),
    ):
        first = client.get(f"/lessons{query}").json()[0]
        assert (first["title"], first["lang"]) == (title, "de" if title.startswith("Was") else "en")


LESSON = """
title = "One line"
[de]
title = "Eine Gerade"
[[step]]
text = "The test accuracy is 0.988."
query = "data=gaussians&hidden=&step=200"
checks = ["test accuracy = 0.988"]
[step.de]
text = "Die Testgenauigkeit ist 0,988, nach 1.000 *Blicken*."
[step.question]
text = "Why?"
choices = ["So", "Not so"]
answer = 1
[step.question.de]
text = "Warum?"
choices = ["So", "Nicht so"]
"""


def of(tmp_path, text):
    (tmp_path / "one-line.toml").write_text(text, encoding="utf-8")
    return read_lessons(tmp_path)[0]


def test_an_own_lesson_has_translations_and_what_is_missing_is_told(tmp_path):
    lesson, play = of(tmp_path, LESSON), Playground()
    told = lesson.told("de")
    assert (told.title, told.steps[0].text) == (
        "Eine Gerade",
        "<p>Die Testgenauigkeit ist 0,988, nach 1.000 <i>Blicken</i>.</p>",
    )
    assert told.steps[0].question.choices == ("So", "Nicht so")
    assert list(problems(lesson, play)) == []
    half = of(tmp_path, LESSON.replace('title = "Eine Gerade"', "").replace('text = "Warum?"', ""))
    assert half.told("de").title == "One line"
    assert list(problems(half, play)) == ["one-line: no title in de.", "one-line, step 1, question: no text in de."]
    wrong = of(tmp_path, LESSON.replace("0,988", "0,99"))
    assert list(problems(wrong, play)) == ["one-line, step 1, de: the text says 0.99, and no check has that number."]
    own = of(tmp_path, 'title = "Eins"\nlanguage = "de"\n[[step]]\ntext = "Bei 1.000 Schritten."\n')
    assert (own.language, own.told("en").language, list(problems(own, play))) == ("de", "de", [])
    with pytest.raises(InputError, match=r"one-line\.toml, step 1, question, de: expected 2 choices; got 1"):
        of(tmp_path, LESSON.replace(', "Nicht so"]', "]"))
    with pytest.raises(InputError, match="language"):
        of(tmp_path, 'language = "xx"\n' + LESSON)


@pytest.mark.parametrize("kind", ["forward", "loss", "gradient", "update"])
def test_an_exercise_asks_the_same_in_every_language(play, kind):
    query = f"hidden=3&activation=tanh&step=20&optimizer=adam&l2=0.01&sample=3&kind={kind}&turn=1"
    own, other = (json.loads(play.exercise(query + more)) for more in ("", "&lang=de"))
    assert (own["symbol"], own["index"]) == (other["symbol"], other["index"])
    assert other["text"].startswith("<p>Trainingspunkt 3 (")
    assert "Klasse" in other["text"]
    assert not re.search(r"\d\.\d|point|unit|loss|weight", re.sub("<code>.*?</code>", "", other["text"]))
    given = re.compile(r"</code> = ([-\de.,]+)</li>")
    assert given.findall(own["text"]) == [number.replace(",", ".") for number in given.findall(other["text"])]
    verdicts = [json.loads(play.grade(f"{query}{more}&answer=12345")) for more in ("", "&lang=de")]
    assert verdicts[1]["note"].startswith("Keiner der üblichen Fehler")
    assert verdicts[0] | {"note": ""} == verdicts[1] | {"note": ""}


def test_findings_and_remedies_are_in_the_language_and_what_is_the_library_s_is_named(play):
    query = "rate=30&step=200"
    own, other = (json.loads(play.diagnosis(query + more))["findings"] for more in ("", "&lang=de"))
    assert [each["code"] for each in own] == [each["code"] for each in other]
    cause = other[0]
    assert (cause["title"], cause["remedy"]) == ("Lernrate zu groß", "Setze die Lernrate auf 3.")
    assert "Vom selben Anfang aus erprobt" in cause["replay"]["text"]
    assert cause["english"] == ["rule"]
    assert "message" in next(each for each in other if each["code"] == "dead_units")["english"]
    assert all(each["english"] == [] for each in own)
    assert json.loads(play.diagnosis("lang=de"))["note"].startswith("Der Lauf hat noch nicht begonnen")
    lesson = next(each for each in LESSONS if each.id == "overfitting")
    found = json.loads(play.diagnosis(f"{lesson.query(0)}&lang=de"))["findings"][0]
    assert found["message"].startswith("Der Testverlust ist 10,89, der Trainingsverlust 0,0001884.")
    assert found["remedy"] == "Geh zurück zu Schritt 6, wo der Testverlust am kleinsten war."


def test_the_page_comes_with_the_texts_of_one_language(client):
    for query, header, code in (
        ("", "", "en"),
        ("?lang=de", "", "de"),
        ("", "de-AT,de;q=0.9", "de"),
        ("?lang=en", "de", "en"),
    ):
        page = client.get(f"/{query}", headers={"accept-language": header}).text
        assert f'<html lang="{code}">' in page
        assert re.findall(r"static/texts/(\w+)\.js", page) == [code]
    assert "accept-language" in client.get("/").headers["vary"]
    assert (language_of("de-CH"), language_of("fr"), Words("de").shown(1.5)) == ("de", "en", "1,5")


def test_a_recording_in_a_language():
    play = Playground()
    told = record_query(play, "hidden=2&n=20&step=3&lang=de", frames=12)
    assert told.title == "zwei Monde · 2-2-1 · relu · sgd 0,1"
    assert '<html lang="de">' in told.html
    assert "glassnet-Aufzeichnung</title>" in told.html
    assert '"lang":"de"' in told.html
    assert '<html lang="en">' in record_query(play, "hidden=2&n=20&step=3", frames=12).html


def test_the_command_refuses_a_language_that_the_page_does_not_have():
    command = [sys.executable, "-m", "glassnet", "play", "--no-browser", "--lang", "fr"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "--lang" in done.stderr
    assert "Traceback" not in done.stderr
