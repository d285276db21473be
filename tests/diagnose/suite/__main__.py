"""`python -m tests.diagnose.suite`: runs the suite and prints its table; --calibrate takes the seeds thresholds were set on."""

import argparse
import json
import os
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.diagnose.suite.broken import KINDS, plant
from tests.diagnose.suite.data import load
from tests.diagnose.suite.healthy import draw, is_healthy

from glassnet.diagnose.diagnosing import diagnose

FIRST_SEED = {"report": 5000, "calibrate": 0}


def run_broken(job):
    """Diagnose one broken set-up: what was found, what stood first, whether its remedy was confirmed."""
    index, name, seed = job
    kind = KINDS[index]
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    network, X, y, options = plant(kind, load(name, seed), seed)
    diagnosis = diagnose(network, X, y, **options)
    expected = [found for found in diagnosis.findings if found.code == kind.expected]
    return {
        "kind": kind.name,
        "expected": kind.expected,
        "data": name,
        "seed": seed,
        "codes": list(diagnosis.codes),
        "found": bool(expected),
        "first": bool(diagnosis.codes) and diagnosis.codes[0] in kind.roots,
        "confirmed": bool(expected) and expected[0].confirmed,
        "seconds": time.perf_counter() - started,
    }


def run_healthy(seed):
    """Draw a set-up; if it is healthy, diagnose it."""
    warnings.simplefilter("ignore")
    data, network, X, y, options = draw(seed)
    healthy, ours, theirs = is_healthy(data, network, X, y, options)
    result = {"seed": seed, "data": data.name, "healthy": bool(healthy), "ours": ours, "theirs": theirs}
    if healthy:
        started = time.perf_counter()
        diagnosis = diagnose(network, X, y, **options)
        result |= {"codes": list(diagnosis.codes), "seconds": time.perf_counter() - started, "network": repr(network)}
        result |= {
            "messages": [f.message for f in diagnosis.findings],
            "options": repr({k: v for k, v in options.items() if k != "validation"}),
        }
    return result


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.diagnose.suite", description=__doc__)
    parser.add_argument("--calibrate", action="store_true", help="the seeds on which thresholds were set")
    parser.add_argument(
        "--seeds", type=int, default=5, help="seeds of each broken kind, each on two of its data sets in turn"
    )
    parser.add_argument("--healthy", type=int, default=300, help="healthy set-ups drawn")
    parser.add_argument("--kind", default="", help="only the broken kinds whose name contains this")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="a file for all outcomes as JSON")
    chosen = parser.parse_args()
    first = FIRST_SEED["calibrate" if chosen.calibrate else "report"]
    jobs = [
        (index, name, first + seed)
        for index, kind in enumerate(KINDS)
        if chosen.kind in kind.name
        for seed in range(chosen.seeds)
        for name in dict.fromkeys(kind.data[(2 * seed + turn) % len(kind.data)] for turn in (0, 1))
    ]
    with ProcessPoolExecutor(chosen.workers) as pool:
        broken = list(pool.map(run_broken, jobs, chunksize=4))
        drawn = list(pool.map(run_healthy, range(first, first + chosen.healthy), chunksize=4))
    if chosen.out:
        chosen.out.write_text(json.dumps({"broken": broken, "healthy": drawn}, indent=1, default=float))
    if broken:
        print_broken(broken)
    if drawn:
        print_healthy(drawn)


def print_broken(results):
    """A line for each kind, and the figures over all."""
    print(f"{'fault':<48}{'expected':<24}{'runs':>5}{'found':>7}{'first':>7}{'mended':>7}  otherwise first")
    for kind in dict.fromkeys(result["kind"] for result in results):
        own = [result for result in results if result["kind"] == kind]
        others = Counter((result["codes"] or ["nothing"])[0] for result in own if not result["first"])
        shares = [sum(result[key] for result in own) / len(own) for key in ("found", "first", "confirmed")]
        line = "".join(f"{share:>7.0%}" for share in shares)
        missed = ", ".join(f"{code} {count}" for code, count in others.most_common(3))
        print(f"{kind:<48}{own[0]['expected']:<24}{len(own):>5}{line}  {missed}")
    n = len(results)
    names = {
        "found": "expected code among the findings",
        "first": "a root cause first",
        "confirmed": "remedy confirmed by replay",
    }
    print(
        f"\n{n} broken runs, {len({r['kind'] for r in results})} kinds, {len({r['data'] for r in results})} data sets"
    )
    for key, text in names.items():
        print(f"  {text}: {sum(result[key] for result in results) / n:.1%}")
    seconds = sorted(result["seconds"] for result in results)
    print(f"  seconds a diagnosis: median {seconds[n // 2]:.2f}, largest {seconds[-1]:.2f}")


def print_healthy(results):
    """How many healthy runs raised an alarm, and which."""
    kept = [result for result in results if result["healthy"]]
    alarms = [result for result in kept if result["codes"]]
    print(
        f"\n{len(results)} set-ups drawn, {len(kept)} healthy by test rows; false alarms: {len(alarms)} ({len(alarms) / len(kept):.1%})"
    )
    for alarm in alarms:
        print(f"  seed {alarm['seed']}, {alarm['data']}: {', '.join(alarm['codes'])}; {alarm['messages'][0][:150]}")
    seconds = sorted(result["seconds"] for result in kept)
    print(f"  seconds a diagnosis: median {seconds[len(kept) // 2]:.2f}, largest {seconds[-1]:.2f}")


if __name__ == "__main__":
    main()
