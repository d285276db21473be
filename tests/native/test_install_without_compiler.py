"""Without a compiler the package installs all the same, says so in one line, and trains in NumPy."""

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


@pytest.mark.skipif(os.name == "nt", reason="the paths are those of POSIX")
def test_install_without_a_compiler(tmp_path):
    source = tmp_path / "source"
    unneeded = shutil.ignore_patterns("build", ".*", "__pycache__", "tests", "docs", "benchmarks")
    shutil.copytree(ROOT, source, ignore=unneeded)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GLASSNET", "CMAKE"))}
    env |= {"PATH": str(python.parent), "CC": "/nonexistent", "CXX": "/nonexistent"}
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # NumPy and the others are those of this environment
    here = Path(importlib.util.find_spec("numpy").origin).parents[1]
    (site / "others.pth").write_text(f"{here}\n")
    command = [python, "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", source]
    run(*command, env=env, cwd=tmp_path)
    assert (site / "glassnet" / "__init__.py").exists()
    assert not list((site / "glassnet").rglob("*.so"))

    done = run(python, "-c", USE, env=env, cwd=tmp_path)
    reason = "it was not compiled; install a C++ compiler (GCC or Clang) and reinstall glassnet"
    assert done.stderr == f"engine 'native' is passed over: {reason}\n"
    assert done.stdout.splitlines() == [
        "numpy",
        "numpy",
        "[0 1 1 0]",
        f"engine: expected one that can do this; got 'native', but {reason}; use engine='auto'.",
    ]
