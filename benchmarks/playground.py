"""Times the playground's server: frames one after another, and many learners at once from another process.

`python -m benchmarks.playground` measures both; `--seconds 600` is a soak test.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import machine

LEARNERS, RATE = 40, 5.0  # learners, and frames a second of each
SETTINGS = (  # queries of the learners
    "",
    "data=circles&activation=tanh&hidden=4",
    "data=spirals&hidden=8,8&activation=tanh&optimizer=adam&rate=0.01",
    "data=xor&hidden=4,2&batch=10",
    "data=blobs&classes=4&hidden=6",
    "data=sine&hidden=8&activation=tanh&optimizer=momentum",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=LEARNERS)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    print(machine.caption())
    frames()
    load(given.learners, given.seconds)


def frames() -> None:
    """Time the default network's frames in this process, without HTTP."""
    from glassnet.playground.playground import Playground

    play, rng = Playground(), random.Random(0)
    play.frame("step=1")
    forward = [_timed(play, step) for step in range(10, 5001, 10)]
    scrubbed = [_timed(play, rng.randrange(5001)) for _ in range(500)]
    print("frame of the default network, in this process, to step 5,000")
    for name, times in (("played forward by 10 steps", forward), ("scrubbed at random", scrubbed)):
        print(f"  {name:28} median {quantile(times, 0.5):6.2f} ms   95 % {quantile(times, 0.95):6.2f} ms")
    cold = []
    for seed in range(20):
        fresh = Playground()
        fresh.data("")
        cold.append(_timed(fresh, 5000, f"&seed={seed}"))
    print(f"  {'step 5,000 from nothing':28} median {quantile(cold, 0.5):6.2f} ms")


def _timed(play: object, step: int, more: str = "") -> float:
    started = time.perf_counter()
    play.frame(f"step={step}{more}")  # type: ignore[attr-defined]
    return time.perf_counter() - started


def load(learners: int, seconds: float) -> None:
    """Let learners each play a run of their own against a server in another process."""
    command = [sys.executable, "-m", "glassnet", "play", "--no-browser", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()  # type: ignore[union-attr]
        address = urlsplit(line.split()[2])
        times, errors, memory = asyncio.run(_class(address.port or 0, learners, seconds, server.pid))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(10)
    print(f"{learners} learners at {RATE:g} frames a second each for {seconds:g} s, {os.cpu_count()} cores")
    print(f"  {len(times):,} frames, {errors} errors, {len(times) / seconds:.0f} a second")
    for share in (0.5, 0.95, 0.99, 1.0):
        print(f"  {f'{share:.0%}':>5} within {quantile(times, share):7.1f} ms")
    shown = ", ".join(f"{each:.0f}" for each in memory[:: max(1, len(memory) // 10)])
    print(f"  memory of the server (MB): {shown}")


async def _class(port: int, learners: int, seconds: float, pid: int) -> tuple[list[float], int, list[float]]:
    times: list[float] = []
    errors = [0]
    end = time.perf_counter() + seconds
    memory: list[float] = []

    async def watch() -> None:
        while time.perf_counter() < end:
            memory.append(resident(pid))
            await asyncio.sleep(max(1.0, seconds / 60))
        memory.append(resident(pid))

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        for k in range(learners):
            group.create_task(_learner(k, port, end, times, errors))
    return times, errors[0], memory


async def _learner(k: int, port: int, end: float, times: list[float], errors: list[int]) -> None:
    """Play forward, sometimes step back, and start again with another seed after 1,500 steps."""
    rng = random.Random(k)
    await asyncio.sleep(rng.random() / RATE)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    step, seed, settings = 0, k, SETTINGS[k % len(SETTINGS)]
    due = time.perf_counter()
    while time.perf_counter() < end:
        query = f"{settings}&seed={seed}&step={step}".lstrip("&")
        started = time.perf_counter()
        writer.write(f"GET /frame?{query} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split()[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - started)
        errors[0] += " 200 " not in head.splitlines()[0]
        step = step + 10 if rng.random() < 0.95 else max(0, step - 100)
        if step > 1500:
            step, seed = 0, seed + 1000
        due = max(due + 1 / RATE, time.perf_counter())
        await asyncio.sleep(due - time.perf_counter())
    writer.close()


def resident(pid: int) -> float:
    """Return the memory of a process in MB; nan without /proc."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    return int(status.read_text().split("VmRSS:")[1].split()[0]) / 1024


def quantile(times: list[float], share: float) -> float:
    """Return a quantile of times, in milliseconds."""
    if share == 1:
        return max(times) * 1e3
    return statistics.quantiles(times, n=1000)[round(share * 1000) - 1] * 1e3


if __name__ == "__main__":
    main()
