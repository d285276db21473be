"""The configurations that a search tries: a fixed portfolio for each task, and more of them drawn by seed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet.tables.settings import RULES, Settings

_BINS = {"few_values": 0, "frequencies": 0}

# what a configuration changes in the rule of its task; drawn up on held-out rows of real tables (docs/how-to/tables.md)
CLASSES: list[dict[str, Any]] = [
    {},
    {"optimizer": "adamw:weight_decay=0.2", "dropout": 0.3, "hidden": (256, 256)},
    {"frequencies": 0, "optimizer": "adamw:weight_decay=0.02", "dropout": 0.3},
    {"frequencies": 0, "categories": "both", "dropout": 0.3},
    {**_BINS, "cuts": "tree", "bins": 8},
    {**_BINS, "bins": 8, "categories": "both", "dropout": 0.3},
    {"frequencies": 0, "categories": "onehot", "optimizer": "adamw:weight_decay=3", "activation": ("tanh",)},
    {**_BINS, "bins": 16, "categories": "onehot", "optimizer": "adamw:weight_decay=0.2", "activation": ("relu",)},
    {"categories": "both", "hidden": (256, 256, 256), "activation": ("relu",), "dropout": 0.3},
    {"categories": "both", "optimizer": "adamw:weight_decay=3", "learning_rate": 0.001, "dropout": 0.3},
]
NUMBERS: list[dict[str, Any]] = [
    {},
    {"bins": 64, "hidden": (256, 256)},
    {"activation": ("relu",), "dropout": 0.0},
    {"activation": ("silu",), "frequencies": 16, "optimizer": "adamw:weight_decay=0.2"},
    {"bins": 16},
    {"bins": 64, "few_values": 40, "dropout": 0.0},
    {"cuts": "tree"},
    {"bins": 64, "activation": ("silu",), "optimizer": "adamw:weight_decay=0.2"},
    {"categories": "both", "hidden": (128, 128, 128), "activation": ("silu",)},
    {
        "bins": 8,
        "categories": "both",
        "optimizer": "adamw:weight_decay=1",
        "learning_rate": 0.002,
        "dropout": 0.3,
    },
]


def portfolio(settings: Settings, classes: bool, more: int = 0) -> list[Settings]:
    """Return the configurations of a task, and `more` that are drawn by the seed of `settings`.

    What `settings` gives a value stays in all of them; configurations that become equal are left out.
    """
    rng = np.random.Generator(np.random.Philox(settings.seed))
    rate = RULES["classes" if classes else "numbers"]["learning_rate"]
    drawn = [_draw(rng, classes) for _ in range(more)]
    found: list[Settings] = []
    for changes in [*(CLASSES if classes else NUMBERS), *drawn]:
        own_rate = {} if settings.optimizer is not None else {"learning_rate": rate}
        free = {name: value for name, value in {**own_rate, **changes}.items() if getattr(settings, name) is None}
        if settings.optimizer is not None:
            free.pop("learning_rate", None)
        configuration = replace(settings, **free)
        if configuration not in found:
            found.append(configuration)
    return found


def _draw(rng: np.random.Generator, classes: bool) -> dict[str, Any]:
    """Draw a configuration: depth, width, activation, dropout, decay, rate, inputs."""

    def log_uniform(low: float, high: float) -> float:
        return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.3g}")

    width, depth = int(rng.choice([64, 128, 192, 256])), int(rng.integers(1, 4))
    decay = log_uniform(0.02, 3.0) if classes else log_uniform(0.005, 1.0)
    return {
        "hidden": (width,) * depth,
        "activation": (str(rng.choice(["relu", "silu", "gelu"])),),
        "dropout": round(float(rng.uniform(0, 0.5)), 2) if rng.random() < 0.6 else 0.0,
        "optimizer": f"adamw:weight_decay={decay:g}",
        "learning_rate": log_uniform(5e-4, 5e-3) if classes else log_uniform(1e-3, 1e-2),
        "bins": int(rng.choice([0, 0, 8, 16] if classes else [8, 16, 32, 64])),
        "cuts": str(rng.choice(["quantile", "tree"])),
        "few_values": int(rng.choice([0, 12] if classes else [0, 12, 40])),
        "frequencies": int(rng.choice([0, 8] if classes else [0, 0, 16])),
        "categories": str(rng.choice(["onehot", "target", "both"])),
    }
