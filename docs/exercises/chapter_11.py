"""Exercises of chapter 11: the spread that He asks for, a product of sigmoid slopes, and a factor that eight layers repeat."""

from __future__ import annotations

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong

SIGMOID = gn.activations.ACTIVATIONS["sigmoid"]


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return draw(_spread, seed), draw(_sigmoids, seed), draw(_depth, seed)


def _spread(rng: np.random.Generator) -> Numbers:
    fan_in, fan_out = int(rng.choice([8, 18, 32, 50, 72, 98])), int(rng.choice([5, 10, 20, 40]))
    right = np.sqrt(2 / fan_in)
    return Numbers(
        name="11-spread",
        question=(
            f"A layer has {fan_in} inputs and {fan_out} relu units. Which spread (standard deviation) do its weights have "
            "in He's start?"
        ),
        right=(right,),
        wrong=(
            Wrong((2 / fan_in,), "This is the variance. The spread is its root."),
            Wrong((np.sqrt(2 / fan_out),), "You counted the units. Each sum runs over the inputs: take their number."),
            Wrong(
                (np.sqrt(1 / fan_in),), "The 2 is missing: relu halves the mean square, and the weights make up for it."
            ),
            Wrong(
                (np.sqrt(2 / (fan_in + fan_out)),), "This is Glorot's start, the middle of the way forward and back."
            ),
        ),
        solution=f"$\\sqrt{{2/n}}$ with the number of inputs $n = {fan_in}$ is {right:.4g}. The number of units plays no part.",
    )


def _sigmoids(rng: np.random.Generator) -> Numbers:
    z = rng.choice([-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0], size=5)
    a = SIGMOID(z)
    slopes = SIGMOID.df(z, a)
    scale = 1e4
    right = scale * np.prod(slopes)
    return Numbers(
        name="11-sigmoids",
        question=(
            "A path goes through five sigmoid units, one in each layer. Their pre-activations are "
            + ", ".join(f"{each:g}" for each in z)
            + f". All weights on the path are 1. By which factor does a slope change on its way back through the five "
            f"units? Give it in units of 1/{scale:,.0f}."
        ),
        right=(right,),
        wrong=(
            Wrong(
                (scale * np.prod(slopes[:4]),), "This is the product of four slopes. The path goes through five units."
            ),
            Wrong((scale * np.prod(a),), "You multiplied the activations. On the way back each unit gives its slope."),
            Wrong(
                (scale * np.prod(1 - a),), "You multiplied 1 − a. The slope of a sigmoid is a (1 − a), both factors."
            ),
            Wrong((scale * 0.25**5,), "You took ¼ for each. That is the largest slope, and it belongs to z = 0 only."),
        ),
        solution=(
            "Each unit contributes its slope $a (1 - a)$: "
            + ", ".join(f"{each:.4f}" for each in slopes)
            + f". Their product is {right / scale:.3g}, in the units asked {right:.4g}."
        ),
    )


def _depth(rng: np.random.Generator) -> Numbers:
    layers, share = int(rng.choice([3, 4, 5])), float(rng.choice([0.5, 0.6, 0.7, 0.8]))
    right = share**layers
    return Numbers(
        name="11-depth",
        question=(
            f"Somebody draws the weights of a relu network with {share:g} times the spread that He asks for, in every layer. "
            f"By which factor is the spread of $Z$ in layer {layers} smaller than with He's start? Biases are 0. Count "
            f"the layers from 1, so {layers} layers of weights lie before it."
        ),
        right=(right,),
        wrong=(
            Wrong((share,), "This is what one layer does. Each layer multiplies by it again."),
            Wrong((share ** (2 * layers),), "This is the factor of the variance. The spread is its root."),
            Wrong((share ** (layers - 1),), "One layer is missing: the first layer's weights count too."),
            Wrong((share ** (layers + 1),), "One layer too many. Only the weights before that layer's Z count."),
        ),
        solution=(
            f"The spread of $z$ is proportional to the spread of the weights. Relu passes a factor on unchanged, so "
            f"{layers} layers multiply by ${share:g}^{layers} = {right:.4g}$."
        ),
    )
