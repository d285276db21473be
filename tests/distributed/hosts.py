"""Three hosts on one machine: network namespaces with names and addresses of their own, joined by a bridge (Linux, root)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.distributed.launch import environment, mpiexec

HOSTS = (1, 2, 3)
NET = "10.77.3"
AGENT = """#!/bin/sh
host=$1; shift
exec ip netns exec gnt${host##*.} unshare --uts sh -c "hostname gnt${host##*.}; $*"
"""


def ip(*words: Any) -> None:
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True)


def link(host: int, state: str) -> None:
    """Put the cable of a host in or out: "up" or "down"."""
    ip("-n", f"gnt{host}", "link", "set", "eth0", state)


def processes(host: int) -> list[int]:
    """Return the processes of a host."""
    found = subprocess.run(["ip", "netns", "pids", f"gnt{host}"], check=True, capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def ranks(host: int) -> list[int]:
    """Return the ranks on a host: those of its processes that run the worker."""

    def is_rank(pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return words[0].decode() == sys.executable

    return [pid for pid in processes(host) if is_rank(pid)]


@contextmanager
def three_hosts(folder: Path) -> Iterator[list[str]]:
    """Make the hosts, and take them away in the end; give the command that starts a rank on each."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "unshare", "hostname"))):
        pytest.skip("network namespaces need root, ip and unshare")
    try:
        ip("link", "add", "gntb", "type", "bridge")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
    try:
        ip("link", "set", "gntb", "up")
        for host in HOSTS:
            ip("netns", "add", f"gnt{host}")
            ip("link", "add", f"gntv{host}", "type", "veth", "peer", "name", "eth0", "netns", f"gnt{host}")
            ip("link", "set", f"gntv{host}", "master", "gntb", "up")
            ip("-n", f"gnt{host}", "addr", "add", f"{NET}.{host}/24", "dev", "eth0")
            ip("-n", f"gnt{host}", "link", "set", "lo", "up")
            link(host, "up")
        (folder / "agent").write_text(AGENT)
        (folder / "agent").chmod(0o755)
        (folder / "hosts").write_text("".join(f"{NET}.{host} slots=1\n" for host in HOSTS))
        yield [
            *("ip", "netns", "exec", "gnt1", "unshare", "--uts", "sh", "-c", 'hostname gnt1; exec "$@"', "-"),
            *(mpiexec(), "--prtemca", "plm_ssh_agent", str(folder / "agent"), "--hostfile", str(folder / "hosts")),
            *("--mca", "btl", "self,tcp", "--mca", "btl_tcp_if_include", f"{NET}.0/24", "-n", str(len(HOSTS))),
        ]
    finally:
        for host in HOSTS:
            left = subprocess.run(["ip", "netns", "pids", f"gnt{host}"], check=False, capture_output=True, text=True)
            for pid in left.stdout.split():
                subprocess.run(["kill", "-9", pid], check=False)
            subprocess.run(["ip", "link", "del", f"gntv{host}"], check=False, capture_output=True)
            subprocess.run(["ip", "netns", "del", f"gnt{host}"], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", "gntb"], check=False, capture_output=True)


def start(command: list[str], words: list[Any], printed: Any) -> subprocess.Popen[bytes]:
    """Start a worker on the hosts; what it prints goes to a file."""
    return subprocess.Popen(
        [*command, sys.executable, *map(str, words)], stdout=printed, stderr=subprocess.STDOUT, env=environment()
    )
