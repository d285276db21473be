"""torch.distributed with gloo: the run of one process on two ranks, and one line when a rank is killed."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.distributed import worker
from tests.distributed.launch import LIMIT, WORKER, environment, lines, outcome

import glassnet as gn


def run(ranks: int, *arguments: object) -> tuple[int, str]:
    """Start the ranks as torchrun does, by its variables; return the largest exit code and what was printed."""
    pytest.importorskip("torch", reason="torch is not installed: pip install torch")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(ranks), **environment()}
    command = [sys.executable, str(WORKER), *map(str, arguments), "--kind", "torch"]
    started = [
        subprocess.Popen(
            command, env={**given, "RANK": str(rank)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for rank in range(ranks)
    ]
    printed = [process.communicate(timeout=LIMIT)[0] for process in started]
    return max(abs(process.returncode) for process in started), "".join(printed)


def test_run_of_one_process(tmp_path: Path) -> None:
    code, printed = run(2, tmp_path / "out")
    assert code == 0, printed
    net, (X, y) = worker.network(), worker.data()
    history = gn.train(net, X, y, **worker.options())
    found = outcome(tmp_path / "out")
    assert found["theta"] == pytest.approx(net.theta.tolist(), rel=1e-12, abs=1e-12)
    assert found["loss"] == pytest.approx(history.loss.tolist(), rel=1e-12)


def test_a_rank_killed_ends_all_with_one_line(tmp_path: Path) -> None:
    code, printed = run(2, tmp_path / "out", "--fault", "kill")
    assert code != 0
    (line,) = lines(printed)
    assert line.startswith("glassnet: rank 1 of 2 was killed: gloo says ")
    assert line.endswith("; all ranks end; start all ranks again.")
