"""The graph of a training step: quantities as Steps, each with its numbers, its formula and the code it comes from."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import unknown_name
from glassnet.network.network import Network
from glassnet.printers.statements import Source
from glassnet.training.job import Job, State
from glassnet.training.reference import Batch

Array = NDArray[Any]


ALIASES = {"X": "A0", "dX": "dA0"}  # second names of symbols


@dataclass(frozen=True, eq=False, repr=False)
class Step:
    """One quantity of a training step.

    Attributes
    ----------
    symbol : str
        Its name: Z1, A1, loss, dW1, m, theta, …
    stage : str
        "given", "forward", "loss", "backward" or "update".
    what : str
        Its description in words.
    value : array or number
        The numbers, as the NumPy engine computes them.
    expression : ast.expr or None
        The formula over other symbols, read from the source; evaluating it gives `value`. None for given quantities,
        and for a function whose source is no equation.
    source : Source or None
        The file, line and text of the code that computed it.
    inputs : tuple of str
        The symbols it was computed from: the edges of the graph.
    layer : int or None
        The layer it belongs to.
    aside : bool
        True for a quantity shown for explanation that training does not compute: ∂L/∂ŷ, the Jacobian, ∂L/∂X.
    note : str
        A remark for the reader, e.g. that a division by 0 occurs here.
    textbook : ast.expr or None
        The formula as textbooks write it, where that of the code is another one, which never overflows.
    """

    symbol: str
    stage: str
    what: str
    value: Any
    expression: ast.expr | None = None
    source: Source | None = None
    inputs: tuple[str, ...] = ()
    layer: int | None = None
    aside: bool = False
    note: str = ""
    textbook: ast.expr | None = None

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


class Graph:
    """The steps of one training step in the order of computation, with the run they belong to.

    Attributes
    ----------
    steps : tuple of Step
        The computed quantities, in order: forward, loss, backward, update.
    given : tuple of Step
        The quantities known from the start: inputs, parameters, targets, masks, the optimizer's state and constants.
    by_symbol : mapping
        All steps, given and computed, by their symbols, in order.
    environment : mapping
        The names that formulas may use, with their values: all symbols, np, and the functions that formulas call.
    network, batch, job, state
        The network before the step (a copy), its rows and masks, and the run it belongs to.
    penalties : (l1, l2)
        The strengths of the penalties in this batch.
    digits : int
        Significant digits of printed numbers.
    inputs, outputs : tuple of str
        Names of the columns of A0, and of the outputs or classes, if an estimator or a table gives them.
    ended : bool
        True if the run had ended before this step, so that training never took it.
    """

    ended = False

    def __init__(
        self,
        steps: Mapping[str, Step],
        environment: Mapping[str, Any],
        job: Job,
        state: State,
        batch: Batch,
        penalties: tuple[float, float],
        digits: int,
        names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
    ) -> None:
        self.by_symbol = steps
        self.environment: Mapping[str, Any] = MappingProxyType(dict(environment))
        self.job, self.state, self.batch = job, state, batch
        self.network: Network = job.network
        self.penalties = penalties
        self.digits = digits
        self.inputs, self.outputs = names

    @property
    def steps(self) -> tuple[Step, ...]:
        """The computed quantities, in order."""
        return tuple(step for step in self.by_symbol.values() if step.stage != "given")

    @property
    def given(self) -> tuple[Step, ...]:
        """The quantities known from the start."""
        return tuple(step for step in self.by_symbol.values() if step.stage == "given")

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """(input, symbol) for each input of each step."""
        return tuple((source, step.symbol) for step in self.steps for source in step.inputs)

    def __getitem__(self, symbol: str) -> Step:
        """The step called `symbol`; given quantities are steps, too.

        Raises
        ------
        InputError
            If there is no such symbol; names the nearest.
        """
        found = self.by_symbol.get(ALIASES.get(symbol, symbol))
        if found is None:
            raise unknown_name("symbol", symbol, self.by_symbol)
        return found

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.by_symbol

    def value(self, symbol: str) -> Array:
        """Return the numbers of a symbol; `W1_new`, `m_W1`, `v_before_b2` name the part of a flat vector for W1 or b2.

        Parameters
        ----------
        symbol : str
            dW1, loss, W1_new, …

        Returns
        -------
        array
            In the shape of the quantity.

        Raises
        ------
        InputError
            If there is no such symbol; names the nearest.

        Examples
        --------
        >>> from glassnet import Network, explain
        >>> derivation = explain(Network([2, 3, 1], seed=0), [1.0, 2.0], 0.5)
        >>> derivation.value("W1_new").shape
        (2, 3)
        """
        if symbol in self.by_symbol or symbol in ALIASES:
            return np.asarray(self[symbol].value)
        flat, parameter = self.part(symbol)
        W, b = self.network.layout.views(np.asarray(self[flat].value))
        return (W if parameter[0] == "W" else b)[int(parameter[1:])]

    def part(self, symbol: str) -> tuple[str, str]:
        """Return the flat vector and the parameter in a name such as W1_new (theta, W1) or m_b2 (m, b2).

        Parameters
        ----------
        symbol : str
            The name.

        Returns
        -------
        (str, str)

        Raises
        ------
        InputError
            If the name has no such parts.
        """
        flat, _, parameter = symbol.rpartition("_")
        if parameter == "new":
            flat, parameter = "theta", flat
        layers = {f"{kind}{layer}" for layer in self.network.W for kind in "Wb"}
        if (
            flat not in self.by_symbol
            or parameter not in layers
            or np.shape(self[flat].value) != self.network.theta.shape
        ):
            raise unknown_name("symbol", symbol, self.by_symbol)
        return flat, parameter

    def part_name(self, symbol: str, parameter: str) -> str:
        """Return the name of a parameter's part of a flat vector: W1 of theta_before, W1_new of theta, m_W1 of m.

        Parameters
        ----------
        symbol, parameter : str
            The flat vector, and W1, b1, …

        Returns
        -------
        str
        """
        whole = "gradient" if "gradient" in self else "g"
        names = {"theta_before": parameter, "theta": f"{parameter}_new", whole: f"d{parameter}"}
        return names.get(symbol, f"{symbol}_{parameter}")

    def is_flat(self, symbol: str) -> bool:
        """True if the symbol is a vector in theta's layout, with a part for each W and b.

        Parameters
        ----------
        symbol : str
            A name.

        Returns
        -------
        bool
        """
        step = self.by_symbol.get(symbol)
        named = symbol in ("theta_before", *(f"{slot}_before" for slot in self.job.optimizer.slots))
        return step is not None and (step.stage == "update" or named) and step.shape == self.network.theta.shape

    def position(self, symbol: str) -> int:
        """Return the place of a symbol in the order of computation, from 0.

        Parameters
        ----------
        symbol : str
            A name.

        Returns
        -------
        int
        """
        return list(self.by_symbol).index(symbol)

    def evaluate(self, symbol: str) -> Any:
        """Run the formula of a step again as Python over the values of the other steps.

        Parameters
        ----------
        symbol : str
            A name.

        Returns
        -------
        array or number
        """
        expression = self[symbol].expression
        if expression is None:
            return self[symbol].value
        with np.errstate(all="ignore"):
            return eval(ast.unparse(expression), dict(self.environment))
