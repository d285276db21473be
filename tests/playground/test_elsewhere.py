"""The server at another place: under a path of a proxy, and in a frame of another page."""

import os
import re
import signal
import socket
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glassnet.errors import InputError
from glassnet.playground.guard import Access
from glassnet.playground.server import create_app, static_files

PREFIX = "/user/ada/glassnet"


@pytest.fixture
def behind(play):
    """A client of a server whose proxy shows it under PREFIX."""
    with TestClient(create_app(play, Access(root_path=PREFIX)), base_url="http://localhost:8765") as client:
        yield client


def test_fault_17_the_page_names_no_absolute_address():
    answers = "frame|data|lessons|exercise|grade|explain|diagnosis|upload|export/[^?]*"
    absolute = re.compile(rf"""["'`(]/(?:static/|(?:{answers})(?:[?"']))""")
    for name, path in static_files().items():
        assert not absolute.findall(path.read_text(encoding="utf-8")), name


def test_a_proxy_may_strip_its_prefix_or_keep_it(behind, play):
    for path in ("/frame?data=xor&step=3", f"{PREFIX}/frame?data=xor&step=3"):
        assert behind.get(path).content == play.frame("data=xor&step=3")
    assert behind.get(f"{PREFIX}/").content == behind.get("/").content
    assert behind.get(f"{PREFIX}/static/main.js").status_code == 200
    assert behind.get(f"{PREFIX}x/frame").status_code == 404
    assert behind.get(f"{PREFIX}/{PREFIX}/frame").status_code == 404


def test_the_prefix_without_its_slash_leads_to_the_page(behind):
    answer = behind.get(f"{PREFIX}?step=5", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "glassnet/?step=5")
    assert behind.get(PREFIX).url.path == f"{PREFIX}/"


def test_fault_18_only_the_origins_named_may_show_the_page_in_a_frame(play):
    def ancestors(*embeds):
        app = create_app(play, Access(embeds=embeds))
        policy = TestClient(app, base_url="http://localhost").get("/").headers["content-security-policy"]
        return policy.split("; ")[-1]

    assert ancestors() == "frame-ancestors 'self'"
    assert ancestors("https://course.example", "http://localhost:8888") == (
        "frame-ancestors 'self' https://course.example http://localhost:8888"
    )


@pytest.mark.parametrize(
    "origin",
    ["course.example", "https://course.example/", "https://*", "*", "'none'", "https://a.example; script-src *", ""],
)
def test_what_is_no_origin_is_refused(origin):
    with pytest.raises(InputError, match="--allow-embed: expected an origin"):
        Access(embeds=(origin,))


@pytest.mark.parametrize("path", ["glassnet", "/a b", "//evil.example", "/a?b", "/a/", "/a;b"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InputError, match="--root-path: expected a path"):
        Access(root_path=path)


def test_a_name_given_is_its_page_also_where_a_proxy_changes_the_host(play):
    app = create_app(play, Access(names=("lab.example",)))
    client = TestClient(app, base_url="http://localhost:8765")
    for origin, status in (
        ("https://lab.example", 200),
        ("https://lab.example:8443", 200),
        ("https://evil.example", 403),
        ("ftp://lab.example", 403),
        ("null", 403),
    ):
        assert client.get("/schema", headers={"origin": origin}).status_code == status


def test_jupyter_server_proxy_finds_a_command_that_serves_on_its_socket(tmp_path):
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, name = project["entry-points"]["jupyter_serverproxy_servers"]["glassnet"].split(":")
    told = getattr(import_module(module), name)()
    assert Path(told["launcher_entry"]["icon_path"]).is_file()
    path = tmp_path / "socket"
    command = [each.format(unix_socket=path) for each in told["command"]]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    ) as process:
        assert str(path) in process.stdout.readline()
        assert path.stat().st_mode & 0o077 == 0
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(path))
            asking.sendall(b"GET /schema HTTP/1.1\r\nHost: hub.example\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: asking.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert not path.exists()
