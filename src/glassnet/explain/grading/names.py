"""Reads the names and numbers of a learner's terms: dw2, delta2, δ₂, ∂L/∂W2, h1, ŷ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown, unknown_name
from glassnet.explain.graph import ALIASES, Graph

Array = NDArray[Any]

_KINDS = {  # what learners call it → what it is called here
    **dict.fromkeys(("w", "weights", "weight", "theta", "θ"), "W"),
    **dict.fromkeys(("b", "bias", "biases"), "b"),
    **dict.fromkeys(("z", "net", "s", "u", "preactivation"), "Z"),
    **dict.fromkeys(("a", "h", "act", "activation", "o", "l"), "A"),
}
_OUTPUTS = {"yhat", "y_hat", "ŷ", "y_pred", "ypred", "output", "out", "p", "prediction"}
_LOSSES = {"l", "j", "c", "e", "cost", "error", "loss"}
_DERIVATIVES = (  # ways to write ∂L/∂… around a name
    r"(?:d|∂)?(?:loss|cost|error|l|j|c|e)?[_/]?(?:d|∂)_?(?P<name>.+)",
    r"(?:grad|gradient|nabla|∇)_?(?P<name>.+)",
    r"(?P<name>.+?)[_.](?:grad|gradient)",
)


@dataclass(frozen=True)
class Term:
    """One term of a learner: the name they gave it, and its numbers."""

    name: str
    value: Array


def read_terms(graph: Graph, answers: Mapping[str, Any]) -> dict[str, Term]:
    """The learner's terms by the graph's symbols.

    Raises
    ------
    InputError
        If a name is not a term of this step, a term comes twice, or a value is not a number.
    """
    shifts = _shifts(graph, answers)
    terms: dict[str, Term] = {}
    for name, value in answers.items():
        symbol = _symbol(graph, name, shifts)
        if symbol in terms:
            raise InputError(f"{name}: expected each term once; got {terms[symbol].name} as well; leave one out.")
        terms[symbol] = Term(name, _numbers(name, value))
    return terms


def symbol_of(graph: Graph, name: str) -> str:
    """Return the graph's symbol for one name: dW1 for dw1, A2 for yhat; the name itself if it is none that is known."""
    try:
        return name if name in graph or name in ALIASES else _symbol(graph, name, {})
    except InputError:
        return name


def _numbers(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected numbers; got {shown(value)}; pass a number or a list of them.") from None
    if array.size == 0:
        raise InputError(f"{name}: expected numbers; got none; pass a number or a list of them.")
    return array


def _symbol(graph: Graph, name: str, shifts: Mapping[str, int]) -> str:
    """The graph's symbol for a learner's name."""
    last = graph.network.n_layers
    known = {step.symbol.lower(): step.symbol for step in (*graph.given, *graph.steps)}
    known |= {"x": "A0", "dx": "dA0"} | {f"d{output}": f"dA{last}" for output in _OUTPUTS}
    known |= dict.fromkeys(_OUTPUTS, f"A{last}") | dict.fromkeys(_LOSSES, "loss")
    plain = _plain(name)
    parsed = _parsed(plain, last)
    candidates = [known.get(plain, ""), _layered(parsed, shifts), known.get(_layered(parsed, {}), "")]
    if parsed is not None and shifts.get(parsed[1]):
        candidates.reverse()
    for candidate in candidates:
        if candidate and candidate in graph:
            return candidate
    exact = re.sub(r"(?i)(^|_)(w|b)_?(\d+)", lambda m: m[1] + ("W" if m[2] in "wW" else "b") + m[3], plain)
    try:
        graph.part(exact)
    except InputError:
        raise unknown_name("term", name, [step.symbol for step in graph.steps]) from None
    return exact


def _plain(name: str) -> str:
    """The name in small letters, without brackets, and with ordinary digits."""
    return re.sub(r"[\s\[\](){}^]", "", unicodedata.normalize("NFKC", name)).lower()


def _parsed(name: str, last: int) -> tuple[str, str, int] | None:
    """Split a name into "d" or nothing, its kind, and its layer: ("d", "W", 2) of dl_dw2; None if it is none of ours."""
    match = re.fullmatch(r"(?:delta|δ)_?(\d*|o|out|output)", name)
    if match is not None:
        return "d", "Z", int(match[1]) if match[1].isdigit() else last
    for pattern in (*_DERIVATIVES, r"(?P<name>.+)"):
        match = re.fullmatch(pattern, name)
        core = None if match is None else re.fullmatch(r"([^\W\d]+?)_?(\d*)", match["name"])
        if core is None or core[1] not in _KINDS or not (core[2] or last == 1):
            continue
        return "" if pattern == r"(?P<name>.+)" else "d", _KINDS[core[1]], int(core[2] or 1)
    return None


def _layered(parsed: tuple[str, str, int] | None, shifts: Mapping[str, int]) -> str:
    if parsed is None:
        return ""
    derivative, kind, layer = parsed
    return f"{derivative}{kind}{layer + shifts.get(kind, 0)}"


def _shifts(graph: Graph, names: Mapping[str, Any]) -> dict[str, int]:
    """What to add to a learner's layer numbers, by kind of term.

    Layers count from 1 here. Who has a W0 or Z0 counts them from 0, who has one more than there are counts the inputs as
    the first layer.
    """
    last = graph.network.n_layers
    layers: dict[str, set[int]] = {}
    for name in names:
        parsed = _parsed(_plain(name), last)
        if parsed is not None:
            layers.setdefault(parsed[1], set()).add(parsed[2])
    shifts = {kind: 1 for kind in "WbZ" if 0 in layers.get(kind, ())}
    for kinds in ("ZA", "Wb"):
        if any(last + 1 in layers.get(kind, ()) for kind in kinds):
            shifts |= dict.fromkeys(kinds, -1)
    return shifts
