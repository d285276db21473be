"""The topics by name, and how a sheet is drawn: the same topic and seed give the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassnet.errors import GlassnetError, check_count, unknown_name
from glassnet.worksheets.draw import effects
from glassnet.worksheets.sheet import Part, Sheet
from glassnet.worksheets.topics.backward import chain_rule, full_step_exact, full_step_softmax
from glassnet.worksheets.topics.forward import layer_and_batch, loss, neuron
from glassnet.worksheets.topics.mistake import find_the_mistake
from glassnet.worksheets.topics.update import batch_penalty_mask, optimizer

VERSION = 1  # of the drawing: another one gives other numbers for the same seed
LARGEST_SEED = 2**32 - 1
_TRIES = 200_000  # far more than any topic needs


@dataclass(frozen=True)
class Topic:
    """A topic: its title, the chapter of the course about it, and the function that draws its parts."""

    title: str
    chapter: str
    draw: Callable[[np.random.RandomState], tuple[Part, ...] | None]


TOPICS: dict[str, Topic] = {
    "neuron": Topic("One neuron", "chapter 2", neuron),
    "layer-and-batch": Topic("A layer and a batch", "chapter 3", layer_and_batch),
    "loss": Topic("The loss", "chapter 5", loss),
    "chain-rule": Topic("The chain rule", "chapter 6", chain_rule),
    "full-step-exact": Topic("A full training step, exact", "chapter 7", full_step_exact),
    "full-step-softmax": Topic("A full training step with a softmax", "chapter 7", full_step_softmax),
    "optimizer": Topic("Optimizers: Adam and momentum", "chapter 12", optimizer),
    "batch-penalty-mask": Topic("A batch, a penalty, a dropout mask", "chapter 13", batch_penalty_mask),
    "find-the-mistake": Topic("Find the mistake", "chapter 7", find_the_mistake),
}


def draw_sheet(topic: str, seed: int) -> Sheet:
    """Draw the sheet of a topic and a seed.

    Raises
    ------
    InputError
        If there is no such topic, or the seed is no whole number of 0 … 2³² − 1.

    Examples
    --------
    >>> sheet = draw_sheet("neuron", 7)
    >>> [item.name for item in sheet.items]
    ['a.Z1', 'a.A1', 'a.side0', 'a.side1', 'a.side2']
    """
    if topic not in TOPICS:
        raise unknown_name("topic", topic, TOPICS)
    check_count("seed", seed, low=0, high=LARGEST_SEED)
    chosen = TOPICS[topic]
    rng = np.random.RandomState([list(TOPICS).index(topic), VERSION, seed])
    for _ in range(_TRIES):
        parts = chosen.draw(rng)
        if parts is not None and all(_shows(part) for part in parts):
            return Sheet(topic, seed, chosen.title, chosen.chapter, parts)
    raise GlassnetError(f"topic: found no numbers for {topic!r} and seed {seed}; take another seed.")


def _shows(part: Part) -> bool:
    """True if every listed mistake shows in what is asked."""
    return effects(part.derivation, part.asked, part.listed).keys() == set(part.listed)
