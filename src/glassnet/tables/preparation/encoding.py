"""The Encoding: how the columns of a table become features, as plain values that a search can vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from glassnet.errors import InputError, check_count, check_number, unknown_name

CUTS = ("quantile", "tree")
CATEGORIES = ("onehot", "target", "both")


@dataclass(frozen=True)
class Encoding:
    """Which features a number and a category become; the default is one standardised number, and 0/1 for each category.

    Parameters
    ----------
    standard : bool
        A number is standardised: (x − mean)/scale.
    clip : float
        The standardised number is kept within ±clip; 0 for no limit.
    rank : bool
        The quantile rank of a number, from −1.7 to 1.7.
    bins : int
        Bins of the piecewise-linear encoding; 0 for none.
    cuts : "quantile" or "tree"
        Bins are cut at quantiles, or where a regression tree on the target cuts.
    few_values : int
        A number with 3 to this many distinct values has one 0/1 feature for each value as well; 0 for none.
    frequencies : int
        Frequencies f of the periodic features cos(2πfz) and sin(2πfz) of a standardised number z; 0 for none.
    sigma : float
        Standard deviation of these frequencies.
    categories : "onehot", "target" or "both"
        A category is 0/1 features, the mean of the target in it, or both.
    least : int
        A category that occurs less often shares the feature "other".
    most : int
        At most so many categories have a feature of their own; the rarer ones share "other".
    smoothing : float
        Rows of the overall mean that are added to each category's mean of the target.

    Examples
    --------
    >>> Encoding(bins=16, categories="both", least=5)
    Encoding(standard=True, clip=0.0, rank=False, bins=16, cuts='quantile', few_values=0, frequencies=0, sigma=0.1, ...
    """

    standard: bool = True
    clip: float = 0.0
    rank: bool = False
    bins: int = 0
    cuts: Literal["quantile", "tree"] = "quantile"
    few_values: int = 0
    frequencies: int = 0
    sigma: float = 0.1
    categories: Literal["onehot", "target", "both"] = "onehot"
    least: int = 1
    most: int = 1_000
    smoothing: float = 20.0

    def __post_init__(self) -> None:
        for name, low in {"bins": 0, "few_values": 0, "frequencies": 0, "least": 1, "most": 1}.items():
            check_count(name, getattr(self, name), low=low)
        for name in ("clip", "sigma", "smoothing"):
            check_number(name, getattr(self, name), low=0)
        known: dict[str, tuple[str, ...]] = {"cuts": CUTS, "categories": CATEGORIES}
        for name, choices in known.items():
            if getattr(self, name) not in choices:
                raise unknown_name(name, getattr(self, name), choices)
        for name in ("standard", "rank"):
            if not isinstance(getattr(self, name), bool):
                got: Any = getattr(self, name)
                raise InputError(f"{name}: expected True or False; got {got!r}; pass one of these.")
