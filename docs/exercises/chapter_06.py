"""Exercises of chapter 6: a product of factors, a sum over paths, a measured slope."""

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Numbers, Wrong
from exercises.writing import HALVES, number, rounded, row, terms


def chain(rng: np.random.Generator) -> Numbers:
    net = gn.Network([1, 1, 1], hidden="tanh", output="sigmoid")
    x, y = float(rng.choice([-2.0, -1.5, 1.5, 2.0])), int(rng.integers(2))
    net.theta = [rng.choice([-0.5, 0.5]), 0.0, rng.choice([-2.0, -1.0, 1.0, 2.0]), rng.choice([-0.5, 0.5])]
    step = gn.explain(net, [x], y)
    z1, a1, a2 = (float(rounded(step.value(symbol)[0, 0])) for symbol in ("Z1", "A1", "A2"))
    w2 = float(net.W[2][0, 0])
    error = a2 - y
    return Numbers(
        "06-chain",
        f"A 1-1-1 network with tanh and sigmoid, as in this chapter: $x$ = {number(x)}, $w_2$ = {number(w2)}, the true class is {y}. "
        f"The forward pass gave $z_1$ = {number(z1)}, $a_1$ ≈ {number(a1)}, $a_2$ ≈ {number(a2)}. What is the slope of the loss along $w_1$?",
        (float(step.value("dW1")[0, 0]),),
        (
            Wrong((error * w2 * x,), "The slope of tanh is left out: the factor $1 - a_1^2$ between $a_1$ and $z_1$."),
            Wrong(
                (error * w2 * (1 - z1**2) * x,),
                "The slope of tanh is $1 - a_1^2$, with the value after the curve. You took $z_1$.",
            ),
            Wrong(
                (error * w2 * a1 * (1 - a1) * x,),
                "$a(1 - a)$ is the slope of the sigmoid. The hidden unit is a tanh: $1 - a_1^2$.",
            ),
            Wrong(
                (-error * w2 * (1 - a1**2) * x,), "The sign is turned round: it is prediction minus target, $a_2 - y$."
            ),
            Wrong(
                (error * a2 * (1 - a2) * w2 * (1 - a1**2) * x,),
                "$a_2 - y$ contains the slope of the sigmoid already. Do not multiply by it again.",
            ),
            Wrong(
                (error * w2 * (1 - a1**2),),
                "This is the slope along the bias $b_1$. Along the weight comes one more factor: the input.",
            ),
        ),
        f"$(a_2 - y) \\cdot w_2 \\cdot (1 - a_1^2) \\cdot x$ = ({number(error)}) · ({number(w2)}) · {number(1 - a1**2)} · ({number(x)}) "
        f"≈ {number(step.value('dW1')[0, 0])}.",
    )


def paths(rng: np.random.Generator) -> Numbers:
    net = gn.Network([1, 1, 3], hidden="relu", output="softmax")
    net.W[1][...], net.W[2][...] = 1.0, rng.choice(HALVES, (1, 3), replace=False)
    net.b[2][...] = rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0], 3)
    step = gn.explain(net, [1.0], int(rng.integers(3)))
    dz, w = rounded(step.value("dZ2")[0], 3), net.W[2][0]
    right = float(step.value("dA1")[0, 0])
    return Numbers(
        "06-paths",
        f"A hidden unit feeds three outputs, with the weights {row(w)}. The slopes of the loss along the sums of the outputs are {row(dz)}. "
        "What is the slope of the loss along this unit's output $a$?",
        (right,),
        (
            Wrong(
                (dz[0] * w[0],),
                "This is one path. The unit reaches the loss through all three outputs: add the three products.",
            ),
            Wrong(
                (dz.sum(),), "Each slope comes back along a line with a weight. Multiply each by its weight, then add."
            ),
            Wrong((float(np.prod(dz * w)),), "Factors along one path multiply, but paths add. Add the three products."),
            Wrong(
                (dz[::-1] @ w,),
                "The weights are paired with the wrong outputs. Each slope comes back along its own line.",
            ),
            Wrong((float(np.mean(dz * w)),), "Paths add. There is no mean to take: do not divide by three."),
        ),
        f"{terms(zip(dz, w, strict=True))} ≈ {number(right)}.",
    )


def measured(rng: np.random.Generator) -> Numbers:
    net = gn.Network([2, 2, 1], hidden="tanh", output="sigmoid", seed=int(rng.integers(1000)))
    x, y, h = rng.choice(HALVES, (1, 2)), [int(rng.integers(2))], float(rng.choice([0.1, 0.2]))
    losses = []
    for move in (-h, 0.0, h):
        moved = net.copy()
        moved.W[1][0, 0] += move
        losses.append(float(rounded(moved.loss(x, y), 5)))
    low, middle, high = losses
    right = (high - low) / (2 * h)
    return Numbers(
        "06-measured",
        f"For a weight $w$ the loss is $L(w)$ = {number(middle, 5)}. If the weight is {number(h)} smaller, it is {number(low, 5)}; "
        f"if it is {number(h)} larger, {number(high, 5)}. Measure the slope of the loss along $w$, with both sides.",
        (right,),
        (
            Wrong(
                (2 * right,),
                f"From one side to the other the weight moves by 2 · {number(h)}. You divided by {number(h)}.",
            ),
            Wrong(
                (-right,), "The sign is turned round: the loss after minus the loss before, for a weight that grows."
            ),
            Wrong(
                (high - low,),
                "This is the change. The slope is the change divided by the move, here twice the small step.",
            ),
            Wrong((1 / right,), "Upside down: the change of the loss stands above, the move of the weight below."),
        ),
        f"({number(high, 5)} − {number(low, 5)}) / (2 · {number(h)}) ≈ {number(right)}.",
    )


def exercises(seed: int = 7) -> tuple[Numbers, ...]:
    return tuple(draw(make, seed) for make in (chain, paths, measured))
