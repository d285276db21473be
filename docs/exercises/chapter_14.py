"""Exercises of chapter 14: causes told from numbers, dead units told from zeros, and the unexplained share of a loss."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import make_moons

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong

CAUSES = ("rate too high", "rate too low", "dead units", "slopes vanish", "inputs not scaled")


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return _causes(seed), draw(_dead, seed), draw(_unexplained, seed)


def _evidence(network: gn.Network, X: np.ndarray, y: np.ndarray, optimizer: object) -> list[str]:
    """Return the numbers of a run that a learner is shown: at its start, and of its losses."""
    trace = network.forward(X)
    gradient = network.backward(trace, y)
    last = network.n_layers
    off = [(network.activations[k].df(trace.Z[k], trace.A[k]) == 0).all(axis=0) for k in range(1, last)]
    ratio = np.abs(gradient.W[1]).mean() / max(np.abs(gradient.W[last]).mean(), 1e-300)
    losses = gn.train(network.copy(), X, y, optimizer=optimizer, epochs=100).loss
    rises = int(np.sum(np.diff(losses) > 1e-3 * losses[:-1]))
    return [
        f"{np.sqrt(np.mean(X**2, axis=0)).max():.0f}",
        f"{100 * np.concatenate(off).mean():.0f} %",
        "none" if not np.abs(gradient.W[1]).any() else f"{ratio:.0e}",
        f"{losses[0]:.3f}",
        f"{losses[-1]:.3f}",
        str(rises),
    ]


def _causes(seed: int) -> Numbers:
    X, y = make_moons(300, noise=0.2, random_state=seed)
    plain = gn.Network([2, 12, 1], "relu", "sigmoid", seed=seed)
    asleep = plain.copy()
    asleep.b[1][...] = -20
    deep = gn.Network([2] + [8] * 9 + [1], "sigmoid", "sigmoid", seed=seed)
    sgd, adam = gn.SGD(learning_rate=0.1), gn.Adam(learning_rate=0.01)
    runs = (
        (plain, X, y, gn.SGD(learning_rate=50.0)),
        (plain, X, y, gn.SGD(learning_rate=1e-4)),
        (asleep, X, y, adam),
        (deep, X, y, sgd),
        (plain, X * [1, 1000], y, adam),
    )
    order = np.random.default_rng(seed).permutation(len(runs))
    rows = "\n".join(
        f"| {letter} | " + " | ".join(_evidence(*runs[cause])) + " |"
        for letter, cause in zip("ABCDE", order, strict=True)
    )
    right = tuple(float(cause) for cause in order)

    def exchanged(one: int, other: int) -> tuple[float, ...]:
        return tuple({one: float(other), other: float(one)}.get(int(cause), float(cause)) for cause in order)

    listed = ", ".join(f"{number} {cause}" for number, cause in enumerate(CAUSES))
    return Numbers(
        name="14-causes",
        question=(
            "Five runs, each with one fault. Inputs, units and slopes are measured before the first step.\n\n"
            "| run | largest input | units with slope 0 on every row | first slope ÷ last | first loss | loss after "
            f"100 epochs | epochs in which it rose |\n|---|---|---|---|---|---|---|\n{rows}\n\nType the number of the "
            f"cause of each: {listed}."
        ),
        right=right,
        wrong=(
            Wrong(
                exchanged(2, 3),
                "Units of slope 0 on every row are dead; slopes that shrink from layer to layer vanish.",
            ),
            Wrong(exchanged(1, 3), "With a low rate the slopes are healthy in all layers; only the steps are short."),
            Wrong(
                exchanged(0, 4),
                "Look at the column of inputs first: sizes in the hundreds explain a first loss that is high.",
            ),
            Wrong(
                exchanged(0, 1),
                "A loss that rises again and again has steps too long; a short step makes it fall a little.",
            ),
        ),
        solution=(
            "Inputs of size in the hundreds: not scaled. All units at slope 0: dead. A ratio of slopes far below 1: they "
            "vanish. Of the two runs that are left, the one whose loss rises again and again has a rate too high."
        ),
        fields=tuple(f"run {letter}" for letter in "ABCDE"),
        tolerance=1e-6,
    )


def _dead(rng: np.random.Generator) -> Numbers:
    Z = rng.choice([-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 2.0], size=(4, 5))
    dead = int(rng.integers(1, 4))
    for unit in rng.permutation(5)[:dead]:
        Z[:, unit] = -np.abs(Z[:, unit])
    relu = gn.activations.ACTIVATIONS["relu"]
    slopes = relu.df(Z, relu(Z))
    units = float(np.mean((slopes == 0).all(axis=0)))
    zeros, rows, some = (
        float(each)
        for each in (np.mean(slopes == 0), np.mean((slopes == 0).all(axis=1)), np.mean((slopes == 0).any(axis=0)))
    )
    table = "\n".join(f"| {k} | " + " | ".join(f"{z:g}" for z in row) + " |" for k, row in enumerate(Z))
    return Numbers(
        name="14-dead",
        question=(
            "The pre-activations of a layer of five relu units on all four rows of a data set:\n\n| row | unit 0 | unit 1 | "
            f"unit 2 | unit 3 | unit 4 |\n|---|---|---|---|---|---|\n{table}\n\nWhich share of the units is dead?"
        ),
        right=(units,),
        wrong=(
            Wrong((zeros,), "This is the share of zero slopes. A unit is dead only if its slope is 0 on every row."),
            Wrong((some,), "These units are off on some row. That is their work; dead means off on every row."),
            Wrong((1 - units,), "This is the share of units that live. Dead ones have no row with a slope."),
            Wrong((rows,), "You went along the rows. A unit is a column here; look down each column."),
        ),
        solution=(
            f"A unit is dead if its column has no positive number. That holds for {round(units * 5)} of 5 units: {units:g}."
        ),
    )


def _unexplained(rng: np.random.Generator) -> Numbers:
    share, loss = float(rng.choice([0.05, 0.1, 0.2])), float(rng.choice([0.15, 0.2, 0.25, 0.3, 0.4, 0.45]))
    constant = gn.Network([1, 1], output="sigmoid")
    constant.b[1][...] = np.log(share / (1 - share))
    ones = round(share * 100)
    worst = constant.loss(np.zeros((100, 1)), np.r_[np.ones(ones), np.zeros(100 - ones)])
    return Numbers(
        name="14-unexplained",
        question=(
            f"In a table {100 * share:g} % of the rows are of class 1. A network has the log loss {loss:g} on rows not seen. "
            "What is its unexplained share? The best possible loss is 0."
        ),
        right=(loss / worst,),
        wrong=(
            Wrong((loss / np.log(2),), "ln 2 is the loss of always ½. The best constant here is the share of class 1."),
            Wrong(
                (1 - loss / worst,), "This is the explained share. Unexplained is what is left of the constant's loss."
            ),
            Wrong((loss,), "The loss alone says little. Divide it by the loss of the best constant answer."),
            Wrong((loss / share,), "The share of class 1 is no loss. Compute −p ln p − (1 − p) ln(1 − p) first."),
            Wrong(
                (worst / loss,), "The fraction stands upside down. The network's loss is above, the constant's below."
            ),
        ),
        solution=(
            f"The best constant answer has the loss $-p \\ln p - (1 - p) \\ln (1 - p) = {worst:.4g}$ with $p = {share:g}$. "
            f"So $u = {loss:g} / {worst:.4g} = {loss / worst:.4g}$"
            + (": the network is worse than the constant answer." if loss > worst else ".")
        ),
    )
