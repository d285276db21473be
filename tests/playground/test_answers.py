"""A class's answers, appended to a file and graded by the server."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from glassnet.errors import InputError
from glassnet.playground.answers import COLUMNS, Answers
from glassnet.playground.guard import Access
from glassnet.playground.lock import Lock
from glassnet.playground.server import create_app

QUERY = "hidden=3&activation=tanh&step=20&sample=5&kind=gradient&turn=1"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "answers.csv"


@pytest.fixture
def collecting(play, file):
    app = create_app(play, Access(answers=Answers(file)))
    with TestClient(app, base_url="http://localhost:8765") as client:
        yield client


def rows(file):
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_number_is_graded_by_the_server_whatever_the_page_says(collecting, file, play):
    expected = json.loads(play.grade(f"{QUERY}&answer=0"))["expected"]
    for answer in (expected, -expected, 1000):
        told = collecting.post(f"/answers?{QUERY}", json={"name": "Ada", "answer": repr(answer), "right": "yes"})
        assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")
    right, turned, far = rows(file)
    assert tuple(right) == COLUMNS
    asked = json.loads(play.exercise(QUERY))
    assert right["about"] == f"{asked['symbol']}[{', '.join(map(str, asked['index']))}]"
    assert (right["name"], right["question"], right["right"], right["mistake"]) == ("Ada", "gradient", "yes", "")
    assert float(right["answer"]) == float(right["expected"]) == expected
    assert (turned["right"], bool(turned["mistake"])) == ("no", True)
    assert (far["right"], far["mistake"]) == ("no", "")
    assert right["run"] == QUERY  # which opens the same question again
    assert right["time"].endswith("+00:00")


def test_a_choice_of_a_lesson_s_question_is_collected(collecting, file, play):
    lesson = next(each for each in play.all_lessons if each.id == "neuron")
    place, question = next((k, step.question) for k, step in enumerate(lesson.steps) if step.question)
    for choice in (question.answer + 1, (question.answer + 1) % len(question.choices) + 1):
        answer = {"name": "Ada", "answer": str(choice)}
        assert collecting.post(f"/answers?lesson=neuron:{place}&step=200", json=answer).status_code == 200
    right, wrong = rows(file)
    assert right["answer"] == right["expected"] == wrong["expected"] == question.choices[question.answer]
    assert [right["right"], wrong["right"]] == ["yes", "no"]
    assert right["about"] == question.text


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://evil")', "+1", "-1", "@SUM(A1)", "\t=1", "a\nb,c", "x" * 5, "\x00\u202e"]
)
def test_a_name_is_text_of_one_line_and_no_formula(collecting, file, name):
    collecting.post(f"/answers?{QUERY}", json={"name": name, "answer": "1"})
    (row,) = rows(file)
    assert not row["name"].startswith(("=", "+", "-", "@"))
    assert "\n" not in row["name"]
    assert "\u202e" not in row["name"]
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("query", "content"),
    [
        (QUERY, b""),
        (QUERY, b"[]"),
        (QUERY, b'{"name": "Ada"}'),
        (QUERY, b'{"name": "Ada", "answer": "a third"}'),
        (QUERY + "&hidden=99", b'{"name": "Ada", "answer": "1"}'),
        ("lesson=none:1", b'{"name": "Ada", "answer": "1"}'),
        ("lesson=neuron:0", b'{"name": "Ada", "answer": "1"}'),
        ("lesson=neuron:99", b'{"name": "Ada", "answer": "1"}'),
        ("lesson=neuron:2", b'{"name": "Ada", "answer": "9"}'),
    ],
)
def test_what_is_no_answer_is_refused_and_not_written(collecting, file, query, content):
    assert collecting.post(f"/answers?{query}", content=content).status_code == 422
    assert rows(file) == []


def test_long_answers_are_cut_off_and_other_pages_refused(collecting, file):
    assert collecting.post(f"/answers?{QUERY}", content=b"x" * 3000).status_code == 413
    other = {"origin": "http://evil.example"}
    assert collecting.post(f"/answers?{QUERY}", json={"name": "", "answer": "1"}, headers=other).status_code == 403
    assert rows(file) == []


def test_a_server_without_a_file_takes_no_answers(client):
    assert client.post(f"/answers?{QUERY}", json={"name": "Ada", "answer": "1"}).status_code == 404
    assert "answers" not in client.get("/").text.split('name="offers"')[1].split(">")[0]


def test_the_lock_holds_for_answers(play, file):
    lock = Lock(b"secret")
    client = TestClient(create_app(play, Access(lock=lock, answers=Answers(file))), base_url="http://localhost")
    answer = {"name": "Ada", "answer": "1"}
    link = lock.link("hidden=3&activation=tanh", "")
    assert client.post(f"/answers?{link}&kind=loss&turn=1", json=answer).status_code == 200
    assert client.post(f"/answers?{QUERY}", json=answer).status_code == 403


def test_a_file_goes_on_after_a_restart_and_no_other_file_is_touched(play, file, tmp_path):
    for _ in range(2):
        Answers(file).add(play, QUERY, b'{"name": "\xc3\x84nne", "answer": "1"}')
    assert [row["name"] for row in rows(file)] == ["Änne"] * 2
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="expected a file of answers or a new one"):
        Answers(other)
    assert other.read_text(encoding="utf-8") == "a,b\n1,2\n"
    with pytest.raises(InputError, match="expected a file to write"):
        Answers(tmp_path)


def test_answers_that_come_at_once_are_lines_of_their_own(play, file):
    answers = Answers(file)
    play.grade(f"{QUERY}&answer=1")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: answers.add(play, QUERY, b'{"name": "n%d", "answer": "1"}' % k), range(40)))
    assert sorted(row["name"] for row in rows(file)) == sorted(f"n{k}" for k in range(40))
