"""Mutated tables: each is read as its text says, cell by cell, or refused in clear words; never a traceback."""

import sys
from pathlib import Path

import pytest

from glassnet import InputError
from glassnet.tables.columns.choose import choose_columns
from glassnet.tables.reading.decision import decision_lines
from glassnet.tables.reading.read import read_table

sys.path.insert(0, str(Path(__file__).parent))
from mutated import check, mutate, parquet

sys.path.remove(str(Path(__file__).parent))
QUICK, ALL = 100, 2_000


def read_or_refuse(path):
    """True if the table was read, and then rightly; False if it was refused in clear words."""
    try:
        table = read_table(path)
        choice = choose_columns(table, "y")
    except InputError as error:
        message = str(error)
        assert "expected" in message, message
        assert "got" in message, message
        assert message.isprintable(), message
        assert len(message) < 260, message
        return False
    assert all(line.isprintable() and len(line) < 400 for line in decision_lines(choice.decisions))
    if path.suffix == ".csv":
        check(path.read_bytes(), table, choice)
    else:
        for name, of_column in choice.types.items():
            of_column.words(table, name) if of_column.kind == "categorical" else of_column.numbers(table, name)
    return True


def count_read(folder, seeds):
    path, read = folder / "t.csv", 0
    for seed in seeds:
        path.write_bytes(mutate(seed))
        try:
            read += read_or_refuse(path)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
    return read


def test_mutated_tables_are_read_as_they_are_written_or_refused(tmp_path):
    read = count_read(tmp_path, range(QUICK))
    assert QUICK / 3 < read < QUICK  # both happen


@pytest.mark.long
def test_more_mutated_tables(tmp_path):
    assert count_read(tmp_path, range(QUICK, ALL)) > (ALL - QUICK) / 3


def test_mutated_parquet_files_are_read_or_refused(tmp_path):
    path = tmp_path / "t.parquet"
    for seed in range(30):
        path.write_bytes(parquet(seed))
        read_or_refuse(path)
