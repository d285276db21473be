"""Exercises of chapter 3: shapes, a layer for two samples, a layer in code."""

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong
from exercises.writing import HALVES, number, row


def shape(rng: np.random.Generator) -> Numbers:
    n, d, h, k = (int(v) for v in rng.choice(np.arange(3, 25), 4, replace=False))
    net = gn.Network([d, h, k], output="softmax")
    rows, columns = net.forward(np.zeros((n, d))).Z[2].shape
    return Numbers(
        "03-shape",
        f"{n} samples with {d} inputs go through a network with {h} hidden units and {k} outputs. What is the shape of $Z_2$?",
        (rows, columns),
        (
            Wrong((columns, rows), "Rows and columns are exchanged: here a sample is a row."),
            Wrong((n, h), "This is the shape of $Z_1$, the hidden layer."),
            Wrong((h, k), "This is the shape of the weights $W_2$. $Z_2$ has a row for each sample."),
            Wrong((d, k), "The inputs have been used up in the first layer. $Z_2$ has a row for each sample."),
        ),
        f"({n}, {d}) times ({d}, {h}) gives ({n}, {h}). That times ({h}, {k}) gives ({n}, {k}): a row for each sample, a column for each output.",
        ("rows", "columns"),
    )


def batch(rng: np.random.Generator) -> Numbers:
    X, W, b = rng.choice(HALVES, (2, 2)), rng.choice(HALVES, (2, 2)), rng.choice(HALVES, 2, replace=False)
    net = gn.Network([2, 2])
    net.W[1][...], net.b[1][...] = W, b
    Z = net.forward(X).Z[1]

    def typed(values: np.ndarray) -> tuple[float, ...]:
        return tuple(map(float, np.ravel(values)))

    return Numbers(
        "03-batch",
        f"A layer has two units. Unit 0 has the weights {row(W[:, 0])} and the bias {number(b[0])}, "
        f"unit 1 the weights {row(W[:, 1])} and the bias {number(b[1])}. "
        f"Two samples come in: {row(X[0])} and {row(X[1])}. Compute $Z$.",
        typed(Z),
        (
            Wrong(
                typed(X @ W.T + b),
                "The weights of a unit are a *column* of W. You took the rows: W is turned on its side.",
            ),
            Wrong(typed(X @ W), "The biases are left out. Each unit adds its own, for each sample."),
            Wrong(
                typed(X @ W + b * [[1], [0]]),
                "The biases are added to the first sample only. They belong to the units, so every row gets them.",
            ),
            Wrong(
                typed(X @ W + b[:, None]),
                "Each sample got a bias. The biases belong to the units: one for each column.",
            ),
            Wrong(
                typed(X * W + b),
                "Cell by cell is another product. Go along a row of X and down a column of W, and add up.",
            ),
        ),
        f"Sample 0: {row(Z[0])}. Sample 1: {row(Z[1])}. Each cell: along the sample, down the unit's weights, add up, add the unit's bias.",
        ("sample 0, unit 0", "sample 0, unit 1", "sample 1, unit 0", "sample 1, unit 1"),
    )


LAYER = """import numpy as np


def layer(X, W1, b1):
    Z1 = {Z1}
    A1 = {A1}
    return {{"Z1": Z1, "A1": A1}}
"""


def source(Z1: str = "X @ W1 + b1", A1: str = "np.tanh(Z1)") -> str:
    return LAYER.format(Z1=Z1, A1=A1)


layer = Code(
    "03-layer",
    'Write a file `layer.py` with a function `layer(X, W1, b1)`. It returns `{"Z1": …, "A1": …}` for a layer with tanh, '
    "for any number of samples. Then have it graded:",
    "glassnet check layer.py --function layer --sizes 3,3,2 --hidden tanh --output softmax",
    source(),
    (
        (source(Z1="X @ W1"), "The bias is forgotten on the way forward"),
        (source(Z1="X @ W1.T + b1"), "The weights are transposed on the way forward"),
        (source(A1="Z1"), "The activation is forgotten on the way forward"),
        (source(A1="np.maximum(Z1, 0)"), "Another activation is used than the network's"),
    ),
)


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    return (draw(shape, seed), draw(batch, seed), layer)
