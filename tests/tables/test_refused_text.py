"""Text that is no table: the whole line that refuses it, and its neighbours that are read."""

import numpy as np
import pytest

from glassnet import InputError
from glassnet.tables.reading.decision import refuse
from glassnet.tables.reading.delimited import MOST_COLUMNS, read_delimited


def read(data):
    table = read_delimited(data, "t", None, (), False)
    refuse(table.decisions)
    return table


REFUSED = {
    b"\xff\xfea\0": "t: expected text; got UTF-16; save it as CSV in UTF-8.",
    b"\xfe\xff\0a": "t: expected text; got UTF-16; save it as CSV in UTF-8.",
    b"PK\x03\x04rest": "t: expected text; got a ZIP or Excel file; save it as CSV in UTF-8.",
    b"\x1f\x8brest": "t: expected text; got a gzip file; unpack it.",
    b"PAR1rest": "t: expected text; got a Parquet file; name it .parquet.",
    b"%PDF-1": "t: expected text; got a PDF file; save it as CSV in UTF-8.",
    b"\x89PNGrest": "t: expected text; got a PNG image; save it as CSV in UTF-8.",
    b"": "t: expected a header line and rows; got an empty file; write them.",
    b" \n\r\n": "t: expected a header line and rows; got an empty file; write them.",
    b"a,b\n1,2\n3,\x004\n": "t, line 3: expected text; got a NUL byte; save it as CSV in UTF-8.",
    b"a,b\r1,2\r": "t: expected lines that end in LF or CRLF; got CR alone; save it with other line ends.",
    b'a,b\n1,"2\n3,4\n': "t, line 2: expected a closing quote; got a quote that is never closed; close it, or remove it.",
    b'a,b\n1,x"y"\n': (
        't, line 2: expected quotes around whole cells only; got \'a,b\\n1,x"y"\'; double a quote within a cell ("").'
    ),
    b'a,b\n1,"y"x\n': (
        't, line 2: expected quotes around whole cells only; got \'a,b\\n1,"y"x\'; double a quote within a cell ("").'
    ),
    b"a,,c\n1,2,3\n": "t, line 1: expected a name for every column; got none for column 2 of 3; name it, or remove that column.",
    b"a,b,a\n1,2,3\n": "t, line 1: expected different names; got 'a' twice; rename one of the columns.",
    b"1,2.5,-3e4\n1,2,3\n": (
        "t, line 1: expected the names of the columns; got numbers (1, 2.5, -3e4); add a header line."
    ),
    b"1,2\n1,2\n": "t, line 1: expected the names of the columns; got numbers (1, 2); add a header line.",
    b"a,b\n1,2\n3\n": "t, line 3: expected 2 cells as in the header; got 1; quote cells that hold a comma.",
    b"a;b\n1;2\n3;4;5\n": "t, line 3: expected 2 cells as in the header; got 3; quote cells that hold a semicolon.",
    b"a,b\n1,2\n\n3,4\n": "t, line 3: expected 2 cells as in the header; got an empty line; remove it.",
    b'a,b\n"1\n1",2\n3\n': "t, line 4: expected 2 cells as in the header; got 1; quote cells that hold a comma.",
    b"a,b\n1,2\n3,\xfc\n": "t, line 3: expected UTF-8; got byte 0xfc in column 'b'; save the file in UTF-8.",
    b"a,b\n1,2\n\xfc,3\n": "t, line 3: expected UTF-8; got byte 0xfc in column 'a'; save the file in UTF-8.",
    b'a,b\n1,2\n"x\ny",\xfc\n': "t, line 4: expected UTF-8; got byte 0xfc in column 'b'; save the file in UTF-8.",
}


@pytest.mark.parametrize("data", REFUSED, ids=repr)
def test_refusals(data):
    with pytest.raises(InputError) as caught:
        read(data)
    assert str(caught.value) == REFUSED[data]


READ = {
    b"\xef\xbb\xbfa,b\n1,2\n": {"a": ["1"], "b": ["2"]},
    b"a,b\r\n1,2\r\n\r\n\n": {"a": ["1"], "b": ["2"]},
    b"a,b\n1,2": {"a": ["1"], "b": ["2"]},
    b"a\n1\n\n2\n": {"a": ["1", None, "2"]},
    b" a , b\n1,2\n": {"a": ["1"], "b": ["2"]},
    b"0,1,2\n7,8,9\n": {"0": ["7"], "1": ["8"], "2": ["9"]},
    b'a,b\n"x ""y"", z",2\n': {"a": ['x "y", z'], "b": ["2"]},
    b'"a,1",b\n1,2\n': {"a,1": ["1"], "b": ["2"]},
    b'a,b\n1,"2"': {"a": ["1"], "b": ["2"]},
    b"a;b,c;d\n1;2;3\n": {"a": ["1"], "b,c": ["2"], "d": ["3"]},
    b"a|b\n1|2\n": {"a": ["1"], "b": ["2"]},
    b"a,b\n": {"a": [], "b": []},
    "ä,b\nö,2\n".encode(): {"ä": ["ö"], "b": ["2"]},
}


@pytest.mark.parametrize("data", READ, ids=repr)
def test_neighbours_that_are_read(data):
    table = read(data)
    assert table.frame.to_dict(as_series=False) == READ[data]


def test_lines_are_those_of_the_file():
    table = read(b'a,b\n1,2\n"3\n\n3",4\n5,6\n')
    assert np.asarray(table.lines).tolist() == [2, 3, 6]
    assert table.place(2) == "line 6"


def test_as_many_columns_as_may_be():
    names = ",".join(f"c{k}" for k in range(MOST_COLUMNS))
    assert len(read(f"{names}\n".encode()).names) == MOST_COLUMNS == 5_000
    with pytest.raises(InputError, match="line 1: expected at most 5,000 columns; got 5,001; keep the columns that"):
        read(f"{names},x\n".encode())
