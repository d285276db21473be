"""IDX files, in which MNIST and its kin are published: arrays of bytes, plain or gzipped."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.tables.reading.table import cut, cut_left

Array = NDArray[Any]

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
MOST_BYTES = 1 << 32


def find_idx(folder: Path, name: str) -> Path | None:
    """Find the file called `name`, plain or .gz, in the folder; some distributions have a dot instead of its last dash."""
    names = [name, name.replace("-idx", ".idx")]
    return next((folder / n for base in names for n in (base, base + ".gz") if (folder / n).is_file()), None)


def read_idx(path: Path) -> Array:
    """Read the array of an IDX file of bytes: 0, 0, 8 (bytes), rank, the shape in big-endian int32, the values.

    Raises
    ------
    InputError
        If the file is not an IDX file of bytes, or is cut short.
    """
    source = cut_left(str(path), 60)
    try:
        raw = path.read_bytes()
        if raw.startswith(b"\x1f\x8b"):
            with gzip.open(path) as packed:
                raw = packed.read(MOST_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{source}: expected a whole gzip file; got {cut(str(error), 60)}; fetch it again.") from None
    rank = raw[3] if len(raw) >= 4 and raw[:3] == b"\x00\x00\x08" else 0
    if rank not in (1, 3) or len(raw) < 4 + 4 * rank:
        raise InputError(
            f"{source}: expected an IDX file of bytes; got one that starts {raw[:4].hex()!r}; fetch it again."
        )
    shape = struct.unpack_from(f">{rank}i", raw, 4)
    expected = math.prod(shape)
    if min(shape) < 0 or len(raw) - 4 - 4 * rank != expected:
        raise InputError(f"{source}: expected {expected:,} values; got {len(raw) - 4 - 4 * rank:,}; fetch it again.")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def read_images(folder: Path, names: tuple[str, str] = TRAIN) -> tuple[Array, Array]:
    """Read images (n, height, width) and labels (n,) of a folder, as bytes; `names` is TRAIN or TEST."""
    found = [find_idx(folder, name) for name in names]
    arrays = []
    for name, path in zip(names, found, strict=True):
        if path is None:
            raise InputError(
                f"{cut_left(str(folder), 60)}: expected a file {name} or {name}.gz; got none; name the folder that holds it."
            )
        arrays.append(read_idx(path))
    images, labels = arrays
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise InputError(
            f"{cut_left(str(folder), 60)}: expected one label an image; got shapes {images.shape} and {labels.shape}; "
            "fetch the files again."
        )
    return images, labels
