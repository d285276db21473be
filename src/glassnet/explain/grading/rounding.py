"""Work by hand: with how many digits numbers were written, and what that leaves open in the numbers computed from them.

Someone who writes every line with four digits goes on with rounded numbers, so a later line differs from the exact one
by more than half a unit of its own last digit. How far is found by doing the same sum many times, each number in it
moved at random within its last digit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grading.simulation import step_of
from glassnet.explain.graph import Graph, Step
from glassnet.printers.statements import names_in

Array = NDArray[Any]

MOST = 6  # a number with more digits, and more decimals, was not rounded
_LONGEST = 9  # digits that are looked for: 123.456789 has six decimals
_LOOKED_AT = 2000  # entries of an array whose digits are counted
_UNROUNDED = 17


@dataclass(frozen=True)
class Digits:
    """The precision of written numbers: significant digits or decimals, whichever is coarser at a number.

    `scale` is that of the numbers as they were written: with 5 they were five times as large.
    """

    significant: int
    decimals: int
    scale: float = 1.0

    @property
    def rounded(self) -> bool:
        """True if numbers of this precision were rounded."""
        return min(self.significant, self.decimals) <= MOST

    def unit(self, values: Array, least: int = 2) -> Array:
        """The unit of the last digit written of each number, as if at least `least` digits were.

        A few decimals count for numbers that are small beside them only from two decimals on: 0.00 may stand for
        0.004, but 0 not for 0.4.
        """
        size = np.abs(values) * self.scale
        with np.errstate(divide="ignore", invalid="ignore"):
            last = 10.0 ** (np.floor(np.log10(size)) + (1 - max(self.significant, least)))  # 0 for 0
        decimal = 10.0**-self.decimals
        if self.decimals < 2:
            decimal = min(decimal, 0.01 * float(np.max(size, initial=0.0)))
        return np.maximum(last, decimal) / self.scale


EXACT = Digits(_UNROUNDED, _UNROUNDED)


def digits_of_entries(values: Array) -> tuple[Array, Array]:
    """Count the significant digits and the decimals of each number that is not 0; 17 for one that was not rounded."""
    flat = np.ravel(values)[:_LOOKED_AT]
    flat = np.abs(flat[np.isfinite(flat) & (flat != 0)])
    exponent = np.floor(np.log10(flat))
    significant = np.full(flat.shape, _UNROUNDED)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        mantissa = flat / 10.0**exponent
        for digits in range(_LONGEST, 0, -1):
            fits = np.abs(mantissa - np.round(mantissa, digits - 1)) < 1e-13
            significant[fits] = digits
    decimals = np.where(significant == _UNROUNDED, _UNROUNDED, np.maximum(significant - 1 - exponent, 0))
    return significant, decimals.astype(int)


def digits_of(values: Array, scale: float = 1.0) -> Digits:
    """The digits that an array was written with, `scale` times as large: those of its entry with most."""
    significant, decimals = digits_of_entries(values * scale)
    if not significant.size:
        return Digits(1, 0, scale)
    found = Digits(int(significant.max()), int(decimals.max()), scale)
    return found if found.rounded else EXACT


def habit(terms: Iterable[Array]) -> Digits:
    """The digits in which someone writes, by the terms they wrote: so many significant ones, or so many decimals.

    What most numbers have counts: some end in a 0 that is not seen. If it may be either, the coarser of both counts.
    """
    counted = [digits_of_entries(values) for values in terms]
    significant, decimals = (np.concatenate([pair[k] for pair in counted]) for k in (0, 1))
    if not significant.size:
        return EXACT
    by_digits = int(np.quantile(significant, 0.6, method="higher"))
    by_decimals = int(np.quantile(decimals, 0.6, method="higher"))
    if np.std(significant) == np.std(decimals):
        return Digits(by_digits, by_decimals)
    if np.std(significant) < np.std(decimals):
        return Digits(by_digits, _UNROUNDED)
    return Digits(_UNROUNDED, by_decimals)


@dataclass(frozen=True)
class Spread:
    """What a term would be, computed from the terms before it, and the standard deviation that rounding leaves."""

    value: Array
    deviation: Array


class Roundings:
    """Does a graph's computations again from a learner's own terms, rounded at each line."""

    def __init__(
        self, graph: Graph, given: Mapping[str, tuple[Array, Digits]], scales: Mapping[str, float] | None = None
    ) -> None:
        self.graph, self.given, self.scales = graph, given, scales or {}
        needed = _needed(graph, [step_of(graph, symbol) for symbol in given])
        self.steps = [step for step in graph.steps if step.symbol in needed]
        self._written: dict[str, list[str]] = {}
        for symbol in given:
            self._written.setdefault(step_of(graph, symbol), []).append(symbol)
        size = sum(np.size(step.value) for step in self.steps)
        self.runs = 24 if size < 2_000 else 12 if size < 50_000 else 6
        constants = {step.symbol for step in graph.given if np.ndim(step.value) == 0}
        self._code = {step.symbol: _rounding_code(step, constants) for step in self.steps}

    def spreads(self, digits: Digits) -> dict[str, Spread]:
        """The spread of each given term if all other numbers were written with these digits."""
        rng = np.random.default_rng(0)
        values = [self._run(digits, rng if run else None, run % 3 == 2) for run in range(self.runs + 1)]
        spreads = {}
        for symbol in values[0]:
            away = np.array([other[symbol] for other in values[1:]]) - values[0][symbol]
            with np.errstate(invalid="ignore"):
                away = np.where(np.isfinite(away), away, 0.0)
            spreads[symbol] = Spread(values[0][symbol], np.sqrt(np.mean(away**2, axis=0)))
        return spreads

    def _run(self, digits: Digits, rng: np.random.Generator | None, long_way: bool) -> dict[str, Array]:
        """Compute each given term from those before it; with an `rng`, numbers are moved within their last digit."""

        def rounded(value: Any, precision: Digits = digits) -> Any:
            if rng is None or not isinstance(value, np.ndarray | float) or not precision.rounded:
                return value
            return value + precision.unit(np.asarray(value)) * rng.uniform(-0.5, 0.5, np.shape(value)) * (value != 0)

        environment = dict(self.graph.environment) | {"_rounded": rounded}
        found: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            for step in self.steps:
                value = self._value(step, environment, long_way)
                written = self._written.get(step.symbol, ())
                found |= {symbol: part(self.graph, symbol, value) for symbol in written}
                value = rounded(value, replace(digits, scale=self.scales.get(step.symbol, 1.0)))
                for symbol in written:
                    value = _with_part(self.graph, symbol, value, rounded(*self.given[symbol]))
                environment[step.symbol] = value
        return found

    def _value(self, step: Step, environment: dict[str, Any], long_way: bool) -> Any:
        other = _other_way(step, environment) if long_way else None
        code = self._code[step.symbol]
        value = other if other is not None else eval(code, environment) if code is not None else step.value
        value = np.asarray(value, dtype=float)
        return value.reshape(step.shape) if value.size == np.size(step.value) else np.broadcast_to(value, step.shape)


def _needed(graph: Graph, symbols: Iterable[str]) -> set[str]:
    """The steps that lead to the symbols, by the short way of the code or a longer one."""
    needed = set(symbols)
    for step in reversed(graph.steps):
        if step.symbol in needed:
            needed.update(step.inputs)
            if step.stage == "loss":
                needed.add("loss_of_output")
            elif step.symbol.startswith("dZ"):
                needed.update((f"{step.symbol}_long", f"dA{step.layer}"))
    return needed


def _other_way(step: Step, environment: Mapping[str, Any]) -> Any:
    """The number by way of ∂L/∂ŷ, or of the loss in terms of ŷ, where the step takes the short way; or None."""
    value = None
    if step.stage == "backward" and f"slope_Z{step.layer}" in step.inputs:  # dZ of the output in a batch
        value = environment.get(f"dZ{step.layer}_long")
        if value is None and {f"dA{step.layer}", f"g_prime{step.layer}"} <= environment.keys():
            value = environment[f"dA{step.layer}"] * environment[f"g_prime{step.layer}"]
    elif step.symbol.startswith("dZ"):
        value = environment.get(f"{step.symbol}_long")
    elif step.symbol in ("loss_terms", "loss") and step.inputs[:1] and step.inputs[0].startswith("Z"):
        value = environment.get("loss_of_output")
        if value is not None and np.shape(value) != step.shape:
            value = np.sum(value, axis=-1, keepdims=True) if step.shape else np.sum(value)
    return value if value is not None and np.shape(value) == step.shape and np.isfinite(value).all() else None


class _Rounded(ast.NodeTransformer):
    """Rounds the result of each operation but the last, which `outermost` names."""

    def __init__(self, constants: set[str], outermost: ast.expr) -> None:
        self.constants, self.outermost = constants, outermost

    def generic_visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        if (
            not isinstance(node, ast.BinOp | ast.Call)
            or _moves_only(node)
            or node is self.outermost
            or set(names_in(node)) <= self.constants
        ):
            return node
        return ast.Call(ast.Name("_rounded", ast.Load()), [node], [])


def _moves_only(node: ast.expr) -> bool:
    """True for a call that computes nothing."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("concatenate", "ravel", "full", "eye"))


def _rounding_code(step: Step, constants: set[str]) -> CodeType | None:
    """The formula of a step with each intermediate result rounded; a function of its own counts as one operation."""
    if step.expression is None:
        return None
    tree = ast.parse(step.code, mode="eval")
    body = tree.body
    tree.body = _Rounded(constants | {"np"}, body).visit(body)
    if isinstance(body, ast.Call) and isinstance(body.func, ast.Name):  # softmax(z), which has lines of its own
        tree.body = ast.Call(ast.Name("_rounded", ast.Load()), [tree.body], [])
    return compile(ast.fix_missing_locations(tree), "<formula>", "eval")


# --- parts of flat vectors: W1_new of theta ---------------------------------------------------------------------


def part(graph: Graph, symbol: str, value: Any) -> Array:
    """The numbers of a symbol, where `value` are those of its step."""
    if symbol in graph:
        return np.asarray(value, dtype=float)
    W, b = graph.network.layout.views(np.asarray(value, dtype=float))
    parameter = graph.part(symbol)[1]
    return (W if parameter[0] == "W" else b)[int(parameter[1:])]


def _with_part(graph: Graph, symbol: str, value: Any, own: Array) -> Array:
    """The numbers of a step, where those of the symbol are one's own."""
    if symbol in graph:
        return np.reshape(own, np.shape(graph[symbol].value))
    changed = np.array(value, dtype=float)
    part(graph, symbol, changed)[...] = own
    return changed
