"""Exercises of chapter 5: softmax and its loss, the mean over a batch, a loss halved."""

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Numbers, Wrong
from exercises.writing import number, row


def softmax(rng: np.random.Generator) -> Numbers:
    z = rng.choice(np.arange(-3, 7) / 2, 3, replace=False)
    true = int(rng.integers(3))
    net = gn.Network([1, 3], output="softmax")
    net.b[1][...] = z
    p = net.forward([[0.0]]).output[0]
    loss = net.loss([[0.0]], [true])
    own = float(gn.activations.ACTIVATIONS["sigmoid"](z[true]))
    other = int(np.argmax(np.where(np.arange(3) == true, -1, p)))
    plain = z[true] / z.sum() if z.sum() else np.nan
    return Numbers(
        "05-softmax",
        f"A softmax gets the sums $z$ = {row(z)}. The true class is {true}; classes are counted from 0. "
        "Which probability does it get, and what is the loss?",
        (float(p[true]), loss),
        (
            Wrong(
                (plain, -np.log(plain) if plain > 0 else 9.9),
                "The sums were divided by their total. Take $e^z$ of each first: that makes them positive.",
            ),
            Wrong(
                (own, -np.log(own)),
                "This is the sigmoid of one sum. In a softmax all classes share: divide $e^z$ by the total of all three.",
            ),
            Wrong(
                (float(p[true]), -np.log10(p[true])),
                "The probability is right. The loss takes the natural logarithm, ln, not the one to base 10.",
            ),
            Wrong(
                (float(p[true]), float(p[true] - 1)),
                "The probability is right. The loss is −ln of it; what you give is its slope.",
            ),
            Wrong(
                (float(p[other]), -np.log(p[other])),
                f"This is class {other}. The true class is {true}, and counting begins with 0.",
            ),
        ),
        f"$e^z$ ≈ {row(np.exp(z))}, together ≈ {number(np.exp(z).sum())}. The share of class {true} is ≈ {number(p[true])}, and −ln of it ≈ {number(loss)}.",
        ("probability", "loss"),
    )


def mean(rng: np.random.Generator) -> Numbers:
    p = np.sort(rng.choice([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9], 3, replace=False))
    y = rng.permutation([0, 1, int(rng.integers(2))])
    net = gn.Network([1, 1], output="sigmoid")
    net.theta = [1.0, 0.0]
    right = net.loss(np.log(p / (1 - p))[:, None], y)
    given = np.where(y == 1, p, 1 - p)
    return Numbers(
        "05-mean",
        f"A network with a sigmoid gives three samples the probabilities {row(p)} for class 1. Their true classes are {row(y)}. What is the mean loss?",
        (right,),
        (
            Wrong((3 * right,), "This is the sum. Divide by the number of samples."),
            Wrong((float(-np.log(p).mean()),), "Where class 0 is true, its probability is 1 − p. You took p for all."),
            Wrong((right / np.log(10),), "These are logarithms to base 10. The loss takes the natural one, ln."),
            Wrong((float(-np.log(given.mean())),), "Take the logarithm of each probability first, then the mean."),
            Wrong(
                (float(1 - given.mean()),),
                "This is the mean of what was missing to 1. The loss is −ln of each probability.",
            ),
        ),
        f"The true classes got {row(given)}. Minus their logarithms: {row(-np.log(given))}. The mean is ≈ {number(right)}.",
    )


def halve(rng: np.random.Generator) -> Numbers:
    p = float(rng.choice([0.16, 0.2, 0.25, 0.36, 0.4, 0.49]))
    right = float(np.sqrt(p))
    return Numbers(
        "05-halve",
        f"The true class has the probability {number(p)}. Which probability would halve the loss?",
        (right,),
        (
            Wrong(
                (2 * p,),
                "Twice the probability does not halve the loss: the loss is a logarithm. Ask which p has −ln p at half the value.",
            ),
            Wrong(
                ((1 + p) / 2,),
                "This halves the distance to 1. The loss is a logarithm, so half the loss is the square root of p.",
            ),
            Wrong((p**2,), "This doubles the loss. Half of it is the square root: ln √p = ½ ln p."),
            Wrong((p / 2,), "A smaller probability for the truth makes the loss larger."),
        ),
        f"−ln p halves when p becomes √p, because ln √p = ½ ln p. So √{number(p)} ≈ {number(right)}.",
    )


def exercises(seed: int = 7) -> tuple[Numbers, ...]:
    return tuple(draw(make, seed) for make in (softmax, mean, halve))
