"""The layout of weights and biases in the flat parameter vector theta: W1, b1, W2, b2, … one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """The places of W[l], (sizes[l-1], sizes[l]), and b[l], (sizes[l],), in theta; layers count from 1.

    Examples
    --------
    >>> layout = Layout((2, 10, 1))
    >>> layout.size
    41
    >>> layout.name_of(33)
    'W2[3, 0]'
    """

    sizes: tuple[int, ...]

    @property
    def n_layers(self) -> int:
        return len(self.sizes) - 1

    @property
    def size(self) -> int:
        """The number of parameters: Σ (fan_in + 1)·fan_out."""
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in zip(self.sizes, self.sizes[1:], strict=False))

    def offsets(self) -> dict[int, tuple[int, int, int]]:
        """{l: (start of W[l], start of b[l], end of b[l])}."""
        places, start = {}, 0
        for layer, (fan_in, fan_out) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            bias = start + fan_in * fan_out
            places[layer] = (start, bias, bias + fan_out)
            start = bias + fan_out
        return places

    def views(self, theta: Array) -> tuple[dict[int, Array], dict[int, Array]]:
        """W and b as views into theta: writing W[1][0, 0] writes theta[0]."""
        W, b = {}, {}
        for layer, (start, bias, end) in self.offsets().items():
            W[layer] = theta[start:bias].reshape(self.sizes[layer - 1], self.sizes[layer])
            b[layer] = theta[bias:end]
        return W, b

    def is_weight(self) -> NDArray[np.bool_]:
        """True where theta holds a weight, False where it holds a bias."""
        mask = np.zeros(self.size, dtype=bool)
        for start, bias, _ in self.offsets().values():
            mask[start:bias] = True
        return mask

    def layer_of(self, index: int) -> int:
        """The layer that theta[index] belongs to."""
        return next(layer for layer, (_, _, end) in self.offsets().items() if index < end)

    def name_of(self, index: int) -> str:
        """Return the name of theta[index], such as W2[3, 0] or b1[4]."""
        layer = self.layer_of(index)
        start, bias, _ = self.offsets()[layer]
        if index >= bias:
            return f"b{layer}[{index - bias}]"
        row, column = divmod(index - start, self.sizes[layer])
        return f"W{layer}[{row}, {column}]"
