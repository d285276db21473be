"""The processors that a container allows, read from files as Linux lays them out."""

import math
import os

import pytest

from glassnet.training import processors
from glassnet.training.processors import quota, usable_processors


def groups(folder, own, **limits):
    """A tree of control groups with files of limits; gives the arguments of `quota`."""
    (folder / "own").write_text(own)
    for path, text in limits.items():
        file = folder / "cgroup" / path.replace("__", "/").replace("cpu_max", "cpu.max").replace("cfs_", "cpu.cfs_")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder / "cgroup", folder / "own"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("150000 100000", 1.5),
        ("max 100000", math.inf),
        ("50000 100000", 0.5),
        ("1 0", math.inf),
        ("?", math.inf),
        ("", math.inf),
    ],
)
def test_version_2(tmp_path, text, expected):
    assert quota(*groups(tmp_path, "0::/\n", cpu_max=text)) == expected


def test_the_least_limit_on_the_way_to_the_root_counts(tmp_path):
    own = "0::/a/b\n"
    limits = {"cpu_max": "8 1", "a__cpu_max": "3 1", "a__b__cpu_max": "max 1", "a__b__c__cpu_max": "1 1"}
    assert quota(*groups(tmp_path, own, **limits)) == 3
    limits["a__b__cpu_max"] = "2 1"
    assert quota(*groups(tmp_path, own, **limits)) == 2
    limits["cpu_max"] = "1 2"
    assert quota(*groups(tmp_path, own, **limits)) == 0.5


@pytest.mark.parametrize(
    ("allowed", "expected"), [("200000", 2.0), ("-1", math.inf), ("0", math.inf), ("25000", 0.25), ("x", math.inf)]
)
def test_version_1(tmp_path, allowed, expected):
    own = "5:memory:/m\n4:cpuacct,cpu:/job\n1:name=systemd:/s\nodd\n"
    files = {"cpu__job__cfs_quota_us": allowed, "cpu__job__cfs_period_us": "100000"}
    assert quota(*groups(tmp_path, own, **files)) == expected


def test_other_controllers_do_not_count(tmp_path):
    files = {"cpu__job__cfs_quota_us": "1", "cpu__job__cfs_period_us": "100000"}
    assert quota(*groups(tmp_path, "4:cpuset:/job\n", **files)) == math.inf


def test_without_control_groups_there_is_no_limit(tmp_path):
    assert quota(tmp_path, tmp_path / "none") == math.inf
    (tmp_path / "own").write_bytes(b"\xff\xfe")
    assert quota(tmp_path, tmp_path / "own") == math.inf


@pytest.mark.parametrize(
    ("allowed", "limit", "count"), [(8, math.inf, 8), (8, 1.5, 2), (8, 2.0, 2), (8, 0.1, 1), (1, 4.0, 1), (3, 3.5, 3)]
)
def test_affinity_and_quota_whichever_is_less(monkeypatch, allowed, limit, count):
    monkeypatch.setattr(processors, "_own_quota", lambda: limit)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(allowed)) if pid == 0 else set(), raising=False)
    assert usable_processors() == count
