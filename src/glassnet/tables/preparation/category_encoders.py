"""The encoders of categories: one 0/1 feature each, and the mean of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.preparation.encoder import Encoder
from glassnet.tables.preparation.equations import clipped, standardised
from glassnet.tables.reading.table import cut

Array = NDArray[Any]

OTHER = -1  # in place of the number of a feature
FARTHEST = 4.0  # standard deviations of a target mean
FOLDS = 5  # of target means


@dataclass(frozen=True)
class OneHot(Encoder):
    """One 0/1 feature for each category, or for the frequent ones alone; with `other` the last is shared by all others.

    `features` (categories,) are the number of each category's feature, OTHER for those that have none of their own.
    """

    features: tuple[int, ...]
    other: bool = False
    kind: ClassVar[str] = "onehot"

    @classmethod
    def fit(cls, counts: Array, least: int, most: int) -> OneHot:
        """Give a feature to each of the `most` frequent categories that occurs at least `least` times in training.

        The others share a feature if any of them occurs; one that is 0 in all rows trained on would keep a random weight.
        """
        own = np.maximum(counts, 1) >= least
        if len(counts) > most:
            rarer = np.argsort(-counts, kind="stable")[most:]
            own[rarer] = False
        features = np.where(own, np.cumsum(own) - 1, OTHER)
        return cls(tuple(features.tolist()), other=bool(counts[~own].any()))

    @property
    def n_own(self) -> int:
        """The number of categories with a feature of their own."""
        return sum(feature != OTHER for feature in self.features)

    @property
    def width(self) -> int:
        return self.n_own + self.other

    @property
    def at_once(self) -> int:
        return 1

    def names(self, of: str, categories: Sequence[Any] = ()) -> list[str]:
        own = [f"{of}={word}" for word, feature in zip(categories, self.features, strict=True) if feature != OTHER]
        return [*own, f"{of} is another"] if self.other else own

    def text(self, categories: Sequence[Any] = ()) -> str:
        own = [word for word, feature in zip(categories, self.features, strict=True) if feature != OTHER]
        names = [cut(str(word), 16) for word in own[:4]] + ["…"] * (len(own) > 4) + ["others"] * self.other
        return f"{self.width} features: {', '.join(names)}"

    def entries(self, values: Array) -> list[tuple[int | Array, Array]]:
        features = self.by_category()[values]
        return [(features, features != OTHER)]

    def fill(self, values: Array, out: Array) -> None:
        features = self.by_category()[values]
        rows = np.flatnonzero(features != OTHER)
        out[features[rows], rows] = 1

    def by_category(self) -> Array:
        """Return the feature that is 1 for each category, for UNSEEN and for MISSING (categories + 2,); OTHER for none."""
        other, of_missing = self.n_own if self.other else OTHER, OTHER
        return np.array([*(other if each == OTHER else each for each in self.features), other, of_missing])

    def is_sound(self) -> bool:
        own = [feature for feature in self.features if feature != OTHER]
        return own == list(range(len(own)))


@dataclass(frozen=True)
class TargetMean(Encoder):
    """The mean of the target in each category, shrunk to the overall mean and standardised.

    m_c = (Σ y + s·g) / (n_c + s) over the n_c rows of category c, with the overall mean g and the smoothing s; the feature
    is (m_c − g)/scale within ±4, where scale is the standard deviation of m over the categories; 0 for a missing cell and
    for a category that was not seen. y is a number, or of two classes 1 for the second, or of more classes one 0/1 each.
    Micci-Barreca, SIGKDD Explorations 3 (2001). A row that is trained on must not see its own target: `out_of_fold`.

    Parameters
    ----------
    means : (m, categories)
    prior, scale : (m,)
        g and the scale.
    smoothing : float
        s.
    """

    means: tuple[tuple[float, ...], ...]
    prior: tuple[float, ...]
    scale: tuple[float, ...]
    smoothing: float
    kind: ClassVar[str] = "target mean"

    @classmethod
    def fit(cls, codes: Array, n_categories: int, y: Array, smoothing: float) -> TargetMean:
        """Measure targets y (n, m) in the categories `codes` (n,), MISSING for a row without."""
        prior = y.mean(axis=0)
        means = _smoothed(*_totals(codes, n_categories, y), prior, smoothing)
        scale = means.std(axis=0)
        scale[scale == 0] = 1.0
        return cls(tuple(map(tuple, means.T.tolist())), tuple(prior.tolist()), tuple(scale.tolist()), smoothing)

    @property
    def width(self) -> int:
        return len(self.prior)

    @property
    def n_categories(self) -> int:
        """The number of categories."""
        return len(self.means[0])

    def names(self, of: str, categories: Sequence[Any] = ()) -> list[str]:
        return [f"{of} mean"] if self.width == 1 else [f"{of} mean of class {k}" for k in range(1, self.width + 1)]

    def text(self, categories: Sequence[Any] = ()) -> str:
        return "mean of the target" if self.width == 1 else f"{self.width} means, one a class"

    def fill(self, values: Array, out: Array) -> None:
        out[:] = self.by_category()[values].T

    def by_category(self) -> Array:
        """Return the features of each category, of UNSEEN and of MISSING, (categories + 2, m)."""
        return np.vstack([self._scaled(np.array(self.means).T), np.zeros((2, self.width))])

    def out_of_fold(self, codes: Array, y: Array, folds: Array, out: Array) -> None:
        """Write the features of rows trained on, each from the targets y (n, m) of the other folds alone."""
        of_folds = [_totals(codes[folds == fold], self.n_categories, y[folds == fold]) for fold in range(FOLDS)]
        counts, sums = (sum(parts) - np.array(parts) for parts in zip(*of_folds, strict=True))  # of the other folds
        listed = self._scaled(_smoothed(counts, sums, np.array(self.prior), self.smoothing))  # (FOLDS, categories, m)
        out[:] = np.pad(listed, ((0, 0), (0, 2), (0, 0)))[folds, codes].T

    def _scaled(self, means: Array) -> Array:
        return clipped(standardised(means, np.array(self.prior), np.array(self.scale)), FARTHEST)

    def is_sound(self) -> bool:
        widths = {len(self.scale), len(self.prior), len(self.means)}
        right = len(widths) == 1 and self.width > 0 and len(set(map(len, self.means))) == 1
        return right and min(self.scale) > 0 and self.smoothing >= 0


def _totals(codes: Array, n_categories: int, y: Array) -> tuple[Array, Array]:
    """Return the number of rows (categories,) and the sum of the targets (categories, m) in each category."""
    known = codes >= 0
    codes, y = codes[known], y[known]
    counts = np.bincount(codes, minlength=n_categories)
    return counts, np.stack([np.bincount(codes, each, n_categories) for each in y.T], axis=-1)


def _smoothed(counts: Array, sums: Array, prior: Array, smoothing: float) -> Array:
    """(Σ y + s·g) / (n + s), and g where that is 0/0."""
    weights = (counts + smoothing)[..., None]
    means = np.broadcast_to(prior, sums.shape).copy()
    return np.divide(sums + smoothing * prior, weights, out=means, where=weights > 0)
