"""Simulated students who make no mistake: they round to some digits, at each line or at the end, in a convention of theirs.

`python tests/explain/students.py 1000` prints how many of them are told that they are wrong, and by which habit.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np

import glassnet as gn

sys.path.insert(0, str(Path(__file__).parent))
from learner import FORWARD, SLOPE_OF_A, sigmoid

NAMES = {
    "plain": lambda kind, layer: f"{kind}{layer}",
    "small": lambda kind, layer: f"{kind.lower()}{layer}",
    "greek": lambda kind, layer: {"dZ": f"δ{layer}", "dW": f"∂L/∂W{layer}", "A": f"h{layer}"}.get(
        kind, f"{kind}{layer}"
    ),
    "words": lambda kind, layer: {"dZ": f"delta_{layer}", "db": f"grad_b{layer}"}.get(kind, f"{kind}_{layer}"),
}


def rounder(way, digits):
    """A function that rounds to so many significant digits or decimals."""
    if way == "decimals":
        return lambda values: np.round(values, digits) + 0.0
    return lambda values: np.reshape([float(f"{v:.{digits - 1}e}") for v in np.ravel(values)], np.shape(values))


def setting(rng):
    """A random network with data, and how a student works it out."""
    depth = int(rng.integers(1, 4))
    hidden = [str(rng.choice(["tanh", "sigmoid", "relu"])) for _ in range(depth - 1)]
    output = str(rng.choice(["sigmoid", "softmax", "identity", "squared"]))
    k = int(rng.integers(2, 4)) if output == "softmax" else int(rng.integers(1, 4))
    sizes = [int(rng.integers(2, 4)), *(int(s) for s in rng.integers(2, 5, size=depth - 1)), k]
    loss = "squared_error" if output == "squared" else None
    net = gn.Network(
        sizes, hidden=hidden, output="sigmoid" if loss else output, loss=loss, seed=int(rng.integers(10**6))
    )
    net.theta = np.round(net.theta + rng.normal(scale=0.3, size=net.theta.shape), 2)
    n = int(rng.choice([1, 1, 2, 3, 5]))
    X = np.round(rng.normal(size=(n, sizes[0])), 2)
    Y = np.eye(k)[rng.integers(0, k, size=n)] if output == "softmax" else rng.integers(0, 2, size=(n, k)).astype(float)
    if output == "identity":
        Y = np.round(rng.normal(size=(n, k)), 1)
    habit = {
        "way": str(rng.choice(["digits", "decimals"])),
        "digits": int(rng.integers(2, 7)),
        "when": str(rng.choice(["each line", "end"])),
        "columns": bool(rng.random() < 0.35),
        "mean": str(rng.choice(["dZ", "gradients", "none"], p=[0.4, 0.4, 0.2])) if n > 1 else "dZ",
        "factor": 2.0 if loss is not None or (output == "identity" and rng.random() < 0.3) else 1.0,
        "momentum": str(rng.choice(["rate", "average", "sum"])),
        "names": str(rng.choice(list(NAMES))),
        "long": bool(rng.random() < 0.3),
    }
    return net, X, Y, habit


def worked(net, X, Y, habit):
    """All terms of a step as the student writes them down, by (kind, layer)."""
    q = rounder(habit["way"], habit["digits"]) if habit["when"] == "each line" else np.asarray
    W, b, L, n, A, out = net.W, net.b, net.n_layers, len(X), {0: X}, {}
    squares = net.loss_function.name == "squared_error"
    later, total = habit["mean"] == "gradients", habit["mean"] == "none"
    for layer in range(1, L + 1):
        Z = q(A[layer - 1] @ W[layer] + b[layer])
        name = net.activations[layer].name
        if name == "softmax":
            e = q(np.exp(Z))
            A[layer] = q(e / e.sum(axis=1, keepdims=True))
        else:
            A[layer] = q({**FORWARD, "sigmoid": sigmoid, "identity": np.asarray}[name](Z))
        out["Z", layer], out["A", layer] = Z, A[layer]
    P = A[L]
    if squares:
        terms = q(habit["factor"] * 0.5 * (P - Y) ** 2)
    elif net.activations[L].name == "softmax":
        terms = q(-np.log(np.where(Y == 1, P, 1.0)))
    else:
        terms = q(-np.log(np.where(Y == 1, P, 1 - P)))
    out["loss", ""] = q(terms.sum() if total else terms.sum() / n)
    share = 1.0 if later or total else 1 / n
    dZ = q(habit["factor"] * q(P - Y) * share) if squares else q(q(P - Y) * share)
    name = net.activations[L].name
    if squares and name == "sigmoid":
        out["dA", L] = dZ
        dZ = q(dZ * q(P * (1 - P)))
    elif habit["long"] and name == "sigmoid":
        dA = q((P - Y) / (P * (1 - P)) * share)
        out["dA", L] = dA
        dZ = q(dA * q(P * (1 - P)))
    for layer in range(L, 0, -1):
        out["dZ", layer] = dZ
        out["dW", layer] = q(A[layer - 1].T @ dZ / (n if later else 1))
        out["db", layer] = q(dZ.sum(axis=0) / (n if later else 1))
        for kind, values in (("b", b[layer]), ("W", W[layer])):
            g = out[f"d{kind}", layer]
            step = q(0.1 * (0.5 * g if habit["momentum"] == "average" else g))
            out[f"{kind}_new", layer] = q(values - step)
        if layer > 1:
            dA = q(dZ @ W[layer].T)
            out["dA", layer - 1] = dA
            hidden = net.activations[layer - 1].name
            slope = (A[layer - 1] > 0) * 1.0 if hidden == "relu" else q(SLOPE_OF_A[hidden](A[layer - 1]))
            dZ = q(dA * slope)
    return out


def answers(rng, net, out, habit):
    """The part of the terms that the student hands in, named, laid out and rounded as they do."""
    q = rounder(habit["way"], habit["digits"])
    keep = [key for key in out if rng.random() < 0.5] or [("Z", 1)]
    given = {}
    for kind, layer in keep:
        values = q(out[kind, layer])
        if habit["columns"]:
            values = values.reshape(-1, 1) if values.ndim == 1 else values.T
        if kind.endswith("_new"):
            given[f"{kind[0]}{layer}_new"] = values
        else:
            given[f"{kind}{layer}" if kind == "loss" else NAMES[habit["names"]](kind, layer)] = values
    return given, keep


def told(rng, net, n, habit, keep):
    """What the student says of the convention: all of it, or what their terms do not show."""
    kinds = {kind for kind, _ in keep}
    everything = rng.random() < 0.3
    words = []
    if habit["columns"] and (everything or not (kinds & {"Z", "A", "dZ"} and n > 1)):
        words.append("columns")
    if habit["mean"] == "gradients" and (everything or not kinds & {"dW", "db"}):
        words.append("mean_in_gradients")
    shown = "loss" in kinds and kinds & {"dZ", "dW", "db"}
    if everything or not shown:
        words += ["sum"] * (habit["mean"] == "none") + ["no_half"] * (habit["factor"] == 2)
    if habit["momentum"] != "rate":
        words.append(f"momentum_{habit['momentum']}")
    return ", ".join(words) or None


def graded(rng):
    """The grade of a random student, or None if their rounding leads to no number; and their habit."""
    net, X, Y, habit = setting(rng)
    with np.errstate(all="ignore"):
        out = worked(net, X, Y, habit)
    if not all(np.isfinite(values).all() for values in out.values()):
        return None
    given, keep = answers(rng, net, out, habit)
    labels = Y.argmax(axis=1) if net.activations[net.n_layers].name == "softmax" else Y
    derivation = gn.explain(net, X, labels, optimizer=gn.Momentum(learning_rate=0.1, momentum=0.5))
    return derivation.grade(given, convention=told(rng, net, len(X), habit, keep)), habit, given


def main(students):
    rng = np.random.default_rng(7)
    tried = accused = 0
    by_habit = Counter()
    while tried < students:
        outcome = graded(rng)
        if outcome is None:
            continue
        tried += 1
        grade, habit, _ = outcome
        if not grade.ok:
            accused += 1
            by_habit[tuple(habit[name] for name in ("way", "digits", "when", "columns", "mean", "factor"))] += 1
            if "-v" in sys.argv:
                print(habit, grade, sep="\n", end="\n\n")
    print(f"{accused} of {tried} right students accused")
    for habit, count in by_habit.most_common():
        print(count, *habit)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
