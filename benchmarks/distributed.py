"""Times ranks of MPI that share the rows of each step, and fits the cost model: `python -m benchmarks.distributed`.

Without options: 784-512-512-10, batch 512, one rank and two in turn, one thread each. `--model` measures what a step is
made of and fits the constants of the cost model. Wall-clock times need a quiet machine: ranks wait for each other.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine

OUT = Path(__file__).parent / "results/distributed.json"
NETWORKS = ("30-100-1", "784-128-10", "784-512-512-10")
BATCH = 512
ROWS = (8, 32, 128, 512)  # of a step, from which its cost by rows is fitted
NUMBERS = (1_000, 10_000, 100_000, 1_000_000)  # of a sum
LINKS: dict[str, list[str]] = {
    "shared memory": [],
    "TCP": ["--mca", "btl", "self,tcp", "--mca", "coll", "^sm,xhc,han"],
}
_AS_ROOT = ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "PRTE_ALLOW_RUN_AS_ROOT",
            "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM")  # fmt: skip


def on_ranks(ranks: int, words: list[Any], link: str = "shared memory") -> list[dict[str, Any]]:
    """Run measurements on some ranks; return them."""
    beside = Path(sys.executable).with_name("mpiexec")
    launcher = str(beside) if beside.exists() else shutil.which("mpiexec")
    if launcher is None:
        raise SystemExit("there is no mpiexec: pip install glassnet[mpi]")
    many = ["--oversubscribe"] if ranks > (os.cpu_count() or 1) else ["--bind-to", "core"]
    command = [launcher, "-n", str(ranks), *many, *LINKS[link], sys.executable, "-m", "benchmarks.distributed_rank"]
    environment = {**os.environ, **dict.fromkeys(_AS_ROOT, "1"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, *map(str, words)], capture_output=True, text=True, env=environment, timeout=900, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("MEASURED ")]
    if not lines:
        raise SystemExit(f"no measurement on {ranks} ranks:\n{done.stdout}{done.stderr}")
    found: list[dict[str, Any]] = json.loads(lines[-1].removeprefix("MEASURED "))
    return found


def least(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Join the rounds of one measurement: the best of the best, and the median of the medians."""
    best, median = min(each["best"] for each in rounds), float(np.median([each["median"] for each in rounds]))
    computed = {"computed": min(each["computed"] for each in rounds)} if "computed" in rounds[0] else {}
    return {**rounds[0], "best": best, "median": median, **computed}


def speed_up(rounds: int, seconds: float) -> dict[str, Any]:
    """Measure one rank and two in turn."""
    words = ["steps", "784-512-512-10", BATCH, seconds, "sums", 670_000, seconds / 4]
    times: dict[int, list[list[dict[str, Any]]]] = {1: [], 2: []}
    for _ in range(rounds):
        for ranks, found in times.items():
            found.append(on_ranks(ranks, words))
    both = {str(ranks): [least(list(each)) for each in zip(*found, strict=True)] for ranks, found in times.items()}
    one, two = both["1"][0], both["2"][0]
    alone = two["computed"] + both["2"][1]["best"]  # what a step of two ranks takes that wait for nobody
    return {"1": one, "2": two, "sum": both["2"][1], "without waiting": alone, "gain": one["computed"] / alone}


# --- the model -------------------------------------------------------------------------------------------------------


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Measure steps by rows on one rank, sums by size over each link, and whole steps on several ranks."""
    by_rows = [word for name in NETWORKS for rows in ROWS for word in ("steps", name, rows, seconds)]
    by_size = [word for numbers in NUMBERS for word in ("sums", numbers, seconds)]
    whole = [word for name in NETWORKS for word in ("steps", name, BATCH, seconds)]
    compute, checks = [], {ranks: [] for ranks in (1, 2, 3, 4)}
    links: dict[str, Any] = {link: [] for link in LINKS}
    for _ in range(rounds):
        compute.append(on_ranks(1, by_rows))
        for link, found in links.items():
            found.append(on_ranks(2, by_size, link))
        for ranks, found in checks.items():
            found.append(on_ranks(ranks, whole))
    return {
        "compute": [least(list(each)) for each in zip(*compute, strict=True)],
        "sums": {link: [least(list(each)) for each in zip(*found, strict=True)] for link, found in links.items()},
        "checks": {str(ranks): [least(list(e)) for e in zip(*found, strict=True)] for ranks, found in checks.items()},
    }


def fitted(measured: dict[str, Any]) -> dict[str, Any]:
    """Fit the constants: seconds a step and a row of each network; latency, and seconds a byte, of each link."""
    compute = {}
    for name in NETWORKS:
        mine = [each for each in measured["compute"] if each["network"] == name]
        rows, times = np.array([each["batch"] for each in mine]), np.array([each["computed"] for each in mine])
        a_row, a_step = np.polyfit(rows, times, 1, w=1 / times)
        compute[name] = {
            "step": max(float(a_step), 0.0), "row": float(a_row), "parameters": mine[0]["parameters"]
        }  # fmt: skip
    links = {}
    for link, sums in measured["sums"].items():
        size, times = np.array([4 * each["numbers"] for each in sums]), np.array([each["best"] for each in sums])
        a_byte, latency = np.polyfit(size, times, 1, w=1 / times)  # on two ranks: 2(R − 1)/R and log₂ R are 1
        links[link] = {"latency": max(float(latency), 1e-7), "byte": max(float(a_byte), 1e-12)}
    return {"compute": compute, "links": links}


def predicted(model: dict[str, Any], name: str, ranks: int, link: str, batch: int = BATCH) -> float:
    """Return the seconds of a step: t(R) = step + row·b/R + latency·⌈log₂ R⌉ + byte·4p·2(R − 1)/R (Thakur et al. 2005)."""
    own, by = model["compute"][name], model["links"][link]
    share = -(-batch // ranks)
    summed = by["latency"] * np.ceil(np.log2(ranks)) + by["byte"] * 4 * own["parameters"] * 2 * (ranks - 1) / ranks
    return float(own["step"] + own["row"] * share + summed)


def main() -> None:
    """Measure, print a table, and with --model write what a step is made of."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="store_true", help="measure what a step is made of, and write it to --out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each timing")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    found: dict[str, Any] = {"machine": machine.description(), "batch": BATCH}
    found["speed-up"] = speed_up(given.rounds, given.seconds)
    one, two = found["speed-up"]["1"], found["speed-up"]["2"]
    print(f"{machine.caption()}\n")
    print(f"784-512-512-10, batch {BATCH}, Adam, float32, one thread a rank; the best of windows of 0.1 s (median)\n")
    print("| ranks | ms a step | times one rank |\n|---|---|---|")
    for ranks, each in (("1", one), ("2", two)):
        shares = f"{one['best'] / each['best']:.2f} ({one['median'] / each['median']:.2f})"
        print(f"| {ranks} | {1e3 * each['best']:.2f} ({1e3 * each['median']:.2f}) | {shares} |")
    found_by = (
        f"{1e3 * one['computed']:.2f} ms on one rank, {1e3 * two['computed']:.2f} on each of two outside their sum"
    )
    summed = f"{1e3 * found['speed-up']['sum']['best']:.2f} ms for the sum at best"
    print(f"\nprocessor time: {found_by}, {summed}: {found['speed-up']['gain']:.2f} times one rank where none waits")
    if given.model:
        found["measured"] = measure(max(1, given.rounds // 2), given.seconds / 4)
        found["model"] = fitted(found["measured"])
        found["load at the end"] = os.getloadavg()[0]
        given.out.parent.mkdir(exist_ok=True)
        given.out.write_text(json.dumps(found, indent=1) + "\n")
        print("\n| network | ranks | measured, ms | predicted, ms |\n|---|---|---|---|")
        for ranks, checks in found["measured"]["checks"].items():
            for each in checks:
                expected = predicted(found["model"], each["network"], int(ranks), "shared memory")
                print(f"| {each['network']} | {ranks} | {1e3 * each['best']:.3f} | {1e3 * expected:.3f} |")


if __name__ == "__main__":
    main()
