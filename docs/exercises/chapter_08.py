"""Exercises of chapter 8: backpropagation for a batch in code, twice, and the slope of a bias."""

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong
from exercises.writing import row

FILE = """import numpy as np


def gradients(X, Y, W1, b1, W2, b2):
    n = len(X)
    Z1 = X @ W1 + b1
    A1 = {A1}
    Z2 = A1 @ W2 + b2
    A2 = {A2}
    dZ2 = {dZ2}
    dW2 = {dW2}
    db2 = {db2}
    dA1 = dZ2 @ W2.T
    dZ1 = {dZ1}
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return {{"dZ2": dZ2, "dW2": dW2, "db2": db2, "dZ1": dZ1, "dW1": dW1, "db1": db1}}
"""
USUAL = {"dZ2": "(A2 - Y) / n", "dW2": "A1.T @ dZ2", "db2": "dZ2.sum(axis=0)"}
SOFTMAX = "np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)"


def with_relu(**lines: str) -> str:
    """Return the file for ReLU and softmax, with other right-hand sides in place of the right ones."""
    return FILE.format(**({"A1": "np.maximum(Z1, 0)", "A2": SOFTMAX, "dZ1": "dA1 * (Z1 > 0)"} | USUAL | lines))


def with_tanh(**lines: str) -> str:
    """Return the file for tanh and one sigmoid, with other right-hand sides in place of the right ones."""
    return FILE.format(
        **({"A1": "np.tanh(Z1)", "A2": "1 / (1 + np.exp(-Z2))", "dZ1": "dA1 * (1 - A1**2)"} | USUAL | lines)
    )


relu = Code(
    "08-relu",
    "Write `gradients.py` with a function `gradients(X, Y, W1, b1, W2, b2)` for a 3-4-2 network with ReLU and softmax. `Y` is one-hot, the loss is "
    'the mean cross-entropy. Return a dict with `"dW1"`, `"db1"`, `"dW2"`, `"db2"`; the more terms you add, such as `"dZ2"` '
    'and `"dZ1"`, the more exactly a mistake is named.',
    "glassnet check gradients.py --sizes 3,4,2 --hidden relu --output softmax",
    with_relu(),
    (
        (with_relu(dZ2="A2 - Y"), "the mean is forgotten"),
        (with_relu(dZ1="dA1"), "The activation's derivative is forgotten on the way back"),
        (with_relu(db2="dZ2.mean(axis=0)"), "The mean over the batch is taken twice"),
        (with_relu(dZ2="(Y - A2) / n"), "The sign of the output error is turned round"),
        (with_relu(dW2="Z1.T @ dZ2"), "dW is taken with the pre-activation Z"),
    ),
)

tanh = Code(
    "08-tanh",
    "Now a network of your own: 3-4-1 with tanh, one sigmoid, and binary cross-entropy. `Y` has one column of zeros and ones. "
    "The same function, another curve in two places.",
    "glassnet check gradients.py --sizes 3,4,1 --hidden tanh --output sigmoid",
    with_tanh(),
    (
        (with_tanh(dZ1="dA1 * A1 * (1 - A1)"), "The derivative is that of another activation"),
        (with_tanh(dZ2="(A2 - Y) * A2 * (1 - A2) / n"), "The output's derivative is taken once more"),
        (with_tanh(dZ1="dA1 * (1 - Z1**2)"), "The activation's derivative is taken at the wrong place"),
        (
            with_tanh(A1="1 / (1 + np.exp(-Z1))", dZ1="dA1 * A1 * (1 - A1)"),
            "Another activation is used than the network's",
        ),
    ),
)


def bias(rng: np.random.Generator) -> Numbers:
    net = gn.Network([2, 2], output="softmax", seed=int(rng.integers(1000)))
    X, y = rng.choice([-2.0, -1.0, 1.0, 2.0], (4, 2)), rng.integers(2, size=4)
    single = [net.backward(net.forward(X[[i]]), y[[i]]).Z[1][0].round(2) for i in range(4)]
    dZ = np.array(single) / 4
    db = dZ.sum(axis=0)
    listed = "\n".join(f"| {i} | {y[i]} | {row(each)} |" for i, each in enumerate(single))
    return Numbers(
        "08-bias",
        "Four samples went through a network with two outputs. Prediction minus target was, for each sample:\n\n"
        f"| sample | true class | prediction − target |\n|---|---|---|\n{listed}\n\n"
        "The loss is the mean over the samples. What are the slopes of the loss along the two biases of the outputs, `db`?",
        tuple(map(float, db)),
        (
            Wrong(
                tuple(map(float, 4 * db)),
                "This is the sum. The loss is a mean over four samples, so each of them counts a quarter.",
            ),
            Wrong(tuple(map(float, db / 4)), "The mean was taken twice. Divide by 4 once: in `dZ`; then add up."),
            Wrong(
                tuple(map(float, dZ[0])), "This is the first sample alone. A bias acts on every sample: add the rows."
            ),
            Wrong(tuple(map(float, -db)), "The sign is turned round. `db` is a slope; the minus comes in the step."),
        ),
        f"Divide each row by 4, then add the rows: {row(db)}. A unit has one bias for all samples, so `db` has one number for each unit.",
        ("output 0", "output 1"),
    )


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    return (relu, tanh, draw(bias, seed))
