"""Initial weights: random matrices whose variance keeps signals of one size from layer to layer; biases start at 0.

An initializer takes a source of random numbers `rng`, NumPy's Generator or RandomState, and the two widths, `fan_in` units below
and `fan_out` above, and returns a (fan_in, fan_out) matrix of float64.
The tutorials that call √(2/fan_in) "Xavier" mean He's scale; Glorot's (Xavier is his first name) is √(2/(fan_in + fan_out)).

Examples
--------
>>> import glassnet
>>> net = glassnet.Network([2, 3, 1], init="orthogonal")
>>> (net.W[1] @ net.W[1].T).round(4) + 0.0
array([[1., 0.],
       [0., 1.]])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, unknown_name

Array = NDArray[Any]
RandomSource = np.random.Generator | np.random.RandomState
Initializer = Callable[[RandomSource, int, int], Array]


def he_normal(rng: RandomSource, fan_in: int, fan_out: int) -> Array:
    """W ~ N(0, 2/fan_in), for rectified units (He et al. 2015).

    Examples
    --------
    >>> he_normal(np.random.RandomState(0), 2, 3).round(4)
    array([[ 1.7641,  0.4002,  0.9787],
           [ 2.2409,  1.8676, -0.9773]])
    """
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)


def he_uniform(rng: RandomSource, fan_in: int, fan_out: int) -> Array:
    """W ~ U(−√(6/fan_in), √(6/fan_in)), the variance of he_normal (He et al. 2015).

    Examples
    --------
    >>> he_uniform(np.random.RandomState(0), 2, 3).round(4)
    array([[ 0.1691,  0.7454,  0.356 ],
           [ 0.1555, -0.2645,  0.5054]])
    """
    limit = np.sqrt(6 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def glorot_normal(rng: RandomSource, fan_in: int, fan_out: int) -> Array:
    """W ~ N(0, 2/(fan_in + fan_out)), for tanh and sigmoid units (Glorot & Bengio 2010).

    Examples
    --------
    >>> glorot_normal(np.random.RandomState(0), 2, 3).round(4)
    array([[ 1.1157,  0.2531,  0.619 ],
           [ 1.4173,  1.1811, -0.6181]])
    """
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / (fan_in + fan_out))


def glorot_uniform(rng: RandomSource, fan_in: int, fan_out: int) -> Array:
    """W ~ U(−l, l) with l = √(6/(fan_in + fan_out)), the variance of glorot_normal (Glorot & Bengio 2010).

    Examples
    --------
    >>> glorot_uniform(np.random.RandomState(0), 2, 3).round(4)
    array([[ 0.1069,  0.4715,  0.2251],
           [ 0.0983, -0.1673,  0.3196]])
    """
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def lecun_normal(rng: RandomSource, fan_in: int, fan_out: int) -> Array:
    """W ~ N(0, 1/fan_in) (LeCun et al. 1998, Efficient BackProp).

    Examples
    --------
    >>> lecun_normal(np.random.RandomState(0), 2, 3).round(4)
    array([[ 1.2474,  0.283 ,  0.6921],
           [ 1.5846,  1.3206, -0.691 ]])
    """
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(1 / fan_in)


def lecun_uniform(rng: RandomSource, fan_in: int, fan_out: int) -> Array:
    """W ~ U(−√(3/fan_in), √(3/fan_in)), the variance of lecun_normal (LeCun et al. 1998).

    Examples
    --------
    >>> lecun_uniform(np.random.RandomState(0), 2, 3).round(4)
    array([[ 0.1196,  0.5271,  0.2517],
           [ 0.1099, -0.187 ,  0.3574]])
    """
    limit = np.sqrt(3 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def orthogonal(rng: RandomSource, fan_in: int, fan_out: int) -> Array:
    """W with orthonormal rows or columns, whichever are fewer, uniform over such matrices (Saxe et al. 2014).

    Examples
    --------
    >>> orthogonal(np.random.RandomState(0), 2, 3).round(4)
    array([[ 0.6417,  0.356 ,  0.6793],
           [ 0.0611,  0.8592, -0.508 ]])
    """
    tall = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))  # without this the signs that LAPACK prefers would bias the draw (Mezzadri 2007)
    return q if fan_in >= fan_out else q.T


def zeros(rng: RandomSource, fan_in: int, fan_out: int) -> Array:
    """W = 0: every hidden unit alike, so a network with hidden layers cannot learn from here. For demonstration.

    Examples
    --------
    >>> zeros(np.random.RandomState(0), 2, 3).round(4)
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    return np.zeros((fan_in, fan_out))


INITIALIZERS: dict[str, Initializer] = {
    initializer.__name__: initializer
    for initializer in (
        *(he_normal, he_uniform, glorot_normal, glorot_uniform),
        *(lecun_normal, lecun_uniform, orthogonal, zeros),
    )
}

_RECTIFIERS = {"relu", "leaky_relu", "elu", "gelu", "silu", "softplus"}


def default_initializer(hidden: list[str]) -> str:
    """Return the name of the usual choice: He where a hidden activation rectifies, Glorot otherwise.

    Parameters
    ----------
    hidden : list of str
        The names of the hidden activations.

    Returns
    -------
    str

    Examples
    --------
    >>> default_initializer(["tanh", "relu"]), default_initializer(["tanh"])
    ('he_normal', 'glorot_uniform')
    """
    return "he_normal" if _RECTIFIERS.intersection(hidden) else "glorot_uniform"


def as_initializer(given: str | Initializer) -> Initializer:
    """Return the initializer called `given`, or `given` itself if it is a function already.

    Parameters
    ----------
    given : str or function
        A name, or f(rng, fan_in, fan_out) of your own.

    Returns
    -------
    function

    Raises
    ------
    InputError
        If no initializer has that name; the message suggests a similar one.

    Examples
    --------
    >>> as_initializer("he_normal") is he_normal
    True
    """
    if callable(given):
        return given
    if not isinstance(given, str):
        raise InputError(
            f"init: expected a name or a function; got {type(given).__name__}; "
            "pass e.g. 'he_normal' or f(rng, fan_in, fan_out)."
        )
    if given not in INITIALIZERS:
        raise unknown_name("init", given, INITIALIZERS)
    return INITIALIZERS[given]
