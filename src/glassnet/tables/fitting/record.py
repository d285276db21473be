"""What a model keeps of its training: the settings by name, and the figures of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassnet.equations.initializers import default_initializer
from glassnet.network.network import Network
from glassnet.tables import specs
from glassnet.tables.fitting.problem import Problem
from glassnet.tables.reading.decision import decision_lines
from glassnet.tables.reading.table import Table
from glassnet.tables.settings import Settings

MOST_CURVE_POINTS = 1_000  # points of a loss curve kept in the model


def record_settings(
    problem: Problem, settings: Settings, network: Network, effort: str, shares: Mapping[str, float | Table | None]
) -> dict[str, Any]:
    """Return all settings of a run by name, with the values that follow from other settings where one is None."""
    optimizer = specs.build_optimizer(settings.optimizer or "adam", settings.learning_rate)
    hidden = [network.activations[layer].name for layer in range(1, network.n_layers)]
    return {
        **settings.to_dict(),
        "learning_rate": getattr(optimizer, "learning_rate", None),
        "loss": settings.loss or network.loss_function.name,
        "init": [*settings.init] if settings.init else [default_initializer(hidden)],
        "effort": effort,
        **{name: given.source if isinstance(given, Table) else given for name, given in shares.items()},
        "missing": list(problem.table.missing),
        "decimal_comma": problem.table.decimal_comma,
        "left_out": problem.choice.left_out,
        "decisions": decision_lines(problem.choice.decisions, most=1_000),
    }


def thinned(curve: list[float], most: int = MOST_CURVE_POINTS) -> list[float]:
    """Return at most `most` points of a curve, at equal distances from the first."""
    every = -(-len(curve) // most) or 1
    return curve[::every]
