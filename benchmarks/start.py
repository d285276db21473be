"""Times start-up: processes from their first instruction to their end."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

from benchmarks.series import Sample, Series, Session, interleave

FIT = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(500, 20))
y = (X[:, 0] * X[:, 1] > 0).astype(int)
from {module} import MLPClassifier
MLPClassifier(max_iter=5, tol=0).fit(X, y)
"""
QUIET = ["-W", "ignore"]
CASES: dict[str, dict[str, list[str]]] = {
    "import": {
        "import glassnet": ["-c", "import glassnet"],
        "python alone": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import sklearn": ["-c", "import sklearn.neural_network"],
        "import torch": ["-c", "import torch"],
        "import jax": ["-c", "import jax.numpy"],
    },
    "first fit, 500 × 20, 5 epochs": {
        "glassnet": [*QUIET, "-c", FIT.format(module="glassnet")],
        "scikit-learn": [*QUIET, "-c", FIT.format(module="sklearn.neural_network")],
    },
    "command": {
        "glassnet --help": ["-m", "glassnet", "--help"],
        "glassnet train --help": ["-m", "glassnet", "train", "--help"],
    },
}


def run(arguments: list[str]) -> Sample:
    """Time a Python process; raises CalledProcessError if it fails."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return Sample(time.perf_counter() - started)


def measure(session: Session) -> Iterator[list[Series]]:
    """Yield each case, its processes timed in turn; packages that are not installed are left out."""
    for case, commands in CASES.items():
        calls = {
            name: partial(run, arguments)
            for name, arguments in commands.items()
            if not name.startswith("import ") or importlib.util.find_spec(name.split()[1])
        }
        yield interleave(f"start  {case}", calls, session)
