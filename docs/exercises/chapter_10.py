"""Exercises of chapter 10: three steps by hand, a step as a function, and which learning rate made which curve."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import make_moons

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return draw(_three_steps, seed), _step(), _which_rate(seed)


def _three_steps(rng: np.random.Generator) -> Numbers:
    w, x, y = rng.choice([-1.0, -0.5, 0.5, 1.0]), rng.choice([-2.0, -1.0, 1.0, 2.0]), rng.choice([-2.0, -1.0, 1.0, 2.0])
    rate = rng.choice([0.05, 0.1])
    net = gn.Network([1, 1], output="identity")
    net.W[1][...] = w
    losses = gn.train(net, [[x]], [y], optimizer=gn.SGD(learning_rate=rate), epochs=5, engine="numpy").loss
    error = w * x - y
    factor = 1 - rate * (1 + x**2)

    def after_three(kept: float) -> float:
        return 0.5 * (error * kept**3) ** 2

    return Numbers(
        name="10-three-steps",
        question=(
            f"A network with one weight and one bias answers $\\hat y = w x + b$. It starts at $w = {w:g}$, $b = 0$. "
            f"There is one sample, $x = {x:g}$ with the target $y = {y:g}$; the loss is $\\tfrac12 (\\hat y - y)^2$ and the "
            f"rate is $\\alpha = {rate:g}$. What is the loss after three steps?"
        ),
        right=(losses[3],),
        wrong=(
            Wrong(
                (losses[2],),
                "This is the loss after two steps. The loss at the start belongs to step 0; count from there.",
            ),
            Wrong(
                (losses[4],),
                "This is the loss after four steps. The loss at the start belongs to step 0; count from there.",
            ),
            Wrong(
                (2 * losses[3],),
                "The ½ of the loss is forgotten. It belongs to the loss; in the slope it cancels the 2.",
            ),
            Wrong((after_three(1 - rate * x**2),), "The bias did not move. It is a parameter too; its slope is ŷ − y."),
            Wrong(
                (after_three(2 - factor),),
                "The loss grew: you went uphill. A step goes against the slope, with a minus.",
            ),
        ),
        solution=(
            f"The error is $e = \\hat y - y = {error:g}$ at the start. The slope along $w$ is $e x$, the slope along $b$ is $e$. "
            f"A step changes $\\hat y$ by $-\\alpha (x^2 + 1) e$, so each step multiplies the error by "
            f"$1 - \\alpha (x^2 + 1) = {factor:g}$. The losses are "
            + ", ".join(f"{loss:.4g}" for loss in losses[:4])
            + "."
        ),
    )


_SOLUTION = '''"""One step of gradient descent for a 2-10-1 network, relu inside and one sigmoid at the end."""

import numpy as np


def step(X, Y, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    P = 1 / (1 + np.exp(-(A1 @ W2 + b2)))
    dZ2 = (P - Y) / len(X)
    dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=0)
    dZ1 = dZ2 @ W2.T * (Z1 > 0)
    dW1, db1 = X.T @ dZ1, dZ1.sum(axis=0)
    rate = 0.1
    return {
        "dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1,
        "W1_new": W1 - rate * dW1, "b1_new": b1 - rate * db1,
        "W2_new": W2 - rate * dW2, "b2_new": b2 - rate * db2,
    }
'''


def _step() -> Code:
    return Code(
        name="10-step",
        question=(
            "Write `step.py` with a function `step(X, Y, W1, b1, W2, b2)`. It takes one step of gradient descent with the "
            "rate 0.1 for a 2-10-1 network, relu inside and a sigmoid at the end. It returns a dictionary with the slopes "
            "`dW1`, `db1`, `dW2`, `db2` and the new parameters `W1_new`, `b1_new`, `W2_new`, `b2_new`."
        ),
        command="glassnet check step.py --function step --sizes 2,10,1 --hidden relu --output sigmoid",
        solution=_SOLUTION,
        wrong=(
            (_SOLUTION.replace("- rate *", "+ rate *"), "The update climbs"),
            (_SOLUTION.replace(" / len(X)", ""), "the mean is forgotten"),
            (_SOLUTION.replace(" * (Z1 > 0)", ""), "derivative is forgotten"),
            (_SOLUTION.replace("- rate *", "-"), "learning rate"),
        ),
    )


def _which_rate(seed: int) -> Numbers:
    X, y = make_moons(400, noise=0.2, random_state=seed)
    start = gn.Network([2, 10, 1], hidden="relu", output="sigmoid", seed=seed)
    small, middle, large = 0.01, 0.5, 30.0
    shown = (0, 1, 2, 5, 20, 100)
    losses = {
        rate: gn.train(start.copy(), X, y, optimizer=gn.SGD(learning_rate=rate), epochs=101).loss[list(shown)]
        for rate in (small, middle, large)
    }
    order = [(small, middle, large)[k] for k in np.random.default_rng(seed).permutation(3)]
    table = "\n".join(
        f"| {letter} | " + " | ".join(f"{loss:.3f}" for loss in losses[rate]) + " |"
        for letter, rate in zip("ABC", order, strict=True)
    )

    def exchanged(one: float, other: float) -> tuple[float, ...]:
        return tuple({one: other, other: one}.get(rate, rate) for rate in order)

    return Numbers(
        name="10-which-rate",
        question=(
            f"The same network was trained from the same start with the rates {small:g}, {middle:g} and {large:g}. "
            "These are its losses:\n\n| after step | "
            + " | ".join(map(str, shown))
            + " |\n|---|"
            + "---|" * len(shown)
            + f"\n{table}\n\nWhich rate made which row?"
        ),
        right=tuple(order),
        wrong=(
            Wrong(
                exchanged(small, large),
                "The row that jumps has the steps that are too long: the largest rate. The smallest rate hardly moves.",
            ),
            Wrong(
                exchanged(middle, large),
                "A loss that falls steadily and far comes of a rate that suits. The largest rate overshoots and jumps.",
            ),
            Wrong(
                exchanged(small, middle),
                "Short steps change the loss by little. The row that falls least without a jump has the smallest rate.",
            ),
        ),
        solution=(
            "The row that rises has steps that are too long. Of the two that fall, the one that fell further by step 100 "
            f"has the larger rate. So the rates of A, B, C are {', '.join(f'{rate:g}' for rate in order)}."
        ),
        fields=("rate of A", "rate of B", "rate of C"),
        tolerance=1e-4,
    )
