"""Calls a learner's function with what its parameters name, in the forms in which such functions take their arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.explain.derivation import Derivation
from glassnet.explain.grading.conventions import Convention

Array = NDArray[Any]


@dataclass(frozen=True)
class Form:
    """A form of arguments.

    Attributes
    ----------
    labels : bool
        True if the targets are class numbers (n,), in place of one-hot rows.
    lists : bool
        True if arrays are nested lists.
    vectors : bool
        True if one sample alone is a vector (d,), in place of a matrix of one row.
    convention : Convention
        The layout of matrices.
    """

    labels: bool = False
    lists: bool = False
    vectors: bool = False
    convention: Convention = field(default_factory=Convention)

    def __str__(self) -> str:
        """Return in words how it departs from the usual form."""
        words = {"labels": "class numbers as targets", "lists": "nested lists", "vectors": "one sample as a vector"}
        return ", ".join(text for name, text in words.items() if getattr(self, name))


def forms(derivation: Derivation, convention: Convention) -> Iterator[Form]:
    """Yield the forms to try, the usual one first."""
    plain = Form(convention=convention)
    yield plain
    if derivation.network.loss_function.targets == "distribution":
        yield replace(plain, labels=True)
    yield replace(plain, lists=True)
    if not (convention.columns or convention.out_in):
        yield replace(plain, convention=replace(convention, columns=True))
    if len(derivation.batch.X) == 1:
        yield replace(plain, vectors=True)
        yield replace(plain, vectors=True, convention=replace(convention, columns=True))


def call(function: Callable[..., Any], derivation: Derivation, form: Form) -> dict[str, Any]:
    """Call the function on the case of a derivation; return its terms by name.

    Raises
    ------
    InputError
        If it has other parameters, raises an error, or returns anything else.
    """
    name = getattr(function, "__name__", "function")
    wanted = _arguments(function, name, _offered(derivation, form))
    try:
        with np.errstate(all="ignore"):
            result = function(**wanted)
    except Exception as error:
        raise InputError(f"{name}: expected it to run; got {type(error).__name__}: {error}{_line(error)}.") from error
    terms = _terms(result, derivation)
    if terms is None:
        gradients = ", ".join(_gradients(derivation))
        raise InputError(
            f"{name}: expected a dict of terms, ({gradients}) or {derivation.network.n_parameters} numbers; got "
            f"{shown(result)}; return e.g. {{'dW1': dW1}}."
        )
    return terms


def _offered(derivation: Derivation, form: Form) -> dict[str, Any]:
    """All that a function may ask for, by name."""
    net = derivation.network
    given = {step.symbol: np.copy(step.value) for step in derivation.given}
    offered: dict[str, Any] = {
        symbol: form.convention.show(derivation, symbol, value) if value.ndim == 2 else value
        for symbol, value in given.items()
    }
    if form.convention.columns:
        offered |= {f"b{layer}": given[f"b{layer}"].reshape(-1, 1) for layer in net.b}
    if form.vectors:
        offered |= {symbol: given[symbol].ravel() for symbol in ("A0", "Y", *(f"b{la}" for la in net.b))}
    if form.labels:
        offered["Y"] = given["Y"].argmax(axis=1)
    if form.lists:
        offered = {symbol: value.tolist() for symbol, value in offered.items()}
    offered |= {"X": offered["A0"], "theta": net.theta.copy(), "n": len(derivation.batch.X), "y": offered["Y"]}
    offered |= {kind: {layer: offered[f"{kind}{layer}"] for layer in net.W} for kind in "Wb"}
    l1, l2 = derivation.penalties
    offered |= {"sample_weight": offered.get("w"), "l1": l1, "l2": l2}
    if derivation.job.divide_penalty:
        offered["alpha"] = derivation.job.l2
    return offered


def _arguments(function: Callable[..., Any], name: str, offered: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by the names of the parameters, which may be written small."""
    by_name = {symbol.lower(): value for symbol, value in offered.items() if symbol != "w"} | dict(offered)
    by_name |= {"m": offered["n"], "labels": offered["Y"], "t": offered["Y"]} if "t" not in offered else {}
    wanted = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in by_name:
            wanted[parameter.name] = by_name[parameter.name]
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            raise InputError(
                f"{name}: expected parameters among {', '.join(sorted(offered))}; got {parameter.name!r}; rename it."
            )
    return wanted


def _gradients(derivation: Derivation) -> list[str]:
    return [f"d{kind}{layer}" for layer in derivation.network.W for kind in "Wb"]


def _terms(result: Any, derivation: Derivation) -> dict[str, Any] | None:
    """The terms in what a function returned; None if it is nothing of the kind."""
    net, gradients = derivation.network, _gradients(derivation)
    if isinstance(result, Mapping):
        return _of_mapping(result, gradients)
    if isinstance(result, tuple | list):
        if len(result) == 2 and isinstance(result[1], Mapping):
            return {"loss": result[0], **_of_mapping(result[1], gradients)}
        if len(result) == len(gradients) + 1 and np.size(result[0]) == 1:
            return {"loss": result[0], **(_terms(result[1:], derivation) or {})}
        if len(result) == len(gradients):
            return dict(zip(_order(result, net.n_layers, gradients), result, strict=True))
        if len(result) == 2 and all(isinstance(part, tuple | list) and len(part) == net.n_layers for part in result):
            return _terms([part for pair in zip(*result, strict=True) for part in pair], derivation)
    try:
        flat = np.shape(result) == net.theta.shape
    except ValueError:
        return None
    return {"gradient" if "gradient" in derivation else "g": result} if flat else None


def _of_mapping(result: Mapping[Any, Any], gradients: list[str]) -> dict[str, Any]:
    """The terms of a dict: by name, by parameter (the gradients of a course), or lists by layer."""
    terms: dict[str, Any] = {}
    for name, value in result.items():
        by_layer = dict(enumerate(value, 1)) if isinstance(value, list) and str(name) in ("dW", "db") else value
        if isinstance(by_layer, Mapping):
            terms |= {f"{name}{layer}": part for layer, part in by_layer.items()}
        else:
            terms[str(name)] = value
    if terms and all(f"d{name}" in gradients for name in terms):
        return {f"d{name}": value for name, value in terms.items()}
    return terms


def _order(result: Any, layers: int, gradients: list[str]) -> list[str]:
    """The order of gradients in a row: dW1, db1, dW2, … or, if the shapes say so, all dW before all db."""
    weights_first = [gradients[place] for place in (*range(0, 2 * layers, 2), *range(1, 2 * layers, 2))]
    if layers > 1 and all(np.ndim(part) == 2 for part in result[:layers]) and np.ndim(result[-1]) < 2:
        return weights_first
    return gradients


def _line(error: Exception) -> str:
    """The line of the learner's own file at which the error was raised, as text."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None and "glassnet" in place.tb_frame.f_code.co_filename:
        place = place.tb_next
    return "" if place is None else f" in line {place.tb_lineno}"
