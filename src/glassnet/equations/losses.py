"""Loss functions and their slopes, computed from the pre-activation z of the output, so that log(0) cannot occur.

A loss owns its link: binary cross-entropy takes the logit z and contains the sigmoid, categorical cross-entropy
contains the softmax, Poisson the exponential. The slope ∂ℓ/∂z of such a pair is simply prediction − target.
The textbook form in terms of the output a stands beside it. Training never takes it: it divides by 0 where a is 0 or 1,
and times the link's derivative it is a − y again.
The loss of a sample is the sum over its outputs; the loss of a batch is the (weighted) mean over its samples.

z is the pre-activation of the output, or the output itself for a loss whose link is the identity; a is the output and y the target:
arrays of (n, k), k outputs of n samples. A value and a slope have that shape, but the value of a row-wise loss, which is
(n, 1). Cross-entropies are in nats, a squared error in the square of the target's unit. Nothing is raised: a `Network`
checks what comes in.

Examples
--------
>>> import glassnet
>>> net = glassnet.Network([2, 3, 1], output="sigmoid")
>>> net.loss_function is LOSSES["binary_cross_entropy"]
True
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import identity, sigmoid, softmax
from glassnet.equations.loss import KNOWN, Loss
from glassnet.errors import InputError, Range, unknown_name

Array = NDArray[Any]


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
    """∂ℓ/∂z = z − y."""
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
    """∂ℓ/∂z = sign(z − y), 0 at the kink z = y."""
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
    """∂ℓ/∂z = z − y, cut to ±delta."""
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
    """∂ℓ/∂z = 1 − q for z > y, −q for z < y, 0 at the kink z = y, with the quantile q."""
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
    """∂ℓ/∂z = eᶻ − y, prediction minus target."""
    return np.exp(z) - y


def poisson_of_output(a: Array, y: Array) -> Array:
    """ℓ = a − y·ln a."""
    return a - y * np.log(a)


def d_poisson_of_output(a: Array, y: Array) -> Array:
    """∂ℓ/∂a = 1 − y/a."""
    return 1 - y / a


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
    """∂ℓ/∂z = sigmoid(z) − y, prediction minus target."""
    return sigmoid(z) - y


def binary_cross_entropy_of_output(a: Array, y: Array) -> Array:
    """ℓ = −y·ln a − (1 − y)·ln(1 − a)."""
    return -y * np.log(a) - (1 - y) * np.log(1 - a)


def d_binary_cross_entropy_of_output(a: Array, y: Array) -> Array:
    """∂ℓ/∂a = (a − y) / (a·(1 − a))."""
    return (a - y) / (a * (1 - a))


def log_odds(p: Array) -> Array:
    """ln(p / (1 − p)), the inverse of the sigmoid."""
    return np.log(p) - np.log1p(-p)


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
    """∂ℓ/∂zₖ = softmax(z)ₖ − yₖ, prediction minus target."""
    return softmax(z) - y


def categorical_cross_entropy_of_output(a: Array, y: Array) -> Array:
    """ℓ = −Σₖ yₖ·ln aₖ, here its terms."""
    return -y * np.log(a)


def d_categorical_cross_entropy_of_output(a: Array, y: Array) -> Array:
    """∂ℓ/∂aₖ = −yₖ/aₖ."""
    return -y / a


SQUARED_ERROR = Loss("squared_error", squared_error, d_squared_error, constant=identity)
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
POISSON = Loss(
    "poisson",
    poisson,
    d_poisson,
    link="exponential",
    targets="counts",
    value_of_output=poisson_of_output,
    slope_of_output=d_poisson_of_output,
    constant=np.log,
)
BINARY_CROSS_ENTROPY = Loss(
    "binary_cross_entropy",
    binary_cross_entropy,
    d_binary_cross_entropy,
    link="sigmoid",
    targets="probabilities",
    value_of_output=binary_cross_entropy_of_output,
    slope_of_output=d_binary_cross_entropy_of_output,
    constant=log_odds,
)
CATEGORICAL_CROSS_ENTROPY = Loss(
    "categorical_cross_entropy",
    categorical_cross_entropy,
    d_categorical_cross_entropy,
    link="softmax",
    targets="distribution",
    value_of_output=categorical_cross_entropy_of_output,
    slope_of_output=d_categorical_cross_entropy_of_output,
    constant=np.log,
)

LOSSES = KNOWN
LOSSES.update(
    {
        loss.name: loss
        for loss in (
            *(SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, QUANTILE, POISSON),
            *(BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY),
        )
    }
)

CALLED_ELSEWHERE = {
    **dict.fromkeys(("mse", "l2", "mean_squared_error", "squares", "least_squares", "rmse"), "squared_error"),
    **dict.fromkeys(("mae", "l1", "mean_absolute_error", "least_absolute"), "absolute_error"),
    **dict.fromkeys(("bce", "binary_crossentropy", "logistic", "log_loss", "logloss"), "binary_cross_entropy"),
    **dict.fromkeys(("bcewithlogits", "bce_with_logits", "sigmoid_cross_entropy"), "binary_cross_entropy"),
    **dict.fromkeys(
        ("cross_entropy", "crossentropy", "ce", "nll"), "categorical_cross_entropy or binary_cross_entropy"
    ),
    **dict.fromkeys(("cce", "categorical_crossentropy", "softmax"), "categorical_cross_entropy"),
    **dict.fromkeys(("softmax_cross_entropy", "sparse_categorical_crossentropy"), "categorical_cross_entropy"),
    **dict.fromkeys(("smooth_l1", "huber_loss"), "huber"),
    **dict.fromkeys(("pinball", "quantile_loss"), "quantile"),
}


def default_loss(output: str) -> Loss:
    """Return the first loss whose link is the built-in output activation `output`; squared error where there is none.

    Parameters
    ----------
    output : str
        The name of a built-in activation, "" for one of your own.

    Returns
    -------
    Loss

    Examples
    --------
    >>> default_loss("softmax"), default_loss("tanh")
    (CATEGORICAL_CROSS_ENTROPY, SQUARED_ERROR)
    """
    return next((loss for loss in LOSSES.values() if loss.link == output), SQUARED_ERROR)


def as_loss(given: str | Loss) -> Loss:
    """Return the loss called `given`, or `given` itself if it is one already.

    Parameters
    ----------
    given : str or Loss

    Returns
    -------
    Loss

    Raises
    ------
    InputError
        If no loss has that name; the message names the loss that is called so elsewhere.

    Examples
    --------
    >>> as_loss("huber")
    HUBER
    """
    if isinstance(given, Loss):
        return given
    if not isinstance(given, str):
        raise InputError(
            f"loss: expected a name or a Loss; got {type(given).__name__}; wrap your own as Loss(name, value, slope)."
        )
    if given not in LOSSES:
        raise unknown_name("loss", given, LOSSES, CALLED_ELSEWHERE)
    return LOSSES[given]
