"""`glassnet check FILE.py`: grades the user's own function that computes gradients by hand."""

from __future__ import annotations

import inspect
import re
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from glassnet.cli.options import option, spread, training_option
from glassnet.cli.screen import show
from glassnet.errors import InputError
from glassnet.network.network import Network


@dataclass(frozen=True)
class Tried:
    """The function's name, and the network that it is tried on, where the file defines none."""

    function: str = option("The function's name.", "gradients")
    sizes: str = option("Layer widths, e.g. 3,4,2; default: as many as the function asks for.", "")
    hidden: str = option("Activation of the hidden layers; default: found out.", "")
    output: str = option("Activation of the output; default: found out.", "")
    loss: str = option("Loss; default: the output's own.", "")


@dataclass(frozen=True)
class Step:
    """The arguments of the function `check`."""

    l1: float = training_option("l1")
    l2: float = training_option("l2")
    dropout: float = training_option("dropout")
    convention: str = option(
        "How the terms are written: columns, out_in, mean_in_gradients, sum, no_half, …; default: found out.", ""
    )
    seed: int = option("Seed of the random networks and samples.", 0)


@spread
def check(
    file: Annotated[Path, typer.Argument(help="A Python file with a function `gradients`.", show_default=False)],
    tried: Tried,
    step: Step,
) -> None:
    """Grade your own backpropagation: is it right, and if not, which term is the first wrong one, and why?

    The file defines gradients(X, Y, W1, b1, W2, b2), which returns {"dW1": …, "dZ2": …} or any other terms; what it is
    given goes by the names of its parameters. It may define `network`, a glassnet.Network, in place of the options.
    Without these the usual networks are tried: it is graded for the one of which most terms are right, and says which.
    The file is run. Exit code 0: all right; 1: something is wrong.
    """
    from glassnet.explain.check import check as check_function
    from glassnet.explain.check import usual_network

    space = _run(file)
    own = space.get(tried.function)
    if not callable(own):
        raise InputError(
            f"{file.name}: expected a function {tried.function!r}; got none; define it or pass --function."
        )
    network = space.get("network")
    if not isinstance(network, Network):
        sizes = _sizes(tried.sizes, own, tried.output or "sigmoid")
        if tried.hidden or tried.output or tried.loss:
            hidden, output = tried.hidden or "tanh", tried.output or "sigmoid"
            network = Network(sizes, hidden=hidden, output=output, loss=tried.loss or None)
        else:
            network = usual_network(own, sizes, step.convention or None, step.seed)
    grade = check_function(own, network, **{**vars(step), "convention": step.convention or None})
    show(f"{file.name}: {tried.function} of a {'-'.join(map(str, network.sizes))} network")
    show(str(grade))
    if not grade.ok:
        raise typer.Exit(1)


def _run(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise InputError(f"{file}: expected a Python file; got none; name another.")
    try:
        return runpy.run_path(str(file))
    except Exception as error:
        line = getattr(error, "lineno", None)
        where = f" (line {line})" if line else ""
        raise InputError(f"{file.name}: expected it to run; got {type(error).__name__}: {error}{where}.") from error


def _sizes(given: str, function: Callable[..., Any], output: str) -> list[int]:
    """The widths that were asked for, or 3-4-…-k with as many layers as the function takes weights of."""
    if given:
        try:
            return [int(width) for width in given.split(",")]
        except ValueError:
            raise InputError(f"--sizes: expected whole numbers; got {given!r}; pass e.g. --sizes 3,4,2.") from None
    weights = [int(name[1:]) for name in inspect.signature(function).parameters if re.fullmatch(r"W\d+", name)]
    layers = max(weights, default=2)
    return [3, *(4 + layer for layer in range(layers - 1)), 1 if output == "sigmoid" else 2]
