"""Where a table is read from: regular files, and the standard input as -; nothing that might never end."""

import io
import os
import sys
from types import SimpleNamespace

import polars as pl
import pytest

from glassnet.tables.reading import read as reading
from glassnet.tables.reading.read import read_table

TEXT = b"age;city\n31;Bern\n45;\n"


@pytest.fixture
def stdin(monkeypatch):
    """`stdin(content)` makes these bytes the standard input; gives its stream."""

    def give(content):
        stream = io.BytesIO(content)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
        return stream

    return give


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "x-images-idx3-ubyte", "link.csv"])
def test_a_pipe_is_refused_before_it_is_opened(name, tmp_path, refuses, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(reading.Path, "open", lambda *given: pytest.fail("opened"))
    (tmp_path / name).symlink_to("pipe") if name == "link.csv" else (tmp_path / "pipe").rename(tmp_path / name)
    with refuses(str(tmp_path / name)[-20:] if len(str(tmp_path / name)) <= 60 else "…"):
        read_table(tmp_path / name)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_a_device_is_refused(path, monkeypatch, refuses):
    monkeypatch.setattr(reading.Path, "open", lambda *given: pytest.fail("opened"))
    reader, writer = os.pipe()
    kept = os.dup(0)
    os.dup2(reader, 0)  # so that /dev/stdin is a pipe
    try:
        with refuses(f"{path}: expected a regular file; got a {'pipe' if path == '/dev/stdin' else 'device'}"):
            read_table(path)
    finally:
        os.dup2(kept, 0)
        for descriptor in (reader, writer, kept):
            os.close(descriptor)


def test_text_comes_from_the_standard_input(stdin):
    stdin(TEXT)
    table = read_table("-")
    assert table.frame.to_dict(as_series=False) == {"age": ["31", "45"], "city": ["Bern", None]}
    assert table.place(1) == "line 3"


def test_parquet_comes_from_the_standard_input(stdin):
    content = io.BytesIO()
    pl.DataFrame({"age": [1.5, 2.5]}).write_parquet(content)
    stdin(content.getvalue())
    assert read_table("-").numbers("age").tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "an empty file"),
        (b"a,b\n1\n", "1"),
        (b"\0" * 10, "a NUL byte"),
        (b"PAR1", "Parquet"),
        (b"\x1f\x8b", "Compressed file ended"),
    ],
)
def test_what_is_no_table_is_refused_by_the_name_of_the_standard_input(content, got, stdin, refuses):
    stdin(content)
    with refuses("standard input"):
        read_table("-")
    stdin(content)
    with pytest.raises(ValueError, match=f"got.*{got}"):
        read_table("-")


def test_what_never_ends_is_read_no_further_than_it_must_be(stdin, monkeypatch, refuses):
    stream = stdin(bytes(10**7))  # like /dev/zero
    with refuses("standard input: expected text or Parquet; got a NUL byte"):
        read_table("-")
    assert stream.tell() <= 2**17
    monkeypatch.setattr(reading, "MOST_STDIN_BYTES", 10**6)
    stream = stdin(b"y\n" * 10**7)  # like yes
    with refuses("standard input: expected at most 1,000,000 bytes; got more"):
        read_table("-")
    assert stream.tell() == 10**6 + 1


def test_a_closed_standard_input_is_refused(monkeypatch, refuses):
    monkeypatch.setattr(sys, "stdin", None)
    with refuses("standard input: expected a table; got a closed stream"):
        read_table("-")
