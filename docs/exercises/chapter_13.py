"""Exercises of chapter 13: steps of a run by batches, slopes with a penalty as a function, and a unit's sum under a mask."""

from __future__ import annotations

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return draw(_steps, seed), _penalty(), draw(_mask, seed)


def _steps(rng: np.random.Generator) -> Numbers:
    rows, size, epochs = int(rng.integers(70, 200)), int(rng.choice([16, 20, 32])), int(rng.choice([5, 10, 20]))
    X = rng.normal(size=(rows, 1))
    history = gn.train(gn.Network([1, 1]), X, X[:, 0], epochs=epochs, batch_size=size, optimizer="sgd")
    whole = rows // size
    return Numbers(
        name="13-steps",
        question=f"A network is trained on {rows} rows in batches of {size}, for {epochs} epochs. How many steps does it make?",
        right=(float(history.steps),),
        wrong=(
            Wrong(
                (float(whole * epochs),),
                "The last rows are left out. They form a smaller batch, with a step of its own.",
            ),
            Wrong((float(whole + 1),), "These are the steps of one epoch. Each epoch passes over all rows again."),
            Wrong(
                (rows * epochs / size,), "A part of a batch makes a whole step: round up in each epoch, then multiply."
            ),
            Wrong((float(rows * epochs),), "This is one step a row. A batch makes one step for all its rows."),
            Wrong((float(epochs),), "This is one step an epoch, as with all rows at once. Here a step takes a batch."),
        ),
        solution=(
            f"{rows} rows make {whole} whole batches of {size} and one of {rows - whole * size}: {whole + 1} steps an epoch. "
            f"{epochs} epochs make {history.steps}."
        ),
        tolerance=0.004,
    )


_SOLUTION = '''"""Slopes of a 3-4-2 network, tanh inside and a softmax at the end, with the penalty ½ · l2 · ΣW² on weights."""

import numpy as np


def gradients(X, Y, W1, b1, W2, b2, l2):
    A1 = np.tanh(X @ W1 + b1)
    Z2 = A1 @ W2 + b2
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    dZ2 = (P - Y) / len(X)
    dW2 = A1.T @ dZ2 + l2 * W2
    db2 = dZ2.sum(axis=0)
    dZ1 = dZ2 @ W2.T * (1 - A1**2)
    dW1 = X.T @ dZ1 + l2 * W1
    db1 = dZ1.sum(axis=0)
    return {"dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}
'''


def _penalty() -> Code:
    return Code(
        name="13-penalty",
        question=(
            "Write `gradients.py` with a function `gradients(X, Y, W1, b1, W2, b2, l2)` for a 3-4-2 network, tanh inside and "
            "a softmax at the end. The loss is the mean over the batch plus $\\tfrac12 \\lambda \\sum W^2$ over both weight "
            "matrices; `l2` is $\\lambda$. Return `dW1`, `db1`, `dW2`, `db2`."
        ),
        command="glassnet check gradients.py --sizes 3,4,2 --hidden tanh --output softmax --l2 0.1",
        solution=_SOLUTION,
        wrong=(
            (_SOLUTION.replace(" + l2 * W2", "").replace(" + l2 * W1", ""), "penalty on the weights is forgotten"),
            (
                _SOLUTION.replace("db2 = dZ2.sum(axis=0)", "db2 = dZ2.sum(axis=0) + l2 * b2").replace(
                    "db1 = dZ1.sum(axis=0)", "db1 = dZ1.sum(axis=0) + l2 * b1"
                ),
                "biases",
            ),
            (_SOLUTION.replace("l2 * W", "2 * l2 * W"), "factor"),
            (_SOLUTION.replace("+ l2 * W", "- l2 * W"), "penalty is subtracted"),
        ),
    )


def _mask(rng: np.random.Generator) -> Numbers:
    a = rng.choice([0.5, 1.0, 1.5, 2.0, 3.0], size=3)
    w = rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=3)
    off = int(rng.integers(3))
    mask = np.where(np.arange(3) == off, 0.0, 2.0)
    net = gn.Network([1, 3, 1], hidden="identity")
    net.W[1][0], net.W[2][:, 0] = a, w
    trained = float(gn.explain(net, [1.0], 0.0, dropout_masks={1: mask[None]}).value("Z2").item())
    predicted = float(net.forward([[1.0]]).Z[2].item())
    kept = trained / 2
    numbers = ", ".join(f"{each:g}" for each in a)
    return Numbers(
        name="13-mask",
        question=(
            f"Three hidden units have the activations {numbers}. The weights from them to the output unit are "
            + ", ".join(f"{each:g}" for each in w)
            + f", its bias is 0. Dropout has the rate ½, and in this step it drops unit {off} (count from 0). What is "
            "the output's $z$ (a) in this step of training, (b) at prediction?"
        ),
        right=(trained, predicted),
        wrong=(
            Wrong(
                (kept, predicted),
                "The kept activations are not scaled. With the rate ½ the mask holds 0 or 1/(1 − ½) = 2.",
            ),
            Wrong(
                (trained, trained), "The mask belongs to training. At prediction all units are there, without a factor."
            ),
            Wrong(
                (kept, predicted / 2),
                "This is the older convention: nothing scaled in training, all halved at prediction. Here training scales.",
            ),
            Wrong((2 * (predicted - kept), predicted), "The mask is turned round: you kept the unit that is dropped."),
            Wrong(
                (trained, 2 * predicted), "The factor 2 is in the mask. Without a mask, at prediction, there is none."
            ),
        ),
        solution=(
            "(a) The mask is "
            + ", ".join(f"{each:g}" for each in mask)
            + ". Activations times mask times weights add up "
            f"to {trained:g}. (b) Without a mask they add up to {predicted:g}."
        ),
        fields=("(a) in training", "(b) at prediction"),
    )
