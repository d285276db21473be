"""Where the engine does not compile the package installs all the same, says why in one line, and trains in NumPy."""

import importlib.util
import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]

USE = """
import importlib.util
import numpy as np
import glassnet as gn

assert not any(importlib.util.find_spec(f"glassnet.native.{name}") for name in ("_cpu", "_native_v2", "_native_v3"))
X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
network = gn.Network([2, 8, 1], hidden="tanh", output="sigmoid", seed=0)
for epochs in (250, 250):
    print(gn.train(network, X, y, optimizer=gn.Adam(0.05), epochs=epochs).engine)
print(network.predict(X))
try:
    gn.train(network, X, y, engine="native")
except gn.InputError as error:
    print(error)
"""


def run(*command, env, **options):
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done


@pytest.fixture
def install(tmp_path):
    """`install(*options, break_source=…, **environment)` installs a copy of the sources and gives its Python."""

    def installing(*options, break_source=False, **environment):
        source = tmp_path / "source"
        unneeded = shutil.ignore_patterns("build", ".*", "__pycache__", "tests", "docs", "benchmarks")
        shutil.copytree(ROOT, source, ignore=unneeded)
        if break_source:
            header = source / "native" / "simd.hpp"
            header.write_text("#error this line is wrong\n" + header.read_text())
        venv.create(tmp_path / "venv", with_pip=True)
        python = tmp_path / "venv" / "bin" / "python"
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GLASSNET", "CMAKE"))
        }
        env |= environment
        (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
        # NumPy and the others are those of this environment
        here = Path(importlib.util.find_spec("numpy").origin).parents[1]
        (site / "others.pth").write_text(f"{here}\n")
        command = [python, "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", *options, source]
        run(*command, env=env, cwd=tmp_path)
        assert not list(site.glob("glassnet/**/*.so"))
        return lambda code: run(python, "-c", code, env=env, cwd=tmp_path)

    return installing


@pytest.mark.skipif(os.name == "nt", reason="the paths are those of POSIX")
@pytest.mark.parametrize("how", ["no compiler", "broken compiler", "broken source", "broken source, editable"])
def test_the_package_installs_without_its_engine_and_quotes_why(how, install, tmp_path, request):
    python_alone = {"PATH": str(tmp_path / "venv" / "bin"), "CC": "/nonexistent", "CXX": "/nonexistent"}
    if how == "no compiler":
        error, use = "no C++ compiler was found as /nonexistent", install(**python_alone)
    elif how == "broken compiler":
        broken = tmp_path / "c++"
        broken.write_text("#!/bin/sh\necho 'cc1plus: fatal error: out of order' >&2\nexit 1\n")
        broken.chmod(0o755)
        error, use = "cc1plus: fatal error: out of order", install(**{**python_alone, "CXX": str(broken)})
    else:
        options = ["--editable"] if how.endswith("editable") else []
        cxx = request.getfixturevalue("cxx")
        error, use = "native/simd.hpp:1:2: error: ", install(*options, break_source=True, CXX=cxx)
    done = use(USE)
    (said,) = done.stderr.splitlines()
    reason = said.removeprefix("engine 'native' is passed over: ")
    assert reason.startswith(f"it was not compiled: {error}")
    assert ("this line is wrong" in reason) == how.startswith("broken source")
    assert reason.endswith("; reinstall glassnet with GCC 11, Clang 13 or later")
    assert done.stdout.splitlines() == [
        "numpy",
        "numpy",
        "[0 1 1 0]",
        f"engine: expected one that can do this; got 'native', but {reason}; use engine='auto'.",
    ]
