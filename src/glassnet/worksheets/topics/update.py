"""Topics of the update and of training in batches: Adam and momentum; a batch with a penalty and a dropout mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import relu
from glassnet.equations.loss import Loss
from glassnet.explain.derivation import Derivation
from glassnet.explain.explain import explain
from glassnet.network.network import Network
from glassnet.training.optimizers import Adam, Momentum, Optimizer
from glassnet.worksheets.draw import fits, halves, inputs, network_of, quarters
from glassnet.worksheets.sheet import Given, Part, given_of, numbers

Array = NDArray[Any]

RATE, MOMENTUM = 0.1, 0.9
_SLOPES = (0.5, 1.0, 1.5, 2.0, 3.0)  # whose squares end
# a loss whose slope is its target: the learner is given the slopes of the parameters
_UPSTREAM = Loss("upstream", lambda z, y: y * z, lambda z, y: y + 0 * z)
_MEMORY = {"m": "the running mean of g", "v": "the running mean of g²", "m_hat": "m corrected", "v_hat": "v corrected"}


def optimizer(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """Adam's first and second step, and one of momentum, on two weights and a bias."""
    theta, slopes = halves(rng, 3), _slopes(rng, 2)
    if slopes is None or len(set(theta)) < 3:
        return None
    if any(abs(slopes[1][k]) == abs(slopes[0][k]) for k in range(3)):
        return None
    adam = Adam(RATE)
    first = _step(theta, slopes[0], adam, 0, None)

    def second(own: Mapping[str, Array]) -> Derivation:
        """The second step from the learner's own first one."""
        start = np.ravel(own.get("theta", first.value("theta")))
        memory = {slot: np.ravel(own.get(slot, first.value(slot))) for slot in ("m", "v")}
        return _step(start, slopes[1], adam, 1, memory)

    velocity = np.array([0.1, 0.2, 0.3])[rng.permutation(3)] * rng.choice([-1.0, 1.0], 3)
    third = _step(theta, slopes[0], Momentum(RATE, MOMENTUM), 0, {"v": velocity})
    words = {**_MEMORY, "theta": "θ after the step"}
    asked = ("m", "v", "m_hat", "v_hat", "theta")
    constants = "β₁ = 0.9, β₂ = 0.999, learning rate 0.1; ε is too small to matter"
    listed = ("bias_correction_forgotten", "memory", "decay_rates_exchanged")
    part_a = Part(
        "a",
        "Adam, step 1",
        "θ are two weights and a bias, g their slopes; m and v begin at 0. m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², "
        f"m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), θ ← θ − 0.1·m̂/√v̂, with t = 1; {constants}.",
        (Given("theta_before", theta, "θ before the step"), Given("g", slopes[0], "the slopes")),
        numbers("a", first, *asked, **words),
        first,
        listed,
        drawn=False,
    )
    part_b = Part(
        "b",
        "Adam, step 2",
        "Go on from your own numbers of part a, with t = 2 and these slopes.",
        (Given("g", slopes[1], "the slopes"),),
        numbers("b", second({}), *asked, **words),
        second({}),
        (*listed, "adam_off_by_one"),
        drawn=False,
        carried=second,
    )
    part_c = Part(
        "c",
        "Momentum",
        f"The same θ and slopes as in part a, another optimizer: v ← {MOMENTUM:g}v − {RATE:g}g, θ ← θ + v.",
        (Given("v_before", velocity, "v before the step"), Given("g", slopes[0], "the slopes of part a")),
        numbers("c", third, "v", "theta", v="the velocity", theta="θ after the step"),
        third,
        ("memory", "update_sign"),
        drawn=False,
    )
    return part_a, part_b, part_c


def _slopes(rng: np.random.RandomState, steps: int) -> Array | None:
    """Slopes of two weights and a bias: those of the weights are x times that of the bias, so x must be an input."""
    found = rng.choice(_SLOPES, (steps, 3)) * rng.choice([-1.0, 1.0], (steps, 3))
    return found if all(len(set(np.abs(row))) == 3 for row in found) else None


def _step(
    theta: Array, slopes: Array, optimizer: Optimizer, step: int, memory: Mapping[str, Array] | None
) -> Derivation:
    """Work out the update of a linear unit whose slopes are these."""
    network = Network([2, 1], loss=_UPSTREAM)
    network.theta = theta
    return explain(network, slopes[:2] / slopes[2], float(slopes[2]), optimizer=optimizer, step=step, memory=memory)


L2 = 0.1
MOST_OUTPUT = 6.0  # of |z| of the output


def batch_penalty_mask(rng: np.random.RandomState) -> tuple[Part, ...] | None:
    """A step's gradients for two rows, with an L2 penalty and a given dropout mask."""
    X, W1, b1 = inputs(rng, (2, 2)), halves(rng, (2, 2)), halves(rng, 2, 1)
    Z1 = X @ W1 + b1
    if not fits(Z1) or (Z1 > 0).sum() != 3 or np.array_equal(X, X.T) or np.array_equal(W1, W1.T):
        return None
    mask = np.full((2, 2), 2.0)
    on = np.argwhere(Z1 > 0)
    mask[tuple(on[rng.randint(len(on))])] = 0.0
    W2, b2 = halves(rng, (2, 1), 1.5), quarters(rng, 1, 1)
    Z2 = (relu(Z1) * mask) @ W2[:, 0] + b2[0]
    y = np.round(2 * (Z2 - rng.choice([-1.5, -1.0, -0.5, 0.5, 1.0, 1.5], 2))) / 2
    errors = Z2 - y
    if (np.abs(errors) < 0.25).any() or np.abs(Z2).max() > MOST_OUTPUT or len(set(np.abs(errors))) < 2:
        return None
    if abs(W2[0, 0]) == abs(W2[1, 0]):
        return None
    network = network_of([2, 2, 1], W1, b1, W2, b2)
    derivation = explain(network, X, y, optimizer=None, l2=L2, dropout=0.5, dropout_masks={1: mask})
    words = {
        "A1_dropped": "A after the mask, A ⊙ D",
        "loss": "the mean of ½(ŷ − y)², plus the penalty",
        "dZ2": "∂L/∂Z of the output, with the mean over the rows",
        "dW2": "with the slope of the penalty",
        "dW1": "with the slope of the penalty",
        "dA1": "∂L/∂A before the mask, (dZ W₂ᵀ) ⊙ D",
    }
    text = (
        "Two rows, a hidden layer with relu, then the dropout mask D (a unit is dropped with rate ½, what stays counts "
        f"twice), an output without activation. The loss is the mean over the rows of ½(ŷ − y)², plus ½·{L2:g}·(the sum of "
        "all squared weights, not of the biases)."
    )
    asked = ("Z1", "A1_dropped", "Z2", "loss", "dZ2", "dW2", "dA1", "dZ1", "dW1")
    listed = (
        "batch_mean_forgotten",
        "penalty_forgotten",
        "mask_forgotten",
        "mask_unscaled",
        "dropout_forgotten",
        "derivative_forgotten",
    )
    given = (Given("A0", X, "X: two rows"), *given_of(derivation, "W1", "b1", "D1", "W2", "b2", "Y"))
    items = numbers("a", derivation, *asked, **words)
    return (Part("a", "A batch, a penalty, a mask", text, given, items, derivation, listed),)
