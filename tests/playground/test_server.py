"""The server: its answers, how they may be cached, and whom it answers at all."""

import json
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from starlette.testclient import TestClient

from glassnet.playground import playground
from glassnet.playground.guard import LOOPBACK, Access, Guard
from glassnet.playground.playground import MOST_DATA, BeyondReachError, Playground
from glassnet.playground.server import create_app, static_files
from glassnet.playground.state import read_state
from glassnet.playground.uploads import MOST_BYTES

CSV = b"width,height,kind\n" + b"".join(b"%d.5,%d,%s\n" % (k, k * k % 7, b"ab"[k % 2 : k % 2 + 1]) for k in range(40))


def run(application, *arguments):
    """Run an application in a thread of its own: Playwright, in the same session, keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(anyio.run, application, *arguments).result()


def test_a_frame_is_cached_for_good_under_its_tag(client, play):
    answer = client.get("/frame?data=xor&step=20")
    assert answer.status_code == 200
    assert answer.content == play.frame("data=xor&step=20")
    assert answer.headers["cache-control"] == "public, max-age=600"
    version = client.get("/schema").json()["version"]
    assert f'name="version" content="{version}"' in client.get("/").text
    versioned = client.get(f"/frame?data=xor&step=20&v={version}")
    assert versioned.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert versioned.content == answer.content
    assert client.get("/frame?data=xor&step=20&v=0.0.1").headers["cache-control"] == "public, max-age=600"
    again = client.get("/frame?step=20&data=xor&theme=dark", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    other = client.get("/frame?data=xor&step=21", headers={"if-none-match": answer.headers["etag"]})
    assert other.status_code == 200
    assert client.head("/frame?data=xor&step=20").headers["etag"] == answer.headers["etag"]


def test_the_page_names_its_modules_so_that_they_come_at_once(client):
    page = client.get("/").text
    for name in ("main.js", "app/store.js", "components/the-glass.js", "vendor/lit/lit-html.js"):
        assert f'<link rel="modulepreload" href="static/{name}" />' in page
    assert "recorded.js" not in page  # of recordings alone


@pytest.mark.parametrize("path", ["/", "/data", "/lessons", "/schema", "/nothing", "/frame?n=3", "/static/main.js"])
def test_every_answer_has_the_headers_that_keep_a_browser_from_other_servers(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


def test_a_request_that_was_cancelled_while_it_waited_is_not_computed(play, monkeypatch):
    monkeypatch.setattr(play, "explain", lambda query: pytest.fail("computed"))
    sent = []

    async def gone():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/explain",
        "query_string": b"step=5",
        "headers": [(b"host", b"localhost")],
    }
    run(create_app(play), scope, gone, send)
    assert sent[0]["status"] == 499


def test_what_is_wrong_is_told_in_one_line_with_422(client):
    for path in ("/frame?n=3", "/data?n=3", "/export/script.py?n=3", "/frame?step=90000000", "/frame?loss=poisson"):
        answer = client.get(path)
        assert answer.status_code == 422
        assert answer.headers["cache-control"] == "no-store"
        message = answer.json()["error"]
        assert "expected" in message
        assert "\n" not in message


@pytest.mark.parametrize("query", ["edits=1:W3,0,0=1", "edits=1:b1,10=1", "edits=1:W1,2,0=1", "edits=1:b0,0=1"])
def test_an_edit_of_a_parameter_that_is_not_there_is_refused(client, query):
    assert client.get(f"/frame?{query}").json()["error"].startswith("edits: expected")


def test_a_loss_that_does_not_suit_the_data_is_refused(client):
    assert "squared_error" in client.get("/frame?data=sine&loss=binary_cross_entropy").json()["error"]


def test_an_upload_becomes_a_data_set(client):
    told = client.post("/upload", content=CSV, headers={"origin": "http://localhost:8765"}).json()
    assert told["names"] == ["width", "height", "kind"]
    assert (told["rows"], told["task"], told["classes"]) == (40, "classification", ["a", "b"])
    data = client.get(f"/data?data={told['id']}").json()
    assert data["classes"] == ["a", "b"]
    assert data["names"] == ["width", "height", "kind"]
    assert len(data["train"]["points"]) == 32
    assert client.get(f"/frame?data={told['id']}&step=50").status_code == 200
    assert client.get(f"/frame?data=csv:{'0' * 64}").json()["error"].startswith("data: expected data that was uploaded")


def test_an_upload_is_cut_off_while_it_streams(client):
    sent = []

    def endless():
        while len(sent) < 100:
            sent.append(1)
            yield b"x" * 100_000

    answer = client.post("/upload", content=endless())
    assert answer.status_code == 413
    assert answer.json()["error"].startswith(f"csv: expected at most {MOST_BYTES:,} bytes")


@pytest.mark.parametrize("content", [b"", b"\0", b"a,b\n1,2", b"\xff\xfea", b'"', CSV[:200], CSV + b"1,2\n"])
def test_an_upload_that_is_no_table_is_refused(client, content):
    answer = client.post("/upload", content=content)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("csv")


def test_methods_are_those_of_the_table(client):
    for method, path in (
        ("POST", "/frame"),
        ("GET", "/upload"),
        ("PUT", "/"),
        ("DELETE", "/data"),
        ("OPTIONS", "/frame"),
    ):
        assert client.request(method, path).status_code == 405


HOSTS = [
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8765", "localhost:8765:8765",
    "localhost@evil.example", "evil.example#localhost", "evil.example/localhost", "localhost:", "localhost:x", "localhost:0",
    "localhost:99999", " localhost", "", "0.0.0.0", "127.0.0.2", "127.1", "2130706433", "0x7f000001", "[::]", "[::2]", "::1",
    "[::1", "localhost\x00", "LOCALHOST.", "localhost,evil.example", "*", "192.168.0.7", "128.0.0.1", "ⅼocalhost".encode(),
]  # fmt: skip
ORIGINS = [
    "null", "http://evil.example", "https://evil.example:8765", "http://localhost", "http://localhost:80", "file://", "",
    "http://127.0.0.1:8765", "http://localhost:87650", "http://localhost:8765.evil.example", "http://localhost:8765/",
    "http://evil.example#http://localhost:8765", "http://localhost:8765@evil.example", "ftp://localhost:8765", "localhost:8765",
    "http://LOCALHOST.:8765", "ws://localhost:8765", "chrome-extension://abc", "http://[::1]:8765", "http://localhost:8766",
    "http://sub.localhost:8765", "http://localhost:8765 http://evil.example", "about:blank", "data:", "http:///", "http://",
    "//localhost:8765", "http://localhost:08765", "http://0.0.0.0:8765", "http://127.1:8765",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_no_name_but_its_own_is_answered(client, host):
    answer = client.get("/frame", headers={"host": host})
    assert answer.status_code == 421, answer.text
    assert "frame" not in answer.text


@pytest.mark.parametrize("origin", ORIGINS)
def test_no_script_of_another_page_is_answered(client, origin):
    for answer in (client.get("/frame", headers={"origin": origin}), client.post("/upload", content=CSV, headers={"origin": origin})):  # fmt: skip
        assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("host", [*LOOPBACK, "LocalHost", "localhost:8765", "127.0.0.1:1", "[::1]:65535"])
def test_its_own_names_are_answered(client, host):
    for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
        assert client.get("/schema", headers=headers).status_code == 200


def test_two_hosts_or_none_are_refused(client):
    guard = Guard(None, Access())
    for hosts in ([], [b"localhost", b"localhost"]):
        scope = {"type": "http", "path": "/", "headers": [(b"host", each) for each in hosts]}
        assert guard.refusal(scope)[0] == 421


def test_for_a_class_the_machines_names_and_addresses_are_answered():
    open_to_all = Guard(None, Access(names=("Lab.example",), addresses=True))
    assert all(
        map(open_to_all.is_ours, ["lab.example:8765", "192.168.0.7", "10.0.0.1:80", "[fe80::1]:8765", "localhost"])
    )
    assert not any(map(open_to_all.is_ours, ["evil.example", "1.2.3", "999.1.1.1", "[::g]", "lab.example.evil"]))


def test_every_file_of_the_page_is_served_as_what_it_is(client):
    files = static_files()
    assert "index.html" in files
    for name, path in files.items():
        answer = client.get(f"/static/{name}")
        assert answer.content == path.read_bytes() or name == "index.html"  # which is told the version
        assert answer.headers["cache-control"] == "no-cache"
        if name.endswith(".js"):
            assert answer.headers["content-type"].startswith("text/javascript")
    assert client.get("/").content == client.get("/static/index.html").content


def test_the_files_of_the_page_are_compressed_for_who_takes_it(client):
    """A first visit takes less than half the bytes; the tag is that of what was sent."""
    plain = client.get("/static/app/store.js", headers={"accept-encoding": "identity"})
    packed = client.get("/static/app/store.js", headers={"accept-encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content  # as the client unpacks it
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.headers["etag"] != plain.headers["etag"]
    for answer, encoding in ((plain, "identity"), (packed, "gzip")):
        assert "accept-encoding" in answer.headers["vary"]
        known = {"accept-encoding": encoding, "if-none-match": answer.headers["etag"]}
        assert client.get("/static/app/store.js", headers=known).status_code == 304
    assert "content-encoding" not in client.get("/frame?step=3").headers  # sixty of them a second


def test_long_queries_and_many_headers_are_refused(client):
    assert client.get("/frame?seed=" + "1" * 5000).status_code == 422
    assert client.get("/frame", headers={f"x-{k}": "1" for k in range(100)}).status_code == 431


def test_two_playgrounds_answer_alike():
    one, other = (TestClient(create_app(Playground()), base_url="http://localhost") for _ in range(2))
    other.get("/frame?data=spirals&step=900")
    for path in ("/frame?data=spirals&step=333", "/data?data=spirals", "/export/model.safetensors?step=5", "/schema"):
        a, b = one.get(path), other.get(path)
        assert a.content == b.content
        assert a.headers["etag"] == b.headers["etag"]


def test_the_schema_is_json_of_names(client):
    assert json.loads(client.get("/schema").content)["most"] == {"layers": 6, "units": 32, "edits": 50}


def test_several_origins_are_refused_though_each_is_right():
    guard = Guard(None, Access())
    for count, status in ((0, None), (1, None), (2, 403)):
        origins = [(b"origin", b"http://localhost:8765")] * count
        scope = {"type": "http", "path": "/", "headers": [(b"host", b"localhost:8765"), *origins]}
        refusal = guard.refusal(scope)
        assert (refusal and refusal[0]) == status


def test_a_client_that_leaves_during_an_upload_is_no_error(play):
    """The application ends without an exception, which the server would print with its traceback."""
    messages = [{"type": "http.request", "body": CSV[:100], "more_body": True}, {"type": "http.disconnect"}]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/upload",
        "raw_path": b"/upload",
        "query_string": b"",
        "headers": [(b"host", b"localhost:8765")],
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }
    run(create_app(play), scope, receive, send)
    assert messages == []
    assert sent[0]["status"] == 400


def test_the_last_step_within_reach_is_answered_and_the_next_is_not(play):
    query = "n=2000&hidden=32,32,32,32,32,32"
    last = play.course(read_state(query)).setup.max_step
    assert play.frame(f"{query}&step={last}")
    with pytest.raises(BeyondReachError, match=f"expected at most {last:,} .* got {last + 1:,}") as caught:
        play.frame(f"{query}&step={last + 1}")
    assert caught.value.max_step == last


def test_the_data_sets_used_last_stay_in_memory_and_no_more(play, monkeypatch):
    made, load = [], playground.load_data
    monkeypatch.setattr(
        playground, "load_data", lambda state, uploads: made.append(state.data_seed) or load(state, uploads)
    )
    for seed in range(MOST_DATA):
        play.data(f"n=20&data_seed={seed}")
    play.data("n=20&data_seed=0")  # used again
    play.data("n=20&data_seed=1000")  # one more than there is room for
    assert made == [*range(MOST_DATA), 1000]
    assert len(play._data) == MOST_DATA
    play.data("n=20&data_seed=0")
    assert made[-1] == 1000
    play.data("n=20&data_seed=1")  # the one that was used longest ago
    assert made[-1] == 1
