"""What the commands read and write: regular files, the standard input as -, and nothing that a terminal would obey."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

ESCAPES = "\x1b[31m\x07\x7f", "\x9b2J\u202e\r"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def rows(n=60):
    return [f"{k * 37 % 23}.5,{'ab'[k % 2]}{k % 3},{('no', 'yes')[k * 37 % 23 > 11]}" for k in range(n)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a table t.csv and a model m.safetensors of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("\n".join(["age,city,y", *rows()]) + "\n")
    return tmp_path


@pytest.fixture
def model(folder, glassnet):
    trained = glassnet("train", "t.csv", "--target", "y", "--out", "m.safetensors", "--no-figures", "--epochs", 2)
    assert trained.code == 0, trained.err
    return folder / "m.safetensors"


@pytest.fixture
def stdin(monkeypatch):
    def give(content):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    return give


def refused(done, *parts):
    assert done.code == 2, done.out
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    assert all(part in done.err for part in parts), done.err


# --- places to write ------------------------------------------------------------------------------------------------

WRITING = {
    "train": ["train", "t.csv", "--target", "y", "--out"],
    "predict": ["predict", "m.safetensors", "t.csv", "--out"],
    "explain": ["explain", "m.safetensors", "t.csv", "--out"],
    "export": ["export", "m.safetensors", "--to", "json", "--out"],
    "export torch": ["export", "m.safetensors", "--to", "torch", "--out"],
    "diagnose": ["diagnose", "t.csv", "--target", "y", "--epochs", "2", "--no-replay", "--html"],
    "diagnose json": ["diagnose", "t.csv", "--target", "y", "--epochs", "2", "--no-replay", "--json"],
}


@pytest.mark.parametrize("command", WRITING)
@pytest.mark.parametrize("place", ["pipe", "link", "folder", "/dev/stdout"])
def test_a_place_that_is_no_file_is_refused_in_one_line(command, place, model, glassnet):
    out = f"{place}.csv" if place != "/dev/stdout" else place
    os.mkfifo("pipe.csv")
    Path("link.csv").symlink_to("pipe.csv")
    Path("folder.csv").mkdir()
    before = {entry.name: entry.lstat() for entry in model.parent.iterdir()}
    done = glassnet(*WRITING[command], out)
    refused(done, "expected")
    assert "written" not in done.out
    after = {entry.name: entry.lstat() for entry in model.parent.iterdir()}
    assert after.keys() == before.keys()
    assert all(os.path.samestat(before[name], after[name]) for name in before)


@pytest.mark.parametrize("name", ["m-loss.png", "m-result.png"])
def test_a_pipe_in_place_of_a_figure_is_refused_before_the_training(name, folder, glassnet):
    os.mkfifo(name)
    done = glassnet("train", "t.csv", "--target", "y", "--out", "m.safetensors", "--epochs", 2)
    refused(done, "--figures: expected a regular file or a new one", name)
    assert done.out == ""
    assert not (folder / "m.safetensors").exists()


def test_a_pipe_in_place_of_a_figure_of_the_tutorial_is_refused(folder, glassnet):
    os.mkfifo("moons-data.png")
    refused(glassnet("tutorial", "--out", ".", "--quiet"), "path: expected a regular file or a new one")


def test_a_link_stays_and_its_file_is_replaced(model, glassnet):
    (model.parent / "kept").mkdir()
    (model.parent / "kept" / "p.csv").write_text("old")
    (model.parent / "p.csv").symlink_to("kept/p.csv")
    assert glassnet("predict", model, "t.csv", "--out", "p.csv").code == 0
    assert (model.parent / "p.csv").is_symlink()
    assert pl.read_csv(model.parent / "kept" / "p.csv").columns == ["prediction"]


@pytest.mark.parametrize("letter", ["x", "語"])
def test_a_table_of_the_longest_name_trains(letter, folder, glassnet):
    name = letter * (251 // len(letter.encode())) + ".csv"
    (folder / "t.csv").rename(folder / name)
    done = glassnet("train", name, "--target", "y", "--epochs", 2)
    assert done.code == 0, done.err
    made = sorted(entry.name for entry in folder.iterdir() if entry.name != name)
    assert [entry[-16:] for entry in made] == [letter * (16 - len(end)) + end for end in ("-loss.png", "-result.png", ".safetensors")]  # fmt: skip
    assert all(len(entry.encode()) > 250 for entry in made)
    refused(glassnet("train", name, "--target", "y", "--out", letter * 256), "too long")


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["train", "predict", "evaluate", "explain", "diagnose", "play", "config", "summary"]
)
@pytest.mark.parametrize("place", ["pipe.csv", "/dev/zero"])
def test_a_pipe_or_a_device_is_not_read(command, place, model, glassnet):
    os.mkfifo("pipe.csv")
    given = {
        "train": ["train", place, "--target", "y"],
        "config": ["train", "t.csv", "--target", "y", "--config", place],
        "diagnose": ["diagnose", place, "--target", "y"],
        "play": ["play", place, "--no-browser"],
        "summary": ["summary", place],
    }
    done = glassnet(*given.get(command, [command, model, place]))
    refused(done, "expected a regular file", "a pipe" if place == "pipe.csv" else "a device")


def test_a_table_from_the_standard_input(folder, glassnet, stdin):
    table = (folder / "t.csv").read_bytes()
    stdin(table)
    trained = glassnet("train", "-", "--target", "y", "--epochs", 2)
    assert trained.code == 0, trained.err
    assert "standard input: 60 rows, 3 columns" in trained.out
    assert {entry.name for entry in folder.iterdir()} == {"t.csv", *(f"model{end}" for end in (".safetensors", "-loss.png", "-result.png"))}  # fmt: skip
    for command in (
        ["predict", "model.safetensors"],
        ["evaluate", "model.safetensors"],
        ["explain", "model.safetensors"],
    ):
        from_file = glassnet(*command, "t.csv", *(["--format", "json"] if command[0] != "predict" else []))
        stdin(table)
        from_stdin = glassnet(*command, "-", *(["--format", "json"] if command[0] != "predict" else []))
        assert from_stdin.code == 0, from_stdin.err
        assert from_stdin.out == from_file.out
    stdin(table)
    assert "Because of input_ignored" in glassnet("diagnose", "-", "--target", "y", "--epochs", 2, "--no-replay").out
    refused(glassnet("train", "-"), "--target: expected the column to predict")
    stdin(table + b"1,2\n")
    refused(glassnet("train", "-", "--target", "y"), "standard input, line 62")


# --- what a terminal would obey -------------------------------------------------------------------------------------


def write_table(path, header, odd_category="", odd_label="yes", more=()):
    lines = [",".join(f'"{name}"' for name in header)]
    for row in rows():
        age, category, label = row.split(",")
        lines.append(f'{age},"{odd_category}{category}","{odd_label if label == "yes" else label}"')
    path.write_text("\n".join([*lines, *more]) + "\n", newline="")


def shown_escaped(done):
    """Assert that what a command printed holds no control character; return the text."""
    text = done.out + done.err
    assert not CONTROL.search(text), text
    return text


def test_no_control_character_reaches_the_terminal(folder, glassnet):
    """Reports, progress and measures show it escaped, whatever held it: each place of the table has a mark of its own."""
    escape = "".join(ESCAPES)
    name, target, category, label, file = (
        f"{mark}{escape}z" for mark in ("name", "target", "category", "label", "file")
    )
    write_table(folder / f"{file}.csv", ["age", name, target], category, label)
    model, table = f"{file}.safetensors", f"{file}.csv"
    commands = [
        ["train", table, "--target", target, "--epochs", 2, "--plain", "--out", model],
        ["summary", model],
        ["evaluate", model, table],
        *(["explain", model, table, "--format", form] for form in ("text", "md", "html")),
        ["explain", model, table, "--out", f"{file}.txt"],
        ["export", model, "--to", "torch"],
    ]
    whole = ""
    for command in commands:
        done = glassnet(*command)
        assert done.code == 0, done.err
        whole += shown_escaped(done)
    for mark in ("name", "target", "category", "label", "file"):
        assert f"{mark}{repr(escape[0])[1:-1]}" in whole


@pytest.mark.parametrize("escape", ESCAPES)
def test_no_control_character_of_an_error_reaches_the_terminal(escape, folder, glassnet):
    odd, header = f"x{escape}z", ["age", "city", "y"]
    write_table(folder / "t.csv", header)
    write_table(folder / "number.csv", header, more=[f'"1{odd}","a0","no"'])
    for arguments in (["number.csv", "--strict"], ["t.csv", "--activation", odd], [f"{odd}.csv"]):
        done = glassnet("train", *arguments, "--target", "y", "--epochs", 2, "--plain")
        refused(done)
        assert repr(escape[0])[1:-1] in shown_escaped(done)


def test_predictions_are_escaped_on_a_terminal_alone(folder):
    lines = [f"{k},{('no', chr(27) + '[31myes')[k % 2]}" for k in range(40)]
    (folder / "t.csv").write_text("\n".join(["n,y", *lines]) + "\n")
    command = [sys.executable, "-m", "glassnet"]
    train = [*command, "train", "t.csv", "--target", "y", "--numeric", "n", "--no-figures", "--epochs", "2", "--quiet"]
    subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
    predict = [*command, "predict", "t.safetensors", "t.csv", "--with-input"]
    piped = subprocess.run(predict, check=True, capture_output=True).stdout
    assert piped.count(b"\x1b[31m") >= 20  # data for other programs stay what they are
    reader, writer = pty.openpty()
    with subprocess.Popen(predict, stdout=writer, stderr=writer) as process:
        os.close(writer)
        shown = b""
        with os.fdopen(reader, "rb", buffering=0) as terminal:
            try:
                while part := terminal.read(4096):
                    shown += part
            except OSError:  # the other end is closed
                pass
        assert process.wait() == 0
    assert b"\x1b" not in shown
    assert shown.replace(b"\r\n", b"\n") == piped.replace(b"\x1b", rb"\x1b")


def test_dollars_in_names_and_labels_draw_figures(folder, glassnet):
    """As realistic as cost_$_per_$_sale, and what mathematical text would choke on."""
    for number, (name, label) in enumerate([("cost_$_per_$_sale", "$a$"), ("y $c^{$", "$p^{$"), ("$\\frac$", "$$")]):
        lines = [f'{k * 1.5},{k * 7 % 11},"{(label, "q")[k % 2]}"' for k in range(40)]
        (folder / "d.csv").write_text("\n".join([f'a,b,"{name}"', *lines]) + "\n")
        done = glassnet("train", "d.csv", "--target", name, "--epochs", 2, "--out", f"d{number}.safetensors")
        assert done.code == 0, done.err
        lines = [f"{k * 1.5},{k * 7 % 11},{np.sin(k)}" for k in range(40)]
        (folder / "d.csv").write_text("\n".join([f'a,b,"{name}"', *lines]) + "\n")
        done = glassnet("train", "d.csv", "--target", name, "--epochs", 2, "--out", f"r{number}.safetensors")
        assert done.code == 0, done.err
    assert len(list(folder.glob("*.png"))) == 12
