"""Finds the benchmarks, which lie beside the tests and are no part of the package."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))
if not (ROOT / "benchmarks").exists():  # a source distribution comes without them
    collect_ignore_glob = ["test_*.py"]
