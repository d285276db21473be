"""`glassnet check FILE.py`: grades the user's own function that computes gradients by hand."""

from __future__ import annotations

import inspect
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from glassnet.cli.screen import show
from glassnet.errors import InputError
from glassnet.network.network import Network


def check(
    file: Annotated[Path, typer.Argument(help="A Python file with a function `gradients`.", show_default=False)],
    function: Annotated[str, typer.Option(help="The function's name.")] = "gradients",
    sizes: Annotated[
        str, typer.Option(help="Layer widths, e.g. 3,4,2; default: as many as the function asks for.")
    ] = "",
    hidden: Annotated[str, typer.Option(help="Activation of the hidden layers.")] = "tanh",
    output: Annotated[str, typer.Option(help="Activation of the output.")] = "sigmoid",
    loss: Annotated[str, typer.Option(help="Loss; default: the output's own.")] = "",
    l1: Annotated[float, typer.Option(help="Strength of the L1 penalty.")] = 0.0,
    l2: Annotated[float, typer.Option(help="Strength of the L2 penalty.")] = 0.0,
    dropout: Annotated[float, typer.Option(help="Dropout rate of hidden layers.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the random networks and samples.")] = 0,
) -> None:
    """Grade your own backpropagation: is it right, and if not, which term is the first wrong one, and why?

    The file defines gradients(X, Y, W1, b1, W2, b2), which returns {"dW1": …, "dZ2": …} or any other terms; what it is
    given goes by the names of its parameters. It may define `network`, a glassnet.Network, in place of the options.
    The file is run. Exit code 0: all right; 1: something is wrong.
    """
    from glassnet.explain.check import check as check_function

    space = _run(file)
    own = space.get(function)
    if not callable(own):
        raise InputError(f"{file.name}: expected a function {function!r}; got none; define it or pass --function.")
    network = space.get("network")
    if not isinstance(network, Network):
        network = Network(_sizes(sizes, own, output), hidden=hidden, output=output, loss=loss or None)
    grade = check_function(own, network, l1=l1, l2=l2, dropout=dropout, seed=seed)
    show(f"{file.name}: {function} of a {'-'.join(map(str, network.sizes))} network")
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
