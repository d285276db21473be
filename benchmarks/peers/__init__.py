"""The peers by name; each module is imported only in the process that measures it."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

PEERS = {
    "numpy": ("numpy", "benchmarks.peers.numpy_loop", "NumpyLoop"),
    "scikit-learn": ("sklearn", "benchmarks.peers.sklearn_mlp", "SklearnMLP"),
    "torch": ("torch", "benchmarks.peers.torch_loop", "TorchLoop"),
    "torch.compile": ("torch", "benchmarks.peers.torch_compiled", "TorchCompiled"),
    "jax": ("jax", "benchmarks.peers.jax_scan", "JaxScan"),
}


def installed() -> list[str]:
    """Return the peers whose package is installed."""
    return [name for name, (package, _, _) in PEERS.items() if importlib.util.find_spec(package) is not None]


def load(name: str) -> Any:
    """Return the contender class called `name`."""
    if name == "glassnet":
        return importlib.import_module("benchmarks.glassnet_engine").Glassnet
    _, module, attribute = PEERS[name]
    return getattr(importlib.import_module(module), attribute)
