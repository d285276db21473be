"""Conventions of textbooks and courses in which the same backpropagation is written.

A convention says how its terms are read (the layout of matrices, where the mean over samples is taken) and which formulas are its
own (a sum for the mean, the factor of the loss, the form of momentum, biases).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown, unknown_name
from glassnet.explain.grading.rounding import digits_of
from glassnet.explain.grading.rules import Formulas, into, loss_slope, swap_part
from glassnet.explain.graph import Graph
from glassnet.printers.statements import names_in

Array = NDArray[Any]

MOMENTUM = {  # the recurrences, by the name of the convention
    "rate": "v ← μv − αg, θ ← θ + v",
    "average": "v ← μv + (1 − μ)g, θ ← θ − αv",
    "sum": "v ← μv + g, θ ← θ − αv",
}


@dataclass(frozen=True, repr=False)
class Convention:
    """A way to write the same step; the defaults are those of glassnet.

    Attributes
    ----------
    columns : bool
        True if samples are columns: X (d, n), Z and A (units, n), z = W x + b with W of shape (out, in).
    out_in : bool
        True if W has the shape (out, in) though samples are rows, as in PyTorch; with `columns` it always has.
    mean : str
        Where 1/n is multiplied: "dZ" (at the output), "gradients" (in dW and db), "none" (the loss is a sum).
    factor : float
        The learner's loss of a sample as a multiple of the network's: 2 for (ŷ − y)² in place of ½(ŷ − y)², ½ for a
        mean over two outputs.
    momentum : str
        "rate": v ← μv − αg, θ ← θ + v; "average": v ← μv + (1 − μ)g, θ ← θ − αv; "sum": v ← μv + g, θ ← θ − αv.
    biases : str
        "own", "shared" (one number for all units of a layer), or "absent".
    frozen : tuple of str
        The parameters that the update leaves alone: ("W1", "b1").
    """

    columns: bool = False
    out_in: bool = False
    mean: str = "dZ"
    factor: float = 1.0
    momentum: str = "rate"
    biases: str = "own"
    frozen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"{name}: expected one of {', '.join(allowed)}; got {shown(getattr(self, name))}; pass one of these."
                )
        if not (np.isfinite(self.factor) and self.factor > 0):
            raise InputError(f"factor: expected a number > 0; got {shown(self.factor)}; pass e.g. factor=2.")

    @classmethod
    def named(cls, words: str) -> Convention:
        """The convention that words such as "columns, mean_in_gradients, sum" name.

        Raises
        ------
        InputError
            If a word is none of `NAMED`, "frozen_W1" and the like, or "loss_times_0.5".

        Examples
        --------
        >>> Convention.named("columns, mean_in_gradients")
        Convention(columns=True, mean='gradients')
        """
        found: dict[str, Any] = {}
        for word in filter(None, (part.strip() for part in words.split(","))):
            if match := re.fullmatch(r"frozen_([Wb]\d+)", word):
                found["frozen"] = (*found.get("frozen", ()), match[1])
            elif match := re.fullmatch(r"loss_times_([\d.]+)", word):
                found["factor"] = float(match[1])
            elif word in NAMED:
                found |= NAMED[word]
            else:
                raise unknown_name("convention", word, [*NAMED, "frozen_W1", "loss_times_0.5"])
        return cls(**found)

    def changes(self) -> dict[str, Any]:
        """The attributes in which the convention is not the standard one."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) != each.default}

    def __repr__(self) -> str:
        return f"Convention({', '.join(f'{name}={value!r}' for name, value in self.changes().items())})"

    def __str__(self) -> str:
        """The convention in words; empty for the standard one."""
        return "; ".join(_words(name, value) for name, value in self.changes().items())

    # --- how terms are read and shown -----------------------------------------------------------------------------

    def read(self, graph: Graph, symbol: str, value: Array) -> Array:
        """The numbers of a term in the standard convention."""
        if self.turned(symbol) and value.ndim == 2:
            value = value.T
        if self.biases == "shared" and _BIASES.match(symbol) and value.size == 1:
            value = np.full(graph.value(symbol).shape, value.item())
        return value / self._multiple(graph, symbol)

    def show(self, graph: Graph, symbol: str, value: Array) -> Array:
        """The numbers of a term as this convention writes them."""
        value = np.asarray(value, dtype=float) * self._multiple(graph, symbol)
        if self.biases == "shared" and _BIASES.match(symbol):
            return value.ravel()[:1]
        return value.T if self.turned(symbol) and value.ndim == 2 else value

    def turned(self, symbol: str) -> bool:
        """True if the term is transposed: a matrix of weights, or one of samples."""
        if _WEIGHTS.match(symbol):
            return self.columns or self.out_in
        return self.columns and bool(_SAMPLES.match(symbol))

    def written(self, graph: Graph) -> dict[str, float]:
        """Return by symbol the factor by which this convention writes dZ and dA larger, where it is not 1."""
        multiples = {step.symbol: float(self._multiple(graph, step.symbol)) for step in graph.steps}
        return {symbol: multiple for symbol, multiple in multiples.items() if multiple != 1}

    def _multiple(self, graph: Graph, symbol: str) -> Any:
        """Return the factor of dZ and dA where the mean is taken later: n, or Σw."""
        if self.mean != "gradients" or not _LATER.match(symbol) or "mean_weights" not in graph:
            return 1.0
        return graph.value("w").sum() if "w" in graph else len(graph.batch.X)

    # --- its own formulas -----------------------------------------------------------------------------------------

    def graph(self, graph: Graph) -> Graph:
        """The graph with the formulas of this convention in place of its own."""
        formulas = {symbol: code for symbol, code in self._formulas(graph).items() if symbol in graph}
        return with_formulas(graph, formulas) if formulas else graph

    def loss(self, graph: Graph) -> float:
        """The loss in this convention."""
        return float(np.ravel(self.graph(graph).value("loss"))[0])

    def _formulas(self, graph: Graph) -> Formulas:
        formulas: Formulas = {}
        if self.mean == "none" and "mean_weights" in graph:
            formulas["mean_weights"] = "w" if "w" in graph else "np.ones(n)"
            total = "mean_loss" if "mean_loss" in graph else "loss"
            for losses in ("losses", "loss_terms[:, 0]"):
                formulas |= swap_part(graph, total, f"{losses}.mean", f"{losses}.sum")
        if self.factor != 1:
            for symbol in _loss_and_slopes(graph):
                formulas[symbol] = f"{self.factor:g} * ({formulas.get(symbol) or graph[symbol].code})"
        if self.momentum != "rate" and graph.job.optimizer.slots == ("v",) and "momentum" in graph:
            new = "(1 - momentum) * g" if self.momentum == "average" else "g"
            formulas |= {"v": f"momentum * v_before + {new}", "theta": "theta_before - learning_rate * v"}
        return formulas | self._of_biases(graph)

    def _of_biases(self, graph: Graph) -> Formulas:
        formulas: Formulas = {}
        still = set(self.frozen)
        for layer in graph.network.b:
            if self.biases == "shared":
                formulas[f"db{layer}"] = f"np.full(b{layer}.shape, dZ{layer}.sum())"
            elif self.biases == "absent":
                formulas[f"Z{layer}"] = f"{into(graph, layer)} @ W{layer}"
                still.add(f"b{layer}")
        parts = [f"{kind}{layer}" for layer in graph.network.W for kind in "Wb"]
        if still:
            gathered = ", ".join(f"0 * d{part}.ravel()" if part in still else f"d{part}.ravel()" for part in parts)
            formulas["gradient" if "gradient" in graph else "g"] = f"np.concatenate([{gathered}])"
        return formulas


_ALLOWED: dict[str, tuple[str, ...]] = {
    "mean": ("dZ", "gradients", "none"),
    "momentum": tuple(MOMENTUM),
    "biases": ("own", "shared", "absent"),
}
NAMED: dict[str, dict[str, Any]] = {  # the words that `Convention.named` takes
    "standard": {},
    "columns": {"columns": True},
    "out_in": {"out_in": True},
    "mean_in_gradients": {"mean": "gradients"},
    "sum": {"mean": "none"},
    "no_half": {"factor": 2.0},
    "momentum_average": {"momentum": "average"},
    "momentum_sum": {"momentum": "sum"},
    "shared_biases": {"biases": "shared"},
    "no_biases": {"biases": "absent"},
}
_WEIGHTS = re.compile(r"(\w+_)?d?W\d")
_BIASES = re.compile(r"(\w+_)?d?b\d")
_SAMPLES = re.compile(r"(d?[AZ]|D|slope_[AZ]|g_prime)\d|Y$|loss_terms|loss_of_output")
_LATER = re.compile(r"d[AZ]\d")


def _words(name: str, value: Any) -> str:
    """One attribute of a convention in words."""
    words: dict[str, Any] = {
        "columns": "samples are columns, W has the shape (out, in)",
        "out_in": "W has the shape (out, in)",
        "mean": {
            "gradients": "dZ and dA are those of single samples, the mean over the batch comes in dW and db",
            "none": "the loss is the sum over the samples",
        },
        "factor": f"the loss is {value} times the network's" if name == "factor" else "",
        "momentum": f"momentum is {MOMENTUM.get(str(value), '')}",
        "biases": {"shared": "the units of a layer share one bias", "absent": "there are no biases"},
        "frozen": f"{', '.join(value)} stay as they are" if name == "frozen" else "",
    }
    chosen = words[name]
    return str(chosen[value] if isinstance(chosen, dict) else chosen)


def _loss_and_slopes(graph: Graph) -> list[str]:
    """The symbols that carry the factor of the loss: the loss of each output, and its slopes."""
    last = graph.network.n_layers
    found = ["loss_terms" if "loss_terms" in graph else "loss", "loss_of_output", loss_slope(graph)]
    if f"dA{last}" in graph and f"slope_A{last}" not in graph[f"dA{last}"].inputs:
        found.append(f"dA{last}")
    return [symbol for symbol in dict.fromkeys(found) if symbol in graph and graph[symbol].code]


def with_formulas(graph: Graph, formulas: Formulas) -> Graph:
    """The graph with these formulas in place of its own, and the numbers that they give."""
    environment, steps = dict(graph.environment), dict(graph.by_symbol)
    with np.errstate(all="ignore"):
        for symbol, step in graph.by_symbol.items():
            code = formulas.get(
                symbol, step.code if any(steps[name] is not graph.by_symbol[name] for name in step.inputs) else ""
            )
            if not code:
                continue
            value = np.asarray(eval(code, environment))
            value = value.reshape(step.shape) if value.size == np.size(step.value) else value
            environment[symbol] = value
            expression = ast.parse(code, mode="eval").body
            inputs = tuple(name for name in names_in(expression) if name in steps)
            steps[symbol] = replace(step, value=value, expression=expression, inputs=inputs)
    names = (graph.inputs, graph.outputs)
    return Graph(steps, environment, graph.job, graph.state, graph.batch, graph.penalties, graph.digits, names)


# --- which convention someone follows -------------------------------------------------------------------------------


def candidates(graph: Graph, given: Mapping[str, Array], told: Convention | str | None) -> Iterator[Convention]:
    """Yield the conventions that the terms may follow, the standard one (or the one told) first.

    A layout shows in the shapes. That the loss is a sum or has another factor is taken for a convention only where the
    learner's own loss says so; otherwise it would be a mistake in the gradients.
    """
    if isinstance(told, Convention):
        yield told
        return
    start = Convention.named(told or "")
    if told == "standard":
        yield start
        return
    fixed = start.changes()
    several, later = len(graph.batch.X) > 1, any(_LATER.match(symbol) for symbol in given)
    choices: dict[str, list[Any]] = {
        "columns": _layouts(graph, given),
        "mean": ["dZ", *(["gradients"] if several and later else [])],
    }
    if "momentum" in graph and any(symbol in ("v", "theta") or symbol.endswith("_new") for symbol in given):
        choices["momentum"] = list(MOMENTUM)
    choices = {name: values for name, values in choices.items() if name not in fixed}
    for scale in _scales(graph, given, fixed):
        for values in product(*choices.values()):
            chosen = replace(start, **dict(zip(choices, values, strict=True)))
            if not (scale.get("mean") and chosen.mean == "gradients"):
                yield replace(chosen, **scale)


def _scales(graph: Graph, given: Mapping[str, Array], fixed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The scales of the loss that the learner's own loss may have: a sum over the batch, another factor."""
    if "loss" not in given or given["loss"].size != 1:
        return [{}]
    outputs, squares = graph.network.sizes[-1], "squared" in graph.network.loss_function.name
    factors = (1.0, 2.0, 2 / outputs, 1 / outputs) if squares else (1.0, 1 / outputs)
    scales: list[dict[str, Any]] = [
        {**({"mean": mean} if mean else {}), **({"factor": factor} if factor != 1 else {})}
        for mean in ("", *(["none"] if len(graph.batch.X) > 1 and "mean" not in fixed else []))
        for factor in (dict.fromkeys(factors) if "factor" not in fixed else (1.0,))
    ]
    own = given["loss"].item()
    about = 0.1 * abs(own) + float(digits_of(given["loss"]).unit(given["loss"]).max())
    near = [scale for scale in scales if scale and abs(Convention(**scale).loss(graph) - own) <= about]
    return [{}, *near]


def _layouts(graph: Graph, given: Mapping[str, Array]) -> list[bool]:
    """Whether samples are rows or may be columns: [False], or [False, True] if the shapes allow and suggest it."""
    suggested = False
    for symbol, values in given.items():
        right = graph.value(symbol)
        if _WEIGHTS.match(symbol) and values.shape != right.T.shape:
            return [False]
        if not _SAMPLES.match(symbol):
            suggested |= bool(_BIASES.match(symbol)) and values.ndim == 2 and values.shape == (right.size, 1) != (1, 1)
        elif values.ndim == 2:
            if values.shape != right.T.shape:
                return [False]
            suggested |= values.shape != right.shape or not np.array_equal(values, values.T)
        else:
            suggested |= len(graph.batch.X) == 1 and right.size > 1
    return [False, True] if suggested else [False]
