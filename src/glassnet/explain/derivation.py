"""The Derivation, which `explain` returns: a graph with methods for its lines, entries, checks, grading and prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from glassnet.explain.entries import Entries
from glassnet.explain.entry import Entry
from glassnet.explain.grade import Grade, grade
from glassnet.explain.grading.conventions import Convention
from glassnet.explain.grading.names import symbol_of
from glassnet.explain.graph import Array, Graph, Step
from glassnet.explain.independent import Check, Checker
from glassnet.explain.render.html import render_html
from glassnet.explain.render.json import render_json
from glassnet.explain.render.latex import render_latex
from glassnet.explain.render.markdown import render_markdown
from glassnet.explain.render.outline import Outline, outline
from glassnet.explain.render.pdf import pdf_of
from glassnet.explain.render.text import render_rich, render_text
from glassnet.explain.scalar import Line
from glassnet.printers.matrices import ROWS

if TYPE_CHECKING:
    from rich.text import Text as Coloured

Rows = int | Literal["all"]  # the largest number of rows of a matrix that is printed whole


@dataclass(frozen=True, eq=False, repr=False)
class DerivedStep(Step):
    """A Step that knows its derivation, for its check and its lines."""

    derivation: Derivation | None = None

    @property
    def check(self) -> Check:
        """An independent check of the numbers: see `Derivation.check`."""
        assert self.derivation is not None
        return self.derivation.check(self.symbol)

    def line(self, *index: int) -> Line:
        """One entry with its numbers: see `Derivation.line`."""
        assert self.derivation is not None
        return self.derivation.line(self.symbol, *index)


class Derivation(Graph):
    """A training step worked out with its numbers, as `explain` returns it.

    Attributes
    ----------
    steps : tuple of Step
        The computed quantities, in order: forward, loss, backward, update.
    given : tuple of Step
        The quantities known from the start: inputs, parameters, targets, masks, the optimizer's state and constants.
    network, batch, job, state
        The network before the step (a copy), its rows and masks, and the run it belongs to.
    inputs, outputs : tuple of str
        Names of the columns of A0, and of the outputs or classes, if an estimator or a table gives them.
    ended : bool
        True if the run had ended before this step, so that training never took it.

    Examples
    --------
    >>> from glassnet import Network, explain
    >>> derivation = explain(Network([2, 3, 1], seed=0), [1.0, 2.0], 0.5)
    >>> [step.symbol for step in derivation.steps if step.stage == "backward"]
    ['dZ2', 'dW2', 'db2', 'dA1', 'g_prime1', 'dZ1', 'dW1', 'db1', 'dA0']
    """

    def __init__(self, graph: Graph) -> None:
        names = [field.name for field in fields(Step)]
        steps = {
            symbol: DerivedStep(**{name: getattr(step, name) for name in names}, derivation=self)
            for symbol, step in graph.by_symbol.items()
        }
        super().__init__(
            steps,
            graph.environment,
            graph.job,
            graph.state,
            graph.batch,
            graph.penalties,
            graph.digits,
            (graph.inputs, graph.outputs),
        )
        self._derived = steps
        self._checker = Checker(self)
        self._entries = Entries(self, self._checker)
        self._checks: dict[tuple[str, int | None], Check] = {}

    @property
    def steps(self) -> tuple[DerivedStep, ...]:
        """The computed quantities, in order: forward, loss, backward, update."""
        return tuple(step for step in self._derived.values() if step.stage != "given")

    @property
    def given(self) -> tuple[DerivedStep, ...]:
        """The quantities known from the start: inputs, parameters, targets, masks, state and constants of the optimizer."""
        return tuple(step for step in self._derived.values() if step.stage == "given")

    def __getitem__(self, symbol: str) -> DerivedStep:
        return self._derived[super().__getitem__(symbol_of(self, symbol)).symbol]

    def value(self, symbol: str) -> Array:
        """Return the numbers of a symbol; `W1_new`, `m_W1`, `v_before_b2` name the part of a flat vector for W1 or b2.

        Parameters
        ----------
        symbol : str
            A name as `grade` understands it: dW1, dw1, delta2, loss, W1_new, …

        Returns
        -------
        array
            In the shape of the quantity.
        """
        return super().value(symbol_of(self, symbol))

    def line(self, symbol: str, *index: int) -> Line:
        """Return one entry of a step: its formula in names and in numbers.

        Parameters
        ----------
        symbol : str
            The step.
        *index : int
            The place in its array, from 0: row and unit.

        Returns
        -------
        Line
            `.text()` prints it.

        Examples
        --------
        >>> from glassnet import Network, explain
        >>> derivation = explain(Network([2, 3, 1], seed=0), [1.0, 2.0], 0.5)
        >>> print(derivation.line("Z1", 0, 2).text())
        Z1[0, 2] = A0[0, 0]·W1[0, 2] + A0[0, 1]·W1[1, 2] + b1[2] = 1·0.97874 + 2·(−0.97728) + 0 = −0.9758
        """
        return self._entries.line(symbol_of(self, symbol), tuple(index))

    def entry(self, symbol: str, *index: int) -> Entry:
        """Work out one number; for a weight, bias or input its chain rule, factor by factor, and its update.

        `entry("W1", 0, 3)` is the weight from input 0 to unit 3; `entry("Z2", row, unit)` any entry of a step;
        `entry("m_W1", 0, 3)` that of an optimizer's state. Names are understood as `grade` understands them: dw1. In a batch the factors shown are those of the row that
        contributes most.

        Parameters
        ----------
        symbol : str
            The quantity.
        *index : int
            The place in its array, from 0.

        Returns
        -------
        Entry
            A page in a notebook; to_text, to_latex, to_html, to_markdown, to_json, to_pdf.

        Raises
        ------
        InputError
            If there is no such symbol or entry.
        """
        return Entry(**vars(self._entries.entry(symbol_of(self, symbol), tuple(index))))

    def check(self, symbol: str, at_most: int | None = 8) -> Check:
        """Check a step by a method that does not use its formula: the complex step, differences, or plain Python.

        Parameters
        ----------
        symbol : str
            The step.
        at_most : int or None
            The largest number of entries to check; None for all.

        Returns
        -------
        Check
            `.ok`, `.verdict`, `.method`, and the entries with both numbers.

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
        """Return one derivative by an independent method, and the method; None if the symbol is not a derivative.

        Parameters
        ----------
        symbol : str
            The quantity.
        index : tuple of int
            The place in its array, from 0.

        Returns
        -------
        (float, str) or None
        """
        return self._checker.independent(symbol, index)

    def _outline(self, symbols: Iterable[str] | None, checks: bool, rows: Rows = ROWS) -> Outline:
        return outline(self._entries, symbols, self.check if checks else None, rows)

    def __repr__(self) -> str:
        about = self._outline((), checks=False)
        return f"Derivation({about.title}; {'; '.join(about.about)}; {len(self.steps)} steps)"

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, symbols: Iterable[str] | None = None, *, checks: bool = True, rows: Rows = ROWS) -> str:
        """Return the derivation as plain text.

        A matrix of more than `rows` rows or of more than six columns is cut in its middle; the print says what is left
        out and where it is.

        Parameters
        ----------
        symbols : iterable of str, optional
            The steps to print; all by default.
        checks : bool
            True to check each step independently and print the result.
        rows : int or "all"
            The largest number of rows of a matrix that is printed whole.

        Returns
        -------
        str
        """
        return render_text(self._outline(symbols, checks, rows))

    def to_html(
        self, symbols: Iterable[str] | None = None, *, checks: bool = True, rows: Rows = ROWS, document: bool = True
    ) -> str:
        """Return the derivation as HTML that loads nothing from outside.

        Parameters
        ----------
        symbols : iterable of str, optional
            The steps to print; all by default.
        checks : bool
            True to check each step independently and print the result.
        rows : int or "all"
            The largest number of rows of a matrix that is printed whole.
        document : bool
            True for a whole page, False for one element.

        Returns
        -------
        str
        """
        return render_html(self._outline(symbols, checks, rows), self, document=document)

    def _repr_html_(self) -> str:
        return self.to_html(document=False)

    def to_latex(
        self, symbols: Iterable[str] | None = None, *, checks: bool = True, rows: Rows = ROWS, document: bool = True
    ) -> str:
        """Return the derivation in LaTeX.

        Parameters
        ----------
        symbols : iterable of str, optional
            The steps to print; all by default.
        checks : bool
            True to check each step independently and print the result.
        rows : int or "all"
            The largest number of rows of a matrix that is printed whole.
        document : bool
            True for a whole document, False for a fragment for one that loads amsmath.

        Returns
        -------
        str
        """
        return render_latex(self._outline(symbols, checks, rows), self, document=document)

    def to_markdown(self, symbols: Iterable[str] | None = None, *, checks: bool = True, rows: Rows = ROWS) -> str:
        """Return the derivation as Markdown with LaTeX formulas.

        Parameters
        ----------
        symbols : iterable of str, optional
            The steps to print; all by default.
        checks : bool
            True to check each step independently and print the result.
        rows : int or "all"
            The largest number of rows of a matrix that is printed whole.

        Returns
        -------
        str
        """
        return render_markdown(self._outline(symbols, checks, rows), self)

    def to_json(self, symbols: Iterable[str] | None = None, *, checks: bool = True, full: bool = False) -> str:
        """Return the derivation as JSON.

        Parameters
        ----------
        symbols : iterable of str, optional
            The steps to print; all by default.
        checks : bool
            True to check each step independently and print the result.
        full : bool
            True to keep every number; else arrays of over 2,000 are cut to their largest entries.

        Returns
        -------
        str
        """
        return render_json(self._outline(symbols, checks), self, full=full)

    def to_pdf(self, symbols: Iterable[str] | None = None, *, checks: bool = True, rows: Rows = ROWS) -> bytes:
        """Return the derivation as PDF, typeset by the pdflatex of this machine.

        Parameters
        ----------
        symbols : iterable of str, optional
            The steps to print; all by default.
        checks : bool
            True to check each step independently and print the result.
        rows : int or "all"
            The largest number of rows of a matrix that is printed whole.

        Returns
        -------
        bytes
        """
        return pdf_of(self.to_latex(symbols, checks=checks, rows=rows))

    def __rich__(self) -> Coloured:
        return render_rich(self._outline(None, checks=True))

    def grade(
        self, terms: Mapping[str, Any] | None = None, /, *, convention: Convention | str | None = None, **answers: Any
    ) -> Grade:
        """Compare your own terms with these: mark each, find the first wrong one and its likely cause.

        Any terms, in any order, by their symbols or usual names: dW2=…, dz1=…, delta2=…, h1=…, loss=…, m_hat=…; names
        that are no Python names in a dict: {"∂L/∂W1": …}. Work by hand may be rounded, to two digits or more, at each
        line or at the end: a term is right if it follows from your own earlier terms within the digits you wrote. The
        usual mistakes are tried one by one; one that gives your numbers is named.

        Parameters
        ----------
        terms : mapping, optional
            Your terms by name, each a number, a list or an array.
        convention : Convention or str, optional
            How your terms are written: "columns" (samples as columns, W of shape (out, in)), "out_in" (only W),
            "mean_in_gradients" (1/n in dW and db), "sum", "no_half", "momentum_average", "momentum_sum",
            "shared_biases", "no_biases", "frozen_W1", "loss_times_0.5", several with commas between, or "standard".
            What is not told is inferred from the terms; `Grade.note` says what was.
        **answers
            Your terms as keywords.

        Returns
        -------
        Grade

        Raises
        ------
        InputError
            If a name is not a term of this step, or a value is not a number.

        Examples
        --------
        >>> from glassnet import Network, explain
        >>> derivation = explain(Network([2, 2, 1], hidden="tanh", output="sigmoid", seed=0), [1.0, 2.0], 1)
        >>> derivation.grade(dZ2=derivation.value("dZ2"), dZ1=derivation.value("dA1")).misconception.code
        'derivative_forgotten'
        """
        return grade(self, {**(terms or {}), **answers}, convention)
