"""The sections of the benchmark: what they measure, and that they clean up after themselves."""

import subprocess
import sys
from pathlib import Path

import benchmarks.__main__ as command_line
import pytest
from benchmarks import load, many, start
from benchmarks.workloads import W1, W2

ROOT = Path(__file__).parents[2]


def test_names_and_groups_of_sections(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", "fits,W1", "--quick"])
    given = command_line.parse()
    assert given.only == [*command_line.FITS, "command", "W1"]
    assert given.rounds == 3
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", "W9"])
    with pytest.raises(SystemExit):
        command_line.parse()


def test_the_readme_names_every_section():
    text = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    missing = [name for name in (*command_line.SECTIONS, *command_line.ALIASES) if f"`{name}`" not in text]
    assert missing == []


def test_the_pack_is_64_networks_of_32_widths_and_two_depths():
    sizes = [workload.sizes for workload in many.differing()]
    assert len(set(sizes)) == many.SIZE
    assert min(sizes, key=lambda each: (len(each), each)) == (30, 100, 1)
    assert max(sizes, key=lambda each: (len(each), each)) == (30, 192, 192, 1)


def test_a_part_of_the_loop_is_scaled_to_the_whole(monkeypatch):
    trained = []
    monkeypatch.setattr(many.gn, "train", lambda network, *_, **__: trained.append(network))
    monkeypatch.setattr(
        many.Stopwatch, "__exit__", lambda watch, *_: setattr(watch, "wall", 2.0) or setattr(watch, "cpu", 1.0)
    )
    sample = many.one_by_one([W1] * 10, 1, 5)
    assert len(trained) == 2
    assert (sample.wall, sample.cpu) == (10.0, 5.0)


def test_together_trains_every_network_once():
    sample = many.together([W2.at(rows=400)] * 3, 1, 2)
    assert sample.wall > 0


def test_busy_loops_run_beside_the_block_and_end_with_it(monkeypatch):
    started = []

    class Recorded(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(load.subprocess, "Popen", Recorded)

    def interrupted():
        with load.busy(2):
            assert [process.poll() for process in started] == [None, None]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_teams_under_load_are_one_thread_two_and_the_default(monkeypatch):
    asked = []
    monkeypatch.setattr(load.gn, "train", lambda *_, n_threads, **__: asked.append(n_threads))
    for threads in load.TEAMS.values():
        load.train(W1, 1, threads)
    assert asked == [1, 2, None]


def test_a_process_that_fails_is_no_timing():
    with pytest.raises(subprocess.CalledProcessError):
        start.run(["-c", "raise SystemExit(3)"])
    assert start.run(["-c", "pass"]).wall > 0
