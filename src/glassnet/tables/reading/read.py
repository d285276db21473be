"""`read_table`: reads a table from CSV, TSV, Parquet or a folder of IDX images, recognised by the content."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet.errors import InputError, file_kind, shown, unknown_name
from glassnet.tables.reading import idx
from glassnet.tables.reading.compressed import ENDINGS, compression, unpack
from glassnet.tables.reading.decision import UNNAMED, Decision
from glassnet.tables.reading.delimited import MOST_COLUMNS, read_delimited
from glassnet.tables.reading.table import Table, cut, cut_left

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

LABEL = "label"  # the target of an image folder
Part = Literal["train", "test"]
STDIN = "-"  # the path that stands for the standard input
MOST_STDIN_BYTES = 1 << 30
_FIRST = 1 << 16  # bytes of the standard input that must look like a table before the rest is read


def read_table(
    path: str | os.PathLike[str],
    *,
    separator: str | None = None,
    missing: tuple[str, ...] = (),
    decimal_comma: bool = False,
    part: Part = "train",
) -> Table:
    """Read a CSV, TSV or Parquet file, a folder of IDX images, or as "-" CSV or Parquet from the standard input.

    Text must have a header line; its separator is the one of comma, semicolon, tab and bar that the header holds most
    often, unless `separator` names one or a first line sep=; does. It is UTF-8, UTF-16 with a byte order mark, or else
    Windows-1252. Text and Parquet may be packed by gzip, bzip2, xz or Zstandard. A name that ends in .parquet must hold
    Parquet, and the other way round. What had to be decided is in the `decisions` of the table.

    Raises
    ------
    InputError
        Names the file, the line and what was found, if it is not such a table, a device or a pipe for instance.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    source = str(path)
    if path.is_dir():
        return _read_folder(path, part)
    if separator is not None and (len(separator) != 1 or not separator.isascii() or separator in '"\r\n'):
        raise InputError(f"separator: expected one character; got {separator!r}; pass e.g. --separator ';'.")
    if source == STDIN:
        content = read_stdin(MOST_STDIN_BYTES)
        return _read_content(content, "standard input", separator, missing, decimal_comma)
    check_regular(path)
    with path.open("rb") as file:
        start = file.read(6)
    suffix = path.suffix.lower()
    if compression(start) and not path.name.removesuffix(".gz").endswith("-ubyte"):
        if path.with_suffix("").suffix.lower() in (".tsv", ".tab") and separator is None:
            separator = "\t"
        return _read_content(path.read_bytes(), source, separator, missing, decimal_comma)
    start = start[:4]
    parquet = start == b"PAR1"
    if suffix in (".parquet", ".pq") and not parquet:
        got = f"one that starts {start.decode('latin-1')!r}" if start else "an empty file"
        raise InputError(
            f"{cut_left(source, 60)}: expected a Parquet file; got {got}; name text .csv, or write it again."
        )
    if parquet and suffix in (".csv", ".tsv", ".tab", ".txt"):
        raise InputError(f"{cut_left(source, 60)}: expected text; got a Parquet file; name it .parquet.")
    if parquet:
        return _read_parquet(path, source, missing)
    if start[:3] == b"\x00\x00\x08" or path.name.removesuffix(".gz").endswith("-ubyte"):
        images = idx.read_idx(path)
        if images.ndim != 3:
            raise InputError(
                f"{cut_left(source, 60)}: expected images; got labels; name the file of images or its folder."
            )
        return _image_table(images, None, source)
    if suffix in (".tsv", ".tab") and separator is None:
        separator = "\t"
    return _read_text(path, source, separator, missing, decimal_comma)


def _read_content(
    content: bytes, source: str, separator: str | None, missing: tuple[str, ...], decimal_comma: bool
) -> Table:
    """Read text or Parquet, which may be packed."""
    told: tuple[Decision, ...] = ()
    if kind := compression(content):
        content = unpack(content, source)
        if not source.lower().endswith(ENDINGS):
            problem = f"{cut_left(source, 60)}: expected text; got a {kind} file; unpack it."
            told = (Decision("", f"unpacked from {kind}", problem),)
    if content.startswith(b"PAR1"):
        table = _read_parquet(BytesIO(content), source, missing)
    else:
        table = _read_text(content, source, separator, missing, decimal_comma)
    return replace(table, decisions=(*told, *table.decisions)) if told else table


def as_table(given: Any, missing: tuple[str, ...] = (), decimal_comma: bool = False) -> Table:
    """Make a Table from a Table, the path of a file, a data frame, a mapping of names to columns, or an array (n, d).

    The columns of an array are called x0, x1, ….

    Examples
    --------
    >>> as_table({"age": [31, 45], "city": ["Bern", None]})
    Table('table': 2 rows, 2 columns)
    """
    import polars as pl

    if isinstance(given, Table):
        return given
    if isinstance(given, str) or hasattr(given, "__fspath__"):
        return read_table(given, missing=missing, decimal_comma=decimal_comma)
    try:
        if isinstance(given, pl.DataFrame):
            frame = given
        elif isinstance(given, Mapping):
            frame = pl.DataFrame({str(name): _series(values) for name, values in given.items()})
        elif isinstance(given, np.ndarray) and given.ndim == 2:
            frame = pl.DataFrame({f"x{k}": _series(values) for k, values in enumerate(given.T)})
        elif hasattr(given, "to_dict") and hasattr(given, "columns"):  # a pandas data frame
            frame = pl.DataFrame({str(name): _series(given[name]) for name in given.columns})
        else:
            raise unknown_name("table", type(given).__name__, ("path", "data frame", "mapping of names to columns"))
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"table: expected columns of equal length; got {shown(str(error))}; pass e.g. {{'x': [1, 2]}}."
        ) from None
    return Table(frame, missing=missing, decimal_comma=decimal_comma)


def _series(values: Any) -> Any:
    """Make a series of a column: one of polars or pandas, an array or a list; None, NaT and pd.NA are missing."""
    import polars as pl

    if isinstance(values, pl.Series):
        return values
    if hasattr(values, "isna") and hasattr(values, "to_numpy"):  # a pandas series
        gaps = values.isna().to_numpy()
        if (zone := getattr(values.dtype, "tz", None)) is not None:
            return _zoned(_series(values.dt.tz_convert("UTC").dt.tz_localize(None)), str(zone))
        values = values.astype(object).where(~gaps, None) if gaps.any() else values.astype(object)
        return pl.Series(values=[_plain(each) for each in values.tolist()], strict=False)
    array = np.asarray(values)
    if array.dtype.kind in "Mm":
        return pl.Series(values=array.astype(f"{array.dtype.kind}8[us]"))
    if array.dtype == object:
        known = [None if each != each else _plain(each) for each in array.tolist()]  # noqa: PLR0124
        return pl.Series(values=known, strict=False)
    return pl.Series(values=array.tolist())


def _zoned(utc: pl.Series, zone: str) -> pl.Series:
    """Return times of UTC as those of a zone; they stay in UTC where polars does not know it."""
    import polars as pl

    utc = utc.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    try:
        return utc.dt.convert_time_zone(zone)
    except pl.exceptions.PolarsError:
        return utc


def _plain(value: Any) -> Any:
    """Return a timestamp of pandas as one of the standard library."""
    return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value


def check_regular(path: Path) -> None:
    """Raise InputError for a device, a pipe or a socket, which might never end."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise InputError(
            f"{cut_left(str(path), 60)}: expected a regular file; got {file_kind(mode)}; "
            "name a file, or pass - to read the standard input."
        )


def read_stdin(most: int) -> bytes:
    """Read the standard input; raise InputError if it has more than `most` bytes or does not begin like text or Parquet."""
    if sys.stdin is None:
        raise InputError("standard input: expected a table; got a closed stream; name a file.")
    stream = sys.stdin.buffer
    start = stream.read(min(_FIRST, most + 1))
    if b"\0" in start and not start.startswith(b"PAR1"):  # such as /dev/zero, which never ends
        raise InputError("standard input: expected text or Parquet; got a NUL byte; save it as CSV in UTF-8.")
    try:
        content = start + stream.read(most + 1 - len(start))
    except MemoryError:
        raise InputError("standard input: expected a table that fits the memory; got a larger one; split it.") from None
    if len(content) > most:
        raise InputError(f"standard input: expected at most {most:,} bytes; got more; name a file.")
    return content


def _read_text(
    given: Path | bytes, source: str, separator: str | None, missing: tuple[str, ...], decimal_comma: bool
) -> Table:
    try:
        content = given if isinstance(given, bytes) else given.read_bytes()
        return read_delimited(content, source, separator, missing, decimal_comma)
    except MemoryError:
        raise InputError(
            f"{cut_left(source, 60)}: expected a table that fits the memory; got a larger one; split it."
        ) from None


def has_test_images(folder: str | os.PathLike[str]) -> bool:
    """True if the folder holds the IDX files of a test set."""
    return Path(folder).is_dir() and idx.find_idx(Path(folder), idx.TEST[0]) is not None


def _read_folder(folder: Path, part: Part) -> Table:
    names = idx.TRAIN if part == "train" or not has_test_images(folder) else idx.TEST
    if idx.find_idx(folder, names[0]) is None:
        raise InputError(
            f"{cut_left(str(folder), 60)}: expected a file or a folder with {names[0]}; got a folder without; name a file."
        )
    images, labels = idx.read_images(folder, names)
    return _image_table(images, labels, str(folder))


def _image_table(images: NDArray[Any], labels: NDArray[Any] | None, source: str) -> Table:
    """Make a Table with one column for each pixel, named by row and column from 0, and the label."""
    import polars as pl

    n, height, width = images.shape
    if not 0 < height * width < MOST_COLUMNS:
        raise InputError(
            f"{cut_left(source, 60)}: expected images of 1 to {MOST_COLUMNS:,} pixels; got {height} × {width}; resize them."
        )
    names = [f"r{i}c{j}" for i in range(height) for j in range(width)]
    frame = pl.DataFrame(dict(zip(names, images.reshape(n, -1).T.copy(), strict=True)))
    if labels is not None:
        frame = frame.with_columns(pl.Series(LABEL, labels))
    return Table(frame, source, image_shape=(height, width))


def _read_parquet(given: Path | BytesIO, name: str, missing: tuple[str, ...]) -> Table:
    import polars as pl

    source = cut_left(name, 60)
    try:
        width = len(pl.read_parquet_schema(given))
        if width > MOST_COLUMNS:
            raise InputError(
                f"{source}: expected at most {MOST_COLUMNS:,} columns; got {width:,}; keep the columns that matter."
            )
        frame = pl.read_parquet(given)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError(
            f"{source}: expected a whole Parquet file; got {cut(repr(str(error)), 60)}; write it again."
        ) from None
    if not width:
        raise InputError(f"{source}: expected columns; got none: the table has no columns; write some.")
    names, told = list(frame.columns), []
    for k, old in enumerate(names):
        if not old.strip():
            names[k] = f"column {k + 1}" if f"column {k + 1}" not in names else f"column {k + 1} (2)"
            problem = f"{source}: expected a name for every column; got none for column {k + 1}; name it."
            told.append(Decision(names[k], UNNAMED, problem))
    frame.columns = names
    return Table(frame, name, missing=missing, decisions=tuple(told))
