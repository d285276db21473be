"""Checks on the arguments of Network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glassnet.equations.activations import Activation
from glassnet.equations.initializers import RandomSource
from glassnet.equations.loss import Loss
from glassnet.errors import InputError, check_count, shown, unknown_name


def check_sizes(sizes: Any) -> tuple[int, ...]:
    """Inputs, hidden widths and outputs as whole numbers ≥ 1, at least two of them."""
    sequence = isinstance(sizes, Sequence) or np.ndim(sizes) > 0
    if isinstance(sizes, str) or not sequence or len(sizes) < 2:
        raise InputError(
            f"sizes: expected inputs, hidden widths, outputs; got {shown(sizes)}; pass e.g. sizes=[2, 10, 1]."
        )
    return tuple(check_count(f"sizes[{i}]", size) for i, size in enumerate(sizes))


def check_dtype(dtype: Any) -> np.dtype[Any]:
    """float64 or float32 as a dtype."""
    try:
        checked = np.dtype(dtype)
    except TypeError:
        checked = np.dtype(object)
    if checked not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise unknown_name("dtype", dtype, ("float32", "float64"))
    return checked


def one_a_layer(name: str, given: Any, count: int) -> list[Any]:
    """`given` for each of `count` layers: repeated, or a list of that length."""
    if not isinstance(given, list | tuple):
        return [given] * count
    if len(given) != count:
        raise InputError(
            f"{name}: expected one for all or {count}, one a layer; got {len(given)}; adjust the list or sizes."
        )
    return list(given)


def random_source(seed: object) -> RandomSource:
    """The source of the initial weights: a whole number stands for numpy\'s RandomState of that seed."""
    if isinstance(seed, np.random.Generator | np.random.RandomState):
        return seed
    return np.random.RandomState(check_count("seed", seed, low=0, high=2**32 - 1, hint="pass e.g. seed=42"))


def check_parts(activations: Mapping[int, Activation], loss: Loss, sizes: tuple[int, ...]) -> None:
    """Refuse activations and a loss that do not fit together."""
    *hidden, last = activations
    for layer in hidden:
        if activations[layer].rowwise:
            raise InputError(
                f"hidden: expected an elementwise activation; got {activations[layer].name!r} in layer {layer}; "
                "use it as the output."
            )
    output = activations[last]
    if loss.has_link and not loss.contains(output):
        own = "" if output.is_builtin else " of your own"
        raise InputError(
            f"loss: expected one that fits output {output.name!r}{own}; got {loss.name!r}, which contains "
            f"the {loss.link}; use output={loss.link!r}."
        )
    if output.builtin == "softmax" and sizes[-1] < 2:
        raise InputError("sizes: expected at least 2 outputs for a softmax; got 1; use output='sigmoid'.")
