"""Measures training on rows larger than memory: `python -m benchmarks.streaming` makes the set, reads it, and trains on it.

Each figure is measured in a process of its own, whose peak memory the system tells. The set is one piece of random rows
written again and again, so that each byte lies on the disk; it is dropped from the page cache before each measurement.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

INPUTS, SIZES, BATCH = 30, [30, 100, 1], 512
PIECE_ROWS = 1_000_000


def make(folder: Path, gigabytes: float) -> tuple[Path, Path]:
    """Write X.npy and y.npy of so many gigabytes together, in float32."""
    rows = int(gigabytes * 1e9 / (4 * (INPUTS + 1)))
    rng = np.random.default_rng(0)
    X = rng.standard_normal((PIECE_ROWS, INPUTS), np.float32)
    y = (X @ rng.standard_normal(INPUTS) > 0).astype(np.float32)
    paths = folder / "X.npy", folder / "y.npy"
    for path, piece in zip(paths, (X, y), strict=True):
        shape = (rows, *piece.shape[1:])
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for first in range(0, rows, PIECE_ROWS):
                file.write(piece[: rows - first].data)
            file.flush()
            os.fsync(file.fileno())
    return paths


def make_parquet(folder: Path, rows: int) -> Path:
    """Write the rows as Parquet files of 10 row groups each."""
    import polars as pl

    parquet = folder / "parquet"
    parquet.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((PIECE_ROWS, INPUTS), np.float32)
    frame = pl.DataFrame(X, schema=[f"x{k}" for k in range(INPUTS)]).with_columns(y=(X[:, 0] > 0).astype(np.float32))
    for part in range(-(-rows // PIECE_ROWS)):
        frame.write_parquet(parquet / f"part-{part:03}.parquet", row_group_size=100_000)
    return parquet


def forget(*paths: Path) -> None:
    """Drop files from the page cache."""
    for path in paths:
        for each in path.iterdir() if path.is_dir() else [path]:
            with each.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(what: str, folder: str, memory: str) -> dict[str, Any]:
    """Take one measurement, in this process."""
    import glassnet as gn

    net = gn.Network(SIZES, output="sigmoid", dtype="float32", seed=0)
    options = {"batch_size": BATCH, "epochs": 1, "engine": "native"}
    files = Path(folder, "X.npy"), Path(folder, "y.npy")
    if what == "memory":
        X, y = (np.load(path, mmap_mode="r")[: 2 * PIECE_ROWS].copy() for path in files)
        started = time.perf_counter()
        gn.train(net, X, y, **options)
        return _figures(len(X), started)
    rows = (
        gn.open_rows(str(Path(folder, "parquet")), target="y", memory=memory)
        if "parquet" in what
        else gn.open_rows(files, memory=memory)
    )
    started = time.perf_counter()
    if what.startswith("reading"):
        for _ in rows.blocks():
            pass
    else:
        gn.train(net, rows, **options)
    return _figures(len(rows), started)


def _figures(rows: int, started: float) -> dict[str, Any]:
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) * 1024  # ru_maxrss would count the parent's
    processor = used.ru_utime + used.ru_stime
    return {"rows": rows, "seconds": seconds, "processor": processor, "rate": rows / seconds, "peak": peak}


def main() -> None:
    """Make the set, measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streaming", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("streaming-set"), help="where the set is made")
    parser.add_argument("--gigabytes", type=float, default=20.0)
    parser.add_argument("--memory", default="1 GB")
    parser.add_argument("--parquet-rows", type=int, default=20_000_000)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, str(given.folder), given.memory)))
        return
    given.folder.mkdir(exist_ok=True)
    files = make(given.folder, given.gigabytes)
    parquet = make_parquet(given.folder, given.parquet_rows)
    print(f"{'':24}{'rows/s':>12}{'MB/s':>8}{'s':>8}{'CPU s':>8}{'peak MB':>9}{'of memory':>11}")
    base = None
    for what in ("memory", "reading", "streaming", "memory", "reading parquet", "streaming parquet"):
        forget(*files, parquet)
        command = [sys.executable, "-m", "benchmarks.streaming", "--measure", what]
        command += ["--folder", str(given.folder), "--memory", given.memory]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rate = found["rate"]
        base = max(base or 0.0, rate) if what == "memory" else base
        share = f"{rate / base:.0%}" if base else ""
        megabytes = rate * 4 * (INPUTS + 1) / 1e6
        times = f"{found['seconds']:8.1f}{found['processor']:8.1f}"
        print(f"{what:24}{rate:12,.0f}{megabytes:8,.0f}{times}{found['peak'] / 1e6:9,.0f}{share:>11}", flush=True)


if __name__ == "__main__":
    main()
