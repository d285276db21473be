"""Wrong labels against hard tasks: labels exchanged in data that can be told apart, and labels drawn from known probabilities."""

import numpy as np
from tests.diagnose.suite.broken import sane
from tests.diagnose.suite.data import Data
from tests.diagnose.suite.truth import Task, explained

import glassnet as gn


def flip(data, share, seed):
    """A sane set-up in which a share of the labels was exchanged for others, and which rows those are."""
    case = sane(data, seed)
    rng = np.random.default_rng([seed, 19])
    wrong = rng.random(len(data.y)) < share
    other = (data.y + rng.integers(1, data.classes, len(data.y))) % data.classes
    case.y = np.where(wrong, other, data.y)
    case.options |= {"l2": 1e-2, "epochs": 40, "optimizer": gn.Adam(learning_rate=0.002)}
    return case, wrong


def draw_probable(seed):
    """Two to four classes drawn from probabilities that depend on six inputs, a set-up that learns them, the best D²."""
    rng = np.random.default_rng([seed, 23])
    classes, n = int(rng.integers(2, 5)), int(rng.choice([300, 600, 1500]))
    X = rng.normal(size=(n + 4000, 6))
    A = rng.normal(size=(7, classes)) * rng.uniform(0.3, 1.2)
    bent = np.column_stack([X, X[:, 0] * (X[:, 1] > 0)])
    logits = bent @ A + rng.normal(size=classes)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    y = (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1).clip(0, classes - 1)
    y[:classes] = np.arange(classes)
    binary = classes == 2
    output, outputs = ("sigmoid", 1) if binary else ("softmax", classes)
    data = Data(f"{classes} classes with probabilities", X[:n], y[:n], X[n:], y[n:], output, outputs)
    network = gn.Network([6, 16, outputs], output=output, seed=seed)
    options = {"optimizer": gn.Adam(learning_rate=0.003), "epochs": 40, "batch_size": 32, "l2": 1e-2, "seed": seed}
    return data, network, data.X, data.y, options, explained(Task.of(data).losses(p[n:]))
