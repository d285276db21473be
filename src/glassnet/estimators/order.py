"""Scikit-learn's order of rows: each epoch shuffles the order of the one before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class ShuffledOrder:
    """Draws the orders of the next epochs from a RandomState, as scikit-learn does, and hands them out by epoch."""

    def __init__(self, rng: np.random.RandomState, n: int) -> None:
        self._rng = rng
        self._drawn: list[NDArray[np.intp]] = [np.arange(n)]
        self._first = 0
        self._earlier: dict[int, NDArray[np.intp]] = {}  # of the draw before, for a run that goes back into it
        self._before: Any = None

    def draw(self, first: int, epochs: int) -> None:
        """Draw the orders of the epochs from `first` on."""
        order = self._drawn[-1]
        self._earlier = dict(enumerate(self._drawn, self._first))
        # a single epoch's draw stands, as scikit-learn's does; to read the state takes longer than a small step
        self._before = self._rng.get_state() if epochs > 1 else None
        self._first, self._drawn = first, []
        for _ in range(epochs):
            order = order[self._rng.permutation(len(order))]
            self._drawn.append(order)

    def __call__(self, epoch: int) -> NDArray[np.intp]:
        """Return the rows' order in `epoch`, which the last draw or the one before it holds."""
        return self._drawn[epoch - self._first] if epoch >= self._first else self._earlier[epoch]

    @property
    def last(self) -> NDArray[np.intp]:
        """The order that the next draw shuffles."""
        return self._drawn[-1]

    @property
    def source(self) -> np.random.RandomState:
        """The source of the draws, as it stands."""
        source = np.random.RandomState(0)
        source.set_state(self._rng.get_state())
        return source

    def restore(self, last: NDArray[np.intp], source: np.random.RandomState) -> None:
        """Go on from the order `last` and the state of `source`."""
        self._drawn, self._earlier = [last.astype(np.intp)], {}
        self._rng.set_state(source.get_state())

    def give_back(self, used: int, rewind: bool) -> None:
        """Forget all but the first `used` of the orders drawn last; `rewind` also undoes their draws."""
        if used == len(self._drawn):
            return
        del self._drawn[max(used, 1) :]
        if rewind and self._before is not None:
            self._rng.set_state(self._before)
            for _ in range(used):
                self._rng.permutation(len(self._drawn[0]))
