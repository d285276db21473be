"""Starts ranks for the tests: mpiexec with what it needs as root and on few processors, within a time limit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

WORKER = Path(__file__).with_name("worker.py")
LIMIT = 120  # seconds, of a job
_AS_ROOT = dict.fromkeys(
    (
        *("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"),
        *("PRTE_ALLOW_RUN_AS_ROOT", "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM"),
    ),
    "1",
)


def mpiexec() -> str:
    """Return the launcher beside this Python, or skip the test without mpi4py."""
    pytest.importorskip("mpi4py", reason="mpi4py is not installed: pip install glassnet[mpi]")
    found = Path(sys.executable).with_name("mpiexec")
    where = str(found) if found.exists() else shutil.which("mpiexec")
    if where is None:
        pytest.skip("there is no mpiexec: pip install glassnet[mpi]")
    return where


def environment() -> dict[str, str]:
    """Return the environment of a job: not that of a job that runs the tests, and one thread a rank."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMPI_", "PMIX_", "PRTE_"))}
    return {**kept, **_AS_ROOT, "OMPI_MCA_mpi_yield_when_idle": "1", "OMP_NUM_THREADS": "1"}


def run(ranks: int, *arguments: Any, launcher: tuple[str, ...] = (), worker: Path = WORKER) -> tuple[int, str, float]:
    """Run a worker on some ranks; return the exit code, what was printed, and the seconds."""
    command = [mpiexec(), *launcher, "-n", str(ranks), "--oversubscribe", sys.executable, str(worker)]
    started = time.monotonic()
    done = subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT, env=environment(), check=False
    )
    return done.returncode, done.stdout + done.stderr, time.monotonic() - started


def outcome(path: Path) -> dict[str, Any]:
    """Read what rank 0 of a worker has written."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def lines(printed: str) -> list[str]:
    """Return the lines of glassnet among those that were printed."""
    return [line for line in printed.splitlines() if line.startswith("glassnet: ")]
