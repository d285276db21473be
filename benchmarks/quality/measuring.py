"""Measures what a store lacks: one child process for each table, split and contender, with one thread."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import machine
from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.store import Store, key
from benchmarks.quality.tables import Case

PATIENCE = 3600  # seconds of wall clock for one fit, after which it counts as failed


def measure(
    store: Store,
    cases: Sequence[Case],
    splits: Sequence[int],
    contenders: Sequence[str],
    say: Callable[[str], None],
    again: bool = False,
) -> None:
    """Measure, split by split, what the store has no result for; `again` repeats what failed as well.

    The store is read before each fit, so that several processes may share the work by tables.
    """
    for split in splits:
        for name in contenders:
            version = CONTENDERS[name].version
            for case in cases:
                if case.task == "regression" and CONTENDERS[name].for_numbers:
                    continue
                record = {"table": case.name, "split": split, "contender": name, "version": version}
                found = store.records().get(key(record))
                if found is not None and not (again and "error" in found):
                    continue
                record |= child(case.name, split, name)
                store.add(record)
                say(line(record))


def child(table: str, split: int, name: str) -> dict[str, Any]:
    """Return what a process of its own measured; a crash or a timeout is recorded as its error."""
    command = [sys.executable, "-m", "benchmarks.quality.worker", table, str(split), name]
    about = {"date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), "machine": machine.caption()}
    try:
        with machine.thread_limits(1):
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return {**json.loads(done.stdout.splitlines()[-1]), **about}
    except subprocess.TimeoutExpired:
        return {"error": f"no result after {PATIENCE} s", **about}
    except (IndexError, json.JSONDecodeError):
        last = done.stderr.strip().splitlines()[-1:] or [""]
        return {"error": f"the process ended with {done.returncode}: {last[0][:300]}", **about}


def line(record: dict[str, Any]) -> str:
    start = f"{record['table']:14} {record['split']} {CONTENDERS[record['contender']].label:22}"
    if "error" in record:
        return f"{start} failed: {record['error']}"
    auc = f"  AUC {record['auc']:.3f}" if "auc" in record else ""
    return f"{start} {record['loss']:10.4g}{auc}  {record['fit_seconds']:.1f} s"
