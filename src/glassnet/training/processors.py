"""The number of processors this process may use: its affinity mask and the quota of its container, whichever is less."""

from __future__ import annotations

import functools
import math
import os
from pathlib import Path


def usable_processors() -> int:
    """Processors that this process may keep busy, at least 1; a quota of 1.5 processors counts as 2."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(count, _own_quota())))


@functools.cache
def _own_quota() -> float:
    return quota()


def quota(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float:
    """Processors that the control groups of this process allow (Linux, cgroup v2 or v1); inf without a limit.

    The limit of a group holds for all groups below it, so the least one on the way to the root counts.
    """
    try:
        groups = [line.split(":", 2) for line in own.read_text().splitlines()]
    except (OSError, UnicodeDecodeError):
        return math.inf
    limits = [math.inf]
    for number, controllers, path in (group for group in groups if len(group) == 3):
        if number == "0":
            base, read = root, _quota_v2
        elif "cpu" in controllers.split(","):
            base, read = root / "cpu", _quota_v1
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", "..")]
        limits += [read(base.joinpath(*parts[:depth])) for depth in range(len(parts) + 1)]
    return min(limits)


def _quota_v2(group: Path) -> float:
    try:
        allowed, period = (group / "cpu.max").read_text().split()
        return math.inf if allowed == "max" else int(allowed) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def _quota_v1(group: Path) -> float:
    try:
        allowed, period = (int((group / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        return allowed / period if allowed > 0 else math.inf
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf
