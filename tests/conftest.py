"""All tests share the check that bad input is refused in clear words, and a Ctrl-C that works."""

import contextlib
import os
import signal

import pytest

from glassnet import InputError

# pytest has read it; a pytest that a test starts must not write to the report of this one (`--junitxml`)
os.environ.pop("PYTEST_ADDOPTS", None)

# a shell starts programs in the background with SIGINT ignored, and tests of Ctrl-C would wait for ever
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def refuses():
    """`with refuses("epochs"): …` asserts an InputError of one short line that names epochs, what came and a way out."""

    @contextlib.contextmanager
    def refusing(name):
        with pytest.raises(InputError) as caught:
            yield caught
        message = str(caught.value)
        assert message.startswith(name), message
        assert "expected" in message
        assert "got" in message, message
        assert ";" in message.split("got", 1)[1], f"no way out: {message}"
        assert "\n" not in message
        assert len(message) <= 250, len(message)

    return refusing
