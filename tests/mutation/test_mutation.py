"""At least 95 of 100 breaks of a sample are noticed, in Python and in C++ (takes hours)."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from tests.mutation.__main__ import measure
from tests.mutation.rooms import CPP, PYTHON
from tests.mutation.scratch import Scratch
from tests.mutation.table import share, table

pytestmark = pytest.mark.long


@pytest.mark.parametrize(("rooms", "sample"), [(PYTHON, 20), ([CPP], 40)], ids=["python", "cpp"])
def test_the_tests_notice_what_breaks(rooms, sample, tmp_path):
    outcomes = measure(rooms, sample, seed=1, scratch=Scratch(tmp_path))
    assert share(outcomes) >= 0.95, table(outcomes)
