"""The healthy set-ups: drawn at random from sane ranges, and kept if, trained, they match scikit-learn's models on test rows."""

import warnings

import numpy as np
from sklearn import metrics
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from tests.diagnose.suite.data import MAKERS, load

import glassnet as gn

WITHIN = 0.1  # of the deviance explained by the best of scikit-learn's models, on test rows that diagnose never sees


def draw(seed):
    """A set-up: data, network, options."""
    rng = np.random.default_rng([seed, 11])
    names = list(MAKERS)
    data = load(names[seed % len(names)], seed)
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
    steps = int(rng.integers(800, 4000))
    options = {
        "optimizer": optimizers[kind](),
        "epochs": 60 if kind == "lbfgs" else max(10, steps * batch // len(data.X)),
        "batch_size": batch,
        "l2": float(rng.choice([0.0, 1e-4, 1e-3, 1e-2])),
        "seed": seed,
    }
    if kind != "lbfgs":
        options["dropout"] = float(rng.choice([0.0, 0.0, 0.0, 0.1, 0.2]))
        options["clip_norm"] = [None, None, 5.0][rng.integers(3)]
        options["schedule"] = str(rng.choice(["constant", "constant", "cosine", "one_cycle"]))
    if rng.random() < 0.5:
        third = len(data.X) // 4
        options["validation"] = (data.X[:third], data.y[:third])
        if rng.random() < 0.7:
            options["early_stopping"] = gn.EarlyStopping(patience=20)
        return data, network, data.X[third:], data.y[third:], options
    return data, network, data.X, data.y, options


def is_healthy(data, network, X, y, options):
    """Whether the run, trained without diagnose, explains as much of the test deviance as scikit-learn's models, or nearly."""
    trained = network.copy()
    try:
        gn.train(trained, X, y, **options)
    except gn.NonFiniteError:
        return False, float("nan"), float("nan")
    ours = explained(data, trained.predict_proba(data.X_test) if data.classes else trained.predict(data.X_test), y)
    theirs = best_of_sklearn(data, X, y)
    return ours >= theirs - WITHIN, ours, theirs


def best_of_sklearn(data, X, y):
    """The largest share of the test deviance that a linear model, a random forest or nearest neighbours explain."""
    if data.classes:
        models = [
            LogisticRegression(),
            RandomForestClassifier(200, min_samples_leaf=3, random_state=0),
            KNeighborsClassifier(15),
        ]
        return max(explained(data, model.fit(X, y).predict_proba(data.X_test), y) for model in models)
    models = [RandomForestRegressor(200, min_samples_leaf=3, random_state=0), KNeighborsRegressor(10)]
    models.append(PoissonRegressor() if data.output == "exponential" else Ridge())
    return max(explained(data, model.fit(X, y).predict(data.X_test), y) for model in models)


def explained(data, prediction, y):
    """D²: the share of the test deviance explained, against the training rows' mean or base rates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if data.classes:
            rates = np.bincount(y, minlength=data.classes) / len(y)
            labels = np.arange(data.classes)
            base = metrics.log_loss(data.y_test, np.tile(rates, (len(data.y_test), 1)), labels=labels)
            return 1 - metrics.log_loss(data.y_test, np.clip(prediction, 1e-6, 1 - 1e-6), labels=labels) / base
        deviance = metrics.mean_poisson_deviance if data.output == "exponential" else metrics.mean_squared_error
        if data.output == "exponential":
            prediction = np.maximum(prediction, 1e-6)
        base = deviance(data.y_test, np.broadcast_to(y.mean(axis=0), data.y_test.shape))
        return 1 - deviance(data.y_test, prediction) / base
