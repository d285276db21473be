"""A playground and a client for each test, and the reading of frames."""

import http.client
import json
import os
import signal
import struct
import subprocess
import sys
from urllib.parse import urlsplit

import numpy as np
import pytest
from starlette.testclient import TestClient

from glassnet.playground.frames import MAP_SIZE, SURFACE_SIZE
from glassnet.playground.playground import Playground
from glassnet.playground.server import create_app


@pytest.fixture
def play():
    return Playground()


@pytest.fixture
def client(play):
    with TestClient(create_app(play), base_url="http://localhost:8765") as client:
        yield client


@pytest.fixture(scope="session")
def header():
    """The header of a frame."""

    def read(content):
        (length,) = struct.unpack("<I", content[:4])
        return json.loads(content[4 : 4 + length])

    return read


@pytest.fixture(scope="session")
def planes(header):
    """The maps (units, size, size) of a frame as int8, and the surfaces (outputs, size, size) as int16."""

    def read(content):
        (length,) = struct.unpack("<I", content[:4])
        told, rest = header(content), content[4 + length :]
        units = sum(len(scales) for scales in told["maps"]["scale"])
        outputs = told["surface"]["outputs"]
        maps = np.frombuffer(rest, np.int8, units * MAP_SIZE**2, told["maps"]["offset"]).reshape(-1, MAP_SIZE, MAP_SIZE)
        surface = np.frombuffer(rest, "<i2", -1, told["surface"]["offset"]).reshape(outputs, SURFACE_SIZE, SURFACE_SIZE)
        assert maps.nbytes + surface.nbytes == len(rest)
        return maps, surface

    return read


@pytest.fixture(scope="session")
def start_server(tmp_path_factory):
    """`start_server(threads=2)` runs `glassnet play` in a process of its own; gives the port and the process."""
    started = []

    def start(*arguments, threads=1):
        command = [sys.executable, "-m", "glassnet", "play", "--no-browser", "--port", "0", *arguments]
        counts = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        folder = tmp_path_factory.mktemp("server")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env={**os.environ, **counts})
        started.append(process)
        return urlsplit(process.stdout.readline().split()[2]).port, process, folder

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        process.stdout.close()


@pytest.fixture(scope="session")
def fetch():
    """`fetch(port, "/frame")` is the status and the body, the address sent as it stands."""

    def get(port, target, method="GET", body=None, headers=None):
        connection = http.client.HTTPConnection("localhost", port, timeout=60)
        try:
            connection.putrequest(method, "/", skip_accept_encoding=True)
            connection._buffer[0] = f"{method} {target} HTTP/1.1".encode("latin-1")  # unchecked, unlike putrequest
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return get
