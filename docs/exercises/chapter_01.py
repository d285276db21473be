"""Exercises of chapter 1: counting parameters, accuracy from a table, the loss of a coin."""

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Numbers, Wrong
from exercises.writing import number


def parameters(rng: np.random.Generator) -> Numbers:
    sizes = [int(rng.integers(3, 7)), int(rng.integers(5, 12)), int(rng.integers(2, 5))]
    net = gn.Network(sizes, output="softmax")
    d, h, k = sizes
    weights = sum(W.size for W in net.W.values())
    name = "-".join(map(str, sizes))
    return Numbers(
        "01-parameters",
        f"How many parameters has a {name} network? Every unit of a layer has a weight for each number that comes in, and one bias.",
        (net.n_parameters,),
        (
            Wrong(
                (weights,),
                "These are the weights alone. Each unit has a bias, too: add one for each hidden unit and each output.",
            ),
            Wrong((weights + 2,), "One bias for a whole layer is too few. Each unit has a bias of its own."),
            Wrong((net.n_parameters + d,), "The inputs are data and have no biases. Only units that add up have one."),
            Wrong(
                (d + h + k,),
                "These are the circles of the drawing. Parameters sit on its lines: count the weights, then the biases.",
            ),
        ),
        f"First layer: {d} · {h} weights and {h} biases, {d * h + h} together. Second layer: {h} · {k} weights and {k} biases, "
        f'{h * k + k} together. In all {net.n_parameters}. `gn.Network({sizes}, output="softmax").n_parameters` says the same.',
    )


def accuracy(rng: np.random.Generator) -> Numbers:
    actual = (rng.uniform(size=200) < rng.uniform(0.2, 0.4)).astype(int)
    flips = rng.uniform(size=200) < np.where(actual, 0.3, 0.1)
    predicted = np.where(flips, 1 - actual, actual)
    (a, b), (c, d) = np.bincount(2 * actual + predicted, minlength=4).reshape(2, 2).tolist()
    right = 100 * (a + d) / 200
    return Numbers(
        "01-accuracy",
        "A network was asked about 200 points. What is its accuracy, in per cent?\n\n"
        "| | predicted 0 | predicted 1 |\n|---|---|---|\n"
        f"| **actual 0** | {a} | {b} |\n| **actual 1** | {c} | {d} |",
        (right,),
        (
            Wrong(
                (100 - right,),
                "This is the share of errors. Accuracy is the share that is right: the two cells where both agree.",
            ),
            Wrong(
                (100 * d / (c + d),),
                "This looks at the points of class 1 only. Accuracy counts the right ones of both classes.",
            ),
            Wrong(
                (100 * d / (b + d),),
                "This looks at the points that were called 1. Accuracy counts the right ones of all points.",
            ),
            Wrong((a + d,), "This is the number of right points. Divide it by 200 and give per cent."),
        ),
        f"Right are {a} + {d} = {a + d} of 200 points, which is {number(right)} %.",
        ("per cent",),
    )


def coin(rng: np.random.Generator) -> Numbers:
    net = gn.Network([1, 1], output="sigmoid")
    net.theta = [0.0, 0.0]
    right = net.loss([[1.0], [2.0]], [0, 1])
    return Numbers(
        "01-coin",
        "The loss of a sample is −ln *p*, with *p* the probability that the network gave to the true class. "
        "A network says ½ for every point, whatever its class. What is its loss?",
        (right,),
        (
            Wrong((0.5,), "This is the probability. The loss is its logarithm with a minus sign: −ln ½."),
            Wrong((float(np.log10(2)),), "This is the logarithm to base 10. The loss takes the natural one, ln."),
            Wrong((1.0,), "This is the logarithm to base 2. The loss takes the natural one, ln."),
            Wrong((-right,), "The sign is missing: ln ½ is negative, and the loss is minus that."),
            Wrong((0.0,), "A loss of 0 would need the probability 1 for what was true. Here it is ½: take −ln ½."),
        ),
        f"−ln ½ = ln 2 ≈ {number(right)}. Remember this number: a two-class network that has learned nothing stands near it.",
    )


def exercises(seed: int = 7) -> tuple[Numbers, ...]:
    return tuple(draw(make, seed) for make in (parameters, accuracy, coin))
