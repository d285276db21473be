"""A derivative taken from its function: what a wrong one of the user's own is replaced by to see whether it was to blame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.remedy import Remedy
from glassnet.equations.losses import Loss
from glassnet.network.derivatives import COMPLEX_STEP, DIFFERENCE
from glassnet.network.network import Network

Array = NDArray[Any]


def derived(f: Callable[..., Array]) -> Callable[..., Array]:
    """The derivative of an elementwise f by the complex step, or by centred differences where f takes no complex z."""

    def derivative(z: Array, *others: Array, **parameters: float) -> Array:
        h = DIFFERENCE * np.maximum(1, np.abs(z))
        centred = (f(z + h, *others, **parameters) - f(z - h, *others, **parameters)) / (2 * h)
        try:
            stepped = np.imag(f(z + COMPLEX_STEP * 1j, *others, **parameters)) / COMPLEX_STEP
        except (TypeError, ValueError):
            return centred
        near = np.abs(stepped - centred) <= 1e-4 * np.maximum(1, np.abs(centred))
        return np.where(near, stepped, centred)

    return derivative


def _is_elementwise(loss: Loss, width: int) -> bool:
    """True if the loss is one number for each output and not one for each row."""
    rows = np.full((2, width), 0.5)
    with np.errstate(all="ignore"):
        return np.shape(loss.value(rows, rows, **loss.parameters)) == rows.shape


def repairs(network: Network) -> tuple[Remedy, ...]:
    """Remedies for a wrong gradient: the derivatives of one's own equations taken from the functions themselves."""
    own = {layer: a for layer, a in network.activations.items() if not a.rowwise and not a.is_builtin}
    loss = network.loss_function
    own_loss = not loss.is_builtin and _is_elementwise(loss, network.sizes[-1])
    if not own and not own_loss:
        return ()
    layers = network.n_layers

    def mended(layer: int) -> Any:
        activation = network.activations[layer]
        if layer not in own:
            return activation
        f = activation.f
        return replace(activation, df=lambda z, a, **parameters: derived(f)(z, **parameters))

    names = [f"df of {name!r}" for name in dict.fromkeys(a.name for a in own.values())] + (
        [f"slope of {loss.name!r}"] if own_loss else []
    )
    mended_loss = replace(loss, slope=derived(loss.value)) if own_loss else loss
    change = {"hidden": [mended(layer) for layer in range(1, layers)], "output": mended(layers), "loss": mended_loss}
    return (Remedy(f"take the derivative from the function itself: {', '.join(names)}", network=change),)
