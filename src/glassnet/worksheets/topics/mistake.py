"""The topic of a filled-in step with one planted mistake: which line is the first wrong one, and why?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.simulation import Simulation
from glassnet.worksheets.draw import Effect, effects
from glassnet.worksheets.sheet import Item, Mistake, Part
from glassnet.worksheets.topics.backward import full_step_exact

Array = NDArray[Any]

OPTIONS = 4
PLANTED = (
    "activation_forgotten",
    "bias_forgotten",
    "bias_subtracted",
    "loss_factor",
    "sign",
    "target_forgotten",
    "derivative_forgotten",
    "derivative_reversed",
    "preactivation_in_dW",
    "descent_direction",
    "input_forgotten",
)
_BEFORE = Mistake("line_before_the_mistake", "That line is right: put its numbers into its formula again.")
_AFTER = Mistake("line_after_the_mistake", "That line is computed rightly from a line above it that is already wrong.")


def find_the_mistake(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """A full step, filled in, with one mistake that is carried on."""
    step = full_step_exact(rng)
    if step is None:
        return None
    derivation, asked = step[0].derivation, step[0].asked
    found = effects(derivation, asked, PLANTED)
    codes = [code for code in PLANTED if code in found]
    if len(codes) < OPTIONS:
        return None
    planted = found[codes[rng.randint(len(codes))]]
    others = [found[code] for code in rng.permutation(codes) if code != planted.misconception.code]
    others = [other for other in others if _differs(derivation.value(planted.symbol), planted, other)][: OPTIONS - 1]
    if len(others) < OPTIONS - 1:
        return None
    changed = Simulation(derivation, asked).run(planted.hypothesis.formulas)
    lines = tuple((symbol, np.asarray(changed.get(symbol, derivation.value(symbol)), dtype=float)) for symbol in asked)
    right = derivation.value(planted.symbol)
    place = np.unravel_index(int(np.argmax(np.abs(right - changed[planted.symbol]))), right.shape)
    causes = [planted, *others]
    options = tuple(causes[k].misconception.what for k in rng.permutation(OPTIONS))
    named = Mistake(planted.misconception.code, f"It was this: {planted.misconception.what}")
    where = f", at [{', '.join(map(str, place))}]" if right.ndim and right.size > 1 else ""
    items = (
        Item(
            "a.line",
            "the first line that is wrong",
            "choice",
            options=asked,
            right=planted.symbol,
            mistakes={
                symbol: _BEFORE if asked.index(symbol) < asked.index(planted.symbol) else _AFTER
                for symbol in asked
                if symbol != planted.symbol
            },
        ),
        Item(
            "a.cause",
            "the mistake that was made",
            "choice",
            options=options,
            right=planted.misconception.what,
            mistakes={"": named},
        ),
        Item("a.value", f"the right number in that line{where}", "number", right=float(right[place])),
    )
    text = (
        "Somebody worked this step out: relu in the hidden layer, no activation at the output, the loss ½(ŷ − y)², learning "
        "rate 0.5. One line is wrong; the lines below it go on from it. Find it."
    )
    return (Part("a", "Find the mistake", text, step[0].given, items, derivation, (), lines=lines),)


def _differs(right: Array, planted: Effect, other: Effect) -> bool:
    """True if the other mistake would have given other numbers in the planted line."""
    values = np.asarray(other.values.get(planted.symbol, right), dtype=float)
    wrong = np.asarray(planted.values[planted.symbol], dtype=float)
    return values.size != wrong.size or not np.allclose(values.reshape(wrong.shape), wrong, rtol=0.02)
