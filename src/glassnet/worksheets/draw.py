"""Draws numbers that are good to work with by hand, and checks that every listed mistake shows in what is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.misconceptions import hypotheses
from glassnet.explain.grading.rules import Hypothesis, Misconception
from glassnet.explain.grading.simulation import Simulation
from glassnet.explain.graph import Graph
from glassnet.network.network import Network

Array = NDArray[Any]

LOGITS = (0.8, 0.85, 1.1, 1.45, 1.9, 2.2, 2.45)  # where the sigmoid is nearly two digits: 0.6900, 0.7006, 0.7503, …
TANH = (0.4, 0.55, 0.95, 1.1)  # where tanh is nearly two digits: 0.3799, 0.5005, 0.7398, 0.8005
LEAST_Z, MOST_Z = 0.5, 5.0  # of |z|: far from the kink of relu, and no large numbers
SHOWS = 0.05  # of a term's largest entry, by which a mistake must move it to be seen through rounding


def halves(rng: np.random.RandomState, shape: Any, most: float = 2.0) -> Array:
    """Draw multiples of ½ up to ±`most`, without 0."""
    size = rng.randint(1, round(2 * most) + 1, size=shape) / 2
    return np.asarray(size * rng.choice([-1.0, 1.0], size=shape))


def quarters(rng: np.random.RandomState, shape: Any, most: float = 1.5) -> Array:
    """Draw multiples of ¼ up to ±`most`, without 0."""
    size = rng.randint(1, round(4 * most) + 1, size=shape) / 4
    return np.asarray(size * rng.choice([-1.0, 1.0], size=shape))


def inputs(rng: np.random.RandomState, shape: Any) -> Array:
    """Draw inputs of ±½, ±1 and ±2."""
    return np.asarray(rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=shape))


def one_of(rng: np.random.RandomState, values: Sequence[float], sign: bool = True) -> float:
    """Draw one of the values, with either sign."""
    return float(rng.choice(values) * (rng.choice([-1.0, 1.0]) if sign else 1.0))


def network_of(sizes: Sequence[int], W1: Any, b1: Any, W2: Any, b2: Any, **kinds: Any) -> Network:
    """Make a network of one hidden layer with these parameters."""
    network = Network(list(sizes), **kinds)
    network.W[1][...], network.b[1][...], network.W[2][...], network.b[2][...] = W1, b1, W2, b2
    return network


def fits(Z: Array) -> bool:
    """True if all pre-activations are of a size to work with."""
    return bool(np.all((np.abs(Z) >= LEAST_Z) & (np.abs(Z) <= MOST_Z)))


@dataclass(frozen=True, eq=False)
class Effect:
    """A mistake and what it does: the first asked term that it changes, and all terms it changes."""

    misconception: Misconception
    hypothesis: Hypothesis
    symbol: str
    values: dict[str, Array]


def effects(graph: Graph, asked: Sequence[str], codes: Collection[str]) -> dict[str, Effect]:
    """Make each mistake and keep those that show: they move some asked term by SHOWS of its largest entry."""
    simulation = Simulation(graph, tuple(asked))
    found: dict[str, Effect] = {}
    for hypothesis in hypotheses(graph, codes):
        code = hypothesis.misconception.code
        if code in found:
            continue
        changed = simulation.run(hypothesis.formulas)
        terms = [symbol for symbol in asked if symbol in changed]
        moved = [symbol for symbol in terms if _moved(graph.value(symbol), changed[symbol])]
        if moved and all(_fits_boxes(graph.value(symbol), changed[symbol]) for symbol in terms):
            found[code] = Effect(hypothesis.misconception, hypothesis, moved[0], changed)
    return found


def _fits_boxes(right: Array, wrong: Any) -> bool:
    """True if the wrong numbers can be written into the boxes of the right ones."""
    wrong = np.asarray(wrong, dtype=float)
    return wrong.size == right.size and bool(np.isfinite(wrong).all())


def _moved(right: Array, wrong: Any) -> bool:
    if not _fits_boxes(right, wrong):
        return False
    wrong = np.asarray(wrong, dtype=float)
    away = float(np.max(np.abs(wrong.reshape(right.shape) - right)))
    return away >= SHOWS * float(np.max(np.abs(right))) and away > 1e-9
