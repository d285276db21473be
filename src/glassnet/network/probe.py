"""Calls functions of the user's own once, on a few numbers, to refuse a wrong one before any training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import Activation
from glassnet.equations.loss import Loss
from glassnet.errors import InputError, shown

Array = NDArray[Any]


def probe_activation(activation: Activation, width: int, dtype: Any) -> None:
    """Call an activation of one's own as a layer of this width does, for one row and for a few; refuse what cannot work."""
    if activation.is_builtin:
        return
    what = f"activation {activation.name!r}"
    for Z in _rows(width, dtype):
        A = _call(f"{what}: expected f(z)", activation.f, (Z,), activation.parameters, [Z.shape]).astype(Z.dtype)
        if activation.rowwise:
            _call(f"{what}: expected df(z, a, da)", activation.df, (Z, A, Z), activation.parameters, [Z.shape])
        else:
            _call(f"{what}: expected df(z, a)", activation.df, (Z, A), activation.parameters, [Z.shape, ()])


def probe_loss(loss: Loss, output: Activation, width: int, dtype: Any) -> None:
    """Call a loss of one's own on outputs of this width, for one row and for a few; refuse what cannot work."""
    if loss.is_builtin:
        return
    what = f"loss {loss.name!r}"
    for Z in _rows(width, dtype):
        with np.errstate(all="ignore"):
            A = np.asarray(output(Z), dtype=Z.dtype)
        P = loss.raw_prediction(output, Z, A)
        Y = np.eye(width, dtype=dtype)[np.arange(len(Z)) % width]  # one-hot rows are targets of every kind
        each, row = P.shape, (len(P), 1)
        _call(f"{what}: expected value(z, y)", loss.value, (P, Y), loss.parameters, [each, row])
        _call(f"{what}: expected slope(z, y)", loss.slope, (P, Y), loss.parameters, [each])
        for part in ("value_of_output", "slope_of_output"):
            if (function := getattr(loss, part)) is not None:
                _call(f"{what}: expected {part}(a, y)", function, (A, Y), loss.parameters, [each])


def probe_initializer(initializer: Callable[..., Any], W: Any, fan_in: int, fan_out: int) -> None:
    """Refuse initial weights W of another shape than (fan_in, fan_out), or that are no finite real numbers."""
    name = getattr(initializer, "__name__", repr(initializer))
    expected = f"init: expected {shown(name)} to return ({fan_in}, {fan_out}) finite numbers"
    way_out = "use rng, fan_in and fan_out as the built-in ones do"
    array = np.asarray(W)
    if array.shape != (fan_in, fan_out) or array.dtype.kind not in "biuf":
        raise InputError(f"{expected}; got {_described(W)}; {way_out}.")
    if not np.isfinite(array).all():
        raise InputError(f"{expected}; got inf or nan; {way_out}.")


def _rows(width: int, dtype: Any) -> tuple[Array, Array]:
    """Pre-activations of three rows, and of one, where a transpose or a squeezed axis shows whatever the width is."""
    Z = np.linspace(-1.5, 1.7, 3 * width, dtype=dtype).reshape(3, width)
    return Z, Z[:1].copy()


def _call(
    expected: str,
    function: Callable[..., Any],
    arguments: tuple[Array, ...],
    constants: Any,
    shapes: list[tuple[int, ...]],
) -> Array:
    """Call the function and return its result as an array.

    Raises InputError if the call fails, changes its arguments, or gives none of the allowed shapes.
    """
    copies = tuple(argument.copy() for argument in arguments)
    try:
        with np.errstate(all="ignore"):
            result = function(*copies, **constants)
    except Exception as error:
        got = " ".join(f"{type(error).__name__}: {error}".split())
        got = got if len(got) <= 110 else got[:107] + "..."
        raise InputError(
            f"{expected} to run on z of shape {arguments[0].shape}; got {got}; use NumPy's functions, which take arrays."
        ) from error
    if not all(
        np.array_equal(copy, argument, equal_nan=True) for copy, argument in zip(copies, arguments, strict=True)
    ):
        raise InputError(f"{expected} to leave its arguments as they are; got them changed; return a new array.")
    try:
        array = np.asarray(result)
    except ValueError:  # lists of several lengths
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biuf" or array.shape not in shapes:
        wanted = " or ".join(map(str, shapes))
        raise InputError(
            f"{expected} to be real numbers of shape {wanted} for z of shape {arguments[0].shape}; "
            f"got {_described(result)}; compute entry by entry, without a sum or mean."
        )
    return array


def _described(result: Any) -> str:
    """The result of a function as an error names it: its dtype and shape, or itself if it is no array."""
    if isinstance(result, np.ndarray | np.generic):
        return f"{result.dtype} of shape {result.shape}"
    return shown(result)
