"""`glassnet play`: says where the page is, serves a file of one's own, and refuses what it cannot do in one line."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def play():
    """`play("--port", "0")` starts the command; gives the address it printed and the process."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "glassnet", "play", "--no-browser", "--port", "0", *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process.stdout.readline().split()[2], process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_file_of_ones_own_is_the_page_that_opens(play, tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("a,b,kind\n" + "".join(f"{k},{k * k % 11},{'xy'[k % 2]}\n" for k in range(50)), encoding="utf-8")
    address, process = play(file)
    assert "/?data=csv:" in address
    with urllib.request.urlopen(address.replace("/?", "/data?")) as answer:
        assert json.load(answer)["names"] == ["a", "b", "kind"]
    with urllib.request.urlopen(address) as answer:
        assert b"<html" in answer.read()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def test_it_listens_on_this_machine_alone(play):
    address, _ = play()
    port = int(address.rsplit(":", 1)[1].strip("/"))
    mine = socket.gethostbyname(socket.gethostname())
    if not mine.startswith("127."):
        with pytest.raises(OSError):
            socket.create_connection((mine, port), timeout=2)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 421
    refused.value.close()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["no-such-file.csv"], "no-such-file.csv"),
        (["--port", "70000"], "--port"),
        (["--host", "no.such.host.example"], "--host"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(glassnet, arguments, word):
    outcome = glassnet("play", "--no-browser", *arguments)
    assert outcome.code == 2
    assert word in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_port_in_use_and_a_file_that_is_no_table(glassnet, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = glassnet("play", "--no-browser", "--port", taken.getsockname()[1])
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "--port 0" in outcome.err
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    outcome = glassnet("play", "--no-browser", tmp_path / "bad.csv")
    assert outcome.err.startswith("glassnet: csv: expected 20 to 2,000 rows; got 1")
