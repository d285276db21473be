"""Random draws of training, each a pure function of the seed and of where in the run it is used.

Nothing is carried from draw to draw, so any epoch or step can be repeated alone, in any order and on any machine:
the raw stream of Philox (Salmon et al. 2011) is fixed by its definition, and numpy promises to keep it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_ORDER = 0  # streams: 0 for the order of the rows, l for the dropout mask of layer l, the last for the order of blocks
_BLOCKS = 2**64 - 1


def batch_order(seed: int, epoch: int, n: int) -> NDArray[np.intp]:
    """Return the order in which `epoch` visits n rows: sorted by one random 64-bit key for each row."""
    return np.argsort(_philox(seed, _ORDER, epoch).random_raw(n), kind="stable")


def order_keys(seed: int, epoch: int, first: int, count: int) -> NDArray[np.uint64]:
    """Return the keys of rows first … first + count − 1, by which `batch_order` sorts all rows."""
    four = _philox(seed, _ORDER, epoch, first // 4)  # numbers come in fours
    keys: NDArray[np.uint64] = four.random_raw(count + first % 4)[first % 4 :]
    return keys


def block_order(seed: int, epoch: int, n: int) -> NDArray[np.intp]:
    """Return the order in which `epoch` visits n blocks of rows: sorted by one random 64-bit key for each block."""
    return np.argsort(_philox(seed, _BLOCKS, epoch).random_raw(n), kind="stable")


def dropout_mask(seed: int, step: int, layer: int, shape: tuple[int, int], rate: float, dtype: Any) -> Array:
    """Draw the mask (n, width) of `layer` at `step`: 0 with probability `rate`, else 1/(1 − rate).

    The scale keeps the expected activation, so prediction needs no change (Srivastava et al. 2014, inverted).
    Unit j of row i is dropped where the 32-bit number i·width + j of the stream is below rate·2³².
    """
    n = shape[0] * shape[1]
    words = _philox(seed, layer, step).random_raw((n + 1) // 2)
    draws = words.astype("<u8").view("<u4")[:n].reshape(shape)
    return (draws >= np.uint32(rate * 2**32)) * np.asarray(1 / (1 - rate), dtype=dtype)


def _philox(seed: int, stream: int, place: int, fours: int = 0) -> np.random.Philox:
    """Return the source of the raw numbers of a stream at a place, from four times `fours` on."""
    return np.random.Philox(key=np.array([seed, stream], np.uint64), counter=np.array([fours, 0, place, 0], np.uint64))
