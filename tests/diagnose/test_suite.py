"""The suite of broken and healthy set-ups keeps its promises (long), and every kind of fault can be built."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glassnet.diagnose.findings import CODES

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from tests.diagnose.suite.broken import KINDS, plant
from tests.diagnose.suite.data import load
from tests.diagnose.suite.healthy import draw


def test_there_are_enough_kinds_and_each_is_built_by_the_seed_alone():
    assert len(KINDS) >= 30
    assert len({name for kind in KINDS for name in kind.data}) >= 4
    for kind in KINDS:
        assert kind.expected in CODES
        one, two = (plant(kind, load(kind.data[0], 5), 5) for _ in range(2))
        assert (one[0].theta == two[0].theta).all()
        assert (one[1] == two[1]).all()


def test_every_code_is_planted():
    assert {kind.expected for kind in KINDS} | {"diverged", "plateau"} == set(CODES)


def test_healthy_set_ups_are_drawn_by_the_seed_alone():
    one, two = draw(3), draw(3)
    assert (one[1].theta == two[1].theta).all()
    assert repr(one[4]["optimizer"]) == repr(two[4]["optimizer"])


@pytest.mark.long
def test_faults_are_named_first_and_mended_and_healthy_runs_left_alone(tmp_path):
    out = tmp_path / "outcomes.json"
    command = [sys.executable, "-m", "tests.diagnose.suite", "--healthy", "220", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True)
    outcomes = json.loads(out.read_text())
    broken, healthy = outcomes["broken"], [drawn for drawn in outcomes["healthy"] if drawn["healthy"]]
    assert sum(run["found"] for run in broken) / len(broken) >= 0.97
    assert sum(run["first"] for run in broken) / len(broken) >= 0.90
    assert sum(run["confirmed"] for run in broken) / len(broken) >= 0.80
    assert len(healthy) >= 150
    assert sum(bool(run["codes"]) for run in healthy) / len(healthy) <= 0.02
