"""The limit on BLAS threads, checked in a process of its own: threads of other tests may hold the control over it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = Path(__file__).with_name("blas_checks.py")


@pytest.mark.skipif(sys.platform == "darwin", reason="Apple's Accelerate has no such limit")
def test_the_limit_on_blas_threads():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", str(CHECKS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=CHECKS.parent.parent.parent,
        env=environment_without_options(),
    )
    passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
    assert passed, done.stdout
    assert int(passed[1]) >= 13


def environment_without_options():
    """The environment, without the options of the outer run, whose report must stay its own."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
