"""The Derivation: one training step as an ordered graph of steps, each with its formula, its numbers and its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import unknown_name
from glassnet.explain.build import Builder
from glassnet.explain.chain import Scalars
from glassnet.explain.grade import Grade, grade
from glassnet.explain.independent import Check, Checker
from glassnet.explain.outline import outline
from glassnet.explain.render_html import render_html
from glassnet.explain.render_json import render_json
from glassnet.explain.render_latex import render_latex
from glassnet.explain.render_markdown import render_markdown
from glassnet.explain.render_text import render_rich, render_text
from glassnet.explain.scalar import Entry, Line
from glassnet.explain.step import Step
from glassnet.network.network import Network
from glassnet.training.job import Job, State
from glassnet.training.reference import Batch

if TYPE_CHECKING:
    from rich.text import Text as Coloured

Array = NDArray[Any]


class Derivation:
    """A training step worked out with its numbers; what `explain` returns.

    Attributes
    ----------
    steps : tuple of Step
        What is computed, in order: forward, loss, backward, update.
    given : tuple of Step
        What is there from the start: inputs, parameters, targets, masks, the optimizer's memory and constants.
    network, batch, job, state
        The network before the step (a copy), the rows and masks it saw, and the run it belongs to.
    inputs, outputs : tuple of str
        What the columns of A0 and of the output are called, where an estimator or a table says it.
    """

    def __init__(
        self, builder: Builder, digits: int, inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = ()
    ) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.job: Job = builder.job
        self.state: State = builder.state
        self.batch: Batch = builder.batch
        self.network: Network = builder.net
        self.digits = digits
        self.penalties = (builder.l1, builder.l2)
        self._all = {symbol: replace(step, derivation=self) for symbol, step in builder.steps.items()}
        self.environment: Mapping[str, Any] = MappingProxyType(builder.environment)
        self._checks: dict[tuple[str, int | None], Check] = {}

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for step in self._all.values() if step.stage != "given")

    @property
    def given(self) -> tuple[Step, ...]:
        return tuple(step for step in self._all.values() if step.stage == "given")

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """(input, symbol) for each input of each step."""
        return tuple((source, step.symbol) for step in self.steps for source in step.inputs)

    def __getitem__(self, symbol: str) -> Step:
        """The step called `symbol`, given ones among them.

        Raises
        ------
        InputError
            If there is none; names the nearest.
        """
        found = self._all.get({"X": "A0", "dX": "dA0"}.get(symbol, symbol))
        if found is None:
            raise unknown_name("symbol", symbol, self._all)
        return found

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._all

    def value(self, symbol: str) -> Array:
        """The numbers of a symbol; of `W1_new`, `m_W1`, `v_before_b2` the part of a flat vector that belongs to W1, b2.

        Examples
        --------
        >>> from glassnet import Network, explain
        >>> derivation = explain(Network([2, 3, 1], seed=0), [1.0, 2.0], 0.5)
        >>> derivation.value("W1_new").shape
        (2, 3)
        """
        if symbol in self._all or symbol in ("X", "dX"):
            return np.asarray(self[symbol].value)
        flat, parameter = self.part(symbol)
        W, b = self.network.layout.views(np.asarray(self[flat].value))
        return (W if parameter[0] == "W" else b)[int(parameter[1:])]

    def part(self, symbol: str) -> tuple[str, str]:
        """The flat vector and the parameter that a name such as W1_new (theta, W1) or m_b2 (m, b2) stands for."""
        flat, _, parameter = symbol.rpartition("_")
        if parameter == "new":
            flat, parameter = "theta", flat
        layers = {f"{kind}{layer}" for layer in self.network.W for kind in "Wb"}
        if flat not in self._all or parameter not in layers or np.shape(self[flat].value) != self.network.theta.shape:
            raise unknown_name("symbol", symbol, self._all)
        return flat, parameter

    def is_flat(self, symbol: str) -> bool:
        """Whether a quantity of the update has theta's layout, and so a part for each W and b."""
        step = self._all.get(symbol)
        named = symbol in ("theta_before", *(f"{slot}_before" for slot in self.job.optimizer.slots))
        return step is not None and (step.stage == "update" or named) and step.shape == self.network.theta.shape

    def position(self, symbol: str) -> int:
        """The place of a symbol in the order of computation."""
        return list(self._all).index(symbol)

    @cached_property
    def _scalars(self) -> Scalars:
        return Scalars(self)

    @cached_property
    def _checker(self) -> Checker:
        return Checker(self)

    def line(self, symbol: str, *index: int) -> Line:
        """One entry of a step: its formula in names and in numbers.

        Examples
        --------
        >>> from glassnet import Network, explain
        >>> derivation = explain(Network([2, 3, 1], seed=0), [1.0, 2.0], 0.5)
        >>> print(derivation.line("Z1", 0, 2).text())
        Z1[0, 2] = A0[0, 0]·W1[0, 2] + A0[0, 1]·W1[1, 2] + b1[2] = 1·0.9787 + 2·(−0.9773) + 0 = −0.9758
        """
        return self._scalars.line(symbol, tuple(index))

    def entry(self, symbol: str, *index: int) -> Entry:
        """How one number comes about; of a weight, bias or input its chain rule, factor by factor, and its update.

        `entry("W1", 0, 3)` is the weight from input 0 to unit 3; `entry("Z2", row, unit)` any entry of a step;
        `entry("m_W1", 0, 3)` that of an optimizer's state. In a batch the factors shown are those of the row that
        contributes most.

        Raises
        ------
        InputError
            If there is no such symbol or entry.
        """
        return self._scalars.entry(symbol, tuple(index))

    def check(self, symbol: str, at_most: int | None = 8) -> Check:
        """The independent check of a step, at up to `at_most` of its entries (None: at all).

        Examples
        --------
        >>> from glassnet import Network, explain
        >>> derivation = explain(Network([2, 3, 1], seed=0), [1.0, 2.0], 0.5)
        >>> derivation.check("dW1").ok, derivation.check("dW1").method
        (True, 'complex step')
        """
        if (symbol, at_most) not in self._checks:
            self._checks[symbol, at_most] = self._checker.check(self[symbol], at_most)
        return self._checks[symbol, at_most]

    def independent(self, symbol: str, index: tuple[int, ...]) -> tuple[float, str] | None:
        """One derivative by the complex step or a centred difference, and by which; None for what is none."""
        return self._checker.independent(symbol, index)

    def __repr__(self) -> str:
        about = outline(self, (), checks=False)
        return f"Derivation({about.title}; {'; '.join(about.about)}; {len(self.steps)} steps)"

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, symbols: Iterable[str] | None = None, *, checks: bool = True) -> str:
        """The derivation as plain text: all steps, or those named."""
        return render_text(outline(self, symbols, checks=checks), self.digits)

    def to_html(self, symbols: Iterable[str] | None = None, *, checks: bool = True, document: bool = True) -> str:
        """The derivation as a page of HTML that loads nothing from outside, or as one element (`document=False`)."""
        return render_html(outline(self, symbols, checks=checks), self, document=document)

    def _repr_html_(self) -> str:
        return self.to_html(document=False)

    def to_latex(self, symbols: Iterable[str] | None = None, *, checks: bool = True, document: bool = True) -> str:
        """The derivation as a LaTeX document, or as a fragment for one that loads amsmath (`document=False`)."""
        return render_latex(outline(self, symbols, checks=checks), self, document=document)

    def to_markdown(self, symbols: Iterable[str] | None = None, *, checks: bool = True) -> str:
        """The derivation as Markdown with LaTeX formulas."""
        return render_markdown(outline(self, symbols, checks=checks), self)

    def to_json(self, symbols: Iterable[str] | None = None, *, checks: bool = True, full: bool = False) -> str:
        """The derivation as JSON; of arrays of over 2,000 numbers the largest entries, or with `full` all."""
        return render_json(outline(self, symbols, checks=checks), self, full=full)

    def __rich__(self) -> Coloured:
        return render_rich(outline(self), self.digits)

    def evaluate(self, symbol: str) -> Any:
        """The formula of a step run again as Python over the values of the other steps."""
        expression = self[symbol].expression
        if expression is None:
            return self[symbol].value
        with np.errstate(all="ignore"):
            return eval(ast.unparse(expression), dict(self.environment))

    def grade(self, **answers: Any) -> Grade:
        """Compare your own terms with these: which are right, which is the first wrong one, and what likely happened.

        Any terms, in any order, by their symbols: dW2=…, dz1=…, loss=…, m_hat=…. Numbers may be rounded (to three
        digits or more). The usual mistakes are tried one by one; one that gives your numbers is named.

        Raises
        ------
        InputError
            If a name is no term of this step, or something is no number.

        Examples
        --------
        >>> from glassnet import Network, explain
        >>> derivation = explain(Network([2, 2, 1], hidden="tanh", output="sigmoid", seed=0), [1.0, 2.0], 1)
        >>> derivation.grade(dZ2=derivation.value("dZ2"), dZ1=derivation.value("dA1")).misconception.code
        'derivative_forgotten'
        """
        return grade(self, answers)
