"""Misconceptions about the loss and its slope."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from glassnet.explain.grading.rules import (
    Formulas,
    Rules,
    error_places,
    last_layer,
    loss_slope,
    loss_terms,
    merge,
    output_slope,
    swap,
    swap_part,
    wrap,
)
from glassnet.explain.graph import Graph
from glassnet.printers.statements import rename

RULES = Rules()


def prediction(d: Graph) -> str:
    """The symbol that the loss takes: the output A, or Z of an identity output."""
    last = last_layer(d)
    return f"Z{last}" if d.network.activations[last].builtin == "identity" else f"A{last}"


def is_difference(d: Graph) -> bool:
    """True if the slope of the loss is ŷ − y."""
    squared = d.network.loss_function.builtin == "squared_error"
    return squared or d.network.loss_function.contains(d.network.activations[last_layer(d)])


def slope_of_output(d: Graph, formula: str) -> Formulas:
    """A formula in place of ∂ℓ/∂ŷ in the long way, weighted as the right one."""
    symbol = f"dA{last_layer(d)}"
    if "loss_of_output" not in d or symbol not in d or not d[symbol].code:
        return {}
    weights = "mean_weights[:, None]" if "mean_weights" in d else "1"
    return {symbol: f"({formula}) * {weights}"}


def value_of_output(d: Graph, formula: str) -> Formulas:
    """A formula in place of the loss of each output in terms of ŷ."""
    summed = d.network.loss_function.link == "softmax" and "losses" not in d
    return {loss_terms(d): f"np.sum({formula}, axis=1, keepdims=True)" if summed else formula}


@RULES.add(
    "sign",
    "The sign of the output error is turned round: y − ŷ.",
    "The slope of the loss is ŷ − y; minus comes only once, in the update.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield from error_places(d, "-({})")


@RULES.add(
    "loss_factor",
    "A factor of the loss is lost or taken twice: its ½, which cancels the 2 of the square.",
    "½(ŷ − y)² has the slope ŷ − y; (ŷ − y)² has 2(ŷ − y).",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "cross_entropy" in d.network.loss_function.builtin:
        return
    for factor in ("2", "0.5"):
        value = wrap(d, loss_terms(d), factor + " * ({})")
        yield wrap(d, loss_slope(d), factor + " * ({})")
        yield merge(value, wrap(d, loss_slope(d), factor + " * ({})"))
        yield value


@RULES.add(
    "outputs_averaged",
    "The loss is averaged over the outputs as well as over the samples.",
    "The loss of a sample is the sum over its outputs; only samples are averaged.",
)
def _(d: Graph) -> Iterator[Formulas]:
    k = d.network.sizes[-1]
    if k > 1:
        for factor in ("", "2 * ") if d.network.loss_function.builtin == "squared_error" else ("",):
            value = wrap(d, "losses" if "losses" in d else loss_terms(d), f"{factor}({{}}) / {k}")
            for slope in error_places(d, f"{factor}({{}}) / {k}"):
                yield slope
                yield merge(value, slope)
            yield value


@RULES.add(
    "loss_sign",
    "The sign of the loss is turned round: the log-likelihood in place of its negative.",
    "The loss is what training lowers: −Σ y·ln ŷ, or a sum of squares, and never below 0 here.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield wrap(d, loss_terms(d), "-({})")


@RULES.add(
    "inner_sign",
    "The inner sign of the cross-entropy is wrong: y·ln ŷ and (1 − y)·ln(1 − ŷ) do not have the same sign.",
    "ℓ = −[y·ln ŷ + (1 − y)·ln(1 − ŷ)], with ∂ℓ/∂ŷ = −y/ŷ + (1 − y)/(1 − ŷ).",
)
def _(d: Graph) -> Iterator[Formulas]:
    if d.network.loss_function.builtin == "binary_cross_entropy":
        a = f"A{last_layer(d)}"
        value = value_of_output(d, f"-Y * np.log({a}) + (1 - Y) * np.log(1 - {a})")
        slope = slope_of_output(d, f"-Y / {a} - (1 - Y) / (1 - {a})")
        yield from (slope, merge(value, slope), value)


@RULES.add(
    "half_of_cross_entropy",
    "Only one half of the binary cross-entropy is there.",
    "A sigmoid output has two terms: −y·ln ŷ where y is 1, and −(1 − y)·ln(1 − ŷ) where it is 0.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if d.network.loss_function.builtin == "binary_cross_entropy":
        a = f"A{last_layer(d)}"
        halves = {
            f"-Y * np.log({a})": f"-Y / {a}",
            f"-(1 - Y) * np.log(1 - {a})": f"(1 - Y) / (1 - {a})",
        }
        for term, slope in halves.items():
            value = value_of_output(d, term)
            yield from (slope_of_output(d, slope), merge(value, slope_of_output(d, slope)), value)


@RULES.add(
    "log_base",
    "The logarithm is not the natural one.",
    "The cross-entropy takes ln, base e; its slope is ŷ − y only then.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "cross_entropy" in d.network.loss_function.builtin:
        for base in ("10", "2"):
            value = wrap(d, loss_terms(d), f"({{}}) / np.log({base})")
            yield value
            for slope in error_places(d, f"({{}}) / np.log({base})"):
                yield slope
                yield merge(value, slope)


@RULES.add(
    "square_forgotten",
    "The square of the error is forgotten in the loss.",
    "ℓ = ½(ŷ − y)²; errors of different signs must not cancel.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if d.network.loss_function.builtin == "squared_error":
        error = f"{prediction(d)} - Y"
        for part in (error, f"np.abs({error})"):
            yield swap_part(d, loss_terms(d), f"({error}) ** 2", part)
            yield wrap(d, loss_terms(d), f"0 * ({{}}) + {part}")


@RULES.add(
    "loss_for_slope",
    "The loss itself is taken in place of its slope.",
    "The way back starts with the derivative of the loss: ŷ − y for these losses.",
)
def _(d: Graph) -> Iterator[Formulas]:
    values = [loss_terms(d), *(["loss_of_output"] if "loss_of_output" in d else [])]
    values += [f"2 * {loss_terms(d)}"] if d.network.loss_function.builtin == "squared_error" else []
    values += ["mean_loss" if "mean_loss" in d else "loss"]
    for value in dict.fromkeys(values):
        yield {loss_slope(d): value}
        yield {output_slope(d): value}
        yield slope_of_output(d, value)


@RULES.add(
    "absolute_error_slope",
    "The sign of the error is lost: its size is taken in place of ŷ − y.",
    "The slope of the loss is ŷ − y with its sign: which way to go is all it tells.",
)
def _(d: Graph) -> Iterator[Formulas]:
    yield wrap(d, loss_slope(d), "np.abs({})")


@RULES.add(
    "sign_of_error",
    "Only the sign of the error is taken, as for an absolute error.",
    "½(ŷ − y)² has the slope ŷ − y; sign(ŷ − y) is that of |ŷ − y|.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if is_difference(d):
        yield wrap(d, loss_slope(d), "np.sign({})")


@RULES.add(
    "target_forgotten",
    "The output is taken in place of its error: the target is forgotten.",
    "The slope of the loss is ŷ − y.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if is_difference(d):
        yield {loss_slope(d): f"A{last_layer(d)}"}


@RULES.add(
    "target_added",
    "The target is added in place of subtracted.",
    "The slope of the loss is ŷ − y: 0 where the output is the target.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if is_difference(d):
        yield {loss_slope(d): f"A{last_layer(d)} + Y"}
        yield swap(d, f"dA{last_layer(d)}", Y="(-Y)")


@RULES.add(
    "labels_not_one_hot",
    "The number of the class is subtracted from every output; the targets are not one-hot.",
    "y is a row for each sample, 1 at its class and 0 elsewhere.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if d.network.loss_function.targets == "distribution":
        yield swap(d, loss_slope(d), Y="np.argmax(Y, axis=1)[:, None]")


@RULES.add(
    "divided_by_output",
    "The error is divided by ŷ(1 − ŷ), and the output's derivative, which cancels that, is left out.",
    "∂ℓ/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)) belongs to the output; times its derivative ŷ(1 − ŷ), dZ is ŷ − y.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    if f"dA{last}" in d and d.network.loss_function.builtin == "binary_cross_entropy":
        yield {f"dZ{last}": f"dA{last}"}


@RULES.add(
    "broadcast_targets",
    "(n, 1) minus (n,) broadcasts to (n, n): every prediction is compared with every target.",
    "Give the targets the shape of the outputs: y.reshape(-1, 1).",
)
def _(d: Graph) -> Iterator[Formulas]:
    if d.network.sizes[-1] != 1 or len(d.batch.X) == 1:
        return
    slope = swap(d, loss_slope(d), Y="Y.ravel()")
    terms = d[loss_terms(d)]
    value = {}
    if terms.expression is not None and loss_terms(d) == "loss_terms":
        mean = "mean_loss" if "mean_loss" in d else "loss"
        columns = rename(terms.expression, {"Y": "Y.ravel()"})
        value = {mean: f"np.mean({ast.unparse(columns)})"}
    yield slope
    yield merge(slope, value)
    yield value
    for reduced in ("mean(axis=1, keepdims=True)", "sum(axis=1, keepdims=True)"):
        yield {symbol: f"({code}).{reduced}" for symbol, code in slope.items()}
