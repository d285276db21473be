"""Optimizers: an update recurrence from the equations together with its constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from glassnet.equations import updates
from glassnet.errors import InputError, check_count, check_number, shown, unknown_name


@dataclass(frozen=True)
class Optimizer:
    """Base of the optimizers; a new one names its recurrence and its state.

    `update(theta, g, *slots, **constants)` returns the new theta and the new slots; slots start at 0 and have
    theta's shape. If it takes `t`, it is given the number of the step, from 1.

    Parameters
    ----------
    learning_rate : float > 0
        α, multiplied by the schedule's factor at each step.

    Examples
    --------
    A sign-only descent, complete:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> def sign_descent(theta, g, learning_rate):
    ...     return (theta - learning_rate * np.sign(g),)
    >>> @dataclass(frozen=True)
    ... class SignDescent(Optimizer):
    ...     update = staticmethod(sign_descent)
    """

    update: ClassVar[Callable[..., tuple[Any, ...]]]
    slots: ClassVar[tuple[str, ...]] = ()

    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        for constant in fields(self):
            name, value = constant.name, getattr(self, constant.name)
            if name == "momentum":
                check_number(name, value, 0, 1)
            elif name in ("decay", "beta1", "beta2"):
                check_number(name, value, 0, 1, open_high=True)
            elif name == "learning_rate":
                check_number(name, value, 0, open_low=True, hint="pass e.g. learning_rate=0.01")
            else:
                check_number(name, value, 0)

    def constants(self) -> dict[str, float]:
        """The recurrence's constants by name, as plain floats."""
        return {constant.name: float(getattr(self, constant.name)) for constant in fields(self)}

    @property
    def counts_steps(self) -> bool:
        """True if the recurrence takes the step number t."""
        return "t" in self.update.__code__.co_varnames[: self.update.__code__.co_argcount]


@dataclass(frozen=True)
class SGD(Optimizer):
    """θ ← θ − α·g: gradient descent (Cauchy 1847; on batches, Robbins & Monro 1951).

    Parameters
    ----------
    learning_rate : float > 0
        α, multiplied by the schedule's factor at each step.

    Raises
    ------
    InputError
        If learning_rate is no finite number > 0.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = SGD(learning_rate=0.1)
    >>> theta, gradient = np.array([1.0]), np.array([0.5])
    >>> optimizer.update(theta, gradient, **optimizer.constants())
    (array([0.95]),)
    """

    update = staticmethod(updates.sgd)


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v ← μ·v − α·g, θ ← θ + v (Polyak 1964).

    Parameters
    ----------
    learning_rate : float > 0
        α, multiplied by the schedule's factor at each step.
    momentum : float, 0 to 1
        μ, the share of the last velocity v that is kept; at 0 this is SGD.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = Momentum(learning_rate=0.1, momentum=0.9)
    >>> theta, gradient, v = np.array([1.0]), np.array([0.5]), np.array([-0.1])
    >>> optimizer.update(theta, gradient, v, **optimizer.constants())
    (array([0.86]), array([-0.14]))
    """

    update = staticmethod(updates.momentum)
    slots = ("v",)
    learning_rate: float = 0.01
    momentum: float = 0.9


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """v ← μ·v − α·g, θ ← θ + μ·v − α·g (Sutskever et al. 2013).

    Parameters
    ----------
    learning_rate : float > 0
        α, multiplied by the schedule's factor at each step.
    momentum : float, 0 to 1
        μ, the share of the last velocity v that is kept; at 0 this is SGD.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = Nesterov(learning_rate=0.1, momentum=0.9)
    >>> theta, gradient, v = np.array([1.0]), np.array([0.5]), np.array([-0.1])
    >>> optimizer.update(theta, gradient, v, **optimizer.constants())
    (array([0.824]), array([-0.14]))
    """

    update = staticmethod(updates.nesterov)
    slots = ("v",)
    learning_rate: float = 0.01
    momentum: float = 0.9


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """v ← ρ·v + (1 − ρ)·g², θ ← θ − α·g/(√v + ε) (Tieleman & Hinton 2012).

    Parameters
    ----------
    learning_rate : float > 0
        α, multiplied by the schedule's factor at each step.
    decay : float, 0 ≤ decay < 1
        ρ, the decay of the running mean v of g².
    epsilon : float ≥ 0
        ε, which keeps the quotient finite where v is near 0.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = RMSprop(learning_rate=0.1)
    >>> theta, gradient, v = np.array([1.0]), np.array([0.5]), np.array([0.0])
    >>> optimizer.update(theta, gradient, v, **optimizer.constants())
    (array([0.68377225]), array([0.025]))
    """

    update = staticmethod(updates.rmsprop)
    slots = ("v",)
    learning_rate: float = 0.001
    decay: float = 0.9
    epsilon: float = 1e-8


@dataclass(frozen=True)
class Adam(Optimizer):
    """θ ← θ − α·m̂/(√v̂ + ε), m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) the bias-corrected running means of g and g².

    Kingma & Ba 2015, algorithm 1.

    Parameters
    ----------
    learning_rate : float > 0
        α, multiplied by the schedule's factor at each step.
    beta1 : float, 0 ≤ beta1 < 1
        β₁, the decay of the running mean m of g: m ← β₁·m + (1 − β₁)·g.
    beta2 : float, 0 ≤ beta2 < 1
        β₂, the decay of the running mean v of g²: v ← β₂·v + (1 − β₂)·g².
    epsilon : float ≥ 0
        ε, which keeps the quotient finite where v̂ is near 0.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = Adam(learning_rate=0.1)
    >>> theta, gradient = np.array([1.0]), np.array([0.5])
    >>> m = v = np.zeros(1)
    >>> optimizer.update(theta, gradient, m, v, **optimizer.constants(), t=1)
    (array([0.9]), array([0.05]), array([0.00025]))
    """

    update = staticmethod(updates.adam)
    slots = ("m", "v")
    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8


@dataclass(frozen=True)
class AdamEpsilonHat(Optimizer):
    """Adam as scikit-learn has it, with ε̂ beside the uncorrected √v: θ ← θ − α·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε̂).

    Parameters
    ----------
    learning_rate : float > 0
        α, multiplied by the schedule's factor at each step.
    beta1 : float, 0 ≤ beta1 < 1
        β₁, the decay of the running mean m of g: m ← β₁·m + (1 − β₁)·g.
    beta2 : float, 0 ≤ beta2 < 1
        β₂, the decay of the running mean v of g²: v ← β₂·v + (1 − β₂)·g².
    epsilon : float ≥ 0
        ε̂, which keeps the quotient finite where v is near 0.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = AdamEpsilonHat(learning_rate=0.1)
    >>> theta, gradient = np.array([1.0]), np.array([0.5])
    >>> m = v = np.zeros(1)
    >>> optimizer.update(theta, gradient, m, v, **optimizer.constants(), t=1)
    (array([0.90000006]), array([0.05]), array([0.00025]))
    """

    update = staticmethod(updates.adam_epsilon_hat)
    slots = ("m", "v")
    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8


@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam with weight decay outside the adaptive step: θ ← θ − α·(m̂/(√v̂ + ε) + λ·θ) (Loshchilov & Hutter 2019).

    Parameters
    ----------
    learning_rate : float > 0
        α, multiplied by the schedule's factor at each step.
    beta1 : float, 0 ≤ beta1 < 1
        β₁, the decay of the running mean m of g: m ← β₁·m + (1 − β₁)·g.
    beta2 : float, 0 ≤ beta2 < 1
        β₂, the decay of the running mean v of g²: v ← β₂·v + (1 − β₂)·g².
    epsilon : float ≥ 0
        ε, which keeps the quotient finite where v̂ is near 0.
    weight_decay : float ≥ 0
        λ: each step shrinks weights and biases by the share α·λ.

    Raises
    ------
    InputError
        If a constant is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = AdamW(learning_rate=0.1)
    >>> theta, gradient = np.array([1.0]), np.array([0.5])
    >>> m = v = np.zeros(1)
    >>> optimizer.update(theta, gradient, m, v, **optimizer.constants(), t=1)
    (array([0.899]), array([0.05]), array([0.00025]))
    """

    update = staticmethod(updates.adamw)
    slots = ("m", "v")
    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS on the whole training set, run by SciPy (Liu & Nocedal 1989).

    Parameters
    ----------
    tolerance : float ≥ 0
        The run ends when the largest absolute entry of the gradient is at most this.
    max_evaluations : int ≥ 1
        The run ends after this many evaluations of loss and gradient.
    loss_tolerance : float ≥ 0
        The run ends when an iteration lowers the loss by less than this share of it; 0 turns the rule off.

    Raises
    ------
    InputError
        If a constant is out of its range; in `train`, if an option asks for batches or noisy gradients.

    Examples
    --------
    >>> from glassnet import Network, train
    >>> net = Network([1, 1])  # a line through three points, whose squared error has one minimum
    >>> history = train(net, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], optimizer=LBFGS(), epochs=50)
    >>> net.W[1].round(3), net.b[1].round(3), history.stopped
    (array([[2.]]), array([1.]), 'converged')
    """

    tolerance: float = 1e-5
    max_evaluations: int = 15000
    loss_tolerance: float = 0.0

    def __post_init__(self) -> None:
        check_number("tolerance", self.tolerance, 0)
        check_count("max_evaluations", self.max_evaluations)
        check_number("loss_tolerance", self.loss_tolerance, 0)


OPTIMIZERS: dict[str, type[Optimizer | LBFGS]] = {
    kind.__name__.lower(): kind for kind in (SGD, Momentum, Nesterov, RMSprop, Adam, AdamEpsilonHat, AdamW, LBFGS)
}


def _probe(optimizer: Any) -> None:
    """Refuse a user's own optimizer whose update fails on three parameters, or returns no new theta and slots."""
    name, theta = type(optimizer).__name__, np.linspace(-1, 1, 3)
    try:
        step = {"t": 1} if optimizer.counts_steps else {}
        slots = [np.zeros(3) for _ in optimizer.slots]
        with np.errstate(all="ignore"):
            results = optimizer.update(theta.copy(), theta + 0.5, *slots, **optimizer.constants(), **step)
        good = isinstance(results, tuple) and len(results) == 1 + len(slots)
        good = good and all(np.shape(each) == (3,) and np.asarray(each).dtype.kind in "biuf" for each in results)
        got = shown(results)
    except Exception as error:  # noqa: BLE001 - whatever the user's own code raises
        good, got = False, shown(error)
    if not good:
        raise InputError(
            f"optimizer: expected update of {name} to return a tuple of the new theta and {len(optimizer.slots)} slots, "
            f"each of theta's shape; got {got}; see the example of Optimizer."
        )


def as_optimizer(given: Any) -> Optimizer | LBFGS:
    """Return the optimizer called `given` at its defaults, or `given` itself if it is one already."""
    if isinstance(given, Optimizer | LBFGS):
        if type(given) not in OPTIMIZERS.values():
            _probe(given)
        return given
    if not isinstance(given, str):
        raise InputError(
            f"optimizer: expected a name or an optimizer; got {shown(given)}; pass e.g. Adam(learning_rate=0.001)."
        )
    if given.lower() not in OPTIMIZERS:
        raise unknown_name("optimizer", given, OPTIMIZERS)
    return OPTIMIZERS[given.lower()]()
