"""Times `glassnet train` on a large table and compares scores with scikit-learn's: `python -m benchmarks.tables`."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import machine

ROWS = 100_000


def make_table(seed: int = 0, rows: int = ROWS) -> pl.DataFrame:
    """Make twenty numeric and ten categorical columns, 3 % of the cells missing, and two classes that depend on both."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(rows, 20))
    codes = rng.integers(0, np.arange(3, 13), size=(rows, 10))
    logit = numbers[:, 0] * numbers[:, 1] + np.sin(2 * numbers[:, 2]) + numbers[:, 3]
    for k in range(10):
        logit += rng.normal(scale=0.7, size=k + 3)[codes[:, k]]
    columns: dict[str, pl.Series] = {}
    for j in range(20):
        values = numbers[:, j].round(4) * 10 ** (j % 4) + j
        columns[f"x{j}"] = pl.Series(np.where(rng.random(rows) < 0.03, np.nan, values)).fill_nan(None)
    for k in range(10):
        names = np.array([f"level {chr(97 + i)}" for i in range(k + 3)])
        gaps = pl.Series(rng.random(rows) < 0.03)
        columns[f"c{k}"] = pl.select(pl.when(~gaps).then(pl.Series(names[codes[:, k]].tolist()))).to_series()
    answer = rng.random(rows) < 1 / (1 + np.exp(-1.5 * logit))
    columns["answer"] = pl.Series(["yes" if each else "no" for each in answer])
    return pl.DataFrame(columns)


def seconds_to_training(file: Path, out: Path) -> float:
    """Measure the time from the start of the process to the first epoch's line."""
    command = [sys.executable, "-m", "glassnet", "train", str(file), "--target", "answer"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--epochs", "1", "--no-figures", "--out", str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("training starts"):
            taken = time.perf_counter() - started
    process.communicate()
    return taken


def compare(frame: pl.DataFrame, target: str, seed: int) -> tuple[float, float, float, float]:
    """Return test score and seconds of a plan and of scikit-learn's pipeline, both at their defaults."""
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    from glassnet.tables.fitting.plan import plan
    from glassnet.tables.reading.table import Table
    from glassnet.tables.settings import Settings

    numeric = frame[target].dtype == pl.Float64
    labels = None if numeric else frame[target].to_list()
    train, test = train_test_split(np.arange(frame.height), test_size=0.25, random_state=seed, stratify=labels)
    started = time.perf_counter()
    ready = plan(Table(frame[train]), target, settings=Settings(seed=seed), test=Table(frame[test]))
    ready.run()
    ours_seconds = time.perf_counter() - started
    ours = ready.measure()["test"]["r2" if numeric else "accuracy"]

    started = time.perf_counter()
    inputs = frame.drop(target)
    numbers = [k for k, name in enumerate(inputs.columns) if inputs[name].dtype == pl.Float64]
    words = [k for k in range(inputs.width) if k not in numbers]
    data = np.empty(inputs.shape, object)
    for k, name in enumerate(inputs.columns):
        data[:, k] = inputs[name].to_numpy() if k in numbers else inputs[name].fill_null("?").to_list()
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), words),
    )
    if numeric:
        model = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    else:
        model = MLPClassifier(random_state=seed)
    y = frame[target].to_numpy()
    pipeline = make_pipeline(columns, model).fit(data[train], y[train])
    theirs_seconds = time.perf_counter() - started
    return ours, ours_seconds, pipeline.score(data[test], y[test]), theirs_seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    warnings.filterwarnings("ignore", category=UserWarning)  # scikit-learn warns that 200 epochs did not converge
    parser.add_argument("--only", choices=["start", "scores"])
    given = parser.parse_args()
    print(machine.caption())
    table = make_table()
    if given.only != "scores":
        with tempfile.TemporaryDirectory() as folder:
            for name, write in (("table.csv", table.write_csv), ("table.parquet", table.write_parquet)):
                file = Path(folder) / name
                write(file)
                seconds = [seconds_to_training(file, Path(folder) / "model.safetensors") for _ in range(5)]
                size = f"{table.height:,} × {table.width}, {file.stat().st_size / 1e6:.0f} MB"
                print(f"{name:14} {size}: training starts after {statistics.median(seconds):.2f} s (median of 5)")
    if given.only != "start":
        from sklearn import datasets

        sets = {"table, 10,000 rows": (table[:10_000], "answer")}
        for name in ("breast_cancer", "wine", "diabetes", "digits"):
            bunch = getattr(datasets, f"load_{name}")()
            columns = {str(each): bunch.data[:, j] for j, each in enumerate(bunch.feature_names)}
            sets[name] = (pl.DataFrame({**columns, "target": bunch.target}), "target")
        print(f"{'held-out score':20} {'glassnet':>9} {'seconds':>8}   {'scikit-learn':>12} {'seconds':>8}")
        for name, (frame, target) in sets.items():
            ours, time_ours, theirs, time_theirs = np.mean(
                [compare(frame, target, s) for s in range(given.seeds)], axis=0
            )
            print(f"{name:20} {ours:9.4f} {time_ours:8.2f}   {theirs:12.4f} {time_theirs:8.2f}")


if __name__ == "__main__":
    main()
