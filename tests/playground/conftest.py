"""A playground and a client for each test, and the reading of frames."""

import json
import struct

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
    """The maps (units, size, size) and the surfaces (outputs, size, size) of a frame, as int8."""

    def read(content):
        (length,) = struct.unpack("<I", content[:4])
        told, rest = header(content), np.frombuffer(content[4 + length :], np.int8)
        units = sum(len(scales) for scales in told["maps"]["scale"])
        outputs = told["surface"]["outputs"]
        maps = rest[told["maps"]["offset"] :][: units * MAP_SIZE**2].reshape(-1, MAP_SIZE, MAP_SIZE)
        surface = rest[told["surface"]["offset"] :].reshape(outputs, SURFACE_SIZE, SURFACE_SIZE)
        assert maps.size + surface.size == rest.size
        return maps, surface

    return read
