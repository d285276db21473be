"""Exercises of chapter 9: a relative error, a report to be alarmed by, a file to mend."""

import numpy as np

import glassnet as gn
from exercises.chapter_08 import with_tanh
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong
from exercises.writing import number, rounded


def slip() -> gn.Activation:
    """Return tanh with a slope that is wrong on purpose."""
    return gn.Activation("slip", np.tanh, lambda z, a: 1 - a)


def relative(rng: np.random.Generator) -> Numbers:
    net = gn.Network([2, 3, 1], hidden=slip(), output="sigmoid", seed=int(rng.integers(1000)))
    worst = gn.check_gradients(net, rng.normal(size=(4, 2)), rng.integers(2, size=4)).worst
    g, m = (float(v) for v in rounded(np.array([worst.backprop, worst.centred]), 3))
    right = abs(g - m) / max(abs(g), abs(m))
    return Numbers(
        "09-relative",
        f"Backpropagation says that a slope is {number(g)}. Measured with both sides it is {number(m)}. What is the relative error, as in this chapter?",
        (right,),
        (
            Wrong((abs(g - m),), "This is the difference. Divide it by the larger of the two sizes."),
            Wrong(
                (abs(g - m) / min(abs(g), abs(m)),),
                "You divided by the smaller size. Take the larger one, so that the error stays between 0 and 2.",
            ),
            Wrong((abs(g - m) / (abs(g) + abs(m)),), "You divided by the sum of both sizes. Take the larger one."),
            Wrong(
                (min(abs(g), abs(m)) / max(abs(g), abs(m)),),
                "This is the ratio. The error is the difference, divided by the larger size.",
            ),
        ),
        f"|{number(g)} − ({number(m)})| / {number(max(abs(g), abs(m)))} ≈ {number(right)}. Far too much for rounding: something is wrong.",
    )


def reports(rng: np.random.Generator) -> list[tuple[str, str]]:
    """Return four rows of a report, each with what is to say of it: right, at a kink, tiny, wrong."""
    X, y = rng.normal(size=(3, 2)), np.array([0, 1, 1])
    seed = int(rng.integers(1000))

    def line(entry: object) -> str:
        difference = abs(entry.backprop - entry.centred)  # type: ignore[attr-defined]
        error = difference / max(abs(entry.backprop), abs(entry.centred), 1e-300)  # type: ignore[attr-defined]
        return f"{entry.backprop:.4g} | {entry.centred:.4g} | {error:.0e}"  # type: ignore[attr-defined]

    right = gn.check_gradients(gn.Network([2, 3, 1], "tanh", "sigmoid", seed=seed), X, y).worst
    wrong = gn.check_gradients(gn.Network([2, 3, 1], slip(), "sigmoid", seed=seed), X, y).worst
    kinked = gn.Network([2, 3, 1], "relu", "sigmoid", seed=seed)
    kinked.b[1][0] = -(X[0] @ kinked.W[1][:, 0])
    kink = gn.check_gradients(kinked, X[:1], y[:1], tolerance=1e-6).kinks[0]
    sure = gn.Network([2, 1], output="sigmoid")
    sure.theta = [0.0, 0.0, 26.0]
    tiny = gn.check_gradients(sure, [[0.0, 0.0]], [1]).worst
    return [
        (
            f"{line(right)} | no unit near a kink |",
            "Both agree in all digits that a centred difference can have. This is right.",
        ),
        (
            f"{line(kink)} | a ReLU with $z$ = 0 |",
            "At a kink there are two slopes, and the centred difference gives their middle. No mistake.",
        ),
        (
            f"{line(tiny)} | all other slopes near 1 |",
            "The slope is so small that only rounding is measured. Compare it with the other slopes, and it is 0 for both.",
        ),
        (
            f"{line(wrong)} | no unit near a kink |",
            "Two ordinary numbers that differ, far from any kink: the formula is wrong.",
        ),
    ]


def alarm(rng: np.random.Generator) -> Numbers:
    order = rng.permutation(4)
    given = reports(rng)
    table = "\n".join(f"| {place} | {given[k][0]}" for place, k in enumerate(order))
    place = {int(k): where for where, k in enumerate(order)}
    return Numbers(
        "09-alarm",
        "Four slopes by backpropagation and measured with centred differences. Which one shows a mistake in the code?\n\n"
        f"| slope | backpropagation | measured | relative error | note |\n|---|---|---|---|---|\n{table}",
        (float(place[3]),),
        tuple(Wrong((float(place[k]),), given[k][1]) for k in range(3)),
        f"Slope {place[3]}. {given[3][1]}",
        ("slope",),
        tolerance=0.02,
    )


mend = Code(
    "09-mend",
    "This file has one wrong line. Save it as `gradients.py`, check it, and mend the line that the check points at.\n\n"
    f"```python\n{with_tanh(dW2='Z1.T @ dZ2').strip()}\n```",
    "glassnet check gradients.py --sizes 3,4,1 --hidden tanh --output sigmoid",
    with_tanh(),
    (
        (with_tanh(dW2="Z1.T @ dZ2"), "dW is taken with the pre-activation Z"),
        (with_tanh(dW2="A1.T @ dZ2 / n"), "The mean over the batch is taken twice"),
        (with_tanh(dW2="A1.T @ (A2 - Y)"), "the mean is forgotten"),
    ),
)


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    return (draw(relative, seed), draw(alarm, seed), mend)
