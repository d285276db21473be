"""The gradient check: compares backpropagation with derivatives that do not use it.

The complex step (Squire & Trapp 1998) perturbs one parameter by ih and reads f'(θ) = Im f(θ + ih)/h: no subtraction,
so no rounding to balance against h, and a result exact to machine precision. It needs equations that are analytic
on both sides of their kinks; where one is not (it takes a real abs, say), centred differences serve instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import check_count, check_number
from glassnet.network import passes
from glassnet.network.derivatives import COMPLEX_STEP, DIFFERENCE, centred_difference, complex_step, objective_at
from glassnet.network.inputs import check_sample_weight, check_X
from glassnet.network.network import Network

Array = NDArray[Any]

FLOOR = 1e-3  # errors are relative to the entry, but to no less than this share of its layer's largest entry
FLOOR_OF_ALL = (
    1e-4  # nor to less than this share of the largest of all: where symmetry makes a whole b vanish, g is noise
)
DIRECTION_TOLERANCE = 1e-7  # gap of a slope along a direction ÷ size of the gradient


@dataclass(frozen=True)
class Entry:
    """The gradient of one parameter by backpropagation and by two independent derivatives."""

    name: str
    layer: int
    backprop: float
    complex_step: float | None
    centred: float
    relative_error: float
    at_kink: bool

    def __str__(self) -> str:
        second = "" if self.complex_step is None else f", complex step {self.complex_step:.12g}"
        kink = " (at a kink)" if self.at_kink else ""
        return (
            f"{self.name}: backprop {self.backprop:.12g}{second}, centred difference {self.centred:.8g}, "
            f"relative error {self.relative_error:.1e}{kink}"
        )


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """The result of check_gradients.

    Attributes
    ----------
    ok : bool
        True if no error is above `tolerance`, kinks apart.
    worst : Entry
        The entry with the largest error away from kinks: name, backprop, complex_step, centred, relative_error.
    kinks : tuple of Entry
        Entries whose error is above tolerance because a unit sits at a kink of its activation or loss, where the
        derivative jumps and any value between its two sides is right.
    suspects : tuple of str
        Equations whose derivative disagrees with the function itself.
    method : str
        The independent derivative: "complex step" or "centred differences".
    checked, n_parameters : int
        The number of parameters that were compared, and of all.
    tolerance : float
        The largest relative error that is right.

    Examples
    --------
    >>> from glassnet import Activation
    >>> wrong = Activation("mine", np.tanh, lambda z, a: 1 - a)  # the square is forgotten
    >>> found = check_gradients(Network([2, 3, 1], hidden=wrong, seed=0), [[0.5, -1.0]], [0.3])
    >>> found.ok, found.suspects[0][:38]
    (False, "df of activation 'mine' (layer 1): say")
    """

    ok: bool
    worst: Entry
    kinks: tuple[Entry, ...]
    suspects: tuple[str, ...]
    method: str
    checked: int
    n_parameters: int
    tolerance: float

    def __repr__(self) -> str:
        verdict = f"gradient {'right' if self.ok else 'WRONG'} to {self.tolerance:.0e}"
        count = f"{self.checked} of {self.n_parameters} parameters"
        lines = [f"{verdict} ({self.method}, {count})", f"worst {self.worst}"]
        if self.kinks:
            lines.append(f"{len(self.kinks)} at a kink, where the derivative jumps: {self.kinks[0].name} and others")
        lines += [f"suspect: {suspect}" for suspect in self.suspects]
        return "\n".join(lines)


def check_gradients(
    network: Network,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    tolerance: float | None = None,
    at_most: int = 2000,
    seed: int = 0,
) -> GradientCheck:
    """Compare the gradient of `network.backward` with the complex step and with centred differences.

    The relative error of an entry is |g − g'| / max(|g|, |g'|, 10⁻³ · largest |g'| of its W or b, 10⁻⁴ · largest
    |g'| of all). The complex step is that of Squire & Trapp 1998.

    Parameters
    ----------
    network : Network
        The network; it is not changed.
    X, y, sample_weight : (n, d), (n,) or (n, k), (n,)
        The rows on which the loss is taken.
    l1, l2 : float
        The penalties, as in `train`.
    tolerance : float
        The largest relative error that is right. By default 1e-7 for the complex step, 1e-5 for centred differences,
        1e-3 in float32.
    at_most : int
        Number of parameters to check, drawn at random if the network has more; each costs three forward passes.
    seed : int
        Seed of that draw.

    Returns
    -------
    GradientCheck

    Raises
    ------
    InputError
        If X, y or sample_weight do not fit the network.

    Examples
    --------
    >>> net = Network([2, 5, 1], hidden="tanh", output="sigmoid", seed=0)
    >>> check = check_gradients(net, [[0.5, -1.0], [2.0, 0.3]], [0, 1])
    >>> check.ok, check.worst.relative_error < 1e-12
    (True, True)
    """
    X = check_X(X, network.sizes[0], network.dtype)
    Y = network.encode(y, X.shape[0])
    weight = check_sample_weight(sample_weight, len(Y), network.dtype)
    l1, l2 = check_number("l1", l1, 0), check_number("l2", l2, 0)
    backprop = network.backward(network.forward(X), Y, weight, l1=l1, l2=l2).flat.astype(np.float64)

    # the reference is float64 for every dtype of the network
    exact = network.with_theta(network.theta.astype(np.float64))
    X64, Y64 = X.astype(np.float64), Y.astype(np.float64)
    weight64 = None if weight is None else weight.astype(np.float64)
    suspects, analytic = _examine_equations(exact, X64, Y64)

    def objective(theta: Array) -> Any:
        return objective_at(exact, theta, X64, Y64, weight64, l1, l2)

    checked = _draw(network.n_parameters, check_count("at_most", at_most), seed)
    centred = np.array([centred_difference(objective, exact.theta, i) for i in checked])
    stepped = np.array([complex_step(objective, exact.theta, i) for i in checked]) if analytic else None
    yardstick = centred if stepped is None else stepped
    errors = relative_errors(backprop[checked], yardstick, [network.layout.name_of(i).split("[")[0] for i in checked])
    if tolerance is None:
        tolerance = 1e-3 if network.dtype == np.float32 else 1e-7 if analytic else 1e-5
    tolerance = check_number("tolerance", tolerance, 0)

    entries = [
        Entry(
            name=network.layout.name_of(i),
            layer=network.layout.layer_of(i),
            backprop=float(backprop[i]),
            complex_step=None if stepped is None else float(stepped[k]),
            centred=float(centred[k]),
            relative_error=float(errors[k]),
            at_kink=bool(errors[k] > tolerance) and _crosses_kink(exact, i, X64, Y64, l1),
        )
        for k, i in enumerate(checked)
    ]
    smooth = [entry for entry in entries if not entry.at_kink] or entries
    worst = max(smooth, key=lambda entry: entry.relative_error)
    return GradientCheck(
        ok=worst.relative_error <= tolerance or worst.at_kink,
        worst=worst,
        kinks=tuple(entry for entry in entries if entry.at_kink),
        suspects=suspects,
        method="complex step" if analytic else "centred differences",
        checked=len(checked),
        n_parameters=network.n_parameters,
        tolerance=tolerance,
    )


def agrees_along_directions(network: Network, X: Array, Y: Array) -> bool:
    """True if all derivatives are those of their functions, and backpropagation agrees with the complex step along a direction.

    One random direction for each W and b, from encoded targets Y (n, k) in float64: a few forward passes, where
    `check_gradients` takes three for each entry to name the one that is wrong.
    """
    suspects, analytic = _examine_equations(network, X, Y)
    if suspects or not analytic:
        return False
    gradient = network.backward(network.forward(X), Y).flat
    rng = np.random.default_rng(0)
    gaps, sizes = [], []
    for layer in range(1, network.n_layers + 1):
        for which in range(2):
            direction = np.zeros(network.n_parameters)
            part = network.layout.views(direction)[which][layer]
            part[...] = rng.normal(size=part.shape)
            slope = np.imag(objective_at(network, network.theta + COMPLEX_STEP * 1j * direction, X, Y)) / COMPLEX_STEP
            gaps.append(abs(slope - gradient @ direction))
            sizes.append(np.linalg.norm(gradient[direction != 0]))
    floor = np.maximum(sizes, FLOOR_OF_ALL * np.max(sizes))
    return bool(np.all(np.array(gaps) <= DIRECTION_TOLERANCE * floor))


def _draw(n_parameters: int, at_most: int, seed: int) -> list[int]:
    """Return the positions in theta to check: all, or `at_most` of them at random."""
    every = list(range(n_parameters))
    if n_parameters <= at_most:
        return every
    return sorted(np.random.default_rng(seed).choice(every, at_most, replace=False).tolist())


def forward_difference_gradient(network: Network, X: Any, y: Any) -> Array:
    """∂L/∂θᵢ ≈ (L(θ + h·eᵢ) − L(θ)) / h, one forward pass a parameter: what backpropagation saves."""
    X = check_X(X, network.sizes[0], network.dtype)
    Y = network.encode(y, X.shape[0])
    theta, h = network.theta.copy(), 1e-7
    start = objective_at(network, theta, X, Y)
    gradient = np.empty_like(theta)
    for i, value in enumerate(network.theta):
        theta[i] = value + h
        gradient[i] = (objective_at(network, theta, X, Y) - start) / h
        theta[i] = value
    return gradient


def relative_errors(given: Array, exact: Array, groups: list[str]) -> Array:
    """|g − g'| / max(|g|, |g'|, 10⁻³ · largest |g'| of the group, 10⁻⁴ · largest |g'|); 0 where both are 0."""
    names, group = np.unique(groups, return_inverse=True)
    largest = np.zeros(len(names))
    np.maximum.at(largest, group, np.abs(exact))
    floor = np.maximum(FLOOR * largest, FLOOR_OF_ALL * largest.max())[group]
    scale = np.maximum(np.maximum(np.abs(given), np.abs(exact)), floor)
    errors: Array = np.abs(given - exact) / np.where(scale > 0, scale, 1)
    return np.where(np.isfinite(errors), errors, np.inf)


def _crosses_kink(network: Network, index: int, X: Array, Y: Array, l1: float) -> bool:
    """True if moving θᵢ by ±h takes a unit to or across a kink of its activation, the loss or the L1 penalty."""
    h = DIFFERENCE * max(1.0, abs(float(network.theta[index])))
    sides = []
    for move in (-h, 0.0, h):
        theta = network.theta.copy()
        theta[index] += move
        at = network.with_theta(theta)
        trace = passes.forward(at.activations, at.W, at.b, X)
        side = [
            np.sign(trace.Z[layer] - kink) for layer, activation in at.activations.items() for kink in activation.kinks
        ]
        if at.loss_function.kink_at_target:
            side.append(np.sign(trace.output - Y))
        if l1:
            side.append(np.sign(theta[index : index + 1]))
        sides.append(np.concatenate([np.zeros(0), *(part.ravel() for part in side)]))
    return bool((sides[0] != sides[1]).any() or (sides[1] != sides[2]).any())


def _examine_equations(network: Network, X: Array, Y: Array) -> tuple[tuple[str, ...], bool]:
    """Compare each activation and the loss with its own derivative; return those that disagree, and True if all are analytic."""
    trace = passes.forward(network.activations, network.W, network.b, X)
    suspects, all_analytic = [], True
    for layer, activation in network.activations.items():
        if activation.rowwise:
            continue
        Z, A = trace.Z[layer], trace.A[layer]
        stated = activation.backward(Z, A, np.ones_like(Z))
        smooth = np.ones_like(Z, dtype=bool)
        for kink in activation.kinks:
            smooth &= np.abs(Z - kink) > 2 * DIFFERENCE
        wrong, analytic = _compare(activation, Z, stated, smooth)
        all_analytic &= analytic
        if wrong:
            suspects.append(f"df of activation {activation.name!r} (layer {layer}): {wrong}")
    loss, last = network.loss_function, network.n_layers
    P = loss.raw_prediction(network.activations[last], trace.Z[last], trace.A[last])

    def value(P: Array) -> Array:
        return np.asarray(loss.value(P, Y, **loss.parameters))

    smooth = np.abs(P - Y) > 2 * DIFFERENCE if loss.kink_at_target else np.ones_like(P, dtype=bool)
    if value(P).shape == P.shape:
        wrong, analytic = _compare(value, P, loss.slopes(P, Y), smooth, np.abs(P - Y))
        if wrong:
            suspects.append(f"slope of loss {loss.name!r}: {wrong}")
    else:  # one number for each row: its slope along (1, …, 1) is the sum of the row's slopes
        along = loss.slopes(P, Y).sum(axis=1, keepdims=True)
        _, analytic = _compare(value, P, along, np.ones(along.shape, dtype=bool), np.abs(P - Y))
    all_analytic &= analytic
    return tuple(suspects), all_analytic


def _compare(
    f: Callable[[Array], Array], Z: Array, stated: Array, smooth: NDArray[np.bool_], distance: Any = 0.0
) -> tuple[str, bool]:
    """Return the place where a stated derivative is wrong, as text or "", and True if f takes the complex step.

    `distance` is that of a prediction from its target, which a loss's value rounds by.
    """
    h = DIFFERENCE * np.maximum(np.maximum(1, np.abs(Z)), distance)
    if stated.shape != Z.shape:
        h = h.max(axis=1, keepdims=True)
    centred = (f(Z + h) - f(Z - h)) / ((Z + h) - (Z - h))[:, : stated.shape[1]]
    try:
        stepped = np.imag(f(Z + COMPLEX_STEP * 1j)) / COMPLEX_STEP
    except (TypeError, ValueError):
        analytic = False
    else:
        analytic = bool(np.allclose(stepped[smooth], centred[smooth], rtol=1e-4, atol=1e-6))
    gap = np.where(smooth, np.abs(stated - centred) / np.maximum(1, np.abs(centred)), 0)
    worst = np.unravel_index(int(np.argmax(gap)), gap.shape)
    if gap[worst] <= 1e-4:
        return "", analytic
    return f"says {stated[worst]:.6g} at z = {Z[worst]:.6g}, the function's slope is {centred[worst]:.6g}", analytic
