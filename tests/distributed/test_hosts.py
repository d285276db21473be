"""Three hosts with addresses of their own: a run completes, and links cut or ranks killed never give a wrong result or a hang."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.distributed import hosts
from tests.distributed.launch import WORKER, lines, outcome

pytestmark = pytest.mark.long
FAULTS = int(os.environ.get("GLASSNET_FAULTS", "50"))  # in all
LIMIT = 3  # seconds that a rank waits for the others
PATIENCE = 30  # seconds that a job may take to end after that
EPOCHS = 1_000


def ended(job: Any, seconds: float) -> int:
    """Return the exit code of a job that must end by itself within so many seconds."""
    try:
        return int(job.wait(seconds))
    finally:
        if job.poll() is None:
            job.kill()


def newest(folder: Path) -> int:
    """Return the step of the newest checkpoint; 0 without one."""
    return max((int(path.stem.partition("-")[2]) for path in folder.glob("step-*.safetensors")), default=0)


def test_a_run_that_is_hit_again_and_again_has_the_bits_of_one_that_is_not(tmp_path: Path) -> None:
    words: list[Any] = [WORKER, "--epochs", EPOCHS, "--limit", LIMIT]
    with hosts.three_hosts(tmp_path) as command:
        with (tmp_path / "whole.txt").open("wb") as printed:
            whole = hosts.start(command, [*words, tmp_path / "whole", "--folder", tmp_path / "undisturbed"], printed)
            assert ended(whole, 300) == 0, (tmp_path / "whole.txt").read_text()
        saving = [*words, tmp_path / "out", "--folder", tmp_path / "run"]
        moments = random.Random(1)
        for fault in range(FAULTS):
            with (tmp_path / f"{fault}.txt").open("wb") as printed:
                job, began = hosts.start(command, saving, printed), newest(tmp_path / "run")
                until = time.monotonic() + PATIENCE
                while newest(tmp_path / "run") == began and time.monotonic() < until and job.poll() is None:
                    time.sleep(0.02)
                time.sleep(moments.uniform(0, 0.3))
                assert job.poll() is None, f"done before fault {fault}: more epochs are needed"
                host = moments.choice(hosts.HOSTS)
                if cut := moments.random() < 0.5:
                    hosts.link(host, "down")
                else:
                    (pid,) = hosts.ranks(host)
                    os.kill(pid, signal.SIGKILL)
                code = ended(job, LIMIT + PATIENCE)
                hosts.link(host, "up")
            printed_text = (tmp_path / f"{fault}.txt").read_text()
            assert code != 0, (fault, host, cut, printed_text)
            # Open MPI ends a job of several machines itself, if it notices the broken connection first
            assert lines(printed_text) or "MPI_ERRORS_ARE_FATAL" in printed_text, (fault, host, cut, printed_text)
            assert not (tmp_path / "out").exists()
            until = time.monotonic() + PATIENCE
            while any(map(hosts.ranks, hosts.HOSTS)):  # ranks that were cut off end by their own time limit
                assert time.monotonic() < until, "a rank is left"
                time.sleep(0.05)
        with (tmp_path / "last.txt").open("wb") as printed:
            assert ended(hosts.start(command, saving, printed), 300) == 0, (tmp_path / "last.txt").read_text()
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole"), "bit for bit"
