"""glassnet train --checkpoint and --resume: a killed training goes on to the same model."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import glassnet as gn


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    rng = np.random.default_rng(0)
    a, b, c = rng.random(240), rng.random(240), rng.integers(0, 3, 240)
    y = a * b + (c == 0) + rng.normal(0, 0.1, 240)
    rows = [f"{p:.3f},{q:.3f},{'xyz'[r]},{t:.3f}" for p, q, r, t in zip(a, b, c, y, strict=True)]
    path.write_text("\n".join(["a,b,c,y", *rows]) + "\n")
    return path


def run(*arguments, kill_after_checkpoints=0, number=signal.SIGKILL, folder=None):
    command = [sys.executable, "-m", "glassnet", "train", *map(str, arguments), "--no-figures"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if kill_after_checkpoints:
        while process.poll() is None and len(list(folder.rglob("step-*.safetensors"))) < kill_after_checkpoints:
            time.sleep(0.005)
        process.send_signal(number)
    out, error = process.communicate(timeout=300)
    return process.returncode, out, error


def parameters(path):
    return [member.network.theta for member in gn.load(path).members]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals as on Linux and macOS")
@pytest.mark.parametrize(
    ("effort", "number"),
    [
        (["--effort", "quick", "--epochs", "400"], signal.SIGTERM),
        (["--effort", "default", "--epochs", "20"], signal.SIGKILL),
        pytest.param(["--effort", "quick", "--epochs", "400"], signal.SIGKILL, marks=pytest.mark.long),
        pytest.param(["--effort", "default", "--epochs", "20"], signal.SIGTERM, marks=pytest.mark.long),
    ],
)
def test_a_killed_training_goes_on_to_the_same_model(tmp_path, table, effort, number):
    whole, again, folder = tmp_path / "whole.safetensors", tmp_path / "again.safetensors", tmp_path / "run"
    asked = [table, "--target", "y", *effort]
    assert run(*asked, "--out", whole)[0] == 0
    saving = [*asked, "--out", again, "--checkpoint", folder]
    code, out, error = run(*saving, kill_after_checkpoints=1, number=number, folder=folder)
    if number == signal.SIGTERM and "wrote" not in out:  # a short training may be done before
        assert code == 143
        assert (
            error == f"glassnet: SIGTERM; the training is saved in {folder}; go on with the same command and --resume\n"
        )
    code, _, error = run(*saving, "--resume")
    assert (code, error) == (0, "")
    for one, other in zip(parameters(again), parameters(whole), strict=True):
        np.testing.assert_array_equal(one, other)
    first, second = gn.load(again).training, gn.load(whole).training
    for name in ("epochs", "best_epoch", "loss", "validation_loss", "networks", "tried", "stopped"):
        assert first.get(name) == second.get(name), name


def test_wrong_use_is_one_line_and_exit_code_2(tmp_path, table):
    code, out, error = run(table, "--target", "y", "--out", tmp_path / "m.safetensors", "--resume")
    assert (code, out) == (2, "")
    assert (
        error == "glassnet: --resume: expected --checkpoint with the folder to go on from; got none; pass it as well.\n"
    )
    folder = tmp_path / "run"
    asked = [table, "--target", "y", "--effort", "quick", "--epochs", "3", "--out", tmp_path / "m.safetensors"]
    assert run(*asked, "--checkpoint", folder)[0] == 0
    code, _, error = run(*asked, "--checkpoint", folder)
    assert code == 2
    assert error.startswith("glassnet: checkpoint: expected a folder without checkpoints; got ")
    assert error.count("\n") == 1
    code, _, error = run(*asked, "--checkpoint", tmp_path / "m.safetensors")
    assert code == 2
    assert error.startswith("glassnet: checkpoint: could not make the folder ")
    code, _, error = run(*[*asked, "--l2", "0.5"], "--checkpoint", folder, "--resume")
    assert code == 2
    assert "got l2 0.5; pass what it began with" in error
