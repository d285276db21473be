"""Links for a class: the server refuses every query that changes what its link locks."""

from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from glassnet.errors import InputError
from glassnet.playground.guard import Access
from glassnet.playground.lock import Lock, LockedError
from glassnet.playground.server import create_app

RUN = "data=xor&hidden=4,2&activation=tanh&rate=0.03"
CSV = b"width,height,kind\n" + b"".join(b"%d.5,%d,%s\n" % (k, k * k % 7, b"ab"[k % 2 : k % 2 + 1]) for k in range(40))


@pytest.fixture(scope="module")
def lock():
    return Lock(b"secret", "seed")


@pytest.fixture
def locked(play, lock):
    """A client of a server that answers signed links only."""
    with TestClient(create_app(play, Access(lock=lock)), base_url="http://localhost:8765") as client:
        yield client


def test_what_is_free_may_change_and_nothing_else(locked, lock, play):
    link = lock.link(RUN, "seed,rate")
    for changed in ("", "&seed=7", "&step=50", "&step=50&seed=8&theme=dark&sample=3"):
        assert locked.get(f"/frame?{link}{changed}").content == play.frame(RUN + changed)
    assert locked.get(f"/frame?{link.replace('rate=0.03', 'rate=0.1')}&step=9").status_code == 200
    for other in (
        link.replace("xor", "moons"),
        link.replace("data=xor&", ""),
        link.replace("4,2", "4"),
        link.replace("tanh", "relu"),
        link + "&noise=0.5",
        link + "&optimizer=adam",
        link + "&edits=0:b1,0=3",
        link.replace("free=rate,seed", "free=rate,seed,noise") + "&noise=0.5",
        link.replace("free=rate,seed", "free=*"),
        link.replace("free=rate,seed&", "") + "&seed=7",
        link[:-4] + "AAAA",
    ):
        answer = locked.get(f"/frame?{other}")
        assert answer.status_code == 403, other
        assert answer.json()["error"].startswith("link: expected")


def test_every_answer_about_a_run_needs_a_signed_link(locked, lock):
    link = lock.link("step=5", "")
    paths = [
        "frame",
        "explain",
        "exercise",
        "diagnosis",
        "grade",
        "export/script.py",
        "export/model.json",
        "export/animation.gif",
    ]
    for path in paths:
        assert locked.get(f"/{path}?step=5&answer=1").status_code == 403, path
    for path in paths[:-1]:
        assert locked.get(f"/{path}?{link}{'&answer=1' * (path == 'grade')}").status_code == 200, path
    for path in ("", "schema", "lessons", "static/main.js", "data?data=xor"):  # what is no run
        assert locked.get(f"/{path}").status_code == 200, path


def test_a_recording_of_a_comparison_holds_no_run_that_is_locked(locked, lock):
    """The second run stands in `compare`, which the signature of the first does not cover."""
    link = lock.link("data=xor&hidden=2&n=20&step=3", "seed")
    for compare, status in (
        ("", 200),
        ("data=xor&hidden=2&n=20&seed=7", 200),
        ("data=xor&hidden=3&n=20", 403),
        ("data=moons", 403),
    ):
        query = f"{link}&{urlencode({'compare': compare})}" if compare else link
        answer = locked.get(f"/export/recording.html?{query}")
        assert answer.status_code == status, compare
    assert locked.get("/export/recording.html?step=3").status_code == 403


def test_an_unlocked_server_knows_no_locks(client):
    assert client.get("/frame?free=seed&sig=x&hidden=3").status_code == 200
    assert client.get("/lock?lock=seed").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["hidden=10&seed=42", "rate=&loss=&init=", "rate=0.10", "features=y,x", "noise=.2", "optimizer=adam&rate=0.001"],
)
def test_a_value_written_otherwise_is_the_same_value(query):
    """The page leaves out defaults, and writes numbers in its own way."""
    lock = Lock(b"secret")
    signed = lock.link(query, "seed")
    tail = signed[signed.index("free=") :]
    short = {"rate=0.10": "rate=0.1", "optimizer=adam&rate=0.001": "optimizer=adam&rate=1e-3"}.get(query, "")
    lock.check(f"{short}&{tail}" if short else tail)


def test_a_link_outlives_its_server_but_not_its_secret():
    link = Lock(b"one").link(RUN, "seed")
    Lock(b"one").check(link)
    with pytest.raises(LockedError):
        Lock(b"two").check(link)


def test_the_teacher_s_link_leaves_everything_free_and_makes_the_class_s(locked, lock):
    teacher = lock.link("", "*")
    assert locked.get(f"/frame?{teacher}&data=sine&hidden=3&step=4").status_code == 200
    made = locked.get(f"/lock?{teacher}&{RUN}&step=30&hide=compare&lock=rate,seed")
    assert made.headers["cache-control"] == "no-store"
    link = made.json()["query"]
    assert set(RUN.split("&")) < set(link.split("&"))
    assert "hide=compare" in link
    assert "step=30" in link
    assert "free=rate,seed&" in link
    assert locked.get(f"/frame?{link}&seed=9").status_code == 200
    assert locked.get(f"/frame?{link.replace('xor', 'moons')}").status_code == 403
    for other in (link, link.replace("free=rate,seed", "free=*"), RUN):
        assert locked.get(f"/lock?{other}&lock=*").status_code == 403, other
    assert locked.get(f"/lock?{teacher}&lock=colour").status_code == 422


def test_own_data_are_for_those_whose_link_leaves_the_data_free(locked, lock):
    for free, status in (("data", 200), ("*", 200), ("seed", 403)):
        link = lock.link(RUN, free)
        assert locked.post(f"/upload?{link}", content=CSV).status_code == status
    assert locked.post("/upload", content=CSV).status_code == 403


def test_an_unknown_setting_cannot_be_left_free():
    with pytest.raises(InputError, match=r"free.*colour"):
        Lock(b"secret", "seed,colour")


def test_the_command_prints_both_links(start_server, fetch, monkeypatch):
    monkeypatch.setenv("GLASSNET_SECRET", "of the school")
    port, process, _ = start_server("--lock", "seed,rate")
    told = process.stdout.readline()
    assert told.startswith("for the class: http://localhost")
    link = told.split("?")[1].strip()
    assert fetch(port, f"/frame?{link}&seed=3")[0] == 200
    assert fetch(port, f"/frame?{link}&seed=3&noise=0.3")[0] == 403
    Lock(b"of the school").check(link)
