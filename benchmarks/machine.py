"""Describes the machine and its software, and pins processes to cores."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = ("glassnet", "numpy", "scipy", "scikit-learn", "torch", "jax", "jaxlib")
LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS")


def description() -> dict[str, Any]:
    """Return CPU, cores, load, system, versions and date, for the record."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": cpu_model(),
        "cores": len(cores()) or os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version for name in PACKAGES if (version := _version(name))},
    }


def cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    named = {key.strip(): value.strip() for key, value in fields.items()}
    model = named.get("model name") or platform.processor() or platform.machine()
    place = [f"{key} {named[key]}" for key in ("cpu family", "model", "stepping") if key in named]
    return f"{model} ({', '.join(place)})" if place else model


def caption() -> str:
    """The processor and how busy it is, for the foot of a table."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{cpu_model()}, {len(cores()) or os.cpu_count()} cores{load}"


def cores() -> list[int]:
    """Return the cores this process may run on; an empty list if the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pinned_to(threads: int) -> set[int] | None:
    """Return the last `threads` cores, since the first serves most interrupts; None if processes cannot be pinned."""
    return set(cores()[-threads:]) or None


@contextlib.contextmanager
def on_cores(chosen: set[int] | None) -> Iterator[None]:
    """Run a block, and the processes it starts, on these cores."""
    before = set(cores())
    if chosen and before:
        os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        if chosen and before:
            os.sched_setaffinity(0, before)


@contextlib.contextmanager
def thread_limits(threads: int) -> Iterator[None]:
    """Set thread limits in the environment of the processes that a block starts, before they import anything."""
    limits = dict.fromkeys(LIMITS, str(threads))
    if threads == 1:  # XLA takes a larger number from the cores it is pinned to
        limits["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false " + os.environ.get("XLA_FLAGS", "")
    before = {name: os.environ.get(name) for name in limits}
    os.environ.update(limits)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
