"""Topics of the forward pass: a neuron, a layer with a batch, the loss."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.explain import explain
from glassnet.network.network import Network
from glassnet.worksheets.draw import LOGITS, fits, halves, inputs, one_of, quarters
from glassnet.worksheets.sheet import Given, Item, Mistake, Part, given_of, numbers

Array = NDArray[Any]

ROWS = 3
_WRONG_SIDE = Mistake("wrong_side", "The border lies where z = 0 and P = ½: z > 0 is class 1, z < 0 is class 0.")


def neuron(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """z, a and the side of the border, for three points that one neuron looks at."""
    w = halves(rng, 2)
    every = np.array([*product((-2.0, -1.0, -0.5, 0.5, 1.0, 2.0), repeat=2)])
    b = round(one_of(rng, LOGITS) - float(every[rng.randint(len(every))] @ w), 2)
    Z = every @ w + b
    good = np.flatnonzero([any(abs(abs(z) - logit) < 1e-9 for logit in LOGITS) for z in Z])
    if len(good) < ROWS or not 0.25 <= abs(b) <= 3:
        return None
    chosen = rng.permutation(good)[:ROWS]
    if len({round(abs(z), 2) for z in Z[chosen]}) < ROWS or not Z[chosen].min() < 0 < Z[chosen].max():
        return None
    network = Network([2, 1], output="sigmoid")
    network.W[1][:, 0], network.b[1][0] = w, b
    derivation = explain(network, every[chosen], (rng.rand(ROWS) < 0.5).astype(int), optimizer=None)
    sides = tuple(
        Item(
            f"a.side{row}",
            f"the side of the border on which row {row} lies",
            "choice",
            options=("class 0", "class 1"),
            right=f"class {int(Z[place] > 0)}",
            mistakes={"": _WRONG_SIDE},
            own=lambda own, row=row: _side(own, row),  # type: ignore[misc]
        )
        for row, place in enumerate(chosen)
    )
    text = (
        "One neuron with a sigmoid looks at three points, the rows of X. Work out z = x W + b, the probability of "
        "class 1, a = 1 / (1 + e^(−z)), and say on which side of the border z = 0 each point lies."
    )
    asked = numbers("a", derivation, "Z1", "A1", Z1="z of each point", A1="a of each point")
    listed = ("bias_forgotten", "bias_subtracted", "activation_forgotten", "exponent_sign")
    given = (Given("A0", derivation.value("A0"), "X: three points"), *given_of(derivation, "W1", "b1"))
    return (Part("a", "One neuron, three points", text, given, (*asked, *sides), derivation, listed),)


def _side(own: Mapping[str, Array], row: int) -> str:
    """The side that the learner's own z or a says."""
    for symbol, border in (("A1", 0.5), ("Z1", 0.0)):
        if symbol in own:
            return f"class {int(own[symbol].ravel()[row] > border)}"
    return ""


def layer_and_batch(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """Z and A of a layer of three units for a batch of two rows, and the shapes."""
    X, W, b = inputs(rng, (2, 2)), halves(rng, (2, 3)), halves(rng, 3, 1.5)
    Z = X @ W + b
    on = int((Z > 0).sum())
    if not fits(Z) or not 2 <= on <= 4 or len(set(W.ravel())) < 4 or np.array_equal(X, X.T):
        return None
    network = Network([2, 3], output="relu", loss="squared_error")
    network.W[1][...], network.b[1][...] = W, b
    derivation = explain(network, X, np.zeros((2, 3)), optimizer=None)
    turned = Mistake("shape_turned", "Rows and columns are exchanged: the shape is rows × columns.")
    other = Mistake(
        "shape_wrong", "The shape of a product X W is the rows of X × the columns of W; a slope has its thing's shape."
    )
    shapes = tuple(
        Item(
            f"a.shape_{name}",
            f"the shape of {words}",
            "shape",
            right=right,
            mistakes={_turned(right): turned, "": other},
        )
        for name, words, right in (
            ("W1", "W, rows × columns", "2 × 3"),
            ("Z1", "Z = X W + b", "2 × 3"),
            ("row", "X, if a third row is added to the batch", "3 × 2"),
        )
    )
    text = (
        "A layer of three units with relu, a = max(z, 0), is given a batch of two rows. Say the shapes, then work out "
        "Z = X W + b (b is added to each row) and A."
    )
    asked = numbers("a", derivation, "Z1", "A1", Z1="Z of both rows", A1="A of both rows")
    listed = ("bias_forgotten", "bias_subtracted", "activation_forgotten", "bias_after_activation")
    given = (Given("A0", X, "X: two rows"), *given_of(derivation, "W1", "b1"))
    return (Part("a", "A layer and a batch", text, given, (*shapes, *asked), derivation, listed),)


def _turned(shape: str) -> str:
    first, _, second = shape.partition(" × ")
    return f"{second} × {first}"


def loss(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """The cross-entropy and the squared error of three rows, and their means."""
    Z = np.array([one_of(rng, LOGITS) for _ in range(ROWS)])
    y = (rng.rand(ROWS) < 0.5).astype(float)
    right = (Z > 0) == (y > 0)
    if len(set(np.abs(Z))) < ROWS or y.sum() in (0, ROWS) or right.all() or not right.any():
        return None
    guess, target = halves(rng, ROWS, 3), quarters(rng, ROWS, 3)
    errors = guess - target
    if not (np.abs(errors) >= 0.25).all() or np.abs(errors).max() > 3 or len(set(np.abs(errors))) < ROWS:
        return None
    coin, line = Network([1, 1], output="sigmoid"), Network([1, 1])
    for network in (coin, line):
        network.theta = [1.0, 0.0]
    first = explain(coin, Z[:, None], y, optimizer=None)
    second = explain(line, guess[:, None], target, optimizer=None)
    words = {"loss_terms": "the loss of each row", "loss": "the mean over the rows", "A1": "the probability of class 1"}
    part_a = Part(
        "a",
        "Two classes: cross-entropy",
        "Three rows have these z before the sigmoid, and y says their classes. Work out the probability of class 1, "
        "the loss of each row, −ln a where y is 1 and −ln(1 − a) where it is 0 (the natural logarithm), and the mean.",
        (Given("Z1", first.value("Z1"), "before the sigmoid"), Given("Y", first.value("Y"), "the classes")),
        numbers("a", first, "A1", "loss_terms", "loss", **words),
        first,
        ("loss_sign", "half_of_cross_entropy", "inner_sign", "log_base", "batch_mean_forgotten"),
        drawn=False,
    )
    part_b = Part(
        "b",
        "Numbers: squared error",
        "Three predictions and their targets. The loss of a row is ½(ŷ − y)²; work out each, and the mean.",
        (Given("A1", second.value("A1"), "the predictions ŷ"), Given("Y", second.value("Y"), "the targets")),
        numbers("b", second, "loss_terms", "loss", **words),
        second,
        ("loss_factor", "square_forgotten", "batch_mean_forgotten"),
        drawn=False,
    )
    return part_a, part_b
