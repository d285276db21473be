"""The encoders of numbers: standardised, quantile rank, bins, single values, periodic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.preparation.encoder import Encoder
from glassnet.tables.preparation.equations import binned, clipped, cosine, equals, sine, standardised

Array = NDArray[Any]

QUANTILES = 201  # of a rank
RANK = 1.7  # the largest rank; ranks of many different values then have a standard deviation of 0.98


@dataclass(frozen=True)
class Standard(Encoder):
    """(x − mean)/scale, within ±clip unless that is 0."""

    mean: float = 0.0
    scale: float = 1.0
    clip: float = 0.0
    kind: ClassVar[str] = "standard"

    @property
    def width(self) -> int:
        return 1

    def names(self, of: str, categories: Sequence[Any] = ()) -> list[str]:
        return [of]

    def text(self, categories: Sequence[Any] = ()) -> str:
        mean = f"x − {self.mean:.5g}" if self.mean >= 0 else f"x + {-self.mean:.5g}"
        return f"({mean}) / {self.scale:.5g}" + (f" within ±{self.clip:g}" if self.clip else "")

    def fill(self, values: Array, out: Array) -> None:
        z = standardised(values, self.mean, self.scale)
        out[0] = clipped(z, self.clip) if self.clip else z

    def is_sound(self) -> bool:
        return self.scale > 0 and self.clip >= 0


@dataclass(frozen=True)
class Rank(Encoder):
    """The quantile rank of x, interpolated linearly and constant beyond both ends.

    r(x) = r₀ + Σⱼ (rⱼ₊₁ − rⱼ) · share(x, qⱼ, qⱼ₊₁) with quantiles q (k,) that increase and their ranks r (k,).
    The quantiles are those of 0, 0.005, …, 1 with ranks from −1.7 to 1.7 in equal steps; equal quantiles become one,
    with the mean of their ranks.
    """

    quantiles: tuple[float, ...]
    ranks: tuple[float, ...]
    kind: ClassVar[str] = "rank"

    @classmethod
    def fit(cls, ordered: Array) -> Rank:
        """Measure sorted values (n,) that are not all equal."""
        found, counts = np.unique(quantiles(ordered, QUANTILES), return_counts=True)
        ranks = np.add.reduceat(np.linspace(-RANK, RANK, QUANTILES), np.cumsum(counts) - counts) / counts
        return cls(tuple(found.tolist()), tuple(ranks.tolist()))

    @property
    def width(self) -> int:
        return 1

    def names(self, of: str, categories: Sequence[Any] = ()) -> list[str]:
        return [f"{of} rank"]

    def text(self, categories: Sequence[Any] = ()) -> str:
        return "quantile rank"

    def fill(self, values: Array, out: Array) -> None:
        out[0] = np.interp(values, self.quantiles, self.ranks)

    def is_sound(self) -> bool:
        return len(self.ranks) == len(self.quantiles) > 1 and _increase(self.quantiles)


@dataclass(frozen=True)
class Bins(Encoder):
    """The piecewise-linear encoding: of each bin the share that lies below x, minus ½.

    eⱼ(x) = share(x, cⱼ, cⱼ₊₁) − ½ with cuts c (k + 1,) that increase. Gorishniy, Rubachev and Babenko, On Embeddings
    for Numerical Features, NeurIPS 2022 (arXiv 2203.05556); there the first and the last bin have no outer end, here
    x beyond the cuts counts as the nearest cut.
    """

    cuts: tuple[float, ...]
    kind: ClassVar[str] = "bins"

    @property
    def width(self) -> int:
        return len(self.cuts) - 1

    def names(self, of: str, categories: Sequence[Any] = ()) -> list[str]:
        return [f"{of} {low:.5g} … {high:.5g}" for low, high in pairwise(self.cuts)]

    def text(self, categories: Sequence[Any] = ()) -> str:
        return f"{self.width} bins, piecewise linear"

    def fill(self, values: Array, out: Array) -> None:
        for feature, (low, high) in zip(out, pairwise(self.cuts), strict=True):
            feature[:] = binned(values, low, high)

    def is_sound(self) -> bool:
        return self.width > 0 and _increase(self.cuts)


@dataclass(frozen=True)
class Values(Encoder):
    """One 0/1 feature for each value of a number with few."""

    values: tuple[float, ...]
    kind: ClassVar[str] = "values"

    @property
    def width(self) -> int:
        return len(self.values)

    @property
    def at_once(self) -> int:
        return 1

    def names(self, of: str, categories: Sequence[Any] = ()) -> list[str]:
        return [f"{of}={value:.10g}" for value in self.values]

    def text(self, categories: Sequence[Any] = ()) -> str:
        return f"{self.width} features, one a value"

    def fill(self, values: Array, out: Array) -> None:
        for feature, value in zip(out, self.values, strict=True):
            feature[:] = equals(values, value)

    def is_sound(self) -> bool:
        return self.width > 0 and _increase(self.values)


@dataclass(frozen=True)
class Periodic(Encoder):
    """cos(2πfz) and sin(2πfz) of the standardised z = (x − mean)/scale for each frequency f.

    Gorishniy, Rubachev and Babenko, NeurIPS 2022; the frequencies, drawn from N(0, σ²), are not learned.
    """

    mean: float
    scale: float
    frequencies: tuple[float, ...]
    kind: ClassVar[str] = "periodic"

    @property
    def width(self) -> int:
        return 2 * len(self.frequencies)

    def names(self, of: str, categories: Sequence[Any] = ()) -> list[str]:
        count = range(1, len(self.frequencies) + 1)
        return [*(f"{of} cos {k}" for k in count), *(f"{of} sin {k}" for k in count)]

    def text(self, categories: Sequence[Any] = ()) -> str:
        return f"{self.width} periodic features"

    def fill(self, values: Array, out: Array) -> None:
        for k, frequency in enumerate(self.frequencies):
            out[k] = cosine(values, self.mean, self.scale, frequency)
            out[k + len(self.frequencies)] = sine(values, self.mean, self.scale, frequency)

    def is_sound(self) -> bool:
        return self.scale > 0 and self.width > 0


def quantiles(ordered: Array, count: int) -> Array:
    """Return the quantiles 0, 1/(count − 1), …, 1 of sorted values (n,), interpolated linearly."""
    place = np.linspace(0, 1, count) * (len(ordered) - 1)
    below = place.astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    found: Array = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return found


def _increase(values: tuple[float, ...]) -> bool:
    return all(low < high for low, high in pairwise(values))
