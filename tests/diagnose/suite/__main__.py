"""`python -m tests.diagnose.suite`: measures diagnose, part by part, and prints tables; an interrupted run is resumed."""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.diagnose.suite.parts import CALIBRATION, PARTS, REPORT
from tests.diagnose.suite.store import Store, in_child, version
from tests.diagnose.suite.summary import print_summary


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.diagnose.suite", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"some of {', '.join(PARTS)}; all by default")
    parser.add_argument("--calibrate", action="store_true", help="the seeds on which thresholds were set")
    parser.add_argument("--count", type=int, help="runs of a part, or seeds of each kind; by default that of the docs")
    parser.add_argument("--only", default="", help="only jobs whose key contains this")
    parser.add_argument("--seconds", type=float, default=120, help="after which a run counts as failed")
    parser.add_argument(
        "--out", type=Path, default=Path("build/diagnose-suite.jsonl"), help="all outcomes, a line each"
    )
    parser.add_argument("--report", action="store_true", help="run nothing: print what --out holds")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"expected some of {', '.join(PARTS)}; got {', '.join(unknown)}")
    store, of = Store(chosen.out), version()
    first = CALIBRATION if chosen.calibrate else REPORT
    for name in chosen.parts or PARTS:
        part = PARTS[name]
        known, outcomes = store.outcomes(of), []
        for job in part.jobs(chosen.count or part.usual, first):
            key = " ".join(map(str, job))
            if chosen.only not in key:
                continue
            outcome = known.get((name, key))
            if outcome is None and not chosen.report:
                outcome = {"part": name, "key": key, "version": of, **in_child(part.run, job, chosen.seconds)}
                store.add(outcome)
            if outcome is not None:
                outcomes.append(outcome)
        if outcomes:
            print_summary(name, outcomes)


if __name__ == "__main__":
    main()
