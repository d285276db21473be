"""A network in print: its arguments, and the table of its layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from glassnet.equations.activations import ACTIVATIONS, Activation
from glassnet.equations.loss import Loss
from glassnet.equations.losses import LOSSES

Array = NDArray[Any]


def table_of_layers(
    W: Mapping[int, Array], b: Mapping[int, Array], activations: Mapping[int, Activation], loss: Loss
) -> str:
    """Return the layers with their shapes and parameter counts as a table of text."""
    rows = [("layer", "activation", "W", "b", "output", "parameters")]
    counts = {layer: W[layer].size + b[layer].size for layer in W}
    for layer in W:
        shapes = (str(W[layer].shape), str(b[layer].shape), f"(n, {b[layer].size})")
        rows.append((str(layer), called(activations[layer]), *shapes, f"{counts[layer]:,}"))
    rows.append(("", "", "", "", "total", f"{sum(counts.values()):,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, f"loss: {called(loss)}"])


def argument(given: Any) -> str:
    """Return activations as arguments of the constructor, a built-in one by its name."""
    if isinstance(given, list | tuple):
        if given and all(isinstance(each, Activation) and each == given[0] for each in given):
            return argument(given[0])
        return f"[{', '.join(map(argument, given))}]"
    known = isinstance(given, Activation) and ACTIVATIONS.get(given.name) == given
    return repr(given.name if known else given)


def called(equation: Activation | Loss) -> str:
    """The name of an activation or loss in a summary, marked if it is the user's own under a built-in one's name."""
    own = equation.name != equation.builtin and equation.name in (*ACTIVATIONS, *LOSSES)
    return f"{equation.name} (your own)" if own else equation.name
