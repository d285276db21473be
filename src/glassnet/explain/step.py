"""One step of a derivation: a symbol, its value, the formula and the code it comes from."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.statements import Source

if TYPE_CHECKING:
    from glassnet.explain.derivation import Derivation
    from glassnet.explain.independent import Check
    from glassnet.explain.scalar import Line

Array = NDArray[Any]

STAGES = ("given", "forward", "loss", "backward", "update")


@dataclass(frozen=True, eq=False, repr=False)
class Step:
    """One quantity of a training step.

    Attributes
    ----------
    symbol : str
        What it is called: Z1, A1, loss, dW1, m, theta, …
    stage : str
        "given", "forward", "loss", "backward" or "update".
    what : str
        What it is, in words.
    value : array
        The numbers, as the NumPy engine computes them.
    expression : ast.expr or None
        The formula over other symbols, read from the source; evaluating it gives `value`. None for what is given,
        and for a function whose source is no equation.
    source : Source or None
        The file, line and text of the code that computed it.
    inputs : tuple of str
        The symbols it was computed from: the edges of the graph.
    layer : int or None
        The layer it belongs to.
    aside : bool
        True for what explains the step but is not computed on the engine's way: ∂L/∂ŷ, the Jacobian, ∂L/∂X.
    note : str
        What a reader should know about it.
    """

    symbol: str
    stage: str
    what: str
    value: Array
    expression: ast.expr | None = None
    source: Source | None = None
    inputs: tuple[str, ...] = ()
    layer: int | None = None
    aside: bool = False
    note: str = ""
    derivation: Derivation | None = None

    @property
    def check(self) -> Check:
        """An independent check of the numbers, made when first asked for: see `Derivation.check`."""
        assert self.derivation is not None
        return self.derivation.check(self.symbol)

    def line(self, *index: int) -> Line:
        """One entry with its numbers: see `Derivation.line`."""
        assert self.derivation is not None
        return self.derivation.line(self.symbol, *index)

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @cached_property
    def code(self) -> str:
        """The formula in Python."""
        return "" if self.expression is None else ast.unparse(self.expression)

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.shape)) or "scalar"
        formula = f" = {self.code}" if self.expression is not None else ""
        return f"Step({self.symbol}{formula}; {shape}, {self.stage})"
