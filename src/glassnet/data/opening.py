"""`open_rows`: opens rows larger than memory, whatever they are in."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

from glassnet.data.arrays import ArrayRows, from_file, stored
from glassnet.data.batches import BatchRows
from glassnet.data.columns import choose
from glassnet.data.files import as_bytes, name_of
from glassnet.data.parquet import ParquetFiles, TableRows
from glassnet.data.rows import Rows
from glassnet.data.text import TextFiles
from glassnet.errors import InputError, shown

PARQUET, TEXT = (".parquet", ".pq"), (".csv", ".tsv", ".txt")


def open_rows(
    data: Any, target: Any = None, *, weight: Any = None, features: Any = None, memory: int | str = "1 GB"
) -> Rows:
    """Open rows that need not fit in memory; `train` takes them in place of X and y.

    A network trains on one window of the rows while the next is read. The order of the rows is a function of the seed and
    the epoch: the blocks (row groups of Parquet, some MB of other files) are put in an order, a window is as many of the
    next ones as fit, and inside it the rows are shuffled. If all rows fit, the run has the bits of one on arrays.

    Parameters
    ----------
    data : path, pattern such as "folder/*.parquet", folder, (X, y), or batches
        Parquet or CSV files with columns of numbers; a .npy file with the target in a column; X and y as .npy or IDX files,
        memory maps or arrays, (X, y, weights) with weights; or a list of (X, y), or a function that returns an iterator of
        them.
    target : str or int, optional
        The column to predict: its name in Parquet and CSV, its number in a single .npy file.
    weight : str, optional
        The column of sample weights of Parquet and CSV.
    features : list of str, optional
        The columns of inputs of Parquet and CSV; all others by default.
    memory : int or str
        The bytes, or a text such as "1 GB", that rows in memory may take.

    Returns
    -------
    Rows
        With `hold_out(share)`, which keeps some rows for validation.

    Raises
    ------
    InputError
        If there is no such file or column, or a file is damaged or has no rows. Cells that are no finite numbers are refused
        when they are read, as is a file that was changed since.

    Examples
    --------
    >>> import tempfile, numpy as np, glassnet as gn
    >>> folder = tempfile.TemporaryDirectory()
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50_000, 3))
    >>> np.save(folder.name + "/X.npy", X); np.save(folder.name + "/y.npy", X.sum(axis=1))
    >>> rows = open_rows((folder.name + "/X.npy", folder.name + "/y.npy"), memory="1 MB")
    >>> net = gn.Network([3, 8, 1], seed=0)
    >>> gn.train(net, rows, epochs=2, batch_size=100).steps
    1000
    >>> folder.cleanup()
    """
    memory = as_bytes(memory)
    if isinstance(data, Rows):
        return data
    if isinstance(data, str) or hasattr(data, "__fspath__"):
        return _of_files(str(data), target, weight, features, memory)
    for name, given in {"target": target, "weight": weight, "features": features}.items():
        if given is not None:
            raise InputError(f"{name}: expected None with arrays or batches; got {shown(given)}; pass (X, y, weights).")
    if isinstance(data, tuple) and len(data) in (2, 3):
        arrays = [stored(each, name) for each, name in zip(data, ("X", "y", "weight"), strict=False)]
        named = name_of(data[0]) if isinstance(data[0], str | Path) else "X"
        return ArrayRows(arrays[0], arrays[1], arrays[2] if len(arrays) == 3 else None, None, memory, named)
    if callable(data) or hasattr(data, "__iter__"):
        return BatchRows(data, memory)
    raise InputError(f"data: expected a path, (X, y) or batches; got {shown(data)}; pass one of them.")


def files_of(data: str) -> list[Path]:
    """Return the Parquet or text files that a path, a folder or a pattern names, in the order of their names."""
    path = Path(data)
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if each.suffix.lower() in PARQUET)
        found = found or sorted(each for each in path.iterdir() if each.suffix.lower() in TEXT)
    elif path.exists():
        found = [path]
    else:
        found = sorted(map(Path, glob.glob(data)))  # noqa: PTH207 - of an absolute pattern as well
    if not found:
        raise InputError(f"{name_of(data)}: expected files of rows; got none; name Parquet, CSV or .npy files.")
    kinds = {each.suffix.lower() in PARQUET for each in found}
    if len(kinds) > 1:
        raise InputError(f"{name_of(data)}: expected files of one kind; got Parquet and others; name one kind.")
    return found


def table_files(paths: list[Path], memory: int, separator: str | None = None) -> ParquetFiles | TextFiles:
    """Open the files of a table."""
    if paths[0].suffix.lower() in PARQUET:
        return ParquetFiles(paths)
    return TextFiles(paths, memory, separator)


def _of_files(data: str, target: Any, weight: Any, features: Any, memory: int) -> Rows:
    paths = files_of(data)
    if paths[0].suffix.lower() not in (*PARQUET, *TEXT):
        array = from_file(paths[0])
        if len(paths) > 1 or len(array.shape) != 2:
            raise InputError(f"{name_of(data)}: expected one array (n, d); got others; pass (X, y).")
        width = array.shape[1]
        if isinstance(target, bool) or not isinstance(target, int) or not -width <= target < width or width < 2:
            raise InputError(
                f"target: expected the number of a column, 0 … {width - 1}; got {shown(target)}; pass e.g. target=-1."
            )
        return ArrayRows(array, None, None, target % width, memory, name_of(data))
    files = table_files(paths, memory)
    return TableRows(files, choose(files.names, target, weight, features), memory, name_of(data))
