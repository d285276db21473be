"""Exercises of chapter 2: a neuron by hand, its border, its bias."""

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Numbers, Wrong
from exercises.writing import HALVES, number, terms


def answer(w: np.ndarray, b: float, x: np.ndarray) -> tuple[float, float]:
    """Return z and a of a neuron with a sigmoid."""
    net = gn.Network([2, 1], output="sigmoid")
    net.W[1][...], net.b[1][...] = np.reshape(w, (2, 1)), b
    trace = net.forward([x])
    return float(trace.Z[1][0, 0]), float(trace.A[1][0, 0])


def neuron(rng: np.random.Generator) -> Numbers:
    x = rng.choice([-2.0, -1.0, 1.0, 2.0, 3.0], 2, replace=False)
    w, b = rng.choice(HALVES, 2, replace=False), float(rng.choice([-1.0, -0.5, 0.5, 1.0]))
    z, a = answer(w, b, x)
    if not 0.5 <= abs(z) <= 1.5:  # where the sigmoid still shows
        return neuron(rng)
    return Numbers(
        "02-neuron",
        f"A neuron has the weights $w_0$ = {number(w[0])} and $w_1$ = {number(w[1])} and the bias $b$ = {number(b)}. "
        f"Compute its sum $z$ and its answer $a$ at $x$ = ({number(x[0])}, {number(x[1])}).",
        (z, a),
        (
            Wrong(answer(w, 0.0, x), "The bias is left out. Add it to the weighted sum before the squeeze."),
            Wrong(answer(w, -b, x), "The bias was subtracted. It is added, with its own sign."),
            Wrong(answer(w[::-1], b, x), "The weights are exchanged. $w_0$ belongs to $x_0$, and $w_1$ to $x_1$."),
            Wrong(
                (z, 1 - a),
                "The sum is right, the sigmoid upside down: it is $1 / (1 + e^{-z})$, with a minus in the power.",
            ),
            Wrong((z, z), "The sum is right. Now squeeze it: $a = 1 / (1 + e^{-z})$."),
        ),
        f"$z$ = {terms(zip(w, x, strict=True), b)} = {number(z)}, "
        f"and $a = 1 / (1 + e^{{{number(-z)}}})$ ≈ {number(a)}.",
        ("z", "a"),
    )


def axis(rng: np.random.Generator) -> Numbers:
    w, b = rng.choice(HALVES, 2, replace=False), float(rng.choice([-1.5, -1.0, 1.0, 1.5]))
    right = -b / w[1]
    assert abs(answer(w, b, np.array([0.0, right]))[0]) < 1e-12
    return Numbers(
        "02-axis",
        f"A neuron has $w_0$ = {number(w[0])}, $w_1$ = {number(w[1])}, $b$ = {number(b)}. "
        "At which $x_1$ does its border cut the axis $x_0 = 0$?",
        (right,),
        (
            Wrong((-right,), "The sign is lost: $w_1 x_1 + b = 0$ gives $x_1 = -b / w_1$."),
            Wrong(
                (-b / w[0],), "This is where the border cuts the other axis. On this one $x_0 = 0$, so $w_0$ drops out."
            ),
            Wrong((-w[1] / b,), "Upside down: divide the bias by the weight."),
            Wrong((-b,), "Divide by the weight: $w_1 x_1 = -b$."),
        ),
        f"On the border the sum is 0. With $x_0 = 0$ that is {number(w[1])} · $x_1$ + ({number(b)}) = 0, so $x_1$ = {number(right)}.",
        ("x1",),
    )


def bias(rng: np.random.Generator) -> Numbers:
    x = rng.choice([-2.0, -1.0, 1.0, 2.0, 3.0], 2, replace=False)
    w = rng.choice(HALVES, 2, replace=False)
    right = -answer(w, 0.0, x)[0]
    return Numbers(
        "02-bias",
        f"A neuron has $w_0$ = {number(w[0])} and $w_1$ = {number(w[1])}. With which bias does it answer exactly ½ at "
        f"$x$ = ({number(x[0])}, {number(x[1])})?",
        (right,),
        (
            Wrong((-right,), "This bias doubles the weighted sum. It must cancel it: take the other sign."),
            Wrong((right + 0.5,), "The answer is ½ where the *sum* is 0, not where the sum is ½."),
            Wrong(
                (-answer(w[::-1], 0.0, x)[0],), "The weights are exchanged. $w_0$ belongs to $x_0$, and $w_1$ to $x_1$."
            ),
            Wrong((-float(w.sum()),), "The inputs are left out: the bias must cancel $w_0 x_0 + w_1 x_1$."),
        ),
        f"The answer is ½ where $z = 0$. The weighted sum is {number(-right)}, so the bias is {number(right)}: the border now runs through this point.",
        ("b",),
    )


def exercises(seed: int = 7) -> tuple[Numbers, ...]:
    return tuple(draw(make, seed) for make in (neuron, axis, bias))
