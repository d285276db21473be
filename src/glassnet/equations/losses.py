"""Loss functions and their slopes, computed from the pre-activation z of the output, so that log(0) cannot occur.

A loss owns its link: binary cross-entropy takes the logit z and contains the sigmoid, categorical cross-entropy
contains the softmax, Poisson the exponential. The slope ∂ℓ/∂z of such a pair is simply prediction − target.
The loss of a sample is the sum over its outputs; the loss of a batch is the (weighted) mean over its samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import ACTIVATIONS, Activation, sigmoid, softmax
from glassnet.equations.checks import check_equation, function_name
from glassnet.errors import InputError, Range, check_bool, shown, unknown_name

Array = NDArray[Any]

TARGETS = ("numbers", "counts", "probabilities", "distribution")


@dataclass(frozen=True)
class Loss:
    """A loss ℓ(z, y) with its slope ∂ℓ/∂z; your own is the same two functions.

    Parameters
    ----------
    name : str
        What it is called in a summary.
    value : value(z, y) -> loss
        Elementwise, (n, k) from z and y of (n, k); a row-wise loss may return (n, 1).
    slope : slope(z, y) -> ∂ℓ/∂z
        Its derivative, (n, k).
    link : str
        The output activation that the loss contains. A loss with link "identity" follows any output activation,
        taking the output in place of z; any other link must be the network's output activation itself: the built-in one
        of that name, or your own if no built-in one is called so.
    targets : str
        What y holds: "numbers", "counts" (≥ 0), "probabilities" (0 … 1), "distribution" (rows that sum to 1).
    kink_at_target : bool
        True where the slope jumps at z = y.
    parameters : mapping
        Constants handed to value and slope by name, such as delta of huber.
    ranges : mapping
        The Range that a constant may take, by its name; any finite number without one.

    Raises
    ------
    InputError
        If an argument is not as above. A Network calls functions of your own once when it is made, and refuses those
        that fail, or return another shape than above or no real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> quartic = Loss("quartic", lambda z, y: (z - y) ** 4, lambda z, y: 4 * (z - y) ** 3)
    >>> quartic.value(np.array([[3.0]]), np.array([[1.0]]))
    array([[16.]])
    """

    name: str
    value: Callable[..., Array]
    slope: Callable[..., Array]
    link: str = "identity"
    targets: str = "numbers"
    kink_at_target: bool = False
    parameters: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_equation("loss", self, "value", "slope")
        check_bool("kink_at_target", self.kink_at_target)
        if not isinstance(self.link, str):
            raise InputError(f"link: expected the name of an activation; got {shown(self.link)}; pass e.g. 'sigmoid'.")
        if self.targets not in TARGETS:
            raise unknown_name("targets", self.targets, TARGETS)

    @property
    def builtin(self) -> str:
        """The name of the built-in loss that has this value function and link, or "" if it is your own."""
        same = (name for name, known in LOSSES.items() if known.value is self.value and known.link == self.link)
        return next(same, "")

    @property
    def is_builtin(self) -> bool:
        """True if the functions, the link, the targets and the names of the constants are those of a built-in loss."""
        known = LOSSES.get(self.builtin)
        return known is not None and (
            known.slope is self.slope
            and known.targets == self.targets
            and known.parameters.keys() == self.parameters.keys()
        )

    def contains(self, output: Activation) -> bool:
        """True if `output` is the loss's link: the loss then takes the pre-activation Z in place of the output A."""
        known = ACTIVATIONS.get(self.link)
        return output.name == self.link if known is None else output.f is known.f

    def per_sample(self, Z: Array, Y: Array) -> Array:
        """ℓᵢ = Σₖ ℓ(zᵢₖ, yᵢₖ), (n,) from Z and Y of (n, k)."""
        total: Array = np.sum(self.value(Z, Y, **self.parameters), axis=1)
        return total

    def slopes(self, Z: Array, Y: Array) -> Array:
        """∂ℓᵢ/∂zᵢₖ, (n, k), in Z's dtype."""
        return np.asarray(self.slope(Z, Y, **self.parameters), dtype=Z.dtype)

    def with_parameters(self, **parameters: float) -> Loss:
        """Return the same loss with other constants, e.g. `HUBER.with_parameters(delta=0.5)`."""
        if unknown := parameters.keys() - self.parameters.keys():
            raise unknown_name(f"parameter of {self.name}", min(unknown), self.parameters)
        return replace(self, parameters={**self.parameters, **parameters})

    def __repr__(self) -> str:
        if LOSSES.get(self.name) == self:
            return self.name.upper()
        if self.is_builtin and self.builtin == self.name:
            given = ", ".join(f"{k}={v!r}" for k, v in self.parameters.items())
            return f"{self.name.upper()}.with_parameters({given})"
        return f"Loss({self.name!r}, {function_name(self.value)}, {function_name(self.slope)})"


def squared_error(z: Array, y: Array) -> Array:
    """ℓ = ½·(z − y)²; the ½ makes the slope z − y.

    Examples
    --------
    >>> z, y = np.array([1.5, -1.0]), np.array([1.0, 1.0])
    >>> squared_error(z, y)
    array([0.125, 2.   ])
    >>> d_squared_error(z, y)
    array([ 0.5, -2. ])
    """
    return 0.5 * (z - y) ** 2


def d_squared_error(z: Array, y: Array) -> Array:
    return z - y


def absolute_error(z: Array, y: Array) -> Array:
    """ℓ = |z − y|, whose minimum is the conditional median.

    Examples
    --------
    >>> z, y = np.array([1.5, -1.0]), np.array([1.0, 1.0])
    >>> absolute_error(z, y)
    array([0.5, 2. ])
    >>> d_absolute_error(z, y)
    array([ 1., -1.])
    """
    return np.maximum(z - y, y - z)


def d_absolute_error(z: Array, y: Array) -> Array:
    return np.sign(z - y)


def huber(z: Array, y: Array, delta: float) -> Array:
    """ℓ = ½r² for |r| ≤ delta, delta·(|r| − ½·delta) beyond, with r = z − y; HUBER has delta 1 (Huber 1964).

    Examples
    --------
    >>> z, y = np.array([1.5, -1.0]), np.array([1.0, 1.0])
    >>> huber(z, y, delta=1.0)
    array([0.125, 1.5  ])
    >>> d_huber(z, y, delta=1.0)
    array([ 0.5, -1. ])
    """
    r = np.maximum(z - y, y - z)
    q = np.minimum(r, delta)
    return q * (r - 0.5 * q)


def d_huber(z: Array, y: Array, delta: float) -> Array:
    return np.maximum(np.minimum(z - y, delta), -delta)


def quantile(z: Array, y: Array, q: float) -> Array:
    """ℓ = max(q·(y − z), (q − 1)·(y − z)), the pinball loss, whose minimum is the q-quantile; QUANTILE has q ½.

    Koenker & Bassett 1978.

    Examples
    --------
    >>> z, y = np.array([1.5, -1.0]), np.array([1.0, 1.0])
    >>> quantile(z, y, q=0.9)
    array([0.05, 1.8 ])
    >>> d_quantile(z, y, q=0.9)
    array([ 0.1, -0.9])
    """
    return np.maximum(q * (y - z), (q - 1) * (y - z))


def d_quantile(z: Array, y: Array, q: float) -> Array:
    return (1 - q) * (z > y) - q * (z < y)


def poisson(z: Array, y: Array) -> Array:
    """ℓ = eᶻ − y·z, the Poisson negative log-likelihood of the count y at rate eᶻ, without its constant ln y!.

    Examples
    --------
    >>> z, y = np.array([0.0, 2.0]), np.array([3.0, 3.0])
    >>> poisson(z, y)
    array([1.       , 1.3890561])
    >>> d_poisson(z, y)
    array([-2.       ,  4.3890561])
    """
    return np.exp(z) - y * np.minimum(z, 1000)  # e¹⁰⁰⁰ is inf already, and inf − inf would be nan


def d_poisson(z: Array, y: Array) -> Array:
    return np.exp(z) - y


def binary_cross_entropy(z: Array, y: Array) -> Array:
    """ℓ = −y·ln p − (1 − y)·ln(1 − p) with p = sigmoid(z), which is ln(1 + eᶻ) − y·z in a form that never overflows.

    Examples
    --------
    >>> z, y = np.array([2.0, -1.0, 0.0]), np.array([1.0, 1.0, 0.0])
    >>> binary_cross_entropy(z, y)
    array([0.12692801, 1.31326169, 0.69314718])
    >>> d_binary_cross_entropy(z, y)
    array([-0.11920292, -0.73105858,  0.5       ])
    """
    return np.maximum(z, 0) - y * z + np.log1p(np.exp(np.minimum(z, -z)))


def d_binary_cross_entropy(z: Array, y: Array) -> Array:
    return sigmoid(z) - y


def categorical_cross_entropy(z: Array, y: Array) -> Array:
    """ℓ = −Σₖ yₖ·ln pₖ with p = softmax(z), which is ln Σₖ e^zₖ − Σₖ yₖ·zₖ for rows y that sum to 1; (n, 1).

    Examples
    --------
    >>> z, y = np.array([[2.0, 0.0, -1.0]]), np.array([[0.0, 1.0, 0.0]])
    >>> categorical_cross_entropy(z, y)
    array([[2.16984602]])
    >>> d_categorical_cross_entropy(z, y)
    array([[ 0.84379473, -0.8858048 ,  0.04201007]])
    """
    m = np.max(z, axis=-1, keepdims=True)
    s = np.sum(np.exp(z - m), axis=-1, keepdims=True)
    return np.log(s) + (m - np.sum(y * z, axis=-1, keepdims=True))


def d_categorical_cross_entropy(z: Array, y: Array) -> Array:
    return softmax(z) - y


SQUARED_ERROR = Loss("squared_error", squared_error, d_squared_error)
ABSOLUTE_ERROR = Loss("absolute_error", absolute_error, d_absolute_error, kink_at_target=True)
HUBER = Loss("huber", huber, d_huber, parameters={"delta": 1.0}, ranges={"delta": Range(0, open_low=True)})
QUANTILE = Loss(
    "quantile",
    quantile,
    d_quantile,
    kink_at_target=True,
    parameters={"q": 0.5},
    ranges={"q": Range(0, 1, open_low=True, open_high=True)},
)
POISSON = Loss("poisson", poisson, d_poisson, link="exponential", targets="counts")
BINARY_CROSS_ENTROPY = Loss(
    "binary_cross_entropy",
    binary_cross_entropy,
    d_binary_cross_entropy,
    link="sigmoid",
    targets="probabilities",
)
CATEGORICAL_CROSS_ENTROPY = Loss(
    "categorical_cross_entropy",
    categorical_cross_entropy,
    d_categorical_cross_entropy,
    link="softmax",
    targets="distribution",
)

LOSSES = {
    loss.name: loss
    for loss in (
        *(SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, QUANTILE, POISSON),
        *(BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY),
    )
}

_DEFAULT_BY_LINK = {
    loss.link: loss for loss in (SQUARED_ERROR, POISSON, BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY)
}


def default_loss(output: str) -> Loss:
    """Return the loss whose link is the built-in output activation `output`; squared error where there is none."""
    return _DEFAULT_BY_LINK.get(output, SQUARED_ERROR)


def as_loss(given: str | Loss) -> Loss:
    """Return the loss called `given`, or `given` itself if it is one already."""
    if isinstance(given, Loss):
        return given
    if not isinstance(given, str):
        raise InputError(
            f"loss: expected a name or a Loss; got {type(given).__name__}; wrap your own as Loss(name, value, slope)."
        )
    if given not in LOSSES:
        raise unknown_name("loss", given, LOSSES)
    return LOSSES[given]
