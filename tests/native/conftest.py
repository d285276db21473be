"""What the tests of the compiled engine share: who may skip them, random set-ups, and Python in a process of its own."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from glassnet.native.engine import load_module

HERE = Path(__file__).parent


def compiler():
    """The path of a C++ compiler, that of CXX first, or None."""
    return next(filter(None, map(shutil.which, (os.environ.get("CXX", "c++"), "c++", "g++", "clang++"))), None)


def lacks(what):
    """Skip the test, but fail it in CI on a machine with a compiler: there nothing may be missing."""
    if os.environ.get("CI") == "true" and compiler():
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def compiled_engine():
    """The compiled module of this processor; skips the test where there is none."""
    module, reason = load_module()
    if module is None:
        lacks(f"no compiled engine: {reason}")
    return module


@pytest.fixture(scope="session")
def cxx():
    """The C++ compiler; skips the test where there is none."""
    return compiler() or pytest.skip("no C++ compiler")


@pytest.fixture(scope="session")
def lacking():
    return lacks


@pytest.fixture(scope="session")
def setups():
    """The module setups; `--import-mode=importlib` leaves this folder out of sys.path."""
    spec = importlib.util.spec_from_file_location("setups", HERE / "setups.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def random_setup(setups):
    return setups.random_setup


@pytest.fixture(autouse=True, scope="session")
def _one_blas_thread():
    """NumPy's threads would fight over the processors with those of the compiled engine."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def python():
    """`python(code, **environment)` runs code in a process of its own, which finds setups.py; gives its outcome."""

    def run(code, timeout=300, check=True, **environment):
        env = {**os.environ, "PYTHONPATH": str(HERE), "OPENBLAS_NUM_THREADS": "1", **environment}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert done.returncode == 0 or not check, done.stderr[-3000:]
        return done

    return run
