"""The tutorial command: its figures to the last digit, its pictures, its errors, its accuracy over many splits."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from glassnet.cli.main import app

DATASETS = ["moons", "circles", "digits", "breast_cancer", "wine", "diabetes"]


def run(*arguments, **kwargs):
    command = [sys.executable, "-m", "glassnet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, encoding="utf-8", check=False, **kwargs)


def test_moons_prints_the_reference_figures():
    done = run("tutorial", "--no-figures")
    assert done.returncode == 0, done.stderr
    losses = re.findall(r"^epoch +(\d+) +loss (\S+)", done.stdout, re.MULTILINE)
    assert losses == [
        ("100", "0.3997"),
        ("200", "0.3386"),
        ("300", "0.3089"),
        ("400", "0.2936"),
        ("500", "0.2830"),
        ("600", "0.2751"),
        ("700", "0.2686"),
        ("800", "0.2631"),
        ("900", "0.2581"),
        ("1000", "0.2532"),
    ]
    assert "train accuracy  0.8850" in done.stdout
    assert "test accuracy   0.8950" in done.stdout
    points = re.findall(r"^\( *(\S+), +(\S+)\) +class (\d) .*: (\S+)$", done.stdout, re.MULTILINE)
    assert points == [
        ("0.0", "0.0", "1", "0.7260"),
        ("1.0", "1.0", "0", "0.0355"),
        ("-1.0", "0.5", "0", "0.0325"),
        ("0.5", "-0.5", "1", "0.9897"),
    ]
    assert "41" in done.stdout  # parameters
    assert "\x1b" not in done.stdout  # not a terminal: plain text


def test_moons_second_act_shows_its_three_points():
    text = run("tutorial", "--no-figures").stdout
    faster = int(re.search(r"^([\d,]+) times faster", text, re.MULTILINE)[1].replace(",", ""))
    assert faster > 3
    assert float(re.search(r"between their outputs on the test set: (\S+)", text)[1]) < 1e-12
    best = max(float(line.split()[-1]) for line in re.findall(r"^(?:Momentum|Adam|LBFGS).*", text, re.MULTILINE))
    assert best >= 0.965


@pytest.mark.parametrize("data", DATASETS)
def test_every_dataset_runs_and_draws(data, tmp_path):
    done = run("tutorial", "--data", data, "--out", "figures", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) <= 8  # results alone
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {f"{data}-{figure}.{kind}" for figure in ("data", "loss", "result") for kind in ("png", "svg")}
    for path in (tmp_path / "figures").glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 5_000


def test_figures_are_the_same_bytes_each_time(tmp_path):
    for folder in ("a", "b"):
        assert run("tutorial", "--quiet", "--out", str(tmp_path / folder)).returncode == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--data", "mooons"], "mooons"),
        (["--seed", "-1"], "-1"),
        (["--seed", "99999999999"], "99999999999"),
        (["--seed", "x"], "x"),
        (["--colour"], "--colour"),
        (["extra"], "extra"),
    ],
)
def test_bad_options_exit_2_without_traceback(arguments, named):
    done = run("tutorial", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr
    assert "--help" in done.stderr


def test_a_folder_that_cannot_be_made_is_one_line_before_any_work(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("tutorial", "--out", str(tmp_path / "file"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "file" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal, which Windows does not have")
def test_a_terminal_gets_a_live_progress_bar():
    import pty

    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    command = [sys.executable, "-m", "glassnet", "tutorial", "--no-figures"]
    process = subprocess.Popen(command, stdout=writer, stderr=writer, env=environment)
    os.close(writer)
    shown = b""
    while True:
        try:
            piece = os.read(reader, 65536)
        except OSError:  # the other end closed
            break
        if not piece:
            break
        shown += piece
    os.close(reader)
    assert process.wait(timeout=60) == 0
    text = shown.decode()
    assert "━" in text  # the bar
    assert "1000/1000" in text
    assert "loss 0.2532" in text


@pytest.mark.parametrize(
    ("data", "floor"), [("digits", 0.972), ("breast_cancer", 0.965), ("wine", 0.965), ("diabetes", 0.45)]
)
def test_mean_over_ten_splits_at_the_defaults(data, floor):
    scores = []
    for seed in range(10):
        arguments = ["tutorial", "--data", data, "--seed", str(seed), "--quiet", "--no-figures"]
        done = CliRunner().invoke(app, arguments)
        scores.append(float(re.search(r"^test \S+ +(\S+)", done.stdout, re.MULTILINE)[1]))
    assert len(set(scores)) > 1  # the seed decides the split
    assert np.mean(scores) >= floor


def test_help_names_the_command():
    done = run("--help")
    assert done.returncode == 0
    assert "tutorial" in done.stdout


def test_readme_program_runs_as_printed(tmp_path):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", re.sub(r"^  ", "", readme, flags=re.MULTILINE), re.DOTALL)
    program = "\n".join(blocks)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    *_, accuracy, best_loss = done.stdout.splitlines()
    assert float(accuracy) > 0.95
    assert float(best_loss) < 0.3
