"""`contributions` shares one prediction out among the columns it was made from, by integrated gradients."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, printable, shown
from glassnet.explain.render.contributions import (
    Account,
    Row,
    render_html,
    render_latex,
    render_markdown,
    render_text,
)
from glassnet.network.attribution import integrate_gradients
from glassnet.network.inputs import check_X
from glassnet.network.network import Network

Array = NDArray[Any]

MOST = 20  # columns that are listed
EXACT = 1e-6  # of what is added: a sum that misses the prediction by more is said to


@dataclass(frozen=True, eq=False, repr=False)
class Contributions:
    """The contribution of each column to predictions, as `contributions` returns it.

    Attributes
    ----------
    names : tuple of str
        The columns, or the inputs of a network.
    values : (n, columns) array
        What each column adds to the prediction of each row, in its units; for a class in probability.
    baseline, prediction : (n,) arrays
        The answer for the baseline and for the row; between them lie the contributions.
    outputs : tuple of str
        The output that is explained of each row: the target, or "probability of" a class.
    cells : tuple of tuple of str
        The cells of each row, in the order of `names`.
    origin : str
        What the baseline is.

    Examples
    --------
    >>> net = Network([2, 1])
    >>> net.W[1][...] = [[2.0], [-1.0]]  # a linear model: each input adds weight times value
    >>> found = contributions(net, [[3.0, 4.0]])
    >>> found.values, found.prediction, found.adds_up
    (array([[ 6., -4.]]), array([2.]), array([ True]))
    """

    names: tuple[str, ...]
    values: Array
    baseline: Array
    prediction: Array
    outputs: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    origin: str

    @property
    def left(self) -> Array:
        """The rest of prediction − baseline that no column accounts for, (n,): the error of the integrals and rounding."""
        rest: Array = self.prediction - self.baseline - self.values.sum(axis=1)
        return rest

    @property
    def adds_up(self) -> Array:
        """True where baseline and contributions add up to the prediction, to 1e-6 of what is added, (n,)."""
        size = np.abs(self.values).sum(axis=1) + np.abs(self.baseline) + np.abs(self.prediction)
        return np.abs(self.left) <= EXACT * size

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Contributions({len(self.names)} columns to {len(self)} predictions)"

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, digits: int = 4) -> str:
        """Return the contributions to each prediction as bars of text, the largest first, with the running total.

        Parameters
        ----------
        digits : int
            Significant digits of numbers.

        Returns
        -------
        str
        """
        return render_text(self.accounts(digits))

    def to_html(self, digits: int = 4, *, document: bool = True) -> str:
        """Return the same as HTML.

        Parameters
        ----------
        digits : int
            Significant digits of numbers.
        document : bool
            True for a whole page, False for one element.

        Returns
        -------
        str
        """
        return render_html(self.accounts(digits), document=document)

    def _repr_html_(self) -> str:
        return self.to_html(document=False)

    def to_markdown(self, digits: int = 4) -> str:
        """Return the same as a table in Markdown.

        Parameters
        ----------
        digits : int
            Significant digits of numbers.

        Returns
        -------
        str
        """
        return render_markdown(self.accounts(digits))

    def to_latex(self, digits: int = 4, *, document: bool = True) -> str:
        """Return the same in LaTeX.

        Parameters
        ----------
        digits : int
            Significant digits of numbers.
        document : bool
            True for a whole document, False for a fragment of one.

        Returns
        -------
        str
        """
        return render_latex(self.accounts(digits), document=document)

    def to_dict(self) -> dict[str, Any]:
        """Return the same as JSON values, a list of rows."""
        rows = [
            {
                "output": self.outputs[row],
                "baseline": float(self.baseline[row]),
                "prediction": float(self.prediction[row]),
                "columns": [
                    {"column": self.names[j], "cell": self.cells[row][j], "contribution": float(self.values[row, j])}
                    for j in self.order(row)
                ],
                "left": float(self.left[row]),
            }
            for row in range(len(self))
        ]
        return {"format": "glassnet-contributions", "version": 1, "baseline": self.origin, "rows": rows}

    def order(self, row: int) -> Array:
        """Return the columns by their size for one prediction, the largest contribution first.

        Parameters
        ----------
        row : int
            The number of the prediction.

        Returns
        -------
        (columns,) array of int
            Places in `names`.
        """
        return np.argsort(-np.abs(self.values[row]), kind="stable")

    def accounts(self, digits: int = 4, most: int = MOST) -> list[Account]:
        """Return how each prediction comes about, column by column, as the renderers take it.

        Parameters
        ----------
        digits : int
            Significant digits of numbers.
        most : int
            The largest number of columns by name; the others are one.

        Returns
        -------
        list of Account
        """
        return [self._account(row, digits, most) for row in range(len(self))]

    def _account(self, row: int, digits: int, most: int) -> Account:
        values, cells, order = self.values[row], self.cells[row], self.order(row)
        listed = order if len(order) <= most + 1 else order[:most]
        entries = [(self.names[j], cells[j], float(values[j])) for j in listed]
        if len(listed) < len(order):
            rest = order[len(listed) :]
            entries.append((f"{len(rest):,} other columns", "", float(values[rest].sum())))
        totals = self.baseline[row] + np.cumsum([value for *_, value in entries])
        rows = tuple(Row(*entry, float(total)) for entry, total in zip(entries, totals, strict=True))
        baseline, prediction, left = float(self.baseline[row]), float(self.prediction[row]), float(self.left[row])
        adds_up = bool(self.adds_up[row])
        check = "baseline + contributions = prediction" + (f", to {abs(left):.1g}" if left else ", exactly")
        if not adds_up:
            check = f"no column accounts for {left:.{digits}g} of the prediction"
        return Account(self.outputs[row], self.origin, baseline, prediction, rows, check, adds_up, digits)


def contributions(model: Any, rows: Any, *, output: Any = None, baseline: Any = None) -> Contributions:
    """Share each prediction out among the columns, so that the shares add up to prediction − baseline prediction.

    c_j = (x_j − x⁰_j) ∫₀¹ ∂F/∂x_j (x⁰ + t (x − x⁰)) dt for each input of the network, F being the output that is
    explained; a column's contribution is the sum over its inputs, that of an ensemble the mean over its members. For a
    linear model that is w_j (x_j − x⁰_j), the Shapley value. A contribution says what the model does, not what causes
    the target.

    Parameters
    ----------
    model : table model, Network or fitted estimator
    rows : a table for a table model, rows (n, d) otherwise
    output : the class whose probability is explained, or the number of a network's output
        Default: the predicted class of each row; the target's number, in its units.
    baseline : (d,), the inputs to start from
        Default: for a table model, the mean of each member's inputs over the rows that it was trained on, which alone
        is allowed; for others 0, the mean of standardised inputs.

    Returns
    -------
    Contributions

    Raises
    ------
    InputError
        If an argument is not as above.

    References
    ----------
    Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017.

    Examples
    --------
    >>> from glassnet import Network
    >>> net = Network([3, 4, 2], output="softmax", seed=1)
    >>> found = contributions(net, [[0.5, -1.0, 2.0]])
    >>> found.outputs, found.baseline, found.prediction.round(4)
    (('probability of 0',), array([0.5]), array([0.9108]))
    >>> found.values.round(4)
    array([[-0.0836,  0.3936,  0.1009]])
    """
    model = getattr(model, "model_", model)  # of a TableClassifier or TableRegressor
    subject = _table_model(model, rows) if hasattr(model, "members") else _network(model, rows, baseline)
    if hasattr(model, "members") and baseline is not None:
        raise InputError("baseline: expected none for a table model, which has its own; got one; leave it out.")
    answers = np.mean([part.answer for part in subject.parts], axis=0)  # (n, classes or outputs)
    chosen = _chosen(subject, output, answers)
    values, started = np.zeros((len(answers), len(subject.names))), np.zeros(len(answers))
    for part in subject.parts:
        weights, offset = part.weigh(chosen)
        shares, ends = integrate_gradients(part.network, part.X, part.baseline, weights)
        started += (ends[:, 0] + offset) / len(subject.parts)
        for place, name in enumerate(subject.names):
            if name in part.groups:
                values[:, place] += shares[:, part.groups[name]].sum(axis=1) / len(subject.parts)
    outputs = tuple(printable(subject.outputs[k]) for k in chosen)
    names = tuple(map(printable, subject.names))
    prediction = answers[np.arange(len(answers)), chosen]
    return Contributions(names, values, started, prediction, outputs, subject.cells, subject.origin)


@dataclass(frozen=True)
class _Part:
    """A network with its inputs, and their numbers by the column they belong to."""

    network: Network
    X: Any
    baseline: Array
    groups: dict[str, Any]
    answer: Array  # (n, classes or outputs)
    mean: float = 0.0
    scale: float = 1.0

    def weigh(self, chosen: Array) -> tuple[Array, Array]:
        """Return weights (n, n_outputs) and offsets (n,): weights · outputs + offset is the answer that is explained."""
        net, n = self.network, len(chosen)
        weights = np.zeros((n, net.sizes[-1]))
        if net.sizes[-1] == 1 and self.answer.shape[1] == 2:  # one sigmoid for two classes
            weights[:, 0] = 2 * chosen - 1
            return weights, 1.0 - chosen
        weights[np.arange(n), chosen] = self.scale
        return weights, np.full(n, self.mean)


@dataclass(frozen=True)
class _Subject:
    """Holds the model that is explained: its parts, the names of its columns and answers, and the cells."""

    parts: list[_Part]
    names: list[str]
    outputs: list[str]
    cells: tuple[tuple[str, ...], ...]
    origin: str
    classes: Sequence[Any] | None = field(default=None)


def _table_model(model: Any, given: Any) -> _Subject:
    table = model.table(given)
    parts: list[_Part] = []
    for member in model.members:
        X = member.inputs(table)
        answer = member.answer(X)
        known = member.baseline is not None
        parts.append(
            _Part(
                member.network,
                X,
                member.baseline if known else np.zeros(member.network.sizes[0]),
                member.preparation.groups,
                answer if answer.ndim == 2 else answer[:, None],
                member.target_mean,
                member.target_scale,
            )
        )
    names = [*dict.fromkeys(name for part in parts for name in part.groups)]
    columns = [table.column(name) for name in names]
    cells = tuple(tuple(_cell(column[row]) for column in columns) for row in range(len(table)))
    origin = "the mean of each input over the rows trained on" if known else "all inputs 0, the mean of numbers"
    if model.classes is None:
        return _Subject(parts, names, [model.target], cells, origin)
    outputs = [f"probability of {each}" for each in model.classes]
    return _Subject(parts, names, outputs, cells, origin, model.classes)


def _network(model: Any, given: Any, baseline: Any) -> _Subject:
    network = getattr(model, "network_", model)
    if not isinstance(network, Network):
        raise InputError(
            f"model: expected a table model, a Network or a fitted estimator; got {shown(model)}; fit the estimator first."
        )
    X = check_X(given, network.sizes[0], network.dtype)
    start = np.zeros((1, network.sizes[0])) if baseline is None else np.atleast_2d(baseline)
    start = check_X(start, network.sizes[0], np.float64, "baseline")[0]
    classified = network.activations[network.n_layers].builtin in ("softmax", "sigmoid")
    answer = network.predict_proba(X) if classified else network.forward(X).output
    names = [*map(str, getattr(model, "feature_names_in_", [f"x{j}" for j in range(network.sizes[0])]))]
    part = _Part(network, X, start, {name: [j] for j, name in enumerate(names)}, answer.astype(np.float64))
    cells = tuple(tuple(f"{X[row, j]:.6g}" for j in range(len(names))) for row in range(X.shape[0]))
    classes = [*getattr(model, "classes_", range(answer.shape[1]))]
    outputs = [f"probability of {each}" if classified else f"output {each}" for each in classes]
    origin = "all inputs 0" if baseline is None else "the baseline given"
    return _Subject([part], names, outputs, cells, origin, classes)


def _chosen(subject: _Subject, output: Any, answers: Array) -> Array:
    """Return the number of the answer that is explained of each row, (n,)."""
    if output is None:
        return np.argmax(answers, axis=1)
    classes = [] if subject.classes is None else [*subject.classes]
    found = [k for k, each in enumerate(classes) if each == output or str(each) == str(output)]
    if not found:
        raise InputError(
            f"output: expected one of {shown(classes)}; got {shown(output)}; leave it out for what is predicted."
            if classes
            else f"output: expected none for a regression; got {shown(output)}; leave it out."
        )
    return np.full(len(answers), found[0])


def _cell(value: Any) -> str:
    """Write a cell; of a long number six digits."""
    text = "missing" if value is None else str(value)
    if len(text) > 8:
        with suppress(ValueError):
            text = f"{float(text):.6g}"
    return printable(text)
