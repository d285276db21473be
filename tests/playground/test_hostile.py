"""A server on a real port against requests that mean harm: answered quickly, never with a 500, and nothing is written."""

import random
import socket
import time
from urllib.parse import quote

import pytest

from glassnet.playground.state import describe

PATHS = [
    "/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/static/%2e%2e%2fserver.py", "/static//main.js",
    "/static/./main.js", "/static/main.js/", "/static/main.js%00", "/static/main.js%00.html", "/static/", "/static", "//etc/passwd",
    "/static/%2fetc/passwd", "/static/..\\server.py", "/static/....//server.py", "/%2e%2e/%2e%2e/etc/passwd", "/index.html/..",
    "/static/app", "/static/app/", "/static/MAIN.JS", "/static/main.js;x", "/server.py", "/.git/config", "/static/%c0%ae%c0%ae/x",
    "/static/file:///etc/passwd", "/export/../server.py", "/export/script.py/", "/frame/", "/export/evil.exe", "/" + "a" * 500,
    "/../../../../etc/passwd", "http://evil.example/", "*", "/static/%252e%252e/server.py", "/?/../server.py/x", "/static/\xff",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(start_server):
    return start_server()


@pytest.mark.parametrize("path", PATHS)
def test_nothing_but_the_table_of_files_has_an_address(server, fetch, path):
    status, content = fetch(server[0], path)
    page = path.startswith("/?")
    assert status in ((200,) if page else (400, 404, 431)), content
    assert b"import" not in content
    assert b"root:" not in content


RAW = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\nx",
    b"POST /upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"x-%d: 1\r\n" % k for k in range(3000)) + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00" * 20_000,
    b"GET /frame?\x00\r\n HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


@pytest.mark.parametrize("content", RAW, ids=range(len(RAW)))
def test_what_is_no_proper_request_is_refused_and_the_server_goes_on(server, fetch, content):
    with socket.create_connection(("localhost", server[0]), timeout=30) as raw:
        raw.sendall(content)
        raw.shutdown(socket.SHUT_WR)
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert b"Traceback" not in answer
    assert fetch(server[0], "/schema")[0] == 200


def hostile(rng):
    """A request that is wrong somewhere: method, target, body, headers."""
    names = list(describe()["names"])
    odd = ["", "-1", "nan", "inf", "1e999", "0x10", "9" * 50, "%00", "%ff", "../", "<script>", "٣", "\r\nx: y", "a,b", ";", "=", "1:W1,0,0=1",
           "W1,0,0", "tanh", "relu,relu", "csv:" + "0" * 64, "moons", "32,32,32,32,32,32", "2000", "0", "1", "5", "adam", "sine",
           "x,y,xx", "zeros", "blobs", "2147483648", "1;DROP TABLE", "{}", "[]", "null", "true", "💥", " ", "+", "&", "%", "%%", "..."]  # fmt: skip
    paths = ["/frame", "/data", "/export/script.py", "/export/model.json", "/export/model.safetensors", "/schema", "/lessons", "/",
             "/explain", "/diagnosis", "/exercise", "/grade", "/upload", "/nothing"]  # fmt: skip
    path = rng.choice(paths)
    given = rng.sample([*names, "sample", "entry", "kind", "answer", "x", "theme"], rng.randint(0, 5))
    pairs = [(name, rng.choice(odd) if rng.random() < 0.8 else bytes(rng.randrange(256) for _ in range(6)).decode("latin-1"))
             for name in given]  # fmt: skip
    query = "&".join(
        f"{name}={quote(value, safe='%') if rng.random() < 0.9 else quote(value)}" for name, value in pairs
    )
    target = path + ("?" + query if query else "")
    if rng.random() < 0.05:
        target = path + "?" + "".join(chr(rng.randrange(33, 127)) for _ in range(rng.randrange(300)))
    if path == "/upload" or rng.random() < 0.05:
        body = rng.choice([b"", b"\0", b"x,y,t\n", b"\xff" * 100, b"a,b,t\n" + b"1,2,3\n" * rng.randrange(60), b'"' * rng.randrange(50),
                           bytes(rng.randrange(256) for _ in range(rng.randrange(500))), b"a;b;t\n" + b"1;2;x\n" * 30,
                           b",".join([b"1"] * 5000), b"a,b,t\n" + b"1e999,2,3\n" * 25, b"x" * rng.choice([10, 1_000_001])])  # fmt: skip
        return rng.choice(["POST", "POST", "POST", "PUT", "GET"]), target, body
    return rng.choice(["GET"] * 9 + ["POST", "HEAD", "OPTIONS", "TRACE", "XYZZY"]), target, None


def attack(server, fetch, count, seed):
    """Sends hostile requests; gives how many had each status, and the longest time."""
    port, process, folder = server
    rng, seen, longest = random.Random(seed), {}, 0.0
    for _ in range(count):
        method, target, body = hostile(rng)
        started = time.perf_counter()
        status, content = fetch(port, target, method, body)
        longest = max(longest, time.perf_counter() - started)
        seen[status] = seen.get(status, 0) + 1
        assert status < 500, (method, target, content[:300])
        assert b"Traceback" not in content
    assert process.poll() is None
    assert list(folder.iterdir()) == []
    return seen, longest


def test_a_thousand_hostile_requests(server, fetch):
    seen, _ = attack(server, fetch, 1000, seed=0)
    assert {200, 404, 405, 422} <= set(seen)
    assert seen[422] > 200


@pytest.mark.long
def test_ten_thousand_hostile_requests_none_of_which_hangs(server, fetch):
    _, longest = attack(server, fetch, 10_000, seed=1)
    assert longest < 5  # seconds; on a machine of its own it is below 1
