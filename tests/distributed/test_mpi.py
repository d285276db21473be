"""mpiexec: the run of one process on two and three ranks, and what becomes of it when one of them fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.distributed import worker
from tests.distributed.launch import lines, outcome, run

import glassnet as gn


@pytest.fixture(scope="module")
def alone() -> Any:
    """The run of one process."""
    net, (X, y) = worker.network(), worker.data()
    return net, gn.train(net, X, y, **worker.options())


def matches(found: dict[str, Any], alone: Any) -> None:
    net, history = alone
    assert found["theta"] == pytest.approx(net.theta.tolist(), rel=1e-12, abs=1e-12)
    assert found["loss"] == pytest.approx(history.loss.tolist(), rel=1e-12)
    assert found["validation"] == pytest.approx(history.validation_loss.tolist(), rel=1e-12)


@pytest.mark.parametrize("ranks", [2, 3])
def test_run_of_one_process(tmp_path: Path, alone: Any, ranks: int) -> None:
    code, printed, _ = run(ranks, tmp_path / "out")
    assert code == 0, printed
    found = outcome(tmp_path / "out")
    assert found["ranks"] == [ranks, ranks]
    matches(found, alone)


def test_a_rank_killed_ends_all_with_one_line_and_the_run_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    code, printed, _ = run(2, tmp_path / "out", "--folder", folder, "--fault", "kill")
    assert code != 0
    assert not (tmp_path / "out").exists()
    line = (
        "glassnet: rank 1 of 2 was killed: the launcher ends the others; all ranks end; "
        f"the newest checkpoint is in '{folder}'; start again with resume=True."
    )
    assert lines(printed) == [line]
    assert run(2, tmp_path / "resumed", "--folder", folder)[0] == 0
    assert run(2, tmp_path / "whole")[0] == 0
    assert outcome(tmp_path / "resumed") == outcome(tmp_path / "whole"), "bit for bit"


def test_a_silent_rank_is_given_up(tmp_path: Path) -> None:
    code, printed, seconds = run(2, tmp_path / "out", "--fault", "freeze", "--limit", 2)
    assert code != 0
    assert seconds < 30
    assert lines(printed) == [
        "glassnet: rank 1 of 2 was stopped: no answer for 2 s, the time limit; all ranks end; start all ranks again."
    ]


def test_an_error_of_one_rank_ends_all_with_one_line(tmp_path: Path) -> None:
    code, printed, _ = run(2, tmp_path / "out", "--fault", "raise")
    assert code != 0
    assert lines(printed) == ["glassnet: MemoryError on rank 1 of 2: no room; all ranks end; start all ranks again."]


def test_other_data_on_a_rank_are_refused(tmp_path: Path) -> None:
    code, printed, _ = run(2, tmp_path / "out", "--fault", "data")
    assert code != 0
    assert printed.count("communicator: expected the same run on every rank; got another X") == 1


def test_survivors_go_on_without_a_killed_rank(tmp_path: Path, alone: Any) -> None:
    arguments = ("--folder", tmp_path / "run", "--fault", "kill", "--shrink")
    code, printed, _ = run(3, tmp_path / "out", *arguments, launcher=("--with-ft", "ulfm"))
    found = outcome(tmp_path / "out")
    assert found["ranks"] == [3, 2], printed
    assert lines(printed) == ["glassnet: rank 1 of 3 was killed; 2 of the ranks go on from the newest checkpoint."]
    matches(found, alone)
    assert code == 0
