"""Exercises of chapter 7: the slopes of the hidden units, a weight and its step, a sheet with a mistake in it."""

import numpy as np
from course.paper_network import paper_network

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Numbers, Wrong
from exercises.writing import number, rounded, row, terms

RATE = 0.5


def sheet(net: gn.Network, step: gn.Derivation) -> str:
    """Return what is known after the forward pass, as a table."""
    lines = ["| hidden unit | sum $z_1$ | weights to the outputs 0 and 1 |", "|---|---|---|"]
    lines += [f"| {j} | {number(z)} | {row(net.W[2][j])} |" for j, z in enumerate(step.value("Z1")[0])]
    return "\n".join(lines)


def drawn_step(rng: np.random.Generator) -> tuple[gn.Network, gn.Derivation, int]:
    net, x, y = paper_network(int(rng.integers(1, 10_000)))
    return net, gn.explain(net, x, y, optimizer=gn.SGD(learning_rate=RATE)), y


def hidden(rng: np.random.Generator) -> Numbers:
    net, step, y = drawn_step(rng)
    p, dz2, on = (step.value(symbol)[0] for symbol in ("A2", "dZ2", "g_prime1"))
    W2 = net.W[2]
    elementwise = np.where(np.arange(2) == y, dz2, 0.0)
    new = W2 - RATE * step.value("dW2")

    def back(errors: np.ndarray, weights: np.ndarray = W2) -> tuple[float, ...]:
        return tuple(map(float, on * (weights @ errors)))

    return Numbers(
        "07-hidden",
        f"A 3-4-2 network with ReLU and softmax has gone forward. Its outputs are {row(p)}, the true class is {y}.\n\n{sheet(net, step)}\n\n"
        "Compute the slope of the loss along the sum of each hidden unit, `dz1`.",
        back(dz2),
        (
            Wrong(
                tuple(map(float, W2 @ dz2)),
                "The slope of the ReLU is left out. Where $z_1$ is negative the unit is off, and nothing passes: 0.",
            ),
            Wrong(back(-dz2), "The sign is turned round. At the outputs the slope is prediction minus target."),
            Wrong(
                back(elementwise),
                "Only one output was taken. Each hidden unit collects from both, each along its weight.",
            ),
            Wrong(
                back(dz2 * p * (1 - p)),
                "Prediction minus target contains the slope of the softmax already. Do not multiply by $p(1 - p)$ again.",
            ),
            Wrong(back(p), "The outputs themselves were sent back. Send back their error: prediction minus target."),
            Wrong(
                back(dz2, new),
                "The second weights were updated first. All slopes belong to the weights that made the prediction.",
            ),
            Wrong(
                tuple(map(float, on * (W2 @ dz2) * step.value("Z1")[0])),
                "The slope of the ReLU is 1 where the unit is on, not $z$.",
            ),
        ),
        f"At the outputs: {row(dz2)}. Back along the weights: {row(W2 @ dz2)}. Units with negative $z_1$ are off: {row(on * (W2 @ dz2))}.",
        ("unit 0", "unit 1", "unit 2", "unit 3"),
    )


def weight(rng: np.random.Generator) -> Numbers:
    net, step, _ = drawn_step(rng)
    x, z1, dz1 = step.value("A0")[0], step.value("Z1")[0], rounded(step.value("dZ1")[0])
    i, j = int(rng.integers(3)), int(rng.choice(np.flatnonzero(z1 > 0)))
    w, slope = float(net.W[1][i, j]), float(step.value("dW1")[i, j])

    def after(slope: float) -> tuple[float, float]:
        return slope, w - RATE * slope

    return Numbers(
        "07-weight",
        f"The inputs are {row(x)}. The slopes of the loss along the sums of the four hidden units are {row(dz1)}. "
        f"The weight from input {i} to unit {j} is {number(w)}. What is the slope of the loss along it, and what is the weight "
        f"after a step with learning rate {number(RATE)}?",
        after(slope),
        (
            Wrong((slope, w + RATE * slope), "The slope is right. The step goes against it: subtract."),
            Wrong((slope, w - slope), "The slope is right. Multiply it by the learning rate before you subtract."),
            Wrong(
                (slope, -RATE * slope),
                "The slope is right. This is the change; the new value is the old weight plus the change.",
            ),
            Wrong(
                after(float(dz1[j])),
                "This is the slope along the bias. Along the weight it is multiplied by what came in.",
            ),
            Wrong(
                after(w * float(dz1[j])),
                "The weight was taken for the input. A weight's slope is what came in times the unit's slope.",
            ),
            Wrong(
                (-slope, w + RATE * slope), "The minus belongs into the step, once. The slope itself has no extra sign."
            ),
        ),
        f"Slope: {terms([(x[i], dz1[j])])} ≈ {number(slope)}. New weight: {number(w)} − {number(RATE)} · ({number(slope)}) ≈ {number(w - RATE * slope)}.",
        ("slope", "new weight"),
    )


def planted(rng: np.random.Generator) -> Numbers:
    net, step, y = drawn_step(rng)
    p, dz2, on, a1 = (step.value(symbol)[0] for symbol in ("A2", "dZ2", "g_prime1", "A1"))
    wrong = int(rng.integers(1, 5))
    dz2 = dz2 * p * (1 - p) if wrong == 1 else dz2
    dW2 = np.outer(step.value("Z1")[0] if wrong == 2 else a1, dz2)
    da1 = net.W[2] @ (dz2[::-1] if wrong == 3 else dz2)
    dz1 = da1 if wrong == 4 else da1 * on
    first = step.grade(dZ2=[dz2], dW2=dW2, dA1=[da1], dZ1=[dz1]).first_wrong
    assert first is not None
    assert first.symbol == {1: "dZ2", 2: "dW2", 3: "dA1", 4: "dZ1"}[wrong]
    reasons = {
        1: "Line 1 should be prediction minus target. Here it was multiplied by $p(1 - p)$ once more.",
        2: "Line 2 takes $z_1$ for what comes in. It should take $a_1$, which is 0 where the unit is off.",
        3: "Line 3 pairs each output's slope with the other output's weight.",
        4: "Line 4 leaves out the slope of the ReLU: units with negative $z_1$ must have 0.",
    }
    parts = {
        1: "prediction minus target", 2: "$a_1$ times line 1 of output 0", 3: "line 1 along the weights", 4: "line 3 where the unit is on",
    }  # fmt: skip
    table = "\n".join(
        f"| {k} | {name} | {row(rounded(values, 3))} |"
        for k, name, values in (
            (1, "`dz2`", dz2),
            (2, "`dW2`, weights to output 0", dW2[:, 0]),
            (3, "`da1`", da1),
            (4, "`dz1`", dz1),
        )
    )
    others = [k for k in reasons if k != wrong]
    return Numbers(
        "07-sheet",
        f"A learner worked on a 3-4-2 network. Its outputs are {row(p)}, the true class is {y}.\n\n{sheet(net, step)}\n\n"
        f"This is the learner's sheet. In which line is the **first** mistake?\n\n| line | quantity | the learner's numbers |\n|---|---|---|\n{table}",
        (wrong,),
        tuple(
            Wrong(
                (k,),
                f"Line {k} is right: it is {parts[k]}. Look further down."
                if k < wrong
                else f"Line {k} does not hold the first mistake: compute line {wrong} again.",
            )
            for k in others
        ),
        reasons[wrong],
        ("line",),
    )


def exercises(seed: int = 7) -> tuple[Numbers, ...]:
    # each on a network of its own: one answer must not give away the next
    return tuple(draw(make, 100 * k + seed) for k, make in enumerate((hidden, weight, planted)))
