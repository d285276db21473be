"""The equations of the encoders, elementwise: NumPy runs these lines, and the exports are printed from them.

x is a cell, with the median in place of a missing one; a feature's constants broadcast against it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def standardised(x: Array, mean: Any, scale: Any) -> Array:
    """Standardise x: (x − mean) / scale.

    >>> standardised(np.array([3.0, 5.0]), 4.0, 2.0)
    array([-0.5,  0.5])
    """
    return (x - mean) / scale


def clipped(z: Array, most: Any) -> Array:
    """Keep z within −most … most.

    >>> clipped(np.array([-7.0, 0.5, 7.0]), 5.0)
    array([-5. ,  0.5,  5. ])
    """
    return np.minimum(np.maximum(z, -most), most)


def share(x: Array, low: Any, high: Any) -> Array:
    """Return the share of the bin low … high that lies below x: 0 up to low, 1 from high on, linear between.

    >>> share(np.array([0.0, 2.5, 9.0]), 2.0, 4.0)
    array([0.  , 0.25, 1.  ])
    """
    return np.minimum(np.maximum((x - low) / (high - low), 0), 1)


def binned(x: Array, low: Any, high: Any) -> Array:
    """Return the share of the bin that lies below x, minus ½.

    >>> binned(np.array([0.0, 2.5, 9.0]), 2.0, 4.0)
    array([-0.5 , -0.25,  0.5 ])
    """
    return share(x, low, high) - 0.5


def equals(x: Array, value: Any) -> Array:
    """Compare: 1 where x is the value, else 0.

    >>> equals(np.array([1.0, 2.0]), 2.0)
    array([0, 1])
    """
    return np.where(np.abs(x - value) > 0, 0, 1)


def cosine(x: Array, mean: Any, scale: Any, frequency: Any) -> Array:
    """Return cos(2πfz) of the standardised z.

    >>> cosine(np.array([4.0, 6.0]), 4.0, 2.0, 0.5)
    array([ 1., -1.])
    """
    return np.cos(6.283185307179586 * frequency * ((x - mean) / scale))


def sine(x: Array, mean: Any, scale: Any, frequency: Any) -> Array:
    """Return sin(2πfz) of the standardised z.

    >>> sine(np.array([4.0, 6.0]), 4.0, 2.0, 0.25)
    array([0., 1.])
    """
    return np.sin(6.283185307179586 * frequency * ((x - mean) / scale))
