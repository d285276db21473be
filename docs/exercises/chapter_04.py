"""Exercises of chapter 4: the slope of tanh, a collapsed network, the slopes of a layer in code."""

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong
from exercises.writing import HALVES, number, row, terms


def slope(rng: np.random.Generator) -> Numbers:
    z = float(rng.choice([0.9, 0.95, 1.1, 1.25]))
    tanh = gn.activations.ACTIVATIONS["tanh"]
    a = float(tanh(np.array(z)))
    return Numbers(
        "04-slope",
        f"A tanh unit has the sum $z$ = {number(z)}, so $a = \\tanh z$ ≈ {number(a)}. How steep is tanh at this $z$?",
        (float(tanh.df(np.array(z), np.array(a))),),
        (
            Wrong((1 - z**2,), "The formula $1 - a^2$ takes $a$, the value after the curve. You put $z$ into it."),
            Wrong(
                (1 - float(np.tanh(a)) ** 2,),
                "The slope was taken at $a$. Take it at $z$: $a$ is tanh $z$ already, so no second tanh.",
            ),
            Wrong((a * (1 - a),), "This is the slope of the sigmoid. For tanh it is $1 - a^2$."),
            Wrong((a,), "This is the value. The slope is $1 - a^2$."),
            Wrong((1 - a,), "The square is missing: $1 - a^2$."),
        ),
        f"$1 - a^2$ = 1 − {number(a)}² ≈ {number(1 - a**2)}.",
    )


def collapse(rng: np.random.Generator) -> Numbers:
    W1, b1, W2, b2 = (rng.choice(HALVES, shape) for shape in ((1, 2), 2, (2, 1), 1))
    net = gn.Network([1, 2, 1], hidden="identity", output="identity")
    net.theta = np.concatenate([W1.ravel(), b1, W2.ravel(), b2])
    at = net.forward([[0.0], [1.0]]).output[:, 0]
    w, b = at[1] - at[0], at[0]
    return Numbers(
        "04-collapse",
        "A 1-2-1 network has no curve between its layers. The weights into its two hidden units are "
        f"{row(W1[0])}, their biases {row(b1)}. The weights to the output are {row(W2[:, 0])}, its bias is {number(b2[0])}. "
        "Which weight and which bias would one single neuron need to do the same?",
        (w, b),
        (
            Wrong(
                (w, b2[0]),
                "The weight is right. But the biases of the hidden units also reach the output, each through its weight.",
            ),
            Wrong(
                (w, b1.sum() + b2[0]),
                "The weight is right. The hidden biases pass through the second weights: multiply, then add.",
            ),
            Wrong(((W1[0] + W2[:, 0]).sum(), b), "Weights along a path multiply. You added them."),
            Wrong(
                (W1.sum() * W2.sum(), b),
                "Each hidden unit has its own path: multiply along each, then add the two products.",
            ),
            Wrong((w, b - b2[0]), "The bias of the output is left out."),
        ),
        f"Weight: {terms(zip(W1[0], W2[:, 0], strict=True))} = {number(w)}. "
        f"Bias: {terms(zip(b1, W2[:, 0], strict=True), b2[0])} = {number(b)}.",
        ("weight", "bias"),
    )


LAYER = """import numpy as np


def slopes(X, W1, b1):
    Z1 = X @ W1 + b1
    A1 = np.tanh(Z1)
    g_prime1 = {slope}
    return {{"Z1": Z1, "A1": A1, "g_prime1": g_prime1}}
"""

tanh = Code(
    "04-tanh",
    'Write a file `slopes.py` with a function `slopes(X, W1, b1)` for a layer with tanh. It returns a dict with `"Z1"`, `"A1"`, and '
    '`"g_prime1"`: the slope of tanh at each sum.',
    "glassnet check slopes.py --function slopes --sizes 3,4,2 --hidden tanh --output softmax",
    LAYER.format(slope="1 - A1**2"),
    (
        (LAYER.format(slope="1 - Z1**2"), "The activation's derivative is taken at the wrong place"),
        (LAYER.format(slope="1 - np.tanh(A1) ** 2"), "The activation's derivative is taken at the wrong place"),
        (LAYER.format(slope="A1 * (1 - A1)"), "The derivative is that of another activation"),
        (LAYER.format(slope="1 - A1"), "A part of the activation's derivative is missing"),
    ),
)


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    return (draw(slope, seed), draw(collapse, seed), tanh)
