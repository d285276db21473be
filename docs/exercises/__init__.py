"""The course's exercises, a module a chapter; right values and those of typical mistakes are computed by glassnet."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from exercises.kinds import Code, Numbers

SEED = 7


def chapters() -> list[str]:
    """Return the numbers of the chapters that have exercises: ["01", "02", …]."""
    return sorted(path.stem.removeprefix("chapter_") for path in Path(__file__).parent.glob("chapter_*.py"))


@cache
def of_chapter(number: str, seed: int = SEED) -> tuple[Numbers | Code, ...]:
    """Return the exercises of a chapter, given its two digits."""
    return import_module(f"exercises.chapter_{number}").exercises(seed=seed)


def exercise(name: str) -> Numbers | Code:
    """Return the exercise of a name such as "01-parameters"; KeyError if there is none."""
    for each in of_chapter(name[:2]) if name[:2] in chapters() else ():
        if each.name == name:
            return each
    raise KeyError(f"exercise: expected the name of one in docs/exercises; got {name!r}; see chapter_{name[:2]}.py.")
