"""The Encoder: plain numbers, measured on training rows, by which a number or a category becomes features.

An encoder of numbers takes values (n,) without gaps; one of categories takes the place of each cell's category in the
column's list (n,), MISSING for a missing cell and UNSEEN for a category that is not listed. Both write (width, n).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MISSING, UNSEEN = -1, -2  # the last and the last but one of an array of categories with two more at its end


@dataclass(frozen=True)
class Encoder(ABC):
    """The base of all encoders."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def width(self) -> int:
        """The number of features."""

    @property
    def at_once(self) -> int:
        """The most features that differ from 0 in one row."""
        return self.width

    @abstractmethod
    def names(self, of: str, categories: Sequence[Any] = ()) -> list[str]:
        """Return the names of the features of the column called `of`."""

    @abstractmethod
    def text(self, categories: Sequence[Any] = ()) -> str:
        """Describe the features in a few words."""

    @abstractmethod
    def fill(self, values: Array, out: Array) -> None:
        """Write the features of `values` (n,) into `out` (width, n), which must be 0."""

    def entries(self, values: Array) -> list[tuple[int | Array, Array]]:
        """Return the features that may differ from 0 and their values (n,): one feature for all rows, or one a row."""
        out = np.zeros((self.width, len(values)))
        self.fill(values, out)
        return list(enumerate(out))

    def is_sound(self) -> bool:
        """Return whether the numbers fit together."""
        return True

    def to_dict(self) -> dict[str, Any]:
        """Return the encoder as JSON values."""
        return {"kind": self.kind, **{name: _listed(value) for name, value in vars(self).items()}}


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
