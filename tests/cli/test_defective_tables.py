"""Tables with a defect: one line that names file, place and cell and a way out, exit code 2, nothing written."""

import gzip
import os
import struct

import numpy as np
import polars as pl
import pytest

HEADER = "age,city,target\n"


def lines(*extra, header=HEADER, rows=30):
    """A good table of `rows` rows, then the extra lines."""
    body = [f"{20 + 7 * k % 41}.5,{('Bern', 'Chur', 'Genf')[k % 3]},{('no', 'yes')[k % 2]}" for k in range(rows)]
    return (header + "\n".join([*body, *extra]) + "\n").encode()


def column(cells, name="extra"):
    """A good table with one more column, whose cells are `cells` over and over."""
    cells = list(cells)
    body = [f"{20 + 7 * k % 41}.5,{cells[k % len(cells)]},{('no', 'yes')[k % 2]}" for k in range(30)]
    return (f"age,{name},target\n" + "\n".join(body) + "\n").encode()


def target(cells):
    cells = list(cells)
    return ("age,target\n" + "\n".join(f"{k * 7 % 13}.5,{cells[k % len(cells)]}" for k in range(30)) + "\n").encode()


def parquet(**columns):
    def content(path):
        pl.DataFrame(columns).write_parquet(path)

    return content


def cut_parquet(path):
    parquet(age=[1.5, 2.5] * 20, target=["a", "b"] * 20)(path)
    path.write_bytes(path.read_bytes()[:-40])


def bad_footer(path):
    parquet(age=[1.5, 2.5] * 20, target=["a", "b"] * 20)(path)
    content = bytearray(path.read_bytes())
    content[-60:-10] = b"\xff" * 50
    path.write_bytes(bytes(content))


def unreadable(path):
    path.write_bytes(lines())
    path.chmod(0)


CASES = {
    # the file
    "missing file": ("absent.csv", None, ["absent.csv", "No such file"]),
    "empty file": ("t.csv", b"", ["t.csv", "an empty file"]),
    "blank file": ("t.csv", b"\n\n  \n", ["an empty file"]),
    "directory": ("folder", lambda path: path.mkdir(), ["folder", "train-images-idx3-ubyte"]),
    "unreadable file": ("t.csv", unreadable, ["t.csv", "Permission denied"]),
    "binary file": ("t.csv", bytes(range(256)) * 4, ["t.csv", "NUL byte"]),
    "NUL byte": ("t.csv", lines("31,Be\0rn,yes"), ["line 32", "NUL byte"]),
    "UTF-16": ("t.csv", lines().decode().encode("utf-16"), ["UTF-16", "UTF-8"]),
    "not UTF-8": ("t.csv", lines() + "31,Zürich,yes\n".encode("latin-1"), ["line 32", "0xfc", "'city'"]),
    "Excel file": ("t.csv", b"PK\x03\x04rest", ["Excel"]),
    "gzip": ("t.csv", gzip.compress(lines(), mtime=0), ["gzip", "unpack"]),
    "PDF": ("t.txt", b"%PDF-1.4\n", ["a PDF file"]),
    "Parquet named .csv": ("t.csv", parquet(a=[1]), ["a Parquet file", "name it .parquet"]),
    "CSV named .parquet": ("t.parquet", lines(), ["expected a Parquet file", "age,"]),
    "empty Parquet file": ("t.parquet", b"", ["an empty file"]),
    "truncated Parquet": ("t.parquet", cut_parquet, ["t.parquet", "whole Parquet file"]),
    "Parquet with a bad footer": ("t.parquet", bad_footer, ["t.parquet", "whole Parquet file"]),
    "CR line ends": ("t.csv", lines().replace(b"\n", b"\r"), ["CR alone"]),
    "image labels alone": ("x-labels-idx1-ubyte", struct.pack(">4Bi", 0, 0, 8, 1, 2) + b"ab", ["got labels"]),
    "cut image file": ("x-images-idx3-ubyte", struct.pack(">4B3i", 0, 0, 8, 3, 2, 2, 2) + b"ab", ["expected 8 values"]),
    # the header
    "duplicate names": ("t.csv", lines(header="age,age,target\n"), ["line 1", "'age' twice"]),
    "blank name": ("t.csv", lines(header="age,,target\n"), ["line 1", "column 2 of 3"]),
    "no header": ("t.csv", b"1,2,0\n3,4,1\n" * 20, ["line 1", "header line"]),
    "header only": ("t.csv", HEADER.encode(), ["at least 2 rows", "got 0"]),
    "a million columns": (
        "t.csv",
        (",".join(f"c{k}" for k in range(999_999)) + ",target\n" + ",".join(["1"] * 1_000_000) + "\n").encode(),
        ["at most 5,000 columns", "1,000,000"],
    ),
    "missing target": ("t.csv", lines(header="age,city,targets\n"), ["'target'", "did you mean 'targets'"]),
    "target alone": ("t.csv", b"target\n" + b"a\nb\n" * 20, ["columns beside the target"]),
    # the lines
    "a line too short": ("t.csv", lines("31,Bern"), ["line 32", "3 cells", "got 2"]),
    "a line too long": ("t.csv", lines("31,Bern,yes,no"), ["line 32", "got 4", "quote"]),
    "an empty line": ("t.csv", lines("", "31,Bern,yes"), ["line 32", "an empty line"]),
    "an unclosed quote": ("t.csv", lines('31,"Bern,yes'), ["line 32", "never closed"]),
    "an unclosed quote, another later": ("t.csv", lines('31,"Bern,yes', '32,"Chur",no'), ["line 33", "quotes"]),
    "a quote within a cell": ("t.csv", lines('31,Be"rn,yes'), ["line 32", "double a quote"]),
    "line numbers after quoted line ends": ("t.csv", lines('31,"Be\nrn",yes', "x,Bern,no"), ["line 34", "'x'"]),
    "one row": ("t.csv", lines(rows=1), ["at least 2 rows", "got 1"]),
    # cells
    "a word among numbers": ("t.csv", lines("old,Bern,yes"), ["line 32", "'age'", "'old'", "--missing old"]),
    "a number among words": ("t.csv", lines("31,8000,yes"), ["line 32", "'city'", "'8000'", "--categorical city"]),
    "words with spaces among numbers": ("t.csv", lines("not known,Bern,yes"), ["line 32", "--missing 'not known'"]),
    "half numbers, half words": ("t.csv", column(["1", "x"]), ["line 3", "'extra'", "'x'"]),
    "decimal commas": (
        "t.csv",
        lines().replace(b",", b";").replace(b".5", b",5"),
        ["line 2", "'age'", "'20,5'", "--decimal-comma"],
    ),
    "thousands separators": ("t.csv", column(['"1,234"', '"5,678"']), ["line 2", "'extra'", "'1,234'"]),
    "one thousands separator": ("t.csv", column(['"1,234"', "678", "12"]), ["line 2", "'1,234'", "1000"]),
    "currency": ("t.csv", column(["$3.50", "$12"]), ["line 2", "'$3.50'", "units"]),
    "percent": ("t.csv", column(["3%", "12 %"]), ["line 2", "'3%'"]),
    "dates": ("t.csv", column(["2024-01-31", "2024-02-01"]), ["line 2", "'2024-01-31'", "--ignore extra"]),
    "dates, the Swiss way": ("t.csv", column(["31.1.2024", "1.2.2024"]), ["'31.1.2024'", "no dates"]),
    "codes with leading zeros": ("t.csv", column(["0042", "1042"]), ["line 2", "'0042'", "--categorical extra"]),
    "infinity": ("t.csv", lines("inf,Bern,yes"), ["line 32", "'age'", "'inf'", "finite"]),
    "too large for a float": ("t.csv", lines("1e999,Bern,yes"), ["line 32", "'1e999'", "finite"]),
    "too large to scale": ("t.csv", lines("1e300,Bern,yes"), ["line 32", "'age'", "'1e300'", "1e150"]),
    "more digits than a float holds": ("t.csv", lines("12345678901234567,Bern,yes"), ["line 32", "15 digits"]),
    "identifiers": (
        "t.csv",
        column((k * 37 % 900 + 100 for k in range(30)), "user_id"),
        ["'user_id'", "identifier", "--ignore user_id"],
    ),
    "a count of the rows": ("t.csv", column(range(30), "n"), ["'n'", "count of the rows", "--ignore n"]),
    "free text": ("t.csv", column([f"note {k}" for k in range(30)], "note"), ["'note'", "30 different cells"]),
    "only constant columns": ("t.csv", b"a,target\n" + b"5,x\n5,y\n" * 20, ["every cell is 5"]),
    "only missing cells": ("t.csv", b"a,target\n" + b",x\nNA,y\n" * 20, ["no cell is known"]),
    "lists in Parquet": ("t.parquet", parquet(a=[[1], [2, 3]] * 20, target=["x", "y"] * 20), ["'a'", "List"]),
    "structs in Parquet": (
        "t.parquet",
        parquet(a=[{"b": 1}, {"b": 2}] * 20, target=["x", "y"] * 20),
        ["'a'", "Struct"],
    ),
    "bytes in Parquet": ("t.parquet", parquet(a=[b"1", b"2"] * 20, target=["x", "y"] * 20), ["'a'", "Binary"]),
    "dates in Parquet": (
        "t.parquet",
        parquet(a=pl.Series([1, 2] * 20).cast(pl.Date), target=["x", "y"] * 20),
        ["'a'", "1970-01-02"],
    ),
    "infinity in Parquet": ("t.parquet", parquet(a=[1.0, np.inf] * 20, target=["x", "y"] * 20), ["row 2", "'inf'"]),
    # the target
    "an empty target cell": ("t.csv", lines("31,Bern,"), ["line 32", "'target'", "an empty cell", "fill it in"]),
    "a NaN target": ("t.csv", target(["1.5", "2.25", "NaN"]), ["line 4", "'target'", "NaN"]),
    "a missing target in Parquet": (
        "t.parquet",
        parquet(a=[1.0, 2] * 20, target=["x", None] * 20),
        ["row 2", "'target'"],
    ),
    "one class": ("t.csv", target(["x"]), ["two classes", "'x' alone"]),
    "one number": ("t.csv", target(["3.5"]), ["two classes", "'3.5' alone"]),
    "a class of one row": ("t.csv", lines("31,Bern,maybe"), ["'target'", "1 of 'maybe'", "--validation 0"]),
    "a class for every row": ("t.csv", target(f"w{k}" for k in range(30)), ["30 different cells in 30 rows"]),
    "a word among target numbers": ("t.csv", target(["1.5", "2.5", "3.5", "n.a."]), ["line 5", "'n.a.'", "--task"]),
    "infinity in the target": ("t.csv", target(["1.5", "2.5", "inf"]), ["line 4", "'inf'"]),
    "nested target": ("t.parquet", parquet(a=[1.0, 2] * 20, target=[[1], [2]] * 20), ["'target'", "List"]),
}


def check_refused(done, words):
    assert done.code == 2, done
    assert done.out == ""
    (line,) = done.err.splitlines()  # one line, no traceback
    assert len(line) < 200, len(line)
    assert line.startswith("glassnet: ")
    for word in words:
        assert word in line, (word, line)
    assert line.rstrip(".").count(";") >= 1, f"no way out: {line}"


@pytest.mark.parametrize("case", CASES)
def test_train_refuses(case, glassnet, tmp_path):
    name, content, words = CASES[case]
    path = tmp_path / name
    if callable(content):
        content(path)
    elif content is not None:
        path.write_bytes(content)
    if case == "unreadable file" and os.access(path, os.R_OK):  # root reads everything
        path.unlink()
        path.symlink_to(path)  # a link to itself cannot be opened by anyone
        words = ["t.csv", "cannot use"]
    before = sorted(tmp_path.iterdir())
    done = glassnet("train", path, "--target", "target", "--strict", "--out", tmp_path / "model.safetensors")
    check_refused(done, words)
    assert sorted(tmp_path.iterdir()) == before


DECIDED = {  # at the default: what is said of it instead
    "UTF-16": "read as UTF-16",
    "not UTF-8": "not UTF-8: read as Windows-1252, e.g. 'Zürich' in line 32",
    "gzip": "unpacked from gzip",
    "CR line ends": "lines end in CR alone",
    "duplicate names": "age (2): another column has its name, so it got a number",
    "blank name": "column 2: has no name in the file, so it is named by its place",
    "an empty line": "1 empty line left out",
    "line numbers after quoted line ends": "age: numbers; 1 cell such as 'x' taken as missing",
    "a word among numbers": "age: numbers; 1 cell such as 'old' taken as missing",
    "a number among words": "city: categories, since it mixes numbers and words",
    "words with spaces among numbers": "age: numbers; 1 cell such as 'not known' taken as missing",
    "half numbers, half words": "extra: categories, since it mixes numbers and words",
    "decimal commas": "age: numbers, written like 1234,5: '20,5' is 20.5",
    "thousands separators": "extra: numbers, written like 1,234.5: '1,234' is 1234",
    "one thousands separator": "extra: numbers, written like 1,234.5: '1,234' is 1234",
    "currency": "extra: numbers, written like $1234.5: '$3.50' is 3.5",
    "percent": "extra: numbers, written like 1234.5%: '12 %' is 12",
    "dates": "extra: dates, such as '2024-01-31'",
    "dates, the Swiss way": "extra: dates, such as '31.1.2024' for 2024-01-31, the day first",
    "codes with leading zeros": "extra: categories, since '0042' has a leading zero and so is a code",
    "infinity": "age: numbers; 1 cell such as 'inf' taken as missing",
    "too large for a float": "age: numbers; 1 cell such as '1e999' taken as missing",
    "too large to scale": "age: numbers; 1 cell such as '1e300' taken as missing",
    "more digits than a float holds": "age: numbers of more than 15 digits are rounded to those",
    "identifiers": "user_id: left out, an identifier, with 30 different cells in 30 rows",
    "a count of the rows": "n: left out, a count of the rows",
    "free text": "note: left out, a different word in every row",
    "dates in Parquet": "a: dates",
    "infinity in Parquet": "a: numbers; 20 cells such as 'inf' taken as missing",
    "an empty target cell": "target: 1 row without a target left out",
    "a NaN target": "target: 10 rows without a target left out",
    "a class of one row": "target: 1 row left out, whose class no other row has, such as 'maybe'",
    "a word among target numbers": "target: 7 rows without a target left out, e.g. 'n.a.' in line 5",
}


@pytest.mark.parametrize("case", [case for case in CASES if case != "unreadable file"])
def test_train_decides_and_tells_or_refuses(case, glassnet, tmp_path):
    name, content, _ = CASES[case]
    path = tmp_path / name
    if callable(content):
        content(path)
    elif content is not None:
        path.write_bytes(content)
    out = tmp_path / "model.safetensors"
    done = glassnet("train", path, "--target", "target", "--out", out, "--epochs", 2, "--no-figures")
    if case not in DECIDED:
        check_refused(done, [])
        return
    assert (done.code, done.err) == (0, "")
    assert DECIDED[case] in done.out, done.out
    if case != "a class of one row":  # which stays unknown
        done = glassnet("evaluate", out, path)
        assert done.code == 0, done.err


def test_long_names_and_cells_are_cut(glassnet, tmp_path):
    folder = tmp_path / ("f" * 100)
    folder.mkdir()
    path = folder / ("t" * 100 + ".csv")
    long = "c" * 300
    path.write_text(f"{long},target\n" + "".join(f"{k}.5,{'xy'[k % 2]}\n" for k in range(30)) + "w" * 300 + ",x\n")
    done = glassnet("train", path, "--target", "target", "--strict", "--out", tmp_path / "model.safetensors")
    check_refused(done, ["ttt.csv", "line 32", "ccc…", "www…"])


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"\xef\xbb\xbf" + lines(), []),  # a byte order mark
        (lines().replace(b"\n", b"\r\n"), []),
        (lines().removesuffix(b"\n"), []),
        (lines() + b"\n\r\n", []),
        (lines().replace(b",", b" , "), []),  # spaces around cells
        (lines().replace(b",", b";"), []),
        (lines().replace(b",", b"\t"), []),
        (lines().replace(b"Bern", b'"Bern, ""BE"""'), []),
        (lines().replace(b",", b";").replace(b".5", b",5"), ["--decimal-comma"]),
        (lines("old,Bern,yes"), ["--missing", "old"]),
        (lines("31,8000,yes"), ["--categorical", "city"]),
        (lines(",,yes", "NaN,n/a,no"), []),
        (column(["0042", "1042"]), ["--categorical", "extra"]),
        (column(range(30), "n"), ["--numeric", "n"]),
        (column(["true", "false", "true"]), []),
        (column(["", "NA"]), []),  # without a known cell: left out
        (column(["5"]), []),  # constant: left out
        (column([f"note {k}" for k in range(30)]), ["--categorical", "extra"]),
    ],
)
def test_train_accepts(content, options, glassnet, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    out = tmp_path / "model.safetensors"
    done = glassnet("train", path, "--target", "target", "--out", out, "--epochs", 2, "--no-figures", *options)
    assert done.code == 0, done.err
    assert out.exists()


@pytest.fixture
def model(glassnet, tmp_path):
    (tmp_path / "good.csv").write_bytes(lines())
    path = tmp_path / "model.safetensors"
    done = glassnet("train", tmp_path / "good.csv", "--target", "target", "--out", path, "--epochs", 2, "--no-figures")
    assert done.code == 0, done.err
    return path


NEW = {
    "unseen category": (b"age,city\n31,Bern\n32,Basel\n", ["line 3", "'city'", "'Basel'", "--unseen missing"]),
    "lacks a column": (b"age,town\n31,Bern\n", ["'city'", "new.csv"]),
    "another type": (b"age,city\nold,Bern\n", ["line 2", "'age'", "'old'"]),
    "numbers for categories": (b"age,city\n31,1\n", ["line 2", "'city'", "'1'"]),
    "header only": (b"age,city\n", ["a header alone"]),
    "ragged": (b"age,city\n31\n", ["line 2", "2 cells"]),
    "infinity": (b"age,city\n-inf,Bern\n", ["line 2", "'-inf'"]),
    "decimal comma": (b"age;city\n3,5;Bern\n", ["line 2", "'age'", "'3,5'"]),
}


@pytest.mark.parametrize("case", NEW)
def test_predict_refuses(case, glassnet, model, tmp_path):
    content, words = NEW[case]
    (tmp_path / "new.csv").write_bytes(content)
    before = sorted(tmp_path.iterdir())
    options = ["--unseen", "error", "--out", tmp_path / "out.csv"]
    check_refused(glassnet("predict", model, tmp_path / "new.csv", *options), words)
    assert sorted(tmp_path.iterdir()) == before


def test_predict_with_an_unseen_category_as_missing(glassnet, model, tmp_path):
    (tmp_path / "new.csv").write_bytes(b"age,city\n31,Basel\n31,\n")
    done = glassnet("predict", model, tmp_path / "new.csv", "--unseen", "missing", "-p")
    assert done.code == 0
    _, unseen, missing = done.out.splitlines()
    assert unseen == missing


def test_unseen_categories_are_counted_and_share_the_input_of_rare_ones(glassnet, model, tmp_path):
    (tmp_path / "new.csv").write_bytes(b"age,city\n31,Basel\n31,Sion\n31,Bern\n")
    done = glassnet("predict", model, tmp_path / "new.csv", "-p")
    assert done.code == 0
    assert done.err == "glassnet: city: 2 cells with a category that training did not see, taken as rare ones\n"
    _, first, second, _ = done.out.splitlines()
    assert first == second


def test_predict_tells_what_it_did_not_see_or_could_not_read(glassnet, model, tmp_path):
    (tmp_path / "new.csv").write_bytes(b"age,city\n" + b"31,Basel\n" * 2 + b"31,Bern\n" * 40 + b"?,Bern\n")
    done = glassnet("predict", model, tmp_path / "new.csv")
    assert done.code == 0
    assert done.err.splitlines() == [
        "glassnet: age: 1 cell such as '?' taken as missing",
        "glassnet: city: 2 cells with a category that training did not see, taken as rare ones",
    ]


def test_predict_names_the_columns_it_does_not_use(glassnet, model, tmp_path):
    (tmp_path / "new.csv").write_bytes(b"age,city,more\n31,Bern,1\n")
    done = glassnet("predict", model, tmp_path / "new.csv")
    assert done.code == 0
    assert done.err == "glassnet: not used, unknown to the model: more\n"


def test_evaluate_refuses_a_class_that_training_did_not_have(glassnet, model, tmp_path):
    (tmp_path / "new.csv").write_bytes(b"age,city,target\n31,Bern,maybe\n")
    check_refused(glassnet("evaluate", model, tmp_path / "new.csv"), ["line 2", "'target'", "'maybe'", "no, yes"])


def test_predict_refuses_a_network_file(glassnet, tmp_path):
    import glassnet as gn

    gn.save(gn.Network([2, 1]), tmp_path / "net.safetensors")
    (tmp_path / "new.csv").write_bytes(b"a,b\n1,2\n")
    done = glassnet("predict", tmp_path / "net.safetensors", tmp_path / "new.csv")
    check_refused(done, ["net.safetensors", "a Network"])
