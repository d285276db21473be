"""Times `glassnet train` on a CSV file beside programs that do the same: processes from their start to their end.

Everybody reads the file, holds a tenth of the rows out, standardises, and trains 20-100-1 for EPOCHS epochs of batches
of 200 rows by Adam with a held-out score after each. glassnet also writes its model.
`python -m benchmarks.fits.command CONTENDER FILE` is such a program.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars

from benchmarks.fits.cases import CASES, Fit, arrays
from benchmarks.fits.measure import CONTENDERS, fit
from benchmarks.machine import on_cores, pinned_to, thread_limits
from benchmarks.series import Sample, Series, Session, interleave

EPOCHS = 40
PROGRAM = (("early_stopping", True), ("max_iter", EPOCHS), ("n_iter_no_change", EPOCHS))
COMMAND = ["--target", "y", "--no-figures", "--validation", "0.1", "--patience", "0", "--epochs", str(EPOCHS)]
COMMAND += ["--hidden", "100", "--batch-size", "200", "--l2", "1e-4", "--threads", "1"]


def measure(session: Session) -> Iterator[list[Series]]:
    """Write the table of the case "early" and time everybody on it, on one core."""
    with tempfile.TemporaryDirectory() as folder, thread_limits(1), on_cores(pinned_to(1)):
        file, model = Path(folder) / "table.csv", Path(folder) / "model.safetensors"
        X, y = arrays(CASES[0])
        polars.DataFrame({**{f"x{j}": X[:, j].round(6) for j in range(X.shape[1])}, "y": y}).write_csv(file)
        commands = {
            name: ["benchmarks.fits.command", name, str(file)] for name in CONTENDERS[1:] if name in session.contenders
        }
        commands = {"glassnet train": ["glassnet", "train", str(file), *COMMAND, "--out", str(model)], **commands}
        calls = {name: partial(run, command) for name, command in commands.items()}
        case = f"command  CSV of {len(y):,} × {X.shape[1]}, {EPOCHS} epochs, float32, process from start to end"
        found = interleave(case, calls, session)
    yield found


def run(command: list[str]) -> Sample:
    """Time `python -m` of a command; raises CalledProcessError if it fails."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-m", *command], stdout=subprocess.DEVNULL, check=True)
    return Sample(time.perf_counter() - started)


def main() -> None:
    """Fit the table and print epochs and score."""
    name, file = sys.argv[1:]
    print(fit(name, Fit("table", "table", options=PROGRAM, dtype="float32", path=Path(file)), EPOCHS).told)


if __name__ == "__main__":
    main()
