"""Keeps what a build computed for the next one, as long as the package and the module that computes it stay the same."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from source_hash import PACKAGE

Value = TypeVar("Value")
FOLDER = Path(__file__).parents[1] / "_build/computed"


def kept(name: str, compute: Callable[[], Value]) -> Value:
    """Return what `compute` returns, from the last build if nothing changed since."""
    own = Path(inspect.getsourcefile(compute) or "").read_bytes()
    file = FOLDER / f"{name}-{sha256(PACKAGE.encode() + own).hexdigest()[:16]}.pickle"
    if file.exists():
        value: Value = pickle.loads(file.read_bytes())
        return value
    value = compute()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob(f"{name}-*.pickle"):
        old.unlink()
    file.write_bytes(pickle.dumps(value))
    return value
