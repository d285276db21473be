"""Misconceptions about the batch: its mean, sample weights, sums over samples."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.explain.grading.rules import (
    Formulas,
    Rules,
    both_and_each,
    data_gradient,
    everywhere_and_each,
    hidden_layers,
    into,
    last_layer,
    layers_of,
    merge,
    output_slope,
    swap,
    wrap,
)
from glassnet.explain.graph import Graph

RULES = Rules()


@RULES.add(
    "batch_mean_forgotten",
    "The gradients are summed over the samples; the mean is forgotten.",
    "The loss is a mean over the batch, so every gradient carries 1/n (or wᵢ/Σw) once.",
)
def _(d: Graph) -> Iterator[Formulas]:
    last = last_layer(d)
    if "mean_weights" not in d:
        return
    mean = "mean_loss" if "mean_loss" in d else "loss"
    values, slopes = [wrap(d, mean, "({}) * n")], [{f"dZ{last}": output_slope(d)}]
    if "w" in d:
        values.append(swap(d, mean, mean_weights="w"))
        slopes.append(swap(d, f"dZ{last}", mean_weights="w"))
    yield from slopes
    yield from (merge(value, slope) for value, slope in zip(values, slopes, strict=True))
    yield from values
    weights = merge(*(wrap(d, data_gradient(d, layer), "({}) * n") for layer in layers_of(d)))
    biases = merge(*(wrap(d, f"db{layer}", "({}) * n") for layer in layers_of(d)))
    yield from both_and_each(weights, biases)


@RULES.add(
    "sample_weights_forgotten",
    "Every sample counts the same; the sample weights are forgotten.",
    "Multiply sample i by wᵢ/Σw in place of 1/n.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "w" in d:
        plain = [swap(d, symbol, mean_weights="(np.ones(n) / n)") for symbol in ("loss", "mean_loss")]
        yield merge(*plain, swap(d, f"dZ{last_layer(d)}", mean_weights="(np.ones(n) / n)"))
        yield swap(d, f"dZ{last_layer(d)}", mean_weights="(np.ones(n) / n)")


@RULES.add(
    "batch_mean_twice",
    "The mean over the batch is taken twice.",
    "dZ of the output already carries 1/n; what follows is summed, not averaged again.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if "mean_weights" not in d:
        return
    weights = merge(*(wrap(d, data_gradient(d, layer), "({}) / n") for layer in layers_of(d)))
    biases = merge(*(wrap(d, f"db{layer}", "({}) / n") for layer in layers_of(d)))
    yield merge(weights, biases)
    yield wrap(d, f"dZ{last_layer(d)}", "({}) / n")
    yield from everywhere_and_each(weights)
    yield from everywhere_and_each(biases)
    yield from everywhere_and_each(*(wrap(d, f"dZ{layer}", "({}) / n") for layer in hidden_layers(d)))
    steps = [name for name in ("v", "theta") if name in d and "learning_rate" in d[name].inputs]
    yield merge(*(swap(d, name, learning_rate="(learning_rate / n)") for name in steps))


@RULES.add(
    "wrong_count",
    "The mean divides by another number than that of the samples: n − 1, or the length of the wrong axis.",
    "Divide by n, the number of rows: X.shape[0].",
)
def _(d: Graph) -> Iterator[Formulas]:
    n, widths = len(d.batch.X), dict.fromkeys((d.network.sizes[0], d.network.sizes[-1]))
    if "mean_weights" not in d:
        return
    for count in (n - 1, n + 1, *widths):
        if count not in (0, 1, n):
            means = [wrap(d, symbol, f"({{}}) * n / {count}") for symbol in ("mean_loss", "loss") if symbol in d][:1]
            yield wrap(d, f"dZ{last_layer(d)}", f"({{}}) * n / {count}")
            yield merge(wrap(d, f"dZ{last_layer(d)}", f"({{}}) * n / {count}"), *means)
            yield from means


@RULES.add(
    "bias_gradient_not_summed",
    "The bias gradient is not summed over the batch: a row for each sample is left.",
    "A bias acts on every sample: db = Σ over the rows of dZ, one number for each unit.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if len(d.batch.X) > 1:
        yield from everywhere_and_each({f"db{layer}": f"dZ{layer}" for layer in layers_of(d)})


@RULES.add(
    "wrong_axis",
    "The bias gradient is summed over the wrong axis.",
    "A bias acts on every sample: db = Σ over the rows of dZ, one number for each unit.",
)
def _(d: Graph) -> Iterator[Formulas]:
    for axis in ("axis=1", "", "axis=1, keepdims=True"):
        for of in ("", " / n"):
            yield from everywhere_and_each({f"db{la}": f"dZ{la}.sum({axis}){of}" for la in layers_of(d)})


@RULES.add(
    "not_accumulated",
    "The gradients are those of a single sample: each sample overwrites the one before in place of adding to it.",
    "Add up the gradients of all samples: dW += …, with dW = 0 before the loop.",
)
def _(d: Graph) -> Iterator[Formulas]:
    if len(d.batch.X) == 1:
        return
    for rows in ("[-1:]", "[:1]"):
        for of in ("", " * n"):
            weights = {data_gradient(d, la): f"{into(d, la)}{rows}.T @ dZ{la}{rows}{of}" for la in layers_of(d)}
            biases = {f"db{la}": f"dZ{la}{rows}.sum(axis=0){of}" for la in layers_of(d)}
            yield from both_and_each(weights, biases)
