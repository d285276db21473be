"""The row groups of a Parquet file, read from its footer, which polars does not tell.

The footer is a `FileMetaData` of Thrift's compact protocol (Apache Parquet format 2; Apache Thrift, "Compact protocol"): its
field 4 is the list of row groups, and field 3 of each their number of rows. All else is passed over.
"""

from __future__ import annotations

from typing import Any

from glassnet.data.files import File, name_of
from glassnet.errors import InputError

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_ROW_GROUPS, _NUM_ROWS = 4, 3
_MAGIC = b"PAR1"


def row_groups(file: File) -> list[int]:
    """Return the number of rows of each row group of a Parquet file."""
    with file.path.open("rb") as stream:
        stream.seek(max(0, file.size - 8))
        tail = stream.read(8)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != _MAGIC or length + 12 > file.size:
            raise InputError(f"{name_of(file.path)}: expected a Parquet file; got another end; write it again.")
        stream.seek(file.size - 8 - length)
        footer = stream.read(length)
    try:
        groups = _Compact(footer).struct({_ROW_GROUPS: {_NUM_ROWS: None}}).get(_ROW_GROUPS, [])
        return [int(group[_NUM_ROWS]) for group in groups]
    except (IndexError, KeyError, ValueError, TypeError, RecursionError):
        raise InputError(f"{name_of(file.path)}: expected Parquet; got a damaged footer; write it again.") from None


class _Compact:
    """Reads a text of the compact protocol from its begin on."""

    def __init__(self, text: bytes) -> None:
        self.text, self.at = text, 0

    def struct(self, wanted: dict[int, Any]) -> dict[int, Any]:
        """Read a struct; return the fields that are wanted, with those wanted of each inside."""
        found, field = {}, 0
        while head := self._byte():
            kind, step = head & 15, head >> 4
            field = field + step if step else self._zigzag()
            if kind in (_TRUE, _FALSE):
                continue  # the value is the kind
            value = self._value(kind, wanted.get(field) or {})
            if field in wanted:
                found[field] = value
        return found

    def _value(self, kind: int, wanted: dict[int, Any]) -> Any:
        if kind == _STRUCT:
            return self.struct(wanted)
        if kind in (_LIST, _SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            return [self._element(head & 15, wanted) for _ in range(count)]
        if kind == _MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            return [(self._element(kinds >> 4, {}), self._element(kinds & 15, {})) for _ in range(count)]
        if kind in (_BYTE, _DOUBLE, _BINARY):
            size = self._varint() if kind == _BINARY else 8 if kind == _DOUBLE else 1
            self.at += size
            if self.at > len(self.text):
                raise IndexError
            return None
        if 4 <= kind <= 6:
            return self._zigzag()
        raise ValueError(kind)

    def _element(self, kind: int, wanted: dict[int, Any]) -> Any:
        return self._byte() if kind in (_TRUE, _FALSE) else self._value(kind, wanted)

    def _byte(self) -> int:
        self.at += 1
        return self.text[self.at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _zigzag(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)
