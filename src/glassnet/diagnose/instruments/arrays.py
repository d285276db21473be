"""Looks made of the arrays that another training loop recorded: NumPy's, or tensors of another library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.instruments.instruments import Detail, Look, histogram, rms, update_ratio
from glassnet.diagnose.thresholds import Thresholds
from glassnet.errors import InputError, shown

Array = NDArray[Any]

LAYOUTS = ("in_out", "out_in")


@dataclass(frozen=True, eq=False)
class Record:
    """Holds what another loop recorded: for each look the matrices of each layer, (fan_in, fan_out), their gradients, activations."""

    weights: list[list[Array]]
    gradients: list[list[Array]]
    activations: list[list[Array]]
    steps: list[int] | None

    @property
    def count(self) -> int:
        """The number of looks."""
        return max(len(self.weights), len(self.gradients), len(self.activations))

    @property
    def n_layers(self) -> int:
        """The number of layers, 0 if neither weights nor gradients were recorded."""
        return len((self.weights or self.gradients or [[]])[0])


def numbers(name: str, given: Any) -> Array:
    """Return one number for each epoch, from a sequence, an iterator or a tensor."""
    values = (
        _array(name, given)
        if hasattr(given, "shape")
        else _array(name, [_array(name, each) for each in _listed(name, given)])
    )
    if values.ndim != 1:
        raise InputError(f"{name}: expected one number for each epoch; got shape {values.shape}; pass their means.")
    return values


def record_of(weights: Any, gradients: Any, activations: Any, steps: Any, layout: str | None) -> Record:
    """Read the arrays of another loop and check that their shapes belong to one network."""
    if layout is not None and layout not in LAYOUTS:
        raise InputError(f"layout: expected 'in_out' or 'out_in'; got {shown(layout)}; torch.nn.Linear has 'out_in'.")
    W, G, A = (
        _looks(name, given)
        for name, given in (("weights", weights), ("gradients", gradients), ("activations", activations))
    )
    when = None if steps is None else [int(step) for step in numbers("steps", steps)]
    count = max(len(W), len(G), len(A))
    for name, entries in (("weights", W), ("gradients", G), ("activations", A), ("steps", when or [])):
        if len(entries) not in (0, count):
            raise InputError(f"{name}: expected one entry for each of {count} looks; got {len(entries)}; pass as many.")
    if when is not None and any(after <= before for before, after in pairwise(when)):
        raise InputError("steps: expected growing numbers of updates; got others; pass the number before each look.")
    hidden = len((W or G or [[]])[0]) - 1
    for place, look in enumerate(A):
        if len(look) != len(A[0]) or (hidden >= 0 and len(look) not in (hidden, hidden + 1)):
            expected = hidden if hidden >= 0 else len(A[0])
            raise InputError(
                f"activations: expected {expected} hidden layers at look {place}; got {len(look)}; pass those of each."
            )
    for name, entries in (("weights", W), ("gradients", G)):
        if entries and _is_out_in(name, entries[0], layout, A[0] if A else []):
            entries[:] = [[matrix.T for matrix in look] for look in entries]
    _check_alike(W, G)
    return Record(W, G, A, when)


def looks_of(record: Record, thresholds: Thresholds) -> list[Look]:
    """Return the looks of a record."""
    looks = []
    for place in range(record.count):
        W = record.weights[place] if record.weights else []
        G = record.gradients[place] if record.gradients else []
        steps = record.steps
        ratio: tuple[float, ...] = ()
        if steps is not None and W and place + 1 < record.count and steps[place + 1] == steps[place] + 1:
            ratio = tuple(update_ratio(w, after) for w, after in zip(W, record.weights[place + 1], strict=True))
        moved = (
            sum(float(np.sum((w - first) ** 2)) for w, first in zip(W, record.weights[0], strict=True)) if W else 0.0
        )
        looks.append(
            Look(
                step=steps[place] if steps is not None else place,
                loss=float("nan"),
                weight=tuple(map(rms, W)),
                gradient=tuple(map(rms, G)),
                ratio=ratio,
                distance=float(np.sqrt(moved)),
                detail=_detail(record.activations[place] if record.activations else [], W, G, thresholds),
            )
        )
    return looks


def _array(name: str, given: Any) -> Array:
    """Return numbers as an array; a tensor is detached from its graph and fetched from its device first."""
    if callable(getattr(given, "detach", None)):
        given = given.detach().cpu()
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{name}: expected numbers; got {shown(given)}; pass arrays of float.") from error


def _listed(name: str, given: Any) -> list[Any]:
    try:
        return list(given)
    except TypeError as error:
        raise InputError(f"{name}: expected a list; got {shown(given)}; pass one entry for each look.") from error


def _looks(name: str, given: Any) -> list[list[Array]]:
    """Return the matrices of each look; refuse a flat list of matrices, vectors, and tensors that were not copied."""
    looks: list[list[Array]] = []
    tensors: list[Any] = []
    for place, look in enumerate(_listed(name, given)):
        if getattr(look, "ndim", 0) == 2:
            raise InputError(
                f"{name}: expected a list of matrices for each look; got one matrix; pass [[W1, W2, …], …]."
            )
        entries = _listed(name, look)
        matrices = [_array(name, entry) for entry in entries]
        for layer, matrix in enumerate(matrices, start=1):
            if matrix.ndim != 2:
                kind, others = ("(rows, units)", "other shapes") if name == "activations" else ("a matrix", "biases")
                raise InputError(
                    f"{name}: expected {kind} for layer {layer} of look {place}; got shape {matrix.shape}; leave out {others}."
                )
        looks.append(matrices)
        if entries and hasattr(entries[0], "data_ptr"):
            tensors.append(entries[0])
    if len({tensor.data_ptr() for tensor in tensors}) < len(tensors):
        raise InputError(
            f"{name}: expected numbers of their own at each look; got one tensor twice; pass tensor.detach().clone()."
        )
    return looks


def _is_out_in(name: str, matrices: list[Array], layout: str | None, activations: list[Array]) -> bool:
    """True if the matrices are (fan_out, fan_in): told by `layout`, else recognised where their shapes chain in one way only."""
    shapes = [matrix.shape for matrix in matrices]
    widths = [a.shape[1] for a in activations]

    def chain(given: Sequence[tuple[int, ...]]) -> bool:
        ends = zip(given, widths, strict=False)
        return all(one[1] == two[0] for one, two in pairwise(given)) and all(s[1] == width for s, width in ends)

    fits = {"in_out": chain(shapes), "out_in": chain([shape[::-1] for shape in shapes])}
    if not (fits[layout] if layout is not None else any(fits.values())):
        way = layout or "(fan_in, fan_out) or (fan_out, fan_in)"
        got = ", ".join(map(str, shapes)) + (
            f" with activations of {', '.join(map(str, widths))} units" if widths else ""
        )
        raise InputError(
            f"{name}: expected matrices that follow each other as {way}; got shapes {got}; pass one network's."
        )
    return layout == "out_in" or not (layout or fits["in_out"])


def _check_alike(weights: list[list[Array]], gradients: list[list[Array]]) -> None:
    """Refuse looks of differing shapes, and gradients in other shapes than their weights."""
    for name, looks in (("weights", weights), ("gradients", gradients)):
        first = [matrix.shape for matrix in (weights or looks or [[]])[0]]
        for place, look in enumerate(looks):
            shapes = [matrix.shape for matrix in look]
            if shapes != first:
                what = "pass dL/dW of each layer." if name == "gradients" else "pass the same layers at each look."
                raise InputError(f"{name}: expected shapes {first} at look {place}; got {shapes}; {what}")


def _detail(A: list[Array], W: list[Array], G: list[Array], thresholds: Thresholds) -> Detail:
    """Find dead and saturated units from activations alone, and estimate how the gradient shrinks on its way back."""
    dead, saturated = {}, {}
    for layer, a in enumerate(A, start=1):
        slopes, largest = _slopes(a)
        if largest is not None:
            saturated[layer] = float(np.mean(slopes < thresholds.saturated_slope * largest))
        elif (a >= 0).all():
            dead[layer] = float(np.mean((slopes == 0).all(axis=0)))
    return Detail(
        dead=dead,
        saturated=saturated,
        spread={},
        signal=_signal(A, W),
        activations={layer: histogram(a) for layer, a in enumerate(A, start=1)},
        gradients={layer: histogram(g) for layer, g in enumerate(G, start=1)},
    )


def _slopes(a: Array) -> tuple[Array, float | None]:
    """Return g'(z) as a function of g(z), which tells the function, and its largest value if g levels off on both sides.

    Within ±1 and of both signs it is tanh, between 0 and 1 a sigmoid, from 0 upwards relu; else a slope of 1 is assumed.
    """
    size = float(np.abs(a).max(initial=0))
    if size <= 1 and (a < 0).any():
        return 1 - a**2, 1.0 if size > 0.5 else None
    if 0.5 < size <= 1 and (a > 0).all():
        return a * (1 - a), 0.25
    return ((a > 0).astype(np.float64) if (a >= 0).all() else np.ones_like(a)), None


def _signal(A: list[Array], W: list[Array]) -> dict[int, float]:
    """Estimate the size of ∂L/∂Z by layer, that of the last being 1.

    On its way back ∂L/∂Z is multiplied by Wᵀ, which scales the root mean square of independent entries by √fan_out · rms(W),
    and by g'(Z). Without activations g' is taken as 1, its largest value in the usual ones, so that only a shrinking is told.
    """
    if not W:
        return {}
    signal = {len(W): 1.0}
    for layer in range(len(W) - 1, 0, -1):
        slope = rms(_slopes(A[layer - 1])[0]) if A else 1.0
        signal[layer] = signal[layer + 1] * float(np.sqrt(W[layer].shape[1])) * rms(W[layer]) * slope
    return signal if A else {layer: min(size, 1.0) for layer, size in signal.items()}
