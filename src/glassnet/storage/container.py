"""The safetensors file: packs tensors and one JSON description into bytes, and checks all of it before unpacking.

Layout (https://github.com/huggingface/safetensors): 8 bytes with the header's length, little-endian; the header, a
JSON object {name: {dtype, shape, data_offsets}} with our description as a text in its __metadata__; the tensors' bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.storage.strict_json import malformed, parse

Array = NDArray[Any]

MAX_HEADER = 2**20  # bytes
MAX_TENSORS = 10_000
MAX_AXES = 8
NAME = re.compile(r"(?=.{1,100}\Z)[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
DTYPES = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "U16": "<u2",
    "I16": "<i2",
    "F16": "<f2",
    "U32": "<u4",
    "I32": "<i4",
    "F32": "<f4",
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
}
_CODES = {np.dtype(code): name for name, code in DTYPES.items()}


def pack(description: dict[str, Any], tensors: dict[str, Array]) -> bytes:
    """Return the bytes of the file; equal descriptions and tensors give equal bytes."""
    from safetensors.numpy import save

    if len(tensors) > MAX_TENSORS:
        raise InputError(
            f"model: expected at most {MAX_TENSORS:,} arrays; got {len(tensors):,}; save a network of fewer layers."
        )
    text = json.dumps({"sha256": _digest(description, tensors), **description}, ensure_ascii=False)
    content: bytes = save(tensors, {"glassnet": text})  # one key: the library writes several in no fixed order
    length = int.from_bytes(content[:8], "little")
    if length > MAX_HEADER:
        raise InputError(
            f"model: expected a description of at most {MAX_HEADER:,} bytes; got {length:,}; "
            "use fewer or shorter names of classes and categories."
        )
    return content


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the description and the tensors; raise MalformedError for anything that `pack` would not have written."""
    header, data_size = _split(content)
    if header[:1] != b"{":
        malformed("a JSON object as header", header[:12])
    table = parse(header, "the header")
    metadata = table.pop("__metadata__", None)
    if not isinstance(metadata, dict) or list(metadata) != ["glassnet"] or not isinstance(metadata["glassnet"], str):
        malformed("a description under __metadata__, glassnet", said="none")
    _check_table(table, data_size)
    description = parse(metadata["glassnet"].encode("utf-8"), "the description")
    if not isinstance(description, dict):
        malformed("an object as description", said=type(description).__name__)
    tensors = _read(content, table)
    digest = description.pop("sha256", None)
    if digest != _digest(description, tensors):
        malformed("the content that its sha256 tells", said="another: the file was damaged or edited")
    return description, tensors


def _split(content: bytes) -> tuple[bytes, int]:
    """Return the header and the number of data bytes after it."""
    if len(content) < 10:
        malformed("at least 10 bytes", len(content))
    length = int.from_bytes(content[:8], "little")
    if length > MAX_HEADER:
        malformed(f"a safetensors file, with a header of at most {MAX_HEADER:,} bytes", said=f"{length:,}")
    if length > len(content) - 8:
        malformed(f"{length:,} bytes of header", said=f"{len(content) - 8:,}: the file is cut short")
    return content[8 : 8 + length], len(content) - 8 - length


def _check_table(table: dict[str, Any], data_size: int) -> None:
    """Refuse names, dtypes and shapes that `pack` does not write, and byte ranges that leave gaps or overlap."""
    if len(table) > MAX_TENSORS:
        malformed(f"at most {MAX_TENSORS:,} tensors", said=f"{len(table):,}")
    ranges = []
    for name, entry in table.items():
        if not NAME.fullmatch(name):
            malformed("tensor names of letters, digits, dots and _", name)
        if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
            malformed(f"dtype, shape and data_offsets of tensor {name}", entry)
        dtype, shape, place = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or dtype not in DTYPES:
            malformed(f"a dtype among {', '.join(DTYPES)} for tensor {name}", dtype)
        if not _are_sizes(shape) or len(shape) > MAX_AXES:
            malformed(f"at most {MAX_AXES} whole numbers ≥ 0 as shape of tensor {name}", shape)
        if not _are_sizes(place) or len(place) != 2:
            malformed(f"data_offsets [begin, end] of tensor {name}", place)
        begin, end = place
        size = np.dtype(DTYPES[dtype]).itemsize
        for axis in shape:  # whole numbers of Python: no overflow
            size *= axis
        if end - begin != size:
            malformed(f"the {size if size < 2**63 else 'many'} bytes of tensor {name}", end - begin)
        ranges.append((begin, end, name))
    reached = 0
    for begin, end, name in sorted(ranges):
        if begin != reached:
            malformed(f"tensor {name} to begin at byte {reached:,} of the data", said=f"{begin:,}")
        reached = end
    if reached != data_size:
        malformed(f"{reached:,} bytes of data", said=f"{data_size:,}")


def _are_sizes(given: Any) -> bool:
    return isinstance(given, list) and all(type(size) is int and 0 <= size < 2**53 for size in given)


def _read(content: bytes, table: dict[str, Any]) -> dict[str, Array]:
    """Read the tensors by the safetensors library, as arrays in this machine's byte order."""
    from safetensors import SafetensorError, deserialize

    try:
        found = dict(deserialize(content))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        malformed("a safetensors file", said=shown(str(error)))
    if found.keys() != table.keys():
        malformed("one reading of the header", said="two that differ")
    tensors = {}
    for name, entry in table.items():
        data = found[name]["data"]
        if entry["dtype"] == "BOOL" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
            malformed(f"bytes 0 and 1 in tensor {name}", said="others")
        tensors[name] = np.frombuffer(data, DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def _digest(description: dict[str, Any], tensors: dict[str, Array]) -> str:
    """Return SHA-256 of the description and of the tensors' names, dtypes, shapes and bytes: it shows damage, not forgery."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for name in sorted(tensors):
        little = np.ascontiguousarray(tensors[name], tensors[name].dtype.newbyteorder("<"))
        digest.update(f"\n{name} {_CODES[little.dtype]} {tensors[name].shape}\n".encode())
        digest.update(little.data.cast("B") if little.size else b"")
    return digest.hexdigest()
