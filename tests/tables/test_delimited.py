"""Delimited text: what is read is what Python's csv module reads, to the last cell, and lines are counted right."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet import InputError
from glassnet.tables.reading import delimited
from glassnet.tables.reading.delimited import read_delimited
from glassnet.tables.reading.head import find_separator
from glassnet.tables.reading.read import read_table


def read(data, separator=None, **options):
    return read_delimited(data, "t.csv", separator, options.get("missing", ()), options.get("decimal_comma", False))


CELL = st.text(st.characters(exclude_characters="\0\r", exclude_categories=("Cs",)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_agrees_with_the_csv_module(rows, separator, line_end, all_quoted):
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=quoting)
    writer.writerows([("a", "b", "c"), *rows])
    data = text.getvalue().encode()
    table = read(data, separator)
    expected = list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=separator))
    assert table.names == expected[0]
    found = [tuple("" if cell is None else cell for cell in row) for row in table.frame.rows()]
    assert found == [tuple(row) for row in expected[1:]]
    reader = csv.reader(io.StringIO(text.getvalue().replace("\r\n", "\n"), newline=""), delimiter=separator)
    begins = [1]
    for _ in reader:
        begins.append(reader.line_num + 1)
    assert table.lines.tolist() == begins[1:-1]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64])
def test_blocks_do_not_show(block, monkeypatch):
    data = b'a,b\n1,"x, ""y""\n z"\n2,w\n"3","\n\n"\n4,v\n'
    whole = read(data)
    monkeypatch.setattr(delimited, "_BLOCK", block)
    again = read(data)
    assert again.frame.equals(whole.frame)
    assert again.lines.tolist() == whole.lines.tolist() == [2, 4, 5, 8]
    with pytest.raises(InputError, match=r"line 3: .*3 cells"):
        read(b"a,b,c\n1,2,3\n1,2\n")


@pytest.mark.parametrize(
    ("header", "separator"),
    [("a,b", ","), ("a;b", ";"), ("a\tb", "\t"), ("a|b", "|"), ("a", ","), ('"x;y;z",b', ","), ("a,b;c;d", ";")],
)
def test_separator_is_the_most_frequent_outside_quotes(header, separator):
    assert find_separator(header.encode() + b"\n1,2\n") == separator


def test_a_tsv_is_split_at_tabs_alone(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a,b,c\td\n1\t2\n")
    assert read_table(path).names == ["a,b,c", "d"]


def test_one_column_keeps_its_empty_cells():
    table = read(b"a\n1\n\n3\n\n")
    np.testing.assert_array_equal(table.numbers("a"), [1, np.nan, 3, np.nan])


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1", 1), ("-1.5", -1.5), ("+2", 2), (".5", 0.5), ("1e-3", 0.001), (" 7 ", 7), ("1E5", 1e5), ("3.", 3)],
)
def test_numbers(cell, number):
    assert read(f"a,b\n{cell},0\n".encode()).numbers("a").tolist() == [number]


@pytest.mark.parametrize("cell", ["0x10", "1_000", "1d5", "--1", "1,5", "٣", "½", "1 000", "true", "1.2.3", "."])
def test_what_is_no_number_is_refused_not_guessed(cell):
    with pytest.raises(InputError, match="line 3, column 'a': expected a number"):
        read(f'a;b\n1;0\n"{cell}";0\n'.encode(), ";").numbers("a")


def test_a_word_that_ends_in_a_full_stop_is_quoted_in_the_way_out():
    with pytest.raises(InputError, match=r"pass --missing '\.'\.$"):
        read(b"a,b\n1,0\n.,0\n").numbers("a")
    with pytest.raises(InputError, match=r"pass --missing old\.$"):
        read(b"a,b\n1,0\nold,0\n").numbers("a")


@pytest.mark.parametrize("cell", ["", " ", "NA", "na", "N/A", "NaN", "nan", "null", "NULL", '""'])
def test_missing_cells(cell):
    table = read(f"a,b\n1,x\n{cell},{cell}\n".encode())
    np.testing.assert_array_equal(table.numbers("a"), [1, np.nan])
    assert table.words("b").to_list() == ["x", None]


def test_own_words_for_missing_are_exact_and_may_be_numbers():
    table = read(b"a,b\n-999,?\n-99,??\n", missing=("-999", "?"))
    np.testing.assert_array_equal(table.numbers("a"), [np.nan, -99])
    assert table.words("b").to_list() == [None, "??"]


def test_decimal_comma():
    table = read(b"a;b\n3,5;1\n-0,25;2\n7;3\n", decimal_comma=True)
    assert table.numbers("a").tolist() == [3.5, -0.25, 7]
    with pytest.raises(InputError, match=r"line 2, column 'a': expected a number; got '3\.5'"):
        read(b"a;b\n3.5;1\n", decimal_comma=True).numbers("a")


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    for content in (b"\xef\xbb\xbfage,city\n31,Bern\n", b'\xef\xbb\xbf"age",city\n31,Bern\n'):
        assert read_delimited(content, "t.csv", None, (), False).names == ["age", "city"]
