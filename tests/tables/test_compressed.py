"""Compressed tables: read like the plain file, bounded, and refused in one line if damaged."""

import bz2
import gzip
import lzma
import struct

import polars as pl
import pytest

from glassnet import InputError
from glassnet.tables.columns.choose import choose_columns
from glassnet.tables.reading import compressed
from glassnet.tables.reading.compressed import compression, unpack
from glassnet.tables.reading.read import read_table

TEXT = b"x,y\n1,a\n2,b\n4,a\n"
MAGIC = b"\x28\xb5\x2f\xfd"


def block(content, last=True, kind=0, size=None):
    header = int(last) | kind << 1 | (len(content) if size is None else size) << 3
    return header.to_bytes(3, "little") + content


def zstandard(content):
    """A frame of Zstandard (RFC 8878) with its content in one raw block."""
    return MAGIC + bytes([0b10100000]) + struct.pack("<I", len(content)) + block(content)


PACKED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard}


@pytest.mark.parametrize("ending", PACKED)
def test_packed_text(ending, tmp_path):
    for name in (f"t.csv{ending}", f"t.tsv{ending}", f"t.txt{ending}"):
        text = TEXT.replace(b",", b"\t") if name.startswith("t.tsv") else TEXT
        (tmp_path / name).write_bytes(PACKED[ending](text))
        table = read_table(tmp_path / name)
        assert table.frame.to_dict(as_series=False) == {"x": ["1", "2", "4"], "y": ["a", "b", "a"]}
        assert table.place(2) == "line 4"
        assert table.decisions == ()


def test_packed_parquet(tmp_path):
    pl.DataFrame({"x": [1, 2]}).write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.parquet.gz").write_bytes(gzip.compress((tmp_path / "t.parquet").read_bytes()))
    assert read_table(tmp_path / "t.parquet.gz").numbers("x").tolist() == [1, 2]


def test_a_packed_file_by_another_name_is_told(tmp_path):
    (tmp_path / "t.csv").write_bytes(gzip.compress(TEXT))
    table = read_table(tmp_path / "t.csv")
    assert [each.text for each in table.decisions] == ["unpacked from gzip"]
    with pytest.raises(InputError, match="expected text; got a gzip file; unpack it"):
        choose_columns(table, "y", strict=True)


@pytest.mark.parametrize("ending", PACKED)
def test_what_unpacks_to_too_much_is_refused(ending):
    assert unpack(PACKED[ending](TEXT), "t", 1 << 17) == TEXT
    with pytest.raises(InputError, match="t: expected at most 9 bytes when unpacked; got more; split it"):
        unpack(PACKED[ending](TEXT), "t", 9)


def test_a_bomb_of_zstandard_is_seen_before_it_goes_off():
    repeated = MAGIC + bytes([0, 0]) + block(b"x", last=False, kind=1, size=1 << 17) * 40_000 + block(b"", last=True)
    assert len(repeated) < 200_000
    with pytest.raises(InputError, match="expected at most 4,294,967,296 bytes when unpacked; got more"):
        unpack(repeated, "t.csv.zst")
    skipped = struct.pack("<II", 0x184D2A50, 3) + b"abc" + zstandard(TEXT)
    assert compressed._largest_size(skipped) == 1 << 17


@pytest.mark.parametrize("ending", PACKED)
def test_damaged_files(ending):
    whole = PACKED[ending](TEXT * 50)
    kind = compression(whole)
    for broken in (whole[:-9], whole[:7], whole[: len(whole) // 2], whole[:6] + b"\xff" * 30):
        with pytest.raises(InputError, match=f"t: expected a whole {kind} file; got .*; fetch it again"):
            unpack(broken, "t")


def test_a_file_packed_twice_is_refused(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(gzip.compress(TEXT)))
    with pytest.raises(InputError, match="expected text; got a gzip file; unpack it"):
        read_table(tmp_path / "t.csv.gz")
