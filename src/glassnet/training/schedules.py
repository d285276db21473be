"""Learning-rate schedules: the factor that multiplies the optimizer's learning rate at each step.

A schedule is a pure function of the step's number; it takes arrays of steps, so a whole run's factors are one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_count, check_number, shown, unknown_name

Array = NDArray[Any]


class Schedule(Protocol):
    """factor(step, steps_per_epoch, total_steps) multiplies the learning rate at `step`, counted from 0."""

    def factor(self, step: Array, steps_per_epoch: int, total_steps: int) -> Array: ...


@dataclass(frozen=True)
class Constant:
    """factor = 1 at every step.

    Examples
    --------
    >>> import numpy as np
    >>> steps = np.array([0, 50, 99])
    >>> Constant().factor(steps, steps_per_epoch=10, total_steps=100)
    array([1., 1., 1.])
    """

    def factor(self, step: Array, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the factor of the learning rate at each step.

        Parameters
        ----------
        step : (steps,) array of int
            The numbers of the steps, from 0.
        steps_per_epoch, total_steps : int
            The steps of an epoch, and of the whole run.

        Returns
        -------
        (steps,) array
        """
        return np.ones_like(step, dtype=np.float64)


@dataclass(frozen=True)
class StepDecay:
    """factor = decay^⌊epoch / every⌋.

    Parameters
    ----------
    decay : float, 0 < decay ≤ 1
        Multiplies the factor every `every` epochs.
    every : int ≥ 1
        Epochs between two decays.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> schedule = StepDecay(decay=0.5, every=3)
    >>> steps = np.array([0, 5, 50, 99])
    >>> schedule.factor(steps, steps_per_epoch=10, total_steps=100).round(4)
    array([1.   , 1.   , 0.5  , 0.125])
    """

    decay: float = 0.1
    every: int = 30

    def __post_init__(self) -> None:
        check_number("decay", self.decay, 0, 1, open_low=True)
        check_count("every", self.every)

    def factor(self, step: Array, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the factor of the learning rate at each step.

        Parameters
        ----------
        step : (steps,) array of int
            The numbers of the steps, from 0.
        steps_per_epoch, total_steps : int
            The steps of an epoch, and of the whole run.

        Returns
        -------
        (steps,) array
        """
        return np.power(self.decay, step // steps_per_epoch // self.every, dtype=np.float64)


@dataclass(frozen=True)
class InverseScaling:
    """factor = 1 / (step + 1)^power.

    Parameters
    ----------
    power : float ≥ 0
        The exponent; the proof of convergence asks for ½ < power ≤ 1 (Robbins & Monro 1951).

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> schedule = InverseScaling(power=0.5)
    >>> steps = np.array([0, 5, 50, 99])
    >>> schedule.factor(steps, steps_per_epoch=10, total_steps=100).round(4)
    array([1.    , 0.4082, 0.14  , 0.1   ])
    """

    power: float = 0.5

    def __post_init__(self) -> None:
        check_number("power", self.power, 0)

    def factor(self, step: Array, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the factor of the learning rate at each step.

        Parameters
        ----------
        step : (steps,) array of int
            The numbers of the steps, from 0.
        steps_per_epoch, total_steps : int
            The steps of an epoch, and of the whole run.

        Returns
        -------
        (steps,) array
        """
        return 1 / np.power(step + 1, self.power, dtype=np.float64)


@dataclass(frozen=True)
class Cosine:
    """Linear warm-up from 0 over a share of the run, then half a cosine down to `floor` (Loshchilov & Hutter 2017).

    The first step has factor 0 (1 without a warm-up), the last one `floor`; a run of one step has 1.

    Parameters
    ----------
    warmup : float, 0 ≤ warmup < 1
        The share of the run in which the factor rises from 0 to 1.
    floor : float, 0 to 1
        The factor of the last step.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> schedule = Cosine(warmup=0.1)
    >>> steps = np.array([0, 5, 50, 99])
    >>> schedule.factor(steps, steps_per_epoch=10, total_steps=100).round(4)
    array([0.    , 0.5051, 0.5781, 0.    ])
    """

    warmup: float = 0.0
    floor: float = 0.0

    def __post_init__(self) -> None:
        check_number("warmup", self.warmup, 0, 1, open_high=True, hint="it is the share of the run that warms up")
        check_number("floor", self.floor, 0, 1)

    def factor(self, step: Array, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the factor of the learning rate at each step.

        Parameters
        ----------
        step : (steps,) array of int
            The numbers of the steps, from 0.
        steps_per_epoch, total_steps : int
            The steps of an epoch, and of the whole run.

        Returns
        -------
        (steps,) array
        """
        last = total_steps - 1
        warm = self.warmup * last
        rising = step / max(warm, 1)
        falling = self.floor + (1 - self.floor) * _half_cosine((step - warm) / ((last - warm) or 1))
        return np.where(step < warm, rising, falling)


@dataclass(frozen=True)
class OneCycle:
    """Up from 1/start to 1, then down to 1/(start·end), along cosines (Smith & Topin 2018).

    The first step has factor 1/start, the step at the end of the rise 1, the last one 1/(start·end); a run of one step
    has 1.

    Parameters
    ----------
    rise : float, 0 < rise < 1
        The share of the run in which the factor rises.
    start : float ≥ 1
        The largest factor, 1, divided by that of the first step.
    end : float ≥ 1
        The factor of the first step divided by that of the last one.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> schedule = OneCycle()
    >>> steps = np.array([0, 5, 50, 99])
    >>> schedule.factor(steps, steps_per_epoch=10, total_steps=100).round(4)
    array([0.04  , 0.1043, 0.8066, 0.    ])
    """

    rise: float = 0.3
    start: float = 25.0
    end: float = 1e4

    def __post_init__(self) -> None:
        check_number(
            "rise", self.rise, 0, 1, open_low=True, open_high=True, hint="it is the share of the run that rises"
        )
        check_number("start", self.start, 1)
        check_number("end", self.end, 1)

    def factor(self, step: Array, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the factor of the learning rate at each step.

        Parameters
        ----------
        step : (steps,) array of int
            The numbers of the steps, from 0.
        steps_per_epoch, total_steps : int
            The steps of an epoch, and of the whole run.

        Returns
        -------
        (steps,) array
        """
        last = total_steps - 1
        top = min(max(round(self.rise * last), 1), last - 1) if last > 1 else last / 2  # 2 steps have no room for 1
        low, end = 1 / self.start, 1 / (self.start * self.end)
        rising = low + (1 - low) * (1 - _half_cosine(step / max(top, 0.5)))
        falling = end + (1 - end) * _half_cosine((step - top) / ((last - top) or 1))
        return np.where(step < top, rising, falling)


@dataclass(frozen=True)
class Adaptive:
    """Lower the factor whenever the training loss stops improving; the one schedule that looks at the loss.

    Parameters
    ----------
    decay : float, 0 < decay < 1
        Multiplies the factor after `patience` epochs without improvement.
    patience : int ≥ 1
        Epochs in a row without improvement before the factor is lowered.
    min_delta : float ≥ 0
        An epoch counts as an improvement if its training loss is below the best one by at least this.
    floor : float, 0 to 1
        The run ends when the factor falls below this.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> from glassnet import Network, train
    >>> net = Network([1, 1])
    >>> history = train(net, [[0.0], [1.0]], [0.0, 1.0], optimizer="sgd", schedule=Adaptive(decay=0.5), epochs=200)
    >>> history.learning_rate[0], bool(history.learning_rate[-1] < 0.1)
    (np.float64(0.1), True)
    """

    decay: float = 0.2
    patience: int = 2
    min_delta: float = 1e-4
    floor: float = 1e-6

    def __post_init__(self) -> None:
        check_number("decay", self.decay, 0, 1, open_low=True, open_high=True)
        check_count("patience", self.patience)
        check_number("min_delta", self.min_delta, 0)
        check_number("floor", self.floor, 0, 1)

    def factor(self, step: Array, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the factor of the learning rate at each step.

        Parameters
        ----------
        step : (steps,) array of int
            The numbers of the steps, from 0.
        steps_per_epoch, total_steps : int
            The steps of an epoch, and of the whole run.

        Returns
        -------
        (steps,) array
        """
        return np.ones_like(step, dtype=np.float64)  # the engine keeps the factor in its state


def _half_cosine(progress: Array) -> Array:
    """Return ½(1 + cos(π·progress)): from 1 at progress 0 to 0 at progress 1."""
    return 0.5 * (1 + np.cos(np.pi * np.clip(progress, 0, 1)))


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": StepDecay,
    "inverse_scaling": InverseScaling,
    "adaptive": Adaptive,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}


def _probe(schedule: Schedule) -> None:
    """Refuse a user's own schedule that fails on three steps, or has no factor ≥ 0 for each."""
    try:
        factors = np.asarray(schedule.factor(np.arange(3), 1, 3))
        got = f"{factors.dtype} of shape {factors.shape}"
        good = factors.shape == (3,) and factors.dtype.kind in "biuf" and bool((factors >= 0).all())
    except Exception as error:  # noqa: BLE001 - whatever the user's own code raises
        good, got = False, shown(error)
    if not good:
        raise InputError(
            f"schedule: expected factor(step, steps_per_epoch, total_steps) to return one number ≥ 0 for each entry of "
            f"step; got {got} for 3 steps; compute it with NumPy from the array step."
        )


def as_schedule(given: Any) -> Schedule:
    """Return the schedule called `given` at its defaults, or `given` itself if it has a factor method."""
    if hasattr(given, "factor") and not isinstance(given, type):
        schedule: Schedule = given
        if type(given) not in SCHEDULES.values():
            _probe(schedule)
        return schedule
    if not isinstance(given, str):
        raise InputError(f"schedule: expected a name or a schedule; got {shown(given)}; pass e.g. Cosine(warmup=0.1).")
    if given not in SCHEDULES:
        raise unknown_name("schedule", given, SCHEDULES)
    return SCHEDULES[given]()
