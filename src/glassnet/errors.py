"""The exceptions of glassnet, and checks of arguments that raise them.

GlassnetError
├── InputError (also ValueError)               an invalid argument; nothing was changed
│   └── UnknownArgumentError (also TypeError)  a keyword that the function does not have
├── CheckpointError (also OSError)             a checkpoint could not be written or read
└── NonFiniteError (also ArithmeticError)      a loss or parameter became inf or nan during training
"""

from __future__ import annotations

import difflib
import math
import operator
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

LARGEST_COUNT = 2**62  # the sum of two still fits in 64 bits, in which the engines count


class GlassnetError(Exception):
    """Base of every error glassnet raises on purpose; its message is safe to print.

    Parameters
    ----------
    message : str
        The text; control characters in it are escaped.

    Examples
    --------
    >>> try:
    ...     raise InputError("rate: expected a number > 0; got -1; pass e.g. rate=0.1.")
    ... except GlassnetError as error:  # catches each of them
    ...     print(error)
    rate: expected a number > 0; got -1; pass e.g. rate=0.1.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(message))


class InputError(GlassnetError, ValueError):
    """An invalid argument; the message names the argument, the expected and the actual value, and one way out.

    It is a ValueError as well. Whatever raised it changed nothing.

    Parameters
    ----------
    message : str
        The text.

    Examples
    --------
    >>> from glassnet import Network
    >>> Network([2, 3, 1], hidden="rleu")
    Traceback (most recent call last):
    ...
    glassnet.errors.InputError: activation: expected one of elu, exponential, ...; got 'rleu'; did you mean 'relu'?
    """


class UnknownArgumentError(InputError, TypeError):
    """A keyword that the function does not have; the message names the nearest one."""


class CheckpointError(GlassnetError, OSError):
    """A checkpoint that the file system did not let be written or read; the message names the path and the reason.

    It is an OSError as well. The checkpoints before are whole.

    Parameters
    ----------
    message : str
        The text.

    Examples
    --------
    >>> from glassnet import Checkpoint, Network, train
    >>> net = Network([2, 3, 1], output="sigmoid", seed=0)
    >>> train(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], checkpoint=Checkpoint("/dev/null"))
    Traceback (most recent call last):
    ...
    glassnet.errors.CheckpointError: checkpoint: could not make the folder '/dev/null': Not a directory; name another.
    """


class NonFiniteError(GlassnetError, ArithmeticError):
    """A loss or parameter became inf or nan in training; the network holds the parameters of the last finite loss.

    It is an ArithmeticError as well.

    Parameters
    ----------
    message : str
        The text.
    step : int
        The update, from 0, at which it happened.
    layer : int
        The layer, from 1, in which the first such number stood.

    Examples
    --------
    >>> from glassnet import Network, SGD, train
    >>> try:
    ...     train(Network([1, 1]), [[1e3]], [1.0], optimizer=SGD(learning_rate=1e3), epochs=100)
    ... except NonFiniteError as error:
    ...     print(error.layer)
    1
    """

    def __init__(self, message: str, step: int, layer: int) -> None:
        super().__init__(message)
        self.step = step
        self.layer = layer

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.step, self.layer)


def unknown_name(
    kind: str, name: object, known: Iterable[str], elsewhere: Mapping[str, str] | None = None
) -> InputError:
    """Make the error for an unknown name; it lists the known ones and suggests a similar one.

    `elsewhere` maps what something is called elsewhere, in lower case, to its name here, or to two, "one or other".
    """
    names = sorted(known)
    lower = {each.lower(): each for each in names} | dict(elsewhere or {})
    plain = str(name).lower().replace("-", "_").replace(" ", "_")
    near = [plain] if plain in lower else difflib.get_close_matches(plain, lower, n=1)
    meant = " or ".join(map(repr, lower[near[0]].split(" or "))) if near else ""
    hint = f"did you mean {meant}?" if near else "pass one of these names."
    return InputError(f"{kind}: expected one of {', '.join(names)}; got {shown(name)}; {hint}")


def check_number(
    name: str,
    value: object,
    low: float,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
    hint: str = "",
) -> float:
    """Return `value` as a float within [low, high] (or open at an end); raise InputError otherwise."""
    number = _as_float(value)
    above = number > low if open_low else number >= low
    below = number < high if open_high else number <= high
    if not (math.isfinite(number) and above and below):
        left, right = "(" if open_low else "[", ")" if open_high or high == math.inf else "]"
        expected = "a finite number" if low == -math.inf else f"a number in {left}{low:g}, {high:g}{right}"
        start = 0.1 if low == -math.inf else low
        example = start if not open_low else (start + min(high, start + 2)) / 2
        hint = hint or f"pass e.g. {name}={example:g}"
        raise InputError(f"{name}: expected {expected}; got {shown(value)}; {hint}.")
    return number


@dataclass(frozen=True)
class Range:
    """The range that a constant of an equation may take: from `low` to `high`, the ends included unless open."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def check(self, name: str, value: object) -> int | float:
        """Return `value` as a plain number; raise InputError unless it is finite and within the range."""
        number = check_number(name, value, self.low, self.high, open_low=self.open_low, open_high=self.open_high)
        # a NumPy scalar becomes a float: it would turn float32 arrays into float64
        return value if type(value) is int else number


def check_count(name: str, value: object, low: int = 1, hint: str = "", high: int = LARGEST_COUNT) -> int:
    """Return `value` as an int in low … high; raise InputError otherwise (True and 3.0 are not counts)."""
    try:
        count = low - 1 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = low - 1
    if count < low:
        hint = hint or f"pass e.g. {name}={max(low, 1)}"
        raise InputError(f"{name}: expected a whole number ≥ {low}; got {shown(value)}; {hint}.")
    if count > high:
        raise InputError(f"{name}: expected a whole number ≤ {high:,}; got {shown(value)}; pass a smaller one.")
    return count


def check_bool(name: str, value: object) -> bool:
    """Return True or False, of Python or of NumPy, as a bool; raise InputError for anything else."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name}: expected True or False; got {shown(value)}; pass one of the two.")
    return bool(value)


def shown(value: object) -> str:
    """Return the repr of a value for a message: on one line, cut at 60 characters."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001 - a whole number of more than 4,300 digits, or a __repr__ that fails
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def printable(text: str, keep: str = "") -> str:
    r"""Escape the control characters of a text as Python does, so that a terminal shows them and does not obey them.

    Characters in `keep`, such as a line end, stay.

    Examples
    --------
    >>> printable("Bern\x1b[2J")
    'Bern\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else repr(each)[1:-1] for each in text)


def file_kind(mode: int) -> str:
    """Name the kind of a file by its `st_mode`."""
    kinds = {stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _as_float(value: object) -> float:
    """Return the value as a float; nan if it is no real number (as True and "3" are not) or too large for one."""
    kind = getattr(getattr(value, "dtype", None), "kind", "f")
    if isinstance(value, bool | str | bytes) or getattr(value, "ndim", 0) > 0 or kind not in "iuf":
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
