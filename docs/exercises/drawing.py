"""Draws an exercise's numbers again until each typical mistake can be told from the right answer and from the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exercises.kinds import Numbers

TRIES = 500


def draw(make: Callable[[np.random.Generator], Numbers], seed: int) -> Numbers:
    """Return the first exercise that `make` draws in which no two answers are alike.

    Raises
    ------
    ValueError
        If none of 500 draws has that.
    """
    for attempt in range(TRIES):
        exercise = make(np.random.default_rng([seed, attempt]))
        if tells_apart(exercise):
            return exercise
    raise ValueError(f"{exercise.name}: expected answers that differ; got none in {TRIES} draws; ask other numbers.")


def tells_apart(exercise: Numbers) -> bool:
    """Return True if each answer is known by three digits, and each two lie further apart than marking forgives for both."""
    answers = np.array([exercise.right, *(wrong.values for wrong in exercise.wrong)], dtype=float)
    if not np.isfinite(answers).all():
        return False
    rounded = np.array([[float(f"{number:.3g}") for number in answer] for answer in answers])
    if np.abs(rounded - answers).max() > exercise.allowed:
        return False
    distance = np.abs(answers[:, None] - answers[None]).max(axis=2)
    np.fill_diagonal(distance, np.inf)
    return bool(distance.min() > 2 * exercise.allowed)
