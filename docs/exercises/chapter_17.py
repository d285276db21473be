"""Exercises of chapter 17: the multiply-adds of a step, the spread over seeds, and a loop over rows turned into matrices."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import make_moons

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return draw(_work, seed), draw(_spread, seed), _vectorise()


def _work(rng: np.random.Generator) -> Numbers:
    sizes = [int(rng.choice([2, 3, 4])), int(rng.choice([5, 10, 20])), int(rng.choice([5, 10])), 1]
    rows = int(rng.choice([10, 50, 100]))
    net = gn.Network(sizes)
    layers = {layer: W.size for layer, W in net.W.items()}
    forward = rows * sum(layers.values())
    back = forward + rows * sum(size for layer, size in layers.items() if layer > 1)
    return Numbers(
        name="17-work",
        question=(
            f"A {'-'.join(map(str, sizes))} network takes one step on {rows} rows. How many multiply-adds do its matrix "
            "products need, forward and back? Biases and activations do not count."
        ),
        right=(float(forward + back),),
        wrong=(
            Wrong((float(forward),), "This is the way forward. The way back needs products for dW and for dA."),
            Wrong((float(3 * forward),), "The first layer needs no dA: nothing lies below it but the data."),
            Wrong(
                (float(2 * forward),),
                "dW is counted, dA is not. From the second layer on, slopes go on to the layer below.",
            ),
            Wrong(
                (float((forward + back) / rows),), "This is the work for one row. Each row goes through the network."
            ),
            Wrong(
                (float(rows * net.n_parameters),),
                "Biases are added, not multiplied, and the way back has products too.",
            ),
        ),
        solution=(
            f"Weights: {' + '.join(map(str, layers.values()))} = {sum(layers.values())}. Forward {forward:,}, the same again "
            f"for $dW$, and for $dA$ those of all layers but the first, {back - forward:,}: together {forward + back:,}."
        ),
    )


def _spread(rng: np.random.Generator) -> Numbers:
    X, y = make_moons(200, noise=0.3, random_state=int(rng.integers(1000)))
    nets = [gn.Network([2, 4, 1], "relu", "sigmoid", seed=int(rng.integers(1000))) for _ in range(6)]
    gn.train_many(nets, X[:150], y[:150], optimizer=gn.Adam(learning_rate=0.01), epochs=100, n_threads=1)
    right = np.array([100 * np.mean(net.predict(X[150:]) == y[150:]) for net in nets])
    spread = float(right.std())
    return Numbers(
        name="17-spread",
        question=(
            "Six networks that differ in their seed alone have these shares of right answers, in percent: "
            + ", ".join(f"{each:g}" for each in right)
            + ". What is their standard deviation in percentage points? Divide by the number of networks."
        ),
        right=(spread,),
        wrong=(
            Wrong(
                (float(np.ptp(right)),), "This is the range, from worst to best. It grows with every network you add."
            ),
            Wrong((float(right.std(ddof=1)),), "You divided by one less than their number. Here: by their number."),
            Wrong((spread**2,), "This is the variance. Take its root, which has the unit of the numbers."),
            Wrong(
                (spread / np.sqrt(6),), "This is the standard error of the mean. The spread of single runs is asked."
            ),
            Wrong(
                (float(np.abs(right - right.mean()).mean()),),
                "These are mean distances. Square them, average, take the root.",
            ),
        ),
        solution=(
            f"The mean is {right.mean():.4g}. The mean of the squared distances from it is {spread**2:.4g}, its root "
            f"{spread:.4g}."
        ),
    )


_SOLUTION = '''"""The slopes of a 3-4-1 network, tanh inside and one sigmoid at the end, without a loop over rows."""

import numpy as np


def gradients(X, Y, W1, b1, W2, b2):
    A1 = np.tanh(X @ W1 + b1)
    P = 1 / (1 + np.exp(-(A1 @ W2 + b2)))
    dZ2 = (P - Y) / len(X)
    dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=0)
    dZ1 = dZ2 @ W2.T * (1 - A1**2)
    dW1, db1 = X.T @ dZ1, dZ1.sum(axis=0)
    return {"dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}
'''

_LOOP = """def gradients(X, Y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = (np.zeros_like(part) for part in (W1, b1, W2, b2))
    for x, y in zip(X, Y):
        a1 = np.tanh(x @ W1 + b1)
        p = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        dz2 = (p - y) / len(X)
        dz1 = W2 @ dz2 * (1 - a1**2)
        dW2 += np.outer(a1, dz2)
        db2 += dz2
        dW1 += np.outer(x, dz1)
        db1 += dz1
    return {"dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}
"""


def _vectorise() -> Code:
    return Code(
        name="17-vectorise",
        question=(
            f"This function is right and slow. Write it again as `gradients.py`, without the loop.\n\n```python\n{_LOOP}```\n"
        ),
        command="glassnet check gradients.py --sizes 3,4,1 --hidden tanh --output sigmoid",
        solution=_SOLUTION,
        wrong=(
            (_SOLUTION.replace(" / len(X)", ""), "the mean is forgotten"),
            (_SOLUTION.replace("(1 - A1**2)", "(1 - A1)"), "derivative"),
            (_SOLUTION.replace("dZ1.sum(axis=0)", "dZ1"), "summed"),
            (_SOLUTION.replace("X.T @ dZ1", "np.outer(X[-1], dZ1[-1])"), "of a single sample"),
        ),
    )
