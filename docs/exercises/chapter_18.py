"""Exercises of chapter 18: the slope of a shared weight, the answer of attention, and what sharing saves."""

from __future__ import annotations

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong

SOFTMAX = gn.activations.ACTIVATIONS["softmax"]


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return draw(_tap, seed), draw(_attention, seed), draw(_weights, seed)


def _tap(rng: np.random.Generator) -> Numbers:
    x = rng.choice([-2.0, -1.0, 1.0, 2.0, 3.0], size=5)
    dz = rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=3)
    tap = int(rng.integers(3))
    net = gn.Network([5, 3], output="identity", init="zeros")
    dW = net.backward(net.forward([x]), [-dz]).W[1]  # of ½ (z − y)² at z = 0 the slope is −y
    copies = [float(dW[j + tap, j]) for j in range(3)]
    right = sum(copies)
    return Numbers(
        name="18-tap",
        question=(
            "A convolution has three taps, five inputs and three units: $z_j = \\sum_k t_k x_{j+k}$. The inputs are "
            + ", ".join(f"{each:g}" for each in x)
            + ". The slopes of the loss along $z_0, z_1, z_2$ are "
            + ", ".join(f"{each:g}" for each in dz)
            + f". What is the slope along $t_{tap}$? Count from 0."
        ),
        right=(right,),
        wrong=(
            Wrong(
                (right / 3,), "This is the mean of the copies' slopes. Moving a shared weight moves all copies: add."
            ),
            Wrong((copies[0],), "This is the first place alone. The tap is used at three places; paths add."),
            Wrong(
                (float(x[:3] @ dz) if tap else float(x[1:4] @ dz),),
                "The inputs are shifted. Unit j sees input j + k with tap k.",
            ),
            Wrong(
                (float(x[tap : tap + 3].sum()),), "These are the inputs alone. Multiply each by the slope of its unit."
            ),
            Wrong(
                (float(x[tap : tap + 3] @ dz[::-1]),),
                "The order is turned round. Input j + k goes with the slope of unit j.",
            ),
        ),
        solution=(
            f"Tap {tap} connects input $j + {tap}$ with unit $j$: "
            + " + ".join(f"({x[j + tap]:g}) · ({dz[j]:g})" for j in range(3))
            + f" = {right:g}."
        ),
    )


def _attention(rng: np.random.Generator) -> Numbers:
    s = rng.choice([-1.0, 0.0, 0.5, 1.0, 2.0], size=3, replace=False)
    v = rng.choice([-4.0, -2.0, 1.0, 3.0, 5.0], size=3, replace=False)
    a = SOFTMAX(s[None])[0]
    right = float(a @ v)
    return Numbers(
        name="18-attention",
        question=(
            "The scores of three places are "
            + ", ".join(f"{each:g}" for each in s)
            + ", their values are "
            + ", ".join(f"{each:g}" for each in v)
            + ". Which number does attention answer?"
        ),
        right=(right,),
        wrong=(
            Wrong((float(s @ v),), "The scores went in as they are. Softmax turns them into shares first."),
            Wrong(
                (float(v[np.argmax(s)]),),
                "This is the value of the place with the highest score. Softmax mixes all of them.",
            ),
            Wrong((float(np.exp(s) @ v),), "The shares do not add up to 1. Divide by the sum of the exponentials."),
            Wrong((float(v.mean()),), "All places count alike here. The shares follow the scores."),
            Wrong(
                (float(SOFTMAX(-s[None])[0] @ v),),
                "The exponent has the wrong sign: the highest score got the smallest share.",
            ),
        ),
        solution=(
            "The shares are " + ", ".join(f"{each:.4f}" for each in a) + f". Shares times values add up to {right:.4g}."
        ),
    )


def _weights(rng: np.random.Generator) -> Numbers:
    inputs, taps = int(rng.choice([12, 16, 20, 24, 30])), int(rng.choice([3, 5, 7]))
    units = inputs - taps + 1
    net = gn.Network([inputs, units])
    return Numbers(
        name="18-weights",
        question=(
            f"A layer takes {inputs} inputs to {units} units, each unit with its own bias and its own weights. (a) How many "
            f"parameters has it? (b) How many if it is a convolution with {taps} taps and one bias for all units?"
        ),
        right=(float(net.n_parameters), float(taps + 1)),
        wrong=(
            Wrong(
                (float(net.n_parameters), float(taps * units + units)), "In (b) the taps are shared: count them once."
            ),
            Wrong(
                (float(inputs * units), float(taps)), "The biases are missing, one a unit in (a), one in all in (b)."
            ),
            Wrong((float(taps + 1), float(net.n_parameters)), "The two are exchanged: sharing makes them few."),
            Wrong((float(net.n_parameters), float(inputs + 1)), "A unit sees only as many inputs as there are taps."),
        ),
        solution=f"(a) {inputs} · {units} + {units} = {net.n_parameters:,}. (b) {taps} + 1 = {taps + 1}.",
        fields=("(a)", "(b)"),
        tolerance=1e-4,
    )
