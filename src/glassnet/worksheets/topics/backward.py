"""Topics of the backward pass: the chain rule, a full step with exact numbers, and one with a softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import relu, tanh
from glassnet.explain.derivation import Derivation
from glassnet.explain.explain import explain
from glassnet.training.optimizers import SGD
from glassnet.worksheets.draw import LOGITS, MOST_Z, TANH, fits, halves, inputs, network_of, one_of, quarters
from glassnet.worksheets.sheet import Given, Part, given_of, numbers

Array = NDArray[Any]

RATE = 0.5  # large, so that weights which were updated too early show


def chain_rule(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """One path from a weight to the loss, then two paths that add."""
    one, two = _path(rng, 1), _path(rng, 2)
    if one is None or two is None:
        return None
    words = {
        "g_prime1": "∂a/∂z = 1 − a²",
        "dZ2": "∂L/∂z of the output",
        "dA1": "∂L/∂a",
        "dZ1": "∂L/∂z",
        "dW1": "∂L/∂w, from x to the hidden unit",
    }
    given = ("A0", "W1", "b1", "W2", "b2", "Y")
    part_a = Part(
        "a",
        "One path",
        "x goes through one hidden unit with tanh to one output without activation; the loss is ½(ŷ − y)². Go forward, "
        "then back along the path: each slope is the one before it times one factor.",
        given_of(one, *given),
        numbers("a", one, "Z1", "A1", "Z2", "dZ2", "dA1", "g_prime1", "dZ1", "dW1", **words),
        one,
        ("derivative_forgotten", "slopes_exchanged", "activation_for_derivative", "weights_forgotten", "sign"),
    )
    part_b = Part(
        "b",
        "Two paths add",
        "Another network: the hidden unit feeds two outputs, and the loss is the sum ½(ŷ₀ − y₀)² + ½(ŷ₁ − y₁)². Two "
        "paths lead from a to the loss; the slope ∂L/∂a is the sum over both.",
        given_of(two, *given),
        numbers("b", two, "Z1", "A1", "Z2", "dZ2", "dA1", "g_prime1", "dZ1", "dW1", **words),
        two,
        ("derivative_forgotten", "derivative_twice", "sign"),
    )
    return part_a, part_b


def _path(rng: np.random.RandomState, outputs: int) -> Derivation | None:
    """A network with one hidden unit of tanh, at one of the numbers where tanh is nearly two digits."""
    x, w1 = inputs(rng, 1), halves(rng, (1, 1))
    z = one_of(rng, TANH)
    b1 = round(z - float(x[0] * w1[0, 0]), 2)
    W2, b2, y = halves(rng, (1, outputs)), halves(rng, outputs, 1), quarters(rng, outputs, 2)
    error = tanh(np.array(z)) * W2[0] + b2 - y
    if not 0.25 <= abs(b1) <= 2 or (np.abs(error) < 0.25).any() or np.abs(error).max() > 3:
        return None
    if abs(float(error @ W2[0])) < 0.25 or len(set(np.abs(W2[0]))) < outputs or 1.0 in np.abs(W2):
        return None
    network = network_of([1, 1, outputs], w1, b1, W2, b2, hidden="tanh")
    return explain(network, x, y if outputs > 1 else y[0], optimizer=None)


_STEP = ("Z1", "A1", "Z2", "loss", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1", "W2_new", "W1_new")


def full_step_exact(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """A step of a 2-3-1 network with relu and the squared error: every number ends."""
    x, W1, b1 = inputs(rng, 2), halves(rng, (2, 3)), halves(rng, 3, 1)
    Z1 = x @ W1 + b1
    if not fits(Z1) or (Z1 > 0).sum() != 2 or len(set(np.abs(x))) < 2 or len(set(W1.ravel())) < 4:
        return None
    W2, b2 = halves(rng, (3, 1)), quarters(rng, 1, 1)
    Z2 = float(relu(Z1) @ W2[:, 0] + b2[0])
    y = float(np.round(2 * (Z2 - one_of(rng, (0.5, 0.75, 1.0, 1.25, 1.5)))) / 2)
    error = Z2 - y
    if not 0.5 <= abs(error) <= 2 or abs(error) == 1 or abs(Z2) > MOST_Z or abs(y) < 0.5:
        return None
    if len(set(np.abs(W2[:, 0]))) < 2 or np.any(np.abs(W2) == 1):
        return None
    network = network_of([2, 3, 1], W1, b1, W2, b2)
    derivation = explain(network, x, y, optimizer=SGD(RATE))
    text = (
        "A hidden layer with relu, an output without activation, the loss ½(ŷ − y)². Work one step out: forward, the "
        f"loss, backward, and the weights after a step with learning rate {RATE:g}: W ← W − {RATE:g}·dW. Every number ends."
    )
    listed = (
        "activation_forgotten",
        "bias_forgotten",
        "loss_factor",
        "sign",
        "derivative_forgotten",
        "derivative_reversed",
        "weights_forgotten",
        "descent_direction",
    )
    return (_step_part(derivation, text, "A full step, exact", listed[:6], _STEP),)


def full_step_softmax(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """A step of a 3-4-2 network with relu, softmax and cross-entropy."""
    x, W1, b1 = inputs(rng, 3), halves(rng, (3, 4)), halves(rng, 4, 1)
    Z1 = x @ W1 + b1
    if not fits(Z1) or (Z1 > 0).sum() not in (2, 3) or len(set(np.abs(x))) < 2:
        return None
    W2, b2 = halves(rng, (4, 2), 1.5), halves(rng, 2, 1)
    if (np.abs(W2[:, 0] - W2[:, 1]) < 0.5).any() or len(set(W2.ravel())) < 3:
        return None
    Z2 = relu(Z1) @ W2 + b2
    b2[1] = float(b2[1] + Z2[0] - Z2[1] - one_of(rng, LOGITS))
    Z2 = relu(Z1) @ W2 + b2
    if abs(b2[1] - round(b2[1], 2)) > 1e-9:  # the bias has more than two decimals
        return None
    b2[1] = round(b2[1], 2)
    if np.abs(Z2).max() > MOST_Z or not 0.25 <= abs(b2[1]) <= 3:
        return None
    network = network_of([3, 4, 2], W1, b1, W2, b2, output="softmax")
    derivation = explain(network, x, int(rng.randint(2)), optimizer=SGD(RATE))
    text = (
        "A hidden layer with relu, a softmax at the output, the cross-entropy −ln ŷ of the true class, where Y is 1. Work "
        f"one step out: forward, the loss, backward, and the weights after a step with learning rate {RATE:g}."
    )
    listed = (
        "activation_forgotten",
        "bias_forgotten",
        "softmax_elementwise",
        "output_derivative_twice",
        "sign",
        "derivative_forgotten",
    )
    asked = ("Z1", "A1", "Z2", "A2", *_STEP[3:])
    return (_step_part(derivation, text, "A full step with a softmax", listed, asked),)


def _step_part(derivation: Derivation, text: str, title: str, listed: tuple[str, ...], asked: tuple[str, ...]) -> Part:
    given = (Given("A0", derivation.value("A0"), "x: one sample"), *given_of(derivation, "W1", "b1", "W2", "b2", "Y"))
    words = {"W1_new": "W of the hidden layer after the step", "W2_new": "W of the output after the step"}
    return Part("a", title, text, given, numbers("a", derivation, *asked, **words), derivation, listed)
