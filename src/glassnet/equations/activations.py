"""Activation functions g(z), each with its derivative g'(z) beside it, written in terms of the input z and the output a.

An equation here is straight-line code over arithmetic, comparisons and NumPy's elementary functions.
It keeps the dtype it is given, cannot overflow into nan, and runs on complex numbers too, which is what
lets a gradient check take its derivative to machine precision (`maximum(z, -z)` is |z| in that setting).
z and a = g(z) are arrays of any shape, a row-wise function's (n, k), and have no units; a has the shape and dtype of z. Every
derivative g'(z) has that shape, too. Nothing is raised: a `Network` checks what comes in.

Examples
--------
>>> import glassnet
>>> net = glassnet.Network([2, 3, 1], hidden="tanh")
>>> net.activations[1] is ACTIVATIONS["tanh"]
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.checks import check_equation, function_name
from glassnet.errors import InputError, Range, check_bool, unknown_name

Array = NDArray[Any]


@dataclass(frozen=True)
class Activation:
    """An activation function a = g(z) with its derivative; your own is the same two functions.

    A function is known by itself, not by its name: your own, called "sigmoid", is not taken for the built-in one, and
    does not get its loss, its default initialisation or its compiled code.

    Parameters
    ----------
    name : str
        What it is called in a summary.
    f : f(z) -> a
        The function, elementwise on arrays of any shape.
    df : df(z, a) -> da/dz
        Its derivative, elementwise, from the input z and the output a = f(z). For a row-wise function:
        df(z, a, da) -> dz, the product of da with the Jacobian of each row.
    kinks : tuple of float
        Where the derivative jumps; the gradient check reports these points instead of calling them wrong.
    parameters : mapping
        Constants handed to f and df by name, such as the slope of leaky_relu.
    rowwise : bool
        True where an output depends on its whole row (softmax); such a function serves as output only.
    ranges : mapping
        The Range that a constant may take, by its name; any finite number without one.

    Raises
    ------
    InputError
        If an argument is not as above. A Network calls functions of your own once when it is made, and refuses those
        that fail, or return another shape than z's or no real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> square = Activation("square", lambda z: z**2, lambda z, a: 2 * z)
    >>> square(np.array([3.0]))
    array([9.])
    """

    name: str
    f: Callable[..., Array]
    df: Callable[..., Array]
    kinks: tuple[float, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)
    rowwise: bool = False
    ranges: Mapping[str, Range] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_equation("activation", self, "f", "df")
        check_bool("rowwise", self.rowwise)
        object.__setattr__(self, "kinks", tuple(Range().check("kinks", kink) for kink in self.kinks))

    @property
    def builtin(self) -> str:
        """The name of the built-in activation that has this f, or "" if f is your own."""
        return next((name for name, known in ACTIVATIONS.items() if known.f is self.f), "")

    @property
    def is_builtin(self) -> bool:
        """True if f, df and the names of the constants are those of a built-in activation."""
        known = ACTIVATIONS.get(self.builtin)
        return known is not None and (
            known.df is self.df and known.rowwise == self.rowwise and known.parameters.keys() == self.parameters.keys()
        )

    def __call__(self, Z: Array) -> Array:
        """Return A = g(Z).

        Parameters
        ----------
        Z : (n, width) array
            The pre-activations.

        Returns
        -------
        (n, width) array
        """
        return self.f(Z, **self.parameters)

    def backward(self, Z: Array, A: Array, dA: Array) -> Array:
        """Return dZ = dA ⊙ g'(Z), the gradient carried from the output back to the input.

        Parameters
        ----------
        Z, A, dA : (n, width) arrays
            The pre-activations, the activations g(Z), and ∂L/∂A.

        Returns
        -------
        (n, width) array
            ∂L/∂Z, in dA's dtype.
        """
        if self.rowwise:
            return np.asarray(self.df(Z, A, dA, **self.parameters), dtype=dA.dtype)
        # dtype: a derivative made of plain numbers, as in where(z > 0, 1, slope), would promote float32
        return np.multiply(dA, self.df(Z, A, **self.parameters), dtype=dA.dtype, casting="same_kind")

    def with_parameters(self, **parameters: float) -> Activation:
        """Return the same activation with other constants, e.g. `LEAKY_RELU.with_parameters(slope=0.2)`.

        Parameters
        ----------
        **parameters : float
            The constants to change, by name.

        Returns
        -------
        Activation

        Raises
        ------
        InputError
            If the activation has no constant of that name, or a value is out of its range.
        """
        if unknown := parameters.keys() - self.parameters.keys():
            raise unknown_name(f"parameter of {self.name}", min(unknown), self.parameters)
        return replace(self, parameters={**self.parameters, **parameters})

    def __repr__(self) -> str:
        if ACTIVATIONS.get(self.name) == self:
            return self.name.upper()
        if self.is_builtin and self.builtin == self.name:
            given = ", ".join(f"{k}={v!r}" for k, v in self.parameters.items())
            return f"{self.name.upper()}.with_parameters({given})"
        return f"Activation({self.name!r}, {function_name(self.f)}, {function_name(self.df)})"


def identity(z: Array) -> Array:
    """g(z) = z: no activation, for regression outputs.

    Examples
    --------
    >>> identity(np.array([-1.0, 0.0, 2.0]))
    array([-1.,  0.,  2.])
    """
    return z


def d_identity(z: Array, a: Array) -> Array:
    """g'(z) = 1."""
    return np.ones_like(a)


def relu(z: Array) -> Array:
    """g(z) = max(z, 0), the rectifier (Nair & Hinton 2010).

    Examples
    --------
    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return np.maximum(z, 0)


def d_relu(z: Array, a: Array) -> Array:
    """g'(z) = 1 for z > 0, 0 otherwise."""
    return a > 0  # 1 or 0; at the kink z = 0 the field's convention is 0


def leaky_relu(z: Array, slope: float) -> Array:
    """g(z) = z for z > 0, slope·z otherwise; LEAKY_RELU has slope 0.01 (Maas, Hannun & Ng 2013).

    Examples
    --------
    >>> leaky_relu(np.array([-1.0, 0.0, 2.0]), slope=0.1)
    array([-0.1,  0. ,  2. ])
    """
    return np.where(z > 0, z, slope * z)


def d_leaky_relu(z: Array, a: Array, slope: float) -> Array:
    """g'(z) = 1 for z > 0, slope otherwise."""
    return np.where(z > 0, 1, slope)


def elu(z: Array, alpha: float) -> Array:
    """g(z) = z for z > 0, alpha·(eᶻ − 1) otherwise; ELU has alpha 1 (Clevert, Unterthiner & Hochreiter 2016).

    Examples
    --------
    >>> elu(np.array([-1.0, 0.0, 2.0]), alpha=2.0)
    array([-1.26424112,  0.        ,  2.        ])
    """
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def d_elu(z: Array, a: Array, alpha: float) -> Array:
    """g'(z) = 1 for z > 0, alpha·eᶻ = a + alpha otherwise."""
    return np.where(z > 0, 1, a + alpha)


def sigmoid(z: Array) -> Array:
    """g(z) = 1 / (1 + e⁻ᶻ), the logistic function, in the form whose exponential never overflows.

    Examples
    --------
    >>> sigmoid(np.array([-1.0, 0.0, 2.0]))
    array([0.26894142, 0.5       , 0.88079708])
    """
    e = np.exp(np.minimum(z, -z))
    return np.where(z >= 0, 1, e) / (1 + e)


def d_sigmoid(z: Array, a: Array) -> Array:
    """g'(z) = a·(1 − a)."""
    return a * (1 - a)


def gelu(z: Array) -> Array:
    """g(z) = z·Φ(z) with the normal distribution function Φ in its tanh form (Hendrycks & Gimpel 2016, eq. 2).

    Differs from the exact z·Φ(z) by less than 5e-4 everywhere; the same as PyTorch's `approximate="tanh"`.
    Written with ½·(1 + tanh u) = sigmoid(2u), which keeps its digits where tanh u nears −1.

    Examples
    --------
    >>> gelu(np.array([-1.0, 0.0, 2.0]))
    array([-0.15880801,  0.        ,  1.95459769])
    """
    s = np.maximum(np.minimum(z, 25), -25)  # the sigmoid is 0 or 1 beyond; s**3 stays finite
    return z * sigmoid(1.5957691216057308 * (s + 0.044715 * s**3))  # 1.595… = 2·√(2/π)


def d_gelu(z: Array, a: Array) -> Array:
    """g'(z) = p + a·(1 − p)·u'(z), where p = sigmoid(u(z)) and a = z·p."""
    s = np.maximum(np.minimum(z, 25), -25)
    p = sigmoid(1.5957691216057308 * (s + 0.044715 * s**3))
    return p + a * (1 - p) * 1.5957691216057308 * (1 + 0.134145 * s**2)


def silu(z: Array) -> Array:
    """g(z) = z·sigmoid(z), also called swish (Elfwing, Uchibe & Doya 2018).

    Examples
    --------
    >>> silu(np.array([-1.0, 0.0, 2.0]))
    array([-0.26894142,  0.        ,  1.76159416])
    """
    return z * sigmoid(z)


def d_silu(z: Array, a: Array) -> Array:
    """g'(z) = s + a·(1 − s), where s = sigmoid(z)."""
    s = sigmoid(z)
    return s + a * (1 - s)


def softplus(z: Array) -> Array:
    """g(z) = ln(1 + eᶻ), a smooth rectifier (Dugas et al. 2001), in the form that never overflows.

    Examples
    --------
    >>> softplus(np.array([-1.0, 0.0, 2.0]))
    array([0.31326169, 0.69314718, 2.12692801])
    """
    return np.maximum(z, 0) + np.log1p(np.exp(np.minimum(z, -z)))


def d_softplus(z: Array, a: Array) -> Array:
    """g'(z) = sigmoid(z)."""
    return sigmoid(z)


def tanh(z: Array) -> Array:
    """g(z) = tanh z (LeCun et al. 1998, Efficient BackProp).

    Examples
    --------
    >>> tanh(np.array([-1.0, 0.0, 2.0]))
    array([-0.76159416,  0.        ,  0.96402758])
    """
    return np.tanh(z)


def d_tanh(z: Array, a: Array) -> Array:
    """g'(z) = 1 − a²."""
    return 1 - a**2


def exponential(z: Array) -> Array:
    """g(z) = eᶻ, the output of a Poisson regression: a rate that is always positive.

    Examples
    --------
    >>> exponential(np.array([-1.0, 0.0, 2.0]))
    array([0.36787944, 1.        , 7.3890561 ])
    """
    return np.exp(z)


def d_exponential(z: Array, a: Array) -> Array:
    """g'(z) = a."""
    return a


def softmax(z: Array) -> Array:
    """g(z)ₖ = e^zₖ / Σⱼ e^zⱼ over each row; the row's maximum is subtracted first, which changes nothing but overflow.

    Examples
    --------
    >>> softmax(np.array([[-1.0, 0.0, 2.0], [5.0, 5.0, 5.0]]))
    array([[0.04201007, 0.1141952 , 0.84379473],
           [0.33333333, 0.33333333, 0.33333333]])
    """
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def d_softmax(z: Array, a: Array, da: Array) -> Array:
    """dzₖ = aₖ·(daₖ − Σⱼ daⱼ·aⱼ): the Jacobian diag(a) − a·aᵀ of each row times da."""
    return a * (da - np.sum(da * a, axis=-1, keepdims=True))


IDENTITY = Activation("identity", identity, d_identity)
RELU = Activation("relu", relu, d_relu, kinks=(0.0,))
LEAKY_RELU = Activation("leaky_relu", leaky_relu, d_leaky_relu, kinks=(0.0,), parameters={"slope": 0.01})
ELU = Activation("elu", elu, d_elu, kinks=(0.0,), parameters={"alpha": 1.0}, ranges={"alpha": Range(0)})
GELU = Activation("gelu", gelu, d_gelu)
SILU = Activation("silu", silu, d_silu)
SOFTPLUS = Activation("softplus", softplus, d_softplus)
SIGMOID = Activation("sigmoid", sigmoid, d_sigmoid)
TANH = Activation("tanh", tanh, d_tanh)
EXPONENTIAL = Activation("exponential", exponential, d_exponential)
SOFTMAX = Activation("softmax", softmax, d_softmax, rowwise=True)

ACTIVATIONS = {
    activation.name: activation
    for activation in (
        *(IDENTITY, RELU, LEAKY_RELU, ELU, GELU, SILU, SOFTPLUS, SIGMOID, TANH),
        *(EXPONENTIAL, SOFTMAX),
    )
}

OF_SKLEARN = {"logistic": "sigmoid", "exp": "exponential"}  # those that scikit-learn calls otherwise
CALLED_ELSEWHERE = {
    **OF_SKLEARN,
    **dict.fromkeys(("linear", "none"), "identity"),
    "swish": "silu",
    **dict.fromkeys(("leaky", "lrelu", "leakyrelu"), "leaky_relu"),
}


def as_activation(given: str | Activation) -> Activation:
    """Return the activation called `given`, or `given` itself if it is one already.

    Parameters
    ----------
    given : str or Activation

    Returns
    -------
    Activation

    Raises
    ------
    InputError
        If no activation has that name; the message suggests a similar one.
    """
    if isinstance(given, Activation):
        return given
    if not isinstance(given, str):
        raise InputError(
            f"activation: expected a name or an Activation; got {type(given).__name__}; "
            "wrap your own as Activation(name, f, df)."
        )
    if given not in ACTIVATIONS:
        raise unknown_name("activation", given, ACTIVATIONS, CALLED_ELSEWHERE)
    return ACTIVATIONS[given]
