"""Set-ups drawn at random from sane ranges: healthy if, trained, they match scikit-learn's models on test rows; noise; few rows."""

from dataclasses import replace

import numpy as np
from tests.diagnose.suite.data import MAKERS
from tests.diagnose.suite.tables import TABLES, load
from tests.diagnose.suite.truth import WITHIN, Task, best_of_sklearn, explained, trained_losses

import glassnet as gn


def draw(seed, names=tuple(MAKERS)):
    """A set-up: data, network, X, y, options."""
    rng = np.random.default_rng([seed, 11])
    return settings(load(names[seed % len(names)], seed), rng, seed)


def settings(data, rng, seed, steps=None):
    """A network and options for the data set, half of them with a quarter of the rows as validation data."""
    depth = int(rng.integers(1, 4))
    hidden = str(rng.choice(["relu", "tanh", "leaky_relu", "elu", "gelu", "silu", "softplus"]))
    if depth == 1 and rng.random() < 0.15:
        hidden = "sigmoid"
    widths = [int(rng.choice([8, 10, 16, 24, 32, 48, 64, 100])) for _ in range(depth)]
    network = gn.Network(
        [data.d, *widths, data.outputs],
        hidden=hidden,
        output=data.output,
        seed=seed,
        dtype=str(rng.choice(["float64", "float64", "float32"])),
    )
    kind = str(rng.choice(["adam", "adam", "adamw", "rmsprop", "sgd", "momentum", "nesterov", "lbfgs"]))
    optimizers = {
        "adam": lambda: gn.Adam(learning_rate=float(10 ** rng.uniform(-3, -2))),
        "adamw": lambda: gn.AdamW(learning_rate=float(10 ** rng.uniform(-3, -2))),
        "rmsprop": lambda: gn.RMSprop(learning_rate=float(10 ** rng.uniform(-3, -2.3))),
        "sgd": lambda: gn.SGD(learning_rate=float(10 ** rng.uniform(-1.5, -0.7))),
        "momentum": lambda: gn.Momentum(learning_rate=float(10 ** rng.uniform(-2.3, -1.5))),
        "nesterov": lambda: gn.Nesterov(learning_rate=float(10 ** rng.uniform(-2.3, -1.5))),
        "lbfgs": lambda: gn.LBFGS(),
    }
    batch = None if kind == "lbfgs" else int(rng.choice([16, 32, 64]))
    drawn = int(rng.integers(800, 4000))
    options = {
        "optimizer": optimizers[kind](),
        "epochs": 60 if kind == "lbfgs" else max(10, (steps or drawn) * batch // len(data.X)),
        "batch_size": batch,
        "l2": float(rng.choice([0.0, 1e-4, 1e-3, 1e-2])),
        "seed": seed,
    }
    if kind != "lbfgs":
        options["dropout"] = float(rng.choice([0.0, 0.0, 0.0, 0.1, 0.2]))
        options["clip_norm"] = [None, None, 5.0][rng.integers(3)]
        options["schedule"] = str(rng.choice(["constant", "constant", "cosine", "one_cycle"]))
    if rng.random() < 0.5 and len(data.X) >= 8:
        third = len(data.X) // 4
        options["validation"] = (data.X[:third], data.y[:third])
        if rng.random() < 0.7:
            options["early_stopping"] = gn.EarlyStopping(patience=20)
        return data, network, data.X[third:], data.y[third:], options
    return data, network, data.X, data.y, options


def draw_noise(seed):
    """A set-up whose targets have nothing to do with its inputs: plain ones, or a table's with its targets shuffled."""
    rng = np.random.default_rng([seed, 13])
    names = (*MAKERS, *TABLES)
    data = load(names[int(rng.integers(len(names)))], seed)
    y = rng.permutation(np.concatenate([data.y, data.y_test]))
    return settings(replace(data, y=y[: len(data.y)], y_test=y[len(data.y) :]), rng, seed)


def draw_tiny(seed):
    """A set-up with 2 to 60 rows of a real table or a plain data set; its other rows are the test rows."""
    rng = np.random.default_rng([seed, 17])
    names = (*MAKERS, *TABLES)
    data = load(names[int(rng.integers(len(names)))], seed)
    n = int(rng.integers(2, 61))
    X_test, y_test = (np.concatenate([a[n:], b])[:1000] for a, b in ((data.X, data.X_test), (data.y, data.y_test)))
    few = replace(data, X=data.X[:n], y=data.y[:n], X_test=X_test, y_test=y_test)
    return settings(few, rng, seed, steps=int(rng.integers(50, 600)))


def truth(data, network, X, y, options):
    """D² on the test rows of the run, trained without diagnose, and of the best of scikit-learn's models."""
    task = Task.of(replace(data, y=y))
    return explained(trained_losses(network, X, y, options, task)), best_of_sklearn(replace(data, X=X, y=y))


def is_healthy(ours, theirs):
    """True if the run explains as much of the test deviance as scikit-learn's models, or nearly."""
    return ours >= theirs - WITHIN
