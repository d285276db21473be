"""Exercises of chapter 15: recall from four counts, a test row prepared without a leak, and a prediction as a function."""

from __future__ import annotations

import numpy as np

from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return draw(_recall, seed), draw(_scale, seed), _predict()


def _recall(rng: np.random.Generator) -> Numbers:
    actual = np.repeat([0, 1], [int(rng.integers(60, 90)), int(rng.integers(10, 40))])
    wrong_way = rng.random(len(actual)) < np.where(actual == 1, 0.3, 0.1)
    predicted = np.where(wrong_way, 1 - actual, actual)
    (tn, fp), (fn, tp) = np.bincount(2 * actual + predicted, minlength=4).reshape(2, 2)
    return Numbers(
        name="15-recall",
        question=(
            "Rows are actual, columns predicted:\n\n| | benign | malignant |\n|---|---|---|\n"
            f"| **benign** | {tn} | {fp} |\n| **malignant** | {fn} | {tp} |\n\nWhat is the recall of *malignant*?"
        ),
        right=(tp / (tp + fn),),
        wrong=(
            Wrong(
                (tp / (tp + fp),),
                "This is the precision: of those called malignant. Recall goes along the row of the ill.",
            ),
            Wrong(((tp + tn) / len(actual),), "This is the accuracy. Recall looks at the malignant row alone."),
            Wrong((tn / (tn + fp),), "This is the recall of benign. Take the row of malignant."),
            Wrong((fn / (tp + fn),), "These are the missed ones. Recall is the share of those found."),
            Wrong((tp / len(actual),), "Divide by the malignant rows, not by all rows."),
        ),
        solution=f"Of {tp + fn} malignant rows {tp} are found: {tp} / {tp + fn} = {tp / (tp + fn):.4g}.",
    )


def _scale(rng: np.random.Generator) -> Numbers:
    known = rng.choice(np.arange(2, 30), size=4, replace=False).astype(float)
    new = float(rng.integers(5, 60))
    right = (new - known.mean()) / known.std()
    every = np.append(known, new)
    return Numbers(
        name="15-scale",
        question=(
            "A column holds "
            + ", ".join(f"{each:g}" for each in known)
            + f" in the training rows and {new:g} in the one "
            "test row. The preparation standardises columns. Which number does the network get for the test row?"
        ),
        right=(right,),
        wrong=(
            Wrong(
                ((new - every.mean()) / every.std(),),
                "The test row helped to compute its own mean and spread: a leak. Take both from the training rows.",
            ),
            Wrong(
                (new - known.mean(),), "Divide by the spread as well. A column in small units must not count for less."
            ),
            Wrong(((new - known.mean()) / known.var(),), "You divided by the variance. The spread is its root."),
            Wrong(
                ((new - known.mean()) / known.std(ddof=1),),
                "The mean square was taken with n − 1. For preparation glassnet divides by n, as the equation says.",
            ),
            Wrong(
                (0.0,),
                "By itself a row has the mean of itself. It is measured with the training rows' mean and spread.",
            ),
        ),
        solution=(
            f"Mean and spread of the training rows are {known.mean():.4g} and {known.std():.4g}. "
            f"({new:g} − {known.mean():.4g}) / {known.std():.4g} = {right:.4g}."
        ),
    )


_SOLUTION = '''"""The prediction of a 4-3-1 network for prepared rows: relu inside, the probability of class 1 at the end."""

import numpy as np


def predict(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ W2 + b2
    A2 = 1 / (1 + np.exp(-Z2))
    return {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
'''


def _predict() -> Code:
    return Code(
        name="15-predict",
        question=(
            "Write `predict.py` with a function `predict(X, W1, b1, W2, b2)` that does what a model file does with prepared "
            "rows: four inputs, three relu units, one sigmoid. Return a dictionary with `Z1`, `A1`, `Z2` and `A2`, the "
            "probability of class 1."
        ),
        command="glassnet check predict.py --function predict --sizes 4,3,1 --hidden relu --output sigmoid",
        solution=_SOLUTION,
        wrong=(
            (_SOLUTION.replace("A1 = np.maximum(Z1, 0)", "A1 = Z1"), "activation is forgotten"),
            (_SOLUTION.replace("np.exp(-Z2)", "np.exp(Z2)"), "exponent"),
            (
                _SOLUTION.replace("Z1 = X @ W1 + b1", "Z1 = X @ W1").replace(
                    "np.maximum(Z1, 0)", "np.maximum(Z1, 0) + b1"
                ),
                "bias",
            ),
            (_SOLUTION.replace("np.maximum(Z1, 0)", "np.tanh(Z1)"), "Another activation"),
        ),
    )
