"""Exercises of chapter 16: parameters of a wide network, the most frequent mistake, and softmax with one-hot classes."""

from __future__ import annotations

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return draw(_parameters, seed), draw(_confused, seed), _one_hot()


def _parameters(rng: np.random.Generator) -> Numbers:
    side, width, classes = int(rng.choice([8, 12, 16, 28])), int(rng.choice([30, 50, 100, 128])), 10
    pixels = side * side
    net = gn.Network([pixels, width, classes], output="softmax")
    weights = sum(W.size for W in net.W.values())
    return Numbers(
        name="16-parameters",
        question=(
            f"A network reads pictures of {side} × {side} pixels. It has one hidden layer of {width} units and {classes} "
            "outputs. How many parameters does it have?"
        ),
        right=(float(net.n_parameters),),
        wrong=(
            Wrong((float(weights),), "The biases are missing: one for each hidden unit and one for each output."),
            Wrong(
                (float(side * width + width + width * classes + classes),),
                "A picture has side times side pixels, and each is an input.",
            ),
            Wrong((float(pixels * width + width),), "This is the first layer. The second has weights and biases too."),
            Wrong(
                (float(pixels * width * classes),),
                "Layers follow each other: their weights add up, they do not multiply.",
            ),
        ),
        solution=(
            f"{pixels} · {width} + {width} in the first layer, {width} · {classes} + {classes} in the second: "
            f"{net.n_parameters:,}."
        ),
        tolerance=0.0004,
    )


def _confused(rng: np.random.Generator) -> Numbers:
    digits = np.sort(rng.choice(10, size=4, replace=False))
    counts = rng.integers(0, 5, size=(4, 4))
    counts[np.diag_indices(4)] = rng.integers(28, 40, size=4)
    off = counts * (1 - np.eye(4, dtype=int))
    row, column = np.unravel_index(off.argmax(), off.shape)
    if np.sum(off == off.max()) > 1:
        off[row, column] += 1
        counts[row, column] += 1
    best = int(np.argmax(counts.diagonal()))
    most = int(np.argmax(off.sum(axis=1)))
    pairs = off + off.T
    one, other = np.unravel_index(pairs.argmax(), pairs.shape)
    table = "\n".join(
        f"| **{digit}** | " + " | ".join(map(str, line)) + " |" for digit, line in zip(digits, counts, strict=True)
    )

    def named(a: int, b: int) -> tuple[float, float]:
        return float(digits[a]), float(digits[b])

    candidates = (
        Wrong(named(column, row), "Rows are actual, columns predicted. You read them the other way round."),
        Wrong(named(best, best), "The diagonal holds the right answers. Look beside it."),
        Wrong(named(most, most), "This is the digit with the most mistakes in all. One kind of mistake is one cell."),
        Wrong(named(one, other), "You added both directions of a pair. A mistake has a direction: one cell, not two."),
    )
    return Numbers(
        name="16-confused",
        question=(
            "Rows are actual, columns predicted:\n\n| | "
            + " | ".join(f"**{digit}**" for digit in digits)
            + f" |\n|---|---|---|---|---|\n{table}\n\nWhich single kind of mistake is the most frequent?"
        ),
        right=named(row, column),
        wrong=candidates,
        solution=(
            f"The largest number beside the diagonal is {counts[row, column]}: a {digits[row]} is taken for a {digits[column]}."
        ),
        fields=("the actual digit", "is taken for"),
        tolerance=0.01,
    )


_SOLUTION = '''"""Softmax, its mean loss and its slope for a 6-5-4 network, relu inside; Y holds one-hot classes."""

import numpy as np


def gradients(X, Y, W1, b1, W2, b2):
    A1 = np.maximum(X @ W1 + b1, 0)
    Z2 = A1 @ W2 + b2
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    true = Y.argmax(axis=1)
    loss = -np.mean(np.log(P[np.arange(len(X)), true]))
    dZ2 = (P - Y) / len(X)
    return {"A2": P, "loss": loss, "dZ2": dZ2}
'''


def _one_hot() -> Code:
    return Code(
        name="16-one-hot",
        question=(
            "Write `gradients.py` with a function `gradients(X, Y, W1, b1, W2, b2)` for a 6-5-4 network, relu inside and a "
            "softmax at the end. `Y` holds one-hot classes. Return a dictionary with the probabilities `A2`, the mean "
            "`loss` and the slope `dZ2`. Find the true classes in `Y` by `argmax`."
        ),
        command="glassnet check gradients.py --sizes 6,5,4 --hidden relu --output softmax",
        solution=_SOLUTION,
        wrong=(
            (_SOLUTION.replace("E.sum(axis=1, keepdims=True)", "E.sum(axis=0, keepdims=True)"), "first wrong: A2"),
            (
                _SOLUTION.replace("P = E / E.sum(axis=1, keepdims=True)", "P = 1 / (1 + np.exp(-Z2))"),
                "sigmoid in place of a softmax",
            ),
            (_SOLUTION.replace("(P - Y) / len(X)", "(Y - P) / len(X)"), "sign of the output error"),
            (_SOLUTION.replace("-np.mean(np.log", "-np.sum(np.log"), "first wrong: loss"),
        ),
    )
